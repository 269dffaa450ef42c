//! JSON Lines: one object a mail, every key always there.

use std::io::{self, Write};

use serde::Serialize;

use crate::answer::Answer;
use crate::classify::{Evidence, Verdict};
use crate::mail::Date;
use crate::reply::{Command, EnhancedCode, ReplyCode};
use crate::report::Original;
use crate::verdict::{Action, BounceType, Cause, DecidedBy, Kind, Outcome};

#[derive(Serialize)]
struct MailJson<'a> {
    source: &'a str,
    kind: Kind,
    dialect: &'a str,
    reporting_mta: Option<&'a str>,
    date: Option<&'a Date>,
    original: &'a Original,
    recipients: Vec<RecipientJson<'a>>,
    /// A bound was met: the answer is from what was read.
    cut: bool,
}

#[derive(Serialize)]
struct RecipientJson<'a> {
    address: Option<&'a str>,
    original_address: Option<&'a str>,
    outcome: Outcome,
    reply_code: Option<ReplyCode>,
    enhanced_code: Option<EnhancedCode>,
    diagnostic: Option<&'a str>,
    remote_mta: Option<&'a str>,
    smtp_command: Option<Command>,
    cause: Option<Cause>,
    bounce_type: Option<BounceType>,
    action: Action,
    decided_by: Option<DecidedBy>,
    rule: Option<&'a str>,
    advice: Option<std::borrow::Cow<'a, str>>,
}

/// Writes one mail as one line.
///
/// # Errors
/// Those of the writer.
pub fn write_mail(out: &mut impl Write, answer: &Answer<'_>) -> io::Result<()> {
    let report = &answer.report;
    let recipients = report
        .recipients
        .iter()
        .zip(&answer.verdicts)
        .enumerate()
        .map(|(at, (recipient, verdict))| RecipientJson {
            address: recipient.address.as_deref(),
            original_address: recipient.original_address.as_deref(),
            outcome: recipient.outcome,
            reply_code: recipient.reply_code,
            enhanced_code: recipient.enhanced_code,
            diagnostic: recipient.diagnostic.as_deref(),
            remote_mta: recipient.remote_mta.as_deref(),
            smtp_command: recipient.smtp_command,
            cause: verdict.as_ref().map(|verdict| verdict.cause),
            bounce_type: verdict.as_ref().map(|verdict| verdict.bounce_type),
            action: answer.action(Some(at)),
            decided_by: verdict.as_ref().map(|verdict| verdict.decided_by),
            rule: verdict.as_ref().and_then(|verdict| verdict.rule).map(|rule| rule.id.as_ref()),
            advice: answer.advice(at),
        })
        .collect();
    let mail = MailJson {
        source: &answer.source,
        kind: report.kind,
        dialect: report.dialect,
        reporting_mta: report.reporting_mta.as_deref(),
        date: report.date.as_ref(),
        original: &report.original,
        recipients,
        cut: report.cut,
    };
    write_line(out, &mail)
}

#[derive(Serialize)]
struct ReplyJson<'a> {
    reply: &'a str,
    reply_code: Option<ReplyCode>,
    enhanced_code: Option<EnhancedCode>,
    cause: Cause,
    bounce_type: BounceType,
    action: Action,
    decided_by: DecidedBy,
    rule: Option<&'a str>,
    advice: std::borrow::Cow<'a, str>,
}

/// Writes one bare reply as one line.
///
/// # Errors
/// Those of the writer.
pub fn write_reply(out: &mut impl Write, reply: &str, evidence: &Evidence<'_>, verdict: &Verdict<'_>) -> io::Result<()> {
    write_line(
        out,
        &ReplyJson {
            reply,
            reply_code: evidence.reply_code,
            enhanced_code: evidence.enhanced_code,
            cause: verdict.cause,
            bounce_type: verdict.bounce_type,
            action: verdict.action,
            decided_by: verdict.decided_by,
            rule: verdict.rule.map(|rule| rule.id.as_ref()),
            advice: verdict.advice(),
        },
    )
}

fn write_line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
