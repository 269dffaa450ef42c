//! `whybounce explain`: the same answer with how it came about, and a rule to paste where no text rule won.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use whybounce::answer::Classifier;
use whybounce::classify::{Evidence, classify, trace};
use whybounce::input::Mails;
use whybounce::output;
use whybounce::reply::Command;
use whybounce::rules::draft;
use whybounce::verdict::DecidedBy;

use super::reply::stage;
use super::sink::Sink;
use super::{Common, Ending, complain, load_table};

#[derive(Args)]
pub(super) struct Options {
    /// A mail; `-` or none: standard input
    #[arg(value_name = "PATH", conflicts_with = "reply")]
    path: Option<PathBuf>,
    /// A bare reply instead of a mail
    #[arg(long, value_name = "TEXT")]
    reply: Option<String>,
    /// Host that answered the reply
    #[arg(long, value_name = "HOST", requires = "reply")]
    remote: Option<String>,
    /// Stage that was answered
    #[arg(long, value_name = "STAGE", requires = "reply", value_parser = stage)]
    command: Option<Command>,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(options: &Options) -> anyhow::Result<Ending> {
    let classifier = Classifier::new(load_table(&options.common.rules)?);
    let mut sink = Sink::open(&options.common, true)?;
    let look = options.common.look();
    if let Some(text) = &options.reply {
        let evidence = Evidence::of_reply(text, options.remote.as_deref(), options.command);
        let verdict = classify(classifier.table(), &evidence);
        output::write_explained_reply(&mut sink, &evidence, &verdict, &trace(classifier.table(), &evidence), look)?;
        if verdict.decided_by != DecidedBy::Text {
            write_draft(&mut sink, text)?;
        }
        sink.finish()?;
        return Ok(Ending::Good);
    }
    let mut ending = Ending::Good;
    let paths: Vec<PathBuf> = options.path.iter().cloned().collect();
    for (place, mail) in Mails::of(&paths).enumerate() {
        let mail = match mail {
            Ok(mail) => mail,
            Err(unreadable) => {
                complain(&unreadable.to_string());
                ending = Ending::Failed;
                continue;
            }
        };
        if place > 0 {
            writeln!(sink)?;
        }
        let answer = classifier.explain(&mail.source, &mail.bytes);
        let recipients = &answer.report.recipients;
        let traces: Vec<_> = recipients.iter().map(|recipient| classifier.trace(&answer.report, recipient)).collect();
        writeln!(sink, "{}", output::visible(&mail.source))?;
        output::write_explained(&mut sink, &answer, &traces, look)?;
        for (recipient, verdict) in recipients.iter().zip(&answer.verdicts) {
            if let (Some(diagnostic), Some(verdict)) = (&recipient.diagnostic, verdict)
                && verdict.decided_by != DecidedBy::Text
            {
                write_draft(&mut sink, diagnostic)?;
            }
        }
    }
    sink.finish()?;
    Ok(ending)
}

fn write_draft(out: &mut impl Write, reply: &str) -> std::io::Result<()> {
    if let Some(rule) = draft(reply) {
        writeln!(out, "\nno words decided; a rule to start from (put the right cause in, then `whybounce rules check FILE`):\n")?;
        write!(out, "{rule}")?;
    }
    Ok(())
}
