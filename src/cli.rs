//! The command line as clap types; the doc comments are the help. One file a command below this one.

mod classify;
mod reply;
mod rules;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use whybounce::rules::{RuleError, Source, Table};

/// Read a bounce e-mail, or a bare SMTP reply, and say why it bounced and what to do
#[derive(Parser)]
#[command(name = "whybounce", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Subcommands>,
    /// Mails, mboxes or folders; `-` or none: standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Classify bare SMTP replies
    Reply(reply::Options),
    /// Show and test the rule table
    Rules(rules::Options),
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
}

/// Options of every reading command.
#[derive(Args)]
struct Reading {
    /// How the answer is written
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Rule file tried before the built-in rules; repeatable
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        None => classify::run(&cli.paths, &cli.reading),
        Some(Subcommands::Reply(options)) => reply::run(&options),
        Some(Subcommands::Rules(options)) => rules::run(&options),
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

/// One line on standard error.
fn complain(message: &str) {
    // Where even standard error is closed, nobody is left to tell.
    let _ = writeln!(io::stderr(), "whybounce: {message}");
}

/// The table with the user's rule files before the built-in ones.
fn load_table(files: &[PathBuf]) -> anyhow::Result<Table> {
    let mut texts = Vec::with_capacity(files.len());
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|error| anyhow::anyhow!("rule file `{}`: {error}", file.display()))?;
        texts.push((file.display().to_string(), text));
    }
    let sources: Vec<Source<'_>> = texts.iter().map(|(name, text)| Source { name, text }).collect();
    Table::load(&sources).map_err(|errors| anyhow::anyhow!("rule file refused\n{}", list(&errors)))
}

fn list(errors: &[RuleError]) -> String {
    errors.iter().map(|error| format!("  {error}")).collect::<Vec<_>>().join("\n")
}
