//! A run of rules as it is searched: with the index over its phrases, and what is known of each rule beforehand.
//!
//! In: rules and providers in their order, as files gave them. Out: the section, which the built-in rules are compiled as.

use super::demand::Demand;
use super::{List, Provider, ProviderId, Rule, Text};
use crate::phrases::{Ends, PhraseIndex, THOUSANDS};

/// Whose phrase it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Rule { rule: u32, phrase: u32 },
    Provider(ProviderId),
}

/// A run of rules with an index of its own: the user's, read from files, or the built-in ones, compiled into the program.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) rules: Rules,
    /// The place of its first rule among those of all sections.
    pub(super) first_rule: usize,
    /// What each of its rules demands, as far as it can be known without fetching the rule.
    pub(super) demands: List<Demand>,
    pub(super) providers: Providers,
    /// The host name suffixes of its providers in lower case, each behind its [`key`], sorted.
    pub(super) hosts: List<(u32, Text, ProviderId)>,
    /// The place of its first provider among those of all sections.
    pub(super) first_provider: usize,
    /// Rules without phrases that hold whoever answered, in order.
    pub(super) by_code: List<u32>,
    /// Rules without phrases that hold only for some provider.
    pub(super) by_provider: List<u32>,
    pub(super) index: PhraseIndex<Owner, THOUSANDS>,
}

/// Rules of the program or of a file; they are never copied.
pub(super) type Rules = OwnedOrStatic<Rule>;
pub(super) type Providers = OwnedOrStatic<Provider>;

/// A slice that need not be cloned to be owned.
#[derive(Debug)]
pub(super) enum OwnedOrStatic<T: 'static> {
    Owned(Vec<T>),
    Static(&'static [T]),
}

impl<T> std::ops::Deref for OwnedOrStatic<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            OwnedOrStatic::Owned(owned) => owned,
            OwnedOrStatic::Static(fixed) => fixed,
        }
    }
}

/// A number that few hosts share: to search by numbers takes no branch that depends on a letter.
fn key(host: &str) -> u32 {
    let bytes = host.as_bytes();
    let ends = bytes.first_chunk().zip(bytes.last_chunk());
    let (head, tail) = ends.map_or((0, 0), |(head, tail)| (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)));
    // The highest bits of the product are those that every byte has a part in.
    ((head ^ tail.rotate_left(29) ^ bytes.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

impl Section {
    /// Gives `known` the providers that have this host name suffix, in lower case.
    pub(super) fn providers_of(&self, suffix: &str, known: impl FnMut(ProviderId)) {
        let key = key(suffix);
        let first = self.hosts.partition_point(|(other, ..)| *other < key);
        let alike = self.hosts[first..].iter().take_while(|(other, ..)| *other == key);
        alike.filter(|(_, host, _)| host == suffix).map(|(.., id)| *id).for_each(known);
    }

    /// Indexes rules and providers that were read from files.
    pub(super) fn new(rules: Vec<Rule>, providers: Vec<Provider>, first_provider: usize) -> Self {
        let without_phrases = (0_u32..).zip(&rules).filter(|(_, rule)| rule.phrases.is_empty());
        let (by_code, by_provider): (Vec<_>, Vec<_>) = without_phrases.partition(|(_, rule)| rule.provider.is_empty());
        let places = |rules: Vec<(u32, &Rule)>| rules.into_iter().map(|(at, _)| at).collect();
        let (by_code, by_provider) = (places(by_code), places(by_provider));
        let of_rules = (0_u32..).zip(&rules).flat_map(|(at, rule)| {
            (0_u32..).zip(rule.phrases.iter()).map(move |(phrase, text)| (text.as_ref(), Owner::Rule { rule: at, phrase }))
        });
        // At most `ProviderSet::MOST` providers are read, so that their places fit.
        let numbered = || (first_provider..).map(|at| ProviderId(at as u8)).zip(&providers);
        let of_providers =
            numbered().flat_map(|(id, provider)| provider.marks.iter().map(move |mark| (mark.as_ref(), Owner::Provider(id))));
        let index = PhraseIndex::build(of_rules.chain(of_providers), Ends::WithWord);
        let hosts = numbered().flat_map(|(id, provider)| provider.hosts.iter().map(move |host| (host.to_ascii_lowercase(), id)));
        let mut hosts: Vec<(u32, Text, ProviderId)> = hosts.map(|(host, id)| (key(&host), Text::Owned(host), id)).collect();
        hosts.sort_by(|(a, first, _), (b, second, _)| (a, first).cmp(&(b, second)));
        Self {
            demands: rules.iter().map(Demand::of).collect(),
            rules: Rules::Owned(rules),
            first_rule: 0,
            hosts: hosts.into(),
            providers: Providers::Owned(providers),
            first_provider,
            by_code,
            by_provider,
            index,
        }
    }
}
