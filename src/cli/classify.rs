//! `whybounce [PATH]...`: classify mails.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use whybounce::answer::{Answer, Classifier, Condition, Field};
use whybounce::input::{Mails, Unreadable};
use whybounce::output::{self, Tally};

use super::batch::{self, Chunk, Progress};
use super::sink::Sink;
use super::{Common, Ending, Format, condition, load_table};

#[derive(Args)]
pub(super) struct Options {
    /// Mails, mboxes or folders; `-` or none: standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How the answer is written
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Keep only what matches, such as cause=user_unknown,mailbox_disabled; repeatable
    #[arg(long = "where", value_name = "KEY=VALUE[,VALUE]", value_parser = condition)]
    conditions: Vec<Condition>,
    /// Columns of CSV, such as address,cause
    #[arg(long, value_name = "KEY[,KEY]", value_delimiter = ',', value_parser = field)]
    fields: Vec<Field>,
    #[command(flatten)]
    common: Common,
}

fn field(name: &str) -> Result<Field, String> {
    name.trim().parse::<Field>().map_err(|error| error.to_string())
}

/// What a worker makes of a chunk.
#[derive(Default)]
struct Done {
    bytes: Vec<u8>,
    tally: Tally,
    unreadable: Vec<Unreadable>,
    mails: u64,
}

pub(super) fn run(options: &Options) -> anyhow::Result<Ending> {
    let classifier = Classifier::new(load_table(&options.common.rules)?);
    let mails = Mails::of(&options.paths);
    let single = mails.is_single();
    let columns = if options.fields.is_empty() { output::COLUMNS } else { &options.fields };
    let mut sink = Sink::open(&options.common, matches!(options.format, Format::Text | Format::Summary))?;
    let mut progress = Progress::new(&options.common);
    if options.format == Format::Csv {
        output::write_csv_header(&mut sink, columns)?;
    }
    let look = options.common.look();
    let render = |out: &mut Vec<u8>, answer: &Answer<'_>| match options.format {
        Format::Json => output::write_json(out, answer),
        Format::Csv => output::write_csv_rows(out, columns, answer),
        // Standard input and a single file can still be an mbox: then each mail is told in a line.
        Format::Text if single && !answer.source.contains('#') => output::write_text(out, answer, look),
        Format::Text => output::write_text_row(out, answer),
        Format::Summary => Ok(()),
    };
    let work = |chunk: Chunk| {
        let mut done = Done::default();
        for mail in chunk {
            match mail {
                Err(unreadable) => done.unreadable.push(unreadable),
                Ok(mail) => {
                    done.mails += 1;
                    let mut answer = classifier.classify(&mail.source, &mail.bytes);
                    if answer.retain(&options.conditions) {
                        done.tally.add(&answer);
                        // Writing to memory can't fail.
                        let _ = render(&mut done.bytes, &answer);
                    }
                }
            }
        }
        done
    };
    let mut ending = Ending::Good;
    let mut tally = Tally::default();
    let outcome = batch::run(mails, options.common.jobs(), work, |done| {
        for unreadable in &done.unreadable {
            progress.complain(&unreadable.to_string());
            ending = Ending::Failed;
        }
        sink.write_all(&done.bytes)?;
        tally.merge(done.tally);
        progress.add(done.mails, || tally.headline());
        Ok(())
    });
    progress.finish();
    outcome?;
    if options.format == Format::Summary || (options.format == Format::Text && tally.mails() > 1) {
        if options.format == Format::Text {
            writeln!(sink)?;
        }
        tally.write_text(&mut sink)?;
    }
    sink.finish()?;
    Ok(ending)
}
