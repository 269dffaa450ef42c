//! Expectations beside mails, and how an answer differs from them.
//!
//! In: an expectation file's text, or `KEY=VALUE` of the command line, and an answer. Out: the differences, each with what
//! was expected and what came. A key that is left out is not asserted. This module reads and prints nothing.

use std::fmt;

use serde::Serialize;
use toml::{Table as TomlTable, Value};

use crate::answer::{Answer, Condition, Field};

/// What one mail should give.
#[derive(Debug, Clone, Default)]
pub struct Expectation {
    mail: Vec<(Field, String)>,
    recipients: Option<Vec<Vec<(Field, String)>>>,
    everyone: Vec<Condition>,
}

/// One value that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The recipient whose value it is; none for a value of the mail.
    pub recipient: Option<String>,
    /// The name of the value, or `recipients` where their number differs.
    pub key: String,
    /// What was expected.
    pub expected: String,
    /// What came; empty where the mail does not say.
    pub got: String,
    /// The rule that decided, for a value of a recipient.
    pub rule: Option<String>,
    /// The reply that it decided by.
    pub reply: Option<String>,
}

/// Why an expectation file is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadExpectation(String);

impl fmt::Display for BadExpectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadExpectation {}

/// The file name that ends an expectation's name: `x.expect.toml` stands beside `x.eml`.
pub const EXTENSION: &str = "expect.toml";

impl Expectation {
    /// Reads an expectation file.
    ///
    /// # Errors
    /// What is wrong with it: not TOML, an unknown key, a name that the taxonomy does not know.
    pub fn parse(text: &str) -> Result<Self, BadExpectation> {
        let table: TomlTable =
            toml::from_str(text).map_err(|error| BadExpectation(error.to_string().trim().replace('\n', "; ")))?;
        let mut expectation = Self::default();
        for (key, value) in &table {
            match (key.as_str(), value) {
                ("note", Value::String(_)) => {}
                ("original", Value::Table(original)) => {
                    for (key, value) in original {
                        expectation.mail.push(scalar(&format!("original_{key}"), value)?);
                    }
                }
                ("recipients", Value::Array(list)) => {
                    expectation.recipients = Some(list.iter().map(recipient).collect::<Result<_, _>>()?)
                }
                _ => {
                    let (field, value) = scalar(key, value)?;
                    if field.is_of_recipient() {
                        return Err(BadExpectation(format!("`{key}` is a recipient's: it stands below [[recipients]]")));
                    }
                    expectation.mail.push((field, value));
                }
            }
        }
        Ok(expectation)
    }

    /// What the command line demands of every recipient of every mail.
    pub fn of_everyone(conditions: &[Condition]) -> Self {
        Self { everyone: conditions.to_vec(), ..Self::default() }
    }

    /// Everything that differs.
    pub fn differences(&self, answer: &Answer<'_>) -> Vec<Difference> {
        let mut differences = Vec::new();
        compare(answer, None, &self.mail, &mut differences);
        if let Some(wanted) = &self.recipients {
            compare_recipients(answer, wanted, &mut differences);
        }
        for condition in &self.everyone {
            for row in answer.rows() {
                let got = answer.field(condition.field, row);
                if !condition.holds(got.as_deref()) {
                    differences.push(difference(
                        answer,
                        row,
                        condition.field.name(),
                        &condition.values.join(" or "),
                        &got.unwrap_or_default(),
                    ));
                }
            }
        }
        differences
    }
}

fn recipient(value: &Value) -> Result<Vec<(Field, String)>, BadExpectation> {
    let Value::Table(table) = value else { return Err(BadExpectation("[[recipients]] holds keys and values".to_owned())) };
    table
        .iter()
        .map(|(key, value)| {
            let (field, value) = scalar(key, value)?;
            if field.is_of_recipient() {
                Ok((field, value))
            } else {
                Err(BadExpectation(format!("`{key}` is the mail's: it stands above [[recipients]]")))
            }
        })
        .collect()
}

fn scalar(key: &str, value: &Value) -> Result<(Field, String), BadExpectation> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        _ => return Err(BadExpectation(format!("`{key}` is a string or a number"))),
    };
    // A condition knows which names a field may have.
    let condition: Condition = format!("{key}={}", text.replace(',', "\u{1}")).parse().map_err(BadExpectation)?;
    Ok((condition.field, text))
}

/// Compares recipients by their addresses; those without one by their place.
fn compare_recipients(answer: &Answer<'_>, wanted: &[Vec<(Field, String)>], differences: &mut Vec<Difference>) {
    let count = answer.report.recipients.len();
    if wanted.len() != count {
        let named: Vec<&str> =
            answer.report.recipients.iter().map(|recipient| recipient.address.as_deref().unwrap_or("(not named)")).collect();
        differences.push(difference(
            answer,
            None,
            "recipients",
            &wanted.len().to_string(),
            &format!("{count}: {}", named.join(", ")),
        ));
    }
    let mut taken = vec![false; count];
    for (place, expected) in wanted.iter().enumerate() {
        let address = expected.iter().find(|(field, _)| *field == Field::Address).map(|(_, address)| address.as_str());
        let by_address = address.and_then(|address| {
            (0..count).find(|&at| !taken[at] && answer.report.recipients[at].address.as_deref() == Some(address))
        });
        let at = by_address.or((place < count && !taken[place]).then_some(place));
        match at {
            Some(at) => {
                taken[at] = true;
                compare(answer, Some(at), expected, differences);
            }
            None => differences.push(difference(answer, None, "address", address.unwrap_or("a further recipient"), "")),
        }
    }
}

fn compare(answer: &Answer<'_>, row: Option<usize>, expected: &[(Field, String)], differences: &mut Vec<Difference>) {
    for (field, value) in expected {
        let got = answer.field(*field, row).unwrap_or_default();
        if got != value.as_str() {
            differences.push(difference(answer, row, field.name(), value, &got));
        }
    }
}

fn difference(answer: &Answer<'_>, row: Option<usize>, key: &str, expected: &str, got: &str) -> Difference {
    let of_row = |field: Field| row.and_then(|_| answer.field(field, row)).map(std::borrow::Cow::into_owned);
    Difference {
        recipient: of_row(Field::Address),
        key: key.to_owned(),
        expected: expected.to_owned(),
        got: got.to_owned(),
        rule: of_row(Field::Rule),
        reply: of_row(Field::Diagnostic),
    }
}

/// The keys that a new expectation asserts of a mail and of its recipients.
const NEW_MAIL: &[Field] = &[Field::Kind];
const NEW_RECIPIENT: &[Field] =
    &[Field::Address, Field::Outcome, Field::ReplyCode, Field::EnhancedCode, Field::Cause, Field::BounceType, Field::Action];

/// An expectation file's text from today's answer. Keys that `old` leaves out stay out, its notes and comments stay in;
/// without `old`, the usual keys are written.
///
/// # Errors
/// `old` is no TOML.
pub fn updated(old: Option<&str>, answer: &Answer<'_>) -> Result<String, BadExpectation> {
    let mut document: toml_edit::DocumentMut =
        old.unwrap_or_default().parse().map_err(|error: toml_edit::TomlError| BadExpectation(error.message().to_owned()))?;
    let is_new = old.is_none();
    if is_new {
        for &field in NEW_MAIL {
            set(document.as_table_mut(), field.name(), field, answer, None);
        }
    }
    let keys: Vec<String> = document.iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        if let Ok(field) = key.parse::<Field>()
            && key != "recipients"
        {
            set(document.as_table_mut(), &key, field, answer, None);
        }
    }
    if let Some(original) = document.get_mut("original").and_then(toml_edit::Item::as_table_like_mut) {
        let keys: Vec<String> = original.iter().map(|(key, _)| key.to_owned()).collect();
        for key in keys {
            if let Ok(field) = format!("original_{key}").parse::<Field>() {
                set(original, &key, field, answer, None);
            }
        }
    }
    if is_new || document.contains_key("recipients") {
        update_recipients(&mut document, answer);
    }
    Ok(document.to_string())
}

fn update_recipients(document: &mut toml_edit::DocumentMut, answer: &Answer<'_>) {
    if answer.report.recipients.is_empty() {
        document.insert("recipients", toml_edit::value(toml_edit::Array::new()));
        return;
    }
    let old = document.get("recipients").and_then(toml_edit::Item::as_array_of_tables).cloned().unwrap_or_default();
    let address_of = |table: &toml_edit::Table| table.get("address").and_then(|item| item.as_str()).map(str::to_owned);
    let mut left: Vec<Option<&toml_edit::Table>> = old.iter().map(Some).collect();
    // Addresses first, so that a recipient who moved up keeps his own keys and comments; then places.
    let addresses: Vec<Option<&str>> = answer.report.recipients.iter().map(|recipient| recipient.address.as_deref()).collect();
    let mut same: Vec<Option<&toml_edit::Table>> = addresses
        .iter()
        .map(|address| {
            let at = left.iter().position(|table| table.is_some_and(|table| address_of(table).as_deref() == *address))?;
            left[at].take()
        })
        .collect();
    for (own, place) in same.iter_mut().zip(&mut left) {
        *own = own.or_else(|| place.take());
    }
    let mut list = toml_edit::ArrayOfTables::new();
    for (at, own) in same.into_iter().enumerate() {
        let mut table = own.cloned().unwrap_or_default();
        let asserted = own.or(old.get(0));
        let fields: Vec<Field> = match asserted {
            Some(asserted) => asserted.iter().filter_map(|(key, _)| key.parse().ok()).collect(),
            None => NEW_RECIPIENT.to_vec(),
        };
        for field in fields {
            set(&mut table, field.name(), field, answer, Some(at));
        }
        list.push(table);
    }
    document.insert("recipients", toml_edit::Item::ArrayOfTables(list));
}

/// Sets a key to today's value; a value that the mail does not give is left out, since TOML has no null.
fn set(table: &mut dyn toml_edit::TableLike, key: &str, field: Field, answer: &Answer<'_>, row: Option<usize>) {
    match answer.field(field, row) {
        None => {
            table.remove(key);
        }
        Some(text) => {
            let value = match (field, text.parse::<i64>()) {
                (Field::ReplyCode, Ok(number)) => toml_edit::value(number),
                _ => toml_edit::value(text.into_owned()),
            };
            match table.get_mut(key) {
                Some(item) => {
                    if let (Some(old), Some(new)) = (item.as_value_mut(), value.as_value()) {
                        let decor = old.decor().clone();
                        *old = new.clone();
                        *old.decor_mut() = decor;
                    }
                }
                None => {
                    table.insert(key, value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Classifier;
    use crate::rules::Table;

    const MAIL: &[u8] = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a.example.net\n\nFinal-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n--b--\n";

    fn classifier() -> Classifier {
        Classifier::new(Table::built_in())
    }

    #[test]
    fn what_is_left_out_is_not_asserted_and_what_differs_is_told() {
        let classifier = classifier();
        let answer = classifier.classify("x", MAIL);
        let good = Expectation::parse(
            "kind = \"bounce\"\nnote = \"n\"\n[[recipients]]\naddress = \"a@example.com\"\nreply_code = 550\n",
        )
        .expect("good");
        assert_eq!(good.differences(&answer), []);
        let bad = Expectation::parse("[[recipients]]\naddress = \"a@example.com\"\nreply_code = 450\n").expect("good");
        let differences = bad.differences(&answer);
        assert_eq!(differences.len(), 1);
        assert_eq!(
            (differences[0].key.as_str(), differences[0].expected.as_str(), differences[0].got.as_str()),
            ("reply_code", "450", "550")
        );
    }

    #[test]
    fn another_number_of_recipients_differs() {
        let classifier = classifier();
        let answer = classifier.classify("x", MAIL);
        let none = Expectation::parse("recipients = []").expect("good");
        assert_eq!(none.differences(&answer)[0].got, "1: a@example.com");
    }

    #[test]
    fn unknown_keys_and_names_are_refused() {
        assert!(Expectation::parse("kinds = \"bounce\"").unwrap_err().to_string().starts_with("unknown field `kinds`"));
        assert!(Expectation::parse("kind = \"bounced\"").is_err());
        assert!(Expectation::parse("cause = \"policy\"").is_err());
        assert!(Expectation::parse("[[recipients]]\nkind = \"bounce\"").is_err());
        assert!(Expectation::parse("kind = ").is_err());
    }

    #[test]
    fn an_update_keeps_notes_and_what_was_left_out() {
        let classifier = classifier();
        let answer = classifier.classify("x", MAIL);
        let old =
            "# why\nnote = \"n\"\nkind = \"other\"\n\n[[recipients]]\naddress = \"old@example.com\"\nreply_code = 1 # digits\n";
        let new = updated(Some(old), &answer).expect("good");
        assert_eq!(
            new,
            "# why\nnote = \"n\"\nkind = \"bounce\"\n\n[[recipients]]\naddress = \"a@example.com\"\nreply_code = 550 # digits\n"
        );
        let inline = updated(Some("original = { subject = \"old\" } # why\n"), &answer).expect("good");
        assert_eq!(inline, "original = {} # why\n");
        let fresh = updated(None, &answer).expect("good");
        assert_eq!(Expectation::parse(&fresh).expect("good").differences(&answer), []);
    }
}
