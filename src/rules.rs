//! The rule table: loading, order, matching.
//!
//! In: rule files (TOML), the user's before the built-in ones. Out: for the facts of one failure, the rules that hold,
//! first one first. The order of files and of rules in a file is the only order there is. This module opens no file and
//! knows no mail; a rule names a cause and nothing else of the answer.

#[cfg(compiled)]
mod built_in;
mod check;
mod demand;
mod doubt;
mod draft;
#[cfg(not(compiled))]
mod emit;
mod file;
#[cfg(not(compiled))]
mod order;
mod redact;
mod rule;
mod section;

use crate::phrases::normal_bytes;
use crate::reply::{EnhancedCode, ReplyCode, Stage};

pub use crate::phrases::{List, Text};
pub use check::check;
use demand::Codes;
pub use doubt::doubts;
pub use draft::{draft, draft_as};
#[cfg(not(compiled))]
pub(crate) use emit::source;
pub use file::{RuleError, Source};
#[cfg(not(compiled))]
pub(crate) use order::FILES;
pub use redact::{Redactor, redact};
use rule::ProviderSet;
pub use rule::{CodeMask, Day, Pattern, Provider, ProviderId, Rule, StatusMask};
use section::{Owner, Section};

/// What is known of one failure, as rules see it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// The basic code.
    pub code: Option<ReplyCode>,
    /// The enhanced code.
    pub status: Option<EnhancedCode>,
    /// The words, lines joined ([`crate::reply::Reply::text`]).
    pub text: &'a str,
    /// The host that answered.
    pub host: Option<&'a str>,
    /// The stage that was answered.
    pub stage: Stage<'a>,
    /// The day of the mail; without one, rules that have ended do not hold.
    pub day: Option<Day>,
}

/// Rules in their order, with the index over their phrases.
#[derive(Debug)]
pub struct Table {
    /// The user's first.
    sections: Vec<Section>,
}

/// How many of the rules that hold are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    First,
    All,
}

/// A rule that may hold, and which of its phrases was seen: one number, which sorts in the order of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate(u64);

impl Candidate {
    /// Behind all rules.
    const LAST: Self = Self(u64::MAX);

    /// The rule of this place among those of all sections.
    fn new(rule: usize, phrase: Option<u32>) -> Self {
        Self((rule as u64) << 32 | phrase.map_or(0, |phrase| u64::from(phrase) + 1))
    }

    fn rule(self) -> usize {
        (self.0 >> 32) as usize
    }

    fn phrase(self) -> Option<usize> {
        (self.0 as u32 as usize).checked_sub(1)
    }
}

impl Table {
    /// The built-in table alone; it is part of the program, so that nothing has to be read.
    #[cfg(compiled)]
    pub fn built_in() -> Self {
        Self { sections: vec![built_in::section()] }
    }

    /// The user's rule files, in their order, before the built-in ones.
    ///
    /// # Errors
    /// What is wrong with which file, line and rule: not TOML, an unknown key or name, a double id, a pattern that is no
    /// regular expression, a rule that could never hold.
    #[cfg(compiled)]
    pub fn load(user_files: &[Source<'_>]) -> Result<Self, Vec<RuleError>> {
        let mut table = Self::built_in();
        if !user_files.is_empty() {
            let built_in = &table.sections[0];
            let first_provider = built_in.providers.len();
            let (rules, providers) = file::read(user_files, &built_in.rules, &built_in.providers)?;
            table.sections[0].first_rule = rules.len();
            table.sections.insert(0, Section::new(rules, providers, first_provider));
        }
        Ok(table)
    }

    /// Exactly these rule files, without the built-in ones.
    ///
    /// # Errors
    /// As [`Table::load`].
    pub fn from_sources(sources: &[Source<'_>]) -> Result<Self, Vec<RuleError>> {
        let (rules, providers) = file::read(sources, &[], &[])?;
        Ok(Self { sections: vec![Section::new(rules, providers, 0)] })
    }

    /// All rules in the order in which they are tried.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.sections.iter().flat_map(|section| section.rules.iter())
    }

    /// All providers.
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.sections.iter().flat_map(|section| section.providers.iter())
    }

    /// The rule of this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules().find(|rule| rule.id == id)
    }

    /// The provider of this place; none for a place of another table.
    pub fn provider(&self, id: ProviderId) -> Option<&Provider> {
        let at = usize::from(id.0);
        self.sections.iter().find_map(|section| section.providers.get(at.checked_sub(section.first_provider)?))
    }

    /// The first rule that holds.
    pub fn first(&self, facts: &Facts<'_>) -> Option<&Rule> {
        let mut first = None;
        self.each(facts, Wanted::First, |rule, _| {
            first = Some(rule);
            false
        });
        first
    }

    /// The first rule that holds by its words, whatever the codes say.
    pub fn first_by_words(&self, facts: &Facts<'_>) -> Option<&Rule> {
        let mut first = None;
        self.each(facts, Wanted::First, |rule, phrase| {
            first = phrase.map(|_| rule);
            first.is_none()
        });
        first
    }

    /// Every rule that holds, in order, with the phrase that was seen.
    pub fn all<'t>(&'t self, facts: &Facts<'_>) -> Vec<(&'t Rule, Option<&'t str>)> {
        let mut all = Vec::new();
        self.each(facts, Wanted::All, |rule, phrase| {
            all.push((rule, phrase.map(|phrase| rule.phrases[phrase].as_ref())));
            true
        });
        all
    }

    /// Gives the rules that hold to `found` in order, each with the place of the phrase that was seen, until it says that this
    /// is enough, as it must of the first that holds by its words where no more are wanted.
    fn each<'t>(&'t self, facts: &Facts<'_>, wanted: Wanted, mut found: impl FnMut(&'t Rule, Option<usize>) -> bool) {
        let text = normal_bytes(facts.text);
        let codes = Codes::of(facts);
        let mut providers = self.providers_of_host(facts.host);
        // Room for what nearly every reply holds, so that it is asked for once.
        let mut seen: Vec<Candidate> = Vec::with_capacity(16);
        // Nothing behind it is looked at: it holds, whatever else is known.
        let mut last = Candidate::LAST;
        for section in &self.sections {
            section.index.hits(&text, |hit| {
                match hit.owner {
                    Owner::Rule { rule, phrase } => {
                        let candidate = Candidate::new(section.first_rule + rule as usize, Some(phrase));
                        let demand = section.demands[rule as usize];
                        if candidate < last && demand.allows(codes) && hit.is_whole() {
                            seen.push(candidate);
                            if wanted == Wanted::First && !demand.more() {
                                last = candidate;
                            }
                        }
                    }
                    Owner::Provider(id) => {
                        if hit.is_whole() {
                            providers.insert(id);
                        }
                    }
                }
                true
            });
        }
        let decides = |section: &Section, at: usize| {
            let demand = section.demands[at];
            demand.allows(codes) && (!demand.more() || holds(&section.rules[at], facts, &text, providers))
        };
        for section in &self.sections {
            let by_provider = if providers.is_empty() { &[][..] } else { &section.by_provider };
            for rules in [&section.by_code, by_provider] {
                let candidates = rules.iter().map(|&rule| (Candidate::new(section.first_rule + rule as usize, None), rule));
                let before = candidates.take_while(|(candidate, _)| *candidate < last);
                let that_hold = before.filter(|(_, rule)| decides(section, *rule as usize)).map(|(candidate, _)| candidate);
                seen.extend(that_hold.take(if wanted == Wanted::First { 1 } else { usize::MAX }));
            }
        }
        seen.sort_unstable();
        // Of several phrases of one rule the first is told.
        seen.dedup_by_key(|candidate| candidate.rule());
        for candidate in seen {
            let (section, at) = self.place_of(candidate.rule());
            if (candidate.phrase().is_none() || decides(section, at)) && !found(&section.rules[at], candidate.phrase()) {
                return;
            }
        }
    }

    /// Where the rule of this place among those of all sections stands; places are those that the sections were given.
    fn place_of(&self, rule: usize) -> (&Section, usize) {
        let section = &self.sections[self.sections.partition_point(|section| section.first_rule <= rule) - 1];
        (section, rule - section.first_rule)
    }

    /// The providers that have `host` or a domain that it lies in; letter case and a final dot ignored.
    fn providers_of_host(&self, host: Option<&str>) -> ProviderSet {
        let mut providers = ProviderSet::default();
        let Some(host) = host else { return providers };
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let dots = memchr::memchr_iter(b'.', host.as_bytes());
        for domain in std::iter::once(&*host).chain(dots.map(|dot| &host[dot + 1..])) {
            for section in &self.sections {
                section.providers_of(domain, |id| providers.insert(id));
            }
        }
        providers
    }
}

/// Whether all that a rule demands beside its phrases is there.
fn holds(rule: &Rule, facts: &Facts<'_>, text: &[u8], providers: ProviderSet) -> bool {
    (rule.provider.is_empty() || rule.provider.iter().any(|&id| providers.contains(id)))
        && (rule.code.is_empty() || facts.code.is_some_and(|code| rule.code.iter().any(|mask| mask.holds(code))))
        && (rule.status.is_empty() || facts.status.is_some_and(|status| rule.status.iter().any(|mask| mask.holds(status))))
        && rule.since.is_none_or(|since| facts.day.is_none_or(|day| day >= since))
        && rule.until.is_none_or(|until| facts.day.is_some_and(|day| day <= until))
        // What has to be searched for comes last.
        && (rule.command.is_empty() || facts.stage.command().is_some_and(|command| rule.command.contains(&command)))
        && rule.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::Reply;

    fn table(text: &str) -> Table {
        Table::from_sources(&[Source { name: "test.toml", text }]).expect("a good table")
    }

    fn first<'t>(table: &'t Table, reply: &str, host: Option<&str>) -> Option<&'t str> {
        let reply = Reply::parse(reply);
        let facts = Facts { code: reply.code, status: reply.enhanced, text: &reply.text, host, ..Facts::default() };
        table.first(&facts).map(|rule| rule.id.as_ref())
    }

    const TWO: &str = r#"
        [[provider]]
        id = "example"
        hosts = ["example.com"]
        marks = ["exmtp"]

        [[rule]]
        id = "example-five"
        cause = "rate_limited"
        provider = "example"
        status = "x.7.5"
        source = "test"
        examples = ["450 4.7.5 no"]

        [[rule]]
        id = "any-gone"
        cause = "user_unknown"
        phrases = ["user ... gone", "no such user"]
        source = "test"
        examples = ["550 User jo is gone", "550 no such user"]

        [[rule]]
        id = "code-550"
        cause = "policy"
        code = "5xx"
        source = "test"
        examples = ["550"]
    "#;

    #[test]
    fn the_first_rule_that_holds_wins() {
        let table = table(TWO);
        assert_eq!(first(&table, "550 5.7.5 user is gone", Some("mx1.example.com.")), Some("example-five"));
        assert_eq!(first(&table, "550 5.7.5 user is gone", Some("mx.notexample.com")), Some("any-gone"));
        assert_eq!(first(&table, "550 5.7.5 user is gone - exmtp", None), Some("example-five"));
        assert_eq!(first(&table, "550 5.7.5 else", None), Some("code-550"));
        assert_eq!(first(&table, "450 else", None), None);
    }

    #[test]
    fn a_rule_holds_in_the_mails_of_its_time() {
        let text = "[[rule]]\nid = \"carrier-filter\"\ncause = \"recipient_restricted\"\nphrases = [\"unknown user\"]\nuntil = \"2025-03-31\"\nsource = \"test\"\nexamples = [\"550 unknown user\"]\n\n[[rule]]\nid = \"carrier-unknown\"\ncause = \"user_unknown\"\nphrases = [\"unknown user\"]\nsince = \"2025-04-01\"\nsource = \"test\"\nexamples = [\"550 unknown user\"]\n";
        let table = table(text);
        let on = |day: Option<&str>| {
            let day = day.map(|day| day.parse().expect("a day"));
            table.first(&Facts { text: "unknown user", day, ..Facts::default() }).map(|rule| rule.id.as_ref())
        };
        assert_eq!(on(Some("2025-03-31")), Some("carrier-filter"));
        assert_eq!(on(Some("2025-04-01")), Some("carrier-unknown"));
        assert_eq!(on(None), Some("carrier-unknown"));
    }

    #[test]
    fn all_rules_that_hold_come_in_order() {
        let table = table(TWO);
        let reply = Reply::parse("550 no such user");
        let facts = Facts { code: reply.code, status: reply.enhanced, text: &reply.text, ..Facts::default() };
        let ids: Vec<_> = table.all(&facts).into_iter().map(|(rule, phrase)| (rule.id.as_ref(), phrase)).collect();
        assert_eq!(ids, [("any-gone", Some("no such user")), ("code-550", None)]);
    }
}
