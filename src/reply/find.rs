//! Where in a text the codes of a reply stand, and which of several are meant.
//!
//! In: a diagnostic. Out: the codes and their places. Measures, ports, dates, versions and addresses look like codes and are none.

use super::{EnhancedCode, ReplyCode};
use crate::bits::places;

/// Words that make the number before them a measure and no reply code.
const UNITS: &[&str] = &[
    "bytes",
    "byte",
    "octets",
    "kb",
    "mb",
    "kib",
    "mib",
    "kbytes",
    "mbytes",
    "characters",
    "chars",
    "seconds",
    "second",
    "secs",
    "minutes",
    "mins",
    "hours",
    "hour",
    "days",
    "day",
    "messages",
    "recipients",
    "connections",
    "times",
    "lines",
    "k",
    "m",
    "percent",
    "emails",
    "mails",
    "users",
    "hops",
];

/// Words after which a number names something else.
const BEFORE: &[&str] =
    &["port", "size", "line", "limit", "max", "maximum", "than", "of", "exceeds", "least", "about", "over", "by"];

/// A reply code in a text.
pub(super) struct FoundCode {
    pub(super) code: ReplyCode,
    /// The byte at which it ends.
    pub(super) end: usize,
    /// It stands where a reply begins.
    pub(super) begins: bool,
}

/// The reply code of a diagnostic and the byte at which it ends: the first that stands where a server's reply begins,
/// else the first that merely looks like one. A failure code is preferred to a success code before it.
pub(super) fn find_code(text: &str) -> Option<FoundCode> {
    let bytes = text.as_bytes();
    let mut best: Option<(u8, ReplyCode, usize)> = None;
    for at in places(bytes, |byte| matches!(byte, b'2' | b'4' | b'5')) {
        let end = at + 3;
        // Three digits and no more.
        let is_longer = bytes[..at].last().is_some_and(u8::is_ascii_digit) || bytes.get(end).is_some_and(u8::is_ascii_digit);
        if !is_longer
            && let Some(code) = text.get(at..end).and_then(ReplyCode::parse)
            && let Some(strength) = code_strength(text, at, end)
        {
            let strength = if code.class() == 2 { strength.min(1) } else { strength + 2 };
            if best.is_none_or(|(other, ..)| strength > other) {
                best = Some((strength, code, end));
            }
            if strength >= 4 {
                break;
            }
        }
    }
    best.map(|(strength, code, end)| FoundCode { code, end, begins: strength == 2 || strength >= 4 })
}

/// How surely the three digits at `at..end` are a reply code: 2 where a reply begins, 1 in between, none if they are something else.
fn code_strength(text: &str, at: usize, end: usize) -> Option<u8> {
    let bytes = text.as_bytes();
    let before = text[..at].trim_end_matches([' ', '\t', '\r', '\n']);
    let touches = before.len() == at;
    let last = before.as_bytes().last().copied();
    if touches
        && last.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b'@' | b'_' | b'%' | b'&' | b'+' | b'*'))
    {
        return None;
    }
    if touches && last == Some(b'-') && before.len() >= 2 && bytes[before.len() - 2].is_ascii_alphanumeric() {
        return None; // inside an id or a date
    }
    if touches && matches!(last, Some(b':' | b'=')) {
        let word = before.rsplit([' ', '\t', '\n', '<', '"', '(']).next().unwrap_or_default();
        let inner = &word[..word.len() - 1];
        if word.contains("//") || word.contains('?') || inner.ends_with(|c: char| c.is_ascii_digit()) || inner.contains('[') {
            return None; // a URL, a time or an address
        }
    }
    if touches && matches!(last, Some(b'[' | b'(')) && bytes.get(end).is_some_and(|b| matches!(b, b']' | b')')) {
        return None; // a footnote or a tag
    }
    let after = &text[end..];
    let follows_reply = match after.as_bytes() {
        [] => true,
        [b'-', b'>' | b'-', ..] => false,
        [b'-', next, ..] => !next.is_ascii_digit() || EnhancedCode::read(&after.as_bytes()[1..]).is_some(),
        [b'.', next, ..] if next.is_ascii_digit() => return None,
        [
            b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b',' | b';' | b':' | b')' | b'.' | b'#' | b'-' | b'/' | b'<' | b'\\'
            | b'(',
            ..,
        ] => true,
        [next, ..] => !next.is_ascii(),
    };
    if !follows_reply {
        return None;
    }
    let next_word =
        after.trim_start_matches([' ', '-', '\t']).split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    if starts_with_letter(next_word) && UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(next_word)) {
        return None;
    }
    let last_word = before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    if starts_with_letter(last_word) && BEFORE.iter().any(|word| word.eq_ignore_ascii_case(last_word)) {
        return None;
    }
    let rest = after.trim_start_matches([' ', '-', '\t', '#', '(']);
    let enhanced_follows = EnhancedCode::read(rest.as_bytes()).is_some();
    let begins = match last {
        None => true,
        Some(b':' | b';' | b'"' | b'\'' | b'(' | b'<' | b'>' | b'#' | b'=' | b'|' | b'[') => true,
        Some(_) => matches!(
            last_word.to_ascii_lowercase().as_str(),
            "said"
                | "error"
                | "code"
                | "smtp"
                | "returned"
                | "response"
                | "reply"
                | "replied"
                | "status"
                | "reason"
                | "with"
                | "dsn"
        ),
    };
    // At the start of a line a reply begins, too.
    let line_start = text[before.len()..at].contains('\n');
    Some(if begins || line_start || enhanced_follows { 2 } else { 1 })
}

/// Whether a word is worth a look through a list of words; most codes stand beside another code or a sign.
fn starts_with_letter(word: &str) -> bool {
    word.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
}

/// The enhanced code right behind a reply code that ends at `end`.
pub(super) fn paired(text: &str, end: usize) -> Option<EnhancedCode> {
    let rest = text[end..].trim_start_matches([' ', '-', '\t', '#', '(', ':', ';', '[', '\'', '"']);
    enhanced_at(text.as_bytes(), text.len() - rest.len())
}

/// The reply that stands behind one that only says that the queue time ran out: `554 4.4.7 expired <421 4.4.2 timed out>`.
pub(super) fn last_real_reply(text: &str, from: usize) -> Option<(usize, Option<ReplyCode>, EnhancedCode)> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at + 5 <= bytes.len() {
        if matches!(bytes[at], b'4' | b'5')
            && let Some(enhanced) = enhanced_at(bytes, at)
            && enhanced.is_exact()
            && !enhanced.is_expiry()
        {
            let before = text[..at].trim_end_matches([' ', '-', '#', '(']);
            let digits = before.get(before.len().saturating_sub(3)..).unwrap_or_default();
            let stands_alone = before.len().checked_sub(4).is_none_or(|left| !before.as_bytes()[left].is_ascii_alphanumeric());
            let code = ReplyCode::parse(digits).filter(|_| stands_alone && before.len() >= from + 3);
            let start = if code.is_some() { before.len() - 3 } else { at };
            return Some((start, code, enhanced));
        }
        at += 1;
    }
    None
}

/// The enhanced code of a diagnostic: the first that is exact, else the first.
pub(super) fn find_enhanced(text: &str) -> Option<EnhancedCode> {
    let bytes = text.as_bytes();
    let mut first = None;
    for at in places(bytes, |byte| byte == b'.').filter_map(|dot| dot.checked_sub(1)) {
        if matches!(bytes[at], b'2' | b'4' | b'5')
            && let Some(code) = enhanced_at(bytes, at)
        {
            if code.is_exact() && code.class != 2 {
                return Some(code);
            }
            first = first.or(Some(code));
        }
    }
    first
}

/// An enhanced code that stands alone at `at`: no part of an address, a version or a longer number.
fn enhanced_at(bytes: &[u8], at: usize) -> Option<EnhancedCode> {
    if at > 0 && matches!(bytes[at - 1], b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'_' | b'/' | b'@') {
        return None;
    }
    if at > 1 && bytes[at - 1] == b'-' && bytes[at - 2].is_ascii_alphabetic() {
        return None; // foo-5.1.1, a version
    }
    let (code, length) = EnhancedCode::read(bytes.get(at..)?)?;
    match bytes[at + length..] {
        [b'.', next, ..] if next.is_ascii_digit() => None,
        [b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'@', ..] => None,
        _ => Some(code),
    }
}
