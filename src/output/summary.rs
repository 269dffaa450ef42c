//! Counts over many mails: kinds, causes, actions, recipient domains.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::visible;
use crate::answer::{Answer, Field};
use crate::classify::Verdict;

/// Most recipient domains that are counted by name; the rest are counted together, so that memory stays bounded.
const DOMAINS: usize = 100_000;
/// Most domains and rules that are shown.
const SHOWN: usize = 10;

/// What was counted.
#[derive(Debug, Default, Serialize)]
pub struct Tally {
    mails: u64,
    recipients: u64,
    kinds: BTreeMap<String, u64>,
    causes: BTreeMap<String, u64>,
    bounce_types: BTreeMap<String, u64>,
    actions: BTreeMap<String, u64>,
    decided_by: BTreeMap<String, u64>,
    domains: BTreeMap<String, u64>,
    rules: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts one mail.
    pub fn add(&mut self, answer: &Answer<'_>) {
        self.mails += 1;
        count(&mut self.kinds, answer.report.kind.name());
        for row in answer.rows() {
            let Some(at) = row else { continue };
            self.recipients += 1;
            for (counts, field) in [
                (&mut self.causes, Field::Cause),
                (&mut self.bounce_types, Field::BounceType),
                (&mut self.actions, Field::Action),
                (&mut self.decided_by, Field::DecidedBy),
                (&mut self.rules, Field::Rule),
            ] {
                if let Some(name) = answer.field(field, row) {
                    count(counts, &name);
                }
            }
            let domain = answer.report.recipients[at]
                .address
                .as_deref()
                .and_then(|address| address.rsplit_once('@'))
                .map(|(_, domain)| domain);
            if let Some(domain) = domain {
                let known = self.domains.len() < DOMAINS || self.domains.contains_key(domain);
                count(&mut self.domains, if known { domain } else { "(others)" });
            }
        }
    }

    /// Counts the verdict on one bare reply.
    pub fn add_reply(&mut self, verdict: &Verdict<'_>) {
        self.recipients += 1;
        count(&mut self.causes, verdict.cause.name());
        count(&mut self.bounce_types, verdict.bounce_type.name());
        count(&mut self.actions, verdict.action.name());
        count(&mut self.decided_by, verdict.decided_by.name());
        if let Some(rule) = verdict.rule {
            count(&mut self.rules, &rule.id);
        }
    }

    /// The bounce types on one short line, for a progress bar.
    pub fn headline(&self) -> String {
        self.bounce_types.iter().map(|(name, number)| format!("{number} {name}")).collect::<Vec<_>>().join(", ")
    }

    /// Takes in what another part of the work counted.
    pub fn merge(&mut self, other: Tally) {
        self.mails += other.mails;
        self.recipients += other.recipients;
        for (counts, more) in [
            (&mut self.kinds, other.kinds),
            (&mut self.causes, other.causes),
            (&mut self.bounce_types, other.bounce_types),
            (&mut self.actions, other.actions),
            (&mut self.decided_by, other.decided_by),
            (&mut self.domains, other.domains),
            (&mut self.rules, other.rules),
        ] {
            for (name, number) in more {
                *counts.entry(name).or_default() += number;
            }
        }
    }

    /// How many mails were counted.
    pub fn mails(&self) -> u64 {
        self.mails
    }

    /// Writes the counts for people, most frequent first, with bars.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        if self.mails > 0 {
            writeln!(
                out,
                "{} {}, {} {}",
                self.mails,
                plural(self.mails, "mail"),
                self.recipients,
                plural(self.recipients, "recipient")
            )?;
        } else {
            writeln!(out, "{} {}", self.recipients, if self.recipients == 1 { "reply" } else { "replies" })?;
        }
        block(out, "kinds", &self.kinds, usize::MAX)?;
        block(out, "causes", &self.causes, usize::MAX)?;
        block(out, "bounce types", &self.bounce_types, usize::MAX)?;
        block(out, "actions", &self.actions, usize::MAX)?;
        block(out, "decided by", &self.decided_by, usize::MAX)?;
        block(out, "recipient domains", &self.domains, SHOWN)?;
        block(out, "rules that decided most", &self.rules, SHOWN)
    }
}

fn plural(number: u64, word: &str) -> String {
    if number == 1 { word.to_owned() } else { format!("{word}s") }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(number) => *number += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

fn block(out: &mut impl Write, title: &str, counts: &BTreeMap<String, u64>, most: usize) -> io::Result<()> {
    if counts.is_empty() {
        return Ok(());
    }
    let mut sorted: Vec<(&String, u64)> = counts.iter().map(|(name, &number)| (name, number)).collect();
    sorted.sort_by_key(|&(name, number)| (std::cmp::Reverse(number), name));
    let total: u64 = sorted.iter().map(|(_, number)| number).sum();
    let largest = sorted.first().map_or(1, |(_, number)| *number).max(1);
    let width = sorted.iter().take(most).map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(40);
    writeln!(out, "\n{title}")?;
    for &(name, number) in sorted.iter().take(most) {
        let share = 100.0 * number as f64 / total as f64;
        // At most 30 marks, at least one.
        let bar = "█".repeat((number * 30 / largest).max(1) as usize);
        writeln!(out, "  {:width$}  {number:>8}  {share:5.1} %  {bar}", visible(name))?;
    }
    if sorted.len() > most {
        writeln!(out, "  and {} more", sorted.len() - most)?;
    }
    Ok(())
}
