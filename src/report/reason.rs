//! The lines below an address → why it failed: the paragraph that quotes a reply, its codes, the host and the stage.
//!
//! In: lines of prose. Out: the best paragraph, and the reply in it without the frame that the reporting system wrote around it.

use std::cell::OnceCell;
use std::ops::Range;

use super::DIAGNOSTIC_READ;
use super::host::{host_in, labelled_host};
use super::text::trim_start;
use crate::limits::cut;
use crate::reply::{Command, EnhancedCode, Reply, ReplyCode};

/// What some lines of prose give as the reason.
#[derive(Debug, Default)]
pub(super) struct Reason {
    paragraphs: Vec<String>,
    /// The paragraph that quotes a reply, else the first.
    best: usize,
    /// Where the frame before the reply ends.
    frame: usize,
    /// The reply in it, or the whole where none can be told apart.
    reply: Range<usize>,
    pub(super) code: Option<ReplyCode>,
    pub(super) enhanced: Option<EnhancedCode>,
    host: OnceCell<Option<String>>,
    command: OnceCell<Option<Command>>,
}

/// Room for most paragraphs.
const PARAGRAPH: usize = 512;
/// Most paragraphs that are looked at for one recipient.
const PARAGRAPHS: usize = 64;

impl Reason {
    pub(super) fn of<'l>(lines: impl Iterator<Item = &'l str>) -> Self {
        let paragraphs = paragraphs(lines);
        let mut best: Option<(u8, usize, Reply<'_>)> = None;
        for (at, text) in paragraphs.iter().enumerate() {
            let reply = Reply::parse(text);
            let rank =
                if reply.code.is_some_and(is_failure) { 2 } else { u8::from(reply.enhanced.is_some_and(|code| code.class != 2)) };
            if best.as_ref().is_none_or(|(known, ..)| rank > *known) {
                best = Some((rank, at, reply));
            }
            if rank == 2 {
                break;
            }
        }
        let Some((_, best, reply)) = best else { return Self::default() };
        let code = reply.code.filter(|code| is_failure(*code));
        let enhanced = reply.enhanced.filter(|code| code.class != 2);
        let frame = reply.at.unwrap_or(0);
        let reply = without_frame(&paragraphs[best], reply.at);
        Self { paragraphs, best, frame, reply, code, enhanced, ..Self::default() }
    }

    /// Whether a reply is quoted.
    pub(super) fn quotes_reply(&self) -> bool {
        self.code.is_some() || self.enhanced.is_some()
    }

    /// The paragraph that quotes a reply, else the first; lines joined.
    pub(super) fn text(&self) -> &str {
        self.paragraphs.get(self.best).map_or("", String::as_str)
    }

    /// The reply in it, or the whole where none can be told apart.
    pub(super) fn diagnostic(&self) -> &str {
        self.text().get(self.reply.clone()).unwrap_or_default()
    }

    /// The host that is said to have answered.
    pub(super) fn host(&self) -> Option<&str> {
        let find = || {
            let frame = &self.text()[..self.frame];
            host_in(frame)
                .or_else(|| host_in(self.text()))
                .or_else(|| self.paragraphs.iter().find_map(|text| labelled_host(text)))
        };
        self.host.get_or_init(find).as_deref()
    }

    /// The stage that is said to have been answered.
    pub(super) fn command(&self) -> Option<Command> {
        let find = || Command::find(self.text()).or_else(|| self.paragraphs.iter().find_map(|text| Command::find(text)));
        *self.command.get_or_init(find)
    }
}

fn is_failure(code: ReplyCode) -> bool {
    code.class() != 2
}

/// The paragraphs of some lines, each joined to one line and cut.
fn paragraphs<'l>(lines: impl Iterator<Item = &'l str>) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = String::new();
    for line in lines {
        let line = trim_start(line);
        let is_rule = line.len() > 3 && line.chars().all(|c| matches!(c, '-' | '=' | '_' | '*' | '#' | '~'));
        if line.is_empty() || is_rule {
            if open.len() > 2 {
                paragraphs.push(std::mem::take(&mut open));
            }
            open.clear();
            if paragraphs.len() >= PARAGRAPHS {
                break;
            }
        } else if open.len() < DIAGNOSTIC_READ {
            if open.is_empty() {
                open.reserve(PARAGRAPH);
            } else {
                open.push(' ');
            }
            open.push_str(cut(line, DIAGNOSTIC_READ - open.len().min(DIAGNOSTIC_READ)));
        }
    }
    if open.len() > 2 {
        paragraphs.push(open);
    }
    paragraphs
}

/// What reporting systems write behind a reply, each behind a space; [`without_frame`] knows their first letters.
const BEHIND: &[&str] = &[
    "(in reply to ",
    "giving up on ",
    "i'm not going to try again",
    "[rcpt_to]",
    "[mail_from]",
    "[data]",
    "in rcpt to",
    "##",
    "remote system: dns;",
    "--- ",
];

/// Where the reply of a text stands, without what the reporting system wrote around it.
pub(super) fn without_frame(text: &str, reply_at: Option<usize>) -> Range<usize> {
    let Some(start) = reply_at else { return 0..text.len() };
    let mut reply = &text[start..];
    let begins = |behind: &[u8]| {
        BEHIND.iter().any(|mark| behind.len() >= mark.len() && behind[..mark.len()].eq_ignore_ascii_case(mark.as_bytes()))
    };
    let bytes = reply.as_bytes();
    let mut pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default()).enumerate();
    // The first letter tells nearly all words from those.
    let may_begin = |(_, (space, first)): &(usize, (&u8, &u8))| {
        **space == b' ' && matches!(first, b'(' | b'g' | b'G' | b'i' | b'I' | b'[' | b'#' | b'r' | b'R' | b'-')
    };
    while let Some((end, _)) = pairs.find(may_begin) {
        if begins(&bytes[end + 1..]) {
            reply = &reply[..end];
            break;
        }
    }
    let closing = match text[..start].chars().next_back() {
        Some('\'') => Some('\''),
        Some('"') => Some('"'),
        Some('(') => Some(')'),
        Some('<') => Some('>'),
        Some('[') => Some(']'),
        _ => None,
    };
    if let Some(end) = closing.and_then(|mark| reply.rfind(mark)).filter(|&end| end > 3) {
        reply = &reply[..end];
    }
    let trimmed = reply.trim_start();
    let start = start + reply.len() - trimmed.len();
    let reply = trimmed.trim_end();
    let reply = if reply.contains('(') { reply } else { reply.trim_end_matches(')') };
    start..start + reply.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_reply(text: &str, diagnostic: &str, host: Option<&str>) {
        let reason = Reason::of(text.lines());
        assert_eq!(reason.diagnostic(), diagnostic);
        assert_eq!(reason.host(), host, "{text}");
    }

    #[test]
    fn the_frame_around_a_reply_is_left_out() {
        assert_reply(
            "host mx.example.com[192.0.2.1] said: 550 5.1.1\n    <jo@example.com>: unknown (in reply to RCPT TO command)",
            "550 5.1.1 <jo@example.com>: unknown",
            Some("mx.example.com"),
        );
        assert_reply(
            "192.0.2.25 does not like recipient.\nRemote host said: 550 5.1.1 unknown\nGiving up on 192.0.2.25.",
            "550 5.1.1 unknown",
            Some("192.0.2.25"),
        );
        assert_reply(
            "Remote Server at example.com (192.0.2.3) returned '550 5.1.1 it's unknown'",
            "550 5.1.1 it's unknown",
            Some("example.com"),
        );
        assert_reply("(reason: 550 Host unknown)", "550 Host unknown", None);
        assert_reply("Sorry, no mailbox here by that name. (#5.1.1)", "Sorry, no mailbox here by that name. (#5.1.1)", None);
    }

    #[test]
    fn whatever_stands_behind_a_reply_is_left_out() {
        for mark in BEHIND {
            for mark in [mark.to_string(), mark.to_uppercase()] {
                let text = format!("550 no such user {mark} and more");
                assert_eq!(&text[without_frame(&text, Some(0))], "550 no such user", "{mark}");
            }
        }
    }

    #[test]
    fn the_paragraph_that_quotes_a_reply_is_the_reason() {
        let reason = Reason::of("Your message was not delivered.\n\nReason:\n\n554 5.7.1 no".lines());
        assert_eq!(reason.text(), "554 5.7.1 no");
    }
}
