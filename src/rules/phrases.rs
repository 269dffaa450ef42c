//! Which phrases are in a text: one pass over the text, whatever the number of phrases.
//!
//! In: phrases, as the fragments around their `...`; then normalised texts. Out: the owners of the phrases that are in
//! the text. Phrases stand for whole words, so only the places where a word begins are looked up: in a sorted list, where
//! every phrase that the text continues with is a prefix of the one just before it. That costs nothing to build beside
//! the sorting, and keeps a table of thousands of phrases as fast as one of hundreds.

use std::borrow::Cow;

use super::{List, ProviderId, Text};
use crate::limits::PHRASE_GAP;

/// Whose phrase it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Rule { rule: u32, phrase: u32 },
    Provider(ProviderId),
}

/// One phrase, normalised.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// What stands before the first `...`.
    pub(super) first: Text,
    /// What stands behind each `...`.
    pub(super) rest: List<Text>,
    pub(super) owner: Owner,
    /// The longest other entry that begins this one's first fragment, if any.
    pub(super) parent: Option<u32>,
}

/// All phrases of a section, ready to be searched for.
#[derive(Debug)]
pub(super) struct PhraseIndex {
    /// Sorted by first fragment.
    pub(super) entries: List<Entry>,
    /// Which beginnings occur: a bit for each hash of the first three bytes.
    pub(super) beginnings: List<u64>,
}

const BEGINNING_BITS: usize = 1 << 15;

fn beginning(bytes: &[u8]) -> usize {
    let key = bytes.iter().take(3).fold(0_u32, |key, &byte| (key << 8) | u32::from(byte));
    (key.wrapping_mul(0x9E37_79B1) >> 17) as usize
}

/// A phrase as the normalised fragments around its `...`.
pub(super) fn fragments(phrase: &str) -> impl Iterator<Item = String> {
    phrase.split("...").map(|part| normalise(part).into_owned())
}

impl PhraseIndex {
    /// Indexes phrases, each of which has a first fragment.
    pub(super) fn build<'p>(phrases: impl Iterator<Item = (&'p str, Owner)>) -> Self {
        let mut entries: Vec<Entry> = phrases
            .map(|(phrase, owner)| {
                let mut fragments = fragments(phrase).map(Text::Owned);
                let first = fragments.next().unwrap_or_default();
                Entry { first, rest: fragments.collect(), owner, parent: None }
            })
            .collect();
        // A stable sort: equal phrases keep the order of their rules.
        entries.sort_by(|a, b| a.first.cmp(&b.first));
        let mut beginnings = vec![0_u64; BEGINNING_BITS / 64];
        let mut open: Vec<usize> = Vec::new();
        for at in 0..entries.len() {
            let bit = beginning(entries[at].first.as_bytes());
            beginnings[bit / 64] |= 1 << (bit % 64);
            while open.last().is_some_and(|&parent| !entries[at].first.starts_with(entries[parent].first.as_ref())) {
                open.pop();
            }
            entries[at].parent = open.last().map(|&parent| parent as u32);
            open.push(at);
        }
        Self { entries: entries.into(), beginnings: beginnings.into() }
    }

    /// Tells `found` the owner of each phrase that is in `text`, which must be [`normalise`]d.
    pub(super) fn search(&self, text: &str, mut found: impl FnMut(Owner)) {
        let bytes = text.as_bytes();
        let mut in_word = false;
        for at in 0..bytes.len() {
            let byte = bytes[at];
            let word_byte = is_word(byte);
            let begins = !(in_word && word_byte) && byte != b' ';
            in_word = word_byte;
            if !begins || bytes.len() - at < 3 {
                continue;
            }
            let bit = beginning(&bytes[at..]);
            if self.beginnings[bit / 64] & (1 << (bit % 64)) == 0 {
                continue;
            }
            let rest = &bytes[at..];
            let after = self.entries.partition_point(|entry| entry.first.as_bytes() <= rest);
            let mut candidate = after.checked_sub(1).map(|at| at as u32);
            while let Some(entry) = candidate.map(|at| &self.entries[at as usize]) {
                let first = entry.first.as_bytes();
                if rest.starts_with(first) && ends_word(bytes, at + first.len()) && continues(text, at + first.len(), &entry.rest)
                {
                    found(entry.owner);
                }
                candidate = entry.parent;
            }
        }
    }
}

/// Letters and digits, and `@`, so that no phrase is found in the local part of an address.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'@'
}

/// Whether no word goes on over `end`.
fn ends_word(bytes: &[u8], end: usize) -> bool {
    match (bytes.get(end - 1), bytes.get(end)) {
        (Some(&last), Some(&next)) => !(is_word(last) && is_word(next)),
        _ => true,
    }
}

/// Whether the further fragments of a phrase follow, each at most [`PHRASE_GAP`] bytes behind the one before.
fn continues(text: &str, mut at: usize, fragments: &[Text]) -> bool {
    let bytes = text.as_bytes();
    'fragments: for fragment in fragments {
        let mut from = at;
        let last = (at + PHRASE_GAP + fragment.len()).min(bytes.len());
        while let Some(found) = find(&bytes[from..last], fragment.as_bytes()) {
            let start = from + found;
            let end = start + fragment.len();
            let begins = start == 0 || !(is_word(bytes[start - 1]) && is_word(bytes[start]));
            if begins && ends_word(bytes, end) {
                at = end;
                continue 'fragments;
            }
            from = start + 1;
        }
        return false;
    }
    true
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The text as phrases are matched against it: lower case, white space run together, typographic quotes and dashes made plain.
pub fn normalise(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_plain = bytes.iter().all(|byte| matches!(byte, b' '..=b'~') && !byte.is_ascii_uppercase() && *byte != b'`');
    let is_normal = is_plain && !bytes.windows(2).any(|pair| pair == b"  ");
    if is_normal {
        return Cow::Borrowed(text.trim_matches(' '));
    }
    let mut normal = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        let c = match c {
            '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2032}' | '\u{FF07}' | '`' | '\u{B4}' => '\'',
            '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{2033}' | '\u{FF02}' => '"',
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            // Zero-width and soft-hyphen characters only serve to hide words.
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' => continue,
            c => c,
        };
        if c.is_whitespace() || c.is_control() {
            gap = !normal.is_empty();
            continue;
        }
        if gap {
            normal.push(' ');
            gap = false;
        }
        if c.is_ascii() {
            normal.push(c.to_ascii_lowercase());
        } else {
            normal.extend(c.to_lowercase());
        }
    }
    Cow::Owned(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(phrases: &[&str], text: &str) -> Vec<u32> {
        let owner = |rule| Owner::Rule { rule, phrase: 0 };
        let index = PhraseIndex::build(phrases.iter().copied().zip((0..).map(owner)));
        let mut hits = Vec::new();
        index.search(&normalise(text), |owner| {
            if let Owner::Rule { rule, .. } = owner {
                hits.push(rule);
            }
        });
        hits.sort_unstable();
        hits.dedup();
        hits
    }

    #[test]
    fn every_phrase_in_the_text_is_found_also_where_one_begins_another() {
        let phrases = ["user", "user unknown", "unknown", "user unknown here", "user una"];
        assert_eq!(found(&phrases, "550 User  Unknown"), [0, 1, 2]);
        assert_eq!(found(&phrases, "user unknown\nhere"), [0, 1, 2, 3]);
        assert_eq!(found(&phrases, "nothing"), [0; 0]);
    }

    #[test]
    fn phrases_are_whole_words_and_no_part_of_an_address() {
        let phrases = ["spam", "(#5.1.1)"];
        assert_eq!(found(&phrases, "spamhaus, spam@example.com, nospam"), [0; 0]);
        assert_eq!(found(&phrases, "is spam."), [0]);
        assert_eq!(found(&phrases, "no mailbox (#5.1.1)"), [1]);
    }

    #[test]
    fn dots_stand_for_words_in_between_but_not_for_pages() {
        let phrases = ["blocked ... using"];
        assert_eq!(found(&phrases, "blocked for good, using a list"), [0]);
        assert_eq!(found(&phrases, &format!("blocked {} using", "x ".repeat(PHRASE_GAP))), [0; 0]);
        assert_eq!(found(&phrases, "using what is blocked"), [0; 0]);
    }

    #[test]
    fn languages_without_word_borders_are_found_anywhere() {
        assert_eq!(found(&["存在しません"], "ユーザは存在しません。"), [0]);
        assert_eq!(found(&["не найден"], "Пользователь НЕ НАЙДЕН"), [0]);
    }

    #[test]
    fn normal_text_is_borrowed() {
        assert!(matches!(normalise("user unknown"), Cow::Borrowed("user unknown")));
        assert_eq!(normalise(" Doesn’t\r\n\texist "), "doesn't exist");
    }
}
