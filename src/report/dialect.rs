//! The mail systems whose reports are only prose: one table entry each, with the marks that only that system writes.
//!
//! All systems write in a few shapes, which [`super::prose`] reads, so a dialect is but a name and its marks. A report without
//! known marks is read all the same, as `prose`.

pub(super) mod table;

use super::mark::Mark;
use super::notice::Notice;
use super::words::{GREETING, List, REPORTER, find_ignore_case};
use crate::mail::Mail;
use table::DIALECTS;
pub use table::Dialect;

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
        let holds =
            |field: &str, text: &str| mail.header.text(field).is_some_and(|value| find_ignore_case(&value, text).is_some());
        match self {
            Mark::From(text) => notice.from_field.holds(text),
            Mark::Subject(text) => notice.subject.holds(text),
            Mark::Field(name) => mail.header.has(name),
            Mark::FieldHolds(name, text) => holds(name, text),
            Mark::Says(text) => notice.said().mark(text),
        }
    }
}

/// The dialect that a notice is written in, if its marks are known.
pub(super) fn of(mail: &Mail<'_>, notice: &Notice<'_>) -> Option<&'static Dialect> {
    DIALECTS.iter().find(|dialect| dialect.is_known(mail, notice))
}

/// The host that a notice names as its writer.
pub(super) fn reporter(notice: &Notice<'_>) -> Option<String> {
    let lines = if notice.may_say().any(List::Reporter) { notice.prose().lines.as_slice() } else { &[] };
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
