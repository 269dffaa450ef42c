//! Delivery status notifications: message/delivery-status (RFC 3464) and message/global-delivery-status (RFC 6533).
//!
//! The fields are read wherever they stand: in their own part, in one that calls itself text or a file, or inside the prose.
//! What they leave out (a reply, a host) is filled in from the prose about the same recipient.

use super::fields::{self, Field};
use super::notice::Notice;
use super::text::lines;
use super::words::lower;
use super::{RECIPIENTS_READ, Recipient, Report, address, auto_reply, challenge, kind_of, prose};
use crate::mail::{Mail, Part};
use crate::reply::{Command, EnhancedCode};
use crate::verdict::Outcome;

const PER_MESSAGE: &[&str] =
    &["Reporting-MTA", "Received-From-MTA", "DSN-Gateway", "Arrival-Date", "Original-Envelope-Id", "Original-Envelope-ID"];

const PER_RECIPIENT: &[&str] = &[
    "Final-Recipient",
    "Original-Recipient",
    "Action",
    "Status",
    "Remote-MTA",
    "Diagnostic-Code",
    "Last-Attempt-Date",
    "Will-Retry-Until",
    "Final-Log-ID",
    "Localized-Diagnostic",
    "Final-Recipients",
    "Last-Attempt-Status",
];

/// Whether a name is one of RFC 3464's, or an extension beside them.
fn is_name(name: &str) -> bool {
    PER_MESSAGE.iter().chain(PER_RECIPIENT).any(|known| known.eq_ignore_ascii_case(name))
        || (name.len() > 2
            && name.as_bytes()[..2].eq_ignore_ascii_case(b"x-")
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

pub(super) fn read(mail: &Mail<'_>, notice: &Notice<'_>) -> Option<Report> {
    // Some write a part for each recipient; what stands behind the returned message is that one's own.
    let mut parts = mail.parts.iter().skip_while(|part| !is_status_part(part));
    let own_parts: Vec<&Part<'_>> =
        parts.by_ref().take_while(|part| !part.is_original()).filter(|part| is_status_part(part)).collect();
    let (lines, found_in) = if own_parts.is_empty() {
        (disguised(mail, notice)?, "delivery-status fields in the text")
    } else {
        let mut all = Vec::with_capacity(64);
        all.extend(own_parts.iter().flat_map(|part| lines(part.text()).chain(std::iter::once(""))));
        (all, "delivery-status part")
    };
    let cut = own_parts.iter().any(|part| part.is_cut());
    let mut report = Report { dialect: "rfc3464", cut, ..Report::default() };
    read_fields(&lines, found_in, &mut report);
    report
        .recipients
        .retain(|recipient| recipient.address.is_some() || recipient.diagnostic.is_some() || recipient.enhanced_code.is_some());
    if report.recipients.is_empty() {
        return None; // an empty report: its prose may say more
    }
    if report.recipients.len() > 1 {
        let mut seen = std::collections::HashSet::new();
        report.recipients.retain(|recipient| {
            let Some(address) = &recipient.address else { return true };
            seen.insert((lower(address), recipient.original_address.clone(), recipient.outcome))
        });
    }
    report.kind = kind_of(&report.recipients);
    // Filters that ask the sender to confirm dress their question as a report; no server's reply is in it.
    let quotes_reply = report.recipients.iter().any(|recipient| recipient.reply_code.is_some());
    if !quotes_reply && (challenge::is_asked(mail, notice) || auto_reply::says_so(notice)) {
        return None;
    }
    prose::complete(&mut report, mail, notice);
    let count = report.recipients.len();
    report.reason =
        if count == 1 { [found_in, " names 1 recipient"].concat() } else { format!("{found_in} names {count} recipients") };
    Some(report)
}

fn is_status_part(part: &Part<'_>) -> bool {
    matches!(
        &*part.media_type,
        "message/delivery-status"
            | "message/global-delivery-status"
            | "text/delivery-status"
            | "message/delivery-status-notification"
            | "message/xdelivery-status"
            | "message/x-delivery-status"
            | "application/delivery-status"
            | "multipart/delivery-status"
    ) && !part.body.trim_ascii().is_empty()
}

/// Status fields under another name: a part that calls itself text or a file, or lines of the prose.
///
/// What a person quotes is none of that, so sender or subject must be those of a notice.
fn disguised<'m>(mail: &'m Mail<'_>, notice: &'m Notice<'_>) -> Option<Vec<&'m str>> {
    if !notice.is_suspect() {
        return None;
    }
    let prose = &notice.prose().lines;
    if begin_report(prose.iter().copied()) {
        return Some(prose.iter().copied().skip_while(|line| !begins_field(line)).collect());
    }
    mail.parts
        .iter()
        .filter(|part| {
            matches!(&*part.media_type, "application/octet-stream" | "text/plain" | "text/rfc822-headers" | "message/rfc822")
        })
        .filter(|part| part.body.len() < 64 << 10)
        .map(Part::text)
        .find(|text| begin_report(lines(text)) && text.trim_start().lines().next().is_some_and(begins_field))
        .map(|text| text.lines().collect())
}

/// Whether among the first lines are a recipient's field and another one of a report.
fn begin_report<'t>(lines: impl Iterator<Item = &'t str>) -> bool {
    let mut recipient = false;
    let mut other = false;
    for line in lines.take(400) {
        // Most lines are prose, and have no colon there.
        let is = |name: &str| {
            line.as_bytes().get(name.len()) == Some(&b':') && line.as_bytes()[..name.len()].eq_ignore_ascii_case(name.as_bytes())
        };
        recipient |= is("Final-Recipient") || is("Original-Recipient");
        other |= is("Action") || is("Status") || is("Diagnostic-Code") || is("Reporting-MTA");
    }
    recipient && other
}

fn begins_field(line: &str) -> bool {
    fields::split_field(line).is_some_and(|(name, _)| is_name(name))
}

/// Most fields of one recipient.
const FIELDS: usize = 64;

/// Puts what the fields say into the report.
fn read_fields(lines: &[&str], found_in: &'static str, report: &mut Report) {
    // An unfinished group waits for fields that a stray blank line cut off.
    let mut open: Vec<Field<'_>> = Vec::new();
    let names_recipient = |group: &[Field<'_>]| group.iter().any(is_recipient);
    for group in fields::groups(lines.iter().copied(), is_name) {
        let mut own: Vec<Field<'_>> = Vec::with_capacity(group.len());
        for field in group {
            if PER_MESSAGE.iter().any(|name| field.is(name)) {
                if field.is("Reporting-MTA") && report.reporting_mta.is_none() {
                    report.reporting_mta = fields::host(&field.value);
                }
                continue;
            }
            // A missing blank line: the recipient that begins again is another one.
            if is_recipient(&field)
                && own.iter().any(|known| known.is(field.name))
                && own.iter().any(|known| known.is("Action") || known.is("Status"))
            {
                report.recipients.extend(recipient(&own, found_in));
                own.clear();
            }
            if own.len() < FIELDS {
                own.push(field);
            }
        }
        if own.is_empty() {
            continue;
        }
        let completes =
            !names_recipient(&own) && !open.is_empty() && own.iter().all(|field| !open.iter().any(|known| known.is(field.name)));
        if completes {
            open.append(&mut own);
            continue;
        }
        report.recipients.extend(recipient(&open, found_in));
        open = own;
        if report.recipients.len() > RECIPIENTS_READ {
            report.cut = true;
            return;
        }
    }
    report.recipients.extend(recipient(&open, found_in));
}

fn is_recipient(field: &Field<'_>) -> bool {
    field.is("Final-Recipient") || field.is("Original-Recipient")
}

/// One recipient of its group; none where the group names none and says nothing.
fn recipient(group: &[Field<'_>], found_in: &'static str) -> Option<Recipient> {
    let standard = |field: &Field<'_>| PER_RECIPIENT.iter().any(|name| field.is(name));
    if !group.iter().any(standard) {
        return None;
    }
    let value = |name: &str| fields::value(group, name);
    let final_recipient = value("Final-Recipient").and_then(address::clean);
    let original = value("Original-Recipient").and_then(address::clean);
    let actual = value("X-Actual-Recipient").and_then(address::clean);
    // An X.400 or local name says less than the address that was written to.
    let original_is_better = original.as_deref().is_some_and(|original| original.contains('@'));
    let final_recipient = final_recipient.filter(|address| address.contains('@') || !original_is_better);
    let address = final_recipient.or(actual).or_else(|| original.clone());
    let original_address =
        original.filter(|original| address.as_ref().is_none_or(|address| !original.eq_ignore_ascii_case(address)));
    let status = value("Status").and_then(status);
    let action = value("Action").unwrap_or_default().to_ascii_lowercase();
    let outcome = outcome(&action, status);
    let mut recipient = Recipient {
        address,
        original_address,
        outcome,
        enhanced_code: status,
        remote_mta: value("Remote-MTA").and_then(fields::host),
        found_in,
        ..Recipient::default()
    };
    let diagnostics: Vec<&Field<'_>> =
        group.iter().filter(|field| field.is("Diagnostic-Code") && !field.value.is_empty()).collect();
    if let Some(field) = diagnostics
        .iter()
        .find(|field| field.value.get(..4).is_some_and(|kind| kind.eq_ignore_ascii_case("smtp")))
        .or(diagnostics.first())
    {
        recipient.set_diagnostic(without_type(&field.value).to_owned());
    }
    // Some write the reply itself where the status belongs.
    if recipient.diagnostic.is_none()
        && status.is_none()
        && let Some(text) = value("Status")
    {
        recipient.set_diagnostic(text.to_owned());
    }
    if recipient.smtp_command.is_none() {
        recipient.smtp_command = value("X-SMTP-Command").or(value("X-Failed-Command")).and_then(Command::find);
    }
    Some(recipient)
}

/// The action names of RFC 3464 section 2.3.3, as they are written and miswritten; else what the status says.
fn outcome(action: &str, status: Option<EnhancedCode>) -> Outcome {
    let word: String = action.chars().take_while(char::is_ascii_alphabetic).collect();
    match word.as_str() {
        "delayed" | "delay" | "deferred" => Outcome::Delayed,
        "delivered" | "delivery" | "deliverable" => Outcome::Delivered,
        "relayed" => Outcome::Relayed,
        "expanded" => Outcome::Expanded,
        "failed" | "failure" | "fail" | "error" | "undeliverable" | "bounced" => Outcome::Failed,
        _ => match status.map(|code| code.class) {
            Some(2) => Outcome::Delivered,
            Some(4) if action.is_empty() => Outcome::Delayed,
            _ => Outcome::Failed,
        },
    }
}

/// The code of a Status field, whatever comment stands around it.
pub(super) fn status(value: &str) -> Option<EnhancedCode> {
    value.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ';' | ',' | '#')).find_map(EnhancedCode::parse_status)
}

/// A diagnostic without its type: `smtp; 550 …` (RFC 3464 section 2.3.6).
pub(super) fn without_type(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest))
            if kind.len() <= 20 && kind.trim().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            rest.trim()
        }
        _ => value.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Report {
        let mut report = Report::default();
        read_fields(&text.lines().collect::<Vec<_>>(), "test", &mut report);
        report
    }

    #[test]
    fn several_recipients_each_keep_their_own_fields() {
        let report = read(
            "Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no\n  such user\n\nAction: delayed\nFinal-Recipient: rfc822; b@example.com\nStatus: 4.2.2\n",
        );
        assert_eq!(report.reporting_mta.as_deref(), Some("mx.example.net"));
        assert_eq!(report.recipients.len(), 2);
        assert_eq!(report.recipients[0].diagnostic.as_deref(), Some("550 5.1.1 no such user"));
        assert_eq!(report.recipients[1].outcome, Outcome::Delayed);
    }

    #[test]
    fn missing_and_stray_blank_lines_are_survived() {
        let report = read(
            "Reporting-MTA: dns; mx\nFinal-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822; b@example.com\n\nAction: failed\nStatus: 5.2.2\n",
        );
        let found: Vec<_> = report
            .recipients
            .iter()
            .map(|r| (r.address.as_deref().unwrap_or(""), r.enhanced_code.map(|c| c.to_string())))
            .collect();
        assert_eq!(found, [("a@example.com", Some("5.1.1".to_owned())), ("b@example.com", Some("5.2.2".to_owned()))]);
    }

    #[test]
    fn a_name_in_other_letters_is_none() {
        assert!(!is_name("＄ontent-Type"));
        assert!(is_name("X-Actual-Recipient"));
    }

    #[test]
    fn an_inexact_status_gives_way_to_the_diagnostic() {
        let report =
            read("Final-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.7.1 no\n");
        assert_eq!(report.recipients[0].enhanced_code.map(|c| c.to_string()).as_deref(), Some("5.7.1"));
        assert_eq!(report.recipients[0].reply_code.map(|c| c.number()), Some(550));
    }

    #[test]
    fn the_original_recipient_is_kept_where_it_differs() {
        let report =
            read("Original-Recipient: rfc822; list@example.org\nFinal-Recipient: rfc822; jo@EXAMPLE.com\nAction: failed\n");
        assert_eq!(report.recipients[0].address.as_deref(), Some("jo@example.com"));
        assert_eq!(report.recipients[0].original_address.as_deref(), Some("list@example.org"));
    }
}
