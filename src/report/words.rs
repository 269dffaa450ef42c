//! Lists of words and phrases, in the languages that mail systems speak; one a line in the text files beside this one.
//!
//! In: a text in lower case. Out: whether one of the list is in it, and where, in one pass over the text.

use std::sync::LazyLock;

use crate::phrases::{Ends, PhraseIndex};

/// A list, ready to be searched for.
#[derive(Debug)]
pub(super) struct Words(PhraseIndex<()>);

impl Words {
    /// The phrases of a list; `#` begins a comment.
    fn of(list: &'static str) -> Self {
        let phrases = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(PhraseIndex::build(phrases.map(|phrase| (phrase, ())), Ends::Anywhere))
    }

    /// Whether one of them is in a lower-case text, where a word begins.
    pub(super) fn are_in(&self, lower: &str) -> bool {
        self.0.search(lower, |()| false)
    }
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)+) => {
        $($(#[$doc])* pub(super) static $name: LazyLock<Words> = LazyLock::new(|| Words::of(include_str!($file)));)+
        #[cfg(test)]
        const LISTS: &[(&str, &str)] = &[$(($file, include_str!($file)),)+];
    };
}

lists! {
    /// A message did not arrive.
    FAILURE = "words/failure.txt";
    /// It will be tried again, or so it seems.
    DELAY = "words/delay.txt";
    /// It will be tried again, in plain words.
    RETRY = "words/retry.txt";
    /// It will not be tried again.
    FINAL = "words/final.txt";
    /// It arrived.
    SUCCESS = "words/success.txt";
    /// A filter refused it.
    REJECTED = "words/rejected.txt";
    /// Display names of mail systems.
    SYSTEM_NAMES = "words/system-names.txt";
    /// The original follows.
    ORIGINAL_FOLLOWS = "words/original-follows.txt";
    /// The address beside is that of whom one may turn to.
    CONTACT = "words/contact.txt";
    /// The address beside is that of a sender or another party.
    HELPERS = "words/helpers.txt";
    /// Subjects of automatic answers.
    AUTO_REPLY = "words/auto-reply.txt";
}

/// The labels of addresses that are not the recipient's.
pub(super) static OTHER_PARTIES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let list = include_str!("words/other-parties.txt");
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
});

/// Whether a lower-case text holds one of a few words.
pub(super) fn says(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_in_lower_case_and_names_nothing_twice() {
        for (file, list) in LISTS {
            let mut seen = std::collections::HashSet::new();
            for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
                assert_eq!(line, line.to_lowercase().trim(), "{file}");
                assert!(seen.insert(line), "{file}: {line} stands twice");
            }
        }
    }

    #[test]
    fn words_are_found_in_every_script() {
        assert!(FAILURE.are_in("das war unzustellbar"));
        assert!(FAILURE.are_in("сообщение не доставлено"));
        assert!(!FAILURE.are_in("all is well"));
    }
}
