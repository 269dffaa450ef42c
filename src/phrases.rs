//! Which phrases are in a text: one pass over the text, whatever the number of phrases.
//!
//! In: phrases with their owners, then normalised texts. Out: the owners of the phrases that are in the text. Phrases begin
//! where a word begins; from those of these places at which one may begin, a trie is walked for as long as the text goes on as
//! some phrase does. All of it can be made when the program is built, and thousands of phrases cost little more than hundreds.
//! What a phrase means is its owner's business.

mod beginnings;
#[cfg(not(compiled))]
mod emit;
mod normal;
mod trie;

use std::borrow::Cow;

use crate::bits::{BLOCK, bits_of, places_of};
use crate::limits::PHRASE_GAP;

use beginnings::BEGINNING;

pub(crate) use beginnings::{Beginnings, Start};
pub(crate) use normal::{normal_bytes, normalise};
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
    /// Where it stands in the texts of the index.
    pub(crate) at: u32,
    /// How many bytes stand before the first `...`.
    pub(crate) first: u32,
    /// How many it has with what stands behind each `...`, and [`GAP`] for each of them.
    pub(crate) length: u32,
    /// The longest other entry that begins this one's first fragment, if any; else [`NO_PARENT`].
    pub(crate) parent: u32,
    pub(crate) owner: O,
}

/// What stands for `...` in the texts of an index; no normalised text has it.
const GAP: char = '\n';
/// The parent of an entry that has none.
const NO_PARENT: u32 = u32::MAX;

/// The numbers of [`Beginnings`] for thousands of phrases.
pub(crate) const THOUSANDS: usize = 1024;
/// The same for hundreds.
pub(crate) const HUNDREDS: usize = 256;
/// The same for dozens.
pub(crate) const DOZENS: usize = 64;

/// Phrases, ready to be searched for. `SIZE` is that of their number; another one makes the search slower and finds the same.
#[derive(Debug)]
pub(crate) struct PhraseIndex<O: Clone + 'static, const SIZE: usize> {
    /// The phrases, one behind the other.
    pub(crate) texts: Text,
    /// Sorted by first fragment.
    pub(crate) entries: List<Entry<O>>,
    /// Over the first fragments of the entries.
    pub(crate) trie: Trie,
    /// How the first fragments begin.
    pub(crate) beginnings: Beginnings<SIZE>,
    pub(crate) ends: Ends,
}

/// A phrase as the normalised fragments around its `...`.
pub(crate) fn fragments(phrase: &str) -> impl Iterator<Item = String> {
    phrase.split("...").map(normalise)
}

impl<O: Copy + 'static, const SIZE: usize> PhraseIndex<O, SIZE> {
    /// Indexes phrases, each of which has a first fragment of three bytes at least.
    pub(crate) fn build<'p>(phrases: impl Iterator<Item = (&'p str, O)>, ends: Ends) -> Self {
        let mut phrases: Vec<(Vec<String>, O)> = phrases.map(|(phrase, owner)| (fragments(phrase).collect(), owner)).collect();
        // A stable sort: equal phrases keep the order of their rules.
        phrases.sort_by(|(a, _), (b, _)| a[0].cmp(&b[0]));
        let firsts: Vec<_> = phrases.iter().map(|(fragments, _)| fragments[0].as_bytes()).collect();
        let trie = Trie::build(&firsts);
        let beginnings = Beginnings::of(&firsts, &trie);
        let mut texts = String::new();
        let mut entries: Vec<Entry<O>> = Vec::with_capacity(phrases.len());
        let mut open: Vec<usize> = Vec::new();
        for (place, (fragments, owner)) in phrases.iter().enumerate() {
            while open.last().is_some_and(|&parent| !firsts[place].starts_with(firsts[parent])) {
                open.pop();
            }
            let parent = open.last().map_or(NO_PARENT, |&parent| parent as u32);
            open.push(place);
            let at = texts.len();
            texts.push_str(&fragments.join(GAP.encode_utf8(&mut [0])));
            let (first, length) = (fragments[0].len() as u32, (texts.len() - at) as u32);
            entries.push(Entry { at: at as u32, first, length, parent, owner: *owner });
        }
        Self { texts: texts.into(), entries: entries.into(), trie, beginnings, ends }
    }

    /// Gives `found` the owner of each phrase that is in `text`, which must be [`normalise`]d, until it says that this is
    /// enough; says whether it did.
    pub(crate) fn search(&self, text: &str, mut found: impl FnMut(O) -> bool) -> bool {
        self.hits(text.as_bytes(), |hit| !hit.is_whole() || found(hit.owner))
    }

    /// The same for all phrases of which the first fragment is in `text`.
    pub(crate) fn hits<'a>(&'a self, text: &'a [u8], mut found: impl FnMut(Hit<'a, O>) -> bool) -> bool {
        let mut in_word = 0;
        let mut padded = [b' '; BLOCK + BEGINNING];
        let mut starts = [0_u32; BLOCK];
        for start in (0..text.len()).step_by(BLOCK) {
            let rest = &text[start..];
            let block = rest.first_chunk().unwrap_or_else(|| {
                padded = [b' '; BLOCK + BEGINNING];
                padded[..rest.len()].copy_from_slice(rest);
                &padded
            });
            // The bits of a block first, then what they say, so that no branch depends on a single byte.
            let words = bits_of(block, is_word);
            let inside = words & (words << 1 | in_word);
            in_word = words >> 63;
            let mut places = 0;
            for place in places_of(!inside & bits_of(block, |byte| byte != b' ')) {
                places |= self.beginnings.have(block, place) << place;
            }
            let mut begun = 0;
            for place in places_of(places) {
                let (start, is_known) = self.beginnings.start(block, place);
                starts[place] = start as u32;
                begun |= u64::from(is_known) << place;
            }
            for place in places_of(begun) {
                let (at, from) = (start + place, self.beginnings.starts[starts[place] as usize]);
                // All entries that the text continues with begin the longest of them.
                let longest =
                    self.trie.longest(&text[at..], from.depth(), from, |entry| self.first(&self.entries[entry as usize]));
                let mut candidate = longest.unwrap_or(NO_PARENT);
                while let Some(entry) = self.entries.get(candidate as usize) {
                    let end = at + entry.first as usize;
                    if (self.ends == Ends::Anywhere || ends_word(text, end))
                        && !found(Hit { owner: entry.owner, text, end, rest: self.rest(entry) })
                    {
                        return true;
                    }
                    candidate = entry.parent;
                }
            }
        }
        false
    }

    /// What stands before the first `...`.
    fn first(&self, entry: &Entry<O>) -> &[u8] {
        &self.texts.as_bytes()[entry.at as usize..][..entry.first as usize]
    }

    /// What stands behind it, where there is one.
    fn rest(&self, entry: &Entry<O>) -> Option<&[u8]> {
        let has_rest = entry.first < entry.length;
        has_rest.then(|| &self.texts.as_bytes()[(entry.at + entry.first + 1) as usize..(entry.at + entry.length) as usize])
    }
}

/// The first fragment of a phrase in a text.
pub(crate) struct Hit<'a, O> {
    pub(crate) owner: O,
    text: &'a [u8],
    /// Where it ends.
    end: usize,
    /// The fragments that must follow.
    rest: Option<&'a [u8]>,
}

impl<O> Hit<'_, O> {
    /// Whether the rest of the phrase follows.
    pub(crate) fn is_whole(&self) -> bool {
        self.rest.is_none_or(|rest| continues(self.text, self.end, rest))
    }
}

/// The bytes of a block, and enough behind them to see how each word of theirs begins.
type Block = [u8; BLOCK + BEGINNING];

/// Letters and digits, and `@`, so that no phrase is found in the local part of an address.
fn is_word(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26) | (byte.wrapping_sub(b'0') < 10) | (byte == b'@')
}

/// Whether no word goes on over `end`.
fn ends_word(bytes: &[u8], end: usize) -> bool {
    match (bytes.get(end - 1), bytes.get(end)) {
        (Some(&last), Some(&next)) => !(is_word(last) && is_word(next)),
        _ => true,
    }
}

/// Whether the first three bytes of a word are in a text: most texts don't have them, and to know it without a branch costs a
/// fraction of a look at each place where the first one is.
pub(crate) fn may_hold(text: &[u8], word: &[u8]) -> bool {
    let Some(first) = word.first_chunk::<3>() else { return true };
    let from = |at| text.get(at..).unwrap_or_default();
    let threes = from(0).iter().zip(from(1)).zip(from(2));
    threes.fold(false, |has, ((a, b), c)| has | ((*a == first[0]) & (*b == first[1]) & (*c == first[2])))
}

/// Whether the further fragments of a phrase follow, each at most [`PHRASE_GAP`] bytes behind the one before.
fn continues(bytes: &[u8], mut at: usize, fragments: &[u8]) -> bool {
    'fragments: for fragment in fragments.split(|&byte| byte == GAP as u8) {
        let Some(&first) = fragment.first() else { return false };
        let last = (at + PHRASE_GAP + fragment.len()).min(bytes.len());
        if !may_hold(&bytes[at..last], fragment) {
            return false;
        }
        for found in memchr::memchr_iter(first, &bytes[at..last]) {
            let start = at + found;
            let end = start + fragment.len();
            let begins = start == 0 || !(is_word(bytes[start - 1]) && is_word(first));
            if begins && bytes[start..last].starts_with(fragment) && ends_word(bytes, end) {
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
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn found(phrases: &[&str], text: &str) -> Vec<usize> {
        let index = PhraseIndex::<_, DOZENS>::build(phrases.iter().copied().zip(0..), Ends::WithWord);
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
        let index = PhraseIndex::<_, DOZENS>::build([("undeliver", ())].into_iter(), Ends::Anywhere);
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

    #[test]
    fn thousands_of_phrases_are_found_though_some_share_a_bit() {
        let phrases: Vec<String> = (0..5_000).map(|number| format!("{:05x} {number}", number * 40_503 % 0x10_0000)).collect();
        let index = PhraseIndex::<_, DOZENS>::build(phrases.iter().map(String::as_str).zip(0..), Ends::WithWord);
        assert!(index.beginnings.starts.iter().filter(|start| start.beginning == 0).count() > 1);
        for (place, phrase) in phrases.iter().enumerate() {
            let mut hits = Vec::new();
            index.search(&format!("no {phrase}, no"), |owner| {
                hits.push(owner);
                true
            });
            assert_eq!(hits, [place]);
        }
    }

    proptest! {
        #[test]
        fn a_search_finds_what_a_plain_look_at_every_place_finds(
            phrases in vec("[ab@]{3,5}|[ab]{1,3} [ab]{1,3}|[ab]{2}[.<][ab]{1,8}", 0..40),
            text in "([ab@.<é]{1,9} ){0,30}",
            anywhere: bool,
        ) {
            let (text, bytes) = (text.trim(), text.trim().as_bytes());
            let word = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'@');
            let inside = |at: usize| at > 0 && word(at - 1) && word(at);
            let is_at = |phrase: &str, at: usize| {
                bytes[at..].starts_with(phrase.as_bytes()) && !inside(at) && (anywhere || !inside(at + phrase.len()))
            };
            let plain: Vec<_> = (0..phrases.len()).filter(|&place| (0..bytes.len()).any(|at| is_at(&phrases[place], at))).collect();
            let ends = if anywhere { Ends::Anywhere } else { Ends::WithWord };
            let index = PhraseIndex::<_, DOZENS>::build(phrases.iter().map(String::as_str).zip(0..), ends);
            let mut found = std::collections::BTreeSet::new();
            index.search(text, |owner| {
                found.insert(owner);
                true
            });
            prop_assert_eq!(Vec::from_iter(found), plain);
        }
    }
}
