//! The host that a reason names as the one that answered.
//!
//! In: a text. Out: the host, by the address in brackets behind it, by the words before it, or by a label of its own.

use super::words::{ends_with_ignore_case, find_ignore_case};
use crate::bits::places;
use crate::reply::EnhancedCode;

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
pub(super) fn labelled_host(text: &str) -> Option<String> {
    host_behind(text, LABELS)
}

/// The host behind one of some words, the earlier of which in their list is the surer.
///
/// Hosts are fewer than places where such a word could stand, so they are looked for first, by their dots.
fn host_behind(text: &str, words: &[&str]) -> Option<String> {
    let mut best: Option<(usize, &str)> = None;
    let mut from = 0;
    for dot in places(text.as_bytes(), |byte| byte == b'.') {
        if dot < from {
            continue;
        }
        let end = word_end(text, dot + 1);
        // Most dots end a sentence and are in no host.
        if end == dot + 1 {
            from = end;
            continue;
        }
        let start = word_start(text, from, dot);
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
    let position = |lead: &str| {
        let trimmed = lead.trim_end();
        let has_space = lead[trimmed.len()..].starts_with(' ');
        words.iter().position(|word| match word.strip_suffix(' ') {
            Some(core) => has_space && ends_with_ignore_case(trimmed, core),
            None => ends_with_ignore_case(trimmed, word),
        })
    };
    position(lead).or_else(|| position(lead.trim_end().strip_suffix("dns;")?))
}

/// What ends a word in which a host may stand.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '[' | '(' | '<' | '>' | ')' | ']' | ':')
}

/// Where the word ends that goes on at a byte. Nearly all of them are ASCII, of which each byte is looked up.
fn word_end(text: &str, from: usize) -> usize {
    let rest = &text.as_bytes()[from..];
    let end = from + rest.iter().position(|&byte| ENDS_ASCII[usize::from(byte)]).unwrap_or(rest.len());
    if text.as_bytes().get(end).is_none_or(u8::is_ascii) {
        return end;
    }
    end + text[end..].find(is_separator).unwrap_or(text.len() - end)
}

/// Where the word begins that goes on at `to`, not before `from`.
fn word_start(text: &str, from: usize, to: usize) -> usize {
    let lead = &text.as_bytes()[from..to];
    let start = from + lead.iter().rposition(|&byte| ENDS_ASCII[usize::from(byte)]).map_or(0, |at| at + 1);
    if start == from || text.as_bytes()[start - 1].is_ascii() {
        return start;
    }
    let word = text[from..start].chars().rev().take_while(|&c| !is_separator(c)).map(char::len_utf8).sum::<usize>();
    start - word
}

/// The bytes that [`is_separator`] as characters, and those that are no ASCII.
const ENDS_ASCII: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        ends[byte] = byte >= 128
            || matches!(byte as u8, b'\t'..=b'\r' | b' ' | b',' | b';' | b'[' | b'(' | b'<' | b'>' | b')' | b']' | b':');
        byte += 1;
    }
    ends
};

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
        let open = from + memchr::memchr(b'[', &text.as_bytes()[from..])?;
        from = open + 1;
        let inner = &text[from..];
        let close = memchr::memchr(b']', inner.as_bytes()).filter(|&close| close <= 45)?;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_word_goes_as_far_as_no_character_separates(
            text in "[a.é\u{2003}\u{85} ,<]{0,12}",
            place in any::<proptest::sample::Index>(),
            from in any::<proptest::sample::Index>(),
        ) {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let place = *place.get(&places);
            let from = (*from.get(&places)).min(place);
            let end = text[place..].find(is_separator).map_or(text.len(), |at| place + at);
            let word = text[from..place].chars().rev().take_while(|&c| !is_separator(c)).map(char::len_utf8).sum::<usize>();
            prop_assert_eq!((word_start(&text, from, place), word_end(&text, place)), (place - word, end));
        }
    }
}
