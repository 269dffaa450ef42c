//! Header fields: splitting, unfolding, and decoding the few that are asked for.

use std::borrow::Cow;

use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use super::date::Date;
use super::text::guess_charset;
use crate::bits::{all, places};
use crate::limits::{FIELD_BYTES, HEADER_BYTES, HEADER_FIELDS};

/// One field as it stands: name, and value with its folds.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// The name without the colon: printable ASCII.
    pub name: &'a [u8],
    /// The value, not yet unfolded or decoded.
    pub raw: &'a [u8],
    /// Where the value stands in the header.
    at: usize,
}

impl<'a> Field<'a> {
    /// Whether the value is longer than what is decoded of it.
    pub fn is_cut(&self) -> bool {
        self.raw.len() > FIELD_BYTES
    }

    /// The value unfolded, encoded words (RFC 2047) and raw 8-bit text decoded.
    pub fn text(&self) -> Cow<'a, str> {
        self.read(self.as_text())
    }

    /// As much of the value as is decoded.
    pub(super) fn bounded(&self) -> &'a [u8] {
        &self.raw[..self.raw.len().min(FIELD_BYTES)]
    }

    /// The same as text, where it is UTF-8.
    fn as_text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.bounded()).ok()
    }

    /// The value unfolded and decoded; `as_text` is it as it stands, where that is text.
    fn read(&self, as_text: Option<&'a str>) -> Cow<'a, str> {
        if let Some(text) = as_text.filter(|text| is_plain(text.as_bytes())) {
            return Cow::Borrowed(text.trim_ascii());
        }
        let raw = self.bounded();
        if holds_encoded_word(raw) {
            let mut line = raw.to_vec();
            line.push(b'\n');
            if let HeaderValue::Text(text) = MessageStream::new(&line).parse_unstructured() {
                return Cow::Owned(text.into_owned());
            }
        }
        let text = guess_charset(raw);
        if memchr::memchr2(b'\r', b'\n', text.as_bytes()).is_none() {
            return match text {
                Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
                Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
            };
        }
        let mut unfolded = String::with_capacity(text.len());
        for line in text.split(['\r', '\n']) {
            let line = if unfolded.is_empty() { line.trim() } else { line.trim_end() };
            if unfolded.is_empty() || line.starts_with([' ', '\t']) {
                unfolded.push_str(line);
            } else if !line.is_empty() {
                unfolded.push(' ');
                unfolded.push_str(line);
            }
        }
        unfolded.truncate(unfolded.trim_end().len());
        Cow::Owned(unfolded)
    }
}

/// Whether a value is one line of printable ASCII, without the `?` that encoded words have, as nearly all are.
fn is_plain(raw: &[u8]) -> bool {
    all(raw, |byte| matches!(byte, b' '..=b'~') & (byte != b'?'))
}

fn holds_encoded_word(raw: &[u8]) -> bool {
    memchr::memchr_iter(b'?', raw).any(|at| at > 0 && raw[at - 1] == b'=')
}

/// The fields of a header, in order.
#[derive(Debug, Clone)]
pub struct Header<'a> {
    fields: Vec<Field<'a>>,
    /// The header up to the end of the last field as text, where it is UTF-8.
    text: &'a str,
    /// Where the first field of each [`slot`] stands, counted from 1 to 255, and 255 for any behind; 0 where there is none, as for
    /// most names that are asked for.
    firsts: [u8; SLOTS],
}

/// So many slots there are.
const SLOTS: usize = 64;

/// The slot of a name, which is that of few others, whatever its letter case.
fn slot(name: &[u8]) -> usize {
    let last = name.last().map_or(0, u8::to_ascii_lowercase);
    (name.len() + 7 * usize::from(last)) % SLOTS
}

impl<'a> Header<'a> {
    /// Splits `raw` into a header and the body behind it; says whether a bound cut it.
    ///
    /// A missing blank line, an mbox `From ` line and a line that forgot its fold are survived (RFC 5322 section 2.2 asks for none of them).
    pub fn parse(raw: &'a [u8]) -> (Self, &'a [u8], bool) {
        // Room for most headers, so that it need not grow step by step.
        let mut fields: Vec<Field<'a>> = Vec::with_capacity(24);
        let mut at = 0;
        let mut open: Option<(&'a [u8], usize, usize)> = None;
        let mut cut = false;
        let mut ends = places(raw, |byte| byte == b'\n').map(|end| end + 1);
        while at < raw.len() {
            let end = ends.find(|&end| end > at).unwrap_or(raw.len());
            let line = &raw[at..end];
            if is_blank(line) {
                if fields.is_empty()
                    && open.is_none()
                    && let Some(blank) = blank_lines(&raw[at..])
                {
                    at += blank;
                    continue;
                }
                at = end;
                break;
            }
            if at > HEADER_BYTES || fields.len() >= HEADER_FIELDS {
                cut = true;
                // The rest of the header is left unread; its end is still where the body begins.
                at = end_of_header(raw, at);
                break;
            }
            let folded = matches!(line[0], b' ' | b'\t');
            if line.starts_with(b"From ") || line.starts_with(b">From ") {
                // an mbox separator before or inside the header
            } else if let Some((name, value_at)) = (!folded).then(|| field_name(&raw[at..])).flatten() {
                close(&mut fields, open.take(), raw);
                open = Some((name, at + value_at, end));
            } else if folded && open.is_some() {
                open = open.map(|(name, start, _)| (name, start, end));
            } else if open.is_some() && begins_field(&raw[end..]) {
                open = open.map(|(name, start, _)| (name, start, end));
            } else {
                break; // no blank line between header and body
            }
            at = end;
        }
        close(&mut fields, open, raw);
        let mut firsts = [0; SLOTS];
        for (place, field) in fields.iter().enumerate().rev() {
            firsts[slot(field.name)] = u8::try_from(place + 1).unwrap_or(u8::MAX);
        }
        // What a bound left unread is not looked at here either.
        let header = &raw[..fields.last().map_or(0, |field| field.at + field.raw.len())];
        (Self { fields, text: simdutf8::basic::from_utf8(header).unwrap_or_default(), firsts }, &raw[at.min(raw.len())..], cut)
    }

    /// All fields in order.
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// Every field of this name, letter case ignored.
    pub fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h Field<'a>> + 'h {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The first field of this name, letter case ignored.
    pub fn get(&self, name: &str) -> Option<&Field<'a>> {
        let first = usize::from(self.firsts[slot(name.as_bytes())]).checked_sub(1)?;
        self.fields[first..].iter().find(|field| field.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Whether there is a field of this name.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The decoded value of the first field of this name, where it is not empty.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        let field = self.get(name)?;
        Some(field.read(self.as_text(field))).filter(|text| !text.is_empty())
    }

    /// As much of a field's raw value as is decoded, where it is UTF-8.
    pub(super) fn as_text(&self, field: &Field<'a>) -> Option<&'a str> {
        self.text.get(field.at..field.at + field.bounded().len()).or_else(|| field.as_text())
    }

    /// The date of the first field of this name.
    pub fn date(&self, name: &str) -> Option<Date> {
        self.text(name).and_then(|text| Date::parse(&text))
    }
}

fn close<'a>(fields: &mut Vec<Field<'a>>, open: Option<(&'a [u8], usize, usize)>, raw: &'a [u8]) {
    if let Some((name, start, end)) = open {
        let value = raw[start.min(end)..end].trim_ascii_start();
        fields.push(Field { name, raw: value.trim_ascii_end(), at: end - value.len() });
    }
}

/// Whether a line has nothing but white space.
fn is_blank(line: &[u8]) -> bool {
    match line {
        [b'\n'] | [b'\r', b'\n'] => true,
        [b'!'..=b'~', ..] => false,
        _ => line.trim_ascii_start().is_empty(),
    }
}

/// The name of the field that the first line begins, and where its value begins.
fn field_name(lines: &[u8]) -> Option<(&[u8], usize)> {
    let head = &lines[..lines.len().min(128)];
    // Printable ASCII but the colon (RFC 5322 section 2.2).
    let end = places(head, |byte| !matches!(byte, b'!'..=b'~') | (byte == b':')).next()?;
    // White space may stand before the colon, as it once was allowed (RFC 5322 section 4.5).
    let colon = end + head[end..].iter().position(|byte| !byte.is_ascii_whitespace() || *byte == b'\n')?;
    (end > 0 && head[colon] == b':').then(|| (&head[..end], colon + 1))
}

/// Whether the next line begins a field with a name as real ones are: so that a line of prose with a colon is none.
fn begins_field(rest: &[u8]) -> bool {
    rest.starts_with(b"From ")
        || field_name(rest)
            .is_some_and(|(name, _)| name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))
}

/// Most blank lines before a header that are passed over; lines and not bytes, so that it is the same with any line ends.
const BLANK_LINES: usize = 64;

/// How many bytes the blank lines take with which `raw` begins, where they are not too many and a field follows.
fn blank_lines(raw: &[u8]) -> Option<usize> {
    let mut at = 0;
    for _ in 0..BLANK_LINES {
        let end = memchr::memchr(b'\n', &raw[at..]).map_or(raw.len(), |end| at + end + 1);
        if end == at || !is_blank(&raw[at..end]) {
            break;
        }
        at = end;
    }
    (at > 0 && begins_field(&raw[at..])).then_some(at)
}

fn end_of_header(raw: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < raw.len() {
        let end = memchr::memchr(b'\n', &raw[at..]).map_or(raw.len(), |end| at + end + 1);
        if is_blank(&raw[at..end]) {
            return end;
        }
        at = end;
    }
    raw.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_field_is_the_first_of_its_name(raw in "([abAB-]{1,3}: [a? ~é\t]{0,6}\n){0,9}", name in "[abAB-]{1,3}") {
            let (header, ..) = Header::parse(raw.as_bytes());
            let first = header.fields().iter().find(|field| field.name.eq_ignore_ascii_case(name.as_bytes()));
            prop_assert_eq!(header.get(&name).map(|field| field.raw), first.map(|field| field.raw));
            if let Some(field) = first {
                prop_assert_eq!(field.text(), guess_charset(field.raw).trim().to_owned());
            }
        }
    }

    #[test]
    fn fields_are_unfolded_and_decoded() {
        let (header, body, _) =
            Header::parse(b"Subject: =?utf-8?Q?Caf=C3=A9?=\r\n =?utf-8?Q?_au_lait?=\r\nX-A: one\r\n two\r\n\r\nbody");
        assert_eq!(header.text("subject").as_deref(), Some("Café au lait"));
        assert_eq!(header.text("x-a").as_deref(), Some("one two"));
        assert_eq!(body, b"body");
    }

    #[test]
    fn a_header_without_a_blank_line_ends_where_no_field_follows() {
        let (header, body, _) = Header::parse(b"Subject: a\nbadly folded\nTo: b\nHello there,\nyou\n");
        assert_eq!(header.text("Subject").as_deref(), Some("a badly folded"));
        assert_eq!(header.text("To").as_deref(), Some("b"));
        assert_eq!(body, b"Hello there,\nyou\n");
    }

    #[test]
    fn an_mbox_line_and_blank_lines_before_the_header_are_passed_over() {
        let (header, ..) = Header::parse(b"From MAILER-DAEMON Thu Jan  1 00:00:00 2026\nTo: b\n\nx");
        assert_eq!(header.text("To").as_deref(), Some("b"));
        let (header, ..) = Header::parse(b"\n\nTo: b\n\nx");
        assert_eq!(header.text("To").as_deref(), Some("b"));
        for blank in 60..70 {
            let header = |end: &str| Header::parse((end.repeat(blank) + "To: b" + end).as_bytes()).0.has("To");
            assert_eq!(header("\n"), header("\r\n"), "{blank}");
        }
    }

    #[test]
    fn each_of_hundreds_of_fields_is_found() {
        let raw: String = (0..700).map(|number| format!("X-{number}: {number}\n")).collect();
        let (header, ..) = Header::parse(raw.as_bytes());
        for number in 0..700 {
            assert_eq!(header.text(&format!("x-{number}")), Some(number.to_string().into()));
        }
        assert!(!header.has("X-700"));
    }

    #[test]
    fn a_million_fields_are_cut() {
        let raw = "A: b\n".repeat(1_000_000) + "\nbody";
        let (header, body, cut) = Header::parse(raw.as_bytes());
        assert!(cut);
        assert!(header.fields().len() <= HEADER_FIELDS + 1);
        assert_eq!(body, b"body");
    }
}
