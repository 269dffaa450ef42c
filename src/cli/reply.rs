//! `whybounce reply`: bare SMTP replies, as arguments or one a line on standard input.

use std::borrow::Cow;
use std::io::{self, BufRead, Write};

use clap::Args;
use whybounce::classify::{Evidence, classify};
use whybounce::output::{self, Tally};
use whybounce::reply::Command;
use whybounce::rules::Table;

use super::sink::Sink;
use super::{Common, Ending, Format, load_table};

#[derive(Args)]
pub(super) struct Options {
    /// Replies, one each; `-` or none: one reply a line from standard input
    #[arg(value_name = "TEXT")]
    replies: Vec<String>,
    /// Host that answered: lets its provider's rules apply
    #[arg(long, value_name = "HOST")]
    remote: Option<String>,
    /// Stage that was answered, such as `RCPT TO` or `end of DATA`
    #[arg(long, value_name = "STAGE", value_parser = stage)]
    command: Option<Command>,
    /// How the answer is written
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    common: Common,
}

/// A stage of the SMTP dialogue.
pub(super) fn stage(name: &str) -> Result<Command, String> {
    Command::parse(name).ok_or_else(|| {
        let known: Vec<_> = Command::ALL.iter().map(|stage| stage.name()).collect();
        format!("expected one of {}", known.join(", "))
    })
}

pub(super) fn run(options: &Options) -> anyhow::Result<Ending> {
    let table = load_table(&options.common.rules)?;
    let mut sink = Sink::open(&options.common, matches!(options.format, Format::Text | Format::Summary))?;
    if options.format == Format::Csv {
        output::write_csv_reply_header(&mut sink)?;
    }
    let mut tally = Tally::default();
    if options.replies.is_empty() || options.replies == ["-"] {
        let mut input = io::stdin().lock();
        let mut line = Vec::new();
        let mut first = true;
        while input.read_until(b'\n', &mut line)? > 0 {
            // Asked first, because most lines are UTF-8 and to mend one takes several times as long as to check it.
            let text = str::from_utf8(&line).map_or_else(|_| String::from_utf8_lossy(&line), Cow::Borrowed);
            answer(options, &table, &text, first, &mut sink, &mut tally)?;
            line.clear();
            first = false;
        }
    } else {
        for (place, text) in options.replies.iter().enumerate() {
            answer(options, &table, text, place == 0, &mut sink, &mut tally)?;
        }
    }
    if options.format == Format::Summary {
        tally.write_text(&mut sink)?;
    }
    if options.format == Format::SummaryJson {
        tally.write_json(&mut sink)?;
    }
    sink.finish()?;
    Ok(Ending::Good)
}

fn answer(options: &Options, table: &Table, text: &str, first: bool, sink: &mut Sink, tally: &mut Tally) -> io::Result<()> {
    let text = text.trim_end_matches(['\n', '\r']);
    let evidence = Evidence::of_reply(text, options.remote.as_deref(), options.command);
    let verdict = classify(table, &evidence);
    match options.format {
        Format::Json => output::write_json_reply(sink, text, &evidence, &verdict),
        Format::Csv => output::write_csv_reply(sink, text, &evidence, &verdict),
        Format::Text => {
            if !first {
                writeln!(sink)?;
            }
            output::write_text_reply(sink, text, &verdict, options.common.look())
        }
        Format::Summary | Format::SummaryJson => {
            tally.add_reply(&verdict);
            Ok(())
        }
    }
}
