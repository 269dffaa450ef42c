//! What is looked for: lists of phrases in the languages that mail systems speak, one a line in the text files beside this one,
//! and the marks of dialects and challenges.
//!
//! The build script makes the indexes over them, so that they cost nothing when the program starts.

#[cfg(not(compiled))]
use crate::phrases::{DOZENS, Ends, HUNDREDS, PhraseIndex};
#[cfg(any(test, not(compiled)))]
use crate::reply::Command;
#[cfg(not(compiled))]
use crate::report::{challenge, dialect, mark};

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $phrases:expr;)+) => {
        /// A list of phrases.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::report) enum List {
            $($(#[$doc])* $name,)+
        }

        /// Each list with its phrases.
        #[cfg(any(test, not(compiled)))]
        pub(super) fn lists() -> impl Iterator<Item = (List, &'static str)> {
            std::iter::empty()$(.chain($phrases.map(|phrase| (List::$name, phrase))))+
        }
    };
}

lists! {
    /// A message did not arrive.
    Failure = lines(include_str!("failure.txt"));
    /// It will be tried again, or so it seems.
    Delay = lines(include_str!("delay.txt"));
    /// It will be tried again, in plain words.
    Retry = lines(include_str!("retry.txt"));
    /// It will not be tried again.
    Final = lines(include_str!("final.txt"));
    /// It arrived.
    Success = lines(include_str!("success.txt"));
    /// A filter refused it.
    Rejected = lines(include_str!("rejected.txt"));
    /// The address beside is that of whom one may turn to.
    Contact = lines(include_str!("contact.txt"));
    /// The address beside is that of a sender or another party.
    Helper = lines(include_str!("helpers.txt"));
    /// Subjects of providers' own complaint forms.
    ComplaintForm = lines(include_str!("complaint-form.txt"));
    /// The address is named that another one was made of.
    Former = FORMER.iter().copied();
    /// A line may be one of a transcript.
    Dialogue = DIALOGUE.iter().copied();
    /// The host is named with which the dialogue was held.
    TalkingTo = std::iter::once(TALKING_TO);
    /// The host is named that writes.
    Reporter = REPORTER.iter().copied().chain(std::iter::once(GREETING));
    /// A stage of the SMTP dialogue is named.
    Stage = Command::marks();
}

/// Words before the address that another one was made of.
pub(in crate::report) const FORMER: &[&str] = &[
    "generated from",
    "expanded from",
    "forwarded from",
    "originally addressed to",
    "(orcpt",
    "alias of",
    "ultimately generated from",
];

/// Signs and words that lines of a transcript have, but for bare answers.
#[cfg(any(test, not(compiled)))]
const DIALOGUE: &[&str] = &[">>>", "<<<", "-->", "<--", "sent:", "remote server replied:", "rcpt to:", "mail from:", "data"];

/// Words before the host of a transcript.
pub(in crate::report) const TALKING_TO: &str = "talking to ";

/// Words of a greeting or a field behind which the host that reports is named.
pub(in crate::report) const REPORTER: &[&str] = &[
    " at host ",
    " program at ",
    " server at ",
    " server on ",
    " system at ",
    "mail agent at ",
    "generating server: ",
    "reporting-mta: ",
    "delivery status notification from ",
];

/// A greeting that names the host behind the name of the program.
pub(in crate::report) const GREETING: &str = "this is the ";

/// The phrases of a file; `#` begins a comment.
pub(super) fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// What a phrase stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sought {
    List(List),
    Mark(&'static str),
}

/// The indexes, each with its name, as constant expressions.
#[cfg(not(compiled))]
pub(crate) fn sources() -> [(&'static str, String); 4] {
    let lists = lists().map(|(list, phrase)| (phrase, Sought::List(list)));
    let groups = dialect::table::DIALECTS.iter().map(|dialect| dialect.known_by).chain([challenge::table::CHALLENGES]);
    let marks = groups.flat_map(mark::says).map(|mark| (mark, Sought::Mark(mark)));
    let sought = PhraseIndex::<_, HUNDREDS>::build(lists.chain(marks), Ends::Anywhere);
    let sought = sought.source(|sought| match sought {
        Sought::List(list) => format!("Sought::List(List::{list:?})"),
        Sought::Mark(mark) => format!("Sought::Mark({mark:?})"),
    });
    let alone = |file| {
        let phrases = lines(file).map(|phrase| (phrase, ()));
        PhraseIndex::<_, DOZENS>::build(phrases, Ends::Anywhere).source(|()| "()".to_owned())
    };
    [
        ("sought", sought),
        ("system_names", alone(include_str!("system-names.txt"))),
        ("original_follows", alone(include_str!("original-follows.txt"))),
        ("auto_replies", alone(include_str!("auto-reply.txt"))),
    ]
}
