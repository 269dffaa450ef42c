//! The command line as clap types; the doc comments are the help. One file a command below this one.

mod batch;
mod check;
mod classify;
mod explain;
mod reply;
mod rules;
mod sink;
mod unknown;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use whybounce::answer::Condition;
use whybounce::output::Look;
use whybounce::rules::{RuleError, Source, Table};

/// Read a bounce e-mail, or a bare SMTP reply, and say why it bounced and what to do
#[derive(Parser)]
#[command(name = "whybounce", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(
    after_help = "A folder named like a command is given as ./check.\n\nExit codes: 0 all read (and, for check, agrees); 1 check found a difference, or rules check a bad rule; 2 wrong usage, a refused rule file, or an input that could not be read."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    classify: classify::Options,
}

#[derive(Subcommand)]
enum Command {
    /// Classify bare SMTP replies
    Reply(reply::Options),
    /// Compare mails with their expectations; for CI
    Check(check::Options),
    /// The same answer with how it came about
    Explain(explain::Options),
    /// Show and test the rule table
    Rules(rules::Options),
    /// Gather what no words decided, without anything personal, as rules to start from
    Unknown(unknown::Options),
    /// Write the completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the man page
    Man,
}

/// Options of every command that reads mails or replies.
#[derive(Args)]
struct Common {
    /// Rule file tried before the built-in rules; repeatable
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// How many mails are worked on at a time [default: the machine's cores]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Write to a file, which is put in place when it is whole
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Colours
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    color: When,
    /// Progress on standard error
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    progress: When,
    /// Say nothing on standard error but what could not be read
    #[arg(short, long)]
    quiet: bool,
}

impl Common {
    /// How many workers: as asked, else the machine's cores.
    fn jobs(&self) -> usize {
        self.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get), usize::from)
    }

    /// The terminal's width, or 80 columns where there is none.
    fn look(&self) -> Look {
        let terminal = if self.output.is_none() { terminal_size::terminal_size() } else { None };
        Look { width: terminal.map_or(80, |(width, _)| usize::from(width.0)).clamp(40, 100) }
    }
}

/// When something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON object a line
    Json,
    /// A header, then a row a recipient
    Csv,
    /// Counts only
    Summary,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    /// Everything asked for was read and agrees.
    Good,
    /// `check` found a difference, or `rules check` a bad rule.
    Differs,
    /// Wrong usage, a refused rule file, an input that could not be read.
    Failed,
}

/// Reads the command line, runs the command, and says how it ended.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => classify::run(&cli.classify),
        Some(Command::Reply(options)) => reply::run(&options),
        Some(Command::Check(options)) => check::run(&options),
        Some(Command::Explain(options)) => explain::run(&options),
        Some(Command::Rules(options)) => rules::run(&options),
        Some(Command::Unknown(options)) => unknown::run(&options),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut Cli::command(), "whybounce", &mut io::stdout());
            Ok(Ending::Good)
        }
        Some(Command::Man) => {
            clap_mangen::Man::new(Cli::command()).render(&mut io::stdout()).map(|()| Ending::Good).map_err(Into::into)
        }
    };
    match outcome {
        Ok(Ending::Good) => ExitCode::SUCCESS,
        Ok(Ending::Differs) => ExitCode::from(1),
        Ok(Ending::Failed) => ExitCode::from(2),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

/// A reader that went away, such as `head`, is no error.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
}

/// One message on standard error.
fn complain(message: &str) {
    // Where even standard error is closed, nobody is left to tell.
    let _ = writeln!(io::stderr(), "whybounce: {message}");
}

/// The table with the user's rule files before the built-in ones.
fn load_table(files: &[PathBuf]) -> anyhow::Result<Table> {
    let mut texts = Vec::with_capacity(files.len());
    for file in files {
        texts.push((file.display().to_string(), read_rules(file)?));
    }
    let sources: Vec<Source<'_>> = texts.iter().map(|(name, text)| Source { name, text }).collect();
    Table::load(&sources).map_err(|errors| anyhow::anyhow!("rule file refused\n{}", list(&errors)))
}

fn read_rules(file: &std::path::Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).map_err(|error| anyhow::anyhow!("rule file `{}`: {error}", file.display()))
}

fn list(errors: &[RuleError]) -> String {
    errors.iter().map(|error| format!("  {error}")).collect::<Vec<_>>().join("\n")
}

/// `--where KEY=VALUE[,VALUE]`.
fn condition(text: &str) -> Result<Condition, String> {
    text.parse()
}
