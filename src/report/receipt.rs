//! Message disposition notifications (RFC 8098); one that says that the message was refused is a bounce (RFC 5429 section 2.1).

use super::fields;
use super::notice::Notice;
use super::{Recipient, Report, address, prose};
use crate::mail::Mail;
use crate::verdict::{Kind, Outcome};

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

pub(super) fn read(mail: &Mail<'_>, notice: &Notice<'_>) -> Option<Report> {
    let part = mail.parts.iter().find(|part| {
        matches!(&*part.media_type, "message/disposition-notification" | "message/global-disposition-notification")
    })?;
    let fields: Vec<fields::Field<'_>> = fields::groups(part.text().lines(), is_name).into_iter().flatten().collect();
    let value = |name: &str| fields::value(&fields, name);
    let disposition = value("Disposition").unwrap_or_default().to_ascii_lowercase();
    let refused = notice.says_rejected() || value("Failure").is_some() || disposition.contains("failed");
    let final_recipient = value("Final-Recipient").and_then(address::clean);
    let original = value("Original-Recipient").and_then(address::clean);
    let reporting_mta = value("Reporting-MTA").and_then(fields::host).or_else(|| {
        // Dovecot: `mail.example.org; Dovecot Mail Delivery Agent` (RFC 8098 section 3.2.1)
        value("Reporting-UA").and_then(|value| value.split(';').next()).filter(|name| name.contains('.')).and_then(fields::host)
    });
    if !refused {
        return Some(Report {
            kind: Kind::ReadReceipt,
            reason: format!("disposition notification: {}", disposition.rsplit(';').next().unwrap_or_default().trim()),
            dialect: "rfc8098",
            reporting_mta,
            ..Report::default()
        });
    }
    let address = final_recipient.or_else(|| original.clone());
    let mut recipient = Recipient {
        original_address: original.filter(|original| Some(original) != address.as_ref()),
        address,
        outcome: Outcome::Failed,
        found_in: "disposition-notification part",
        ..Recipient::default()
    };
    if let Some(failure) = value("Failure") {
        recipient.set_diagnostic(failure.to_owned());
    }
    let mut report = Report {
        kind: Kind::Bounce,
        reason: "disposition notification that says the message was refused".to_owned(),
        dialect: "rfc8098",
        reporting_mta,
        recipients: vec![recipient],
        ..Report::default()
    };
    prose::complete(&mut report, mail, notice);
    Some(report)
}
