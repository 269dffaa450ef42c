//! `whybounce reply`: bare SMTP replies, as arguments or one a line on standard input.

use std::io::{self, BufRead, Write};

use clap::Args;
use serde::Serialize;
use whybounce::classify::{Evidence, Verdict, classify};
use whybounce::reply::{Command, EnhancedCode, ReplyCode};
use whybounce::verdict::{Action, BounceType, Cause, DecidedBy};

use super::{Ending, Reading, load_table};

#[derive(Args)]
pub(super) struct Options {
    /// Replies, one each; `-` or none: one reply a line from standard input
    #[arg(value_name = "TEXT")]
    replies: Vec<String>,
    #[command(flatten)]
    reading: Reading,
    /// Host that answered: lets its provider's rules apply
    #[arg(long, value_name = "HOST")]
    remote: Option<String>,
    /// Stage that was answered, such as `RCPT TO` or `end of DATA`
    #[arg(long, value_name = "STAGE", value_parser = stage)]
    command: Option<Command>,
}

fn stage(name: &str) -> Result<Command, String> {
    Command::parse(name).ok_or_else(|| {
        let known: Vec<_> = Command::ALL.iter().map(|stage| stage.name()).collect();
        format!("expected one of {}", known.join(", "))
    })
}

#[derive(Serialize)]
struct Answer<'a> {
    reply: &'a str,
    reply_code: Option<ReplyCode>,
    enhanced_code: Option<EnhancedCode>,
    cause: Cause,
    bounce_type: BounceType,
    action: Action,
    decided_by: DecidedBy,
    rule: Option<&'a str>,
    advice: &'a str,
}

pub(super) fn run(options: &Options) -> anyhow::Result<Ending> {
    let table = load_table(&options.reading.rules)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut answer = |text: &str| -> anyhow::Result<()> {
        let evidence = Evidence::of_reply(text, options.remote.as_deref(), options.command);
        let verdict: Verdict<'_> = classify(&table, &evidence);
        serde_json::to_writer(
            &mut out,
            &Answer {
                reply: text,
                reply_code: evidence.reply_code,
                enhanced_code: evidence.enhanced_code,
                cause: verdict.cause,
                bounce_type: verdict.bounce_type,
                action: verdict.action,
                decided_by: verdict.decided_by,
                rule: verdict.rule.map(|rule| rule.id.as_str()),
                advice: &verdict.advice(),
            },
        )?;
        out.write_all(b"\n")?;
        Ok(())
    };
    if options.replies.is_empty() || options.replies == ["-"] {
        for line in io::stdin().lock().lines() {
            answer(&line?)?;
        }
    } else {
        for text in &options.replies {
            answer(text)?;
        }
    }
    out.flush()?;
    Ok(Ending::Good)
}
