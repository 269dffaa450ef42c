//! The prose of a mail: the lines that its writer wrote, and the original that it quotes below.
//!
//! In: a mail taken apart. Out: lines, the quoted original cut off, and the same as one lower-case text for looking up words.

use super::words::{ORIGINAL_FOLLOWS, ends_with_ignore_case, push_lower, says};
use crate::bits::{is_ascii, places};
use crate::limits::{PROSE_LINES, TEXT_BYTES, cut};
use crate::mail::{Mail, Part};
use crate::reply::Reply;

/// The prose of a mail.
#[derive(Debug, Default)]
pub(super) struct Prose<'m> {
    /// The writer's own lines, before the quoted original, without white space at their ends.
    pub(super) lines: Vec<&'m str>,
    /// The lines of the quoted original, where it stands in the same text.
    pub(super) quoted: Vec<&'m str>,
    /// The lines as one lower-case text, quoted lines left out.
    pub(super) words: String,
    /// Whether lines were left out of them.
    pub(super) has_quotes: bool,
    /// Not all lines were read.
    pub(super) cut: bool,
}

impl<'m> Prose<'m> {
    pub(super) fn of(mail: &'m Mail<'m>) -> Self {
        let (texts, mut cut) = texts(mail);
        let mut source = texts.iter().flat_map(|text| lines(text)).map(trim_end);
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        let mut lines: Vec<&str> = Vec::with_capacity((bytes / 24 + 8).min(PROSE_LINES));
        lines.extend(source.by_ref().take(PROSE_LINES));
        cut |= source.next().is_some();
        let quoted = original_start(&lines).map(|at| lines.split_off(at)).unwrap_or_default();
        let (words, has_quotes) = words(&lines);
        Self { lines, quoted, words, has_quotes, cut }
    }

    /// Whether a line quotes a server's refusal, whatever language stands around it.
    pub(super) fn quotes_reply(&self) -> bool {
        self.lines.iter().take(200).any(|line| {
            let reply = Reply::parse(cut(line, 1_000));
            reply.at.is_some() && reply.code.is_some_and(|code| code.class() != 2)
        })
    }
}

/// The lines of a text, of which the last may be empty.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut from = Some(0);
    let mut ends = places(text.as_bytes(), |byte| byte == b'\n');
    std::iter::from_fn(move || {
        let start = from?;
        let end = ends.next();
        from = end.map(|end| end + 1);
        Some(&text[start..end.unwrap_or(text.len())])
    })
}

/// A line without the white space that it begins with, which is nearly always of ASCII, and so no character need be taken apart.
pub(super) fn trim_start(line: &str) -> &str {
    if line.as_bytes().first().is_none_or(u8::is_ascii_graphic) {
        return line;
    }
    let line = line.trim_ascii_start();
    if line.as_bytes().first().is_none_or(u8::is_ascii_graphic) { line } else { line.trim_start() }
}

/// A line without the white space that it ends with.
pub(super) fn trim_end(line: &str) -> &str {
    if line.as_bytes().last().is_none_or(u8::is_ascii_graphic) { line } else { line.trim_end() }
}

/// The lines as one lower-case text, quoted lines left out, typographic apostrophes made plain; whether any were left out.
fn words(lines: &[&str]) -> (String, bool) {
    let mut has_quotes = false;
    let mut words = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        let line = trim_start(line);
        if line.starts_with(['>', '|']) && !line.starts_with(">>>") {
            has_quotes = true;
            continue;
        }
        if is_ascii(line) {
            words.push_str(line);
        } else {
            words.push_str(&line.to_lowercase().replace('\u{2019}', "'"));
        }
        words.push(' ');
    }
    // The lines in ASCII all at once.
    words.make_ascii_lowercase();
    (words, has_quotes)
}

/// The texts for people: the parts before the report and the returned message; HTML only where plain text names nobody.
fn texts<'m>(mail: &'m Mail<'m>) -> (Vec<&'m str>, bool) {
    let stop = mail
        .parts
        .iter()
        .position(|part| part.media_type.starts_with("message/") || part.is_original())
        .unwrap_or(mail.parts.len());
    let (before, after) = mail.parts.split_at(stop);
    let mut cut = false;
    let mut texts = wanted(before, |part| part.is_text() && !part.is_html() && !part.is_alternative, &mut cut);
    if !texts.iter().any(|text| memchr::memchr(b'@', text.as_bytes()).is_some()) {
        texts.extend(wanted(before, |part| part.is_html() || (part.is_text() && part.is_alternative), &mut cut));
    }
    if texts.iter().all(|text| text.trim_start().is_empty()) {
        texts = wanted(after, |part| part.is_text() && !part.is_alternative, &mut cut);
    }
    (texts, cut)
}

fn wanted<'m>(parts: &'m [Part<'m>], wanted: impl Fn(&Part<'_>) -> bool, cut: &mut bool) -> Vec<&'m str> {
    let mut texts = Vec::new();
    let mut bytes = 0;
    for part in parts.iter().filter(|part| wanted(part)) {
        if bytes > TEXT_BYTES {
            *cut = true;
            break;
        }
        *cut |= part.is_cut();
        let text = part.text();
        bytes += text.len() + 1;
        texts.push(text);
    }
    texts
}

/// A line of so many bytes announces nothing.
const ANNOUNCEMENT: usize = 160;

/// The line where the quoted original begins: behind a sentence that announces it, or where a run of header fields stands.
fn original_start(lines: &[&str]) -> Option<usize> {
    let mut text_before = false;
    let mut lower = String::with_capacity(2 * ANNOUNCEMENT);
    for (at, line) in lines.iter().enumerate() {
        let trimmed = trim_start(line);
        if trimmed.is_empty() {
            continue;
        }
        if text_before && trimmed.len() < ANNOUNCEMENT && announces_original(trimmed, &lines[at + 1..], &mut lower) {
            return Some(at);
        }
        if text_before && is_header_field(line) && begins_header(&lines[at..]) {
            return Some(at);
        }
        text_before |= trimmed.len() > 8 && !trimmed.starts_with("--");
    }
    None
}

/// Whether a line announces that the original stands below it; `lower` is room to work in.
fn announces_original(line: &str, rest: &[&str], lower: &mut String) -> bool {
    let begins_rule = matches!(line.as_bytes().first(), Some(b'-' | b'=' | b'_' | b'|' | b'*'));
    let ends = match line.as_bytes().last() {
        Some(last) if last.is_ascii() => matches!(last, b':' | b'.' | b'-' | b'=' | b']' | b'|'),
        _ => line.ends_with(['：', '。']),
    };
    let is_set_off = begins_rule || ends || matches!(line.as_bytes().first(), Some(b'#' | b'<'));
    // "follow" and "below" have a letter in common that few words have.
    let follows = memchr::memchr2_iter(b'w', b'W', line.as_bytes())
        .any(|at| line.get(..at).is_some_and(|lead| ["follo", "belo"].iter().any(|word| ends_with_ignore_case(lead, word))));
    if !(is_set_off || follows) {
        return false;
    }
    lower.clear();
    push_lower(lower, line);
    if !ORIGINAL_FOLLOWS.is_in(lower) {
        return false;
    }
    // "The following addresses did not receive a copy of your message" speaks of recipients.
    if says(lower, &["following address", "following recipient", "not receive a copy"]) {
        return false;
    }
    // A sentence may speak of the original without showing it: then the report goes on with a reply.
    let mut soon = rest.iter().take(60).filter(|line| !line.is_empty()).take(6).peekable();
    begins_rule || follows || soon.peek().is_none() || soon.any(|line| field_like(line.trim_start_matches(['>', ' ', '\t', '|'])))
}

fn field_like(line: &str) -> bool {
    let name = line.bytes().take(59).take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).count();
    name > 0 && line.as_bytes().get(name) == Some(&b':')
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
fn begins_header(lines: &[&str]) -> bool {
    let mut fields = 0;
    let mut sure = false;
    for line in lines.iter().take(12) {
        let line = line.strip_prefix('>').unwrap_or(line);
        if line.trim_start().is_empty() {
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn white_space_around_a_line_is_that_of_unicode(line in "[ \t\u{b}\u{85}\u{2003}aé]{0,9}") {
            prop_assert_eq!((trim_start(&line), trim_end(&line)), (line.trim_start(), line.trim_end()));
        }
    }

    #[test]
    fn the_quoted_original_is_cut_off() {
        let mail = Mail::parse(
            b"Subject: x\n\nNot delivered to you:\n\njo@example.com\n\n--- Below this line is a copy of the message.\n\nTo: other@example.com\n",
        );
        let prose = Prose::of(&mail);
        assert_eq!(prose.lines.len(), 4);
        assert!(prose.quoted.contains(&"To: other@example.com"));
        let mail = Mail::parse(b"Subject: x\n\nNot delivered.\n\nReceived: from a\n by b\nMessage-ID: <a@b>\nTo: c\n\nbody");
        let prose = Prose::of(&mail);
        assert_eq!(prose.lines, ["Not delivered.", ""]);
    }

    #[test]
    fn those_who_got_no_copy_are_not_the_original() {
        let mail =
            Mail::parse(b"Subject: x\n\nThe following addresses did NOT receive a copy of your message:\n\n> jo@example.com\n");
        assert!(Prose::of(&mail).quoted.is_empty());
    }
}
