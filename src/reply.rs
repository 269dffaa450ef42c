//! SMTP reply text → reply code, enhanced status code, text.
//!
//! In: a diagnostic as a report or a log quotes it, in one line or several, with or without what the sending side
//! wrote around it. Out: the two codes, kept apart and never made up, the words for matching, and the SMTP command
//! that was answered. This module knows no mail, no rule and no cause.

mod code;
mod command;
mod find;

use std::borrow::Cow;

use crate::bits::all;
use crate::phrases::may_hold;

pub use code::{EnhancedCode, ReplyCode};
#[cfg(not(compiled))]
pub(crate) use command::source;
pub use command::{Command, Stage};
use find::{find_code, find_enhanced, last_real_reply, paired};

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
        // Most prose has no digit, and to see that costs a fraction of a look for codes.
        if all(text.as_bytes(), |byte| !byte.is_ascii_digit()) {
            return Self { code: None, enhanced: None, text: Cow::Borrowed(text), at: None, is_inner: false };
        }
        let found = find_code(text);
        let end = found.as_ref().map(|found| found.end);
        let paired = end.and_then(|end| paired(text, end));
        let enhanced = paired.filter(|code| code.is_exact()).or_else(|| find_enhanced(text));
        let at = found.as_ref().filter(|found| found.begins).map(|found| found.end - 3);
        let words = match &found {
            Some(found) => without_repeated_codes(text, found.end),
            None => Cow::Borrowed(text),
        };
        let code = found.map(|found| found.code);
        if enhanced.is_some_and(EnhancedCode::is_expiry)
            && let Some((at, code, enhanced)) = last_real_reply(text, end.unwrap_or(0))
        {
            return Reply { code, enhanced: Some(enhanced), text: words, at: Some(at), is_inner: true };
        }
        Reply { code, enhanced, text: words, at, is_inner: false }
    }
}

/// Leaves out the code that each further line of a multi-line reply repeats (RFC 5321 section 4.2.1), with the enhanced
/// code behind it (RFC 2034 section 4 repeats that too).
fn without_repeated_codes(text: &str, first_end: usize) -> Cow<'_, str> {
    let (head, tail) = text.split_at(first_end);
    let digits = &head[first_end - 3..];
    if !may_hold(tail.as_bytes(), digits.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let multi_line = tail.starts_with('-');
    let mut joined = String::with_capacity(text.len());
    joined.push_str(head);
    let mut rest = tail;
    let finder = memchr::memmem::Finder::new(digits);
    while let Some(at) = finder.find(rest.as_bytes()) {
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
