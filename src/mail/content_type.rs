//! The Content-Type field: media type, and the parameters that are used.
//!
//! In: a header. Out: the type, borrowed where the field is written as nearly all are; what is not is mail-parser's to read.

use std::borrow::Cow;

use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use super::Header;

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
        let plain = header.as_text(field).and_then(Self::plain);
        plain.or_else(|| Self::any(field.bounded())).unwrap_or_else(fallback)
    }

    pub(super) fn is_multipart(&self) -> bool {
        self.media_type.starts_with("multipart/")
    }

    /// Reads a field as nearly all are written: without comments, escapes, encodings and continuations. None for any other.
    fn plain(text: &'a str) -> Option<Self> {
        let (media_type, mut rest) = split_token(text, |byte| byte == b'/')?;
        let slash = memchr::memchr(b'/', media_type.as_bytes())?;
        let subtype = &media_type[slash + 1..];
        if slash == 0 || subtype.is_empty() || memchr::memchr(b'/', subtype.as_bytes()).is_some() {
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
            let plain = ContentType::plain(raw);
            assert_eq!(plain, ContentType::any(raw.as_bytes()), "{raw}");
            assert!(plain.is_some(), "{raw}");
        }
        for raw in ["text", "text/plain (a comment)", "text/plain; name*=utf-8''x", "text/plain; a=\"b\\\"c\"", "a/b; c = d", ""]
        {
            assert_eq!(ContentType::plain(raw), None, "{raw}");
        }
    }
}
