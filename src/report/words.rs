//! Which words a text says: lists of phrases and the marks of dialects and challenges.
//!
//! In: a text in lower case. Out: the lists of which a phrase is in it, and the marks, all found in one pass over the text;
//! or whether one list that is asked alone has a phrase in it. What a list or a mark means is its reader's business.

mod lists;

use std::ops::Deref;
use std::sync::LazyLock;

use crate::bits::is_ascii;
use crate::phrases::{DOZENS, HUNDREDS, PhraseIndex};
pub(super) use lists::{FORMER, GREETING, List, REPORTER, TALKING_TO};
use lists::{Sought, lines};

static SOUGHT: PhraseIndex<Sought, HUNDREDS> = include!(concat!(env!("OUT_DIR"), "/sought.rs"));

/// A list that is asked alone, in texts in which no other one is looked for.
pub(super) struct Alone(PhraseIndex<(), DOZENS>);

/// Display names of mail systems.
pub(super) static SYSTEM_NAMES: Alone = Alone(include!(concat!(env!("OUT_DIR"), "/system_names.rs")));
/// The original follows.
pub(super) static ORIGINAL_FOLLOWS: Alone = Alone(include!(concat!(env!("OUT_DIR"), "/original_follows.rs")));
/// Subjects of automatic answers.
pub(super) static AUTO_REPLIES: Alone = Alone(include!(concat!(env!("OUT_DIR"), "/auto_replies.rs")));

impl Alone {
    /// Whether a phrase of the list is in a lower-case text where a word begins.
    pub(super) fn is_in(&self, lower: &str) -> bool {
        self.0.search(lower, |()| false)
    }
}

/// What a text says.
#[derive(Debug, Default)]
pub(super) struct Said {
    lists: u32,
    /// Each mark once.
    marks: Vec<&'static str>,
    /// The [`mark_bit`] of each: few of those that are asked for were seen.
    mark_bits: u64,
}

impl Said {
    /// Looks through a lower-case text.
    pub(super) fn in_text(lower: &str) -> Self {
        let mut said = Self::default();
        SOUGHT.search(lower, |sought| {
            match sought {
                Sought::List(list) => said.lists |= 1 << list as u32,
                Sought::Mark(mark) if said.mark(mark) => {}
                Sought::Mark(mark) => {
                    said.marks.push(mark);
                    said.mark_bits |= mark_bit(mark);
                }
            }
            true
        });
        // The index knows marks without the white space around them.
        said.marks.retain(|mark| mark.len() == mark.trim_ascii().len() || lower.contains(mark));
        said
    }

    /// Whether a phrase of a list was seen where a word begins.
    pub(super) fn any(&self, list: List) -> bool {
        self.lists & 1 << list as u32 != 0
    }

    /// Whether a mark was seen.
    pub(super) fn mark(&self, mark: &str) -> bool {
        self.mark_bits & mark_bit(mark) != 0 && self.marks.contains(&mark)
    }
}

/// What tells a mark from most others.
fn mark_bit(mark: &str) -> u64 {
    1 << ((mark.len() * 5 + mark.bytes().last().map_or(0, usize::from)) % 64)
}

/// What the lines of a text may say: what was seen in the text, or anything where not all of it was looked through.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MaySay<'s>(Option<&'s Said>);

impl<'s> MaySay<'s> {
    pub(super) fn only(said: &'s Said) -> Self {
        Self(Some(said))
    }

    /// Whether a line may hold a phrase of a list.
    pub(super) fn any(self, list: List) -> bool {
        self.0.is_none_or(|said| said.any(list))
    }
}

/// The labels of addresses that are not the recipient's.
pub(super) static OTHER_PARTIES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| lines(include_str!("words/other-parties.txt")).collect());

/// A text in lower case.
pub(super) fn lower(text: &str) -> String {
    let mut lower = String::with_capacity(text.len() + PIECE.len());
    push_lower(&mut lower, text);
    lower
}

/// So many bytes are put in lower case together.
const PIECE: &str = "                ";

/// Puts a text in lower case behind another one.
pub(super) fn push_lower(lower: &mut String, text: &str) {
    if !is_ascii(text) {
        lower.push_str(&text.to_lowercase());
        return;
    }
    // In whole pieces, for the last of which there is room behind the text for a moment.
    let (start, end) = (lower.len(), lower.len() + text.len());
    lower.reserve(text.len() + PIECE.len());
    lower.push_str(text);
    lower.push_str(PIECE);
    let mut rest = &mut lower[start..];
    while rest.len() >= PIECE.len() {
        let (piece, behind) = rest.split_at_mut(PIECE.len());
        piece.make_ascii_lowercase();
        rest = behind;
    }
    lower.truncate(end);
}

/// A text in which many words are looked for: which bytes stand side by side in it tells most of those that are not there.
#[derive(Debug)]
pub(super) struct Searched<T> {
    text: T,
    pairs: u64,
}

impl<T: Deref<Target = str>> Searched<T> {
    pub(super) fn new(text: T) -> Self {
        let pairs = text.as_bytes().windows(2).fold(0, |bits, pair| bits | pair_bit(pair[0], pair[1]));
        Self { text, pairs }
    }

    /// Whether a word is in the text.
    pub(super) fn holds(&self, word: &str) -> bool {
        let may_hold = match word.as_bytes() {
            [first, second, .., before, last] => {
                self.pairs & pair_bit(*first, *second) != 0 && self.pairs & pair_bit(*before, *last) != 0
            }
            _ => true,
        };
        may_hold && self.text.contains(word)
    }
}

impl<T: Deref<Target = str>> Deref for Searched<T> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

fn pair_bit(first: u8, second: u8) -> u64 {
    1 << ((u32::from(first) * 5 + u32::from(second) * 3) % 64)
}

/// Whether a lower-case text holds one of a few words.
pub(super) fn says(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// Whether a text ends with another, letter case ignored.
pub(super) fn ends_with_ignore_case(text: &str, end: &str) -> bool {
    text.len() >= end.len() && text.as_bytes()[text.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes())
}

/// Where a lower-case text occurs, letter case ignored.
pub(super) fn find_ignore_case(text: &str, lower: &str) -> Option<usize> {
    // Spaces are everywhere: what follows them is looked for.
    let spaces = lower.bytes().take_while(|&byte| byte == b' ').count();
    let first = *lower.as_bytes().get(spaces)?;
    let bytes = text.as_bytes();
    let last = bytes.len().checked_sub(lower.len())?;
    // Most texts don't have its first two bytes, and to know it takes no branch.
    if let [_, second, ..] = lower.as_bytes()[spaces..] {
        let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
        if !pairs.fold(false, |has, (a, b)| has | ((a | 0x20 == first | 0x20) & (b | 0x20 == second | 0x20))) {
            return None;
        }
    }
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), &bytes[spaces..=spaces + last])
        .find(|&at| bytes[at..at + lower.len()].eq_ignore_ascii_case(lower.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_word_is_found_in_any_letter_case(text in "[aAbB @é]{0,12}", word in " {0,2}[ab@][ab ]{0,3}") {
            prop_assert_eq!(find_ignore_case(&text, &word), text.to_ascii_lowercase().find(&word));
        }

        #[test]
        fn a_searched_text_holds_what_any_text_does(text in "[a-cé@ ]{0,30}", word in "[a-cé@ ]{0,5}") {
            prop_assert_eq!(Searched::new(text.as_str()).holds(&word), text.contains(&word));
        }

        #[test]
        fn lower_case_is_that_of_the_library(text in "[A-Za-zÄΣ .]{0,20}") {
            prop_assert_eq!(lower(&text), text.to_lowercase());
        }
    }

    #[test]
    fn every_list_is_in_lower_case_and_names_nothing_twice() {
        let mut seen = std::collections::HashSet::new();
        for (list, phrase) in lists::lists() {
            assert_eq!(phrase, phrase.to_lowercase(), "{list:?}");
            assert!(seen.insert((list as u32, phrase)), "{list:?}: {phrase} stands twice");
        }
    }

    #[test]
    fn words_are_found_in_every_script() {
        let fails = |text: &str| Said::in_text(text).any(List::Failure);
        assert!(fails("das war unzustellbar"));
        assert!(fails("сообщение не доставлено"));
        assert!(!fails("all is well"));
    }

    #[test]
    fn lists_and_marks_are_seen_in_one_pass() {
        let said = Said::in_text("this is the mail system at host mx.example.com. your message could not be delivered ");
        assert!(said.any(List::Failure) && said.any(List::Reporter) && !said.any(List::Success));
        assert!(said.mark("this is the mail system at host") && !said.mark("this is the qmail-send program"));
    }
}
