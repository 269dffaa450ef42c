//! Bytes of a part → text: transfer encoding, charset, HTML.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::html::html_to_text;
use mail_parser::decoders::quoted_printable::quoted_printable_decode_char;

use super::Field;
use crate::bits::places;
use crate::limits::TEXT_BYTES;

/// A Content-Transfer-Encoding (RFC 2045 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    None,
    QuotedPrintable,
    Base64,
}

impl Encoding {
    pub(super) fn of(field: Option<&Field<'_>>) -> Self {
        let name = field.map_or(&b""[..], |field| field.raw);
        if name.eq_ignore_ascii_case(b"base64") {
            Encoding::Base64
        } else if name.eq_ignore_ascii_case(b"quoted-printable") {
            Encoding::QuotedPrintable
        } else {
            Encoding::None
        }
    }
}

/// The text of a body. What can't be decoded is shown as it stands, replacement characters for the rest.
pub(super) fn decode<'a>(body: &'a [u8], encoding: Encoding, charset: Option<&str>, is_html: bool) -> Cow<'a, str> {
    let bytes = transfer_decode(bounded(body, encoding), encoding);
    let text = match bytes {
        Cow::Borrowed(bytes) => charset_decode(bytes, charset),
        Cow::Owned(bytes) => Cow::Owned(charset_decode(&bytes, charset).into_owned()),
    };
    if is_html { Cow::Owned(html_to_text(&with_breaks(&text))) } else { text }
}

/// Text with plain spaces for no-break and ideographic ones.
pub(super) fn plain_spaces(text: Cow<'_, str>) -> Cow<'_, str> {
    let has = |space: char| memchr::memmem::find(text.as_bytes(), space.encode_utf8(&mut [0; 4]).as_bytes()).is_some();
    if text.is_ascii() || !(has('\u{A0}') || has('\u{3000}')) {
        return text;
    }
    Cow::Owned(text.replace(['\u{A0}', '\u{3000}'], " "))
}

/// HTML with a space behind each cell and a line break before each block, which would run together without their tags; without
/// attributes, which say nothing.
fn with_breaks(html: &str) -> String {
    let mut text = String::with_capacity(html.len() + html.len() / 8);
    let mut from = 0;
    // Styles and scripts are no text; what they hold is passed over up to their end.
    let mut hidden: Option<&str> = None;
    for at in places(html.as_bytes(), |byte| byte == b'<') {
        let name = html.as_bytes().get(at + 1..).unwrap_or_default();
        let is = |tag: &str| {
            name.len() > tag.len()
                && name[..tag.len()].eq_ignore_ascii_case(tag.as_bytes())
                && !name[tag.len()].is_ascii_alphanumeric()
        };
        if let Some(end) = hidden {
            if is(end) {
                hidden = None;
                from = at;
            }
            continue;
        }
        hidden = if is("style") {
            Some("/style")
        } else if is("script") {
            Some("/script")
        } else {
            None
        };
        if hidden.is_some() {
            text.push_str(&html[from..at]);
            from = html.len();
            continue;
        }
        let inserted = if is("/td") || is("/th") {
            " "
        } else if is("tr") || is("div") || is("li") || is("table") || is("pre") {
            "<br>"
        } else {
            ""
        };
        let attributes_end = attributes_end(name);
        if inserted.is_empty() && attributes_end.is_none() {
            continue;
        }
        text.push_str(&html[from..at]);
        text.push_str(inserted);
        from = at;
        if let Some(end) = attributes_end {
            // With attributes any tag is but an end of words to mail-parser.
            text.push_str("<x>");
            from = at + 1 + end;
        }
    }
    text.push_str(&html[from..]);
    text
}

/// Where the rest of a tag ends, if it has attributes.
fn attributes_end(tag: &[u8]) -> Option<usize> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let end = memchr::memchr2(b'<', b'>', tag).filter(|&end| tag[end] == b'>')?;
    let tag = &tag[..end];
    let is_named = tag.strip_prefix(b"/").unwrap_or(tag).first().is_some_and(u8::is_ascii_alphabetic);
    let name_end = tag.iter().position(is_space).filter(|_| is_named)?;
    tag[name_end..].iter().any(|byte| !is_space(byte) && *byte != b'/').then_some(end + 1)
}

/// As much of a body as decodes to [`TEXT_BYTES`].
pub(super) fn bounded(body: &[u8], encoding: Encoding) -> &[u8] {
    &body[..body.len().min(most(encoding))]
}

/// Whether a body is longer than what is decoded of it.
pub(super) fn is_cut(body: &[u8], encoding: Encoding) -> bool {
    body.len() > most(encoding)
}

/// How many bytes decode to [`TEXT_BYTES`] at most.
fn most(encoding: Encoding) -> usize {
    match encoding {
        Encoding::None => TEXT_BYTES,
        Encoding::Base64 => TEXT_BYTES / 3 * 4,
        Encoding::QuotedPrintable => TEXT_BYTES * 3,
    }
}

/// Undoes a transfer encoding; a body that does not keep to it is given as it stands.
pub(super) fn transfer_decode(body: &[u8], encoding: Encoding) -> Cow<'_, [u8]> {
    let body = bounded(body, encoding);
    match encoding {
        Encoding::None => Cow::Borrowed(body),
        Encoding::QuotedPrintable => quoted_printable(body).map_or(Cow::Borrowed(body), Cow::Owned),
        Encoding::Base64 => {
            // A footer that a list added behind the encoded lines must not spoil them.
            let end = body
                .split(|&byte| byte == b'\n')
                .take_while(|line| {
                    line.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'\r' | b' ' | b'\t'))
                })
                .map(|line| line.len() + 1)
                .sum::<usize>()
                .min(body.len());
            base64_decode(&body[..end]).filter(|bytes| !bytes.is_empty()).map_or(Cow::Borrowed(body), Cow::Owned)
        }
    }
}

/// Undoes quoted-printable (RFC 2045 section 6.7); none where a `=` leads neither to a byte nor to the next line.
///
/// What stands between two of them is taken over as a whole, which is several times as fast as mail-parser's byte by byte.
fn quoted_printable(body: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(body.len());
    let mut from = 0;
    for at in places(body, |byte| byte == b'=') {
        text.extend_from_slice(body.get(from..at)?);
        let rest = &body[at + 1..];
        let byte = rest.first_chunk().and_then(|[high, low]| quoted_printable_decode_char(*high, *low));
        from = match byte {
            Some(byte) => {
                text.push(byte);
                at + 3
            }
            None => {
                let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
                rest[..length].iter().all(u8::is_ascii_whitespace).then_some(at + 1 + length)?
            }
        };
    }
    text.extend_from_slice(&body[from..]);
    Some(text)
}

/// Text in the charset that is named; where none is, or it can't be, in the one that the bytes look like.
fn charset_decode<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    let label = charset.unwrap_or_default().trim();
    let says_nothing = label.is_empty()
        || ["us-ascii", "ascii", "utf-8", "utf8", "unknown-8bit"].iter().any(|known| known.eq_ignore_ascii_case(label));
    let keeps_ascii = || KEEP_ASCII.iter().any(|start| begins(label, start));
    let is_plain = || bytes.is_ascii() && memchr::memchr3(0x1B, 0x0E, 0x0F, bytes).is_none();
    if says_nothing || (keeps_ascii() && is_plain()) {
        return guess_charset(bytes);
    }
    // Their line ends are no single bytes.
    let has_wide_units = ["utf-16", "utf-32", "ucs", "iso-10646", "csunicode"].iter().any(|wide| begins(label, wide));
    match charset_decoder(label.as_bytes()) {
        Some(decoder) if has_wide_units => Cow::Owned(decoder(bytes)),
        Some(decoder) => Cow::Owned(decoder(&line_feeds(bytes))),
        None => guess_charset(bytes),
    }
}

/// How the names of charsets begin in which ASCII without escapes and shifts is itself: nothing is decoded there.
const KEEP_ASCII: &[&str] =
    &["iso-8859-", "iso-2022-jp", "windows-125", "koi8-", "gb2312", "gbk", "gb18030", "big5", "euc-", "shift_jis"];

/// Whether a charset's name begins so, letter case ignored.
fn begins(label: &str, start: &str) -> bool {
    label.get(..start.len()).is_some_and(|label| label.eq_ignore_ascii_case(start))
}

/// The bytes with CRLF as LF: half a character before a line end swallows the same byte in either writing.
fn line_feeds(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.windows(2).any(|pair| pair == b"\r\n") {
        return Cow::Borrowed(bytes);
    }
    let mut plain = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(line) => {
                plain.extend_from_slice(line);
                plain.push(b'\n');
            }
            None => plain.extend_from_slice(line),
        }
    }
    Cow::Owned(plain)
}

/// Most bytes from which a charset is guessed.
const GUESSED_BYTES: usize = 4 << 10;

/// Text of bytes without a (credible) charset label: ISO-2022-JP by its escapes, UTF-8 where it is valid, else a guess.
pub(super) fn guess_charset(bytes: &[u8]) -> Cow<'_, str> {
    let has_jis = memchr::memchr(0x1B, bytes)
        .is_some_and(|at| matches!(bytes[at..], [0x1B, b'$', b'@' | b'B', ..] | [0x1B, b'(', b'J' | b'I', ..]));
    if has_jis && let Some(decoder) = charset_decoder(b"iso-2022-jp") {
        return Cow::Owned(decoder(&line_feeds(bytes)));
    }
    if let Ok(text) = simdutf8::basic::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let bytes = line_feeds(bytes);
    // The words that tell something: the detector weighs each byte for some thirty charsets.
    let mut words = Vec::new();
    for word in bytes.split(u8::is_ascii_whitespace).filter(|word| !word.is_ascii()) {
        words.extend_from_slice(word);
        words.push(b' ');
        if words.len() >= GUESSED_BYTES {
            break;
        }
    }
    let is_whole = words.len() < GUESSED_BYTES;
    words.truncate(GUESSED_BYTES);
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(&words, is_whole);
    let encoding = detector.guess(None, chardetng::Utf8Detection::Deny);
    Cow::Owned(encoding.decode_without_bom_handling(&bytes).0.into_owned())
}

#[cfg(test)]
mod tests {
    use mail_parser::decoders::quoted_printable::quoted_printable_decode;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn attributes_say_nothing(html in "(</?[abp!r-]{0,3}[ /]{0,2}([a-z=\"/!&;-]{1,3}){0,2}>?|[a&; \n]|--|<br ?/?>){0,20}") {
            let mut without = String::new();
            let mut from = 0;
            for (at, _) in html.match_indices('<') {
                if let Some(end) = attributes_end(&html.as_bytes()[at + 1..]) {
                    without += &html[from..at];
                    without += "<x>";
                    from = at + 1 + end;
                }
            }
            without += &html[from..];
            prop_assert_eq!(html_to_text(&without), html_to_text(&html));
        }

        #[test]
        fn quoted_printable_is_what_mail_parser_makes_of_it(text in "(([a-z]|=[0-9A-F]{2}| [a-z]){0,5}=?\r?\n){0,9}[a-z]{0,3}=?") {
            // Which of mixed line ends are meant nobody can tell.
            let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text };
            prop_assert_eq!(quoted_printable(text.as_bytes()), quoted_printable_decode(text.as_bytes()));
        }
    }

    #[test]
    fn transfer_encodings_are_undone_and_broken_ones_survived() {
        assert_eq!(decode(b"Caf=C3=A9", Encoding::QuotedPrintable, Some("utf-8"), false), "Café");
        assert_eq!(decode(b"SGVsbG8=\n\nfooter of a list!", Encoding::Base64, None, false), "Hello");
        assert_eq!(decode(b"!!", Encoding::Base64, None, false), "!!");
    }

    #[test]
    fn charsets_that_keep_ascii_do() {
        let ascii: Vec<u8> = (0..0x80).filter(|byte| !matches!(byte, 0x1B | 0x0E | 0x0F)).collect();
        for start in KEEP_ASCII {
            for end in ["", "1", "2", "5", "15", "r", "u", "jp", "kr", "hkscs", "0", "8"] {
                let Some(decoder) = charset_decoder(format!("{start}{end}").as_bytes()) else { continue };
                assert_eq!(decoder(&ascii).as_bytes(), ascii, "{start}{end}");
            }
        }
    }

    #[test]
    fn charsets_are_decoded_named_or_not() {
        assert_eq!(decode(b"Caf\xE9", Encoding::None, Some("iso-8859-1"), false), "Café");
        assert_eq!(decode(b"\x1B$B$\"\x1B(B", Encoding::None, Some("us-ascii"), false), "あ");
        assert_eq!(decode(b"plain", Encoding::None, Some("no-such-charset"), false), "plain");
        let broken = |bytes| decode(bytes, Encoding::None, Some("shift_jis"), false);
        assert_eq!(broken(b"\x82\r\nx"), broken(b"\x82\nx"));
        let shifted = |bytes| decode(bytes, Encoding::None, Some("utf-7"), false);
        assert_eq!(shifted(b"+AOk\r\nx"), shifted(b"+AOk\nx"));
    }

    #[test]
    fn a_charset_that_nobody_names_is_guessed_from_the_words_that_are_not_ascii() {
        let texts: [(&[u8], &str); 4] = [
            (
                b"\xC2\xE0\xF8\xE5 \xF1\xEE\xEE\xE1\xF9\xE5\xED\xE8\xE5 \xED\xE5 \xE4\xEE\xF1\xF2\xE0\xE2\xEB\xE5\xED\xEE: user unknown",
                "Ваше сообщение не доставлено: user unknown",
            ),
            (
                b"\xC4\xFA\xB5\xC4\xD3\xCA\xBC\xFE user unknown \xCE\xDE\xB7\xA8\xCD\xB6\xB5\xDD\xB5\xBD\xCA\xD5\xBC\xFE\xC8\xCB",
                "您的邮件 user unknown 无法投递到收件人",
            ),
            (b"\x83\x81\x81[\x83\x8B user unknown \x82\xCD\x94z\x90M\x82\xC5\x82\xAB\x82\xDC\x82\xB9\x82\xF1", "メール user unknown は配信できません"),
            (b"Ihre Nachricht wurde zur\xFCckgewiesen", "Ihre Nachricht wurde zurückgewiesen"),
        ];
        for (bytes, text) in texts {
            assert_eq!(guess_charset(bytes), text);
            // Only the beginning of a long text is looked at, which may end in the middle of a character.
            assert!(guess_charset(&bytes.repeat(GUESSED_BYTES / bytes.len() + 2)).contains(text), "{text}");
        }
    }

    #[test]
    fn html_becomes_lines_of_text() {
        let text = decode(b"<p>Not <b>delivered</b> to:<br>jo@example.com</p>", Encoding::None, None, true);
        assert!(text.contains("jo@example.com"), "{text}");
        let text =
            decode(b"<table><tr><td>Reply:</td><td>550 no</td></tr><tr><td>x</td></tr></table>", Encoding::None, None, true);
        assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["Reply:", "550", "no", "x"]);
        let text = decode(b"<style>p { color: #555 }</style><p>a<script>550</script>b<style>no end", Encoding::None, None, true);
        assert_eq!(text.trim(), "ab");
    }
}
