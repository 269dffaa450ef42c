//! Reports that are only prose: who failed, and why, out of lines of text.
//!
//! One reader serves every system, because all write alike: a line that begins with an address, a labelled address, or a
//! sentence that names one; then the reason; at times a transcript. The surest sign wins, and the reporter, its postmaster, the
//! sender of the original and the quoted original are never taken for the recipient.

use super::address::{self, Found};
use super::notice::Notice;
use super::transcript::{self, Turn};
use super::{Original, Recipient, Report, dialect, kind_of};
use crate::limits::{DIAGNOSTIC_BYTES, RECIPIENTS, cut};
use crate::mail::Mail;
use crate::reply::{Command, Reply};
use crate::verdict::Outcome;

/// How surely a line names the failed recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sureness {
    /// Named in a sentence.
    Sentence,
    /// The `To:` of the original as the report repeats it.
    OriginalTo,
    /// Behind a label such as `Recipient:`.
    Label,
    /// The line begins with it.
    Line,
}

/// A recipient that the prose names, with the lines that tell about it.
#[derive(Debug)]
struct Block {
    address: String,
    original_address: Option<String>,
    sureness: Sureness,
    line: usize,
    /// What follows the address on its line, then the lines up to the next address.
    lines: Vec<String>,
}

pub(super) fn read(mail: &Mail<'_>, notice: &Notice) -> Option<Report> {
    if !notice.is_failure() {
        return None;
    }
    let dialect = dialect::of(mail, notice);
    let mut report = Report { dialect: dialect.map_or("prose", |dialect| dialect.name), ..Report::default() };
    report.reporting_mta = dialect.and_then(|dialect| dialect::reporter(dialect, notice));
    let outcome = if notice.says_delivered() {
        Outcome::Delivered
    } else if notice.says_delayed() {
        Outcome::Delayed
    } else {
        Outcome::Failed
    };
    let (addresses, found_in) = recipients(mail, notice);
    if addresses.is_empty() && !notice.is_from_system() {
        return None;
    }
    report.recipients = addresses
        .into_iter()
        .take(RECIPIENTS)
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
    complete(&mut report.recipients, notice);
    report.kind = kind_of(&report.recipients);
    report.reason = match dialect {
        Some(dialect) => format!("a notice in the manner of {}, recipients from {found_in}", dialect.name),
        None => format!("sender, subject and words are those of a notice about a failed message, recipients from {found_in}"),
    };
    Some(report)
}

/// Whom the notice is about, and where that stands.
fn recipients(mail: &Mail<'_>, notice: &Notice) -> (Vec<(String, Option<String>)>, &'static str) {
    let blocks = blocks(notice);
    let original_of = |address: &str| {
        blocks.iter().find(|block| block.address.eq_ignore_ascii_case(address)).and_then(|block| block.original_address.clone())
    };
    let failed: Vec<(String, Option<String>)> = mail
        .header
        .fields()
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case("X-Failed-Recipients"))
        .flat_map(|field| field.text().split(',').filter_map(address::clean).collect::<Vec<_>>())
        .take(RECIPIENTS)
        .map(|address| {
            let original = original_of(&address);
            (address, original)
        })
        .collect();
    if !failed.is_empty() {
        return (unique(failed), "the X-Failed-Recipients field");
    }
    let is_reporter = |address: &str| {
        notice.from.as_deref().is_some_and(|from| from.eq_ignore_ascii_case(address)) || address::is_system(address)
    };
    let is_sender = |address: &str| notice.to.iter().any(|to| to.eq_ignore_ascii_case(address));
    let pick = |sureness: Sureness, allow_sender: bool| {
        let found = blocks
            .iter()
            .filter(|block| {
                block.sureness == sureness && !is_reporter(&block.address) && (allow_sender || !is_sender(&block.address))
            })
            .map(|block| (block.address.clone(), block.original_address.clone()))
            .collect();
        unique(found)
    };
    for (sureness, found_in) in [(Sureness::Line, "lines that begin with an address"), (Sureness::Label, "labelled addresses")] {
        let found = pick(sureness, false);
        if !found.is_empty() {
            return (found, found_in);
        }
    }
    // A message to oneself fails, too.
    let own = pick(Sureness::Line, true);
    if !own.is_empty() {
        return (own, "lines that begin with an address");
    }
    let summaries = transcript::turns(&notice.lines);
    let in_transcript: Vec<(String, Option<String>)> = summaries
        .iter()
        .filter(|turn| turn.is_summary || turn.command == Some(Command::RcptTo))
        .flat_map(|turn| turn.addresses.iter().take(1))
        .filter(|address| !is_reporter(address) && !is_sender(address))
        .map(|address| (address.clone(), None))
        .collect();
    if !in_transcript.is_empty() {
        return (unique(in_transcript), "the transcript");
    }
    for (sureness, found_in) in
        [(Sureness::Sentence, "sentences of the prose"), (Sureness::OriginalTo, "the original's To as the report repeats it")]
    {
        let found = pick(sureness, false);
        if !found.is_empty() {
            return (found, found_in);
        }
    }
    let bare = bare_names(notice);
    if !bare.is_empty() {
        return (bare.into_iter().map(|name| (name, None)).collect(), "bare names in the prose");
    }
    let returned: Vec<_> = Original::recipients(mail, notice)
        .into_iter()
        .filter(|address| !is_reporter(address))
        .map(|address| (address, None))
        .collect();
    if !returned.is_empty() {
        return (unique(returned), "the To field of the returned message");
    }
    (Vec::new(), "nowhere")
}

/// Each address once, in order.
fn unique(addresses: Vec<(String, Option<String>)>) -> Vec<(String, Option<String>)> {
    let mut seen = std::collections::HashSet::new();
    addresses.into_iter().filter(|(address, _)| seen.insert(address.to_lowercase())).collect()
}

/// Fills in what the report's fields leave out: reply, codes, host and stage, from the prose about the same recipient.
pub(super) fn complete(recipients: &mut [Recipient], notice: &Notice) {
    let needs = |recipient: &Recipient| {
        recipient.diagnostic.is_none()
            || recipient.reply_code.is_none()
            || recipient.remote_mta.is_none()
            || recipient.explanation.is_none()
    };
    if !recipients.iter().any(needs) {
        return;
    }
    let blocks = blocks(notice);
    let turns = transcript::turns(&notice.lines);
    let only = recipients.len() == 1;
    let whole = cut(&notice.lines.join(" "), DIAGNOSTIC_BYTES).split_whitespace().collect::<Vec<_>>().join(" ");
    for recipient in recipients.iter_mut().filter(|recipient| needs(recipient)) {
        let address = recipient.address.clone().unwrap_or_default();
        let names = |candidate: &str| {
            candidate.eq_ignore_ascii_case(&address)
                || recipient.original_address.as_deref().is_some_and(|original| original.eq_ignore_ascii_case(candidate))
        };
        let own = best_block(&blocks, names);
        if recipient.original_address.is_none() {
            recipient.original_address = own.and_then(|block| block.original_address.clone());
        }
        let turn = transcript::about(&turns, &address, only);
        let reason = own.map(reason).filter(|reason| !reason.is_empty());
        if let Some(turn) = turn {
            take_turn(recipient, turn);
        }
        if let Some(reason) = &reason {
            take_reason(recipient, reason);
        }
        if only {
            take_reason(recipient, &whole_reason(notice));
        }
        recipient.explanation = match (reason, only) {
            (Some(reason), false) => Some(reason),
            (_, true) => Some(whole.clone()),
            (None, false) => None,
        };
        if recipient.remote_mta.is_none() {
            recipient.remote_mta =
                recipient.diagnostic.as_deref().and_then(host_in).or_else(|| recipient.explanation.as_deref().and_then(host_in));
        }
    }
}

fn best_block(blocks: &[Block], names: impl Fn(&str) -> bool) -> Option<&Block> {
    // Where a recipient is listed first and explained later, the block that says more counts.
    blocks
        .iter()
        .filter(|block| names(&block.address))
        .max_by_key(|block| (has_reply(block), !reason(block).is_empty(), std::cmp::Reverse(block.line)))
}

fn has_reply(block: &Block) -> bool {
    let reply = Reply::parse(cut(&block.lines.join(" "), DIAGNOSTIC_BYTES)).code;
    reply.is_some()
}

fn take_turn(recipient: &mut Recipient, turn: &Turn) {
    if recipient.diagnostic.is_none() {
        recipient.smtp_command = recipient.smtp_command.or(turn.command);
        recipient.set_diagnostic(cut(&turn.reply, DIAGNOSTIC_BYTES).to_owned());
    } else if recipient.reply_code.is_none() {
        recipient.reply_code = Reply::parse(&turn.reply).code;
    }
    if recipient.remote_mta.is_none() {
        recipient.remote_mta.clone_from(&turn.host);
    }
}

fn take_reason(recipient: &mut Recipient, reason: &str) {
    if reason.is_empty() {
        return;
    }
    if recipient.diagnostic.is_none() {
        recipient.set_diagnostic(reason.to_owned());
        return;
    }
    let reply = Reply::parse(reason);
    recipient.reply_code = recipient.reply_code.or(reply.code);
    if recipient.enhanced_code.is_none_or(|code| !code.is_exact()) && reply.enhanced.is_some_and(|code| code.is_exact()) {
        recipient.enhanced_code = reply.enhanced;
    }
    recipient.smtp_command = recipient.smtp_command.or_else(|| Command::find(reason));
}

/// The paragraph of a block that quotes a reply, else its first, lines joined.
fn reason(block: &Block) -> String {
    best_paragraph(&block.lines)
}

/// The paragraph of the whole prose that quotes a reply; empty where none does.
fn whole_reason(notice: &Notice) -> String {
    let best = best_paragraph(&notice.lines);
    if Reply::parse(&best).code.is_some() || Reply::parse(&best).enhanced.is_some() { best } else { String::new() }
}

fn best_paragraph(lines: &[String]) -> String {
    let mut paragraphs: Vec<String> = vec![String::new()];
    for line in lines {
        let line = line.trim();
        let is_rule = line.len() > 3 && line.chars().all(|c| matches!(c, '-' | '=' | '_' | '*'));
        if line.is_empty() || is_rule {
            paragraphs.push(String::new());
        } else if let Some(open) = paragraphs.last_mut().filter(|open| open.len() < DIAGNOSTIC_BYTES) {
            if !open.is_empty() {
                open.push(' ');
            }
            open.push_str(line);
        }
    }
    let paragraphs: Vec<&str> = paragraphs.iter().map(|text| cut(text, DIAGNOSTIC_BYTES)).filter(|text| text.len() > 2).collect();
    let code = paragraphs.iter().find(|text| Reply::parse(text).code.is_some_and(|code| code.class() != 2));
    let enhanced = || paragraphs.iter().find(|text| Reply::parse(text).enhanced.is_some_and(|code| code.class != 2));
    code.or_else(enhanced).or(paragraphs.first()).map(|text| (*text).to_owned()).unwrap_or_default()
}

/// The host that a reason names as the one that answered.
fn host_in(text: &str) -> Option<String> {
    const BEFORE: &[&str] = &[
        "host: ",
        "hosts ",
        "host ",
        "while talking to ",
        "talking to ",
        "connected to ",
        "connect to ",
        "remote server ",
        "recipient domain by ",
        " by ",
        "remote mta ",
        "server: ",
        "smtp server <",
        "by the server ",
        "remote system: dns;",
        "server at ",
    ];
    for before in BEFORE {
        let mut rest = text;
        for _ in 0..4 {
            let Some(at) = find_ignore_case(rest, before) else { break };
            rest = &rest[at + before.len()..];
            let word = rest
                .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '[' | '(' | '<' | '>' | ')' | ']'))
                .find(|word| !word.is_empty())
                .unwrap_or_default();
            let host = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            let is_host = host.contains('.')
                && !host.contains('@')
                && host.len() <= 255
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
                && !host.contains("..");
            if is_host {
                return Some(host.to_owned());
            }
        }
    }
    // qmail: "192.0.2.1 does not like recipient", "192.0.2.1 failed after I sent the message"
    let first = text.split_whitespace().next()?.trim_matches(|c| matches!(c, '[' | ']'));
    let follows = find_ignore_case(text, "does not like")
        .or_else(|| find_ignore_case(text, "failed after i sent"))
        .or_else(|| find_ignore_case(text, "did not like our"));
    (follows.is_some_and(|at| at < 120) && first.contains('.')).then(|| first.to_owned())
}

fn find_ignore_case(text: &str, lower: &str) -> Option<usize> {
    text.as_bytes().windows(lower.len()).position(|window| window.eq_ignore_ascii_case(lower.as_bytes()))
}

/// Every line that names an address, with what follows it.
fn blocks(notice: &Notice) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (at, line) in notice.lines.iter().enumerate() {
        if blocks.len() >= 2 * RECIPIENTS {
            break;
        }
        let named = if line.contains('@') && !transcript::is_transcript_line(line) { named(line) } else { None };
        match named {
            Some((sureness, found, rest)) => {
                if let Some(previous) = blocks.last_mut()
                    && sureness == Sureness::Sentence
                    && previous.sureness >= Sureness::Label
                {
                    previous.lines.push(line.clone()); // a reason that names an address itself
                    if previous.original_address.is_none() {
                        previous.original_address = former(line, &previous.address);
                    }
                    continue;
                }
                let original_address = former(line, &found.address);
                let lines = if sureness == Sureness::Sentence { vec![line.clone()] } else { vec![rest.to_owned()] };
                blocks.push(Block { address: found.address, original_address, sureness, line: at, lines });
            }
            None => {
                if let Some(open) = blocks.last_mut() {
                    open.lines.push(line.clone());
                }
            }
        }
    }
    // Addresses listed one below the other share the reason that follows the last.
    for at in (1..blocks.len()).rev() {
        let (before, after) = blocks.split_at_mut(at);
        let (previous, next) = (&mut before[at - 1], &after[0]);
        if previous.line + 1 == next.line && previous.lines.iter().all(|line| line.trim().is_empty()) {
            previous.lines.clone_from(&next.lines);
        }
    }
    blocks
}

/// The address that another one was made of: `(generated from a@b)`, `(expanded from: <a@b>)`.
fn former(line: &str, address: &str) -> Option<String> {
    let lower = line.to_ascii_lowercase();
    let marks = ["generated from", "expanded from", "forwarded from", "originally addressed to", "(orcpt", "alias of"];
    let at = marks.iter().find_map(|mark| lower.find(mark).map(|at| at + mark.len()))?;
    address::find_all(line.get(at..)?).into_iter().map(|found| found.address).find(|found| !found.eq_ignore_ascii_case(address))
}

/// Labels that name somebody else than the failed recipient.
const OTHER_PARTIES: &[&str] = &[
    "from",
    "sender",
    "reply-to",
    "mail from",
    "envelope-from",
    "envelope from",
    "return-path",
    "contact",
    "by",
    "administrator",
    "postmaster",
    "support",
    "errors-to",
    "x-",
    "message-id",
    "cc",
    "bcc",
    "subject",
    "date",
    "von",
    "de",
    "da",
    "van",
    "od",
    "от",
    "差出人",
    "发件人",
    "寄件者",
    "보낸",
    "送信者",
    "e-mail",
    "email us",
    "mail to",
    "write to",
    "send mail to",
    "questions",
    "original sender",
    "mailto",
    "received",
    "references",
    "in-reply-to",
    "user-agent",
    "via",
    "help",
    "http",
    "https",
    "url",
    "abuse",
];

/// Phrases that make a sentence's address that of a helper.
const HELPERS: &[&str] = &[
    "contact",
    "please send",
    "assistance",
    "for help",
    "write to",
    "send mail to",
    "questions",
    "support",
    "on behalf of",
    "message sent by",
    "sent by",
    "sender",
    "mail from",
    "envelope-from",
    "from <",
    "from:",
    "reply-to",
    "postmaster",
    "report this",
    "forward this",
    "e-mail to",
    "email to",
    "please mail",
    "unsubscribe",
    "subscribe",
    "help",
    "wenden",
    "kontakt",
    "contactez",
    "póngase en contacto",
    "contatt",
    "neem contact",
];

/// The address that a line names, how surely, and what follows it on the line.
fn named(line: &str) -> Option<(Sureness, Found, &str)> {
    let all = address::find_all(line);
    let found = all.into_iter().next()?;
    let before = line[..found.start].trim().trim_start_matches(['*', '-', '>', '•', '·', '#', '=', '|', '.']).trim();
    let before = before.trim_end_matches(['<', '"', '\'', '(', '[', ' ']).trim();
    let after = line[found.end..].trim_start_matches(['>', '"', '\'', ')', ']', ' ']);
    let lower = before.to_lowercase();
    if former_leads(&lower) {
        return None; // belongs to the address of the line before
    }
    if before.is_empty() || before.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ')' | '(')) {
        let rest = after.trim_start_matches([':', ';', ',', '.', '-', ' ']);
        return Some((Sureness::Line, found, rest));
    }
    let words = lower.split_whitespace().count();
    if let Some(label) = lower
        .strip_suffix([':', '=', '：'])
        .or_else(|| lower.strip_suffix("rfc822;"))
        .or_else(|| lower.strip_suffix("mailto:").filter(|_| false))
    {
        let label = label.trim().trim_end_matches([';', ':']).trim();
        if words <= 6
            && !OTHER_PARTIES.iter().any(|party| {
                label == *party || (party.len() > 4 && label.contains(party)) || (*party == "x-" && label.starts_with("x-"))
            })
        {
            let sureness =
                if matches!(label, "to" | "an" | "à" | "para" | "a" | "aan" | "do" | "кому" | "宛先" | "收件人" | "受取人")
                    && line.starts_with([' ', '\t'])
                    || label == "to"
                {
                    Sureness::OriginalTo
                } else {
                    Sureness::Label
                };
            return Some((sureness, found, after));
        }
        return None;
    }
    // `Jo Example<mailto:jo@example.com>` or `Jo Example <jo@example.com>` alone on its line
    let closes = line[found.end..].trim().trim_matches(['>', ':', ')', ']']).is_empty();
    let opens = line[..found.start].ends_with('<')
        || line[..found.start].to_ascii_lowercase().ends_with("mailto:")
        || line[..found.start].ends_with('(');
    let mailto = before.trim_end_matches("mailto:").trim_end_matches(['<', '(', '[', ' ']);
    if closes
        && opens
        && mailto.split_whitespace().count() <= 5
        && !mailto.ends_with([':', '.'])
        && !super::notice::says(&lower, HELPERS)
        && !looks_like_sentence(&lower)
    {
        return Some((Sureness::Line, found, after));
    }
    if super::notice::says(&lower, HELPERS) {
        return None;
    }
    Some((Sureness::Sentence, found, after))
}

fn former_leads(before: &str) -> bool {
    ["generated from", "expanded from", "forwarded from", "originally addressed to"].iter().any(|mark| before.contains(mark))
}

fn looks_like_sentence(lower: &str) -> bool {
    ["to", "for", "the", "is", "full", "message", "deliver", "user", "address", "recipient", "an", "für", "pour", "para"]
        .iter()
        .any(|word| lower.split(|c: char| !c.is_alphanumeric()).any(|found| found == *word))
}

/// Local names without a domain, alone on a line below a sentence that announces recipients.
fn bare_names(notice: &Notice) -> Vec<String> {
    let mut names = Vec::new();
    let mut announced = false;
    for line in &notice.lines {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            continue;
        }
        let lower = trimmed.to_lowercase();
        if announced {
            let name = trimmed.split("  ").next().unwrap_or_default().trim_matches(['<', '>', ':', '"', '.']);
            let is_name = (2..=40).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+'))
                && !name.bytes().all(|byte| byte == b'-');
            if is_name {
                names.push(name.to_owned());
                continue;
            }
        }
        let ends = lower.trim_end_matches('-').trim_end().ends_with(':');
        announced =
            names.is_empty() && ends && super::notice::says(&lower, &["recipient", "address", "following", "user", "deliver"]);
        if names.is_empty() && !announced {
            // "Unknown user: jo"
            if let Some((label, name)) = trimmed.split_once(':')
                && super::notice::says(
                    &label.to_lowercase(),
                    &["unknown user", "user unknown", "no such user", "invalid recipient", "undeliverable to"],
                )
            {
                names.extend(address::clean(name).filter(|name| !name.contains(' ')));
            }
        }
    }
    names
}
