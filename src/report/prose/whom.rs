//! Whom a notice is about, out of all addresses that it names; the surest sign wins.

use super::{Findings, Pair};
use crate::limits::cut;
use crate::mail::Mail;
use crate::reply::Command;
use crate::report::blocks::Sureness;
use crate::report::notice::Notice;
use crate::report::words::{lower, says};
use crate::report::{Original, RECIPIENTS_READ, address};

/// Whether an address is that of the reporting system.
fn is_reporter(notice: &Notice<'_>, address: &str) -> bool {
    notice.from.as_deref().is_some_and(|from| from.eq_ignore_ascii_case(address))
        || address::is_system(address)
        || address::takes_commands(address)
}

fn is_sender(notice: &Notice<'_>, address: &str) -> bool {
    notice.to.iter().any(|to| to.eq_ignore_ascii_case(address))
}

/// The blocks of one sureness, without reporter and sender.
fn pick(notice: &Notice<'_>, findings: &Findings<'_>, sureness: Sureness, allow_sender: bool) -> Vec<Pair> {
    let blocks = findings.blocks().all.iter().filter(|block| {
        // Postmasters are written to, too: then a reply stands beside the address.
        let is_refused = sureness == Sureness::Line
            && block.reason().quotes_reply()
            && notice.from.as_deref().is_none_or(|from| !from.eq_ignore_ascii_case(&block.address));
        block.sureness == sureness
            && (is_refused || !is_reporter(notice, &block.address))
            && (allow_sender || !is_sender(notice, &block.address))
    });
    unique(blocks.map(|block| (block.address.to_string(), block.original_address.clone())))
}

/// Whom the notice plainly names, and where.
pub(super) fn named(mail: &Mail<'_>, notice: &Notice<'_>, findings: &Findings<'_>) -> Option<(Vec<Pair>, &'static str)> {
    const LINES: &str = "lines that begin with an address";
    let lines = pick(notice, findings, Sureness::Line, false);
    let failed = failed_field(mail, findings);
    if !failed.is_empty() {
        // The field and the text may speak of different addresses: then the text has the reasons.
        let agrees = lines.is_empty() || failed.iter().any(|(address, _)| findings.blocks().name(address));
        return Some(if agrees { (failed, "the X-Failed-Recipients field") } else { (lines, LINES) });
    }
    if !lines.is_empty() {
        return Some((lines, LINES));
    }
    let labelled = pick(notice, findings, Sureness::Label, false);
    if !labelled.is_empty() {
        return Some((labelled, "labelled addresses"));
    }
    // A message to oneself fails, too.
    let own = pick(notice, findings, Sureness::Line, true);
    if !own.is_empty() {
        return Some((own, LINES));
    }
    let transcript = unique(
        findings
            .turns()
            .all
            .iter()
            .filter(|turn| turn.is_summary || turn.command == Some(Command::RcptTo))
            .filter_map(|turn| turn.addresses.first())
            .filter(|address| !is_reporter(notice, address) && !is_sender(notice, address))
            .map(|address| (address.clone(), None)),
    );
    (!transcript.is_empty()).then_some((transcript, "the transcript"))
}

/// Whom the notice seems to be about, where it names nobody plainly.
pub(super) fn hinted(mail: &Mail<'_>, notice: &Notice<'_>, findings: &Findings<'_>) -> (Vec<Pair>, &'static str) {
    let bare = bare_names(&notice.prose().lines);
    if !bare.is_empty() {
        return (unique(bare.into_iter().map(|name| (name, None))), "bare names in the prose");
    }
    let failing = pick(notice, findings, Sureness::Failing, false);
    if !failing.is_empty() {
        return (failing, "sentences about the failure");
    }
    let outsider = |address: &String| !is_reporter(notice, address) && !is_sender(notice, address);
    let subject = mail.header.text("Subject").unwrap_or_default();
    let in_subject = unique(address::owned(&subject).take(8).filter(outsider).map(|address| (address, None)));
    if !in_subject.is_empty() {
        return (in_subject, "the subject");
    }
    for (sureness, found_in) in
        [(Sureness::OriginalTo, "the original's To as the report repeats it"), (Sureness::Mention, "sentences of the prose")]
    {
        let found = pick(notice, findings, sureness, false);
        if !found.is_empty() {
            return (found, found_in);
        }
    }
    let returned = Original::recipients(mail, notice).into_iter().filter(|address| !is_reporter(notice, address));
    let returned = unique(returned.map(|address| (address, None)));
    if returned.is_empty() { (returned, "nowhere") } else { (returned, "the returned message") }
}

/// The addresses of Exim's own field, which others write too.
fn failed_field(mail: &Mail<'_>, findings: &Findings<'_>) -> Vec<Pair> {
    let addresses = mail
        .header
        .all("X-Failed-Recipients")
        .flat_map(|field| field.text().split(',').filter_map(address::clean).collect::<Vec<_>>());
    unique(addresses.take(RECIPIENTS_READ).map(|address| {
        let original = findings.original_of(&address);
        (address, original)
    }))
}

/// Each address once, in order.
fn unique(addresses: impl Iterator<Item = Pair>) -> Vec<Pair> {
    let mut seen = address::Seen::default();
    addresses.filter(|(address, _)| seen.insert(address)).collect()
}

/// Local names without a domain, alone on a line below a sentence that announces recipients.
fn bare_names(lines: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    let mut announced = false;
    for line in lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
        if names.len() >= RECIPIENTS_READ {
            break;
        }
        if announced {
            let name = line.split("  ").next().unwrap_or_default().trim_matches(['<', '>', ':', '"', '.']);
            let is_name = (2..=40).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+'))
                && name.bytes().any(|byte| byte.is_ascii_alphanumeric());
            if is_name {
                names.push(name.to_owned());
                continue;
            }
        }
        let said = lower(cut(line, 400));
        let ends = said.trim_end_matches('-').trim_end().ends_with([':', '：']);
        announced = names.is_empty()
            && ends
            && says(&said, &["recipient", "address", "to the following", "user", "delivered to", "deliver to"])
            && !says(&said, &["reason", "following error", "header", "following text"]);
        if names.is_empty()
            && !announced
            && let Some((label, name)) = line.split_once(':')
            && says(&lower(label), &["unknown user", "user unknown", "no such user", "invalid recipient", "undeliverable to"])
        {
            names.extend(address::clean(name).filter(|name| !name.contains(' ')));
        }
    }
    names
}
