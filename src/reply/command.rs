//! The stage of the SMTP dialogue that a reply answered, by its name or by the words of a diagnostic.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::phrases::{DOZENS, PhraseIndex};

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

    /// Finds the stage that a diagnostic names in the words of Postfix, Exim, Sendmail, qmail and others. The words of a
    /// server's reply alone name none: a frame around it does.
    pub fn find(text: &str) -> Option<Self> {
        let mut framed = false;
        let mut best: Option<usize> = None;
        STAGES.search(&text.to_ascii_lowercase(), |sign| {
            match sign {
                Sign::Frame => framed = true,
                Sign::Mark(place) => best = Some(best.map_or(place, |best| best.min(place))),
            }
            true
        });
        best.filter(|_| framed).map(|place| MARKS[place].1)
    }
}

#[cfg(any(test, not(compiled)))]
impl Command {
    /// The words that name a stage, in lower case: a text without any of them names none.
    pub(crate) fn marks() -> impl Iterator<Item = &'static str> {
        MARKS.iter().map(|(mark, _)| *mark)
    }
}

/// The stage that was answered: known, or found when a rule or a reader asks for it, since few do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage<'a> {
    /// What is known, if anything.
    Known(Option<Command>),
    /// What [`Command::find`] finds in this text.
    In(&'a str),
}

impl Stage<'_> {
    /// The stage, if any.
    pub fn command(self) -> Option<Command> {
        match self {
            Stage::Known(command) => command,
            Stage::In(text) => Command::find(text),
        }
    }
}

impl Default for Stage<'_> {
    fn default() -> Self {
        Stage::Known(None)
    }
}

/// What a phrase says of the stage.
#[derive(Debug, Clone, Copy)]
enum Sign {
    /// The reporting system speaks of the dialogue.
    Frame,
    /// It names the stage of this place in [`MARKS`].
    Mark(usize),
}

#[cfg(compiled)]
static STAGES: PhraseIndex<Sign, DOZENS> = include!(concat!(env!("OUT_DIR"), "/stages.rs"));

#[cfg(not(compiled))]
static STAGES: std::sync::LazyLock<PhraseIndex<Sign, DOZENS>> = std::sync::LazyLock::new(|| {
    let marks = MARKS.iter().zip(0..).map(|((phrase, _), place)| (*phrase, Sign::Mark(place)));
    PhraseIndex::build(marks.chain(FRAMES.iter().map(|phrase| (*phrase, Sign::Frame))), crate::phrases::Ends::Anywhere)
});

/// The index over the words that name a stage and those around them, as a constant expression.
#[cfg(not(compiled))]
pub(crate) fn source() -> String {
    STAGES.source(|sign| format!("Sign::{sign:?}"))
}

/// Words that name a stage; the earlier of two counts.
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

/// Words around a reply that speak of the dialogue.
#[cfg(not(compiled))]
const FRAMES: &[&str] = &[
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
