//! A report inside a report: gateways and abuse desks pass a bounce on as an attachment or inline, below words of their own.
//!
//! In: a notice that names no recipient itself. Out: what the report inside says, if that is one. Only one layer is opened.

use super::notice::Notice;
use super::{Original, Report, dsn, prose};
use crate::mail::{Header, Mail};

pub(super) fn read(mail: &Mail<'_>, notice: &Notice<'_>) -> Option<Report> {
    if notice.is_inner {
        return None;
    }
    let attached = mail.parts.iter().find(|part| part.is_original() && part.media_type.starts_with("message/"));
    let report = match attached {
        Some(part) => inner(&part.decoded()),
        None => inner(from_header(&notice.prose().quoted).join("\n").as_bytes()),
    };
    report.map(|report| Report { reason: format!("a report inside another; {}", report.reason), ..report })
}

fn inner(raw: &[u8]) -> Option<Report> {
    if Header::parse(raw).0.fields().len() < 3 {
        return None;
    }
    let mail = Mail::parse(raw);
    let notice = Notice::of_inner(&mail);
    if !notice.is_from_system() {
        return None;
    }
    let mut report = dsn::read(&mail, &notice).or_else(|| prose::read(&mail, &notice))?;
    if !report.recipients.iter().any(|recipient| recipient.address.is_some()) {
        return None;
    }
    prose::explain(&mut report, &notice);
    report.original = Original::of(&mail, &notice);
    Some(report)
}

/// The quoted text from its first header field on, which stands among its first lines.
fn from_header<'q, 'l>(quoted: &'q [&'l str]) -> &'q [&'l str] {
    let is_field = |line: &str| {
        line.starts_with("From ")
            || line
                .split_once(':')
                .is_some_and(|(name, _)| name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
    };
    let before = quoted.iter().take(8).take_while(|line| !is_field(line)).count();
    &quoted[before..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_a_gateway_attached_is_read() {
        let raw = "From: postmaster@example.com\nTo: news@example.org\nSubject: Delivery Status Notification (Failure)\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\nFrom: postmaster@example.com\nTo: news@example.org\nSubject: Delivery Status Notification (Failure)\nReturn-Path: <>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; jo@example.com\nAction: failed\nStatus: 5.1.1\n\n--b--\n--a--\n";
        let mail = Mail::parse(raw.as_bytes());
        let report = read(&mail, &Notice::of(&mail)).expect("a report");
        assert_eq!(report.recipients[0].address.as_deref(), Some("jo@example.com"));
    }
}
