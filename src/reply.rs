//! SMTP reply text → reply code, enhanced status code, text.
//!
//! In: a diagnostic as a report or a log quotes it, in one line or several, with or without what the sending side
//! wrote around it. Out: the two codes, kept apart and never made up, the words for matching, and the SMTP command
//! that was answered. This module knows no mail, no rule and no cause.

use std::borrow::Cow;
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
    fn read(bytes: &[u8]) -> Option<(Self, usize)> {
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

/// The stage of the SMTP dialogue that was answered (RFC 5321 section 4.1, 3207, 4954).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// The connection itself or the greeting.
    Connect,
    /// EHLO, HELO or LHLO.
    Helo,
    /// STARTTLS.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    MailFrom,
    /// RCPT TO.
    RcptTo,
    /// DATA or BDAT, before the message was sent.
    Data,
    /// The end of the message.
    EndOfData,
    /// QUIT or RSET.
    Quit,
}

impl Command {
    /// Every stage, in the order of the dialogue.
    pub const ALL: &'static [Command] = &[
        Command::Connect,
        Command::Helo,
        Command::StartTls,
        Command::Auth,
        Command::MailFrom,
        Command::RcptTo,
        Command::Data,
        Command::EndOfData,
        Command::Quit,
    ];

    /// The public name.
    pub const fn name(self) -> &'static str {
        match self {
            Command::Connect => "connect",
            Command::Helo => "HELO",
            Command::StartTls => "STARTTLS",
            Command::Auth => "AUTH",
            Command::MailFrom => "MAIL FROM",
            Command::RcptTo => "RCPT TO",
            Command::Data => "DATA",
            Command::EndOfData => "end of DATA",
            Command::Quit => "QUIT",
        }
    }

    /// Reads a stage from its name, letter case ignored; `EHLO`, `MAIL`, `RCPT` and the like are understood.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        Self::ALL.iter().copied().find(|stage| stage.name().eq_ignore_ascii_case(name)).or_else(|| {
            Some(match name.to_ascii_uppercase().as_str() {
                "EHLO" | "LHLO" => Command::Helo,
                "MAIL" => Command::MailFrom,
                "RCPT" => Command::RcptTo,
                "BDAT" => Command::Data,
                "RSET" => Command::Quit,
                _ => return None,
            })
        })
    }

    /// Finds the stage that a diagnostic names in the words of Postfix, Exim, Sendmail, qmail and others.
    pub fn find(text: &str) -> Option<Self> {
        // Longer marks first: "end of data" holds "data".
        const MARKS: &[(&str, Command)] = &[
            ("end of data", Command::EndOfData),
            ("sending message body", Command::EndOfData),
            ("body of message generated", Command::EndOfData),
            ("failed after i sent the message", Command::EndOfData),
            ("message content", Command::EndOfData),
            ("rcpt to", Command::RcptTo),
            ("after rcpt", Command::RcptTo),
            ("rcpt command", Command::RcptTo),
            ("command rcpt", Command::RcptTo),
            ("command mail", Command::MailFrom),
            ("command data", Command::Data),
            ("does not like recipient", Command::RcptTo),
            ("recipient was rejected", Command::RcptTo),
            ("rcpt_to", Command::RcptTo),
            ("smtp:rcpt", Command::RcptTo),
            ("mail from", Command::MailFrom),
            ("after mail", Command::MailFrom),
            ("does not like my sender", Command::MailFrom),
            ("sender was rejected", Command::MailFrom),
            ("mail_from", Command::MailFrom),
            ("initial connection", Command::Connect),
            ("refused to talk to me", Command::Connect),
            ("while greeting", Command::Connect),
            ("but greeting failed", Command::Connect),
            ("starttls", Command::StartTls),
            ("auth command", Command::Auth),
            ("after auth", Command::Auth),
            ("ehlo", Command::Helo),
            ("helo", Command::Helo),
            ("data command", Command::Data),
            ("after data", Command::Data),
            ("after pipelined data", Command::Data),
            (">>> data", Command::Data),
        ];
        let frame = [
            "in reply to ",
            "after ",
            ">>> ",
            "sent: ",
            "did not like our ",
            "does not like",
            "sent the message",
            "refused to talk",
            "greet",
            "response to ",
            "replied to ",
            "message content",
            "sending ",
            "during ",
            "command",
            "generated ",
            "rcpt_to]",
            "mail_from]",
            "in rcpt to",
            "smtp:rcpt",
            "smtp error",
            "but sender was rejected",
            "but recipient was rejected",
        ];
        let lower = text.to_ascii_lowercase();
        if !frame.iter().any(|words| lower.contains(words)) {
            return None;
        }
        MARKS.iter().find(|(mark, _)| lower.contains(mark)).map(|&(_, stage)| stage)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A reply taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The three digits, where the text quotes them.
    pub code: Option<ReplyCode>,
    /// The most exact enhanced code that the text gives.
    pub enhanced: Option<EnhancedCode>,
    /// The words, lines joined: the codes that a multi-line reply repeats at each line are left out.
    pub text: Cow<'a, str>,
    /// The byte of the parsed text at which the reply begins, where what surrounds it shows that one does.
    pub at: Option<usize>,
    /// Whether the enhanced code stands right behind the basic one: the server that answered wrote both.
    pub is_paired: bool,
    /// Whether the codes are those of a reply inside the text: the outer one only says that the queue time ran out.
    pub is_inner: bool,
}

impl<'a> Reply<'a> {
    /// Takes a diagnostic apart. Never fails: a text without codes has none.
    ///
    /// ```
    /// use whybounce::reply::Reply;
    /// let reply = Reply::parse("host mx.example.com said: 550-5.1.1 The account does\n550 5.1.1 not exist (in reply to RCPT TO command)");
    /// assert_eq!(reply.code.map(|c| c.number()), Some(550));
    /// assert_eq!(reply.enhanced.map(|c| c.to_string()).as_deref(), Some("5.1.1"));
    /// assert!(reply.text.contains("The account does not exist"));
    /// ```
    pub fn parse(text: &'a str) -> Self {
        let found = find_code(text);
        let end = found.as_ref().map(|found| found.end);
        let paired = end.and_then(|end| paired(text, end));
        let enhanced = paired.filter(|code| code.is_exact()).or_else(|| find_enhanced(text));
        let at = found.as_ref().filter(|found| found.begins).map(|found| found.end - 3);
        let words = match &found {
            Some(found) => without_repeated_codes(text, found.code, found.end),
            None => Cow::Borrowed(text),
        };
        let code = found.map(|found| found.code);
        if enhanced.is_some_and(EnhancedCode::is_expiry)
            && let Some((at, code, enhanced)) = last_real_reply(text, end.unwrap_or(0))
        {
            return Reply { code, enhanced: Some(enhanced), text: words, at: Some(at), is_paired: true, is_inner: true };
        }
        let is_paired = paired.is_some() && paired == enhanced;
        Reply { code, enhanced, text: words, at, is_paired, is_inner: false }
    }
}

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
struct FoundCode {
    code: ReplyCode,
    /// The byte at which it ends.
    end: usize,
    /// It stands where a reply begins.
    begins: bool,
}

/// The reply code of a diagnostic and the byte at which it ends: the first that stands where a server's reply begins,
/// else the first that merely looks like one. A failure code is preferred to a success code before it.
fn find_code(text: &str) -> Option<FoundCode> {
    let bytes = text.as_bytes();
    let mut best: Option<(u8, ReplyCode, usize)> = None;
    let mut at = 0;
    while at + 3 <= bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = at + bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        if end - at == 3
            && let Some(code) = ReplyCode::parse(&text[at..end])
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
        at = end;
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
    if UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(next_word)) {
        return None;
    }
    let last_word = before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    if BEFORE.iter().any(|word| word.eq_ignore_ascii_case(last_word)) {
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

/// The enhanced code right behind a reply code that ends at `end`.
fn paired(text: &str, end: usize) -> Option<EnhancedCode> {
    let rest = text[end..].trim_start_matches([' ', '-', '\t', '#', '(', ':', ';', '[', '\'', '"']);
    enhanced_at(text.as_bytes(), text.len() - rest.len())
}

/// The reply that stands behind one that only says that the queue time ran out: `554 4.4.7 expired <421 4.4.2 timed out>`.
fn last_real_reply(text: &str, from: usize) -> Option<(usize, Option<ReplyCode>, EnhancedCode)> {
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
fn find_enhanced(text: &str) -> Option<EnhancedCode> {
    let bytes = text.as_bytes();
    let mut first = None;
    let mut at = 0;
    while at + 5 <= bytes.len() {
        if matches!(bytes[at], b'2' | b'4' | b'5')
            && let Some(code) = enhanced_at(bytes, at)
        {
            if code.is_exact() && code.class != 2 {
                return Some(code);
            }
            first = first.or(Some(code));
        }
        at += 1;
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

/// Leaves out the code that each further line of a multi-line reply repeats (RFC 5321 section 4.2.1), with the enhanced
/// code behind it (RFC 2034 section 4 repeats that too).
fn without_repeated_codes(text: &str, code: ReplyCode, first_end: usize) -> Cow<'_, str> {
    let digits = code.to_string();
    let (head, tail) = text.split_at(first_end);
    if !tail.contains(digits.as_str()) {
        return Cow::Borrowed(text);
    }
    let multi_line = tail.starts_with('-');
    let mut joined = String::with_capacity(text.len());
    joined.push_str(head);
    let mut rest = tail;
    while let Some(at) = rest.find(digits.as_str()) {
        let end = at + digits.len();
        let before = rest.as_bytes()[..at].last();
        let separated = before.is_none_or(|b| b.is_ascii_whitespace() || *b == b';' || *b == b',');
        let repeats = separated
            && match rest.as_bytes().get(end) {
                Some(b'-') => true,
                Some(b' ' | b'\t') => multi_line || before == Some(&b'\n'),
                _ => false,
            };
        if repeats {
            joined.push_str(&rest[..at]);
            rest = &rest[end + 1..];
            if let Some((_, length)) = EnhancedCode::read(rest.as_bytes()) {
                rest = &rest[length..];
            }
            rest = rest.trim_start_matches(' ');
        } else {
            joined.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    joined.push_str(rest);
    if joined.contains('\n') {
        joined = joined.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    Cow::Owned(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> (Option<u16>, Option<String>) {
        let reply = Reply::parse(text);
        (reply.code.map(ReplyCode::number), reply.enhanced.map(|code| code.to_string()))
    }

    #[track_caller]
    fn assert_codes(text: &str, code: Option<u16>, enhanced: Option<&str>) {
        assert_eq!(codes(text), (code, enhanced.map(str::to_owned)), "{text}");
    }

    #[test]
    fn both_codes_are_read_where_servers_write_them() {
        assert_codes("550 5.1.1 <jo@example.com>... User unknown", Some(550), Some("5.1.1"));
        assert_codes("550-5.7.26 unauthenticated", Some(550), Some("5.7.26"));
        assert_codes("550 #5.1.0 Address rejected.", Some(550), Some("5.1.0"));
        assert_codes("554 sorry, no mailbox here by that name (#5.1.1)", Some(554), Some("5.1.1"));
        assert_codes("Remote host said: 550 No such user", Some(550), None);
        assert_codes(
            "host mx.example.com[192.0.2.1] said: 452 4.2.2 Over quota (in reply to RCPT TO command)",
            Some(452),
            Some("4.2.2"),
        );
        assert_codes(
            "SMTP error from remote mail server after RCPT TO:<jo@example.com>: host mx.example.com [192.0.2.1]: 550 Unknown",
            Some(550),
            None,
        );
        assert_codes("Remote Server returned '550 5.4.1 Access denied'", Some(550), Some("5.4.1"));
        assert_codes("550", Some(550), None);
        assert_codes("ERROR_CODE :550, no", Some(550), None);
    }

    #[test]
    fn what_only_looks_like_a_code_is_none() {
        assert_codes("connect to mx.example.com[192.0.2.250]:25: Connection timed out", None, None);
        assert_codes("message exceeds the limit of 552 bytes", None, None);
        assert_codes("connection refused (port 587)", None, None);
        assert_codes("Exim 4.94.2 on host 10.5.1.1", None, None);
        assert_codes("queue id 4F550-12A 2026-05-12 10:45:50", None, None);
        assert_codes("(#4.16.1)", None, None);
        assert_codes("temporarily deferred - 4.16.55.1", None, None);
        assert_codes("see https://example.com/?code=550&x=5.1.1x", None, None);
    }

    #[test]
    fn a_failure_is_preferred_to_a_success_before_it() {
        assert_codes("250 ok; later 550 5.1.1 unknown", Some(550), Some("5.1.1"));
        assert_codes("250 2.0.0 OK queued", Some(250), Some("2.0.0"));
    }

    #[test]
    fn the_last_real_reply_outweighs_the_end_of_the_queue_time() {
        assert_codes("554 4.4.7 Message expired: unable to deliver.<421 4.4.2 Connection timed out>", Some(421), Some("4.4.2"));
        assert_codes("550 4.4.7 QUEUE.Expired; message expired; LED=450 4.7.320 no", Some(450), Some("4.7.320"));
        assert_codes("550 4.4.7 QUEUE.Expired; message expired", Some(550), Some("4.4.7"));
    }

    #[test]
    fn lines_of_one_reply_are_joined_without_their_codes() {
        let reply = Reply::parse(
            "550-5.1.1 The email account that you tried to reach does 550-5.1.1 not exist. Please try 550 5.1.1 again",
        );
        assert_eq!(reply.text, "550-5.1.1 The email account that you tried to reach does not exist. Please try again");
        assert_eq!(Reply::parse("550-one\n550-two\n550 three").text, "550-one two three");
    }

    #[test]
    fn the_command_that_was_answered_is_found() {
        assert_eq!(Command::find("said: 550 no (in reply to RCPT TO command)"), Some(Command::RcptTo));
        assert_eq!(Command::find("said: 550 no (in reply to end of DATA command)"), Some(Command::EndOfData));
        assert_eq!(Command::find("SMTP error from remote mail server after initial connection"), Some(Command::Connect));
        assert_eq!(Command::find("550 your data is bad"), None);
        assert_eq!(Command::parse("rcpt"), Some(Command::RcptTo));
    }
}
