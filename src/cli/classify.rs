//! `whybounce [PATH]...`: classify mails.

use std::io::Write;

use clap::Args;
use whybounce::answer::{Answer, Classifier, Condition, Field};
use whybounce::input::{MailView, Unreadable};
use whybounce::output::{self, Tally};

use super::progress::Progress;
use super::sink::Sink;
use super::{Common, Ending, Format, Inputs, batch, condition, load_table};

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    inputs: Inputs,
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
    let format = options.format;
    if !options.fields.is_empty() && format != Format::Csv {
        anyhow::bail!("`--fields` chooses the columns of CSV: add `--format csv`");
    }
    let mails = options.inputs.mails()?;
    let classifier = Classifier::new(load_table(&options.common.rules)?);
    let single = mails.is_single();
    let columns = if options.fields.is_empty() { output::COLUMNS } else { &options.fields };
    let mut sink = Sink::open(&options.common, matches!(format, Format::Text | Format::Summary))?;
    let mut progress = Progress::new(&options.common);
    let tallies = progress.is_wanted() || !matches!(format, Format::Json | Format::Csv);
    if format == Format::Csv {
        output::write_csv_header(&mut sink, columns)?;
    }
    let look = options.common.look();
    let render = |out: &mut Vec<u8>, answer: &Answer<'_>, alone: bool| match format {
        Format::Json => output::write_json(out, answer),
        Format::Csv => output::write_csv_rows(out, columns, answer),
        Format::Text if alone => output::write_text(out, answer, look),
        Format::Text => output::write_text_row(out, answer),
        Format::Summary | Format::SummaryJson => Ok(()),
    };
    let each = |done: &mut Done, mail: Result<MailView<'_>, Unreadable>| match mail {
        Err(unreadable) => done.unreadable.push(unreadable),
        Ok(mail) => {
            done.mails += 1;
            let mut answer = classifier.classify(&mail.source, mail.bytes);
            answer.report.cut |= mail.cut;
            if answer.retain(&options.conditions) {
                if tallies {
                    done.tally.add(&answer);
                }
                // Standard input and a single file can still be an mbox: then each mail is told in a line.
                let alone = single && (mail.file.is_some() || mail.source == "-");
                // Writing to memory can't fail.
                let _ = render(&mut done.bytes, &answer, alone);
            }
        }
    };
    let mut ending = Ending::Good;
    let mut tally = Tally::default();
    batch::run(mails, options.common.jobs(), each, |done: Done, share| {
        for unreadable in &done.unreadable {
            progress.complain(&unreadable.to_string());
            ending = Ending::Failed;
        }
        sink.write_all(&done.bytes)?;
        tally.merge(done.tally);
        progress.add(done.mails, &tally, share);
        Ok(())
    })?;
    progress.finish(&tally);
    match format {
        Format::Summary => tally.write_text(&mut sink)?,
        Format::SummaryJson => tally.write_json(&mut sink)?,
        Format::Text if tally.mails() > 1 => {
            writeln!(sink)?;
            tally.write_text(&mut sink)?;
        }
        _ => {}
    }
    sink.finish()?;
    Ok(ending)
}
