//! What the outside of a mail says: how plainly sender, subject and words make it a notice of failure, of delay or of success.
//!
//! In: a mail taken apart. Out: the points that speak for a notice. The prose is only looked at when the header alone does
//! not settle it, so an ordinary mail is dismissed without its body being read. It names no recipient.

use std::cell::OnceCell;

use super::address;
use super::text::Prose;
use super::words::{List, MaySay, SYSTEM_NAMES, Said, Searched, lower, says};
use crate::mail::Mail;

/// The outside of a mail, and its prose when asked for.
#[derive(Debug)]
pub(super) struct Notice<'m> {
    /// The mail.
    pub(super) mail: &'m Mail<'m>,
    prose: OnceCell<Prose<'m>>,
    said: OnceCell<Said>,
    /// The mail stands inside another: nothing inside it is opened.
    pub(super) is_inner: bool,
    /// Lower-case subject.
    pub(super) subject: Searched<String>,
    /// What the subject says.
    pub(super) in_subject: Said,
    /// Lower-case From field.
    pub(super) from_field: Searched<String>,
    /// Who wrote it.
    pub(super) from: Option<String>,
    /// To whom it was written: the sender of the original.
    pub(super) to: Vec<String>,
    system_sender: bool,
    system_name: bool,
    null_sender: bool,
    automatic: bool,
    names_failed: bool,
    is_report: bool,
    answers: bool,
    is_bulk: bool,
    to_bounces: bool,
    subject_fails: bool,
}

impl<'m> Notice<'m> {
    pub(super) fn of(mail: &'m Mail<'m>) -> Self {
        let header = &mail.header;
        let subject = lower(&header.text("Subject").unwrap_or_default());
        let in_subject = Said::in_text(&subject);
        let from_text = header.text("From").unwrap_or_default();
        let from = address::first(&from_text);
        let to: Vec<String> = header.text("To").map(|to| address::owned(&to).take(64).collect()).unwrap_or_default();
        let return_path = header.text("Return-Path").unwrap_or_default();
        let null_sender = return_path.trim() == "<>"
            || address::clean(&return_path).is_some_and(|path| address::is_system(&path))
            || header.text("Envelope-From").is_some_and(|path| path.trim() == "<>");
        let system_sender = match &from {
            Some(from) => address::is_mailer(from) || address::is_list_system(from),
            None if from_text.is_empty() => null_sender,
            None => from_text.contains("<>") || address::clean(&from_text).is_some_and(|name| address::is_mailer(&name)),
        };
        let from_field = lower(&from_text);
        let is_report = mail.report_type.as_ref().is_some_and(|kind| kind.eq_ignore_ascii_case("delivery-status"))
            || mail.parts.iter().any(|part| part.media_type == "message/delivery-status");
        let reply = ["re:", "aw:", "sv:", "rv:", "fwd:", "fw:", "wg:", "tr:", "回复", "答复", "转发"]
            .iter()
            .any(|mark| subject.starts_with(mark));
        Notice {
            mail,
            prose: OnceCell::new(),
            said: OnceCell::new(),
            is_inner: false,
            // fml writes under the name of the list's owner.
            system_sender: system_sender || header.has("X-MLServer"),
            // Asked only where the address tells nothing.
            system_name: !system_sender && (SYSTEM_NAMES.is_in(&from_field) || from.as_deref().is_some_and(address::is_system)),
            null_sender,
            automatic: header.text("Auto-Submitted").is_some_and(|value| !value.trim().to_ascii_lowercase().starts_with("no")),
            names_failed: header.has("X-Failed-Recipients"),
            is_report,
            answers: reply || header.has("In-Reply-To"),
            is_bulk: header.has("List-Unsubscribe") || header.has("List-ID"),
            to_bounces: to.iter().any(|to| takes_bounces(to)),
            subject_fails: in_subject.any(List::Failure) || in_subject.any(List::Delay),
            in_subject,
            subject: Searched::new(subject),
            from_field: Searched::new(from_field),
            from,
            to,
        }
    }

    /// The notice that stands inside another one.
    pub(super) fn of_inner(mail: &'m Mail<'m>) -> Self {
        Notice { is_inner: true, ..Self::of(mail) }
    }

    /// The prose of the mail, read once.
    pub(super) fn prose(&self) -> &Prose<'m> {
        self.prose.get_or_init(|| Prose::of(self.mail))
    }

    /// What the prose says, looked for once.
    pub(super) fn said(&self) -> &Said {
        self.said.get_or_init(|| Said::in_text(&self.prose().words))
    }

    /// What a line of the prose may say; quoted lines may say anything.
    pub(super) fn may_say(&self) -> MaySay<'_> {
        if self.prose().has_quotes { MaySay::default() } else { MaySay::only(self.said()) }
    }

    /// Whether a bound was met in the prose, as far as it was read.
    pub(super) fn is_cut(&self) -> bool {
        self.prose.get().is_some_and(|prose| prose.cut)
    }

    /// What the header alone speaks for a notice.
    fn points(&self) -> i32 {
        let mut points = 0;
        points += if self.names_failed { 3 } else { 0 };
        points += if self.system_sender { 2 } else { i32::from(self.system_name) };
        points += i32::from(self.null_sender);
        points += i32::from(self.automatic);
        points += i32::from(self.is_report);
        points += if self.subject_fails { 2 } else { 0 };
        if !self.system_sender && !self.names_failed {
            points -= if self.answers && !self.null_sender { 2 } else { 0 };
            points -= if self.is_newsletter() { 3 } else { 0 };
        }
        points
    }

    /// Whether the header gives reason to look at the body: nothing that the body says makes up for less.
    pub(super) fn is_suspect(&self) -> bool {
        let speaks = self.system_sender
            || self.names_failed
            || self.is_report
            || self.subject_fails
            || self.system_name
            || self.null_sender;
        speaks && self.points() >= 2
    }

    /// Whether the mail is plainly a notice about a message that did not arrive, or not yet.
    pub(super) fn is_failure(&self) -> bool {
        if !self.is_suspect() {
            return false;
        }
        // What an answering machine says is no notice: there the envelope alone is a system's.
        if !(self.system_sender || self.names_failed || self.is_report || self.subject_fails || self.system_name) {
            return false;
        }
        // Fields that only reports have speak in every language.
        if self.system_sender && (self.names_failed || self.is_report) {
            return true;
        }
        let said = self.said();
        let body = said.any(List::Failure)
            || said.any(List::Delay)
            || said.any(List::Retry)
            || (self.system_sender && self.prose().quotes_reply());
        self.points() + if body { 2 } else { 0 } >= 4 && (self.subject_fails || body)
    }

    /// Whether it calls itself a delivery report.
    pub(super) fn is_report(&self) -> bool {
        self.is_report
    }

    /// Whether the mail went to many who may leave the list, and did not come back from there.
    pub(super) fn is_newsletter(&self) -> bool {
        self.is_bulk && !self.null_sender && !self.to_bounces
    }

    /// Whether sender or envelope are those of a mail system.
    pub(super) fn is_from_system(&self) -> bool {
        self.system_sender || self.null_sender || self.names_failed || self.is_report
    }

    /// Whether a delay is announced, and no end of the attempts.
    pub(super) fn says_delayed(&self) -> bool {
        let said = self.said();
        if said.any(List::Final) {
            return false;
        }
        if self.subject_says(&["(delay)", "delayed", "warning:", "delivery incomplete", "verzögert", "retardé", "遅延", "延迟"])
        {
            return true;
        }
        if said.any(List::Retry) {
            return true;
        }
        said.any(List::Delay) && !self.subject_says(&["fail", "undeliver", "returned", "(failure)", "退信"])
    }

    /// Whether the message is said to have arrived.
    pub(super) fn says_delivered(&self) -> bool {
        (self.in_subject.any(List::Success) || self.said().any(List::Success))
            && !self.subject_says(&["fail", "undeliver", "returned", "delay"])
            && !says(&self.prose().words, &["not deliver", "n't deliver", "fail", "reject", "permanent"])
    }

    /// Whether the subject holds one of a few words.
    fn subject_says(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.subject.holds(word))
    }

    /// Whether the message is said to have been refused by a filter.
    pub(super) fn says_rejected(&self) -> bool {
        self.said().any(List::Rejected)
    }
}

/// Whether an address is one that takes bounces: a list's (`news-bounces@`) or one made for each message (VERP).
fn takes_bounces(address: &str) -> bool {
    let local = address::local_part(address).to_ascii_lowercase();
    local.contains("bounce")
        || local.starts_with("owner-")
        || local.starts_with("verp")
        || ["-owner", "-admin", "-errors", "-return", "-request"].iter().any(|end| local.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_failure(raw: &str) -> bool {
        let mail = Mail::parse(raw.as_bytes());
        Notice::of(&mail).is_failure()
    }

    #[test]
    fn a_notice_is_known_by_sender_subject_and_words_together() {
        assert!(is_failure("From: MAILER-DAEMON@example.com\nSubject: failure notice\n\nSorry"));
        assert!(is_failure("Return-Path: <>\nFrom: post.master@example.com\nSubject: x\n\nYour mail could not be delivered"));
        assert!(!is_failure(
            "From: jo@example.com\nSubject: Re: failure notice\nIn-Reply-To: <a@b>\n\n> could not be delivered\nwhat is this?"
        ));
        assert!(!is_failure(
            "From: news@example.com\nList-Unsubscribe: <x>\nSubject: Delivery failed? What to do\n\nMail that could not be delivered"
        ));
    }

    #[test]
    fn an_answering_machine_that_speaks_of_failure_is_none() {
        assert!(!is_failure(
            "Return-Path: <>\nFrom: jo@example.com\nAuto-Submitted: auto-replied\nSubject: Re: hello\n\nThis address does not exist any more"
        ));
    }

    #[test]
    fn a_bounce_that_came_through_a_list_is_one() {
        assert!(is_failure(
            "From: admin@example.com\nTo: talk-bounces@example.org\nList-Id: <talk.example.org>\nSubject: Non-Delivery: hello\n\nThe email below could not be delivered"
        ));
    }

    #[test]
    fn a_promise_to_try_again_outweighs_the_subject() {
        let raw = b"From: postmaster@example.com\nSubject: Delivery failure\n\nNot delivered to jo@example.com. Delivery attempts will continue to be made.";
        let mail = Mail::parse(raw);
        assert!(Notice::of(&mail).says_delayed());
    }
}
