//! Reports that are only prose: who failed, out of lines of text.
//!
//! One reader serves every system, because all write alike: a line that begins with an address, a labelled address, or a
//! sentence that names one; then the reason; at times a transcript. The surest sign wins, and the reporter, its postmaster, the
//! sender of the original and the quoted original are never taken for the recipient.

mod whom;

use super::blocks::Blocks;
use super::notice::Notice;
use super::reason::{Reason, host_in};
use super::transcript::{Turn, Turns};
use super::{RECIPIENTS_READ, Recipient, Report, dialect, kind_of, wrapped};
use crate::limits::DIAGNOSTIC_BYTES;
use crate::mail::{Field, Mail};
use crate::reply::{EnhancedCode, Reply};
use crate::verdict::Outcome;
use whom::{hinted, named};

/// Blocks and transcript of a notice, each made once.
pub(super) struct Findings {
    blocks: Blocks,
    turns: Turns,
}

impl Findings {
    pub(super) fn of(notice: &Notice<'_>) -> Self {
        let lines = &notice.prose().lines;
        Self { blocks: Blocks::of(lines), turns: Turns::of(lines) }
    }
}

/// An address, and the one that it was made of.
type Pair = (String, Option<String>);

pub(super) fn read(mail: &Mail<'_>, notice: &Notice<'_>) -> Option<Report> {
    if !notice.is_failure() {
        return None;
    }
    let findings = Findings::of(notice);
    let found = named(mail, notice, &findings);
    // Anyone can write of failure: who is no mail system must at least name recipients as one does.
    if found.is_none() && !notice.is_from_system() {
        return None;
    }
    // A gateway may put a whole report into its own.
    if found.is_none()
        && let Some(report) = wrapped::read(mail, notice)
    {
        return Some(report);
    }
    let (addresses, found_in) = found.unwrap_or_else(|| hinted(mail, notice, &findings));
    let outcome = if notice.says_delivered() {
        Outcome::Delivered
    } else if notice.says_delayed() {
        Outcome::Delayed
    } else {
        Outcome::Failed
    };
    let dialect = dialect::of(mail, notice);
    let mut report = Report { dialect: dialect.map_or("prose", |dialect| dialect.name), ..Report::default() };
    report.reporting_mta = dialect::reporter(notice);
    report.recipients = addresses
        .into_iter()
        .take(RECIPIENTS_READ)
        .map(|(address, original_address)| Recipient {
            address: Some(address),
            original_address,
            outcome,
            found_in,
            ..Recipient::default()
        })
        .collect();
    if report.recipients.is_empty() {
        // A failure without a named recipient is one still: its reply may be all that is known.
        report.recipients.push(Recipient { outcome, found_in: "prose", ..Recipient::default() });
    }
    report.cut = mail.header.all("X-Failed-Recipients").any(Field::is_cut);
    fill_in(&mut report, notice, &findings);
    report.kind = kind_of(&report.recipients);
    report.reason = match dialect {
        Some(dialect) => format!("a notice in the manner of {}, recipients from {found_in}", dialect.name),
        None => format!("sender, subject and words are those of a notice about a failed message, recipients from {found_in}"),
    };
    Some(report)
}

/// Fills in what the fields of a report leave out: address, reply, codes, host and stage, from the prose about the same recipient.
pub(super) fn complete(report: &mut Report, mail: &Mail<'_>, notice: &Notice<'_>) {
    let findings = Findings::of(notice);
    // Who is hidden, or given only as a route, stands in the prose when that names as many.
    if report.recipients.iter().any(|recipient| recipient.address.is_none()) {
        let named = named(mail, notice, &findings).map(|(named, _)| named).unwrap_or_default();
        if named.len() == report.recipients.len() {
            for (recipient, (address, _)) in report.recipients.iter_mut().zip(named) {
                recipient.address.get_or_insert(address);
            }
        }
    }
    fill_in(report, notice, &findings);
}

fn fill_in(report: &mut Report, notice: &Notice<'_>, findings: &Findings) {
    let only = report.recipients.len() == 1;
    let lines = &notice.prose().lines;
    let whole = Reason::of(lines.iter().map(String::as_str));
    let all_lines = if only { joined(lines) } else { String::new() };
    let Findings { blocks, turns } = findings;
    // What is said before the first recipient goes for all of them.
    let lead = if only { String::new() } else { joined(&lines[..blocks.first_line().min(lines.len())]) };
    let silent = |recipient: &Recipient| {
        let address = recipient.address.as_deref().unwrap_or_default();
        recipient.diagnostic.is_none()
            && turns.about(address, false).is_none()
            && blocks.about(address).is_none_or(|block| !block.reason.quotes_reply())
    };
    // A reason that is given once stands for all.
    let quotes_none = report.recipients.iter().all(silent);
    let shares = only || (whole.quotes_reply() && quotes_none);
    let reporting_mta = report.reporting_mta.as_deref();
    for recipient in &mut report.recipients {
        let address = recipient.address.clone().unwrap_or_default();
        let own =
            blocks.about(&address).or_else(|| recipient.original_address.as_deref().and_then(|original| blocks.about(original)));
        if recipient.original_address.is_none() {
            recipient.original_address = blocks.original_of(&address).filter(|original| !original.eq_ignore_ascii_case(&address));
        }
        if let Some(turn) = turns.about(&address, only) {
            take_turn(recipient, turn);
        }
        if let Some(block) = own {
            take_reason(recipient, &block.reason);
        }
        if shares && whole.quotes_reply() {
            take_reason(recipient, &whole);
        }
        let explanation = match own.map(|block| block.reason.text.as_str()) {
            _ if only => all_lines.clone(),
            Some(text) if quotes_none => format!("{text} {lead}"),
            Some(text) => text.to_owned(),
            None if shares => whole.text.clone(),
            None if quotes_none => lead.clone(),
            None => String::new(),
        };
        recipient.explanation = Some(explanation).filter(|text| !text.trim().is_empty());
        if recipient.remote_mta.is_none() {
            recipient.remote_mta = recipient
                .diagnostic
                .as_deref()
                .and_then(host_in)
                .or_else(|| whole.host.clone().filter(|_| shares))
                .or_else(|| host_in(&all_lines))
                .filter(|host| reporting_mta.is_none_or(|reporter| !reporter.eq_ignore_ascii_case(host)));
        }
    }
}

/// All lines as one text.
fn joined(lines: &[String]) -> String {
    let mut joined = String::new();
    for word in lines.iter().flat_map(|line| line.split_whitespace()) {
        if joined.len() + word.len() >= DIAGNOSTIC_BYTES {
            break;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined
}

fn take_turn(recipient: &mut Recipient, turn: &Turn) {
    if recipient.diagnostic.is_none() {
        recipient.smtp_command = recipient.smtp_command.or(turn.command);
        recipient.set_diagnostic(turn.reply.clone());
    } else if recipient.reply_code.is_none() {
        recipient.reply_code = Reply::parse(&turn.reply).code;
        recipient.smtp_command = recipient.smtp_command.or(turn.command);
    }
    if recipient.remote_mta.is_none() {
        recipient.remote_mta.clone_from(&turn.host);
    }
}

fn take_reason(recipient: &mut Recipient, reason: &Reason) {
    // Where the fields only say that the time ran out, the prose may still have the last real reply.
    let expired = recipient.enhanced_code.is_some_and(EnhancedCode::is_expiry);
    if expired && reason.enhanced.is_some_and(|code| code.is_exact() && !code.is_expiry()) {
        recipient.enhanced_code = reason.enhanced;
        recipient.reply_code = reason.code.or(recipient.reply_code);
        recipient.diagnostic = Some(reason.diagnostic.clone());
    }
    recipient.smtp_command = recipient.smtp_command.or(reason.command);
    if recipient.diagnostic.is_none() && !reason.diagnostic.is_empty() {
        recipient.set_diagnostic(reason.diagnostic.clone());
    }
    recipient.reply_code = recipient.reply_code.or(reason.code);
    if !recipient.enhanced_code.is_some_and(EnhancedCode::is_exact) && reason.enhanced.is_some_and(EnhancedCode::is_exact) {
        recipient.enhanced_code = reason.enhanced;
    }
    if recipient.remote_mta.is_none() {
        recipient.remote_mta.clone_from(&reason.host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Report {
        let mail = Mail::parse(raw.as_bytes());
        super::read(&mail, &Notice::of(&mail)).expect("a notice")
    }

    fn addresses(report: &Report) -> Vec<&str> {
        report.recipients.iter().filter_map(|recipient| recipient.address.as_deref()).collect()
    }

    const HEAD: &str = "From: MAILER-DAEMON@example.net\nTo: jo@example.org\nSubject: failure notice\n\n";

    #[test]
    fn a_reason_that_is_given_once_stands_for_all() {
        let report = read(&format!(
            "{HEAD}Could not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected:\n   a@example.com\n   b@example.com\n"
        ));
        assert_eq!(addresses(&report), ["a@example.com", "b@example.com"]);
        assert!(report.recipients.iter().all(|recipient| recipient.reply_code.is_some()));
    }

    #[test]
    fn local_names_are_recipients_where_a_sentence_announces_them() {
        let report = read(&format!(
            "{HEAD} ----Message not delivered to the following:\n\n jo.doe    No matches to nameserver query\n\n try mike@example.com\n"
        ));
        assert_eq!(addresses(&report), ["jo.doe"]);
    }

    #[test]
    fn the_text_is_believed_where_the_failed_field_names_another() {
        let report =
            read(&format!("X-Failed-Recipients: x@example.com\n{HEAD}  y@example.com\n    host mx [192.0.2.1]: 554 5.7.0 no\n"));
        assert_eq!(addresses(&report), ["y@example.com"]);
    }
}
