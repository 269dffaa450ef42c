//! One line → the addresses that it names: behind nothing, a code, a label, a name, or in a sentence.

use std::borrow::Cow;

use super::sentence::{continues, in_sentence, is_contact_line, leads_to_others};
use super::{Sureness, says_nothing};
use crate::reply::EnhancedCode;
use crate::report::address::{self, Found};
use crate::report::words::{MaySay, OTHER_PARTIES, Said, Searched, ends_with_ignore_case, lower};

/// Most addresses that are taken from one line.
const PER_LINE: usize = 32;

/// An address that a line names.
pub(super) struct Named<'l> {
    pub(super) address: Cow<'l, str>,
    pub(super) sureness: Sureness,
    pub(super) rest: &'l str,
    /// Nothing else stands on the line.
    pub(super) is_alone: bool,
    /// It stands behind a reply code at the beginning of the line.
    pub(super) is_reply: bool,
    /// The whole line is its reason, not only what follows.
    pub(super) whole_line: bool,
}

/// The addresses that a line names and how surely.
pub(super) fn named<'l>(lines: &[&'l str], at: usize, paragraph: usize, may_say: MaySay<'_>) -> Vec<Named<'l>> {
    let line = lines[at];
    let mut all = address::addresses(line).take(PER_LINE);
    let Some(first) = all.next() else { return Vec::new() };
    let before = line[..first.start].trim_matches(is_bullet);
    let before = before.trim_end_matches(['<', '"', '\'', '(', '[', ' ']).trim_end();
    let after = behind(line, &first);
    let is_alone = says_nothing(after);
    let one = |sureness| {
        let mut one = vec![Named {
            address: first.address.clone(),
            sureness,
            rest: after.trim_start_matches([':', ';', ',', '.', '-', ' ']),
            is_alone,
            is_reply: false,
            whole_line: false,
        }];
        one.extend(listed(line, &first).map(|address| Named {
            address,
            sureness,
            rest: "",
            is_alone,
            is_reply: false,
            whole_line: false,
        }));
        one
    };
    if is_codes(before) {
        let mut reply = one(Sureness::Line);
        reply.truncate(1);
        reply.iter_mut().for_each(|named| (named.is_reply, named.whole_line) = (true, true));
        return reply;
    }
    if (before.is_empty() || is_number(before)) && !continues(lines, at, after) {
        return if is_contact_line(lines, at, after, may_say) { Vec::new() } else { one(Sureness::Line) };
    }
    let lead = lower(before);
    if let Some(label) = label(&lead) {
        return match label_sureness(label, line) {
            Some(sureness) => one(sureness),
            None => Vec::new(),
        };
    }
    if closes_a_name(line, &first, before)
        && !leads_to_others(&Said::in_text(&lead))
        && !is_contact_line(lines, at, after, may_say)
    {
        return one(Sureness::Line);
    }
    let mut sentence = Vec::new();
    for found in std::iter::once(first).chain(all).take(8) {
        if let Some(sureness) = in_sentence(lines, at, paragraph, &found) {
            let rest = behind(line, &found);
            let address = found.address;
            sentence.push(Named { address, sureness, rest, is_alone: false, is_reply: false, whole_line: true });
        }
    }
    sentence
}

/// What follows an address on its line, without what closes it.
fn behind<'l>(line: &'l str, found: &Found<'_>) -> &'l str {
    line[found.end..].trim_start_matches(['>', '"', '\'', ')', ']', ' '])
}

fn is_bullet(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '*' | '-' | '>' | '•' | '·' | '#' | '=' | '|' | '.' | '・' | '●' | '■' | '○' | '→' | '+' | '~')
}

/// The number of a list: `1.`, `(2)`.
fn is_number(before: &str) -> bool {
    let digits = before.trim_start_matches('(').trim_end_matches(['.', ')', ':']);
    (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Nothing but a reply code, an enhanced code or both.
fn is_codes(before: &str) -> bool {
    let mut codes = 0;
    for word in before.split([' ', '-', '#', '(', ')']).filter(|word| !word.is_empty()) {
        let basic = matches!(word.as_bytes(), [b'2' | b'4' | b'5', b, c] if b.is_ascii_digit() && c.is_ascii_digit());
        if !basic && EnhancedCode::parse(word).is_none() {
            return false;
        }
        codes += 1;
    }
    codes > 0
}

/// More addresses behind the first, with nothing but commas between them.
fn listed<'l>(line: &'l str, first: &Found<'_>) -> impl Iterator<Item = Cow<'l, str>> {
    let mut end = first.end;
    address::addresses_from(line, end).take(PER_LINE).map_while(move |found| {
        let between = &line[end..found.start];
        end = found.end;
        let is_list =
            between.contains([',', ';']) && between.chars().all(|c| matches!(c, ',' | ';' | ' ' | '<' | '>' | '"' | '\''));
        is_list.then_some(found.address)
    })
}

/// The label that a lower-case text before an address ends with.
fn label(lower: &str) -> Option<&str> {
    let label = lower.strip_suffix([':', '=', '：']).or_else(|| lower.strip_suffix("rfc822;"))?;
    let label = label.trim().trim_end_matches([';', ':', ' ']);
    (label.split_whitespace().count() <= 6 && label.chars().count() <= 60).then_some(label)
}

/// How sure a label makes the address behind it; none where it names somebody else.
fn label_sureness(label: &str, line: &str) -> Option<Sureness> {
    let searched = Searched::new(label);
    let names = |party: &str| label == party || (party.len() > 4 && searched.holds(party));
    if label.starts_with("x-") || OTHER_PARTIES.iter().any(|party| names(party)) {
        return None;
    }
    let repeats_original =
        matches!(label, "to" | "an" | "à" | "para" | "a" | "aan" | "do" | "кому" | "宛先" | "收件人" | "受取人");
    let is_original = label == "to" || (repeats_original && line.starts_with([' ', '\t']));
    Some(if is_original { Sureness::OriginalTo } else { Sureness::Label })
}

/// `Jo Example <jo@example.com>` or `Jo Example<mailto:jo@example.com>` alone on its line.
fn closes_a_name(line: &str, found: &Found<'_>, before: &str) -> bool {
    let closes = line[found.end..].trim().trim_matches(['>', ':', ')', ']', '<']).trim().is_empty()
        || line[found.end..].trim_start_matches('>').trim_start().starts_with("<mailto:");
    let lead = &line[..found.start];
    let opens = lead.ends_with(['<', '(']) || ends_with_ignore_case(lead, "mailto:");
    if !(closes && opens) {
        return false;
    }
    let name = before.trim_end_matches("mailto:").trim_end_matches("MAILTO:").trim_end_matches(['<', '(', '[', ' ']);
    name.split_whitespace().count() <= 5
        && name.chars().count() <= 60
        && !name.ends_with([':', '.', ';'])
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | '\'' | '"' | '-' | '_' | '&' | '/' | '@'))
        && name.chars().filter(char::is_ascii_digit).count() <= 4
        && !name
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| SENTENCE_WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// Words that no display name holds.
const SENTENCE_WORDS: &[&str] = &[
    "to",
    "for",
    "the",
    "is",
    "full",
    "message",
    "deliver",
    "user",
    "address",
    "recipient",
    "an",
    "für",
    "pour",
    "para",
    "from",
    "by",
];
