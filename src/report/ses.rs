//! Notifications of Amazon SES that Amazon SNS sends by mail: one JSON object in the text.
//!
//! In: a mail whose text is such an object, or SNS's own with the first as a string inside. Out: kind, recipients and original
//! by its names (Amazon SES developer guide, "Amazon SNS notification contents" and "event publishing contents").

use serde_json::Value;

use super::notice::Notice;
use super::{Original, RECIPIENTS_READ, Recipient, Report, address, dsn, fields, kind_of};
use crate::mail::{Date, Mail};
use crate::verdict::{Kind, Outcome};

pub(super) fn read(mail: &Mail<'_>, _: &Notice<'_>) -> Option<Report> {
    let is_sns = mail.header.has("x-amz-sns-message-id") || mail.header.has("x-amz-sns-subscription-arn");
    let part = mail.parts.iter().find(|part| part.is_text() && !part.is_html())?;
    if !is_sns && !part.body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let outer = object(part.text())?;
    // SNS hands the object on as a string, unless raw delivery was asked for.
    let message = match outer.get("Message").and_then(Value::as_str).and_then(object) {
        Some(message) => message,
        None => outer,
    };
    let event = text(&message, "notificationType").or_else(|| text(&message, "eventType"))?;
    let (about, list, outcome) = match event {
        "Bounce" => ("bounce", "bouncedRecipients", Outcome::Failed),
        "Complaint" => ("complaint", "complainedRecipients", Outcome::Delivered),
        "Delivery" => ("delivery", "recipients", Outcome::Delivered),
        "DeliveryDelay" => ("deliveryDelay", "delayedRecipients", Outcome::Delayed),
        _ => return None,
    };
    let about = message.get(about)?;
    let recipients: Vec<Recipient> = about
        .get(list)
        .and_then(Value::as_array)?
        .iter()
        .take(RECIPIENTS_READ)
        .map(|entry| recipient(entry, about, outcome))
        .collect();
    let kind = if event == "Complaint" { Kind::Complaint } else { kind_of(&recipients) };
    Some(Report {
        kind,
        reason: format!("Amazon SES notification of the type {event}"),
        dialect: "amazon-ses",
        reporting_mta: text(about, "reportingMTA").and_then(fields::host),
        original: message.get("mail").map(original).unwrap_or_default(),
        recipients,
        ..Report::default()
    })
}

/// The first JSON object of a text; line breaks that a mail system put into its strings are taken out.
fn object(text: &str) -> Option<Value> {
    let text = &text[text.find('{')?..];
    let first = |text: &str| serde_json::Deserializer::from_str(text).into_iter::<Value>().next()?.ok().filter(Value::is_object);
    first(text).or_else(|| first(&text.replace(['\r', '\n'], "")))
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn recipient(entry: &Value, about: &Value, outcome: Outcome) -> Recipient {
    let named = entry.as_str().or_else(|| text(entry, "emailAddress"));
    let mut recipient = Recipient {
        address: named.and_then(address::clean),
        outcome,
        enhanced_code: text(entry, "status").and_then(dsn::status),
        found_in: "the notification's JSON",
        ..Recipient::default()
    };
    let diagnostic = text(entry, "diagnosticCode").or_else(|| text(about, "smtpResponse"));
    if let Some(diagnostic) = diagnostic {
        recipient.set_diagnostic(dsn::without_type(diagnostic).to_owned());
    }
    let kinds = [text(about, "bounceType"), text(about, "bounceSubType"), text(about, "delayType")];
    let kinds: Vec<&str> = kinds.into_iter().flatten().collect();
    recipient.explanation = (!kinds.is_empty()).then(|| kinds.join(" "));
    recipient
}

fn original(mail: &Value) -> Original {
    let headers = mail.get("commonHeaders").unwrap_or(&Value::Null);
    let one = |name: &str| match headers.get(name) {
        Some(Value::Array(all)) => all.first().and_then(Value::as_str),
        Some(Value::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let to: Vec<String> = match headers.get("to").or_else(|| mail.get("destination")) {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).take(16).filter_map(address::first).collect(),
        _ => Vec::new(),
    };
    Original {
        message_id: one("messageId").filter(|id| id.starts_with('<')).map(str::to_owned),
        from: one("from").or_else(|| text(mail, "source")).and_then(address::first),
        to: (!to.is_empty()).then(|| to.join(", ")),
        subject: one("subject").map(str::to_owned),
        date: one("date").and_then(Date::parse),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Report {
        let raw = format!("x-amz-sns-message-id: 1\nSubject: AWS Notification Message\n\n{text}\n\n--\nunsubscribe\n");
        let mail = Mail::parse(raw.as_bytes());
        super::read(&mail, &Notice::of(&mail)).expect("a notification")
    }

    #[test]
    fn a_bounce_is_read_raw_or_inside_the_envelope() {
        let bounce = r#"{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"jo@example.com","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 unknown"}],"reportingMTA":"dsn; a.example.net"},"mail":{"destination":["jo@example.com"]}}"#;
        let envelope = serde_json::json!({ "Type": "Notification", "Message": bounce }).to_string();
        for text in [bounce, &envelope] {
            let report = read(text);
            assert_eq!(report.kind, Kind::Bounce);
            assert_eq!(report.recipients[0].diagnostic.as_deref(), Some("550 5.1.1 unknown"));
            assert_eq!(report.reporting_mta.as_deref(), Some("a.example.net"));
            assert_eq!(report.original.to.as_deref(), Some("jo@example.com"));
        }
    }

    #[test]
    fn a_delivery_and_a_complaint_are_no_bounces() {
        let delivery = r#"{"eventType":"Delivery","delivery":{"recipients":["jo@example.com"],"smtpResponse":"250 ok"}}"#;
        assert_eq!(read(delivery).kind, Kind::Delivered);
        let complaint =
            r#"{"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"jo@example.com"}]}}"#;
        assert_eq!(read(complaint).kind, Kind::Complaint);
    }
}
