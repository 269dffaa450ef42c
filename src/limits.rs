//! The bounds on what is read of one mail, all in one place.
//!
//! Every bounce is written by a stranger, so each loop and buffer over mail content has a bound from here. Past a
//! bound the answer is given from what was read, and says that it was cut.

/// Deepest nesting of multiparts that is followed; deeper parts are left unread.
pub const PART_DEPTH: usize = 32;
/// Most MIME parts of one mail.
pub const PARTS: usize = 256;
/// Most header fields of one header.
pub const HEADER_FIELDS: usize = 4_096;
/// Most bytes of one header (all its fields together).
pub const HEADER_BYTES: usize = 1 << 20;
/// Most bytes of one header field that are decoded.
pub const FIELD_BYTES: usize = 64 << 10;
/// Most bytes of one part that are decoded as text and searched.
pub const TEXT_BYTES: usize = 1 << 20;
/// Most lines of a prose report that are looked at.
pub const PROSE_LINES: usize = 20_000;
/// Most recipients of one report.
pub const RECIPIENTS: usize = 10_000;
/// Most bytes of one diagnostic that are kept and matched.
pub const DIAGNOSTIC_BYTES: usize = 4 << 10;
/// Most bytes of an address: RFC 5321 section 4.5.3.1 gives 64 + 1 + 255; UTF-8 and comments get some room.
pub const ADDRESS_BYTES: usize = 512;
/// Most characters that `...` in a phrase may stand for.
pub const PHRASE_GAP: usize = 200;
/// Most bytes of all rule files together; the index over their phrases counts them in 24 bits.
pub const RULE_BYTES: usize = 16 << 20;
/// Most bytes of one mail that are kept; the rest is passed over. A report stands at the front, before what it returns.
pub const MAIL_BYTES: usize = 16 << 20;
/// Most bytes of a line that is looked at to see whether it separates two mails of an mbox.
pub const SEPARATOR_BYTES: usize = 1 << 10;
/// Most bytes of an mbox mail's header that are searched for a Content-Length.
pub const LENGTH_HEADER_BYTES: usize = 64 << 10;
/// How often content is unpacked: a compressed archive of compressed mails is three.
pub const UNPACKED: usize = 3;
/// Most bytes of a long name or extended header in a tar archive.
pub const TAR_EXTENSION_BYTES: u64 = 64 << 10;

/// The longest prefix of `text` of at most `bytes` bytes that ends on a character.
pub fn cut(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let mut end = bytes;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
