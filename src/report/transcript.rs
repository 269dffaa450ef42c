//! SMTP transcripts in prose: `>>>` what was said, `<<<` what was answered (Sendmail and those that learned from it).

use super::address;
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

/// Most turns that are kept.
const TURNS: usize = 2_000;

/// Whether a line belongs to a transcript, so that it is no address line.
pub(super) fn is_transcript_line(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("<<< ")
        || line.starts_with("<<<\t")
        || (line.starts_with(">>> ") && Command::find(line).is_some())
        || talking_to(line).is_some()
}

/// The host of `... while talking to mx.example.com.:`.
fn talking_to(line: &str) -> Option<String> {
    let lower = line.to_ascii_lowercase();
    let at = ["while talking to ", "talking to "].iter().find_map(|mark| lower.find(mark).map(|at| at + mark.len()))?;
    if at > 40 {
        return None;
    }
    let host = line.get(at..)?.split([' ', ':', '(']).next()?.trim_matches(|c| matches!(c, '.' | '[' | ']' | '<' | '>'));
    (!host.is_empty()).then(|| host.to_owned())
}

/// All turns of the lines, in order.
pub(super) fn turns(lines: &[String]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut host = None;
    let mut command: Option<(Option<Command>, Vec<String>)> = None;
    let mut open = false;
    for line in lines {
        if turns.len() >= TURNS {
            break;
        }
        let trimmed = line.trim();
        if let Some(found) = talking_to(trimmed) {
            host = Some(found);
            command = None;
            open = false;
        } else if let Some(said) = trimmed.strip_prefix(">>>") {
            let addresses = address::find_all(said).into_iter().map(|found| found.address).collect();
            command = Some((Command::find(trimmed).or_else(|| Command::parse(said)), addresses));
            open = false;
        } else if let Some(answer) = trimmed.strip_prefix("<<<") {
            let answer = answer.trim();
            match turns.last_mut() {
                Some(last) if open => {
                    last.reply.push(' ');
                    last.reply.push_str(answer);
                }
                _ => {
                    let (command, addresses) = command.clone().unwrap_or_default();
                    turns.push(Turn { host: host.clone(), command, addresses, reply: answer.to_owned(), is_summary: false });
                    open = true;
                }
            }
        } else if begins_with_code(trimmed) {
            open = false;
            let addresses = address::find_all(trimmed).into_iter().map(|found| found.address).collect();
            turns.push(Turn { host: host.clone(), command: None, addresses, reply: trimmed.to_owned(), is_summary: true });
        } else if trimmed.is_empty() {
            open = false;
        } else if line.starts_with([' ', '\t'])
            && let Some(last) = turns.last_mut().filter(|last| last.is_summary || open)
        {
            last.reply.push(' ');
            last.reply.push_str(trimmed);
        }
    }
    turns
}

fn begins_with_code(line: &str) -> bool {
    line.get(..3).is_some_and(|digits| matches!(digits.as_bytes(), [b'4' | b'5', b'0'..=b'9', b'0'..=b'9']))
        && matches!(line.as_bytes().get(3), Some(b' ' | b'-'))
}

/// The turn that tells about a recipient: the answer to its RCPT, else the answer before its summary, else its summary,
/// else the last failure, where `only` says that there is no other recipient.
pub(super) fn about<'t>(turns: &'t [Turn], recipient: &str, only: bool) -> Option<&'t Turn> {
    let names = |turn: &&Turn| turn.addresses.iter().any(|address| address.eq_ignore_ascii_case(recipient));
    let is_failure = |turn: &&Turn| Reply::parse(&turn.reply).code.is_some_and(|code| code.class() != 2);
    let answers = || turns.iter().filter(|turn| !turn.is_summary);
    if let Some(answer) = answers().find(|turn| turn.command == Some(Command::RcptTo) && names(turn) && is_failure(turn)) {
        return Some(answer);
    }
    if let Some(at) = turns.iter().position(|turn| turn.is_summary && names(&turn)) {
        let before = turns[..at].iter().rev().take_while(|turn| !turn.is_summary).find(is_failure);
        return Some(before.unwrap_or(&turns[at]));
    }
    if !only {
        return None;
    }
    answers().rev().find(is_failure).or_else(|| turns.iter().rev().find(is_failure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recipient_gets_the_answer_to_its_own_command() {
        let text = "... while talking to mx.example.com.:\n>>> RCPT To:<a@example.com>\n<<< 550-5.1.1 no such\n<<< 550 5.1.1 user\n550 5.1.1 <a@example.com>... User unknown\n>>> RCPT To:<b@example.com>\n<<< 452 4.2.2 full\n<b@example.com>... Deferred";
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let turns = turns(&lines);
        let a = about(&turns, "a@example.com", false).expect("a turn");
        assert_eq!(a.reply, "550-5.1.1 no such 550 5.1.1 user");
        assert_eq!(a.host.as_deref(), Some("mx.example.com"));
        assert_eq!(about(&turns, "b@example.com", false).map(|turn| turn.reply.as_str()), Some("452 4.2.2 full"));
        assert!(about(&turns, "c@example.com", false).is_none());
    }
}
