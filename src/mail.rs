//! Raw bytes → header fields, parts, decoded text.
//!
//! In: one mail as it came, in whatever line ends. Out: its header, its leaf parts in order, and their text when asked
//! for. A returned message is a leaf: its header can be read, its body is never decoded. Header syntax, base64, charsets
//! and HTML are mail-parser's; the walk over the parts is ours, because it must follow broken boundaries, stop at the returned
//! message and keep its bounds, and quoted-printable for its speed. This module knows nothing of bounces.

mod content_type;
mod date;
mod header;
mod text;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::LazyLock;

use content_type::ContentType;
pub use date::Date;
pub use header::{Field, Header};
use memchr::memmem::Finder;

use crate::limits::{PART_DEPTH, PARTS};

/// A mail taken apart.
#[derive(Debug)]
pub struct Mail<'a> {
    /// The mail's own header.
    pub header: Header<'a>,
    /// The leaf parts in the order in which they stand.
    pub parts: Vec<Part<'a>>,
    /// The `report-type` that the mail's own Content-Type gives (RFC 6522 section 3).
    pub report_type: Option<Cow<'a, str>>,
    /// A bound of [`crate::limits`] was met, so that not everything was read.
    pub cut: bool,
}

/// A part that is no multipart.
#[derive(Debug)]
pub struct Part<'a> {
    /// Lower-case media type such as `message/delivery-status`; `text/plain` where none is given.
    pub media_type: Cow<'a, str>,
    /// The part's own header.
    pub header: Header<'a>,
    /// The body as it came.
    pub body: &'a [u8],
    /// Whether it is the second or later choice of a multipart/alternative.
    pub is_alternative: bool,
    charset: Option<Cow<'a, str>>,
    /// The decoded text; none inside where the body is that text as it stands.
    text: OnceCell<Option<String>>,
}

/// The mail with line feeds as line ends, where it has carriage returns alone; without byte-order mark and mbox `From ` line.
pub fn line_ends(raw: &[u8]) -> Cow<'_, [u8]> {
    let raw = raw.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(raw);
    let head = &raw[..raw.len().min(4_096)];
    if memchr::memchr(b'\n', head).is_none() && memchr::memchr(b'\r', head).is_some() {
        let mut owned = raw.to_vec();
        owned.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
        return Cow::Owned(owned);
    }
    Cow::Borrowed(raw)
}

impl<'a> Mail<'a> {
    /// Takes a mail apart; `raw` has line feeds, as [`line_ends`] gives them. Never fails: bytes that are no mail give an
    /// empty header and one text part.
    pub fn parse(raw: &'a [u8]) -> Self {
        let (header, body, cut) = Header::parse(raw);
        let content_type = ContentType::of(&header, "text/plain");
        let report_type = content_type.report_type.clone();
        let mut mail = Mail { header, parts: Vec::new(), report_type, cut };
        if !mail.add_children(&content_type, body, 0, false) {
            mail.parts.push(Part::new(mail.header.clone(), content_type, body, false));
        }
        mail
    }

    /// Walks the children of a multipart; says whether that settles the part, which is a leaf otherwise.
    fn add_children(&mut self, content_type: &ContentType<'a>, body: &'a [u8], depth: usize, is_alternative: bool) -> bool {
        if !content_type.is_multipart() {
            return false;
        }
        if depth == PART_DEPTH {
            self.cut = true;
            return true;
        }
        let named = content_type.boundary.as_deref().map(|boundary| delimiters(body, boundary));
        let delimiters = named.filter(|delimiters| !delimiters.is_empty());
        let delimiters = delimiters.or_else(|| guess_boundary(body).map(|boundary| self::delimiters(body, boundary)));
        let alternative = content_type.media_type == "multipart/alternative";
        let default = if content_type.media_type == "multipart/digest" { "message/rfc822" } else { "text/plain" };
        let before = self.parts.len();
        for (at, part) in split(body, &delimiters.unwrap_or_default()).enumerate() {
            if self.parts.len() >= PARTS {
                self.cut = true;
                break;
            }
            let (header, body, cut) = Header::parse(part);
            self.cut |= cut;
            let content_type = ContentType::of(&header, default);
            let is_alternative = is_alternative || (alternative && at > 0);
            if !self.add_children(&content_type, body, depth + 1, is_alternative) {
                self.parts.push(Part::new(header, content_type, body, is_alternative));
            }
        }
        self.parts.len() > before
    }

    /// Whether there is nothing in it at all.
    pub fn is_empty(&self) -> bool {
        self.header.fields().is_empty() && self.parts.iter().all(|part| part.body.trim_ascii().is_empty())
    }
}

impl<'a> Part<'a> {
    fn new(header: Header<'a>, content_type: ContentType<'a>, body: &'a [u8], is_alternative: bool) -> Self {
        // A multipart without parts is read as the text that it is.
        let is_multipart = content_type.is_multipart();
        let media_type = if is_multipart { Cow::Borrowed("text/plain") } else { content_type.media_type };
        Self { media_type, header, body, is_alternative, charset: content_type.charset, text: OnceCell::new() }
    }

    /// Whether the part is text for people.
    pub fn is_text(&self) -> bool {
        self.media_type.starts_with("text/")
            && self.media_type != "text/rfc822-headers"
            && self.media_type != "text/rfc822-header"
    }

    /// Whether the part is HTML.
    pub fn is_html(&self) -> bool {
        self.media_type == "text/html"
    }

    /// Whether the part is the returned message or its header.
    pub fn is_original(&self) -> bool {
        matches!(
            &*self.media_type,
            "message/rfc822"
                | "message/global"
                | "message/global-headers"
                | "message/rfc822-headers"
                | "message/partial"
                | "text/rfc822-headers"
                | "text/rfc822-header"
                | "text/rfc822"
                | "message/news"
        )
    }

    /// Whether the body is longer than what is decoded of it.
    pub fn is_cut(&self) -> bool {
        text::is_cut(self.body, self.encoding())
    }

    /// The body as text, decoded once: transfer encoding and charset undone, HTML made plain; at most
    /// [`crate::limits::TEXT_BYTES`].
    pub fn text(&self) -> &str {
        let decode = || text::decode(self.body, self.encoding(), self.charset.as_deref(), self.is_html());
        let owned = self.text.get_or_init(|| {
            let text = if self.is_text() { text::plain_spaces(decode()) } else { decode() };
            match text {
                Cow::Borrowed(_) => None,
                Cow::Owned(text) => Some(text),
            }
        });
        // What was borrowed is the whole of it, which was UTF-8 then and is so now.
        owned
            .as_deref()
            .unwrap_or_else(|| simdutf8::basic::from_utf8(text::bounded(self.body, self.encoding())).unwrap_or_default())
    }

    /// The body with its transfer encoding undone, charset untouched: for a returned message.
    pub fn decoded(&self) -> Cow<'a, [u8]> {
        text::transfer_decode(self.body, self.encoding())
    }

    fn encoding(&self) -> text::Encoding {
        text::Encoding::of(self.header.get("Content-Transfer-Encoding"))
    }
}

/// The parts between the delimiter lines; what stands before the first is left out. A closing delimiter ends the list; a
/// part without an end goes to the end of the body.
fn split<'a, 'd>(body: &'a [u8], delimiters: &'d [Delimiter]) -> impl Iterator<Item = &'a [u8]> + use<'a, 'd> {
    let ends_list = delimiters.last().is_some_and(|last| last.closes);
    let opening = &delimiters[..delimiters.len() - usize::from(ends_list)];
    opening.iter().enumerate().map(move |(at, delimiter)| {
        let end = delimiters.get(at + 1).map_or(body.len(), |next| next.start);
        trim_line_end(&body[delimiter.end.min(end)..end])
    })
}

/// The line end before a delimiter belongs to the delimiter (RFC 2046 section 5.1.1).
fn trim_line_end(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

struct Delimiter {
    start: usize,
    end: usize,
    closes: bool,
}

/// The delimiter lines of a body, in one pass; a few more than there may be parts, so that the bound is noticed.
fn delimiters(body: &[u8], boundary: &str) -> Vec<Delimiter> {
    let mut delimiters = Vec::new();
    if boundary.is_empty() {
        return delimiters;
    }
    // The same for every boundary, so that what looks for it need not be made anew.
    static LINE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("\n--"));
    let first = body.starts_with(b"--").then_some(0);
    for start in first.into_iter().chain(LINE.find_iter(body).map(|line_end| line_end + 1)) {
        if delimiters.len() > PARTS + 1 {
            break;
        }
        let Some(rest) = body[start + 2..].strip_prefix(boundary.as_bytes()) else { continue };
        let line_end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let rest = &rest[..line_end];
        let closes = rest.starts_with(b"--");
        // Nothing but white space may follow; a longer boundary that merely begins alike is another one.
        if rest[if closes { 2 } else { 0 }..].iter().all(u8::is_ascii_whitespace) {
            delimiters.push(Delimiter { start, end: start + 2 + boundary.len() + line_end, closes });
        }
    }
    delimiters
}

/// The boundary of a multipart that does not name its own, or names one that does not occur: the first line that begins
/// with `--` and is followed by a Content field.
fn guess_boundary(body: &[u8]) -> Option<&str> {
    let mut candidate: Option<&[u8]> = None;
    for line in body.split(|&byte| byte == b'\n').take(1_000) {
        let line = line.trim_ascii_end();
        if let Some(boundary) = candidate
            && line.len() > 8
            && line[..8].eq_ignore_ascii_case(b"content-")
        {
            return std::str::from_utf8(boundary).ok();
        }
        candidate = line.strip_prefix(b"--").filter(|rest| rest.len() > 3 && rest.len() <= 200 && !rest.contains(&b' '));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(raw: &str) -> Vec<String> {
        Mail::parse(raw.as_bytes()).parts.iter().map(|part| part.media_type.to_string()).collect()
    }

    #[test]
    fn leaf_parts_come_in_order_and_a_returned_message_is_one() {
        let raw = "Content-Type: multipart/report; boundary=\"b\"\n\npreamble\n--b\n\nhello\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a\n\n--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--c--\n\n--b--\nepilogue";
        assert_eq!(types(raw), ["text/plain", "message/delivery-status", "message/rfc822"]);
        let mail = Mail::parse(raw.as_bytes());
        assert_eq!(mail.parts[0].text(), "hello");
    }

    #[test]
    fn a_wrong_or_missing_boundary_is_guessed() {
        let raw = "Content-Type: multipart/mixed; boundary=\"other\"\n\n--real\nContent-Type: text/plain\n\none\n--real\nContent-Type: text/html\n\n<p>two</p>\n--real--\n";
        assert_eq!(types(raw), ["text/plain", "text/html"]);
        assert_eq!(types("Content-Type: multipart/mixed\n\njust text\n"), ["text/plain"]);
    }

    #[test]
    fn depth_and_number_of_parts_are_bounded() {
        let mut deep = String::new();
        for level in 0..1_000 {
            deep.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"));
        }
        let mail = Mail::parse(deep.as_bytes());
        assert!(mail.cut);
        let wide = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(PARTS + 10));
        let mail = Mail::parse(wide.as_bytes());
        assert!(mail.cut);
        assert_eq!(mail.parts.len(), PARTS);
    }

    #[test]
    fn carriage_returns_alone_are_line_ends_too() {
        let raw = line_ends(b"Subject: a\rTo: b\r\rtext\r");
        assert_eq!(Mail::parse(&raw).header.text("To").as_deref(), Some("b"));
    }
}
