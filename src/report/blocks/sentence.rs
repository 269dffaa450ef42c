//! What the sentence around an address says: that it failed, or that it is that of a helper.

use super::{Sureness, indent, says_nothing};
use crate::bits::places;
use crate::limits::cut;
use crate::report::address::Found;
use crate::report::words::{List, MaySay, Said, lower, says};

/// Room for most sentences.
const SENTENCE: usize = 256;

/// Whether a sentence runs on from the line before, over the address, to the words behind it.
pub(super) fn continues(lines: &[&str], at: usize, after: &str) -> bool {
    at > 0
        && after.starts_with(|c: char| c.is_lowercase())
        && lines[at - 1].ends_with(|c: char| c.is_lowercase() || c == ',')
        && indent(lines[at]) == indent(lines[at - 1])
}

/// Whether an address at the beginning of a line is that of a helper, by the sentence that leads to it.
pub(super) fn is_contact_line(lines: &[&str], at: usize, after: &str, may_say: MaySay<'_>) -> bool {
    if !may_say.any(List::Contact) {
        return false;
    }
    let mut lead = String::with_capacity(SENTENCE);
    let before = lines[..at].iter().rev().take(6).skip_while(|line| line.trim().is_empty()).take(2);
    for line in before.take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().into_iter().rev() {
        lead.push_str(cut(line.trim(), 400));
        lead.push(' ');
    }
    let tail = lower(last_sentence(&lead));
    let directly = at > 0 && !lines[at - 1].trim().is_empty();
    // A sentence that has ended leads nowhere.
    if tail.is_empty() {
        return false;
    }
    let said = Said::in_text(&tail);
    if !said.any(List::Contact) || said.any(List::Failure) || says(&tail, ANNOUNCES) {
        return false;
    }
    directly || tail.trim_end().ends_with([':', ',']) || says_nothing(after)
}

/// Words that announce recipients, whatever else the sentence says.
const ANNOUNCES: &[&str] = &["recipient", "following address", "following user", "to the following"];

/// Whether what is said leads to somebody else than the recipient.
pub(super) fn leads_to_others(said: &Said) -> bool {
    said.any(List::Contact) || said.any(List::Helper)
}

/// What stands behind the last end of a sentence.
fn last_sentence(text: &str) -> &str {
    let text = text.trim_end();
    let start = sentence_ends(text).last().unwrap_or(0);
    text[start..].trim_start()
}

/// Where sentences end in a text: the byte behind each full stop.
fn sentence_ends(text: &str) -> impl Iterator<Item = usize> {
    // Their first bytes, none of which stands inside a character.
    places(text.as_bytes(), |byte| matches!(byte, b'.' | b'!' | b'?' | 0xE3 | 0xEF)).filter_map(|at| {
        match text.as_bytes()[at..] {
            [b'.' | b'!' | b'?'] | [b'.' | b'!' | b'?', b' ', ..] => Some(at + 1),
            _ => text[at..].starts_with(['。', '！', '？']).then_some(at + '。'.len_utf8()),
        }
    })
}

/// How surely a sentence names an address as the failed one; none where it names a helper.
pub(super) fn in_sentence(lines: &[&str], at: usize, paragraph: usize, found: &Found<'_>) -> Option<Sureness> {
    let line = lines[at];
    let mut lead = String::with_capacity(SENTENCE);
    for line in &lines[paragraph.max(at.saturating_sub(3))..at] {
        lead.push_str(cut(line.trim(), 400));
        lead.push(' ');
    }
    lead.push_str(line[..found.start].trim_start());
    let lead = lower(last_sentence_before(&lead));
    let near = &lead[lead.char_indices().rev().nth(39).map_or(0, |(at, _)| at)..];
    let before = Said::in_text(&lead);
    if leads_to_others(&Said::in_text(near)) || (leads_to_others(&before) && !before.any(List::Failure)) {
        return None;
    }
    if before.any(List::Failure) || says(&lead, LEADS) {
        return Some(Sureness::Failing);
    }
    let behind = Said::in_text(&trail(lines, at, found));
    if behind.any(List::Failure) {
        return Some(Sureness::Failing);
    }
    (!leads_to_others(&behind)).then_some(Sureness::Mention)
}

/// The rest of the sentence behind an address, in lower case.
fn trail(lines: &[&str], at: usize, found: &Found<'_>) -> String {
    let mut trail = lines[at][found.end..].to_owned();
    for line in lines.iter().skip(at + 1).take(2).take_while(|line| !line.trim().is_empty()) {
        trail.push(' ');
        trail.push_str(cut(line.trim(), 400));
    }
    let end = sentence_ends(&trail).next().unwrap_or(trail.len());
    lower(&trail[..end])
}

/// Words of a sentence that leads to the recipient without saying that it failed.
const LEADS: &[&str] =
    &["message to ", "mail to ", "delivery to ", "deliver to ", "addressed to", "was addressed", "message for", "mailing list"];

/// What stands behind the last end of a sentence, when the text goes on.
fn last_sentence_before(text: &str) -> &str {
    let start = sentence_ends(text).filter(|&end| end < text.len()).last().unwrap_or(0);
    text[start..].trim_start()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_sentence_ends_where_a_stop_closes_it(text in "[a.!? 。！？、ｃé]{0,20}") {
            let ends = text.char_indices().filter(|&(at, c)| match c {
                '。' | '！' | '？' => true,
                '.' | '!' | '?' => text[at + 1..].is_empty() || text[at + 1..].starts_with(' '),
                _ => false,
            });
            let ends: Vec<usize> = ends.map(|(at, c)| at + c.len_utf8()).collect();
            prop_assert_eq!(sentence_ends(&text).collect::<Vec<_>>(), ends);
        }
    }
}
