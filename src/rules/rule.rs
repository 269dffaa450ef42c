//! One rule and one mail system, as rule files describe them: their conditions, each of which can say whether it holds.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::str::FromStr;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::Input;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::{pool::Pool, syntax};

use crate::phrases::{List, Text};
use crate::reply::{Command, EnhancedCode, ReplyCode};
use crate::verdict::{Cause, DecidedBy};

/// A condition on the basic code: `550`, or `5xx` for a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeMask {
    /// Exactly this code.
    Exact(ReplyCode),
    /// Any code of the class.
    Class(u8),
}

impl CodeMask {
    pub(super) fn holds(self, code: ReplyCode) -> bool {
        match self {
            CodeMask::Exact(wanted) => code == wanted,
            CodeMask::Class(class) => code.class() == class,
        }
    }
}

/// A condition on the enhanced code: `5.2.2`, `x.2.2`, `5.7.x`, `x.2.x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusMask {
    pub(super) class: Option<u8>,
    pub(super) subject: Option<u16>,
    pub(super) detail: Option<u16>,
}

impl StatusMask {
    pub(super) fn holds(self, code: EnhancedCode) -> bool {
        self.class.is_none_or(|class| class == code.class)
            && self.subject.is_none_or(|subject| subject == code.subject)
            && self.detail.is_none_or(|detail| detail == code.detail)
    }
}

/// One rule: under what conditions a reply means a cause.
#[derive(Debug)]
pub struct Rule {
    /// Who speaks, then what they say; unique in the table.
    pub id: Text,
    /// What it means.
    pub cause: Cause,
    /// Any one of these must be in the text; none means that the codes decide.
    pub phrases: List<Text>,
    /// A regular expression that must match too, tried only after a phrase was seen.
    pub pattern: Option<Pattern>,
    /// Basic codes, any one of them.
    pub code: List<CodeMask>,
    /// Enhanced codes, any one of them.
    pub status: List<StatusMask>,
    /// Only when one of these mail systems answered.
    pub provider: List<ProviderId>,
    /// Only at one of these stages.
    pub command: List<Command>,
    /// Only in mails of this day or later.
    pub since: Option<Day>,
    /// Only in mails of this day or earlier.
    pub until: Option<Day>,
    /// What to do beyond the cause's own advice.
    pub advice: Option<Text>,
    /// Where the words and their meaning come from.
    pub source: Text,
    /// Whole replies that this rule must win.
    pub examples: List<Text>,
    /// Replies that look alike and belong to others.
    pub not: List<Text>,
    /// The file it stands in, as messages name it.
    pub file: Text,
    /// The line of its `[[rule]]`, from 1.
    pub line: usize,
    /// The rule as it stands in the file.
    pub text: Text,
}

/// A day of the calendar, as `2025-03-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub(super) u32);

impl Day {
    /// A day between 1970 and 9999; none where month or day are out of range.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let known = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        known.then(|| Self(u32::from(year) * 10_000 + u32::from(month) * 100 + u32::from(day)))
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no day, expected one such as `2025-03-01`");
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return Err(wrong()) };
        let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse()) else { return Err(wrong()) };
        Self::new(year, month, day).filter(|_| text.len() == 10).ok_or_else(wrong)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0 / 10_000, self.0 / 100 % 100, self.0 % 100)
    }
}

impl Rule {
    /// Whether it has conditions beside phrases and codes.
    pub(super) fn demands_more(&self) -> bool {
        !(self.provider.is_empty()
            && self.command.is_empty()
            && self.since.is_none()
            && self.until.is_none()
            && self.pattern.is_none())
    }

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
    source: Text,
    compiled: OnceLock<Option<Compiled>>,
}

/// A pattern that is ready to match.
#[derive(Debug)]
enum Compiled {
    /// An automaton, whose states are made as texts lead to them, with room for those. It is ready four times as soon as a
    /// [`Regex`], which is made for more than whether a text matches.
    Lazy(Box<DFA>, Pool<Cache, NewCache>),
    /// What no such automaton can be made of: Unicode's word borders.
    Whole(Regex),
}

type NewCache = Box<dyn Fn() -> Cache + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// Most bytes of a pattern when it is compiled.
const PATTERN_BYTES: usize = 1 << 20;

impl Pattern {
    pub(super) const fn new(source: Text) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    /// The expression as the rule file has it.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// A pattern in ASCII means ASCII by `\w` and `\b`, as nearly all do: that compiles ten times faster.
    fn is_unicode(&self) -> bool {
        !self.source.is_ascii()
    }

    /// Compiles it whole; says what is wrong with it.
    pub(super) fn compile(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.source).unicode(self.is_unicode()).size_limit(PATTERN_BYTES).build()
    }

    fn lazy(&self) -> Option<Compiled> {
        let dfa = DFA::builder()
            .configure(DFA::config().skip_cache_capacity_check(true))
            .syntax(syntax::Config::new().unicode(self.is_unicode()).utf8(false))
            .thompson(thompson::Config::new().utf8(false).nfa_size_limit(Some(PATTERN_BYTES)))
            .build(&self.source)
            .ok()?;
        let of = dfa.clone();
        let cache: NewCache = Box::new(move || of.create_cache());
        Some(Compiled::Lazy(Box::new(dfa), Pool::new(cache)))
    }

    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        // Rule files are checked on loading, so one that does not compile is a built-in one that its tests would refuse.
        let compiled = self.compiled.get_or_init(|| self.lazy().or_else(|| self.compile().ok().map(Compiled::Whole)));
        match compiled {
            // It gives up only where it is told to.
            Some(Compiled::Lazy(dfa, caches)) => {
                matches!(dfa.try_search_fwd(&mut caches.get(), &Input::new(text).earliest(true)), Ok(Some(_)))
            }
            Some(Compiled::Whole(regex)) => regex.is_match(text),
            None => false,
        }
    }
}

/// A mail system that rules can be scoped to, known by its hosts or by marks that only it writes.
#[derive(Debug)]
pub struct Provider {
    /// The id that rules name.
    pub id: Text,
    /// The name for people.
    pub name: Text,
    /// Host name suffixes of its servers.
    pub hosts: List<Text>,
    /// Phrases that only this system writes.
    pub marks: List<Text>,
    pub(super) file: Text,
    pub(super) line: usize,
}

/// The position of a provider in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderId(pub(super) u8);

/// A set of providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ProviderSet([u64; 4]);

impl ProviderSet {
    pub(super) const MOST: usize = 256;

    pub(super) fn insert(&mut self, id: ProviderId) {
        self.0[usize::from(id.0) / 64] |= 1 << (id.0 % 64);
    }

    pub(super) fn is_empty(self) -> bool {
        self == Self::default()
    }

    pub(super) fn contains(self, id: ProviderId) -> bool {
        self.0[usize::from(id.0) / 64] & (1 << (id.0 % 64)) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Table;

    #[test]
    fn a_pattern_matches_what_the_whole_expression_does() {
        let table = Table::built_in();
        let others: Vec<_> = table.rules().flat_map(|rule| rule.examples.iter()).step_by(40).collect();
        for rule in table.rules() {
            let Some(pattern) = &rule.pattern else { continue };
            let whole = pattern.compile().expect("a pattern of the table");
            for text in rule.examples.iter().chain(rule.not.iter()).chain(others.iter().copied()) {
                let text = text.to_lowercase();
                assert_eq!(pattern.is_match(text.as_bytes()), whole.is_match(text.as_bytes()), "{}: {text}", rule.id);
            }
        }
    }

    #[test]
    fn word_borders_of_every_script_are_kept() {
        let pattern = Pattern::new("\\bне\\b".into());
        assert!(pattern.is_match("он не найден".as_bytes()) && !pattern.is_match("неверный".as_bytes()));
    }
}
