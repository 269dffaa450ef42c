//! E-mail addresses as reports write them → plain addresses.

use std::borrow::Cow;
use std::collections::HashSet;

use super::words::{ends_with_ignore_case, lower, push_lower};
use crate::bits::{all, places};
use crate::limits::{ADDRESS_BYTES, DIAGNOSTIC_BYTES, cut};

/// An address out of a field or a line: without type, display name, angle brackets, quotes or comment; domain in lower case,
/// local part as it stands. None where nothing that could be an address is left.
pub(super) fn clean(raw: &str) -> Option<String> {
    // What surrounds an address has its bound, too.
    let mut text = cut(raw.trim(), DIAGNOSTIC_BYTES);
    if let Some(at) = memchr::memchr(b';', text.as_bytes())
        && memchr::memchr3(b'@', b'<', b'"', &text.as_bytes()[..at]).is_none()
        && !text[..at].contains(' ')
    {
        text = text[at + 1..].trim(); // rfc822; utf-8; local; x400; ... (RFC 3464 section 2.1.2, RFC 6533 section 3)
    }
    if let Some(domain) = plain(text) {
        return Some(with_lower_domain(text, domain).into_owned());
    }
    if let Some(found) = in_angle_brackets(text).filter(|found| !found.is_empty()) {
        text = found;
    }
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '\'' | ',' | ';' | ':'));
    let text = text.strip_prefix("mailto:").or_else(|| text.strip_prefix("MAILTO:")).unwrap_or(text);
    let text = unescape(text);
    let text = without_comment(&text);
    // Quotes around the whole address; those around a local part belong to it.
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).trim();
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() || text.len() > ADDRESS_BYTES || has_control(text) {
        return None;
    }
    let Some((local, domain)) = text.rsplit_once('@') else {
        // A bare local name, as delivery agents give it; a sentence is none.
        return (!text.contains(' ') && text.len() <= 64).then(|| text.to_owned());
    };
    // Source routes (RFC 5321 appendix F.2): @relay:user@host
    let local = match local.strip_prefix('@').and_then(|route| route.rsplit_once(':')) {
        Some((_, local)) => local,
        None => local,
    };
    let address = &text[text.len() - domain.len() - 1 - local.len()..];
    if local.is_empty()
        || domain.is_empty()
        || domain.contains([' ', '<', '>', '"'])
        || (local.contains(' ') && !local.starts_with('"'))
    {
        return None;
    }
    Some(with_lower_domain(address, local.len() + 1).into_owned())
}

/// Where the domain begins of a text that is an address and nothing else, of letters, digits and few signs, as nearly all are.
fn plain(text: &str) -> Option<usize> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+');
    let at = text.bytes().position(|byte| !is_plain(&byte)).filter(|&at| text.as_bytes()[at] == b'@')?;
    let (local, domain) = (&text[..at], &text[at + 1..]);
    let is_address = !local.is_empty()
        && !domain.is_empty()
        && text.len() <= ADDRESS_BYTES
        && !domain.ends_with('.')
        && domain.as_bytes().iter().all(is_plain);
    is_address.then_some(at + 1)
}

/// An address with its domain in lower case; `at` is where the domain begins.
fn with_lower_domain(address: &str, at: usize) -> Cow<'_, str> {
    let domain = &address[at..];
    if all(domain.as_bytes(), |byte| byte.is_ascii() & !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(address);
    }
    let mut lower = address[..at].to_owned();
    push_lower(&mut lower, domain);
    Cow::Owned(lower)
}

fn has_control(text: &str) -> bool {
    if text.is_ascii() { text.bytes().any(|byte| byte.is_ascii_control()) } else { text.contains(char::is_control) }
}

fn in_angle_brackets(text: &str) -> Option<&str> {
    let inner = &text[memchr::memchr(b'<', text.as_bytes())? + 1..];
    Some(&inner[..memchr::memchr(b'>', inner.as_bytes()).unwrap_or(inner.len())])
}

fn without_comment(text: &str) -> &str {
    match memchr::memchr_iter(b'(', text.as_bytes()).find(|&at| text[..at].ends_with(' ')) {
        Some(at) => text[..at].trim_end(),
        None => text,
    }
}

/// Undoes the `\x{..}` and `+XX` writings that carry an address through ASCII (RFC 6533 section 3, RFC 3461 section 4).
fn unescape(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\x{") {
        plain.push_str(&rest[..at]);
        let digits = &rest[at + 3..];
        let end = digits.bytes().take(7).position(|byte| byte == b'}');
        match end.and_then(|end| u32::from_str_radix(&digits[..end], 16).ok().and_then(char::from_u32).map(|c| (c, end))) {
            Some((c, end)) => {
                plain.push(c);
                rest = &digits[end + 1..];
            }
            None => {
                plain.push_str("\\x{");
                rest = digits;
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Whether two addresses are the same, letter case ignored.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && a.to_lowercase() == b.to_lowercase())
}

/// Addresses that were seen already, letter case ignored.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The first ones, which are compared one by one.
    few: Vec<String>,
    many: HashSet<String>,
}

impl Seen {
    /// Takes an address in; says whether it is new.
    pub(super) fn insert(&mut self, address: &str) -> bool {
        if self.few.iter().any(|known| same(known, address)) {
            return false;
        }
        if self.few.len() < 8 {
            self.few.push(address.to_owned());
            return true;
        }
        self.many.insert(lower(address))
    }
}

/// An address found in a text: where, and cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found<'t> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) address: Cow<'t, str>,
}

/// The first address in a text.
pub(super) fn first(text: &str) -> Option<String> {
    owned(text).next()
}

/// Every address in a text, in order, without its place.
pub(super) fn owned(text: &str) -> impl Iterator<Item = String> {
    addresses(text).map(|found| found.address.into_owned())
}

/// Every address in a text, in order.
pub(super) fn addresses(text: &str) -> impl Iterator<Item = Found<'_>> {
    addresses_from(text, 0)
}

/// Every address in a text from a byte on, in order; the byte must be the end of a character.
pub(super) fn addresses_from(text: &str, from: usize) -> impl Iterator<Item = Found<'_>> {
    let begin = from;
    let mut signs = places(&text.as_bytes()[begin..], |byte| byte == b'@').map(move |at| begin + at);
    let mut from = begin;
    std::iter::from_fn(move || {
        loop {
            let at = signs.find(|&at| at >= from)?;
            let start = local_start(text, at, from);
            let end = domain_end(text, at + 1);
            from = at + 1;
            let (local, domain) = (&text[start..at], &text[at + 1..end]);
            if local.is_empty() || domain.is_empty() || local.len() > 128 || local.starts_with('.') {
                continue;
            }
            // A message-id or a URL is no address.
            if text[..start].ends_with("//") || ends_with_ignore_case(&text[..start], "message-id: <") {
                continue;
            }
            // Nothing surrounds what was found by its own characters.
            let is_plain = !local.starts_with('"') && !domain.starts_with('[') && end - start <= ADDRESS_BYTES;
            let address = &text[start..end];
            let address =
                if is_plain { Some(with_lower_domain(address, local.len() + 1)) } else { clean(address).map(Cow::Owned) };
            if let Some(address) = address {
                from = end;
                return Some(Found { start, end, address });
            }
        }
    })
}

fn local_start(text: &str, at: usize, from: usize) -> usize {
    let before = &text[from..at];
    if before.ends_with('"')
        && let Some(quote) = before[..before.len() - 1].rfind('"')
        && before.len() - quote <= 66
    {
        return from + quote;
    }
    let is_local = |c: char| match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() => LOCAL[usize::from(byte)],
        _ => c.is_alphanumeric() && !is_cjk(c),
    };
    // Nearly all of them are ASCII, of which each byte is looked up.
    let ends = |byte: &u8| !LOCAL.get(usize::from(*byte)).is_some_and(|is_local| *is_local);
    let start = before.as_bytes().iter().rposition(ends).map_or(0, |at| at + 1);
    let is_whole = start == 0 || before.as_bytes()[start - 1].is_ascii();
    let local = if is_whole { &before[start..] } else { &before[before.trim_end_matches(is_local).len()..] };
    // Quotes and signs that lead into an address are none of its own.
    let kept = local.trim_start_matches(['\'', '`', '*', '=', '|', '/', '-', '?', '&', '#']);
    at - kept.len()
}

/// The ASCII characters of a local part (RFC 5322 section 3.2.3: `atext` and the dot).
const LOCAL: [bool; 128] = {
    let mut local = [false; 128];
    let mut byte = 0;
    while byte < 128 {
        let known = b"!#$%&'*+-/=?^_`{|}~.";
        let mut at = 0;
        local[byte] = (byte as u8).is_ascii_alphanumeric();
        while at < known.len() {
            local[byte] |= known[at] as usize == byte;
            at += 1;
        }
        byte += 1;
    }
    local
};

fn domain_end(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    if rest.starts_with('[') {
        return rest.bytes().take(51).position(|byte| byte == b']').map_or(at, |end| at + end + 1);
    }
    let is_domain = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') || (!c.is_ascii() && c.is_alphanumeric() && !is_cjk(c))
    };
    let ascii = rest.bytes().take_while(|&byte| byte.is_ascii() && is_domain(char::from(byte))).count();
    let is_whole = rest.as_bytes().get(ascii).is_none_or(u8::is_ascii);
    let length = if is_whole { ascii } else { rest.chars().take_while(|&c| is_domain(c)).map(char::len_utf8).sum() };
    at + rest[..length].trim_end_matches(['.', '-', '_']).len()
}

/// Scripts without spaces: their letters run up to an address without being part of it.
fn is_cjk(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Whether an address is that of a mail system and not of a person: the reporter, its postmaster, its help desk.
pub(super) fn is_system(address: &str) -> bool {
    let letters = letters(address);
    is_mailer_name(&letters)
        || matches!(
            letters.as_str(),
            "hostmaster"
                | "abuse"
                | "helpdesk"
                | "noreply"
                | "donotreply"
                | "mailsupport"
                | "mailadmin"
                | "uucp"
                | "bounce"
                | "bounces"
        )
}

/// Whether an address is one that mail systems write under.
pub(super) fn is_mailer(address: &str) -> bool {
    is_mailer_name(&letters(address))
}

fn is_mailer_name(letters: &str) -> bool {
    letters.starts_with("mailerdaemon")
        || letters.starts_with("postmaster")
        || matches!(
            letters,
            "maildaemon"
                | "mdaemon"
                | "daemon"
                | "mailmaster"
                | "mailadministrator"
                | "mailsystem"
                | "mailer"
                | "mmdf"
                | "poostmaster"
                | "mailgateway"
                | "mailsweeper"
                | "mailmarshal"
                | "ndr"
        )
}

/// What stands before the first `@`.
pub(super) fn local_part(address: &str) -> &str {
    &address[..memchr::memchr(b'@', address.as_bytes()).unwrap_or(address.len())]
}

/// The letters and digits of a local part, in lower case.
fn letters(address: &str) -> String {
    let local = local_part(address);
    let mut letters = String::with_capacity(local.len());
    letters.extend(local.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| char::from(byte.to_ascii_lowercase())));
    letters
}

/// Whether an address is that of a list manager's machine.
pub(super) fn is_list_system(address: &str) -> bool {
    let local = local_part(address).to_ascii_lowercase();
    matches!(local.as_str(), "listserv" | "majordomo" | "mailman" | "sympa" | "ecartis" | "listproc" | "ezmlm" | "fml")
        || ["-bounces", "-bounce", "-help", "-return"].iter().any(|end| local.ends_with(end))
}

/// Whether an address takes the commands of a list and no messages.
pub(super) fn takes_commands(address: &str) -> bool {
    let local = local_part(address).to_ascii_lowercase();
    ["-ctl", "-request", "-subscribe", "-unsubscribe", "-help", "-confirm"].iter().any(|end| local.ends_with(end))
        || matches!(local.as_str(), "listserv" | "majordomo" | "listproc" | "sympa")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_address_is_what_cleaning_leaves_of_it(text in "[aB9._+-]{0,4}@?[aB9._+-]{0,4}@?[aB.]{0,3}") {
            if let Some(domain) = plain(&text) {
                // In brackets it is no plain one.
                prop_assert_eq!(clean(&format!("<{text}>")), Some(with_lower_domain(&text, domain).into_owned()));
            }
        }
    }

    #[test]
    fn an_address_is_cleaned_of_what_surrounds_it() {
        for (raw, address) in [
            ("rfc822; <Jo@Example.COM>", "Jo@example.com"),
            ("RFC822;jo@example.com", "jo@example.com"),
            ("Jo Example <jo@example.com>", "jo@example.com"),
            ("\"jo@example.com\"", "jo@example.com"),
            ("\"jo doe\"@example.com", "\"jo doe\"@example.com"),
            ("<@relay.example.net:jo@example.com>", "jo@example.com"),
            ("utf-8; p\\x{00F6}st@example.com", "pöst@example.com"),
            ("mailto:jo@example.com", "jo@example.com"),
            ("jo@example.com (alias)", "jo@example.com"),
            ("local; jo", "jo"),
        ] {
            assert_eq!(clean(raw).as_deref(), Some(address), "{raw}");
        }
        assert_eq!(clean("an undisclosed address"), None);
        assert_eq!(clean("rfc822;"), None);
    }

    #[test]
    fn addresses_are_found_in_sentences() {
        let all = |text: &str| owned(text).collect::<Vec<_>>();
        assert_eq!(
            all("to <a@example.com>, b.c+d@sub.example.org. and 'e@example.net'"),
            ["a@example.com", "b.c+d@sub.example.org", "e@example.net"]
        );
        assert_eq!(all("送信先jo@example.comへの"), ["jo@example.com"]);
        assert_eq!(all("@ a@ @b a@@b"), [""; 0]);
    }
}
