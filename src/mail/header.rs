//! Header fields: splitting, unfolding, and decoding the few that are asked for.

use std::borrow::Cow;

use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use super::text::guess_charset;
use crate::limits::{FIELD_BYTES, HEADER_BYTES, HEADER_FIELDS};

/// One field as it stands: name, and value with its folds.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// The name without the colon.
    pub name: &'a str,
    /// The value, not yet unfolded or decoded.
    pub raw: &'a [u8],
}

impl<'a> Field<'a> {
    /// Whether the value is longer than what is decoded of it.
    pub fn is_cut(&self) -> bool {
        self.raw.len() > FIELD_BYTES
    }

    /// The value unfolded, encoded words (RFC 2047) and raw 8-bit text decoded.
    pub fn text(&self) -> Cow<'a, str> {
        let raw = &self.raw[..self.raw.len().min(FIELD_BYTES)];
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

fn holds_encoded_word(raw: &[u8]) -> bool {
    memchr::memchr_iter(b'?', raw).any(|at| at > 0 && raw[at - 1] == b'=')
}

/// A date and time as RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Date(mail_parser::DateTime);

impl Date {
    /// Reads an RFC 5322 date; none where it is none, or not in the calendar.
    pub fn parse(text: &str) -> Option<Self> {
        mail_parser::DateTime::parse_rfc822(text).filter(mail_parser::DateTime::is_valid).filter(|date| date.year > 0).map(Self)
    }

    /// Year, month and day as the mail has them, in its own time zone.
    pub fn day(&self) -> (u16, u8, u8) {
        (self.0.year, self.0.month, self.0.day)
    }

    /// In UTC, as RFC 3339: `2026-03-01T10:00:00Z`.
    pub fn to_rfc3339(&self) -> String {
        let is_utc = self.0.tz_hour == 0 && self.0.tz_minute == 0;
        let utc = if is_utc { self.0 } else { mail_parser::DateTime::from_timestamp(self.0.to_timestamp()) };
        let mut text = String::with_capacity("2026-03-01T10:00:00Z".len());
        let mut push = |number: u16, digits: u32, end: char| {
            for place in (0..digits).rev() {
                // One digit.
                text.push(char::from(b'0' + (number / 10_u16.pow(place) % 10) as u8));
            }
            text.push(end);
        };
        push(utc.year, 4, '-');
        push(utc.month.into(), 2, '-');
        push(utc.day.into(), 2, 'T');
        push(utc.hour.into(), 2, ':');
        push(utc.minute.into(), 2, ':');
        push(utc.second.into(), 2, 'Z');
        text
    }
}

/// The fields of a header, in order.
#[derive(Debug, Clone, Default)]
pub struct Header<'a> {
    fields: Vec<Field<'a>>,
}

impl<'a> Header<'a> {
    /// Splits `raw` into a header and the body behind it; says whether a bound cut it.
    ///
    /// A missing blank line, an mbox `From ` line and a line that forgot its fold are survived (RFC 5322 section 2.2 asks for none of them).
    pub fn parse(raw: &'a [u8]) -> (Self, &'a [u8], bool) {
        // Room for most headers, so that it need not grow step by step.
        let mut fields: Vec<Field<'a>> = Vec::with_capacity(24);
        let mut at = 0;
        let mut open: Option<(&'a str, usize, usize)> = None;
        let mut cut = false;
        while at < raw.len() {
            let end = memchr::memchr(b'\n', &raw[at..]).map_or(raw.len(), |end| at + end + 1);
            let line = &raw[at..end];
            let content = line.trim_ascii_end();
            if content.is_empty() {
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
            } else if let Some((name, value_at)) = (!folded).then(|| field_name(line)).flatten() {
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
        (Self { fields }, &raw[at.min(raw.len())..], cut)
    }

    /// All fields in order.
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// Every field of this name, letter case ignored.
    pub fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h Field<'a>> + 'h {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name))
    }

    /// The first field of this name, letter case ignored.
    pub fn get(&self, name: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// Whether there is a field of this name.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The decoded value of the first field of this name, where it is not empty.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).map(Field::text).filter(|text| !text.is_empty())
    }

    /// The date of the first field of this name.
    pub fn date(&self, name: &str) -> Option<Date> {
        self.text(name).and_then(|text| Date::parse(&text))
    }
}

fn close<'a>(fields: &mut Vec<Field<'a>>, open: Option<(&'a str, usize, usize)>, raw: &'a [u8]) {
    if let Some((name, start, end)) = open {
        fields.push(Field { name, raw: raw[start.min(end)..end].trim_ascii() });
    }
}

/// The name of the field that a line begins, and where its value begins.
fn field_name(line: &[u8]) -> Option<(&str, usize)> {
    let end = line.iter().take(128).position(|&byte| byte == b':' || !byte.is_ascii_graphic())?;
    let colon = end + line[end..].iter().take(128 - end).position(|byte| !byte.is_ascii_whitespace())?;
    let is_name = end > 0 && line[colon] == b':';
    std::str::from_utf8(&line[..end]).ok().filter(|_| is_name).map(|name| (name, colon + 1))
}

/// Whether the next line begins a field with a name as real ones are: so that a line of prose with a colon is none.
fn begins_field(rest: &[u8]) -> bool {
    let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
    line.starts_with(b"From ")
        || field_name(line)
            .is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'))
}

/// Most blank lines before a header that are passed over; lines and not bytes, so that it is the same with any line ends.
const BLANK_LINES: usize = 64;

/// How many bytes the blank lines take with which `raw` begins, where they are not too many and a field follows.
fn blank_lines(raw: &[u8]) -> Option<usize> {
    let mut at = 0;
    for _ in 0..BLANK_LINES {
        let end = memchr::memchr(b'\n', &raw[at..]).map_or(raw.len(), |end| at + end + 1);
        if end == at || !raw[at..end].trim_ascii_end().is_empty() {
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
        if raw[at..end].trim_ascii_end().is_empty() {
            return end;
        }
        at = end;
    }
    raw.len()
}

/// What the Content-Type field says, as far as it is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ContentType<'a> {
    pub(super) media_type: Cow<'a, str>,
    pub(super) boundary: Option<Cow<'a, str>>,
    pub(super) charset: Option<Cow<'a, str>>,
    pub(super) report_type: Option<Cow<'a, str>>,
}

impl<'a> ContentType<'a> {
    /// Reads the field of a header (RFC 2045 section 5.1, RFC 2231); `default` where there is none or it can't be read.
    pub(super) fn of(header: &Header<'a>, default: &'static str) -> Self {
        let fallback = || Self { media_type: Cow::Borrowed(default), ..Self::default() };
        let Some(field) = header.get("Content-Type") else { return fallback() };
        let raw = &field.raw[..field.raw.len().min(FIELD_BYTES)];
        Self::plain(raw).or_else(|| Self::any(raw)).unwrap_or_else(fallback)
    }

    /// Reads a field as nearly all are written: without comments, escapes, encodings and continuations. None for any other.
    fn plain(raw: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(raw).ok()?;
        let (media_type, mut rest) = split_token(text, |byte| byte == b'/')?;
        let (main, subtype) = media_type.split_once('/')?;
        if main.is_empty() || subtype.is_empty() || subtype.contains('/') {
            return None;
        }
        let mut content_type = Self { media_type: lower(media_type), ..Self::default() };
        loop {
            rest = rest.trim_ascii_start();
            if rest.is_empty() {
                return Some(content_type);
            }
            rest = rest.strip_prefix(';')?.trim_ascii_start();
            if rest.is_empty() {
                return Some(content_type);
            }
            let (name, behind) = split_token(rest, |_| false)?;
            let value;
            (value, rest) = match behind.strip_prefix("=\"") {
                Some(quoted) => {
                    let (value, behind) = quoted.split_once('"')?;
                    let is_plain = value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
                    (is_plain && !value.is_empty()).then_some((value, behind))?
                }
                None => split_token(behind.strip_prefix('=')?, |byte| matches!(byte, b'/' | b':' | b'=' | b'?' | b'@' | b'\''))?,
            };
            let place = match name.len() {
                8 if name.eq_ignore_ascii_case("boundary") => &mut content_type.boundary,
                7 if name.eq_ignore_ascii_case("charset") => &mut content_type.charset,
                11 if name.eq_ignore_ascii_case("report-type") => &mut content_type.report_type,
                _ => continue,
            };
            place.get_or_insert(Cow::Borrowed(value));
        }
    }

    /// Reads any field, with mail-parser.
    fn any(raw: &[u8]) -> Option<Self> {
        let mut line = raw.to_vec();
        line.push(b'\n');
        let HeaderValue::ContentType(content_type) = MessageStream::new(&line).parse_content_type() else { return None };
        let media_type = format!("{}/{}", content_type.ctype(), content_type.subtype()?).to_ascii_lowercase();
        let attributes = content_type.attributes().unwrap_or_default();
        let find = |name: &str| {
            let found = attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))?;
            Some(Cow::Owned(found.value.clone().into_owned()))
        };
        Some(Self {
            media_type: Cow::Owned(media_type),
            boundary: find("boundary"),
            charset: find("charset"),
            report_type: find("report-type"),
        })
    }
}

/// The token that a text begins with and what follows; none where it begins with none, or a byte follows that makes it no plain one.
fn split_token(text: &str, also: impl Fn(u8) -> bool) -> Option<(&str, &str)> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+') || also(byte);
    let end = text.bytes().position(|byte| !is_token(byte)).unwrap_or(text.len());
    let follows = matches!(text.as_bytes().get(end), None | Some(b';' | b' ' | b'\t' | b'\r' | b'\n' | b'='));
    (end > 0 && follows).then(|| text.split_at(end))
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_content_type_is_read_as_mail_parser_reads_it() {
        for raw in [
            "text/plain",
            "Text/PLAIN; charset=us-ascii",
            "multipart/report; report-type=delivery-status;\r\n\tboundary=\"abc=_?/:\"",
            "multipart/mixed;boundary=----=_a.b.1;charset=x;",
            "text/html; x=1; charset=\"a\"; charset=b ; ",
            "multipart/mixed; boundary=a=b?c@d'e",
        ] {
            let plain = ContentType::plain(raw.as_bytes());
            assert_eq!(plain, ContentType::any(raw.as_bytes()), "{raw}");
            assert!(plain.is_some(), "{raw}");
        }
        for raw in ["text", "text/plain (a comment)", "text/plain; name*=utf-8''x", "text/plain; a=\"b\\\"c\"", "a/b; c = d", ""]
        {
            assert_eq!(ContentType::plain(raw.as_bytes()), None, "{raw}");
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
    fn a_million_fields_are_cut() {
        let raw = "A: b\n".repeat(1_000_000) + "\nbody";
        let (header, body, cut) = Header::parse(raw.as_bytes());
        assert!(cut);
        assert!(header.fields().len() <= HEADER_FIELDS + 1);
        assert_eq!(body, b"body");
    }

    #[test]
    fn dates_are_given_in_utc() {
        let date = Date::parse("Sun, 1 Mar 2026 12:00:00 +0200").expect("a date");
        assert_eq!(date.to_rfc3339(), "2026-03-01T10:00:00Z");
        assert_eq!(Date::parse("Sun, 41 Mar 2026 12:00:00 +0200"), None);
    }
}
