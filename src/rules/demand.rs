//! What a rule demands, in eight bytes: so that most rules that can't hold are passed over without being fetched.
//!
//! In: a rule's conditions; then the codes of a failure. Out: no, or perhaps; then the rule itself is asked.

use super::{CodeMask, Facts, Rule, StatusMask};

/// What a rule demands beside its phrases: a bit for each class that the basic code may have, for each subject and for each
/// detail that the enhanced code may have, for a code that may be missing; and [`MORE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Demand(pub(super) u64);

/// The codes of a failure: of each of the three kinds of bits the one that a [`Demand`] must have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Codes(u64);

const NO_CODE: u64 = 1;
const CLASSES: u64 = 0xFF;
const NO_STATUS: u64 = 1 << 8;
const SUBJECTS: u64 = 0xFFFF << 8;
const DETAILS: u64 = 0xFFFF_FFFF << 24;
/// Anything that the other bits do not tell.
const MORE: u64 = 1 << 63;

/// Those from here on share a bit.
const LAST_SUBJECT: u16 = 14;
/// Those from here on share a bit.
const LAST_DETAIL: u16 = 31;

fn class_bit(class: u8) -> u64 {
    1 << class
}

fn subject_bit(subject: u16) -> u64 {
    NO_STATUS << (1 + subject.min(LAST_SUBJECT))
}

fn detail_bit(detail: u16) -> u64 {
    1 << (24 + detail.min(LAST_DETAIL))
}

/// The bits of some conditions of which one must hold; all where there is none.
fn any_of(conditions: impl Iterator<Item = u64>, all: u64) -> u64 {
    conditions.reduce(|any, one| any | one).unwrap_or(all)
}

impl Demand {
    pub(super) fn of(rule: &Rule) -> Self {
        let classes = rule.code.iter().map(|mask| match mask {
            CodeMask::Exact(code) => class_bit(code.class()),
            CodeMask::Class(class) => class_bit(*class),
        });
        let subjects = rule.status.iter().map(|mask| mask.subject.map_or(SUBJECTS & !NO_STATUS, subject_bit));
        let details = rule.status.iter().map(|mask| mask.detail.map_or(DETAILS, detail_bit));
        let more = rule.demands_more()
            || rule.code.iter().any(|mask| matches!(mask, CodeMask::Exact(_)))
            || !matches!(
                &rule.status[..],
                [] | [StatusMask { class: None, subject: None | Some(..LAST_SUBJECT), detail: None | Some(..LAST_DETAIL) }]
            );
        let bits = any_of(classes, CLASSES) | any_of(subjects, SUBJECTS) | any_of(details, DETAILS);
        Self(if more { bits | MORE } else { bits })
    }

    /// Whether the rule may hold for a failure with these codes.
    pub(super) fn allows(self, codes: Codes) -> bool {
        self.0 & codes.0 == codes.0
    }

    /// Whether the rule itself has to be asked, too.
    pub(super) fn more(self) -> bool {
        self.0 & MORE != 0
    }
}

impl Codes {
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        let class = facts.code.map_or(NO_CODE, |code| class_bit(code.class()));
        // Which detail is missing makes no difference: what demands one does not have the bit for a missing code.
        let status =
            facts.status.map_or(NO_STATUS | detail_bit(0), |status| subject_bit(status.subject) | detail_bit(status.detail));
        Self(class | status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Table;
    use crate::rules::holds;
    use crate::rules::rule::ProviderSet;

    #[test]
    fn no_rule_that_holds_is_passed_over() {
        let table = Table::built_in();
        for reply in ["550 5.1.1 x", "450 4.7.1 x", "421 x", "5.9.9 x", "x", "552 5.2.2 x", "250 2.0.0 x"] {
            let reply = crate::reply::Reply::parse(reply);
            let facts = Facts { code: reply.code, status: reply.enhanced, text: "x", ..Facts::default() };
            let allows = |rule: &&Rule| Demand::of(rule).allows(Codes::of(&facts));
            let (allowed, passed_over): (Vec<&Rule>, Vec<&Rule>) = table.rules().partition(allows);
            assert!(passed_over.iter().all(|rule| !holds(rule, &facts, b"x", ProviderSet::default())));
            let told = allowed.iter().filter(|rule| !Demand::of(rule).more());
            assert!(told.clone().count() > 0 && told.into_iter().all(|rule| holds(rule, &facts, b"x", ProviderSet::default())));
            assert!(!allowed.is_empty() && !passed_over.is_empty());
        }
    }
}
