//! The questions of challenge-response systems: the sender has to confirm being a person.
//!
//! In: a mail. Out: the kind `challenge`. Some dress their question as a report, so reports without a reply are asked, too.

pub(super) mod table;

use super::Report;
use super::notice::Notice;
use super::words;
use crate::mail::Mail;
use crate::verdict::Kind;
use table::CHALLENGES;

/// Most bytes of a mail that is looked through: a question is short.
const BYTES: usize = 100 << 10;

/// Whether a mail asks its reader to confirm that they are a person.
pub(super) fn is_asked(mail: &Mail<'_>, notice: &Notice<'_>) -> bool {
    if mail.parts.iter().map(|part| part.body.len()).sum::<usize>() > BYTES || notice.is_newsletter() {
        return false;
    }
    CHALLENGES.iter().any(|marks| marks.iter().all(|mark| mark.is_in(mail, notice)))
        && !words::says(&notice.subject, &["undeliver", "failure", "returned mail"])
}

/// A challenge: someone has to confirm that they are a person.
pub(super) fn read(mail: &Mail<'_>, notice: &Notice<'_>) -> Option<Report> {
    is_asked(mail, notice).then(|| Report {
        kind: Kind::Challenge,
        reason: "asks the sender to confirm the message".to_owned(),
        dialect: "challenge",
        ..Report::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_known_by_its_words_and_a_newsletter_asks_none() {
        let asks = |raw: &str| {
            let mail = Mail::parse(raw.as_bytes());
            is_asked(&mail, &Notice::of(&mail))
        };
        assert!(asks("Subject: Re: hello (verification required)\n\nplease click below"));
        assert!(asks("Subject: x\n\nYour message was waitlisted."));
        assert!(!asks("List-Unsubscribe: <x>\nSubject: x\n\nYour message was waitlisted."));
    }
}
