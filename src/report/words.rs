//! Which words a text says: lists of phrases in the languages that mail systems speak, one a line in the text files beside
//! this one, and the marks of dialects and challenges.
//!
//! In: a text in lower case. Out: the lists of which a phrase is in it, and the marks, all found in one pass over the text;
//! or whether one list that is asked alone has a phrase in it. What a list or a mark means is its reader's business.

use std::sync::LazyLock;

use super::{blocks, challenge, dialect, feedback, transcript};
use crate::phrases::{DOZENS, Ends, HUNDREDS, PhraseIndex};
use crate::reply::Command;

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $phrases:expr;)+) => {
        /// A list of phrases.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum List {
            $($(#[$doc])* $name,)+
        }

        /// Each list with its phrases.
        fn lists() -> impl Iterator<Item = (List, &'static str)> {
            std::iter::empty()$(.chain($phrases.map(|phrase| (List::$name, phrase))))+
        }
    };
}

lists! {
    /// A message did not arrive.
    Failure = lines(include_str!("words/failure.txt"));
    /// It will be tried again, or so it seems.
    Delay = lines(include_str!("words/delay.txt"));
    /// It will be tried again, in plain words.
    Retry = lines(include_str!("words/retry.txt"));
    /// It will not be tried again.
    Final = lines(include_str!("words/final.txt"));
    /// It arrived.
    Success = lines(include_str!("words/success.txt"));
    /// A filter refused it.
    Rejected = lines(include_str!("words/rejected.txt"));
    /// The address beside is that of whom one may turn to.
    Contact = lines(include_str!("words/contact.txt"));
    /// The address beside is that of a sender or another party.
    Helper = lines(include_str!("words/helpers.txt"));
    /// Subjects of providers' own complaint forms.
    ComplaintForm = feedback::SUBJECTS.iter().copied();
    /// The address is named that another one was made of.
    Former = blocks::FORMER.iter().copied();
    /// The host is named with which the dialogue was held.
    TalkingTo = std::iter::once(transcript::TALKING_TO);
    /// The host is named that writes.
    Reporter = dialect::REPORTER.iter().copied().chain(std::iter::once(dialect::GREETING));
    /// A stage of the SMTP dialogue is named.
    Stage = Command::marks();
}

/// The phrases of a file; `#` begins a comment.
fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
enum Sought {
    List(List),
    Mark(&'static str),
}

static SOUGHT: LazyLock<PhraseIndex<Sought, HUNDREDS>> = LazyLock::new(|| {
    let lists = lists().map(|(list, phrase)| (phrase, Sought::List(list)));
    let marks = dialect::says().chain(challenge::says()).map(|mark| (mark, Sought::Mark(mark)));
    PhraseIndex::build(lists.chain(marks), Ends::Anywhere)
});

/// A list that is asked alone, in texts in which no other one is looked for.
pub(super) struct Alone(LazyLock<PhraseIndex<(), DOZENS>>);

/// Display names of mail systems.
pub(super) static SYSTEM_NAMES: Alone = Alone(LazyLock::new(|| Alone::index(include_str!("words/system-names.txt"))));
/// The original follows.
pub(super) static ORIGINAL_FOLLOWS: Alone = Alone(LazyLock::new(|| Alone::index(include_str!("words/original-follows.txt"))));
/// Subjects of automatic answers.
pub(super) static AUTO_REPLIES: Alone = Alone(LazyLock::new(|| Alone::index(include_str!("words/auto-reply.txt"))));

impl Alone {
    fn index(file: &'static str) -> PhraseIndex<(), DOZENS> {
        PhraseIndex::build(lines(file).map(|phrase| (phrase, ())), Ends::Anywhere)
    }

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
}

impl Said {
    /// Looks through a lower-case text.
    pub(super) fn in_text(lower: &str) -> Self {
        let mut said = Self::default();
        SOUGHT.search(lower, |sought| {
            match sought {
                Sought::List(list) => said.lists |= 1 << list as u32,
                Sought::Mark(mark) if !said.marks.contains(&mark) => said.marks.push(mark),
                Sought::Mark(_) => {}
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
        self.marks.contains(&mark)
    }
}

/// The labels of addresses that are not the recipient's.
pub(super) static OTHER_PARTIES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| lines(include_str!("words/other-parties.txt")).collect());

/// A text in lower case.
pub(super) fn lower(text: &str) -> String {
    // Of ASCII `str::to_lowercase` takes the last bytes as characters, which are all that most texts have.
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// Puts a text in lower case behind another one.
pub(super) fn push_lower(lower: &mut String, text: &str) {
    if text.is_ascii() {
        let start = lower.len();
        lower.push_str(text);
        lower[start..].make_ascii_lowercase();
    } else {
        lower.push_str(&text.to_lowercase());
    }
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
    let first = *lower.as_bytes().first()?;
    let bytes = text.as_bytes();
    let last = bytes.len().checked_sub(lower.len())?;
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), &bytes[..=last])
        .find(|&at| bytes[at..at + lower.len()].eq_ignore_ascii_case(lower.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_in_lower_case_and_names_nothing_twice() {
        let mut seen = std::collections::HashSet::new();
        for (list, phrase) in lists() {
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
