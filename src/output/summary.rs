//! Counts over many mails: kinds, causes, actions, recipient domains, remote systems, rules; as text or as JSON.

use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;

use super::visible;
use crate::answer::Answer;
use crate::classify::Verdict;
use crate::verdict::DecidedBy;

/// Most names of strangers (domains, hosts) that are counted each; the rest are counted together, so that memory stays
/// bounded.
const NAMES: usize = 100_000;
/// What the rest is called.
const OTHERS: &str = "(others)";
/// Most domains, hosts and rules that are shown to people.
const SHOWN: usize = 10;
/// Columns of the longest name that is lined up.
const NAME_WIDTH: usize = 40;
/// Columns of the longest bar.
const BAR: u64 = 30;

/// What was counted.
#[derive(Debug, Default, Serialize)]
pub struct Tally {
    mails: u64,
    recipients: u64,
    kinds: Values,
    causes: Values,
    bounce_types: Values,
    actions: Values,
    decided_by: Values,
    domains: Names,
    remote_mtas: Names,
    rules: Names,
}

/// How often each value of the taxonomy came, with its name; the place of a value is its number.
#[derive(Debug, Default)]
struct Values(Vec<(&'static str, u64)>);

impl Values {
    fn add(&mut self, place: usize, name: &'static str) {
        self.add_so_many(place, name, 1);
    }

    fn add_so_many(&mut self, place: usize, name: &'static str, number: u64) {
        if place >= self.0.len() {
            self.0.resize(place + 1, ("", 0));
        }
        self.0[place] = (name, self.0[place].1 + number);
    }

    fn merge(&mut self, other: Self) {
        for (place, (name, number)) in other.0.into_iter().enumerate() {
            if number > 0 {
                self.add_so_many(place, name, number);
            }
        }
    }

    fn sorted(&self) -> Vec<(&str, u64)> {
        sorted(self.0.iter().copied().filter(|(_, number)| *number > 0))
    }

    fn of(&self, name: &str) -> u64 {
        self.0.iter().find(|(known, _)| *known == name).map_or(0, |(_, number)| *number)
    }
}

/// How often each name came.
#[derive(Debug, Default)]
struct Names(HashMap<String, u64>);

impl Names {
    fn add(&mut self, name: &str) {
        match self.0.get_mut(name) {
            Some(number) => *number += 1,
            None => {
                self.0.insert(name.to_owned(), 1);
            }
        }
    }

    /// Takes in other counts in the order of their names, so that it is always the same names that find room.
    fn merge(&mut self, other: Self) {
        let mut more: Vec<_> = other.0.into_iter().collect();
        more.sort_unstable();
        for (name, number) in more {
            let has_room = self.0.len() < NAMES || self.0.contains_key(&name);
            *self.0.entry(if has_room { name } else { OTHERS.to_owned() }).or_default() += number;
        }
    }

    fn sorted(&self) -> Vec<(&str, u64)> {
        sorted(self.0.iter().map(|(name, &number)| (name.as_ref(), number)))
    }
}

/// The most frequent first; names that are as frequent in their own order.
fn sorted<'n>(counts: impl Iterator<Item = (&'n str, u64)>) -> Vec<(&'n str, u64)> {
    let mut sorted: Vec<_> = counts.collect();
    sorted.sort_unstable_by_key(|&(name, number)| (std::cmp::Reverse(number), name));
    sorted
}

impl Serialize for Values {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.sorted())
    }
}

impl Serialize for Names {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.sorted())
    }
}

impl Tally {
    /// Counts one mail.
    pub fn add(&mut self, answer: &Answer<'_>) {
        self.mails += 1;
        self.kinds.add(answer.report.kind as usize, answer.report.kind.name());
        for (at, recipient) in answer.report.recipients.iter().enumerate() {
            self.recipients += 1;
            let action = answer.action(Some(at));
            self.actions.add(action as usize, action.name());
            if let Some(verdict) = &answer.verdicts[at] {
                self.add_verdict(verdict);
            }
            let domain = recipient.address.as_deref().and_then(|address| address.rsplit_once('@'));
            if let Some((_, domain)) = domain {
                self.domains.add(domain);
            }
            if let Some(host) = &recipient.remote_mta {
                self.remote_mtas.add(&host.to_ascii_lowercase());
            }
        }
    }

    /// Counts the verdict on one bare reply.
    pub fn add_reply(&mut self, verdict: &Verdict<'_>) {
        self.recipients += 1;
        self.actions.add(verdict.action as usize, verdict.action.name());
        self.add_verdict(verdict);
    }

    fn add_verdict(&mut self, verdict: &Verdict<'_>) {
        self.causes.add(verdict.cause as usize, verdict.cause.name());
        self.bounce_types.add(verdict.bounce_type as usize, verdict.bounce_type.name());
        self.decided_by.add(verdict.decided_by as usize, verdict.decided_by.name());
        if let Some(rule) = verdict.rule {
            self.rules.add(&rule.id);
        }
    }

    /// Takes in what another part of the work counted; parts are taken in in the order of the input.
    pub fn merge(&mut self, other: Tally) {
        self.mails += other.mails;
        self.recipients += other.recipients;
        self.kinds.merge(other.kinds);
        self.causes.merge(other.causes);
        self.bounce_types.merge(other.bounce_types);
        self.actions.merge(other.actions);
        self.decided_by.merge(other.decided_by);
        self.domains.merge(other.domains);
        self.remote_mtas.merge(other.remote_mtas);
        self.rules.merge(other.rules);
    }

    /// How often each bounce type came.
    pub fn bounce_types(&self) -> Vec<(&str, u64)> {
        self.bounce_types.sorted()
    }

    /// How many mails were counted.
    pub fn mails(&self) -> u64 {
        self.mails
    }

    /// Writes all counts as one JSON object on one line, the most frequent first.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self).map_err(io::Error::from)?;
        out.write_all(b"\n")
    }

    /// Writes the counts for people, most frequent first, with bars.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        if self.mails > 0 {
            let (mails, recipients) = (plural(self.mails, "mail"), plural(self.recipients, "recipient"));
            writeln!(out, "{} {mails}, {} {recipients}", self.mails, self.recipients)?;
        } else {
            writeln!(out, "{} {}", self.recipients, if self.recipients == 1 { "reply" } else { "replies" })?;
        }
        block(out, "kinds", &self.kinds.sorted(), usize::MAX)?;
        block(out, "causes", &self.causes.sorted(), usize::MAX)?;
        block(out, "bounce types", &self.bounce_types.sorted(), usize::MAX)?;
        block(out, "actions", &self.actions.sorted(), usize::MAX)?;
        block(out, "recipient domains", &self.domains.sorted(), SHOWN)?;
        block(out, "remote systems", &self.remote_mtas.sorted(), SHOWN)?;
        block(out, "rules that decided most", &self.rules.sorted(), SHOWN)?;
        self.write_doubt(out)
    }

    /// How much was decided without words, which is what more rules could mend.
    fn write_doubt(&self, out: &mut impl Write) -> io::Result<()> {
        let by_code = self.decided_by.of(DecidedBy::EnhancedCode.name()) + self.decided_by.of(DecidedBy::ReplyCode.name());
        let by_nothing = self.decided_by.of(DecidedBy::None.name());
        let all: u64 = self.decided_by.0.iter().map(|(_, number)| number).sum();
        if all == 0 {
            return Ok(());
        }
        let share = |number: u64| 100.0 * number as f64 / all as f64;
        let by_text = all - by_code - by_nothing;
        writeln!(
            out,
            "\ndecided by text {by_text} ({:.1} %), by code alone {by_code} ({:.1} %), not at all {by_nothing} ({:.1} %)",
            share(by_text),
            share(by_code),
            share(by_nothing)
        )
    }
}

fn plural(number: u64, word: &str) -> String {
    if number == 1 { word.to_owned() } else { format!("{word}s") }
}

fn block(out: &mut impl Write, title: &str, sorted: &[(&str, u64)], most: usize) -> io::Result<()> {
    let Some(&(_, largest)) = sorted.first() else { return Ok(()) };
    let total: u64 = sorted.iter().map(|(_, number)| number).sum();
    let shown = || sorted.iter().take(most);
    let width = shown().map(|(name, _)| textwrap::core::display_width(&visible(name))).max().unwrap_or(0).min(NAME_WIDTH);
    let digits = largest.to_string().len();
    writeln!(out, "\n{title}")?;
    for (name, number) in shown() {
        let name = visible(name);
        let room = " ".repeat(width.saturating_sub(textwrap::core::display_width(&name)));
        let share = 100.0 * *number as f64 / total as f64;
        let bar = "█".repeat((number * BAR / largest).max(1) as usize);
        writeln!(out, "  {name}{room}  {number:>digits$}  {share:5.1} %  {bar}")?;
    }
    if sorted.len() > most {
        writeln!(out, "  and {} more", sorted.len() - most)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_the_bound_are_counted_together() {
        let mut all = Names::default();
        for part in 0..3 {
            let mut some = Names::default();
            for at in 0..NAMES / 2 {
                some.add(&format!("{part}-{at:06}.example"));
            }
            all.merge(some);
        }
        assert_eq!(all.0.len(), NAMES + 1);
        assert_eq!(all.0[OTHERS], (NAMES / 2) as u64);
    }

    #[test]
    fn the_most_frequent_come_first_in_json_too() {
        let mut tally = Tally::default();
        for name in ["a.example", "b.example", "b.example"] {
            tally.domains.add(name);
        }
        let mut out = Vec::new();
        tally.write_json(&mut out).expect("memory");
        let text = String::from_utf8(out).expect("JSON");
        assert!(text.contains(r#""domains":{"b.example":2,"a.example":1},"remote_mtas":{},"#), "{text}");
    }
}
