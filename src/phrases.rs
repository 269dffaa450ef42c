//! Which phrases are in a text: one pass over the text, whatever the number of phrases.
//!
//! In: phrases with their owners, then normalised texts. Out: the owners of the phrases that are in the text. Phrases begin
//! where a word begins, so only from those places a trie is walked, for as long as the text goes on as some phrase does. The
//! trie can be made when the program is built, and thousands of phrases cost no more than hundreds. What a phrase means is its
//! owner's business.

mod normal;
mod trie;

use std::borrow::Cow;

use crate::limits::PHRASE_GAP;

pub(crate) use normal::normalise;
pub(crate) use trie::{Node, Trie};

/// A list that is either part of the program or was made at run time.
pub type List<T> = Cow<'static, [T]>;
/// Text that is either part of the program or was made at run time.
pub type Text = Cow<'static, str>;

/// Where a phrase may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Where a word ends.
    WithWord,
    /// Anywhere: `undeliver` is in "undeliverable".
    Anywhere,
}

/// One phrase, normalised.
#[derive(Debug, Clone)]
pub(crate) struct Entry<O> {
    /// What stands before the first `...`.
    pub(crate) first: Text,
    /// What stands behind each `...`.
    pub(crate) rest: List<Text>,
    pub(crate) owner: O,
    /// The longest other entry that begins this one's first fragment, if any.
    pub(crate) parent: Option<u32>,
}

/// Phrases, ready to be searched for.
#[derive(Debug)]
pub(crate) struct PhraseIndex<O: Clone + 'static> {
    /// Sorted by first fragment.
    pub(crate) entries: List<Entry<O>>,
    /// Over the first fragments of the entries.
    pub(crate) trie: Trie,
    pub(crate) ends: Ends,
}

/// A phrase as the normalised fragments around its `...`.
pub(crate) fn fragments(phrase: &str) -> impl Iterator<Item = String> {
    phrase.split("...").map(normalise)
}

impl<O: Copy + 'static> PhraseIndex<O> {
    /// Indexes phrases, each of which has a first fragment.
    pub(crate) fn build<'p>(phrases: impl Iterator<Item = (&'p str, O)>, ends: Ends) -> Self {
        let mut entries: Vec<Entry<O>> = phrases
            .map(|(phrase, owner)| {
                let mut fragments = fragments(phrase).map(Text::Owned);
                let first = fragments.next().unwrap_or_default();
                Entry { first, rest: fragments.collect(), owner, parent: None }
            })
            .collect();
        // A stable sort: equal phrases keep the order of their rules.
        entries.sort_by(|a, b| a.first.cmp(&b.first));
        let mut open: Vec<usize> = Vec::new();
        for at in 0..entries.len() {
            while open.last().is_some_and(|&parent| !entries[at].first.starts_with(entries[parent].first.as_ref())) {
                open.pop();
            }
            entries[at].parent = open.last().map(|&parent| parent as u32);
            open.push(at);
        }
        let trie = Trie::build(&entries.iter().map(|entry| entry.first.as_bytes()).collect::<Vec<_>>());
        Self { trie, entries: entries.into(), ends }
    }

    /// Gives `found` the owner of each phrase that is in `text`, which must be [`normalise`]d, until it says that this is
    /// enough; says whether it did.
    pub(crate) fn search(&self, text: &str, mut found: impl FnMut(O) -> bool) -> bool {
        let bytes = text.as_bytes();
        let mut before = Class::Space;
        for (at, &byte) in bytes.iter().enumerate() {
            let class = Class::of(byte);
            let begins = class.begins_after(before);
            before = class;
            if !begins {
                continue;
            }
            // All entries that the text continues with begin the longest of them.
            let longest = self.trie.longest(&bytes[at..], |entry| self.entries[entry as usize].first.as_bytes());
            let mut candidate = longest;
            while let Some(entry) = candidate.map(|entry| &self.entries[entry as usize]) {
                let end = at + entry.first.len();
                if (self.ends == Ends::Anywhere || ends_word(bytes, end))
                    && (entry.rest.is_empty() || continues(bytes, end, &entry.rest))
                    && !found(entry.owner)
                {
                    return true;
                }
                candidate = entry.parent;
            }
        }
        false
    }
}

/// What a byte is to words, ordered so that one comparison tells whether something begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Space,
    /// Letters and digits, and `@`, so that no phrase is found in the local part of an address.
    Word,
    /// Stands alone.
    Mark,
}

impl Class {
    fn of(byte: u8) -> Self {
        CLASSES[usize::from(byte)]
    }

    /// Whether a phrase may begin with this behind `before`.
    fn begins_after(self, before: Self) -> bool {
        self > if before == Self::Word { Self::Word } else { Self::Space }
    }
}

/// [`Class::of`] as a table, because it is asked of every byte.
const CLASSES: [Class; 256] = {
    let mut classes = [Class::Mark; 256];
    classes[b' ' as usize] = Class::Space;
    classes[b'@' as usize] = Class::Word;
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_alphanumeric() {
            classes[byte] = Class::Word;
        }
        byte += 1;
    }
    classes
};

fn is_word(byte: u8) -> bool {
    Class::of(byte) == Class::Word
}

/// Whether no word goes on over `end`.
fn ends_word(bytes: &[u8], end: usize) -> bool {
    match (bytes.get(end - 1), bytes.get(end)) {
        (Some(&last), Some(&next)) => !(is_word(last) && is_word(next)),
        _ => true,
    }
}

/// Whether the further fragments of a phrase follow, each at most [`PHRASE_GAP`] bytes behind the one before.
fn continues(bytes: &[u8], mut at: usize, fragments: &[Text]) -> bool {
    'fragments: for fragment in fragments {
        let Some(&first) = fragment.as_bytes().first() else { return false };
        let last = (at + PHRASE_GAP + fragment.len()).min(bytes.len());
        for found in memchr::memchr_iter(first, &bytes[at..last]) {
            let start = at + found;
            let end = start + fragment.len();
            let begins = start == 0 || !(is_word(bytes[start - 1]) && is_word(first));
            if begins && bytes[start..last].starts_with(fragment.as_bytes()) && ends_word(bytes, end) {
                at = end;
                continue 'fragments;
            }
        }
        return false;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(phrases: &[&str], text: &str) -> Vec<usize> {
        let index = PhraseIndex::build(phrases.iter().copied().zip(0..), Ends::WithWord);
        let mut hits = Vec::new();
        index.search(&normalise(text), |owner| {
            hits.push(owner);
            true
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
    fn stems_may_end_anywhere() {
        let index = PhraseIndex::build([("undeliver", ())].into_iter(), Ends::Anywhere);
        let mut hits = 0;
        index.search("undeliverable: undelivered, notundelivered", |()| {
            hits += 1;
            true
        });
        assert_eq!(hits, 2);
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
}
