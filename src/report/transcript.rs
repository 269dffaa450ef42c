//! SMTP transcripts in prose: what was said and what was answered, as `>>>` and `<<<` (Sendmail and those that learned from
//! it), as `-->` and `<--` (MDaemon), or as bare lines.
//!
//! In: the lines of a notice. Out: the answers, each with host, command and the addresses that it is about.

use std::collections::HashMap;

use super::address;
use super::text::trim_start;
use super::words::{List, MaySay, TALKING_TO, find_ignore_case, lower};
use crate::limits::{DIAGNOSTIC_BYTES, cut};
use crate::reply::{Command, Reply};

/// One answer of a transcript, or a line that sums one up.
#[derive(Debug, Default, Clone)]
pub(super) struct Turn {
    pub(super) host: Option<String>,
    pub(super) command: Option<Command>,
    /// The addresses that the command or the summary names.
    pub(super) addresses: Vec<String>,
    /// The answer, lines joined.
    pub(super) reply: String,
    /// A summary by the reporting system (`550 5.1.1 <jo@example.com>... User unknown`), and no answer itself.
    pub(super) is_summary: bool,
}

/// All turns of a text, in order, and by address.
#[derive(Debug, Default)]
pub(super) struct Turns {
    pub(super) all: Vec<Turn>,
    /// The failed answers to RCPT by the address in lower case.
    refused: HashMap<String, usize>,
    /// The summary of an address, and the failed answer right before it.
    summaries: HashMap<String, (usize, Option<usize>)>,
    last_answer: Option<usize>,
    last_failure: Option<usize>,
}

/// Most turns that are kept.
const TURNS: usize = 2_000;
/// Most addresses that are kept of one turn.
const PER_TURN: usize = 8;

/// One line of a transcript.
enum Line<'l> {
    Said(&'l str),
    Answered(&'l str),
    /// A command without any mark.
    Bare(&'l str),
}

fn transcript_line<'l>(line: &'l str, may_say: MaySay<'_>) -> Option<Line<'l>> {
    if !may_say.any(List::Dialogue) {
        return None;
    }
    let line = trim_start(line);
    if let Some(said) = line.strip_prefix(">>>") {
        return Some(Line::Said(said.trim()));
    }
    if let Some(answer) = line.strip_prefix("<<<") {
        return Some(Line::Answered(answer.trim()));
    }
    let head = cut(line, 48);
    // Most lines have none of the signs that all further marks have.
    if memchr::memchr2(b'>', b'<', head.as_bytes()).is_some() && head.contains("--") {
        if let Some(at) = head.find("--> ") {
            return Some(Line::Said(line[at + 4..].trim())).filter(|line| matches!(line, Line::Said(said) if is_command(said)));
        }
        if let Some(at) = head.find("<-- ") {
            return Some(Line::Answered(line[at + 4..].trim()));
        }
    }
    if memchr::memchr(b':', head.as_bytes()).is_some() {
        if let Some(at) = find_ignore_case(head, "sent: ").filter(|&at| at <= 12) {
            return Some(Line::Said(line[at + 6..].trim())).filter(|line| matches!(line, Line::Said(said) if is_command(said)));
        }
        if let Some(at) = find_ignore_case(head, "remote server replied: ") {
            return Some(Line::Answered(line[at + 23..].trim()));
        }
    }
    is_command(line).then_some(Line::Bare(line))
}

/// Whether a line is an SMTP command with its argument.
fn is_command(line: &str) -> bool {
    let begins = |name: &str| line.len() >= name.len() && line.as_bytes()[..name.len()].eq_ignore_ascii_case(name.as_bytes());
    match line.as_bytes().first() {
        Some(b'R' | b'r') => begins("RCPT TO:<") || begins("RCPT TO: <"),
        Some(b'M' | b'm') => begins("MAIL FROM:<") || begins("MAIL FROM: <"),
        Some(b'D') => line == "DATA",
        _ => false,
    }
}

/// Whether a line belongs to a transcript, so that it is no address line.
pub(super) fn is_transcript_line(line: &str, may_say: MaySay<'_>) -> bool {
    match transcript_line(line, may_say) {
        Some(Line::Said(_)) => Command::find(line).is_some() || !line.trim_start().starts_with(">>>"),
        Some(_) => true,
        None => may_say.any(List::TalkingTo) && talking_to(trim_start(line)).is_some(),
    }
}

/// The host of `... while talking to mx.example.com.:`.
fn talking_to(line: &str) -> Option<String> {
    let at = find_ignore_case(cut(line, 60), TALKING_TO).filter(|&at| at <= 40)? + TALKING_TO.len();
    let host = line.get(at..)?.split([' ', ':', '(']).next()?.trim_matches(|c| matches!(c, '.' | '[' | ']' | '<' | '>'));
    (!host.is_empty()).then(|| host.to_owned())
}

fn addresses(text: &str) -> Vec<String> {
    address::owned(text).take(PER_TURN).collect()
}

impl Turns {
    /// The turns of some lines.
    pub(super) fn of(lines: &[&str], may_say: MaySay<'_>) -> Self {
        let names_host = may_say.any(List::TalkingTo);
        let mut all: Vec<Turn> = Vec::new();
        let mut host = None;
        let mut command: Option<(Option<Command>, Vec<String>)> = None;
        let mut open = false;
        let mut is_bare = false;
        // What a delivery program wrote just before Sendmail summed it up: `procmail: Quota exceeded while writing ...`.
        let mut agent = "";
        for line in lines {
            if all.len() >= TURNS {
                break;
            }
            let trimmed = trim_start(line);
            if let Some(found) = names_host.then(|| talking_to(trimmed)).flatten() {
                host = Some(found);
                command = None;
                (open, is_bare) = (false, false);
                continue;
            }
            let answer = match transcript_line(trimmed, may_say) {
                Some(Line::Said(said)) => {
                    command = Some((command_of(said), addresses(said)));
                    (open, is_bare) = (false, false);
                    continue;
                }
                Some(Line::Bare(said)) => {
                    command = Some((command_of(said), addresses(said)));
                    (open, is_bare) = (false, true);
                    continue;
                }
                Some(Line::Answered(answer)) => Some(answer),
                None if is_bare && begins_with_code(trimmed, b'2'..=b'5') => Some(trimmed),
                None => None,
            };
            if let Some(answer) = answer {
                match all.last_mut() {
                    Some(last) if open => {
                        if last.reply.len() < DIAGNOSTIC_BYTES {
                            last.reply.push(' ');
                            last.reply.push_str(cut(answer, DIAGNOSTIC_BYTES));
                        }
                    }
                    _ => {
                        let (command, addresses) = command.clone().unwrap_or_default();
                        let reply = cut(answer, DIAGNOSTIC_BYTES).to_owned();
                        all.push(Turn { host: host.clone(), command, addresses, reply, is_summary: false });
                        open = true;
                    }
                }
            } else if begins_with_code(trimmed, b'4'..=b'5') {
                open = false;
                // Sendmail 5 puts a code of its own before that of the server: `554 <jo@example.com>... 550 Host unknown`.
                let inner = trimmed.find("... ").map(|at| &trimmed[at + 4..]).filter(|rest| begins_with_code(rest, b'4'..=b'5'));
                let mut reply = cut(inner.unwrap_or(trimmed), DIAGNOSTIC_BYTES).to_owned();
                if !agent.is_empty() {
                    reply = format!("{reply} ({})", cut(std::mem::take(&mut agent), DIAGNOSTIC_BYTES));
                }
                all.push(Turn { host: host.clone(), command: None, addresses: addresses(trimmed), reply, is_summary: true });
            } else if trimmed.is_empty() {
                open = false;
            } else if !is_bare
                && line.starts_with([' ', '\t'])
                && let Some(last) = all.last_mut().filter(|last| (last.is_summary || open) && last.reply.len() < DIAGNOSTIC_BYTES)
            {
                last.reply.push(' ');
                last.reply.push_str(cut(trimmed, DIAGNOSTIC_BYTES));
            } else {
                open = false;
                agent = if is_agent_line(trimmed) { trimmed } else { "" };
            }
        }
        Self::index(all)
    }

    fn index(all: Vec<Turn>) -> Self {
        let mut turns = Self::default();
        // The failed answer of the session that a summary would sum up.
        let mut before: Option<usize> = None;
        for (at, turn) in all.iter().enumerate() {
            let fails = Reply::parse(&turn.reply).code.is_some_and(|code| code.class() != 2);
            if turn.is_summary {
                for address in &turn.addresses {
                    turns.summaries.entry(lower(address)).or_insert((at, before));
                }
                // A summary of the host alone (`421 mx.example.com... Deferred`) still leads to that of the recipient.
                if !turn.addresses.is_empty() {
                    before = None;
                }
            } else if fails {
                before = Some(at);
                turns.last_answer = Some(at);
                if turn.command == Some(Command::RcptTo) {
                    for address in &turn.addresses {
                        turns.refused.entry(lower(address)).or_insert(at);
                    }
                }
            } else {
                before = None;
            }
            if fails {
                turns.last_failure = Some(at);
            }
        }
        turns.all = all;
        turns
    }

    /// The turn that tells about a recipient: the answer to its RCPT, else the answer before its summary, else its summary,
    /// else the last failure, where `only` says that there is no other recipient.
    pub(super) fn about(&self, recipient: &str, only: bool) -> Option<&Turn> {
        if self.all.is_empty() {
            return None;
        }
        let key = lower(recipient);
        let named = self.refused.get(&key).copied();
        let summed = || self.summaries.get(&key).map(|&(summary, before)| before.unwrap_or(summary));
        let last = || self.last_answer.or(self.last_failure).filter(|_| only);
        named.or_else(summed).or_else(last).map(|at| &self.all[at])
    }
}

/// Whether a line begins as programs' messages do: with their name and a colon.
fn is_agent_line(line: &str) -> bool {
    let is_name = |byte: &&u8| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'-' | b'/');
    let length = line.as_bytes().iter().take_while(is_name).count();
    length > 1 && matches!(line.as_bytes()[length..], [b':'] | [b':', b' ' | b'\t', ..])
}

fn command_of(said: &str) -> Option<Command> {
    let name = said.split([' ', ':']).next().unwrap_or_default();
    Command::parse(name)
}

/// Whether a line begins with a reply code of these classes.
fn begins_with_code(line: &str, classes: std::ops::RangeInclusive<u8>) -> bool {
    matches!(line.as_bytes(), [class, b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..] if classes.contains(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(text: &str) -> Turns {
        let lines: Vec<&str> = text.lines().collect();
        Turns::of(&lines, MaySay::default())
    }

    #[test]
    fn each_recipient_gets_the_answer_to_its_own_command() {
        let turns = turns(
            "... while talking to mx.example.com.:\n>>> RCPT To:<a@example.com>\n<<< 550-5.1.1 no such\n<<< 550 5.1.1 user\n550 5.1.1 <a@example.com>... User unknown\n>>> RCPT To:<b@example.com>\n<<< 452 4.2.2 full\n<b@example.com>... Deferred",
        );
        let a = turns.about("a@example.com", false).expect("a turn");
        assert_eq!(a.reply, "550-5.1.1 no such 550 5.1.1 user");
        assert_eq!(a.host.as_deref(), Some("mx.example.com"));
        assert_eq!(turns.about("b@example.com", false).map(|turn| turn.reply.as_str()), Some("452 4.2.2 full"));
        assert!(turns.about("c@example.com", false).is_none());
    }

    #[test]
    fn a_summary_of_the_host_leads_on_to_that_of_the_recipient() {
        let turns = turns(
            ">>> DATA\n<<< 550 No mail to yourself\n421 example.com (smtp)... Deferred\n554 <a@example.com>... Remote protocol error\n550 <b@example.com>... Host unknown",
        );
        assert_eq!(turns.about("a@example.com", false).map(|turn| turn.reply.as_str()), Some("550 No mail to yourself"));
        assert_eq!(
            turns.about("b@example.com", false).map(|turn| turn.reply.as_str()),
            Some("550 <b@example.com>... Host unknown")
        );
    }

    #[test]
    fn a_transcript_without_marks_is_one_too() {
        let turns = turns(" MAIL From:<x@example.org>\n 250 ok\n RCPT To:<a@example.com>\n 552 full\n QUIT");
        assert_eq!(turns.about("a@example.com", false).map(|turn| turn.reply.as_str()), Some("552 full"));
        let turns = self::turns("Mon 10:00: --> RCPT To:<a@example.com>\nMon 10:00: <-- 550 no");
        assert_eq!(turns.about("a@example.com", false).map(|turn| turn.reply.as_str()), Some("550 no"));
    }
}
