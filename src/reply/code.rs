//! The two codes of a reply: three digits (RFC 5321 section 4.2) and class.subject.detail (RFC 3463 section 2).
//!
//! In: digits. Out: the codes as values, which are never made up: what is no code reads as none.

use std::fmt;

use serde::{Serialize, Serializer};

/// A basic reply code: three digits, 200 to 599 (RFC 5321 section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyCode(u16);

impl ReplyCode {
    /// Reads exactly three digits of class 2, 4 or 5.
    pub fn parse(digits: &str) -> Option<Self> {
        match digits.as_bytes() {
            [b'2' | b'4' | b'5', b, c] if b.is_ascii_digit() && c.is_ascii_digit() => digits.parse().ok().map(Self),
            _ => None,
        }
    }

    /// A code that is known to be one.
    pub(crate) const fn known(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The first digit: 2 success, 4 transient failure, 5 permanent failure.
    pub fn class(self) -> u8 {
        (self.0 / 100) as u8
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for ReplyCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.0)
    }
}

/// An enhanced status code `class.subject.detail` (RFC 3463 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnhancedCode {
    /// 2 success, 4 persistent transient failure, 5 permanent failure.
    pub class: u8,
    /// 0 to 7: what it is about.
    pub subject: u16,
    /// 0 to 999: what of it.
    pub detail: u16,
}

impl EnhancedCode {
    /// Reads a whole string as a code; subjects beyond 7 are none (providers write tags such as `4.16.1` that look alike).
    pub fn parse(text: &str) -> Option<Self> {
        match Self::read(text.as_bytes()) {
            Some((code, length)) if length == text.len() => Some(code),
            _ => None,
        }
    }

    /// Reads the value of a Status field, where a code stands whatever its subject; gateways number their own.
    pub(crate) fn parse_status(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| match text.as_bytes() {
            [class @ (b'2' | b'4' | b'5'), b'.', subject @ (b'8' | b'9'), b'.', detail @ ..] => {
                let detail = std::str::from_utf8(detail).ok().filter(|detail| detail.len() <= 3)?.parse().ok()?;
                Some(Self { class: class - b'0', subject: u16::from(subject - b'0'), detail })
            }
            _ => None,
        })
    }

    /// Reads a code at the start of `bytes` and says how long it is.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let class = match bytes {
            [c @ (b'2' | b'4' | b'5'), b'.', ..] => c - b'0',
            _ => return None,
        };
        let (subject, after_subject) = number(bytes, 2)?;
        if subject > 7 || bytes.get(after_subject) != Some(&b'.') {
            return None;
        }
        let (detail, end) = number(bytes, after_subject + 1)?;
        Some((Self { class, subject, detail }, end))
    }

    /// Whether it only says that the queue time ran out (RFC 3463 section 3.5: x.4.7), or that in Microsoft's way.
    pub(crate) fn is_expiry(self) -> bool {
        self.class != 2 && self.subject == 4 && matches!(self.detail, 7 | 300)
    }

    /// Whether it says more than its class: not `x.0.0`.
    pub fn is_exact(self) -> bool {
        (self.subject, self.detail) != (0, 0)
    }
}

/// One to three digits at `at`, and where they end.
fn number(bytes: &[u8], at: usize) -> Option<(u16, usize)> {
    let digits = bytes.get(at..)?.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || digits > 3 {
        return None;
    }
    let value = bytes[at..at + digits].iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    Some((value, at + digits))
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl Serialize for EnhancedCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
