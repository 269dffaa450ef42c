//! One stream → its mails: split at `From ` lines (RFC 4155), or the one mail that it is.

use std::io::{self, BufRead};

use super::{RawMail, Unreadable, is_mail, reason};
use crate::limits::MAIL_BYTES;

/// Whether bytes begin as an mbox does.
pub(super) fn begins(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    bytes.starts_with(b"From ")
}

/// The mails of a stream, read one at a time.
pub(super) struct Mbox<R> {
    source: String,
    reader: R,
    /// The mail after the one given last: it is read first, to know whether there is more than one.
    ahead: Option<RawMail>,
    count: usize,
    /// The `From ` line that ended the mail before.
    separator: Vec<u8>,
    done: bool,
}

impl<R: BufRead> Mbox<R> {
    pub(super) fn new(source: String, reader: R) -> Self {
        Self { source, reader, ahead: None, count: 0, separator: Vec::new(), done: false }
    }

    pub(super) fn next(&mut self) -> Option<Result<RawMail, Unreadable>> {
        if self.ahead.is_none() && !self.done {
            match self.read() {
                Ok(mail) => self.ahead = mail,
                Err(error) => return Some(Err(self.fail(&error))),
            }
        }
        let mut mail = self.ahead.take()?;
        if !self.done {
            match self.read() {
                Ok(next) => self.ahead = next,
                Err(error) => {
                    // The mail before the fault is whole: it is given first.
                    self.ahead = None;
                    let fault = self.fail(&error);
                    mail.source = self.numbered();
                    return Some(if mail.bytes.is_empty() { Err(fault) } else { Ok(mail) });
                }
            }
        }
        if self.count == 0 && self.ahead.is_none() {
            if !is_mail(&mail.bytes) {
                return Some(Err(Unreadable {
                    source: self.source.clone(),
                    reason: "no mail: binary data without a header".to_owned(),
                }));
            }
            mail.source.clone_from(&self.source);
        } else {
            self.count += 1;
            mail.source = self.numbered();
        }
        Some(Ok(mail))
    }

    fn numbered(&self) -> String {
        format!("{}#{}", self.source, self.count.max(1))
    }

    fn fail(&mut self, error: &io::Error) -> Unreadable {
        self.done = true;
        Unreadable { source: self.source.clone(), reason: reason(error) }
    }

    /// The next mail, up to the next `From ` line that follows a blank line.
    fn read(&mut self) -> io::Result<Option<RawMail>> {
        let mut bytes = std::mem::take(&mut self.separator);
        let started = !bytes.is_empty();
        let mut is_mbox = started || self.count > 0;
        let mut after_blank = false;
        let mut line = Vec::new();
        loop {
            line.clear();
            if self.reader.read_until(b'\n', &mut line)? == 0 {
                self.done = true;
                break;
            }
            if bytes.is_empty() && !started {
                is_mbox = begins(&line);
            } else if is_mbox && after_blank && is_separator(&line) {
                self.separator = std::mem::take(&mut line);
                break;
            }
            after_blank = line.iter().all(u8::is_ascii_whitespace);
            if bytes.len() < MAIL_BYTES {
                bytes.extend_from_slice(&line);
            }
        }
        if bytes.is_empty() && self.done && self.count > 0 {
            return Ok(None);
        }
        Ok(Some(RawMail { source: String::new(), bytes }))
    }
}

/// A line such as `From MAILER-DAEMON Thu Jan  1 00:00:00 2026`: with a year and a time, so that prose is none.
fn is_separator(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    let rest = rest.trim_ascii_end();
    let has_time =
        rest.windows(5).any(|part| matches!(part, [a, b, b':', c, d] if [a, b, c, d].iter().all(|digit| digit.is_ascii_digit())));
    let has_year =
        rest.windows(4).any(|part| matches!(part, [b'1' | b'2', b'9' | b'0', c, d] if c.is_ascii_digit() && d.is_ascii_digit()));
    has_time && has_year
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> Vec<(String, usize)> {
        let mut mbox = Mbox::new("m".to_owned(), text.as_bytes());
        std::iter::from_fn(|| mbox.next())
            .map(|mail| mail.map(|mail| (mail.source, mail.bytes.len())).expect("readable"))
            .collect()
    }

    const FROM: &str = "From MAILER-DAEMON Thu Jan  1 00:00:00 2026\n";

    #[test]
    fn one_mail_keeps_its_name_and_several_are_numbered() {
        assert_eq!(sources("Subject: a\n\nFrom here on\n"), [("m".to_owned(), 25)]);
        assert_eq!(sources(&format!("{FROM}Subject: a\n\nx\n")).len(), 1);
        let two = format!("{FROM}Subject: a\n\nx\n\nFrom here on\n\n{FROM}Subject: b\n\ny\n");
        let names: Vec<String> = sources(&two).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["m#1", "m#2"]);
    }

    #[test]
    fn nothing_at_all_is_one_empty_mail() {
        assert_eq!(sources(""), [("m".to_owned(), 0)]);
    }
}
