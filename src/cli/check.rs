//! `whybounce check`: compare mails with their expectations; for CI.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::{Args, ValueEnum};
use whybounce::answer::{Answer, Classifier, Condition};
use whybounce::check::{Difference, EXTENSION, Expectation, updated};
use whybounce::input::{MailView, Unreadable};
use whybounce::output::{Checked, Tally, visible, write_check_github, write_check_json, write_check_junit, write_check_text};

use super::progress::Progress;
use super::sink::{Sink, write_file};
use super::{Common, Ending, Inputs, batch, condition, is_closed_pipe, load_table};

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    inputs: Inputs,
    /// Assert this of every recipient of every mail, such as cause=user_unknown; repeatable
    #[arg(long = "expect", value_name = "KEY=VALUE[,VALUE]", value_parser = condition)]
    conditions: Vec<Condition>,
    /// Write the expectation files anew from today's answers
    #[arg(long, conflicts_with_all = ["conditions", "strict"])]
    update: bool,
    /// A mail without an expectation is a failure, and so is an expectation without a mail
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
    /// Its expectation was written, or was as it should be.
    Updated {
        file: PathBuf,
        changed: bool,
    },
    /// No expectation stands beside it.
    Bare(String),
    Failed(Unreadable),
}

/// Everything that came of a run, in the order of the input.
#[derive(Default)]
struct Results {
    compared: Vec<Checked>,
    written: Vec<PathBuf>,
    unchanged: usize,
    bare: usize,
    failed: bool,
}

pub(super) fn run(options: &Options) -> anyhow::Result<Ending> {
    let mails = options.inputs.mails()?;
    let classifier = Classifier::new(load_table(&options.common.rules)?);
    let everyone = Expectation::of_everyone(&options.conditions);
    let mut sink = Sink::open(&options.common, options.format == CheckFormat::Text)?;
    let mut progress = Progress::new(&options.common);
    let each = |outcomes: &mut Vec<Outcome>, mail: Result<MailView<'_>, Unreadable>| {
        outcomes.push(match mail {
            Err(unreadable) => Outcome::Failed(unreadable),
            Ok(mail) => {
                let mut answer = classifier.classify(&mail.source, mail.bytes);
                answer.report.cut |= mail.cut;
                one(options, &everyone, mail.file, &answer)
            }
        });
    };
    let mut results = Results::default();
    batch::run(mails, options.common.jobs(), each, |outcomes, share| {
        progress.add(outcomes.len() as u64, &Tally::default(), share);
        for outcome in outcomes {
            match outcome {
                Outcome::Compared(checked) => results.compared.push(checked),
                Outcome::Updated { file, changed: true } => results.written.push(file),
                Outcome::Updated { changed: false, .. } => results.unchanged += 1,
                Outcome::Bare(source) if options.strict => results.compared.push(lacking(source, "a file beside the mail")),
                Outcome::Bare(_) => results.bare += 1,
                Outcome::Failed(unreadable) => {
                    progress.complain(&unreadable.to_string());
                    results.failed = true;
                }
            }
        }
        Ok(())
    })?;
    progress.finish(&Tally::default());
    if options.strict {
        results.compared.extend(orphans(&options.inputs.paths).map(|file| lacking(file, "a mail beside it")));
    }
    let ending = if results.failed {
        Ending::Failed
    } else if !options.update && results.compared.iter().any(|checked| !checked.differences.is_empty()) {
        Ending::Differs
    } else {
        Ending::Good
    };
    match write(options, &results, &mut sink).and_then(|()| sink.finish()) {
        // Whoever reads only the first lines, as `head` does, must not turn a difference into success.
        Err(error) if !is_closed_pipe(&error) => return Err(error),
        _ => {}
    }
    if results.compared.is_empty() && !options.update && !results.failed {
        progress.complain("nothing was compared: no mail has an expectation beside it, and no --expect was given");
        return Ok(Ending::Differs);
    }
    Ok(ending)
}

fn write(options: &Options, results: &Results, sink: &mut Sink) -> anyhow::Result<()> {
    let compared = &results.compared;
    if options.update {
        for file in &results.written {
            writeln!(sink, "{} written", visible(&file.to_string_lossy()))?;
        }
        let files = |number: usize| if number == 1 { "expectation file" } else { "expectation files" };
        let (written, unchanged) = (results.written.len(), results.unchanged);
        writeln!(sink, "{written} {} written, {unchanged} as they were", files(written))?;
        if results.bare > 0 {
            writeln!(sink, "{} without one: standard input, or in an mbox or archive", results.bare)?;
        }
        return Ok(());
    }
    match options.format {
        CheckFormat::Text => write_check_text(sink, compared, results.bare)?,
        CheckFormat::Json => write_check_json(sink, compared)?,
        CheckFormat::Junit => write_check_junit(sink, compared)?,
        CheckFormat::Github => write_check_github(sink, compared)?,
    }
    Ok(())
}

/// A mail without an expectation, or the other way round.
fn lacking(source: String, expected: &str) -> Checked {
    let difference = Difference {
        recipient: None,
        key: "expectation".to_owned(),
        expected: expected.to_owned(),
        got: String::new(),
        rule: None,
        reply: None,
    };
    Checked { source, differences: vec![difference] }
}

/// The expectation files in the folders that were named whose mail is gone: renamed, most likely, and no longer tested.
fn orphans(paths: &[PathBuf]) -> impl Iterator<Item = String> {
    let folders = paths.iter().filter(|path| path.is_dir());
    // What can't be listed was told when the mails were walked.
    let files = folders
        .flat_map(|folder| walkdir::WalkDir::new(folder).follow_links(true).sort_by_file_name())
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file() && !entry.file_name().as_encoded_bytes().starts_with(b"."))
        .map(walkdir::DirEntry::into_path);
    let (expectations, mails): (Vec<PathBuf>, Vec<PathBuf>) = files.partition(|file| is_expectation(file));
    let expected: HashSet<PathBuf> = mails.iter().map(|mail| expectation_of(mail)).collect();
    expectations.into_iter().filter(move |file| !expected.contains(file)).map(|file| file.display().to_string())
}

fn is_expectation(file: &Path) -> bool {
    file.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(&format!(".{EXTENSION}")))
}

/// `x.expect.toml` for `x.eml` and for `x.eml.gz`.
fn expectation_of(file: &Path) -> PathBuf {
    let compressed = file.extension().is_some_and(|end| end == "gz" || end == "zst");
    let plain = if compressed { file.with_extension("") } else { file.to_owned() };
    plain.with_extension(EXTENSION)
}

/// Compares or updates one mail.
fn one(options: &Options, everyone: &Expectation, mail: Option<&Path>, answer: &Answer<'_>) -> Outcome {
    let source = answer.source.clone();
    let file = mail.map(expectation_of);
    let old = match file.as_deref().map(fs::read_to_string) {
        Some(Ok(text)) => Some(text),
        Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => {
            return fail(file.as_deref(), &source, &error.to_string());
        }
        _ => None,
    };
    if options.update {
        let Some(file) = file else { return Outcome::Bare(source) };
        return match updated(old.as_deref(), answer) {
            Err(error) => fail(Some(&file), &source, &error.to_string()),
            Ok(text) if old.as_ref() == Some(&text) => Outcome::Updated { file, changed: false },
            Ok(text) => match write_file(&file, text.as_bytes()) {
                Ok(()) => Outcome::Updated { file, changed: true },
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
