//! The prose of a mail: the lines that its writer wrote, and the original that it quotes below.
//!
//! In: a mail taken apart. Out: lines, the quoted original cut off, and the same as one lower-case text for looking up words.

use super::words::{ORIGINAL_FOLLOWS, says};
use crate::limits::{PROSE_LINES, TEXT_BYTES, cut};
use crate::mail::{Mail, Part};
use crate::reply::Reply;

/// The prose of a mail.
#[derive(Debug, Default)]
pub(super) struct Prose {
    /// The writer's own lines, before the quoted original.
    pub(super) lines: Vec<String>,
    /// The quoted original, where it stands in the same text.
    pub(super) quoted: Option<String>,
    /// The lines as one lower-case text, quoted lines left out.
    pub(super) words: String,
    /// Not all lines were read.
    pub(super) cut: bool,
}

impl Prose {
    pub(super) fn of(mail: &Mail<'_>) -> Self {
        let (text, mut cut) = text(mail);
        let mut source = text.lines();
        let mut lines: Vec<String> = source.by_ref().take(PROSE_LINES).map(plain_spaces).collect();
        cut |= source.next().is_some();
        let quoted = original_start(&lines).map(|at| lines.split_off(at).join("\n"));
        let mut words = String::with_capacity(text.len());
        for line in &lines {
            let line = line.trim();
            if line.starts_with(['>', '|']) && !line.starts_with(">>>") {
                continue;
            }
            words.push_str(&line.to_lowercase());
            words.push(' ');
        }
        if words.contains('\u{2019}') {
            words = words.replace('\u{2019}', "'");
        }
        Self { lines, quoted, words, cut }
    }
}

impl Prose {
    /// Whether a line quotes a server's refusal, whatever language stands around it.
    pub(super) fn quotes_reply(&self) -> bool {
        self.lines.iter().take(200).any(|line| {
            let reply = Reply::parse(cut(line, 1_000));
            reply.at.is_some() && reply.code.is_some_and(|code| code.class() != 2)
        })
    }
}

fn plain_spaces(line: &str) -> String {
    let line = line.trim_end();
    if line.contains(['\u{A0}', '\u{3000}']) { line.replace(['\u{A0}', '\u{3000}'], " ") } else { line.to_owned() }
}

/// The text for people: the parts before the report and the returned message; HTML only where plain text names nobody.
fn text(mail: &Mail<'_>) -> (String, bool) {
    let stop = mail
        .parts
        .iter()
        .position(|part| part.media_type.starts_with("message/") || part.is_original())
        .unwrap_or(mail.parts.len());
    let (before, after) = mail.parts.split_at(stop);
    let mut cut = false;
    let mut text = join(before, |part| part.is_text() && !part.is_html() && !part.is_alternative, &mut cut);
    if !text.contains('@') {
        text.push_str(&join(before, |part| part.is_html() || (part.is_text() && part.is_alternative), &mut cut));
    }
    if text.trim().is_empty() {
        text = join(after, |part| part.is_text() && !part.is_alternative, &mut cut);
    }
    (text, cut)
}

fn join(parts: &[Part<'_>], wanted: impl Fn(&Part<'_>) -> bool, cut: &mut bool) -> String {
    let mut joined = String::new();
    for part in parts.iter().filter(|part| wanted(part)) {
        if joined.len() > TEXT_BYTES {
            *cut = true;
            break;
        }
        *cut |= part.is_cut();
        joined.push_str(&part.text());
        joined.push('\n');
    }
    joined
}

/// The line where the quoted original begins: behind a sentence that announces it, or where a run of header fields stands.
fn original_start(lines: &[String]) -> Option<usize> {
    let mut text_before = false;
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim();
        if text_before && trimmed.len() < 160 && announces_original(trimmed, &lines[at + 1..]) {
            return Some(at);
        }
        if text_before && is_header_field(line) && begins_header(&lines[at..]) {
            return Some(at);
        }
        text_before |= trimmed.len() > 8 && !trimmed.starts_with("--");
    }
    None
}

fn announces_original(line: &str, rest: &[String]) -> bool {
    let lower = line.to_lowercase();
    // "The following addresses did not receive a copy of your message" speaks of recipients.
    if says(&lower, &["following address", "following recipient", "not receive a copy"]) {
        return false;
    }
    let follows = lower.contains("follow") || lower.contains("below");
    let rule = line.starts_with(['-', '=', '_', '|', '*', '#', '<'])
        || line.ends_with([':', '.', '-', '=', ']', '|', '：', '。'])
        || follows;
    if !(rule && ORIGINAL_FOLLOWS.are_in(&lower)) {
        return false;
    }
    // A sentence may speak of the original without showing it: then the report goes on with a reply.
    let mut soon = rest.iter().take(60).filter(|line| !line.trim().is_empty()).take(6).peekable();
    line.starts_with(['-', '=', '|', '_', '*'])
        || follows
        || soon.peek().is_none()
        || soon.any(|line| field_like(line.trim_start_matches(['>', ' ', '\t', '|'])))
}

fn field_like(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.len() < 60
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    })
}

fn is_header_field(line: &str) -> bool {
    let line = line.strip_prefix('>').unwrap_or(line);
    let line = line.strip_prefix(' ').unwrap_or(line);
    line.starts_with(|c: char| c.is_ascii_alphabetic()) && field_like(line)
}

/// Fields whose presence at the left margin makes a run of fields a quoted header.
const HEADER_FIELDS: &[&str] = &[
    "received",
    "return-path",
    "message-id",
    "mime-version",
    "content-type",
    "dkim-signature",
    "delivered-to",
    "x-mailer",
    "user-agent",
    "content-transfer-encoding",
    "x-originating-ip",
    "domainkey-signature",
    "arc-seal",
    "x-received",
];

/// Whether several fields of a message header follow one another here.
fn begins_header(lines: &[String]) -> bool {
    let mut fields = 0;
    let mut sure = false;
    for line in lines.iter().take(12) {
        let line = line.strip_prefix('>').unwrap_or(line);
        if line.trim().is_empty() {
            break;
        }
        if is_header_field(line) {
            fields += 1;
            let name = line.trim_start().split(':').next().unwrap_or_default();
            sure |= HEADER_FIELDS.iter().any(|known| known.eq_ignore_ascii_case(name));
        } else if !line.starts_with([' ', '\t']) && fields == 0 {
            return false;
        }
    }
    fields >= 3 && sure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prose(raw: &str) -> Prose {
        Prose::of(&Mail::parse(raw.as_bytes()))
    }

    #[test]
    fn the_quoted_original_is_cut_off() {
        let prose = prose(
            "Subject: x\n\nNot delivered to you:\n\njo@example.com\n\n--- Below this line is a copy of the message.\n\nTo: other@example.com\n",
        );
        assert_eq!(prose.lines.len(), 4);
        assert!(prose.quoted.is_some_and(|quoted| quoted.contains("other@example.com")));
        let prose = self::prose("Subject: x\n\nNot delivered.\n\nReceived: from a\n by b\nMessage-ID: <a@b>\nTo: c\n\nbody");
        assert_eq!(prose.lines, ["Not delivered.", ""]);
    }

    #[test]
    fn those_who_got_no_copy_are_not_the_original() {
        let prose = prose("Subject: x\n\nThe following addresses did NOT receive a copy of your message:\n\n> jo@example.com\n");
        assert!(prose.quoted.is_none());
    }
}
