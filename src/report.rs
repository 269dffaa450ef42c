//! A mail → what it says of each recipient.
//!
//! In: a mail taken apart. Out: its kind, the dialect that it was read by, and for each recipient the outcome, the codes and
//! the reply. The readers below are asked in order, from the surest to the loosest; the first that knows the mail answers.
//! No rule is known here, no file is opened.

mod address;
mod auto_reply;
mod blocks;
mod challenge;
mod dialect;
mod dsn;
mod feedback;
mod fields;
mod host;
mod mark;
mod notice;
mod original;
mod prose;
mod reason;
mod receipt;
mod ses;
mod text;
mod transcript;
mod words;
mod wrapped;

use serde::Serialize;

use crate::limits::{DIAGNOSTIC_BYTES, RECIPIENTS, cut};
use crate::mail::{Date, Mail};
use crate::reply::{Command, EnhancedCode, Reply, ReplyCode};
use crate::verdict::{Kind, Outcome};

pub use dialect::{Dialect, dialects};
pub use mark::Mark;
use notice::Notice;
pub use original::Original;

/// What a mail says.
#[derive(Debug, Default)]
pub struct Report {
    /// What the mail is.
    pub kind: Kind,
    /// Why it is that, for people.
    pub reason: String,
    /// The name of the format that it was read by.
    pub dialect: &'static str,
    /// The host that wrote the report.
    pub reporting_mta: Option<String>,
    /// When the report was written.
    pub date: Option<Date>,
    /// The message that the report is about.
    pub original: Original,
    /// Whom it speaks of.
    pub recipients: Vec<Recipient>,
    /// A bound of [`crate::limits`] was met, so that not everything was read.
    pub cut: bool,
    /// The whole prose explains the only recipient, and was not put together yet.
    unexplained: bool,
}

/// What a report says of one recipient.
#[derive(Debug, Clone, Default)]
pub struct Recipient {
    /// The final recipient.
    pub address: Option<String>,
    /// The address that the message was first sent to, where the report gives another one.
    pub original_address: Option<String>,
    /// What became of the message.
    pub outcome: Outcome,
    /// The basic code that was answered.
    pub reply_code: Option<ReplyCode>,
    /// The most exact enhanced code that is given.
    pub enhanced_code: Option<EnhancedCode>,
    /// The reply, lines joined.
    pub diagnostic: Option<String>,
    /// What the report says about it in other words.
    pub explanation: Option<String>,
    /// The host that answered.
    pub remote_mta: Option<String>,
    /// The stage that was answered.
    pub smtp_command: Option<Command>,
    /// Where in the mail this was found, for people.
    pub found_in: &'static str,
}

impl Recipient {
    /// Sets the diagnostic and what it tells: codes and stage, where they are not known yet.
    fn set_diagnostic(&mut self, text: String) {
        self.set_reply(text);
        self.smtp_command = self.smtp_command.or_else(|| self.diagnostic.as_deref().and_then(Command::find));
    }

    /// The same but for the stage.
    fn set_reply(&mut self, text: String) {
        let text = cut(text.trim(), DIAGNOSTIC_READ).trim_end();
        if text.is_empty() {
            return;
        }
        let reply = Reply::parse(text);
        // The end of the queue time is but the wrapping of the last real reply.
        let text = if reply.is_inner { &text[reason::without_frame(text, reply.at)] } else { text };
        self.reply_code = self.reply_code.or(reply.code);
        self.enhanced_code = match (self.enhanced_code, reply.enhanced) {
            (Some(known), Some(given)) if given.is_exact() && gives_way(known) => Some(given),
            (known, given) => known.or(given),
        };
        self.diagnostic = Some(text.to_owned());
    }
}

/// Whether the code of a Status field gives way to the one in the reply: where it says no more than its class, or only that
/// the reporter's own time ran out.
fn gives_way(known: EnhancedCode) -> bool {
    !known.is_exact() || known.is_expiry()
}

/// One reader: what it makes of a mail, or none where it is not its format.
type Reader = fn(&Mail<'_>, &Notice<'_>) -> Option<Report>;

const READERS: &[Reader] = &[feedback::read, ses::read, dsn::read, receipt::read, challenge::read, prose::read, auto_reply::read];

/// A mail that is read: what it says, and for those who ask, the explanation, without which most replies are clear.
#[derive(Debug)]
pub struct Reading<'m>(Notice<'m>);

impl<'m> Reading<'m> {
    /// Begins to read a mail.
    pub fn new(mail: &'m Mail<'m>) -> Self {
        Self(Notice::of(mail))
    }

    /// What the mail says, as [`Report::read`] has it, but for explanations that take work ([`Report::is_unexplained`]).
    pub fn report(&self) -> Report {
        let Self(notice) = self;
        let mail = notice.mail;
        let mut report = READERS.iter().find_map(|read| read(mail, notice)).unwrap_or_else(|| Report {
            kind: Kind::Other,
            reason: if mail.is_empty() { "the mail is empty" } else { "no report, notice or automatic answer was recognised" }
                .to_owned(),
            dialect: "none",
            ..Report::default()
        });
        report.date = mail.header.date("Date");
        if report.kind != Kind::Other && report.original == Original::default() {
            report.original = Original::of(mail, notice);
        }
        report.cut |= mail.cut || notice.is_cut();
        report.keep_bounds();
        report
    }

    /// Adds the explanation that is missing in a report on this mail.
    pub fn explain(&self, report: &mut Report) {
        prose::explain(report, &self.0);
    }
}

impl Report {
    /// Reads a mail. Never fails: a mail that no reader knows is of the kind `other`.
    pub fn read(mail: &Mail<'_>) -> Self {
        let reading = Reading::new(mail);
        let mut report = reading.report();
        reading.explain(&mut report);
        report
    }

    /// Whether [`Reading::explain`] would add an explanation.
    pub fn is_unexplained(&self) -> bool {
        self.unexplained
    }

    /// Leaves out what goes beyond the bounds, and says so.
    fn keep_bounds(&mut self) {
        self.cut |= self.recipients.len() > RECIPIENTS;
        self.recipients.truncate(RECIPIENTS);
        for recipient in &mut self.recipients {
            for text in [&mut recipient.diagnostic, &mut recipient.explanation].into_iter().flatten() {
                self.cut |= text.len() > DIAGNOSTIC_BYTES;
                text.truncate(cut(text, DIAGNOSTIC_BYTES).len());
            }
        }
    }
}

/// What readers take: a little more than is kept, so that it shows where there was more.
const RECIPIENTS_READ: usize = RECIPIENTS + 1;
const DIAGNOSTIC_READ: usize = DIAGNOSTIC_BYTES + 16;

impl Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

/// The kind of a report by what became of its recipients: one failure makes it a bounce.
fn kind_of(recipients: &[Recipient]) -> Kind {
    let any = |outcome: Outcome| recipients.iter().any(|recipient| recipient.outcome == outcome);
    if any(Outcome::Failed) {
        Kind::Bounce
    } else if any(Outcome::Delayed) {
        Kind::Delay
    } else {
        Kind::Delivered
    }
}
