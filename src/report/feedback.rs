//! Feedback reports: message/feedback-report (RFC 5965) with the fields of RFC 6591, and the providers' own forms.
//!
//! In: a mail. Out: the kind `complaint` and who complained, where the reporter tells; a mask is no address.

use std::borrow::Cow;

use super::fields;
use super::notice::Notice;
use super::words::{List, ends_with_ignore_case};
use super::{RECIPIENTS_READ, Recipient, Report, address};
use crate::mail::{Header, Mail, Part};
use crate::verdict::{Kind, Outcome};

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

pub(super) fn read(mail: &Mail<'_>, notice: &Notice<'_>) -> Option<Report> {
    let part = mail.parts.iter().find(|part| matches!(&*part.media_type, "message/feedback-report" | "text/feedback-report"));
    let report_type = mail.report_type.as_ref().is_some_and(|kind| kind.eq_ignore_ascii_case("feedback-report"));
    if part.is_none() && !report_type {
        return unsubscribes(mail, notice).or_else(|| own_form(mail, notice));
    }
    let text = match part {
        Some(part) => part.text(),
        None => disguised(mail).unwrap_or_default(),
    };
    let fields: Vec<fields::Field<'_>> = fields::groups(text.lines(), is_name).into_iter().flatten().collect();
    let feedback_type = fields::value(&fields, "Feedback-Type").unwrap_or("abuse").to_ascii_lowercase();
    // An authentication report or a "not spam" is no wish of a recipient to be left alone.
    let is_wish = !matches!(feedback_type.as_str(), "auth-failure" | "not-spam" | "dmarc" | "miscategorized");
    let named = fields.iter().filter(|field| {
        is_wish && (field.is("Original-Rcpt-To") || field.is("Removal-Recipient") || field.is("Original-Recipient"))
    });
    Some(Report {
        kind: Kind::Complaint,
        reason: format!("feedback report of the type {feedback_type}"),
        dialect: "rfc5965",
        reporting_mta: fields::value(&fields, "Reporting-MTA").and_then(fields::host),
        recipients: complainers(named.map(|field| &*field.value), "feedback-report part"),
        cut: part.is_some_and(Part::is_cut),
        ..Report::default()
    })
}

/// The fields of a report whose part lost its type.
fn disguised<'m>(mail: &'m Mail<'_>) -> Option<&'m str> {
    let mut texts = mail.parts.iter().filter(|part| part.body.len() < 64 << 10).map(|part| part.text());
    texts.find(|text| {
        text.lines().take(100).any(|line| line.get(..14).is_some_and(|name| name.eq_ignore_ascii_case("Feedback-Type:")))
    })
}

/// A mail program's own wish to be taken off a list (Apple Mail's `X-Apple-Unsubscribe`).
fn unsubscribes(mail: &Mail<'_>, notice: &Notice<'_>) -> Option<Report> {
    let by_field = mail.header.text("X-Apple-Unsubscribe").is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
    by_field.then(|| Report {
        kind: Kind::Complaint,
        reason: "the recipient's mail program asks to unsubscribe".to_owned(),
        dialect: "apple-unsubscribe",
        recipients: complainers(notice.from.as_deref().into_iter(), "the From field"),
        ..Report::default()
    })
}

/// Fields of a returned message by which the provider names the one who complained.
const COMPLAINER: &[&str] = &["X-HmXmrOriginalRecipient", "X-Original-Rcpt-To", "X-MSFBL-Recipient", "X-Rcpt-To", "Redacted-For"];

/// Who sends them: how the local part ends, and how the domain begins.
const SENDERS: &[(&str, &str)] = &[
    ("scomp", "aol."),
    ("staff", "hotmail."),
    ("", "reports.spamcop.net"),
    ("feedbackloop", ""),
    ("fbl-no-reply", ""),
    ("feedback", "arf."),
];

/// The forms of providers that send the message back and little else: Microsoft's junk reports, AOL's and others' before ARF.
fn own_form(mail: &Mail<'_>, notice: &Notice<'_>) -> Option<Report> {
    let subject = notice.subject.trim();
    let by_subject = subject.starts_with("complaint about message from") || notice.in_subject.any(List::ComplaintForm);
    let (local, domain) = notice.from.as_deref().and_then(|from| from.rsplit_once('@')).unwrap_or_default();
    let by_sender = SENDERS.iter().any(|(user, host)| domain.starts_with(host) && ends_with_ignore_case(local, user));
    if !by_subject && !by_sender {
        return None;
    }
    let returned = mail.parts.iter().find(|part| part.is_original());
    let disguised = disguised(mail);
    if returned.is_none() && disguised.is_none() && !by_subject {
        return None;
    }
    let mut named: Vec<String> = Vec::new();
    if let Some(part) = returned {
        let decoded = part.decoded();
        let header = Header::parse(&decoded).0;
        named.extend(COMPLAINER.iter().find_map(|name| header.text(name)).map(Cow::into_owned));
    }
    if let Some(text) = disguised {
        let fields: Vec<fields::Field<'_>> = fields::groups(text.lines(), is_name).into_iter().flatten().collect();
        named.extend(fields.into_iter().filter(|field| field.is("Original-Rcpt-To")).map(|field| field.value.into_owned()));
    }
    Some(Report {
        kind: Kind::Complaint,
        reason: format!("a provider's own complaint form: {subject}"),
        dialect: "feedback-form",
        recipients: complainers(named.iter().map(String::as_str), "the returned message"),
        ..Report::default()
    })
}

/// Those who complained, each once, without masks.
fn complainers<'v>(values: impl Iterator<Item = &'v str>, found_in: &'static str) -> Vec<Recipient> {
    let mut seen = address::Seen::default();
    values
        .filter_map(address::clean)
        .filter(|address| address.contains('@') && !is_redacted(address))
        .filter(|address| seen.insert(address))
        .take(RECIPIENTS_READ)
        .map(|address| Recipient { address: Some(address), outcome: Outcome::Delivered, found_in, ..Recipient::default() })
        .collect()
}

/// Reporters hide whom they speak for (RFC 6590): a mask is no address.
fn is_redacted(address: &str) -> bool {
    let local = address::local_part(address).to_ascii_lowercase();
    local.contains("redacted") || local.contains("undisclosed") || local.chars().all(|c| matches!(c, 'x' | '*' | '#' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Option<Report> {
        let mail = Mail::parse(raw.as_bytes());
        super::read(&mail, &Notice::of(&mail))
    }

    #[test]
    fn a_form_without_fields_is_known_by_its_subject_and_what_it_returns() {
        let report = read("From: staff@hotmail.com\nSubject: complaint about message from 192.0.2.1\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: jo@example.com\nSubject: x\n\n--b--\n").expect("a complaint");
        assert_eq!(report.recipients[0].address.as_deref(), Some("jo@example.com"));
    }

    #[test]
    fn a_mask_is_no_address() {
        let report = read("Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: redacted@example.com\n\n--b--\n").expect("a complaint");
        assert!(report.recipients.is_empty());
    }

    #[test]
    fn a_wish_to_unsubscribe_is_a_complaint_and_a_letter_about_complaints_is_none() {
        assert!(read("From: jo@example.com\nX-Apple-Unsubscribe: true\nSubject: unsubscribe\n\n").is_some());
        assert!(read("From: jo@example.com\nSubject: my complaint about message from you\n\nhello").is_none());
    }
}
