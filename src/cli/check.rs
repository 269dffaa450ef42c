//! `whybounce check`: compare mails with their expectations; for CI.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use whybounce::answer::{Answer, Classifier, Condition};
use whybounce::check::{Difference, EXTENSION, Expectation, updated};
use whybounce::input::{Mails, Unreadable};
use whybounce::output::{Checked, write_check_github, write_check_json, write_check_junit, write_check_text};

use super::batch::{self, Chunk, Progress};
use super::sink::Sink;
use super::{Common, Ending, condition, load_table};

#[derive(Args)]
pub(super) struct Options {
    /// Mails, mboxes or folders; `-` or none: standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Assert this of every recipient of every mail, such as cause=user_unknown; repeatable
    #[arg(long = "expect", value_name = "KEY=VALUE[,VALUE]", value_parser = condition)]
    conditions: Vec<Condition>,
    /// Write the expectation files anew from today's answers
    #[arg(long, conflicts_with_all = ["conditions", "strict"])]
    update: bool,
    /// A mail without an expectation is a failure
    #[arg(long)]
    strict: bool,
    /// How differences are written
    #[arg(short, long, value_enum, default_value_t = CheckFormat::Text)]
    format: CheckFormat,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// For people
    Text,
    /// One JSON object a mail that was compared
    Json,
    /// JUnit XML
    Junit,
    /// GitHub annotations
    Github,
}

/// What became of one mail.
enum Outcome {
    Compared(Checked),
    Updated(String),
    /// No expectation stands beside it.
    Bare(String),
    Failed(Unreadable),
}

pub(super) fn run(options: &Options) -> anyhow::Result<Ending> {
    let classifier = Classifier::new(load_table(&options.common.rules)?);
    let everyone = Expectation::of_everyone(&options.conditions);
    let mut sink = Sink::open(&options.common, options.format == CheckFormat::Text)?;
    let mut progress = Progress::new(&options.common);
    let work = |chunk: Chunk| -> Vec<Outcome> {
        chunk
            .into_iter()
            .map(|mail| match mail {
                Err(unreadable) => Outcome::Failed(unreadable),
                Ok(mail) => one(options, &everyone, &classifier.classify(&mail.source, &mail.bytes)),
            })
            .collect()
    };
    let mut ending = Ending::Good;
    let (mut compared, mut changed) = (Vec::new(), Vec::new());
    let mut bare = Vec::new();
    let outcome = batch::run(Mails::of(&options.paths), options.common.jobs(), work, |outcomes| {
        progress.add(outcomes.len() as u64, String::new);
        for outcome in outcomes {
            match outcome {
                Outcome::Compared(checked) => compared.push(checked),
                Outcome::Updated(source) => changed.push(source),
                Outcome::Bare(source) => bare.push(source),
                Outcome::Failed(unreadable) => {
                    progress.complain(&unreadable.to_string());
                    ending = Ending::Failed;
                }
            }
        }
        Ok(())
    });
    progress.finish();
    outcome?;
    if options.update {
        for source in &changed {
            writeln!(sink, "{} written", whybounce::output::visible(source))?;
        }
        writeln!(sink, "{} expectation {} written", changed.len(), if changed.len() == 1 { "file" } else { "files" })?;
        sink.finish()?;
        return Ok(ending);
    }
    if options.strict {
        compared.extend(bare.drain(..).map(|source| Checked { source, differences: vec![missing()] }));
        compared.sort_by(|a, b| a.source.cmp(&b.source));
    }
    match options.format {
        CheckFormat::Text => write_check_text(&mut sink, &compared, bare.len())?,
        CheckFormat::Json => write_check_json(&mut sink, &compared)?,
        CheckFormat::Junit => write_check_junit(&mut sink, &compared)?,
        CheckFormat::Github => write_check_github(&mut sink, &compared)?,
    }
    sink.finish()?;
    if compared.is_empty() {
        progress.complain("nothing was compared: no mail has an expectation beside it, and no --expect was given");
        return Ok(ending.max(Ending::Differs));
    }
    let differs = compared.iter().any(|checked| !checked.differences.is_empty());
    Ok(if differs { ending.max(Ending::Differs) } else { ending })
}

fn missing() -> Difference {
    Difference {
        recipient: None,
        key: "expectation".to_owned(),
        expected: "a file beside the mail".to_owned(),
        got: String::new(),
        rule: None,
        reply: None,
    }
}

/// Compares or updates one mail.
fn one(options: &Options, everyone: &Expectation, answer: &Answer<'_>) -> Outcome {
    let source = answer.source.clone();
    let file = (source != "-" && !source.contains('#')).then(|| Path::new(&source).with_extension(EXTENSION));
    let old = match file.as_deref().map(std::fs::read_to_string) {
        Some(Ok(text)) => Some(text),
        Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => {
            return fail(file.as_deref(), &source, &error.to_string());
        }
        _ => None,
    };
    if options.update {
        let Some(file) = file else { return Outcome::Bare(source) };
        return match updated(old.as_deref(), answer) {
            Err(error) => fail(Some(&file), &source, &error.to_string()),
            Ok(text) if old.as_ref() == Some(&text) => Outcome::Bare(source),
            Ok(text) => match std::fs::write(&file, text) {
                Ok(()) => Outcome::Updated(file.display().to_string()),
                Err(error) => fail(Some(&file), &source, &error.to_string()),
            },
        };
    }
    let mut differences = everyone.differences(answer);
    match &old {
        Some(text) => match Expectation::parse(text) {
            Ok(expectation) => differences.extend(expectation.differences(answer)),
            Err(error) => return fail(file.as_deref(), &source, &error.to_string()),
        },
        None if options.conditions.is_empty() => return Outcome::Bare(source),
        None => {}
    }
    Outcome::Compared(Checked { source, differences })
}

fn fail(file: Option<&Path>, source: &str, reason: &str) -> Outcome {
    let source = file.map_or_else(|| source.to_owned(), |file| file.display().to_string());
    Outcome::Failed(Unreadable { source, reason: reason.to_owned() })
}
