//! Text for people: for one mail the answer first, then its evidence, then the advice; for many a line a recipient.
//!
//! Everything that came from a mail goes through [`visible`] before it is written.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::visible;
use crate::answer::{Answer, Field};
use crate::classify::{Evidence, Match, Verdict};
use crate::reply::Reply;
use crate::report::Recipient;
use crate::verdict::{Action, BounceType, DecidedBy, Kind, Outcome};

/// How wide the text may be. Colours are always written; whoever owns the terminal strips them where it has none.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Columns.
    pub width: usize,
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const REPLY: Style = AnsiColor::Cyan.on_default();

fn colour(bounce_type: BounceType) -> Style {
    match bounce_type {
        BounceType::Hard => AnsiColor::Red.on_default().bold(),
        BounceType::Soft => AnsiColor::Yellow.on_default().bold(),
        BounceType::Block => AnsiColor::Magenta.on_default().bold(),
        BounceType::Undetermined => BOLD,
    }
}

/// Writes a paragraph wrapped and indented.
fn paragraph(out: &mut impl Write, look: Look, indent: usize, style: Style, text: &str) -> io::Result<()> {
    let margin = " ".repeat(indent);
    let width = look.width.saturating_sub(indent).max(20);
    // Words are never torn at their hyphens: dates, ids and hosts have them.
    let options = textwrap::Options::new(width)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    for line in textwrap::wrap(&visible(text), options) {
        writeln!(out, "{margin}{style}{line}{style:#}")?;
    }
    Ok(())
}

/// Writes the answer for one mail.
///
/// # Errors
/// Those of the writer.
pub fn write_mail(out: &mut impl Write, answer: &Answer<'_>, look: Look) -> io::Result<()> {
    let report = &answer.report;
    match report.kind {
        Kind::Bounce | Kind::Delay | Kind::Delivered => {
            for at in 0..report.recipients.len() {
                if at > 0 {
                    writeln!(out)?;
                }
                write_recipient(out, answer, at, look)?;
            }
        }
        kind => {
            writeln!(out, "{BOLD}{}{BOLD:#}  {DIM}({kind}){DIM:#}", headline(kind))?;
            for (recipient, at) in report.recipients.iter().zip(0..) {
                let action = answer.action(Some(at));
                let address = recipient.address.as_deref().unwrap_or("a recipient that is not named");
                writeln!(out, "  {}: {}  {DIM}({action}){DIM:#}", visible(address), action.order())?;
                if let Some(advice) = answer.advice(at) {
                    paragraph(out, look, 4, Style::new(), &advice)?;
                }
            }
            if report.recipients.is_empty() {
                writeln!(out, "  What to do: {}", Action::None.order())?;
            }
        }
    }
    write_context(out, answer, look)
}

fn headline(kind: Kind) -> &'static str {
    match kind {
        Kind::Bounce => "Not delivered",
        Kind::Delay => "Not delivered yet",
        Kind::Delivered => "Delivered",
        Kind::Complaint => "A complaint about a message of yours",
        Kind::AutoReply => "An automatic answer, no bounce",
        Kind::ReadReceipt => "A receipt: the message was displayed or handled",
        Kind::Challenge => "A question whether you are a person: your message waits for your answer",
        Kind::Other => "No bounce: ordinary mail",
    }
}

fn write_recipient(out: &mut impl Write, answer: &Answer<'_>, at: usize, look: Look) -> io::Result<()> {
    let recipient = &answer.report.recipients[at];
    let address = recipient.address.as_deref().unwrap_or("a recipient that the report does not name");
    let verdict = answer.verdicts[at].as_ref();
    let style = verdict.map_or(AnsiColor::Green.on_default().bold(), |verdict| colour(verdict.bounce_type));
    let headline = match recipient.outcome {
        Outcome::Failed => "Not delivered to",
        Outcome::Delayed => "Not delivered yet, still being tried, to",
        Outcome::Delivered => "Delivered to",
        Outcome::Relayed => "Passed on, to a system that sends no reports, for",
        Outcome::Expanded => "Passed on to the members of",
    };
    writeln!(out, "{style}{headline} {}{style:#}", visible(address))?;
    if let Some(original) = &recipient.original_address {
        writeln!(out, "  {DIM}first sent to {}{DIM:#}", visible(original))?;
    }
    if let Some(verdict) = verdict {
        write_cause(out, verdict)?;
    }
    write_reply_quoted(out, recipient, look)?;
    if let Some(verdict) = verdict {
        write_advice(out, verdict, look)?;
    }
    Ok(())
}

fn write_cause(out: &mut impl Write, verdict: &Verdict<'_>) -> io::Result<()> {
    let cause = verdict.cause;
    writeln!(out, "  Why: {BOLD}{}{BOLD:#}  {DIM}({cause}, {}){DIM:#}", cause.meaning(), verdict.bounce_type)
}

fn write_reply_quoted(out: &mut impl Write, recipient: &Recipient, look: Look) -> io::Result<()> {
    let Some(diagnostic) = &recipient.diagnostic else { return Ok(()) };
    let answered = match (&recipient.remote_mta, recipient.smtp_command) {
        (Some(host), Some(command)) => format!("{} answered to {command}:", visible(host)),
        (Some(host), None) => format!("{} says:", visible(host)),
        (None, Some(command)) => format!("The answer to {command}:"),
        (None, None) => "The report says:".to_owned(),
    };
    writeln!(out, "\n  {answered}")?;
    // The words, without the code that each line of a reply repeats.
    paragraph(out, look, 4, REPLY, &Reply::parse(diagnostic).text)
}

fn write_advice(out: &mut impl Write, verdict: &Verdict<'_>, look: Look) -> io::Result<()> {
    writeln!(out, "\n  What to do: {BOLD}{}{BOLD:#}  {DIM}({}){DIM:#}", verdict.action.order(), verdict.action)?;
    paragraph(out, look, 4, Style::new(), &verdict.advice())
}

/// What the answer rests on: the original, the format, the rule.
fn write_context(out: &mut impl Write, answer: &Answer<'_>, look: Look) -> io::Result<()> {
    let report = &answer.report;
    let original = &report.original;
    let mut facts = Vec::new();
    if let Some(subject) = &original.subject {
        facts.push(format!("“{subject}”"));
    }
    if let Some(from) = &original.from {
        facts.push(format!("from {from}"));
    }
    if let Some(date) = &original.date {
        facts.push(format!("of {}", date.to_rfc3339().split('T').next().unwrap_or_default()));
    }
    if let Some(id) = &original.message_id {
        facts.push(id.clone());
    }
    writeln!(out)?;
    if !facts.is_empty() {
        paragraph(out, look, 2, DIM, &format!("The original: {}", facts.join(", ")))?;
    }
    let mut rules: Vec<String> = answer.verdicts.iter().flatten().map(decision).collect();
    rules.dedup();
    let mut how = match report.kind {
        Kind::Other => format!("Why: {}", report.reason),
        _ => format!("Read as {}: {}", report.dialect, report.reason),
    };
    if !rules.is_empty() {
        how.push_str("; decided by ");
        how.push_str(&rules.join(", "));
    }
    if report.cut {
        how.push_str("; the mail was too large to be read whole, so that something may be missing");
    }
    paragraph(out, look, 2, DIM, &format!("{how}."))
}

fn decision(verdict: &Verdict<'_>) -> String {
    let what = match verdict.decided_by {
        DecidedBy::Text => "the words of the reply",
        DecidedBy::EnhancedCode => "the enhanced status code alone",
        DecidedBy::ReplyCode => "the reply code alone",
        DecidedBy::None => "no rule",
    };
    verdict.rule.map_or_else(|| what.to_owned(), |rule| format!("{what} (rule {})", rule.id))
}

/// Writes the answer for one bare reply.
///
/// # Errors
/// Those of the writer.
pub fn write_reply(out: &mut impl Write, reply: &str, verdict: &Verdict<'_>, look: Look) -> io::Result<()> {
    let style = colour(verdict.bounce_type);
    paragraph(out, look, 0, REPLY, reply)?;
    writeln!(
        out,
        "  Why: {style}{}{style:#}  {DIM}({}, {}){DIM:#}",
        verdict.cause.meaning(),
        verdict.cause,
        verdict.bounce_type
    )?;
    writeln!(out, "  What to do: {BOLD}{}{BOLD:#}  {DIM}({}){DIM:#}", verdict.action.order(), verdict.action)?;
    paragraph(out, look, 4, Style::new(), &verdict.advice())?;
    paragraph(out, look, 2, DIM, &format!("Decided by {}.", decision(verdict)))
}

/// Writes one line a recipient, for many mails.
///
/// # Errors
/// Those of the writer.
pub fn write_row(out: &mut impl Write, answer: &Answer<'_>) -> io::Result<()> {
    for row in answer.rows() {
        let verdict = row.and_then(|at| answer.verdicts[at].as_ref());
        let what = verdict.map_or(answer.report.kind.name(), |verdict| verdict.cause.name());
        let style = verdict.map_or(DIM, |verdict| colour(verdict.bounce_type));
        let delayed = if answer.field(Field::Outcome, row).as_deref() == Some("delayed") { " (delayed)" } else { "" };
        let address = answer.field(Field::Address, row).unwrap_or_default();
        let address = if address.is_empty() { "-" } else { &address };
        writeln!(
            out,
            "{style}{what:20}{style:#} {:18} {}{delayed}  {DIM}{}{DIM:#}",
            answer.action(row).name(),
            visible(address),
            visible(&answer.source)
        )?;
    }
    Ok(())
}

/// Writes how the answer for one mail came about.
///
/// # Errors
/// Those of the writer.
pub fn write_explained(out: &mut impl Write, answer: &Answer<'_>, traces: &[Vec<Match<'_>>], look: Look) -> io::Result<()> {
    let report = &answer.report;
    writeln!(out, "{BOLD}{}{BOLD:#}: {}", report.kind, visible(&report.reason))?;
    writeln!(out, "  format           {}", report.dialect)?;
    for field in [
        Field::ReportingMta,
        Field::Date,
        Field::OriginalMessageId,
        Field::OriginalFrom,
        Field::OriginalTo,
        Field::OriginalSubject,
    ] {
        if let Some(value) = answer.field(field, None) {
            writeln!(out, "  {:16} {}", field.name(), visible(&value))?;
        }
    }
    for (at, recipient) in report.recipients.iter().enumerate() {
        writeln!(out, "\n{BOLD}{}{BOLD:#}", visible(recipient.address.as_deref().unwrap_or("(no recipient named)")))?;
        writeln!(out, "  {:16} {}", "found in", recipient.found_in)?;
        for field in
            [Field::Outcome, Field::OriginalAddress, Field::ReplyCode, Field::EnhancedCode, Field::RemoteMta, Field::SmtpCommand]
        {
            if let Some(value) = answer.field(field, Some(at)) {
                writeln!(out, "  {:16} {}", field.name(), visible(&value))?;
            }
        }
        if let Some(diagnostic) = &recipient.diagnostic {
            writeln!(out, "  diagnostic")?;
            paragraph(out, look, 4, REPLY, diagnostic)?;
        }
        if let Some(explanation) = recipient.explanation.as_ref().filter(|text| Some(*text) != recipient.diagnostic.as_ref()) {
            writeln!(out, "  explanation, asked where the diagnostic's words tell nothing")?;
            paragraph(out, look, 4, DIM, explanation)?;
        }
        if let (Some(verdict), Some(trace)) = (&answer.verdicts[at], traces.get(at)) {
            write_trace(out, verdict, trace, look)?;
        }
    }
    Ok(())
}

/// Writes how the verdict on one bare reply came about.
///
/// # Errors
/// Those of the writer.
pub fn write_explained_reply(
    out: &mut impl Write,
    evidence: &Evidence<'_>,
    verdict: &Verdict<'_>,
    trace: &[Match<'_>],
    look: Look,
) -> io::Result<()> {
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    paragraph(out, look, 0, REPLY, evidence.diagnostic.unwrap_or_default())?;
    writeln!(out, "  {:16} {}", "reply_code", or_none(evidence.reply_code.map(|code| code.to_string())))?;
    writeln!(out, "  {:16} {}", "enhanced_code", or_none(evidence.enhanced_code.map(|code| code.to_string())))?;
    writeln!(out, "  {:16} {}", "smtp_command", or_none(evidence.stage.command().map(|command| command.to_string())))?;
    write_trace(out, verdict, trace, look)
}

fn write_trace(out: &mut impl Write, verdict: &Verdict<'_>, trace: &[Match<'_>], look: Look) -> io::Result<()> {
    writeln!(out, "  rules that hold, in order of precedence")?;
    if trace.is_empty() {
        writeln!(out, "    none")?;
    }
    for (place, step) in trace.iter().enumerate() {
        let mark = if place == 0 { "→" } else { " " };
        let seen = match (step.phrase, step.in_explanation) {
            (Some(phrase), false) => format!("the reply holds {phrase:?}"),
            (Some(phrase), true) => format!("the explanation holds {phrase:?}"),
            (None, _) => format!("{} fits", step.rule.decided_by()),
        };
        writeln!(
            out,
            "    {mark} {BOLD}{}{BOLD:#}  {}  {DIM}{} ({}:{}){DIM:#}",
            step.rule.id,
            step.rule.cause,
            visible(&seen),
            step.rule.file,
            step.rule.line
        )?;
    }
    let style = colour(verdict.bounce_type);
    writeln!(
        out,
        "  verdict          {style}{}{style:#}, {}, {}, decided by {}",
        verdict.cause, verdict.bounce_type, verdict.action, verdict.decided_by
    )?;
    paragraph(out, look, 4, Style::new(), &verdict.advice())
}
