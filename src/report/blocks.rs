//! Prose → blocks: every address that a line names, how surely it is the failed recipient, and what is said of it.
//!
//! In: the lines of a notice. Out: one block an address, in order, each with the reason that stands below it. A line that begins with an
//! address is the surest sign, then a label before one, then a sentence about failure; helpers, senders and command addresses
//! are left out. Every line is looked at once.

mod named;
mod sentence;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::address;
use super::reason::Reason;
use super::text::trim_start;
use super::transcript;
use super::words::{FORMER, List, MaySay, find_ignore_case, lower};
use crate::limits::RECIPIENTS;
use named::{Named, named};

/// How surely a line names the failed recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sureness {
    /// Named in some sentence.
    Mention,
    /// The `To:` of the original as the report repeats it.
    OriginalTo,
    /// Named in a sentence that speaks of failure.
    Failing,
    /// Behind a label such as `Recipient:`.
    Label,
    /// The line begins with it.
    Line,
}

/// A recipient that the prose names, with what it says of it.
#[derive(Debug)]
pub(super) struct Block<'l> {
    pub(super) address: Cow<'l, str>,
    pub(super) original_address: Option<String>,
    pub(super) sureness: Sureness,
    said: Rc<Said<'l>>,
}

/// What is said of one recipient, or of several that are listed one below the other.
#[derive(Debug)]
struct Said<'l> {
    /// What follows the address on its line.
    rest: &'l str,
    below: &'l [&'l str],
    reason: OnceCell<Reason>,
}

impl Block<'_> {
    /// The reason in what is said, looked for when it is first asked for.
    pub(super) fn reason(&self) -> &Reason {
        let Said { rest, below, reason } = &*self.said;
        reason.get_or_init(|| Reason::of(std::iter::once(rest).chain(below.iter()).copied()))
    }
}

/// All blocks of a text, in order, and by address.
#[derive(Debug, Default)]
pub(super) struct Blocks<'l> {
    pub(super) all: Vec<Block<'l>>,
    /// The places of an address in lower case; only where there are more blocks than are looked through one by one.
    by_address: HashMap<String, Vec<usize>>,
    first_line: usize,
}

/// A block while its lines are still coming.
struct Open<'l> {
    address: Cow<'l, str>,
    original_address: Option<String>,
    sureness: Sureness,
    /// A reply line: the address stands behind a code.
    is_reply: bool,
    line: usize,
    indent: usize,
    /// What follows the address on its line.
    rest: &'l str,
}

impl<'l> Blocks<'l> {
    /// The blocks of some lines.
    pub(super) fn of(lines: &'l [&'l str], may_say: MaySay<'_>) -> Self {
        let names_former = may_say.any(List::Former);
        let mut open: Vec<Open<'l>> = Vec::new();
        // The line from which on no blank line has come.
        let mut paragraph = 0;
        for (at, &line) in lines.iter().enumerate() {
            if trim_start(line).is_empty() {
                paragraph = at + 1;
                continue;
            }
            if open.len() >= 2 * RECIPIENTS {
                break;
            }
            if memchr::memchr(b'@', line.as_bytes()).is_none() || transcript::is_transcript_line(line, may_say) {
                continue;
            }
            let joins = open.last().is_some_and(|last| last.line >= paragraph && last.sureness >= Sureness::Label);
            if let Some(former) = names_former.then(|| former(line)).flatten() {
                match open.last_mut().filter(|_| joins) {
                    Some(last) if last.original_address.is_none() && !last.address.eq_ignore_ascii_case(&former) => {
                        last.original_address = Some(former);
                        if former_leads(line) {
                            continue;
                        }
                    }
                    Some(_) => {}
                    // The final address is hidden; the one that was written to is all there is.
                    None if former_leads(line) => {
                        open.push(Open::new(Cow::Owned(former), Sureness::Line, at, line, ""));
                        continue;
                    }
                    None => {}
                }
            }
            let found = named(lines, at, paragraph, may_say);
            for named in found {
                if let Some(last) = open.last().filter(|last| last.line < at)
                    && belongs(&named, last, line, joins)
                {
                    break;
                }
                let rest = if named.whole_line { line } else { named.rest };
                let mut block = Open::new(named.address, named.sureness, at, line, rest);
                block.is_reply = named.is_reply;
                block.original_address = names_former.then(|| former_behind(named.rest, &block.address)).flatten();
                open.push(block);
            }
        }
        Self::close(open, lines)
    }

    /// Gives each block the lines up to the next one; addresses listed one below the other share those behind the last.
    fn close(open: Vec<Open<'l>>, lines: &'l [&'l str]) -> Self {
        let first_line = open.iter().find(|block| block.sureness >= Sureness::Label).map_or(lines.len(), |block| block.line);
        let mut blocks = Self { first_line, ..Self::default() };
        let mut end = lines.len();
        let mut shared: Option<(usize, Rc<Said<'l>>)> = None;
        let mut closed: Vec<Block<'l>> = Vec::with_capacity(open.len());
        for block in open.into_iter().rev() {
            let below = lines.get(block.line + 1..end).unwrap_or_default();
            let silent = says_nothing(block.rest) && below.iter().all(|line| trim_start(line).is_empty());
            let said = match shared.take() {
                Some((next, said)) if silent && next <= block.line + 2 => said,
                _ => Rc::new(Said { rest: block.rest, below, reason: OnceCell::new() }),
            };
            shared = (block.sureness >= Sureness::Label).then(|| (block.line, Rc::clone(&said)));
            end = block.line;
            closed.push(Block {
                address: block.address,
                original_address: block.original_address,
                sureness: block.sureness,
                said,
            });
        }
        closed.reverse();
        blocks.all = closed;
        if blocks.all.len() > FEW {
            for (at, block) in blocks.all.iter().enumerate() {
                blocks.by_address.entry(lower(&block.address)).or_default().push(at);
            }
        }
        blocks
    }

    /// The block that says most about an address: one may be listed first and explained later.
    pub(super) fn about(&self, address: &str) -> Option<&Block<'l>> {
        let mut named = self.named(address).peekable();
        let first = named.next()?;
        if named.peek().is_none() {
            return Some(first.1); // nothing to compare, so that its reason need not be looked for
        }
        std::iter::once(first)
            .chain(named)
            .max_by_key(|(at, block)| {
                let reason = block.reason();
                let is_named = block.sureness >= Sureness::Failing;
                (reason.code.is_some(), reason.enhanced.is_some(), is_named, !reason.text().is_empty(), std::cmp::Reverse(*at))
            })
            .map(|(_, block)| block)
    }

    /// The former address of a recipient, where any of its blocks gives one.
    pub(super) fn original_of(&self, address: &str) -> Option<String> {
        self.named(address).find_map(|(_, block)| block.original_address.clone())
    }

    /// The line of the first recipient that is plainly named.
    pub(super) fn first_line(&self) -> usize {
        self.first_line
    }

    /// Whether any block names the address.
    pub(super) fn name(&self, address: &str) -> bool {
        self.named(address).next().is_some()
    }

    /// The first blocks of an address; a text that repeats one ten thousand times is not searched through each time.
    fn named(&self, address: &str) -> impl Iterator<Item = (usize, &Block<'l>)> {
        let is_few = self.all.len() <= FEW;
        let known = if is_few { None } else { self.by_address.get(&lower(address)) };
        let places = known.map(Vec::as_slice).unwrap_or_default().iter().take(FEW).map(|&at| (at, &self.all[at]));
        let few = self.all.iter().enumerate().filter(move |(_, block)| is_few && address::same(&block.address, address));
        places.chain(few)
    }
}

/// Most blocks that are looked through one by one.
const FEW: usize = 16;

impl<'l> Open<'l> {
    fn new(address: Cow<'l, str>, sureness: Sureness, at: usize, line: &str, rest: &'l str) -> Self {
        Self { address, original_address: None, sureness, is_reply: false, line: at, indent: indent(line), rest }
    }
}

fn indent(line: &str) -> usize {
    line.len() - trim_start(line).len()
}

fn says_nothing(rest: &str) -> bool {
    !rest.contains(char::is_alphanumeric)
}

/// Whether what a line names is part of the reason of the block above it.
fn belongs(named: &Named<'_>, last: &Open<'_>, line: &str, joins: bool) -> bool {
    if named.sureness < Sureness::Label {
        return last.sureness >= Sureness::Label; // a reason that names an address itself
    }
    let same = named.address.eq_ignore_ascii_case(&last.address);
    if !joins {
        return named.is_reply && same;
    }
    if named.is_reply {
        return same || !last.is_reply;
    }
    // What is indented below an address is about it, unless it is one more address alone on its line.
    indent(line) > last.indent && (same || !named.is_alone)
}

/// The address that another one was made of: `(generated from a@b)`, `(expanded from: <a@b>)`.
fn former(line: &str) -> Option<String> {
    let at = FORMER.iter().find_map(|mark| find_ignore_case(line, mark).map(|at| at + mark.len()))?;
    address::first(line.get(at..)?)
}

fn former_behind(rest: &str, address: &str) -> Option<String> {
    former(rest).filter(|former| !former.eq_ignore_ascii_case(address))
}

/// Whether a line does nothing but name the former address.
fn former_leads(line: &str) -> bool {
    let start = line.trim_start_matches(['(', ' ', '\t', '<', '-']).to_ascii_lowercase();
    FORMER.iter().any(|mark| start.starts_with(mark.trim_start_matches('(')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<(String, Sureness)> {
        let lines: Vec<&str> = text.lines().collect();
        Blocks::of(&lines, MaySay::default()).all.into_iter().map(|block| (block.address.into_owned(), block.sureness)).collect()
    }

    #[track_caller]
    fn assert_named(text: &str, sureness: Sureness, addresses: &[&str]) {
        let found: Vec<String> =
            named(text).into_iter().filter(|(_, found)| *found == sureness).map(|(address, _)| address).collect();
        assert_eq!(found, addresses, "{text}");
    }

    #[test]
    fn lines_and_labels_name_recipients() {
        assert_named("<a@example.com>:\nunknown\n\n  * b@example.com\n", Sureness::Line, &["a@example.com", "b@example.com"]);
        assert_named("Recipient: a@example.com, b@example.com", Sureness::Label, &["a@example.com", "b@example.com"]);
        assert_named("Jo Example <jo@example.com>\n", Sureness::Line, &["jo@example.com"]);
        assert_named("Original-envelope-id: 0000@example.org\nFrom: a@example.com", Sureness::Label, &[]);
    }

    #[test]
    fn what_is_indented_below_an_address_is_its_reason() {
        let text = "  a@example.com\n    host mx.example.com [192.0.2.1]: 552 5.2.2 <a@example.com>\n    full\n  b@example.com\n    550 no\n";
        let lines: Vec<&str> = text.lines().collect();
        let blocks = Blocks::of(&lines, MaySay::default());
        assert_eq!(blocks.all.len(), 2);
        assert_eq!(blocks.all[0].reason().code.map(|code| code.number()), Some(552));
    }

    #[test]
    fn a_code_before_the_address_is_a_reply_and_no_number_of_a_list() {
        let text = "\"a@example.com\":\nSMTP error after RCPT command:\n5.2.1 <a@example.com>... Unknown\n\"b@example.com\":\n5.2.2 <b@example.com>... Full";
        let lines: Vec<&str> = text.lines().collect();
        let blocks = Blocks::of(&lines, MaySay::default());
        let enhanced: Vec<_> = blocks.all.iter().map(|block| block.reason().enhanced.map(|code| code.to_string())).collect();
        assert_eq!(enhanced, [Some("5.2.1".to_owned()), Some("5.2.2".to_owned())]);
        assert_named("550 a@example.com unknown\n550 b@example.com unknown", Sureness::Line, &["a@example.com", "b@example.com"]);
    }

    #[test]
    fn helpers_are_no_recipients() {
        for text in [
            "For further assistance, please contact\n<help@example.com>\n",
            "For further assistance, please contact <support@example.com>",
            "上記のサイトでも解決できない場合は、<support@example.com>\nへご連絡ください。",
            "please send mail with the mail body guide to the address\n\n\tlist-ctl@example.com\n",
        ] {
            let found = named(text);
            assert!(found.iter().all(|(_, sureness)| *sureness < Sureness::Failing), "{text}: {found:?}");
        }
    }

    #[test]
    fn the_sentence_that_speaks_of_failure_is_preferred() {
        let text = "The usual form is name@example.gov, but others may be chosen. The address to which your\nmessage went, jo@example.gov, does not exist.";
        assert_named(text, Sureness::Failing, &["jo@example.gov"]);
    }

    #[test]
    fn a_hidden_final_address_leaves_the_one_that_was_written_to() {
        assert_named("  an undisclosed address\n    (generated from jo@example.com)\n", Sureness::Line, &["jo@example.com"]);
        let lines = ["  a@example.com", "    (generated from b@example.com)"];
        assert_eq!(Blocks::of(&lines, MaySay::default()).original_of("a@example.com").as_deref(), Some("b@example.com"));
    }

    #[test]
    fn addresses_below_one_another_share_a_reason() {
        let lines = ["<a@example.com>", "<b@example.com>", "550 5.1.1 unknown"];
        let blocks = Blocks::of(&lines, MaySay::default());
        assert!(blocks.all.iter().all(|block| block.reason().code.is_some()));
    }
}
