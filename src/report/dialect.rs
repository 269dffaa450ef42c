//! The mail systems whose reports are only prose: one table entry each, with the marks that only that system writes.
//!
//! All systems write in a few shapes, which [`super::prose`] reads, so a dialect is but a name and its marks. A report without
//! known marks is read all the same, as `prose`.

mod table;

use std::fmt;

use super::notice::Notice;
use super::words::{List, find_ignore_case, lower};
use crate::mail::Mail;
use table::DIALECTS;

/// A sign by which a mail system is known; texts in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The From field holds this.
    From(&'static str),
    /// The Subject holds this.
    Subject(&'static str),
    /// The mail has this field.
    Field(&'static str),
    /// The field of this name holds this.
    FieldHolds(&'static str, &'static str),
    /// The prose holds this.
    Says(&'static str),
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mark::From(text) => write!(f, "From holds `{text}`"),
            Mark::Subject(text) => write!(f, "Subject holds `{text}`"),
            Mark::Field(name) => write!(f, "a field `{name}`"),
            Mark::FieldHolds(name, text) => write!(f, "{name} holds `{text}`"),
            Mark::Says(text) => write!(f, "the text says `{text}`"),
        }
    }
}

/// A mail system's own way to write a report.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// The name that output gives.
    pub name: &'static str,
    /// Any one of these groups of marks, each whole, makes it known.
    pub known_by: &'static [&'static [Mark]],
}

/// All dialects, in the order in which their marks are looked for.
#[doc = ""]
#[doc = include_str!("dialect/table.md")]
pub fn dialects() -> &'static [Dialect] {
    DIALECTS
}

impl Dialect {
    fn is_known(&self, mail: &Mail<'_>, notice: &Notice<'_>) -> bool {
        self.known_by.iter().any(|marks| marks.iter().all(|mark| mark.is_in(mail, notice)))
    }
}

impl Mark {
    pub(super) fn is_in(self, mail: &Mail<'_>, notice: &Notice<'_>) -> bool {
        let holds = |field: &str, text: &str| mail.header.text(field).is_some_and(|value| lower(&value).contains(text));
        match self {
            Mark::From(text) => notice.from_field.contains(text),
            Mark::Subject(text) => notice.subject.contains(text),
            Mark::Field(name) => mail.header.has(name),
            Mark::FieldHolds(name, text) => holds(name, text),
            Mark::Says(text) => notice.said().mark(text),
        }
    }
}

/// The texts that groups of marks look for in the prose.
pub(super) fn texts(groups: &'static [&'static [Mark]]) -> impl Iterator<Item = &'static str> {
    groups.iter().flat_map(|marks| marks.iter()).filter_map(|mark| if let Mark::Says(text) = mark { Some(*text) } else { None })
}

/// The texts that dialects look for in the prose.
pub(super) fn says() -> impl Iterator<Item = &'static str> {
    DIALECTS.iter().flat_map(|dialect| texts(dialect.known_by))
}

/// The dialect that a notice is written in, if its marks are known.
pub(super) fn of(mail: &Mail<'_>, notice: &Notice<'_>) -> Option<&'static Dialect> {
    DIALECTS.iter().find(|dialect| dialect.is_known(mail, notice))
}

/// Words of a greeting or a field behind which the host that reports is named.
pub(super) const REPORTER: &[&str] = &[
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
pub(super) const GREETING: &str = "this is the ";

/// The host that a notice names as its writer.
pub(super) fn reporter(notice: &Notice<'_>) -> Option<String> {
    let lines = if notice.may_say(List::Reporter) { notice.prose().lines.as_slice() } else { &[] };
    lines.iter().take(400).find_map(|line| {
        let at = REPORTER.iter().find_map(|mark| find_ignore_case(line, mark).map(|at| at + mark.len())).or_else(|| {
            // "This is the DragonFly Mail Agent v0.13 at nas.example.net."
            let greets = find_ignore_case(line, GREETING).is_some_and(|at| at < 16);
            greets.then(|| line.find(" at ").map(|at| at + 4)).flatten()
        })?;
        let host = line[at..]
            .trim_start_matches(|c: char| c.is_whitespace() || c == '<')
            .trim_start_matches("dns;")
            .trim_start()
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | ')' | '<' | '>' | ';'))
            .next()?
            .trim_matches('.');
        let is_host = host.contains('.')
            && host.len() <= 255
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        is_host.then(|| host.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_in_lower_case_and_names_differ() {
        let mut seen = std::collections::HashSet::new();
        for dialect in dialects() {
            assert!(seen.insert(dialect.name), "{} stands twice", dialect.name);
            for mark in dialect.known_by.iter().flat_map(|marks| marks.iter()) {
                let (Mark::From(text) | Mark::Subject(text) | Mark::FieldHolds(_, text) | Mark::Says(text)) = mark else {
                    continue;
                };
                assert_eq!(*text, text.to_lowercase(), "{}", dialect.name);
            }
        }
    }

    #[test]
    fn the_reporting_host_is_taken_out_of_the_greeting() {
        for (line, host) in [
            ("This is the mail system at host mx1.example.net.", "mx1.example.net"),
            ("This is the DragonFly Mail Agent v0.13 at nas.example.net.", "nas.example.net"),
            ("Hi. This is the qmail-send program at ns2.example.net.", "ns2.example.net"),
            ("Generating server: EX2010A.example.com", "EX2010A.example.com"),
        ] {
            let raw = format!("From: a@example.com\n\n{line}\n");
            let mail = Mail::parse(raw.as_bytes());
            assert_eq!(reporter(&Notice::of(&mail)).as_deref(), Some(host));
        }
    }
}
