//! What a rule demands, in eight bytes: so that most rules that can't hold are passed over without being fetched.
//!
//! In: a rule's conditions; then the codes of a failure. Out: no, or perhaps; then the rule itself is asked.

use super::{CodeMask, Facts, Rule, StatusMask};

/// What a rule demands beside its phrases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Demand {
    /// Anything that the bits do not tell.
    pub(super) more: bool,
    /// A bit for each class that the basic code may have, and [`NO_CODE`] where it may be missing.
    pub(super) classes: u8,
    /// A bit for each subject that the enhanced code may have, and [`NO_STATUS`] where it may be missing.
    pub(super) subjects: u16,
    /// A bit for each detail that it may have, those from [`LAST_DETAIL`] on together; all where it may be missing.
    pub(super) details: u32,
}

/// The codes of a failure, as the bits that a [`Demand`] has for them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Codes {
    class: u8,
    subject: u16,
    detail: u32,
}

const NO_CODE: u8 = 1;
const NO_STATUS: u16 = 1 << 15;
const LAST_SUBJECT: u16 = 14;
const LAST_DETAIL: u16 = 31;

impl Demand {
    pub(super) fn of(rule: &Rule) -> Self {
        let class = |mask: &CodeMask| match mask {
            CodeMask::Exact(code) => 1 << code.class(),
            CodeMask::Class(class) => 1 << class,
        };
        let classes = rule.code.iter().map(class).reduce(|all: u8, one| all | one);
        let subjects = rule.status.iter().map(|mask| mask.subject.map_or(!NO_STATUS, |subject| 1 << subject.min(LAST_SUBJECT)));
        let details = rule.status.iter().map(|mask| mask.detail.map_or(u32::MAX, |detail| 1 << detail.min(LAST_DETAIL)));
        Self {
            more: rule.demands_more()
                || rule.code.iter().any(|mask| matches!(mask, CodeMask::Exact(_)))
                || !matches!(
                    &rule.status[..],
                    [] | [StatusMask { class: None, subject: None | Some(..LAST_SUBJECT), detail: None | Some(..LAST_DETAIL) }]
                ),
            classes: classes.unwrap_or(u8::MAX),
            subjects: subjects.reduce(|all: u16, one| all | one).unwrap_or(u16::MAX),
            details: details.reduce(|all: u32, one| all | one).unwrap_or(u32::MAX),
        }
    }

    /// Whether the rule may hold for a failure with these codes.
    pub(super) fn allows(self, codes: Codes) -> bool {
        self.classes & codes.class != 0 && self.subjects & codes.subject != 0 && self.details & codes.detail != 0
    }
}

impl Codes {
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        Self {
            class: facts.code.map_or(NO_CODE, |code| 1 << code.class()),
            subject: facts.status.map_or(NO_STATUS, |status| 1 << status.subject.min(LAST_SUBJECT)),
            detail: facts.status.map_or(u32::MAX, |status| 1 << status.detail.min(LAST_DETAIL)),
        }
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
            let told = allowed.iter().filter(|rule| !Demand::of(rule).more);
            assert!(told.clone().count() > 0 && told.into_iter().all(|rule| holds(rule, &facts, b"x", ProviderSet::default())));
            assert!(!allowed.is_empty() && !passed_over.is_empty());
        }
    }
}
