//! Feedback reports: message/feedback-report (RFC 5965), with the fields of RFC 6591 and the providers' own.

use super::fields;
use super::notice::Notice;
use super::{Recipient, Report, address};
use crate::limits::RECIPIENTS;
use crate::mail::Mail;
use crate::verdict::{Kind, Outcome};

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

pub(super) fn read(mail: &Mail<'_>, _: &Notice<'_>) -> Option<Report> {
    let part = mail.parts.iter().find(|part| part.media_type == "message/feedback-report");
    let report_type = mail.parameter("report-type").is_some_and(|kind| kind.eq_ignore_ascii_case("feedback-report"));
    if part.is_none() && !report_type {
        return None;
    }
    let text = part.map(|part| part.text().into_owned()).unwrap_or_default();
    let fields: Vec<fields::Field> = fields::groups(&text, is_name).into_iter().flatten().collect();
    let feedback_type = fields::value(&fields, "Feedback-Type").unwrap_or("abuse").to_ascii_lowercase();
    // An authentication report or a "not spam" is no wish of a recipient to be left alone.
    let is_wish = !matches!(feedback_type.as_str(), "auth-failure" | "not-spam" | "dmarc" | "miscategorized");
    let mut recipients: Vec<Recipient> = Vec::new();
    for field in fields.iter().filter(|field| {
        is_wish && (field.is("Original-Rcpt-To") || field.is("Removal-Recipient") || field.is("Original-Recipient"))
    }) {
        let address = address::clean(&field.value).filter(|address| address.contains('@') && !is_redacted(address));
        let known = recipients.iter().any(|recipient| recipient.address == address);
        if address.is_some() && !known && recipients.len() < RECIPIENTS {
            recipients.push(Recipient {
                address,
                outcome: Outcome::Delivered,
                found_in: "feedback-report part",
                ..Recipient::default()
            });
        }
    }
    Some(Report {
        kind: Kind::Complaint,
        reason: format!("feedback report of the type {feedback_type}"),
        dialect: "rfc5965",
        reporting_mta: fields::value(&fields, "Reporting-MTA").and_then(fields::host),
        recipients,
        ..Report::default()
    })
}

/// Reporters hide whom they speak for (RFC 6590): a mask is no address.
fn is_redacted(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default().to_ascii_lowercase();
    local.contains("redacted") || local.contains("undisclosed") || local.chars().all(|c| matches!(c, 'x' | '*' | '#' | '-'))
}
