//! The command line as clap types; the doc comments are the help. One file a command below this one.

mod batch;
mod check;
mod classify;
mod explain;
mod progress;
mod reply;
mod rules;
mod sink;
mod unknown;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use whybounce::answer::Condition;
use whybounce::input::Mails;
use whybounce::output::{Look, visible};
use whybounce::rules::{self as rule_table, RuleError, Source, Table};

/// Read a bounce e-mail, or a bare SMTP reply, and say why it bounced and what to do
#[derive(Parser)]
#[command(name = "whybounce", version = "", args_conflicts_with_subcommands = true, max_term_width = 100)]
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

/// Where mails come from.
#[derive(Args)]
struct Inputs {
    /// Mails, mboxes, archives or folders, also compressed (.gz, .zst); `-` or none: standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Read paths from a file, one a line, after those given; `-`: from standard input
    #[arg(long, value_name = "LIST")]
    files_from: Option<PathBuf>,
    /// Paths in LIST end with NUL, as find -print0 writes them
    #[arg(short = '0', long = "null", requires = "files_from")]
    nul: bool,
}

impl Inputs {
    fn mails(&self) -> anyhow::Result<Mails> {
        let Some(list) = &self.files_from else { return Ok(Mails::of(&self.paths)) };
        if list == Path::new("-") && self.paths.iter().any(|path| path == Path::new("-")) {
            anyhow::bail!("standard input can't be both a mail and the list of `--files-from -`");
        }
        Mails::of_list(&self.paths, list, self.nul).map_err(|unreadable| anyhow::anyhow!("{unreadable}"))
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
    /// Counts only, as one JSON object
    SummaryJson,
}

/// How a command ended; the number is the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    /// Everything asked for was read and agrees.
    Good = 0,
    /// `check` found a difference, or `rules check` a bad rule.
    Differs = 1,
    /// Wrong usage, a refused rule file, an input that could not be read.
    Failed = 2,
}

/// Reads the command line, runs the command, and says how it ended.
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.kind() == clap::error::ErrorKind::DisplayVersion => return ExitCode::from(code(version())),
        Err(error) => error.exit(),
    };
    let outcome = match cli.command {
        None => classify::run(&cli.classify),
        Some(Command::Reply(options)) => reply::run(&options),
        Some(Command::Check(options)) => check::run(&options),
        Some(Command::Explain(options)) => explain::run(&options),
        Some(Command::Rules(options)) => rules::run(&options),
        Some(Command::Unknown(options)) => unknown::run(&options),
        Some(Command::Completions { shell }) => completions(shell),
        Some(Command::Man) => man(),
    };
    ExitCode::from(code(outcome))
}

/// The version and the size of the rule table, which is loaded for nothing else that `--version` does.
fn version() -> anyhow::Result<Ending> {
    let table = load_table(&[])?;
    writeln!(
        io::stdout(),
        "whybounce {} ({} rules, {} mail systems known by name)",
        env!("CARGO_PKG_VERSION"),
        table.rules().count(),
        table.providers().count()
    )?;
    Ok(Ending::Good)
}

/// Made in memory first: the generator panics where it can't write.
fn completions(shell: clap_complete::Shell) -> anyhow::Result<Ending> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "whybounce", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Ending::Good)
}

/// One page for all: the program's own, then the options of each command.
fn man() -> anyhow::Result<Ending> {
    let mut program = Cli::command().version(env!("CARGO_PKG_VERSION"));
    program.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(program.clone()).render(&mut page)?;
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        let mut options = Vec::new();
        clap_mangen::Man::new(command.clone()).render_options_section(&mut options)?;
        let title = format!(".SH \"OPTIONS OF {}\"", command.get_name().to_uppercase());
        page.extend(String::from_utf8_lossy(&options).replacen(".SH OPTIONS", &title, 1).into_bytes());
    }
    io::stdout().write_all(&page)?;
    Ok(Ending::Good)
}

/// The exit code for how a command ended; what went wrong is told.
fn code(outcome: anyhow::Result<Ending>) -> u8 {
    match outcome {
        Ok(ending) => ending as u8,
        Err(error) if is_closed_pipe(&error) => Ending::Good as u8,
        Err(error) => {
            complain(&format!("{error:#}"));
            Ending::Failed as u8
        }
    }
}

/// Ends the process at once, where other threads may be waiting for input that never comes.
fn end(outcome: anyhow::Result<Ending>) -> ! {
    sink::abandon();
    std::process::exit(i32::from(code(outcome)))
}

/// A reader that went away, such as `head`, is no error.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
}

/// One message on standard error, its lines shown whatever they hold.
fn complain(message: &str) {
    let message: Vec<_> = message.split('\n').map(visible).collect();
    let message = message.join("\n");
    // Where even standard error is closed, nobody is left to tell.
    let _ = writeln!(io::stderr(), "whybounce: {message}");
}

/// The table with the user's rule files before the built-in ones.
fn load_table(files: &[PathBuf]) -> anyhow::Result<Table> {
    let mut texts = Vec::with_capacity(files.len());
    for file in files {
        texts.push((shown(file), read_rules(file)?));
    }
    let sources: Vec<Source<'_>> = texts.iter().map(|(name, text)| Source { name, text }).collect();
    let refuse = |errors: &[RuleError]| anyhow::anyhow!("rule file refused\n{}", list(errors));
    let table = Table::load(&sources).map_err(|errors| refuse(&errors))?;
    // The user's rules must keep what `rules check` demands; the built-in ones are tested when they are built in.
    let wrong = if sources.is_empty() {
        Vec::new()
    } else {
        rule_table::check(&table, |rule| sources.iter().any(|source| source.name == rule.file))
    };
    if wrong.is_empty() { Ok(table) } else { Err(refuse(&wrong)) }
}

/// The name of a path in a message.
fn shown(path: &std::path::Path) -> String {
    visible(&path.to_string_lossy()).into_owned()
}

fn read_rules(file: &std::path::Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).map_err(|error| anyhow::anyhow!("rule file `{}`: {error}", shown(file)))
}

fn list(errors: &[RuleError]) -> String {
    errors.iter().map(|error| format!("  {error}")).collect::<Vec<_>>().join("\n")
}

/// `--where KEY=VALUE[,VALUE]`.
fn condition(text: &str) -> Result<Condition, String> {
    text.parse()
}
