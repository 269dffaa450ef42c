//! Labelled replies → how the table answers them: right and wrong by cause, and the rules that none of them reached.
//!
//! In: JSON Lines, each `{"reply": "550 …", "cause": ["user_unknown", …]}`, where any cause of the list is right. Other keys
//! are passed over. Out: counts, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use whybounce::classify::{Evidence, classify};
use whybounce::output::visible;
use whybounce::rules::{Rule, Table};
use whybounce::verdict::Cause;

/// A reply and every cause that is right for it.
#[derive(Debug, Deserialize)]
pub(super) struct Labelled {
    reply: String,
    cause: Vec<Cause>,
}

/// What became of one cause's replies.
#[derive(Debug, Default, PartialEq, Eq)]
struct Row {
    asked: usize,
    right: usize,
    instead: BTreeMap<Cause, usize>,
}

/// How the table answered.
#[derive(Debug, Default)]
pub(super) struct Confusion<'t> {
    /// By the first cause of the label.
    rows: BTreeMap<Cause, Row>,
    /// Each wrong answer: what was expected, what came, by which rule, the reply.
    misses: Vec<(String, Cause, Option<&'t str>, String)>,
    hit: BTreeSet<&'t str>,
    unknown: usize,
}

/// Reads labelled replies.
///
/// # Errors
/// The file can't be read, or a line is no labelled reply: which line, and why.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Labelled>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("labelled replies `{}`", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            let labelled: Labelled =
                serde_json::from_str(line).with_context(|| format!("labelled replies `{}`, line {}", path.display(), at + 1))?;
            anyhow::ensure!(
                !labelled.cause.is_empty(),
                "labelled replies `{}`, line {}: `cause` is empty",
                path.display(),
                at + 1
            );
            Ok(labelled)
        })
        .collect()
}

/// Asks the table about every reply.
pub(super) fn run<'t>(table: &'t Table, replies: &[Labelled]) -> Confusion<'t> {
    let mut confusion = Confusion::default();
    for Labelled { reply, cause } in replies {
        let verdict = classify(table, &Evidence::of_reply(reply, None, None));
        let rule = verdict.rule.map(|rule| rule.id.as_ref());
        confusion.hit.extend(rule);
        confusion.unknown += usize::from(verdict.cause == Cause::Unknown);
        let Some(&first) = cause.first() else { continue };
        let row = confusion.rows.entry(first).or_default();
        row.asked += 1;
        if cause.contains(&verdict.cause) {
            row.right += 1;
        } else {
            *row.instead.entry(verdict.cause).or_default() += 1;
            let expected: Vec<&str> = cause.iter().map(|cause| cause.name()).collect();
            confusion.misses.push((expected.join(" or "), verdict.cause, rule, reply.clone()));
        }
    }
    confusion
}

/// Writes the table of what came instead of what, each wrong answer, and the rules that were never hit.
pub(super) fn write(
    out: &mut impl Write,
    confusion: &Confusion<'_>,
    table: &Table,
    wanted: impl Fn(&Rule) -> bool,
) -> io::Result<()> {
    writeln!(out, "{:20}  {:>6}  {:>6}  instead", "cause", "asked", "right")?;
    let (mut asked, mut right) = (0, 0);
    for (cause, row) in &confusion.rows {
        let instead: Vec<String> = row.instead.iter().map(|(cause, count)| format!("{cause} {count}")).collect();
        writeln!(out, "{:20}  {:>6}  {:>6}  {}", cause.name(), row.asked, row.right, instead.join(", "))?;
        asked += row.asked;
        right += row.right;
    }
    writeln!(
        out,
        "{right} of {asked} right ({}), {} unknown ({})",
        percent(right, asked),
        confusion.unknown,
        percent(confusion.unknown, asked)
    )?;
    if !confusion.misses.is_empty() {
        writeln!(out, "\nwrong:")?;
        for (expected, got, rule, reply) in &confusion.misses {
            let by = rule.map_or_else(|| "no rule".to_owned(), |rule| format!("`{rule}`"));
            writeln!(out, "  expected {expected}, got {got} by {by}: {}", visible(reply))?;
        }
    }
    let all: Vec<&Rule> = table.rules().filter(|rule| wanted(rule)).collect();
    let missed: Vec<&Rule> = all.iter().copied().filter(|rule| !confusion.hit.contains(rule.id.as_ref())).collect();
    writeln!(out, "\n{} of {} rules were never hit{}", missed.len(), all.len(), if missed.is_empty() { "" } else { ":" })?;
    for rule in missed {
        writeln!(out, "  {}", rule.id)?;
    }
    writeln!(out)
}

fn percent(part: usize, whole: usize) -> String {
    if whole == 0 { "0%".to_owned() } else { format!("{:.1}%", 100.0 * part as f64 / whole as f64) }
}

#[cfg(test)]
mod tests {
    use whybounce::rules::Source;

    use super::*;

    const RULES: &str = "[[rule]]\nid = \"a-full\"\ncause = \"mailbox_full\"\nphrases = [\"full\"]\nsource = \"test\"\nexamples = [\"552 full\"]\n[[rule]]\nid = \"a-gone\"\ncause = \"user_unknown\"\nphrases = [\"gone\"]\nsource = \"test\"\nexamples = [\"550 gone\"]\n";

    fn labelled(reply: &str, cause: &[Cause]) -> Labelled {
        Labelled { reply: reply.to_owned(), cause: cause.to_vec() }
    }

    #[test]
    fn any_cause_of_the_label_is_right_and_the_rest_is_told() {
        let table = Table::from_sources(&[Source { name: "t.toml", text: RULES }]).expect("a good table");
        let replies = [
            labelled("552 full", &[Cause::MailboxFull]),
            labelled("552 full", &[Cause::UserUnknown, Cause::MailboxFull]),
            labelled("552 so full", &[Cause::UserUnknown]),
            labelled("554 what", &[Cause::Policy]),
        ];
        let confusion = run(&table, &replies);
        assert_eq!(confusion.rows[&Cause::UserUnknown], Row { asked: 2, right: 1, instead: [(Cause::MailboxFull, 1)].into() });
        let mut out = Vec::new();
        write(&mut out, &confusion, &table, |_| true).expect("memory");
        let out = String::from_utf8(out).expect("text");
        assert!(out.contains("2 of 4 right (50.0%), 1 unknown (25.0%)"), "{out}");
        assert!(out.contains("expected user_unknown, got mailbox_full by `a-full`: 552 so full"), "{out}");
        assert!(out.contains("1 of 2 rules were never hit:\n  a-gone"), "{out}");
    }
}
