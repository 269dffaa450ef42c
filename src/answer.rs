//! A mail's whole answer: what the report says and, for each recipient, the verdict.
//!
//! In: the bytes of one mail and where it came from. Out: an [`Answer`], with every value that output, filters and
//! expectations speak of under its public name. It prints nothing.

use std::borrow::Cow;
use std::str::FromStr;

use crate::classify::{Evidence, Match, Verdict, classify, reconsider, trace};
use crate::mail::{Mail, line_ends};
use crate::reply::Stage;
use crate::report::{Reading, Recipient, Report};
use crate::rules::{Day, Table};
use crate::verdict::{Action, Kind, UnknownName, named};

/// Classifies mails: built once, shared between threads.
///
/// ```
/// use whybounce::answer::Classifier;
/// use whybounce::rules::Table;
///
/// let classifier = Classifier::new(Table::built_in());
/// let answer = classifier.classify("-", b"Subject: hello\n\nHow are you?\n");
/// assert_eq!(answer.report.kind.name(), "other");
/// ```
#[derive(Debug)]
pub struct Classifier {
    table: Table,
}

/// The answer for one mail.
#[derive(Debug)]
pub struct Answer<'t> {
    /// Where the mail came from.
    pub source: String,
    /// What it says.
    pub report: Report,
    /// For each recipient of the report, the verdict; none where there was no trouble.
    pub verdicts: Vec<Option<Verdict<'t>>>,
}

impl Classifier {
    /// A classifier by this table.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// The table that it decides by.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Classifies one mail. Never fails: bytes that are no mail are of the kind `other`.
    pub fn classify(&self, source: &str, raw: &[u8]) -> Answer<'_> {
        let raw = line_ends(raw);
        let mail = Mail::parse(&raw);
        let reading = Reading::new(&mail);
        let mut report = reading.report();
        let mut verdicts = self.verdicts(&report);
        // What is settled by the reply needs no explanation, which then costs nothing.
        let is_open = |verdict: &Verdict<'_>| !verdict.is_settled();
        if report.is_unexplained() && verdicts.iter().flatten().any(is_open) {
            reading.explain(&mut report);
            for (recipient, verdict) in report.recipients.iter().zip(&mut verdicts) {
                if let Some(verdict) = verdict.as_mut().filter(|verdict| is_open(verdict)) {
                    *verdict = reconsider(&self.table, &evidence(&report, recipient), *verdict);
                }
            }
        }
        Answer { source: source.to_owned(), report, verdicts }
    }

    /// The same answer, with every explanation that the mail gives, asked or not.
    pub fn explain(&self, source: &str, raw: &[u8]) -> Answer<'_> {
        let report = Report::read(&Mail::parse(&line_ends(raw)));
        let verdicts = self.verdicts(&report);
        Answer { source: source.to_owned(), report, verdicts }
    }

    fn verdicts(&self, report: &Report) -> Vec<Option<Verdict<'_>>> {
        let verdict = |recipient| has_cause(report, recipient).then(|| classify(&self.table, &evidence(report, recipient)));
        report.recipients.iter().map(verdict).collect()
    }

    /// Every rule that holds for a recipient of an answer, the winner first.
    pub fn trace(&self, report: &Report, recipient: &Recipient) -> Vec<Match<'_>> {
        if has_cause(report, recipient) { trace(&self.table, &evidence(report, recipient)) } else { Vec::new() }
    }
}

fn has_cause(report: &Report, recipient: &Recipient) -> bool {
    matches!(report.kind, Kind::Bounce | Kind::Delay) && recipient.outcome.is_trouble()
}

fn evidence<'a>(report: &'a Report, recipient: &'a Recipient) -> Evidence<'a> {
    Evidence {
        reply_code: recipient.reply_code,
        enhanced_code: recipient.enhanced_code,
        diagnostic: recipient.diagnostic.as_deref(),
        words: None,
        explanation: recipient.explanation.as_deref(),
        // Where no other host answered, the reporter itself refused.
        host: recipient.remote_mta.as_deref().or(report.reporting_mta.as_deref()),
        stage: Stage::Known(recipient.smtp_command),
        outcome: Some(recipient.outcome),
        day: report.date.as_ref().and_then(|date| {
            let (year, month, day) = date.day();
            Day::new(year, month, day)
        }),
    }
}

/// What a complaint advises.
const COMPLAINT_ADVICE: &str = "The recipient reported your message as unwanted. Take the address off every list at once: a second complaint costs more than a lost reader.";

named! {
    /// A value of an answer, by its public name.
    Field, "field" {
        /// Where the mail came from.
        Source = "source",
        /// What the mail is.
        Kind = "kind",
        /// The format that it was read by.
        Dialect = "dialect",
        /// The host that wrote the report.
        ReportingMta = "reporting_mta",
        /// When the report was written.
        Date = "date",
        /// The final recipient.
        Address = "address",
        /// The address first sent to.
        OriginalAddress = "original_address",
        /// What became of the message.
        Outcome = "outcome",
        /// The basic code.
        ReplyCode = "reply_code",
        /// The enhanced code.
        EnhancedCode = "enhanced_code",
        /// The reply.
        Diagnostic = "diagnostic",
        /// The host that answered.
        RemoteMta = "remote_mta",
        /// The stage that was answered.
        SmtpCommand = "smtp_command",
        /// Why.
        Cause = "cause",
        /// Whose fault.
        BounceType = "bounce_type",
        /// What to do.
        Action = "action",
        /// What decided.
        DecidedBy = "decided_by",
        /// The rule that won.
        Rule = "rule",
        /// What to do, in words.
        Advice = "advice",
        /// The original's Message-ID.
        OriginalMessageId = "original_message_id",
        /// The original's sender.
        OriginalFrom = "original_from",
        /// The original's recipient.
        OriginalTo = "original_to",
        /// The original's subject.
        OriginalSubject = "original_subject",
        /// The original's date.
        OriginalDate = "original_date",
    }
}

impl Field {
    /// Whether recipients of one mail can differ in it.
    pub const fn is_of_recipient(self) -> bool {
        matches!(
            self,
            Field::Address
                | Field::OriginalAddress
                | Field::Outcome
                | Field::ReplyCode
                | Field::EnhancedCode
                | Field::Diagnostic
                | Field::RemoteMta
                | Field::SmtpCommand
                | Field::Cause
                | Field::BounceType
                | Field::Action
                | Field::DecidedBy
                | Field::Rule
                | Field::Advice
        )
    }
}

impl Answer<'_> {
    /// The action for a recipient; for a mail without recipients (`None`), that of the mail.
    pub fn action(&self, recipient: Option<usize>) -> Action {
        match recipient.and_then(|at| self.verdicts[at]) {
            Some(verdict) => verdict.action,
            None if self.report.kind == Kind::Complaint && recipient.is_some() => Action::RemoveAddress,
            None => Action::None,
        }
    }

    /// What to do for a recipient, in a few sentences.
    pub fn advice(&self, recipient: usize) -> Option<Cow<'_, str>> {
        match self.verdicts[recipient] {
            Some(verdict) => Some(verdict.advice()),
            None => (self.report.kind == Kind::Complaint).then_some(Cow::Borrowed(COMPLAINT_ADVICE)),
        }
    }

    /// The value of a field, for a recipient by its place in the report; none where the mail does not say.
    pub fn field(&self, field: Field, recipient: Option<usize>) -> Option<Cow<'_, str>> {
        let report = &self.report;
        let original = &report.original;
        let own = recipient.map(|at| &report.recipients[at]);
        let verdict = recipient.and_then(|at| self.verdicts[at].as_ref());
        let text = |text: &'_ Option<String>| text.clone().map(Cow::Owned);
        let name = |name: &'static str| Some(Cow::Borrowed(name));
        match field {
            Field::Source => Some(Cow::Borrowed(&self.source)),
            Field::Kind => name(report.kind.name()),
            Field::Dialect => name(report.dialect),
            Field::ReportingMta => text(&report.reporting_mta),
            Field::Date => report.date.as_ref().map(|date| Cow::Owned(date.to_rfc3339())),
            Field::Address => own.and_then(|own| text(&own.address)),
            Field::OriginalAddress => own.and_then(|own| text(&own.original_address)),
            Field::Outcome => own.and_then(|own| name(own.outcome.name())),
            Field::ReplyCode => own.and_then(|own| own.reply_code).map(|code| Cow::Owned(code.to_string())),
            Field::EnhancedCode => own.and_then(|own| own.enhanced_code).map(|code| Cow::Owned(code.to_string())),
            Field::Diagnostic => own.and_then(|own| text(&own.diagnostic)),
            Field::RemoteMta => own.and_then(|own| text(&own.remote_mta)),
            Field::SmtpCommand => own.and_then(|own| own.smtp_command).and_then(|command| name(command.name())),
            Field::Cause => verdict.and_then(|verdict| name(verdict.cause.name())),
            Field::BounceType => verdict.and_then(|verdict| name(verdict.bounce_type.name())),
            Field::Action => name(self.action(recipient).name()),
            Field::DecidedBy => verdict.and_then(|verdict| name(verdict.decided_by.name())),
            Field::Rule => verdict.and_then(|verdict| verdict.rule).map(|rule| Cow::Borrowed(rule.id.as_ref())),
            Field::Advice => recipient.and_then(|at| self.advice(at)),
            Field::OriginalMessageId => text(&original.message_id),
            Field::OriginalFrom => text(&original.from),
            Field::OriginalTo => text(&original.to),
            Field::OriginalSubject => text(&original.subject),
            Field::OriginalDate => original.date.as_ref().map(|date| Cow::Owned(date.to_rfc3339())),
        }
    }

    /// The recipients by their places; one `None` for a mail without recipients, so that each mail has a row.
    pub fn rows(&self) -> impl Iterator<Item = Option<usize>> + use<> {
        let count = self.report.recipients.len();
        (0..count).map(Some).chain((count == 0).then_some(None))
    }

    /// Keeps the recipients that every condition holds for; says whether anything of the mail is left.
    pub fn retain(&mut self, conditions: &[Condition]) -> bool {
        let kept: Vec<bool> = self
            .rows()
            .map(|row| conditions.iter().all(|condition| condition.holds(self.field(condition.field, row).as_deref())))
            .collect();
        if !kept.contains(&true) {
            return false;
        }
        if !self.report.recipients.is_empty() {
            let mut row = kept.iter();
            self.report.recipients.retain(|_| row.next() == Some(&true));
            let mut row = kept.iter();
            self.verdicts.retain(|_| row.next() == Some(&true));
        }
        true
    }
}

/// `KEY=VALUE[,VALUE]`: one of the values is the field's, letter case ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The field that is looked at.
    pub field: Field,
    /// The values that it may have; an empty one stands for a field without a value.
    pub values: Vec<String>,
}

impl Condition {
    /// Whether a value is one of those wanted.
    pub fn holds(&self, value: Option<&str>) -> bool {
        self.values.iter().any(|wanted| wanted.eq_ignore_ascii_case(value.unwrap_or_default()))
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, values) = text.split_once('=').ok_or("expected KEY=VALUE, such as cause=user_unknown")?;
        let field: Field = key.trim().parse().map_err(|error: UnknownName| error.to_string())?;
        let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
        for value in values.iter().filter(|value| !value.is_empty()) {
            let known = match field {
                Field::Kind => value.parse::<Kind>().map(drop),
                Field::Cause => value.parse::<crate::verdict::Cause>().map(drop),
                Field::Action => value.parse::<Action>().map(drop),
                Field::BounceType => value.parse::<crate::verdict::BounceType>().map(drop),
                Field::Outcome => value.parse::<crate::verdict::Outcome>().map(drop),
                Field::DecidedBy => value.parse::<crate::verdict::DecidedBy>().map(drop),
                _ => Ok(()),
            };
            known.map_err(|error| error.to_string())?;
        }
        Ok(Self { field, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a.example.net\n\nFinal-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; b@example.com\nAction: delivered\nStatus: 2.0.0\n\n--b--\n";

    #[test]
    fn only_trouble_has_a_verdict() {
        let classifier = Classifier::new(Table::built_in());
        let answer = classifier.classify("x", TWO);
        assert_eq!(answer.report.kind, Kind::Bounce);
        assert!(answer.verdicts[0].is_some() && answer.verdicts[1].is_none());
        assert_eq!(answer.field(Field::Action, Some(1)).as_deref(), Some("none"));
    }

    #[test]
    fn conditions_keep_matching_recipients_and_refuse_unknown_names() {
        let classifier = Classifier::new(Table::built_in());
        let mut answer = classifier.classify("x", TWO);
        assert!(answer.retain(&["outcome=failed".parse().expect("a condition")]));
        assert_eq!(answer.report.recipients.len(), 1);
        assert!(!answer.retain(&["kind=other".parse().expect("a condition")]));
        assert!("colour=red".parse::<Condition>().is_err());
        assert!("cause=polcy".parse::<Condition>().is_err());
    }
}
