//! One stream → its mails: split at `From ` lines (RFC 4155), or the one mail that it is.
//!
//! Knows mboxo and mboxrd, whose `>From ` is undone, and the Content-Length of mboxcl and mboxcl2, which is believed only
//! where another mail, or the end, is found at the place that it points to. Keeps one mail in memory, up to a bound.

use std::io::{self, Read};
use std::ops::Range;

use memchr::memmem;

use super::content::{Content, is_mail};
use super::{RawMail, Unreadable};
use crate::limits::{LENGTH_HEADER_BYTES, MAIL_BYTES, SEPARATOR_BYTES};

/// Whether bytes begin as an mbox does.
pub(super) fn begins(bytes: &[u8]) -> bool {
    without_mark(bytes).starts_with(b"From ")
}

/// The bytes without a byte-order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

/// How much is asked for at a time.
const BLOCK: usize = 64 << 10;

/// A mail beyond this size gets room for the largest one at once and is handed on without a copy: what is reserved and
/// not filled costs nothing, and blocks this large go back to the system when they are done with.
const LARGE: usize = 1 << 20;
const ROOM: usize = 2 * MAIL_BYTES + (2 << 20);

/// The mails of a stream.
pub(super) struct Mbox {
    content: Content,
    reader: Box<dyn Read + Send>,
    /// What was read and not yet given: from `at` on, where a mail begins.
    buffer: Vec<u8>,
    at: usize,
    /// The reader has no more.
    ended: bool,
    /// What went wrong, told when the mails before it were given.
    fault: Option<io::Error>,
    count: usize,
    done: bool,
}

/// Where a mail ends.
struct End {
    /// The end of its bytes, without the blank line that an mbox puts there.
    bytes: usize,
    /// Where the next one begins.
    next: usize,
    /// The length was told: nothing in it is quoted that isn't quoted in the mail itself, should a `From ` line stand bare.
    told: bool,
}

impl Mbox {
    /// The mails of `head` and the `rest` after it.
    pub(super) fn new(content: Content, head: Vec<u8>, rest: Box<dyn Read + Send>) -> Self {
        Self { content, reader: rest, buffer: head, at: 0, ended: false, fault: None, count: 0, done: false }
    }

    /// The mails of `all` and nothing else.
    pub(super) fn whole(content: Content, all: Vec<u8>) -> Self {
        Self { ended: true, ..Self::new(content, all, Box::new(io::empty())) }
    }

    /// Reads until `wanted` bytes from `at` on are there, or the end.
    fn fill(&mut self, wanted: usize) {
        while self.buffer.len() - self.at < wanted && !self.ended {
            if self.at > 0 {
                self.buffer.drain(..self.at);
                self.at = 0;
            }
            let filled = self.buffer.len();
            if filled > LARGE && self.buffer.capacity() < ROOM {
                self.buffer.reserve_exact(ROOM - filled);
            }
            self.buffer.resize(filled + BLOCK, 0);
            let read = self.reader.read(&mut self.buffer[filled..]);
            self.buffer.truncate(filled + read.as_ref().map_or(0, |read| *read));
            match read {
                Ok(0) => self.ended = true,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.fault = Some(error);
                }
            }
        }
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// The whole stream as one mail.
    fn only_mail(&mut self) -> Option<Result<RawMail, Unreadable>> {
        self.fill(MAIL_BYTES + 1);
        self.done = true;
        let mut bytes = std::mem::take(&mut self.buffer);
        if bytes.is_empty() && self.fault.is_some() {
            return self.told_fault();
        }
        if !is_mail(&bytes) {
            return self.content.no_mail().map(Err);
        }
        let cut = bytes.len() > MAIL_BYTES || self.fault.is_some();
        bytes.truncate(MAIL_BYTES);
        Some(Ok(RawMail { source: self.content.source.clone(), file: self.content.file.take(), bytes, cut }))
    }

    /// The next mail of an mbox; `at` stands on its `From ` line.
    fn next_mail(&mut self) -> RawMail {
        self.fill(SEPARATOR_BYTES);
        let unread = self.unread();
        let start = line_end(unread).unwrap_or(unread.len());
        let mut kept = None;
        let end = match self.told_end(start) {
            Some(end) => end,
            None => self.search_end(start, &mut kept),
        };
        let is_last = self.ended && end.next >= self.unread().len();
        let cut = kept.is_some() || (is_last && self.fault.is_some());
        let mut bytes = match kept {
            None if end.bytes > LARGE => self.hand_on(start..end.bytes, end.next),
            kept => {
                let bytes = kept.unwrap_or_else(|| self.unread()[start.min(end.bytes)..end.bytes].to_vec());
                self.at += end.next;
                bytes
            }
        };
        if !(end.told && memmem::find(&bytes, b"\nFrom ").is_some()) {
            unquote(&mut bytes);
        }
        self.done = is_last;
        let source = if is_last && self.count == 0 {
            self.content.source.clone()
        } else {
            self.count += 1;
            format!("{}#{}", self.content.source, self.count)
        };
        let file = if is_last && self.count == 0 { self.content.file.take() } else { None };
        RawMail { source, file, bytes, cut }
    }

    /// The end that the mail's Content-Length tells, where a mail, or the end of all, does follow.
    fn told_end(&mut self, start: usize) -> Option<End> {
        let length = loop {
            let unread = self.unread();
            let header = &unread[start..unread.len().min(start + LENGTH_HEADER_BYTES)];
            match content_length(header) {
                Some((_, None)) => return None,
                Some((body, Some(length))) => break start + body + length,
                None if self.ended || header.len() == LENGTH_HEADER_BYTES => return None,
                None => self.fill(unread.len() + BLOCK),
            }
        };
        if length > start + MAIL_BYTES {
            return None;
        }
        self.fill(length + SEPARATOR_BYTES);
        let after = self.unread().get(length..)?;
        let blank = after.iter().take(4).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if after.len() == blank && self.ended || separates(&after[blank..]) {
            return Some(End { bytes: length, next: length + blank, told: true });
        }
        None
    }

    /// Searches the next `From ` line. What is longer than a mail may be goes to `kept` and is passed over from there.
    fn search_end(&mut self, start: usize, kept: &mut Option<Vec<u8>>) -> End {
        let finder = memmem::Finder::new(b"From ");
        let mut searched = start;
        loop {
            let unread = self.unread();
            let found = finder.find(&unread[searched..]).map(|at| searched + at);
            match found {
                Some(at) => {
                    if let Some(blank) = blank_before(&unread[..at]) {
                        // The whole line, and the one after it, must be seen.
                        if unread.len() - at < SEPARATOR_BYTES && !self.ended {
                            self.fill(at + SEPARATOR_BYTES);
                            continue;
                        }
                        if separates(&unread[at..]) {
                            return End { bytes: blank, next: at, told: false };
                        }
                    }
                    searched = at + 5;
                }
                None if self.ended => {
                    let end = unread.len();
                    let bytes = blank_before(unread).unwrap_or(end).max(start.min(end));
                    return End { bytes, next: end, told: false };
                }
                None => {
                    let end = unread.len();
                    let most = if kept.is_none() { MAIL_BYTES } else { BLOCK };
                    if end > start + most {
                        // Enough stays to see a blank line, and the begin of a `From `.
                        let next = end - LOOK_BACK;
                        match kept {
                            None => *kept = Some(self.hand_on(start..start + MAIL_BYTES, next)),
                            Some(_) => self.at += next,
                        }
                        searched = LOOK_BACK - 4;
                        self.fill(LOOK_BACK + BLOCK);
                        continue;
                    }
                    searched = end.saturating_sub(4).max(start);
                    self.fill(end + BLOCK);
                }
            }
        }
    }

    /// Hands on a large mail with the buffer that it stands in, and goes on behind it.
    fn hand_on(&mut self, mail: Range<usize>, next: usize) -> Vec<u8> {
        let rest = self.unread()[next..].to_vec();
        let mut bytes = std::mem::replace(&mut self.buffer, rest);
        bytes.truncate(self.at + mail.end);
        bytes.drain(..self.at + mail.start);
        self.at = 0;
        bytes
    }

    fn told_fault(&mut self) -> Option<Result<RawMail, Unreadable>> {
        self.fault.take().map(|error| Err(self.content.lost(&error)))
    }
}

impl Iterator for Mbox {
    type Item = Result<RawMail, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return self.told_fault();
        }
        if self.count == 0 {
            self.fill(8);
            if !begins(self.unread()) {
                return self.only_mail();
            }
            self.at += self.unread().len() - without_mark(self.unread()).len();
        }
        Some(Ok(self.next_mail()))
    }
}

/// How far back a blank line is searched.
const LOOK_BACK: usize = 256;

/// The end of the first line, its line feed or carriage return included.
fn line_end(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memchr2(b'\n', b'\r', bytes)?;
    Some(if bytes[end..].starts_with(b"\r\n") { end + 2 } else { end + 1 })
}

/// Where the blank line begins that bytes end with.
fn blank_before(bytes: &[u8]) -> Option<usize> {
    let line = without_line_end(bytes)?;
    let blank = line.iter().rev().take(LOOK_BACK / 2).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let before = &line[..line.len() - blank];
    // The blank line itself goes; the line end before it is the mail's.
    without_line_end(before).map(|_| before.len())
}

fn without_line_end(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [before @ .., b'\r', b'\n'] | [before @ .., b'\n' | b'\r'] => Some(before),
        _ => None,
    }
}

/// Whether a line such as `From MAILER-DAEMON Thu Jan  1 00:00:00 2026` is here: with a date, so that prose is none; or a
/// bare one, as some writers leave it, before a header field.
fn separates(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(b"From ") else { return false };
    let end = line_end(rest).unwrap_or(rest.len()).min(SEPARATOR_BYTES);
    let line = rest[..end].trim_ascii_end();
    if line.is_empty() || line == b"-" {
        return is_field(&rest[end..]);
    }
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let has_time = line.windows(5).any(|part| part[2] == b':' && digits(&part[..2]) && digits(&part[3..]));
    let has_year = line.windows(4).any(|part| matches!(part[..2], [b'1', b'9'] | [b'2', b'0']) && digits(&part[2..]));
    let has_month = || {
        line.split(|&byte| byte == b' ').any(|word| {
            [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"]
                .iter()
                .any(|month| word.eq_ignore_ascii_case(*month))
        })
    };
    has_time && has_year && (has_month() || is_field(&rest[end..]))
}

/// Whether bytes begin with a header field, or with an older `>From ` line before one.
fn is_field(bytes: &[u8]) -> bool {
    let name = bytes.iter().take_while(|byte| byte.is_ascii_graphic() && **byte != b':').count();
    (name > 0 && bytes.get(name) == Some(&b':')) || bytes.starts_with(b">From ")
}

/// In a header: where the body begins, and what Content-Length says; none while the header has not ended.
fn content_length(header: &[u8]) -> Option<(usize, Option<usize>)> {
    const NAME: &[u8] = b"content-length:";
    let mut at = 0;
    let mut length = None;
    while let Some(end) = memchr::memchr(b'\n', &header[at..]) {
        let line = &header[at..at + end];
        at += end + 1;
        if line.is_empty() || line == b"\r" {
            return Some((at, length));
        }
        if line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME) {
            length = std::str::from_utf8(line[NAME.len()..].trim_ascii()).ok().and_then(|number| number.parse().ok());
            // A number beyond all mails is as good as none, and can't be added to.
            length = length.filter(|&length: &usize| length <= MAIL_BYTES);
        }
    }
    None
}

/// Takes one `>` from each line that begins with `>From `, `>>From ` and so on.
fn unquote(bytes: &mut Vec<u8>) {
    let places: Vec<usize> = memmem::find_iter(bytes, b">From ")
        .filter(|&at| {
            let marks = bytes[..at].iter().rev().take_while(|byte| **byte == b'>').count();
            at == marks || matches!(bytes[at - marks - 1], b'\n' | b'\r')
        })
        .collect();
    if places.is_empty() {
        return;
    }
    let mut to = places[0];
    for (place, &at) in places.iter().enumerate() {
        let end = places.get(place + 1).copied().unwrap_or(bytes.len());
        bytes.copy_within(at + 1..end, to);
        to += end - at - 1;
    }
    bytes.truncate(to);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mbox(text: &[u8]) -> Vec<RawMail> {
        let content = Content { source: "m".to_owned(), file: None, named: true, unpacked: 0 };
        // In small steps, so that nothing depends on where a block ends.
        let (head, rest) = text.split_at(text.len().min(7));
        let rest = Slow(rest.to_vec());
        Mbox::new(content, head.to_vec(), Box::new(rest)).map(|mail| mail.expect("readable")).collect()
    }

    struct Slow(Vec<u8>);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(5).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    fn mails(text: &str) -> Vec<(String, String)> {
        mbox(text.as_bytes()).into_iter().map(|mail| (mail.source, String::from_utf8_lossy(&mail.bytes).into_owned())).collect()
    }

    fn bodies(text: &str) -> Vec<String> {
        mails(text).into_iter().map(|(_, bytes)| bytes).collect()
    }

    const FROM: &str = "From MAILER-DAEMON Thu Jan  1 00:00:00 2026\n";

    #[test]
    fn one_mail_keeps_its_name_and_several_are_numbered() {
        let pair = |source: &str, bytes: &str| (source.to_owned(), bytes.to_owned());
        assert_eq!(mails("Subject: a\n\nFrom here on\n"), [pair("m", "Subject: a\n\nFrom here on\n")]);
        assert_eq!(mails(&format!("{FROM}Subject: a\n\nx\n")), [pair("m", "Subject: a\n\nx\n")]);
        let two = format!("{FROM}Subject: a\n\nx\n\nFrom here on\n\n{FROM}Subject: b\n\ny\n\n");
        assert_eq!(mails(&two), [pair("m#1", "Subject: a\n\nx\n\nFrom here on\n"), pair("m#2", "Subject: b\n\ny\n")]);
    }

    #[test]
    fn every_line_end_separates() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("{FROM}Subject: a\n\nx\n\n{FROM}Subject: b\n\ny\n").replace('\n', end);
            let wanted = ["Subject: a\n\nx\n", "Subject: b\n\ny\n"].map(|mail| mail.replace('\n', end));
            assert_eq!(bodies(&text), wanted, "{end:?}");
        }
    }

    #[test]
    fn quoted_from_lines_get_their_from_back() {
        let text = format!("{FROM}Subject: a\n\n>From x\n>>From y\nz >From w\n\n{FROM}Subject: b\n\ny\n");
        assert_eq!(bodies(&text)[0], "Subject: a\n\nFrom x\n>From y\nz >From w\n");
    }

    #[test]
    fn a_content_length_that_holds_is_believed_and_one_that_does_not_is_not() {
        let body = format!("a\n\n{FROM}Subject: inner\n\n>From b\n");
        let good = format!("{FROM}Content-Length: {}\n\n{body}\n{FROM}Subject: b\n\ny\n", body.len());
        assert_eq!(bodies(&good), [format!("Content-Length: {}\n\n{body}", body.len()), "Subject: b\n\ny\n".to_owned()]);
        for wrong in ["5", "99", "-1", "99999999999999999999"] {
            let text = format!("{FROM}Content-Length: {wrong}\n\nx\n\n{FROM}Subject: b\n\ny\n");
            assert_eq!(bodies(&text), [format!("Content-Length: {wrong}\n\nx\n"), "Subject: b\n\ny\n".to_owned()]);
        }
    }

    #[test]
    fn a_line_of_prose_is_no_separator() {
        for prose in ["From 10:30 on, in 2024, it failed", "From here", "From: x", "From Jan 2024"] {
            let text = format!("{FROM}Subject: a\n\nx\n\n{prose}\nmore\n");
            assert_eq!(mails(&text).len(), 1, "{prose}");
        }
        for line in ["From - Thu Jan 01 00:00:00 2026", "From 12@xxx Thu Jan 01 00:00:00 +0000 2026", "From ", "From - "] {
            let text = format!("{FROM}Subject: a\n\nx\n\n{line}\nSubject: b\n\ny\n");
            assert_eq!(mails(&text).len(), 2, "{line}");
        }
    }

    #[test]
    fn nothing_at_all_is_one_empty_mail() {
        assert_eq!(mails(""), [("m".to_owned(), String::new())]);
    }

    #[test]
    fn a_mail_beyond_the_bound_is_cut_and_the_next_one_is_found() {
        let line = "x".repeat(70) + "\n";
        let huge = format!("{FROM}Subject: a\n\n{}\n{FROM}Subject: b\n\ny\n", line.repeat(2 * MAIL_BYTES / line.len()));
        let content = Content { source: "m".to_owned(), file: None, named: true, unpacked: 0 };
        let mails: Vec<RawMail> = Mbox::new(content, Vec::new(), Box::new(io::Cursor::new(huge.into_bytes())))
            .map(|mail| mail.expect("readable"))
            .collect();
        assert_eq!(mails.len(), 2);
        assert!(mails[0].cut && !mails[1].cut);
        assert_eq!((mails[0].bytes.len(), mails[1].bytes.as_slice()), (MAIL_BYTES, &b"Subject: b\n\ny\n"[..]));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(proptest::sample::select(&b"From: >\r\n 2010:10 Jan\nContent-Length:1"[..]), 0..300)) {
            mbox(&bytes);
            let mut behind = FROM.as_bytes().to_vec();
            behind.extend_from_slice(&bytes);
            mbox(&behind);
        }
    }
}
