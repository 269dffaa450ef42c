//! The lines below an address → why it failed: the paragraph that quotes a reply, its codes, the host and the stage.
//!
//! In: lines of prose. Out: the best paragraph, and the reply in it without the frame that the reporting system wrote around it.

use std::cell::OnceCell;
use std::ops::Range;

use super::DIAGNOSTIC_READ;
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
        let line = line.trim();
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
                open.reserve(2 * line.len() + 64); // a line or two more
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

/// What reporting systems write behind a reply, each behind a space.
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
    let begins_behind = |at: &usize| {
        let behind = &reply.as_bytes()[at + 1..];
        BEHIND.iter().any(|mark| behind.len() >= mark.len() && behind[..mark.len()].eq_ignore_ascii_case(mark.as_bytes()))
    };
    if let Some(end) = memchr::memchr_iter(b' ', reply.as_bytes()).find(begins_behind) {
        reply = &reply[..end];
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

/// Words after which a reporting system names the host that answered.
const BEFORE_HOST: &[&str] = &[
    "host: ",
    "hosts ",
    "host ",
    "while talking to ",
    "talking to ",
    "connected to ",
    "connect to ",
    "connecting to ",
    "connection to ",
    "remote server ",
    "remote server (",
    "remote host ",
    "recipient domain by ",
    "rejected by: ",
    "rejected by ",
    "server for the recipient domain ",
    "remote mta ",
    "remote-mta: ",
    "receiving server: ",
    "server: ",
    "smtp server <",
    "smtp server ",
    "mail server ",
    "by the server ",
    "remote system: dns;",
    "server at ",
    "read error from ",
    " by ",
    "with ",
];

/// The host that a reason names as the one that answered.
pub(super) fn host_in(text: &str) -> Option<String> {
    before_address_literal(text).or_else(|| host_behind(text, BEFORE_HOST)).or_else(|| {
        // qmail: "192.0.2.1 does not like recipient", "192.0.2.1 failed after I sent the message"
        let first = text.split_whitespace().next()?.trim_matches(|c| matches!(c, '[' | ']'));
        let follows = ["does not like", "failed after i sent", "did not like our", "failed on"];
        let follows = || follows.iter().find_map(|mark| find_ignore_case(text, mark)).is_some_and(|at| at < 120);
        (is_host(first) && follows()).then(|| first.to_owned())
    })
}

/// Labels of a host.
const LABELS: &[&str] = &["remote-mta:", "remote mta:", "receiving server:", "rejected by:", "remote system:", "remote server:"];

/// A host behind a label of its own.
fn labelled_host(text: &str) -> Option<String> {
    host_behind(text, LABELS)
}

/// The host behind one of some words, the earlier of which in their list is the surer.
///
/// Hosts are fewer than places where such a word could stand, so they are looked for first, by their dots.
fn host_behind(text: &str, words: &[&str]) -> Option<String> {
    let mut best: Option<(usize, &str)> = None;
    let mut from = 0;
    while let Some(dot) = memchr::memchr(b'.', &text.as_bytes()[from..]).map(|at| from + at) {
        let start = text[from..dot].rfind(is_separator).map_or(from, |at| from + at);
        let start = start + text[start..].chars().next().filter(|&c| is_separator(c)).map_or(0, char::len_utf8);
        let end = text[dot..].find(is_separator).map_or(text.len(), |at| dot + at);
        let host = text[start..end].trim_matches(|c: char| !c.is_ascii_alphanumeric());
        from = end;
        if !is_host(host) {
            continue;
        }
        let lead = &text[..start];
        // One bracket or sign may stand between.
        let without_sign = lead.strip_suffix(|c: char| is_separator(c) && !c.is_whitespace());
        let rank = std::iter::once(lead).chain(without_sign).filter_map(|lead| closing_word(lead, words)).min();
        if let Some(rank) = rank
            && best.is_none_or(|(known, _)| rank < known)
        {
            best = Some((rank, host));
        }
    }
    best.map(|(_, host)| host.to_owned())
}

/// Which of some words a text ends with, white space or a `dns;` behind it aside.
fn closing_word(lead: &str, words: &[&str]) -> Option<usize> {
    let trimmed = lead.trim_end();
    let is_last = |lead: &str, word: &str| {
        let core = word.trim_end();
        let trimmed = lead.trim_end();
        trimmed.len() >= core.len()
            && trimmed.as_bytes()[trimmed.len() - core.len()..].eq_ignore_ascii_case(core.as_bytes())
            && (core.len() == word.len() || lead[trimmed.len()..].starts_with(' '))
    };
    let position = |lead: &str| words.iter().position(|word| is_last(lead, word));
    position(lead).or_else(|| position(trimmed.strip_suffix("dns;")?))
}

/// What ends a word in which a host may stand.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '[' | '(' | '<' | '>' | ')' | ']' | ':')
}

fn is_host(host: &str) -> bool {
    let mut dots = 0;
    let mut after_dot = false;
    let is_name = host.bytes().all(|byte| {
        let is_dot = byte == b'.';
        let known = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || (is_dot && !after_dot);
        dots += usize::from(is_dot);
        after_dot = is_dot;
        known
    });
    is_name && dots > 0 && host.len() <= 255 && EnhancedCode::parse(host).is_none()
}

/// The name that stands right before an address in brackets: `mx.example.com[192.0.2.1]`, `mx.example.com [192.0.2.1]:`.
fn before_address_literal(text: &str) -> Option<String> {
    let mut from = 0;
    for _ in 0..8 {
        let open = from + text[from..].find('[')?;
        from = open + 1;
        let inner = &text[from..];
        let close = inner.find(']').filter(|&close| close <= 45)?;
        let inner = inner[..close].strip_prefix("IPv6:").unwrap_or(&inner[..close]);
        let is_address = inner.len() >= 3
            && inner.contains(['.', ':'])
            && inner.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':'));
        let word = text[..open]
            .trim_end_matches([' ', ':', '('])
            .rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '<' | ':' | ',' | '"'))
            .next()
            .unwrap_or_default()
            .trim_end_matches('.');
        // `from pc.example.org [192.0.2.7]` is whom the message came from.
        let lead = text[..open].trim_end_matches([' ', ':', '(']).trim_end_matches('.');
        let is_client = lead[..lead.len() - word.len()].trim_end().ends_with("from");
        if is_address && !is_client && is_host(word) && word.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            return Some(word.to_owned());
        }
    }
    None
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
    fn the_paragraph_that_quotes_a_reply_is_the_reason() {
        let reason = Reason::of("Your message was not delivered.\n\nReason:\n\n554 5.7.1 no".lines());
        assert_eq!(reason.text(), "554 5.7.1 no");
    }
}
