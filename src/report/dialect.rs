//! The mail systems whose reports are only prose: one table entry each, with the marks that only that system writes.
//!
//! Most systems share a shape (an address line, then a reason), so a dialect is a name, its marks and its shape; the readers of
//! the shapes are in [`super::prose`]. A report without known marks is read all the same, as `prose`.

use super::notice::Notice;
use super::words::says;
use crate::mail::Mail;

/// How a prose report is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A line that begins with the address, then its reason.
    Blocks,
    /// A transcript of the SMTP session, `>>>` and `<<<`.
    Transcript,
    /// Labelled fields: `Recipient address: …`, `Reason: …`.
    Labels,
}

/// A sign by which a mail system is known; texts in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The From field holds this.
    From(&'static str),
    /// The Subject holds this.
    Subject(&'static str),
    /// The mail has this field.
    Field(&'static str),
    /// The field of this name holds this.
    FieldHolds(&'static str, &'static str),
    /// The prose holds this.
    Says(&'static str),
}

/// A mail system's own way to write a report.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// The name that output gives.
    pub name: &'static str,
    /// Any one of these groups of marks, each whole, makes it known.
    pub known_by: &'static [&'static [Mark]],
    /// How it is laid out.
    pub shape: Shape,
    /// Words after which the host that reports is named.
    pub reporter: &'static [&'static str],
}

use Mark::{Field, FieldHolds, From, Says, Subject};

/// All dialects, the more exact marks first.
const DIALECTS: &[Dialect] = &[
    Dialect {
        name: "postfix",
        known_by: &[
            &[Says("this is the mail system at host")],
            &[Says("this is the postfix program at host")],
            &[Says("this is the postfix mail system")],
        ],
        shape: Shape::Blocks,
        reporter: &["mail system at host ", "postfix program at host "],
    },
    Dialect {
        name: "qmail",
        known_by: &[
            &[Says("this is the qmail-send program")],
            &[Says("i'm afraid i wasn't able to deliver your message")],
            &[Says("remote host said:"), Subject("failure notice")],
            &[Says("this is the deliver program at")],
        ],
        shape: Shape::Blocks,
        reporter: &["qmail-send program at ", "deliver program at "],
    },
    Dialect {
        name: "dragonfly",
        known_by: &[&[Says("this is the dragonfly mail agent")]],
        shape: Shape::Blocks,
        reporter: &["dragonfly mail agent at "],
    },
    Dialect {
        name: "opensmtpd",
        known_by: &[&[Says("this is the mailer-daemon, please do not reply to this e-mail")], &[Says("this is the opensmtpd")]],
        shape: Shape::Blocks,
        reporter: &[],
    },
    Dialect {
        name: "gmx",
        known_by: &[
            &[
                Says("this message was created automatically by mail delivery software"),
                Says("the header of the original message is following"),
            ],
            &[From("mailer-daemon@gmx"), Says("created automatically by mail delivery software")],
            &[Field("X-UI-Out-Filterresults")],
            &[From("kundenserver.de")],
        ],
        shape: Shape::Blocks,
        reporter: &[],
    },
    Dialect {
        name: "zoho",
        known_by: &[&[Field("X-ZohoMail")], &[FieldHolds("X-Mailer", "zoho mail")], &[Says("error_code :")]],
        shape: Shape::Blocks,
        reporter: &[],
    },
    Dialect {
        name: "mail-ru",
        known_by: &[&[From("mailer-daemon@corp.mail.ru")], &[From("@mail.ru"), Field("X-Failed-Recipients")]],
        shape: Shape::Blocks,
        reporter: &[],
    },
    Dialect {
        name: "gmail",
        known_by: &[&[From("mailer-daemon@googlemail.com")], &[From("mailer-daemon@google.com")]],
        shape: Shape::Blocks,
        reporter: &[],
    },
    Dialect {
        name: "exim",
        known_by: &[
            &[Says("this message was created automatically by mail delivery software")],
            &[Field("X-Failed-Recipients")],
            &[FieldHolds("Message-ID", "<e1"), Says("mail delivery software")],
        ],
        shape: Shape::Blocks,
        reporter: &[],
    },
    Dialect {
        name: "yahoo",
        known_by: &[
            &[Subject("failure notice"), Says("unable to deliver your message to the following address")],
            &[From("mailer-daemon@yahoo")],
        ],
        shape: Shape::Blocks,
        reporter: &["message from "],
    },
    Dialect {
        name: "active-hunter",
        known_by: &[&[Field("X-AHMAILID")], &[Field("X-AHMailID")]],
        shape: Shape::Blocks,
        reporter: &[],
    },
    Dialect { name: "biglobe", known_by: &[&[From("biglobe.ne.jp")]], shape: Shape::Blocks, reporter: &[] },
    Dialect {
        name: "ezweb",
        known_by: &[&[From("ezweb.ne.jp")], &[From("au.com"), Subject("mail system error")], &[Field("X-SPASIGN")]],
        shape: Shape::Transcript,
        reporter: &[],
    },
    Dialect { name: "m-filter", known_by: &[&[FieldHolds("X-Mailer", "m-filter")]], shape: Shape::Blocks, reporter: &[] },
    Dialect {
        name: "sendmail",
        known_by: &[
            &[Says("----- transcript of session follows -----")],
            &[Says("the following addresses had permanent fatal errors")],
            &[Says("the following addresses had transient non-fatal errors")],
            &[Says("while talking to"), Says("<<< ")],
        ],
        shape: Shape::Transcript,
        reporter: &[],
    },
    Dialect {
        name: "exchange",
        known_by: &[
            &[Says("did not reach the following recipient(s)")],
            &[Says("generating server:")],
            &[Says("sent by microsoft exchange server")],
            &[Says("msexch:")],
            &[FieldHolds("X-Mailer", "internet mail service")],
        ],
        shape: Shape::Blocks,
        reporter: &["generating server: "],
    },
    Dialect {
        name: "exchange-online",
        known_by: &[
            &[Says("office 365"), Says("remote server returned")],
            &[From("microsoftexchange329e71ec88ae4615bbc36ab6ce41109e")],
            &[Says("couldn't be delivered to"), Says("microsoft 365")],
        ],
        shape: Shape::Blocks,
        reporter: &["generating server: "],
    },
    Dialect {
        name: "courier",
        known_by: &[
            &[Says("this is a delivery status notification from"), Says("courier")],
            &[Says("running the courier mail server")],
        ],
        shape: Shape::Blocks,
        reporter: &["delivery status notification from "],
    },
    Dialect {
        name: "domino",
        known_by: &[&[Subject("delivery failure:"), Says("was not delivered to:")], &[Says("------- failure reasons")]],
        shape: Shape::Blocks,
        reporter: &[],
    },
    Dialect {
        name: "messaging-server",
        known_by: &[&[Says("this report relates to a message you sent with the following header fields")]],
        shape: Shape::Labels,
        reporter: &[],
    },
    Dialect {
        name: "hmailserver",
        known_by: &[&[Says("hmailserver sent:")], &[Says("hmailserver")]],
        shape: Shape::Blocks,
        reporter: &[],
    },
    Dialect {
        name: "imail",
        known_by: &[&[FieldHolds("X-Mailer", "<smtp32")], &[Says("undeliverable to "), From("postmaster")]],
        shape: Shape::Blocks,
        reporter: &[],
    },
    Dialect {
        name: "mdaemon",
        known_by: &[&[From("mdaemon@")], &[Says("--- session transcript ---")]],
        shape: Shape::Blocks,
        reporter: &[],
    },
    Dialect {
        name: "james",
        known_by: &[&[Says("message details:"), Says("rcpt to:")], &[Says("this is the apache james")]],
        shape: Shape::Labels,
        reporter: &[],
    },
    Dialect {
        name: "mailfoundry",
        known_by: &[&[Says("this is a mailfoundry")], &[Says("unable to deliver message to: <")]],
        shape: Shape::Blocks,
        reporter: &[],
    },
    Dialect {
        name: "surfcontrol",
        known_by: &[&[FieldHolds("X-Mailer", "surfcontrol")], &[Says("surfcontrol")]],
        shape: Shape::Labels,
        reporter: &[],
    },
    Dialect {
        name: "google-groups",
        known_by: &[&[Says("google groups")], &[Says("groups.google.com")]],
        shape: Shape::Blocks,
        reporter: &[],
    },
];

/// All dialects, for the documentation's table.
pub fn dialects() -> &'static [Dialect] {
    DIALECTS
}

impl Dialect {
    fn is_known(&self, mail: &Mail<'_>, notice: &Notice<'_>) -> bool {
        self.known_by.iter().any(|marks| marks.iter().all(|mark| mark.is_in(mail, notice)))
    }
}

impl Mark {
    fn is_in(self, mail: &Mail<'_>, notice: &Notice<'_>) -> bool {
        let holds = |field: &str, text: &str| mail.header.text(field).is_some_and(|value| value.to_lowercase().contains(text));
        match self {
            From(text) => holds("From", text),
            Subject(text) => notice.subject.contains(text),
            Field(name) => mail.header.has(name),
            FieldHolds(name, text) => holds(name, text),
            Says(text) => notice.prose().words.contains(text),
        }
    }
}

/// The dialect that a notice is written in, if its marks are known.
pub(super) fn of(mail: &Mail<'_>, notice: &Notice<'_>) -> Option<&'static Dialect> {
    DIALECTS.iter().find(|dialect| dialect.is_known(mail, notice))
}

/// Marks of systems that ask the sender to prove to be a person.
const CHALLENGES: &[&[Mark]] = &[
    &[Says("spamarrest.com")],
    &[Says("spam arrest"), Says("verif")],
    &[Field("X-TMDA-Confirm")],
    &[FieldHolds("X-Delivery-Agent", "tmda"), Says("confirm")],
    &[Subject("please confirm your message")],
    &[Says("confirm that you are"), Says("click")],
    &[Says("boxbe"), Says("guest list")],
    &[Says("antispam uol")],
    &[Says("challenge"), Says("response"), Says("verify that you are")],
    &[Says("prove that you are human")],
    &[Says("protects his mailbox"), Says("confirm")],
    &[Says("held until you"), Says("confirm")],
    &[Says("mailblocks")],
    &[Says("bluebottle.com"), Says("verif")],
    &[Says("0spam.com"), Says("verif")],
    &[Says("sendio"), Says("verif")],
    &[Says("to release your message"), Says("reply to this")],
];

/// Whether a mail asks its reader to confirm that they are a person.
pub(super) fn asks_for_confirmation(mail: &Mail<'_>, notice: &Notice<'_>) -> bool {
    CHALLENGES.iter().any(|marks| marks.iter().all(|mark| mark.is_in(mail, notice)))
        && !says(&notice.subject, &["undeliver", "failure", "returned mail"])
}

/// The host that a notice names as its writer.
pub(super) fn reporter(dialect: &Dialect, notice: &Notice<'_>) -> Option<String> {
    let at = dialect.reporter.iter().find_map(|mark| notice.prose().words.find(mark).map(|at| at + mark.len()))?;
    let host = notice.prose().words[at..]
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | ')' | '<'))
        .next()?
        .trim_matches('.');
    (host.contains('.')
        && host.len() <= 255
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')))
    .then(|| host.to_owned())
}
