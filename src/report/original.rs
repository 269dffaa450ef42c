//! The message that a report is about: from the returned message, from its header, or from what the report quotes of it.

use std::borrow::Cow;

use serde::Serialize;

use super::address;
use super::notice::Notice;
use super::text::lines;
use super::words::lower;
use crate::limits::{FIELD_BYTES, cut};
use crate::mail::{Date, Header, Mail};

/// What is known of the original message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Original {
    /// Its Message-ID, with its angle brackets.
    pub message_id: Option<String>,
    /// The address in From.
    pub from: Option<String>,
    /// The addresses in To, joined with a comma.
    pub to: Option<String>,
    /// The decoded Subject.
    pub subject: Option<String>,
    /// The Date.
    pub date: Option<Date>,
}

/// Most bytes of the label of a repeated field.
const LABEL: usize = 64;
/// Most addresses of a To field that are given.
const TO: usize = 16;

impl Original {
    pub(super) fn of(mail: &Mail<'_>, notice: &Notice<'_>) -> Self {
        let mut original = Self::default();
        let returned = mail.parts.iter().filter(|part| part.is_original());
        let after_report =
            mail.parts.iter().skip_while(|part| !part.media_type.starts_with("message/")).skip(1).filter(|part| part.is_text());
        for part in returned.chain(after_report) {
            original.take(&Header::parse(&part.decoded()).0);
            if original.message_id.is_some() || original.subject.is_some() {
                break;
            }
        }
        if original.message_id.is_none() {
            original.take(&Header::parse(unquoted(&notice.prose().quoted).as_bytes()).0);
        }
        original.take_repeated(&notice.prose().lines);
        if original.message_id.is_none() {
            original.message_id = named_by_report(mail);
        }
        original
    }

    /// Takes over what is not known yet.
    fn take(&mut self, header: &Header<'_>) {
        if self.message_id.is_none() {
            self.message_id = header.text("Message-ID").and_then(|id| message_id(&id));
        }
        if self.from.is_none() {
            self.from = header.text("From").and_then(|from| address::first(&from));
        }
        if self.to.is_none() {
            self.to = header.text("To").map(|to| addresses(&to)).filter(|to| !to.is_empty());
        }
        if self.subject.is_none() {
            self.subject = header.text("Subject").map(Cow::into_owned);
        }
        if self.date.is_none() {
            self.date = header.date("Date");
        }
    }

    /// Takes over what the report repeats of the header among its own lines: a lone subject, or a few fields together.
    fn take_repeated(&mut self, lines: &[&str]) {
        if self.subject.is_some() || self.message_id.is_some() {
            return;
        }
        let mut from = None;
        let mut to = None;
        for line in lines.iter().take(200) {
            let line = line.trim_start_matches(['>', ' ', '\t', '|']);
            let colon = if line.is_ascii() { line.split_once(':') } else { line.split_once([':', '：']) };
            // A sentence is no label.
            let Some((label, value)) = colon.filter(|(label, _)| label.len() <= LABEL) else { continue };
            let value = value.trim();
            let label = lower(label.trim());
            match label.as_str() {
                "subject"
                | "subj"
                | "the subject of the message is"
                | "your message with subject"
                | "betreff"
                | "objet"
                | "sujet"
                | "asunto"
                | "assunto"
                | "oggetto"
                | "onderwerp"
                | "temat"
                | "тема"
                | "件名"
                | "主题"
                | "主旨"
                | "主題"
                | "제목" => {
                    self.subject =
                        self.subject.take().or_else(|| Some(cut(value, FIELD_BYTES).to_owned()).filter(|text| !text.is_empty()));
                }
                "message-id" | "message id" => self.message_id = self.message_id.take().or_else(|| message_id(value)),
                "date" | "the date of the message is" | "sent" => self.date = self.date.take().or_else(|| Date::parse(value)),
                "from" => from = from.or_else(|| address::first(value)),
                "to" => to = to.or_else(|| Some(addresses(value)).filter(|to| !to.is_empty())),
                _ => {}
            }
        }
        // Lines that merely look like fields tell nothing without the others.
        if self.message_id.is_some() || self.subject.is_some() {
            self.from = self.from.take().or(from);
            self.to = self.to.take().or(to);
        }
    }

    /// The addresses that it was sent to: what its last hop says, which knows more than the To field of a list's message.
    pub(super) fn recipients(mail: &Mail<'_>, notice: &Notice<'_>) -> Vec<String> {
        let by_envelope = mail.parts.iter().find(|part| part.is_original()).and_then(|part| {
            let decoded = part.decoded();
            let header = Header::parse(&decoded).0;
            let received = header.text("Received").and_then(|text| received_for(&text));
            received.or_else(|| ["X-Envelope-To", "Envelope-To"].iter().find_map(|name| address::clean(&header.text(name)?)))
        });
        if let Some(address) = by_envelope {
            return vec![address];
        }
        let to = Self::of(mail, notice).to.unwrap_or_default();
        address::owned(&to).collect()
    }
}

/// The addresses of a text, each once, joined with a comma.
fn addresses(text: &str) -> String {
    let mut addresses = address::addresses(text).map(|found| found.address).peekable();
    let Some(mut all) = addresses.next().map(Cow::into_owned) else { return String::new() };
    // Nearly always the only one.
    if addresses.peek().is_none() {
        return all;
    }
    let mut seen = address::Seen::default();
    seen.insert(&all);
    for address in addresses.filter(|address| seen.insert(address)).take(TO - 1) {
        all.push_str(", ");
        all.push_str(&address);
    }
    all
}

/// The address in the `for` clause of a Received field (RFC 5321 section 4.4).
fn received_for(text: &str) -> Option<String> {
    let at = text.find("for <").filter(|&at| text[..at].ends_with([' ', '\t']))? + 4;
    address::clean(text[at..].split('>').next()?).filter(|address| address.contains('@'))
}

/// The first message-id of a text, with its angle brackets.
fn message_id(text: &str) -> Option<String> {
    let start = memchr::memchr(b'<', text.as_bytes())?;
    let end = memchr::memchr(b'>', &text.as_bytes()[start..])?;
    let id = &text[start..=start + end];
    (id.len() > 2 && id.len() <= 998 && !id.contains(char::is_whitespace)).then(|| id.to_owned())
}

/// The quoted header without the sentence before it and without quote marks.
fn unquoted(quoted: &[&str]) -> String {
    let mut lines = quoted.iter().copied().peekable();
    let is_field = |line: &str| {
        let line = line.trim_start_matches(['>', ' ', '\t']);
        line.split_once(':')
            .is_some_and(|(name, _)| name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
    };
    while lines.next_if(|line| !is_field(line)).is_some() {}
    let marked = lines.peek().is_some_and(|line| line.starts_with('>'));
    let indent = lines.peek().map_or(0, |line| line.len() - line.trim_start().len());
    let mut text = String::with_capacity(quoted.iter().map(|line| line.len() + 1).sum::<usize>().min(FIELD_BYTES));
    for line in lines {
        if text.len() > FIELD_BYTES {
            break;
        }
        let line = if marked {
            line.strip_prefix("> ").or_else(|| line.strip_prefix('>')).unwrap_or(line)
        } else {
            line.get(indent..)
                .filter(|_| line.as_bytes()[..indent.min(line.len())].iter().all(u8::is_ascii_whitespace))
                .unwrap_or(line)
        };
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The original's id as the report names it: in its own fields (Gmail), or because it answers it.
fn named_by_report(mail: &Mail<'_>) -> Option<String> {
    let status = mail
        .parts
        .iter()
        .find(|part| part.media_type.ends_with("delivery-status") || part.media_type == "message/disposition-notification");
    let in_status = status.and_then(|part| {
        let line = lines(part.text()).find(|line| {
            let name = &line[..memchr::memchr(b':', line.as_bytes()).unwrap_or(line.len())];
            name.eq_ignore_ascii_case("X-Original-Message-ID") || name.eq_ignore_ascii_case("Original-Message-ID")
        })?;
        message_id(line)
    });
    in_status.or_else(|| ["In-Reply-To", "References"].iter().find_map(|name| message_id(&mail.header.text(name)?)))
}
