//! CSV (RFC 4180): a header, then a row a recipient. A cell that a spreadsheet would run as a formula is made harmless.

use std::io::{self, Write};

use crate::answer::{Answer, Field};
use crate::classify::{Evidence, Verdict};

/// The columns, in order.
pub const COLUMNS: &[Field] = &[
    Field::Source,
    Field::Kind,
    Field::Address,
    Field::Outcome,
    Field::ReplyCode,
    Field::EnhancedCode,
    Field::Cause,
    Field::BounceType,
    Field::Action,
    Field::DecidedBy,
    Field::Rule,
    Field::RemoteMta,
    Field::Diagnostic,
    Field::OriginalMessageId,
];

/// Writes the names of the columns.
///
/// # Errors
/// Those of the writer.
pub fn write_header(out: &mut impl Write, columns: &[Field]) -> io::Result<()> {
    row(out, columns.iter().map(|field| field.name().to_owned()))
}

/// Writes a row for each recipient; one row for a mail without recipients.
///
/// # Errors
/// Those of the writer.
pub fn write_rows(out: &mut impl Write, columns: &[Field], answer: &Answer<'_>) -> io::Result<()> {
    for recipient in answer.rows() {
        row(out, columns.iter().map(|&field| harmless(&answer.field(field, recipient).unwrap_or_default())))?;
    }
    Ok(())
}

/// Writes the names of the columns for bare replies: those of the JSON object.
///
/// # Errors
/// Those of the writer.
pub fn write_reply_header(out: &mut impl Write) -> io::Result<()> {
    let names = ["reply", "reply_code", "enhanced_code", "cause", "bounce_type", "action", "decided_by", "rule", "advice"];
    row(out, names.into_iter().map(str::to_owned))
}

/// Writes the row of one bare reply.
///
/// # Errors
/// Those of the writer.
pub fn write_reply(out: &mut impl Write, reply: &str, evidence: &Evidence<'_>, verdict: &Verdict<'_>) -> io::Result<()> {
    let cells = [
        harmless(reply),
        evidence.reply_code.map(|code| code.to_string()).unwrap_or_default(),
        evidence.enhanced_code.map(|code| code.to_string()).unwrap_or_default(),
        verdict.cause.to_string(),
        verdict.bounce_type.to_string(),
        verdict.action.to_string(),
        verdict.decided_by.to_string(),
        verdict.rule.map(|rule| rule.id.to_string()).unwrap_or_default(),
        verdict.advice().into_owned(),
    ];
    row(out, cells.into_iter())
}

/// Writes cells with commas between them and CRLF at the end.
fn row(out: &mut impl Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    let mut between: &[u8] = b"";
    for cell in cells {
        out.write_all(between)?;
        between = b",";
        if cell.contains([',', '"', '\r', '\n']) {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}

/// What spreadsheets begin a formula with; some take the full-width forms for the same.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// A cell that can't be taken for a formula: an apostrophe leads it, control characters become spaces.
fn harmless(cell: &str) -> String {
    let lead = if cell.starts_with(FORMULA) && cell != "-" { "'" } else { "" };
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    lead.chars().chain(cell.chars().map(plain)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_led_by_an_apostrophe() {
        for cell in ["=1+1", "+1", "-1", "@x", "\tx", "\rx"] {
            assert!(harmless(cell).starts_with('\''), "{cell:?}");
        }
        assert_eq!(harmless("a=b"), "a=b");
        assert_eq!(harmless("-"), "-");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_row_is_read_back_as_it_was(cells in proptest::collection::vec(".*", 1..6)) {
            let cells: Vec<String> = std::iter::once("first".to_owned()).chain(cells).map(|cell| harmless(&cell)).collect();
            let mut line = Vec::new();
            row(&mut line, cells.iter().cloned()).expect("memory");
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&line[..]);
            let read = reader.records().next().expect("a row").expect("RFC 4180");
            proptest::prop_assert_eq!(read.iter().map(str::to_owned).collect::<Vec<_>>(), cells);
        }
    }
}
