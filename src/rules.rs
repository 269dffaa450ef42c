//! The rule table: loading, order, matching.
//!
//! In: rule files (TOML), the user's before the built-in ones. Out: for the facts of one failure, the rules that hold,
//! first one first. The order of files and of rules in a file is the only order there is. This module opens no file and
//! knows no mail; a rule names a cause and nothing else of the answer.

mod built_in;
mod check;
mod draft;
mod file;
mod phrases;

use std::sync::OnceLock;

use regex::Regex;

use crate::reply::{Command, EnhancedCode, ReplyCode};
use crate::verdict::{Cause, DecidedBy};

pub use check::check;
pub use draft::{draft, redact};
pub use file::{RuleError, Source};
pub use phrases::normalise;
use phrases::{Owner, PhraseIndex};

/// A condition on the basic code: `550`, or `5xx` for a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeMask {
    /// Exactly this code.
    Exact(ReplyCode),
    /// Any code of the class.
    Class(u8),
}

impl CodeMask {
    fn holds(self, code: ReplyCode) -> bool {
        match self {
            CodeMask::Exact(wanted) => code == wanted,
            CodeMask::Class(class) => code.class() == class,
        }
    }
}

/// A condition on the enhanced code: `5.2.2`, `x.2.2`, `5.7.x`, `x.2.x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusMask {
    class: Option<u8>,
    subject: Option<u16>,
    detail: Option<u16>,
}

impl StatusMask {
    fn holds(self, code: EnhancedCode) -> bool {
        self.class.is_none_or(|class| class == code.class)
            && self.subject.is_none_or(|subject| subject == code.subject)
            && self.detail.is_none_or(|detail| detail == code.detail)
    }
}

/// One rule: under what conditions a reply means a cause.
#[derive(Debug)]
pub struct Rule {
    /// Who speaks, then what they say; unique in the table.
    pub id: String,
    /// What it means.
    pub cause: Cause,
    /// Any one of these must be in the text; none means that the codes decide.
    pub phrases: Vec<String>,
    /// A regular expression that must match too, tried only after a phrase was seen.
    pub pattern: Option<Pattern>,
    /// Basic codes, any one of them.
    pub code: Vec<CodeMask>,
    /// Enhanced codes, any one of them.
    pub status: Vec<StatusMask>,
    /// Only when one of these mail systems answered.
    pub provider: Vec<ProviderId>,
    /// Only at one of these stages.
    pub command: Vec<Command>,
    /// What to do beyond the cause's own advice.
    pub advice: Option<String>,
    /// Where the words and their meaning come from.
    pub source: String,
    /// Whole replies that this rule must win.
    pub examples: Vec<String>,
    /// Replies that look alike and belong to others.
    pub not: Vec<String>,
    /// The file it stands in, as messages name it.
    pub file: String,
    /// The line of its `[[rule]]`, from 1.
    pub line: usize,
    /// The rule as it stands in the file.
    pub text: String,
    holes: Vec<FragmentList>,
}

/// The fragments of one phrase around its `...`, normalised.
type FragmentList = Vec<String>;

impl Rule {
    /// What decides when this rule wins.
    pub fn decided_by(&self) -> DecidedBy {
        if !self.phrases.is_empty() {
            DecidedBy::Text
        } else if !self.status.is_empty() {
            DecidedBy::EnhancedCode
        } else {
            DecidedBy::ReplyCode
        }
    }
}

/// A regular expression that is compiled when it is first needed.
#[derive(Debug)]
pub struct Pattern {
    source: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    fn new(source: String) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    /// The expression as the rule file has it.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    fn compile(&self) -> Result<Regex, regex::Error> {
        regex::RegexBuilder::new(&self.source).size_limit(1 << 20).build()
    }

    fn is_match(&self, text: &str) -> bool {
        // Rule files are checked on loading, so one that does not compile is a built-in one that its tests would refuse.
        self.compiled.get_or_init(|| self.compile().ok()).as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

/// A mail system that rules can be scoped to, known by its hosts or by marks that only it writes.
#[derive(Debug)]
pub struct Provider {
    /// The id that rules name.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// Host name suffixes of its servers.
    pub hosts: Vec<String>,
    /// Phrases that only this system writes.
    pub marks: Vec<String>,
    file: String,
    line: usize,
    holes: Vec<FragmentList>,
}

/// The position of a provider in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderId(u8);

/// A set of providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Providers([u64; 4]);

impl Providers {
    const MOST: usize = 256;

    fn insert(&mut self, id: ProviderId) {
        self.0[usize::from(id.0) / 64] |= 1 << (id.0 % 64);
    }

    fn contains(self, id: ProviderId) -> bool {
        self.0[usize::from(id.0) / 64] & (1 << (id.0 % 64)) != 0
    }
}

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
    pub command: Option<Command>,
}

/// Rules in their order, with the index over their phrases.
#[derive(Debug)]
pub struct Table {
    rules: Vec<Rule>,
    providers: Vec<Provider>,
    /// Rules without phrases, in order.
    by_code: Vec<usize>,
    index: PhraseIndex,
}

impl Table {
    /// The built-in table alone.
    ///
    /// # Errors
    /// None in a released program: the built-in files are tested. While editing them, what is wrong with them.
    pub fn built_in() -> Result<Self, Vec<RuleError>> {
        Self::load(&[])
    }

    /// The user's rule files, in their order, before the built-in ones.
    ///
    /// # Errors
    /// What is wrong with which file, line and rule: not TOML, an unknown key or name, a double id, a pattern that is no
    /// regular expression, a rule that could never hold.
    pub fn load(user_files: &[Source<'_>]) -> Result<Self, Vec<RuleError>> {
        let mut sources = user_files.to_vec();
        sources.extend(built_in::files());
        Self::from_sources(&sources)
    }

    /// Exactly these rule files, without the built-in ones.
    ///
    /// # Errors
    /// As [`Table::load`].
    pub fn from_sources(sources: &[Source<'_>]) -> Result<Self, Vec<RuleError>> {
        let (rules, providers) = file::read(sources)?;
        let by_code = (0..rules.len()).filter(|&at| rules[at].phrases.is_empty()).collect();
        let mut index = PhraseIndex::default();
        for (at, rule) in rules.iter().enumerate() {
            for phrase in 0..rule.holes.len() {
                index.add(&rule.holes[phrase], Owner::Rule { rule: at as u32, phrase: phrase as u32 });
            }
        }
        for (at, provider) in providers.iter().enumerate() {
            for mark in 0..provider.holes.len() {
                index.add(&provider.holes[mark], Owner::Provider(ProviderId(at as u8)));
            }
        }
        index.build();
        Ok(Self { rules, providers, by_code, index })
    }

    /// All rules in the order in which they are tried.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// All providers.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// The rule of this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The name of a provider for people.
    pub fn provider(&self, id: ProviderId) -> &Provider {
        &self.providers[usize::from(id.0)]
    }

    /// The first rule that holds.
    pub fn first(&self, facts: &Facts<'_>) -> Option<&Rule> {
        let mut first = None;
        self.each(facts, |rule, _| {
            first = Some(rule);
            false
        });
        first
    }

    /// Every rule that holds, in order, with the phrase that was seen.
    pub fn all<'t>(&'t self, facts: &Facts<'_>) -> Vec<(&'t Rule, Option<&'t str>)> {
        let mut all = Vec::new();
        self.each(facts, |rule, phrase| {
            all.push((rule, phrase));
            true
        });
        all
    }

    /// Gives the rules that hold to `found` in order, until it says that this is enough.
    fn each<'t>(&'t self, facts: &Facts<'_>, mut found: impl FnMut(&'t Rule, Option<&'t str>) -> bool) {
        let text = normalise(facts.text);
        let mut providers = self.providers_of_host(facts.host);
        let mut seen: Vec<(u32, u32)> = Vec::new();
        self.index.search(&text, |owner| match owner {
            Owner::Rule { rule, phrase } => seen.push((rule, phrase)),
            Owner::Provider(id) => providers.insert(id),
        });
        seen.sort_unstable();
        seen.dedup_by_key(|(rule, _)| *rule);
        let mut by_phrase = seen.into_iter().peekable();
        let mut by_code = self.by_code.iter().copied().peekable();
        loop {
            let (at, phrase) = match (by_phrase.peek(), by_code.peek()) {
                (Some(&(rule, phrase)), code) if code.is_none_or(|&code| (rule as usize) < code) => {
                    by_phrase.next();
                    (rule as usize, Some(phrase as usize))
                }
                (_, Some(&code)) => {
                    by_code.next();
                    (code, None)
                }
                _ => return,
            };
            let rule = &self.rules[at];
            if holds(rule, facts, &text, providers) && !found(rule, phrase.map(|phrase| rule.phrases[phrase].as_str())) {
                return;
            }
        }
    }

    fn providers_of_host(&self, host: Option<&str>) -> Providers {
        let mut providers = Providers::default();
        if let Some(host) = host {
            for (at, provider) in self.providers.iter().enumerate() {
                if provider.hosts.iter().any(|suffix| is_in_domain(host, suffix)) {
                    providers.insert(ProviderId(at as u8));
                }
            }
        }
        providers
    }
}

/// Whether `host` is `domain` or lies below it; letter case and a final dot ignored.
fn is_in_domain(host: &str, domain: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).as_bytes();
    let Some(start) = host.len().checked_sub(domain.len()) else { return false };
    host[start..].eq_ignore_ascii_case(domain.as_bytes()) && (start == 0 || host[start - 1] == b'.')
}

/// Whether all that a rule demands beside its phrases is there.
fn holds(rule: &Rule, facts: &Facts<'_>, text: &str, providers: Providers) -> bool {
    (rule.provider.is_empty() || rule.provider.iter().any(|&id| providers.contains(id)))
        && (rule.code.is_empty() || facts.code.is_some_and(|code| rule.code.iter().any(|mask| mask.holds(code))))
        && (rule.status.is_empty() || facts.status.is_some_and(|status| rule.status.iter().any(|mask| mask.holds(status))))
        && (rule.command.is_empty() || facts.command.is_some_and(|command| rule.command.contains(&command)))
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
        let facts = Facts { code: reply.code, status: reply.enhanced, text: &reply.text, host, command: None };
        table.first(&facts).map(|rule| rule.id.as_str())
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
    fn all_rules_that_hold_come_in_order() {
        let table = table(TWO);
        let reply = Reply::parse("550 no such user");
        let facts = Facts { code: reply.code, status: reply.enhanced, text: &reply.text, host: None, command: None };
        let ids: Vec<_> = table.all(&facts).into_iter().map(|(rule, phrase)| (rule.id.as_str(), phrase)).collect();
        assert_eq!(ids, [("any-gone", Some("no such user")), ("code-550", None)]);
    }
}
