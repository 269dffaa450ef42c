//! Reports that are only prose: who failed, out of lines of text.
//!
//! One reader serves every system, because all write alike: a line that begins with an address, a labelled address, or a
//! sentence that names one; then the reason; at times a transcript. The surest sign wins, and the reporter, its postmaster, the
//! sender of the original and the quoted original are never taken for the recipient.

mod whom;

use std::cell::OnceCell;

use super::blocks::Blocks;
use super::host::host_in;
use super::notice::Notice;
use super::reason::Reason;
use super::text::trim_start;
use super::transcript::{Turn, Turns};
use super::words::{List, MaySay};
use super::{RECIPIENTS_READ, Recipient, Report, dialect, kind_of, wrapped};
use crate::bits::all;
use crate::limits::DIAGNOSTIC_BYTES;
use crate::mail::{Field, Mail};
use crate::reply::{EnhancedCode, Reply};
use crate::verdict::Outcome;
use whom::{hinted, named};

/// What is found in the lines of a notice, each looked for when it is first asked for.
pub(super) struct Findings<'l> {
    lines: &'l [&'l str],
    may_say: MaySay<'l>,
    blocks: OnceCell<Blocks<'l>>,
    turns: OnceCell<Turns>,
    whole: OnceCell<Reason>,
}

impl<'l> Findings<'l> {
    pub(super) fn of(notice: &'l Notice<'_>) -> Self {
        Self {
            lines: &notice.prose().lines,
            may_say: notice.may_say(),
            blocks: OnceCell::new(),
            turns: OnceCell::new(),
            whole: OnceCell::new(),
        }
    }

    fn blocks(&self) -> &Blocks<'l> {
        self.blocks.get_or_init(|| Blocks::of(self.lines, self.may_say))
    }

    fn turns(&self) -> &Turns {
        self.turns.get_or_init(|| Turns::of(self.lines, self.may_say))
    }

    /// What the lines as a whole give as the reason.
    fn whole(&self) -> &Reason {
        self.whole.get_or_init(|| Reason::of(self.lines.iter().copied()))
    }

    /// The former address of a recipient, where one is given.
    fn original_of(&self, address: &str) -> Option<String> {
        self.may_say.any(List::Former).then(|| self.blocks().original_of(address)).flatten()
    }

    /// Whether nothing that the prose could say of a recipient is unknown yet.
    fn add_nothing_to(&self, recipient: &Recipient) -> bool {
        recipient.diagnostic.is_some()
            && recipient.reply_code.is_some()
            && recipient.remote_mta.is_some()
            && recipient.enhanced_code.is_some_and(|code| code.is_exact() && !code.is_expiry())
            && (recipient.smtp_command.is_some() || !self.may_say.any(List::Stage))
    }
}

/// An address, and the one that it was made of.
type Pair = (String, Option<String>);

pub(super) fn read(mail: &Mail<'_>, notice: &Notice<'_>) -> Option<Report> {
    if !notice.is_failure() {
        return None;
    }
    let findings = Findings::of(notice);
    let found = named(mail, notice, &findings);
    // Anyone can write of failure: who is no mail system must at least name recipients as one does.
    if found.is_none() && !notice.is_from_system() {
        return None;
    }
    // A gateway may put a whole report into its own.
    if found.is_none()
        && let Some(report) = wrapped::read(mail, notice)
    {
        return Some(report);
    }
    let (addresses, found_in) = found.unwrap_or_else(|| hinted(mail, notice, &findings));
    let outcome = if notice.says_delivered() {
        Outcome::Delivered
    } else if notice.says_delayed() {
        Outcome::Delayed
    } else {
        Outcome::Failed
    };
    let dialect = dialect::of(mail, notice);
    let mut report = Report { dialect: dialect.map_or("prose", |dialect| dialect.name), ..Report::default() };
    report.reporting_mta = dialect::reporter(notice);
    report.recipients = addresses
        .into_iter()
        .take(RECIPIENTS_READ)
        .map(|(address, original_address)| Recipient {
            address: Some(address),
            original_address,
            outcome,
            found_in,
            ..Recipient::default()
        })
        .collect();
    if report.recipients.is_empty() {
        // A failure without a named recipient is one still: its reply may be all that is known.
        report.recipients.push(Recipient { outcome, found_in: "prose", ..Recipient::default() });
    }
    report.cut = mail.header.all("X-Failed-Recipients").any(Field::is_cut);
    fill_in(&mut report, &findings);
    report.kind = kind_of(&report.recipients);
    report.reason = match dialect {
        Some(dialect) => ["a notice in the manner of ", dialect.name, ", recipients from ", found_in].concat(),
        None => ["sender, subject and words are those of a notice about a failed message, recipients from ", found_in].concat(),
    };
    Some(report)
}

/// Fills in what the fields of a report leave out: address, reply, codes, host and stage, from the prose about the same recipient.
pub(super) fn complete(report: &mut Report, mail: &Mail<'_>, notice: &Notice<'_>) {
    let findings = Findings::of(notice);
    // Who is hidden, or given only as a route, stands in the prose when that names as many.
    if report.recipients.iter().any(|recipient| recipient.address.is_none()) {
        let named = named(mail, notice, &findings).map(|(named, _)| named).unwrap_or_default();
        if named.len() == report.recipients.len() {
            for (recipient, (address, _)) in report.recipients.iter_mut().zip(named) {
                recipient.address.get_or_insert(address);
            }
        }
    }
    fill_in(report, &findings);
}

fn fill_in(report: &mut Report, findings: &Findings<'_>) {
    let only = report.recipients.len() == 1;
    let lines = findings.lines;
    let names_stage = findings.may_say.any(List::Stage);
    let silent = |recipient: &Recipient| {
        let address = recipient.address.as_deref().unwrap_or_default();
        recipient.diagnostic.is_none()
            && findings.turns().about(address, false).is_none()
            && findings.blocks().about(address).is_none_or(|block| !block.reason().quotes_reply())
    };
    // A reason that is given once stands for all.
    let quotes_none = report.recipients.iter().all(silent);
    let shares = only || (quotes_none && findings.whole().quotes_reply());
    // All that is said goes for the only recipient; what is said before the first goes for all of them.
    let put_together = OnceCell::new();
    let lead = || {
        put_together.get_or_init(|| match (only, quotes_none) {
            (true, _) => joined(lines),
            (false, true) => joined(&lines[..findings.blocks().first_line().min(lines.len())]),
            (false, false) => String::new(),
        })
    };
    let reporting_mta = report.reporting_mta.as_deref();
    for recipient in &mut report.recipients {
        let address = recipient.address.clone().unwrap_or_default();
        let original_address = recipient.original_address.clone();
        if original_address.is_none() {
            recipient.original_address =
                findings.original_of(&address).filter(|original| !original.eq_ignore_ascii_case(&address));
        }
        let own = || {
            let blocks = findings.blocks();
            blocks.about(&address).or_else(|| original_address.as_deref().and_then(|original| blocks.about(original)))
        };
        if (recipient.diagnostic.is_none() || recipient.reply_code.is_none() || recipient.remote_mta.is_none())
            && let Some(turn) = findings.turns().about(&address, only)
        {
            take_turn(recipient, turn);
        }
        if !findings.add_nothing_to(recipient)
            && let Some(block) = own()
        {
            take_reason(recipient, block.reason(), names_stage);
        }
        if !findings.add_nothing_to(recipient) && shares && findings.whole().quotes_reply() {
            take_reason(recipient, findings.whole(), names_stage);
        }
        if recipient.remote_mta.is_none() {
            let of_diagnostic = recipient.diagnostic.as_deref().and_then(host_in);
            recipient.remote_mta = of_diagnostic
                .or_else(|| if shares { findings.whole().host().map(str::to_owned) } else { None })
                .or_else(|| if only { host_in(lead()) } else { None })
                .filter(|host| reporting_mta.is_none_or(|reporter| !reporter.eq_ignore_ascii_case(host)));
        }
        if !only {
            let explanation = match own().map(|block| block.reason().text()) {
                Some(text) if quotes_none => format!("{text} {}", lead()),
                Some(text) => text.to_owned(),
                None if shares => findings.whole().text().to_owned(),
                None => lead().clone(),
            };
            recipient.explanation = Some(explanation).filter(|text| !text.trim().is_empty());
        }
    }
    if let [only] = report.recipients.as_mut_slice() {
        report.unexplained = put_together.get().is_none();
        only.explanation = put_together.into_inner().filter(|text| !text.is_empty());
    }
}

/// Gives the only recipient of a report the whole prose as the explanation, where that was put off.
pub(super) fn explain(report: &mut Report, notice: &Notice<'_>) {
    if std::mem::take(&mut report.unexplained)
        && let [only] = report.recipients.as_mut_slice()
    {
        only.explanation = Some(joined(&notice.prose().lines)).filter(|text| !text.is_empty());
    }
}

/// All lines as one text, white space run together.
fn joined(lines: &[&str]) -> String {
    let mut joined = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum::<usize>().min(DIAGNOSTIC_BYTES));
    let push = |joined: &mut String, words: &str| {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(words);
    };
    for line in lines.iter().map(|line| trim_start(line)).filter(|line| !line.is_empty()) {
        if is_plain(line) && joined.len() + line.len() + 1 < DIAGNOSTIC_BYTES {
            push(&mut joined, line);
            continue;
        }
        for word in line.split_whitespace() {
            if joined.len() + word.len() >= DIAGNOSTIC_BYTES {
                return joined;
            }
            push(&mut joined, word);
        }
    }
    joined
}

/// Whether a line is printable ASCII without two spaces side by side.
fn is_plain(line: &str) -> bool {
    let bytes = line.as_bytes();
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    all(bytes, |byte| matches!(byte, b' '..=b'~')) && pairs.fold(true, |all, (a, b)| all & !(*a == b' ' && *b == b' '))
}

fn take_turn(recipient: &mut Recipient, turn: &Turn) {
    if recipient.diagnostic.is_none() {
        recipient.smtp_command = recipient.smtp_command.or(turn.command);
        recipient.set_diagnostic(turn.reply.clone());
    } else if recipient.reply_code.is_none() {
        recipient.reply_code = Reply::parse(&turn.reply).code;
        recipient.smtp_command = recipient.smtp_command.or(turn.command);
    }
    if recipient.remote_mta.is_none() {
        recipient.remote_mta.clone_from(&turn.host);
    }
}

/// Takes over what a reason tells; `names_stage` is false where its text names no stage.
fn take_reason(recipient: &mut Recipient, reason: &Reason, names_stage: bool) {
    // Where the fields only say that the time ran out, the prose may still have the last real reply.
    let expired = recipient.enhanced_code.is_some_and(EnhancedCode::is_expiry);
    if expired && reason.enhanced.is_some_and(|code| code.is_exact() && !code.is_expiry()) {
        recipient.enhanced_code = reason.enhanced;
        recipient.reply_code = reason.code.or(recipient.reply_code);
        recipient.diagnostic = Some(reason.diagnostic().to_owned());
    }
    if recipient.smtp_command.is_none() && names_stage {
        recipient.smtp_command = reason.command();
    }
    if recipient.diagnostic.is_none() && !reason.diagnostic().is_empty() {
        // The reason was searched for the stage above, and this is part of it.
        recipient.set_reply(reason.diagnostic().to_owned());
    }
    recipient.reply_code = recipient.reply_code.or(reason.code);
    if !recipient.enhanced_code.is_some_and(EnhancedCode::is_exact) && reason.enhanced.is_some_and(EnhancedCode::is_exact) {
        recipient.enhanced_code = reason.enhanced;
    }
    if recipient.remote_mta.is_none() {
        recipient.remote_mta = reason.host().map(str::to_owned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Report {
        let mail = Mail::parse(raw.as_bytes());
        super::read(&mail, &Notice::of(&mail)).expect("a notice")
    }

    fn addresses(report: &Report) -> Vec<&str> {
        report.recipients.iter().filter_map(|recipient| recipient.address.as_deref()).collect()
    }

    const HEAD: &str = "From: MAILER-DAEMON@example.net\nTo: jo@example.org\nSubject: failure notice\n\n";

    #[test]
    fn a_reason_that_is_given_once_stands_for_all() {
        let report = read(&format!(
            "{HEAD}Could not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected:\n   a@example.com\n   b@example.com\n"
        ));
        assert_eq!(addresses(&report), ["a@example.com", "b@example.com"]);
        assert!(report.recipients.iter().all(|recipient| recipient.reply_code.is_some()));
    }

    #[test]
    fn local_names_are_recipients_where_a_sentence_announces_them() {
        let report = read(&format!(
            "{HEAD} ----Message not delivered to the following:\n\n jo.doe    No matches to nameserver query\n\n try mike@example.com\n"
        ));
        assert_eq!(addresses(&report), ["jo.doe"]);
    }

    #[test]
    fn the_text_is_believed_where_the_failed_field_names_another() {
        let report =
            read(&format!("X-Failed-Recipients: x@example.com\n{HEAD}  y@example.com\n    host mx [192.0.2.1]: 554 5.7.0 no\n"));
        assert_eq!(addresses(&report), ["y@example.com"]);
    }
}
