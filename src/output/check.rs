//! The outcome of a check: for people, as JSON Lines, as JUnit XML, as GitHub annotations.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::visible;
use crate::check::Difference;

/// A mail that was compared.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// The mail.
    pub source: String,
    /// What differs; nothing where it agrees.
    pub differences: Vec<Difference>,
}

const BAD: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// Writes what differs as one wants to read it in a log, then the counts; `bare` mails had no expectation.
///
/// # Errors
/// Those of the writer.
pub fn write_text(out: &mut impl Write, compared: &[Checked], bare: usize) -> io::Result<()> {
    let wrong: Vec<&Checked> = compared.iter().filter(|checked| !checked.differences.is_empty()).collect();
    for checked in &wrong {
        writeln!(out, "{BAD}{}{BAD:#}", visible(&checked.source))?;
        write_differences(out, &checked.differences)?;
    }
    if !compared.is_empty() {
        let style = if wrong.is_empty() { GOOD } else { BAD };
        writeln!(out, "{style}{} of {} mails are as expected{style:#}", compared.len() - wrong.len(), compared.len())?;
    }
    if bare > 0 {
        writeln!(out, "{bare} without an expectation")?;
    }
    Ok(())
}

/// Writes differences a recipient at a time, each with the rule and the reply behind them.
fn write_differences(out: &mut impl Write, differences: &[Difference]) -> io::Result<()> {
    let mut recipients: Vec<Option<&str>> = differences.iter().map(|difference| difference.recipient.as_deref()).collect();
    let mut known = std::collections::HashSet::new();
    recipients.retain(|recipient| known.insert(*recipient));
    for recipient in recipients {
        let own = || differences.iter().filter(move |difference| difference.recipient.as_deref() == recipient);
        let margin = if recipient.is_some() { "    " } else { "  " };
        if let Some(recipient) = recipient {
            writeln!(out, "  {}", visible(recipient))?;
        }
        for difference in own() {
            writeln!(
                out,
                "{margin}{}: expected {}, got {}",
                difference.key,
                shown(&difference.expected),
                shown(&difference.got)
            )?;
        }
        if let Some(behind) = own().find(|difference| difference.rule.is_some() || difference.reply.is_some()) {
            let rule = behind.rule.as_deref().unwrap_or("no rule");
            writeln!(out, "{margin}{DIM}{rule}: {}{DIM:#}", visible(behind.reply.as_deref().unwrap_or("no reply")))?;
        }
    }
    Ok(())
}

fn shown(value: &str) -> String {
    if value.is_empty() { "nothing".to_owned() } else { visible(value).into_owned() }
}

/// Writes one JSON object a mail that was compared.
///
/// # Errors
/// Those of the writer.
pub fn write_json(out: &mut impl Write, compared: &[Checked]) -> io::Result<()> {
    for checked in compared {
        serde_json::to_writer(&mut *out, checked).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Writes JUnit XML: one test case a mail.
///
/// # Errors
/// Those of the writer.
pub fn write_junit(out: &mut impl Write, compared: &[Checked]) -> io::Result<()> {
    let mut suite = TestSuite::new("whybounce check");
    for checked in compared {
        let mut status = TestCaseStatus::success();
        if !checked.differences.is_empty() {
            status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let lines: Vec<String> = checked.differences.iter().map(line).collect();
            status.set_message(lines.first().cloned().unwrap_or_default());
            status.set_description(lines.join("\n"));
        }
        let mut case = TestCase::new(visible(&checked.source), status);
        case.set_classname("whybounce check");
        // GitLab links a failure to its file.
        case.extra.insert("file".into(), visible(&checked.source).into());
        suite.add_test_case(case);
    }
    let mut report = Report::new("whybounce");
    report.add_test_suite(suite);
    report.serialize(out).map_err(|error| io::Error::other(error.to_string()))
}

/// Writes a GitHub annotation for each difference.
///
/// # Errors
/// Those of the writer.
pub fn write_github(out: &mut impl Write, compared: &[Checked]) -> io::Result<()> {
    for checked in compared {
        for difference in &checked.differences {
            writeln!(
                out,
                "::error file={},title=whybounce check::{}",
                property(&visible(&checked.source)),
                message(&line(difference))
            )?;
        }
    }
    let wrong = compared.iter().filter(|checked| !checked.differences.is_empty()).count();
    writeln!(out, "{} of {} mails are as expected", compared.len() - wrong, compared.len())
}

fn line(difference: &Difference) -> String {
    let whom = difference.recipient.as_ref().map(|recipient| format!("{}: ", visible(recipient))).unwrap_or_default();
    let by = match (&difference.rule, &difference.reply) {
        (Some(rule), Some(reply)) => format!(" (rule {rule}: {})", visible(reply)),
        _ => String::new(),
    };
    format!("{whom}{}: expected {}, got {}{by}", difference.key, shown(&difference.expected), shown(&difference.got))
}

/// The escapes of GitHub's workflow commands.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
