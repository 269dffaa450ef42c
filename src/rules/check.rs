//! What a good table keeps: every example is won by its own rule, every phrase is in an example, no counter-example is won.
//!
//! In: a table. Out: what is wrong, with file, line and rule. `rules check` prints it, and the tests demand that the
//! built-in table has none.

use super::{Facts, Rule, RuleError, Table, Wanted};
use crate::phrases::{DOZENS, Ends, PhraseIndex, normalise};
use crate::reply::{Reply, Stage};

/// Everything that is wrong with the rules for which `wanted` holds, in the order of the table.
pub fn check(table: &Table, wanted: impl Fn(&Rule) -> bool) -> Vec<RuleError> {
    table.rules().filter(|rule| wanted(rule)).flat_map(|rule| check_rule(table, rule)).collect()
}

fn check_rule(table: &Table, rule: &Rule) -> Vec<RuleError> {
    let mut errors = Vec::new();
    let mut complain = |needle: &str, message: String| {
        errors.push(RuleError {
            file: rule.file.to_string(),
            line: line_of(rule, needle),
            rule: Some(rule.id.to_string()),
            message,
        });
    };
    for example in rule.examples.iter() {
        match winner(table, rule, example) {
            Some((won, _)) if won.id == rule.id => {}
            Some((won, _)) => complain(
                example,
                format!("the example {example:?} is taken by the rule `{}` at {}:{}", won.id, won.file, won.line),
            ),
            None => complain(example, format!("the example {example:?} is won by no rule")),
        }
    }
    for other in rule.not.iter() {
        if winner(table, rule, other).is_some_and(|(won, _)| won.id == rule.id) {
            complain(other, format!("the counter-example {other:?} is won by this rule"));
        }
    }
    for phrase in rule.phrases.iter() {
        let index = PhraseIndex::<_, DOZENS>::build(std::iter::once((phrase.as_ref(), ())), Ends::WithWord);
        let mut found = false;
        for example in rule.examples.iter() {
            index.search(&normalise(&Reply::parse(example).text), |()| {
                found = true;
                false
            });
        }
        if !found {
            complain(phrase, format!("the phrase {phrase:?} is in no example"));
        }
    }
    errors
}

/// Who wins a reply, and by which phrase, when the rule's own provider answers at the rule's own stage.
pub(super) fn winner<'t>(table: &'t Table, rule: &Rule, reply: &str) -> Option<(&'t Rule, Option<&'t str>)> {
    let reply = Reply::parse(reply);
    let host = rule.provider.first().and_then(|&id| table.provider(id)?.hosts.first());
    let mut first = None;
    let facts = Facts {
        code: reply.code,
        status: reply.enhanced,
        text: &reply.text,
        host: host.map(AsRef::as_ref),
        stage: Stage::Known(rule.command.first().copied()),
        day: rule.until.or(rule.since),
    };
    table.each(&facts, Wanted::First, |rule, phrase| {
        first = Some((rule, phrase.map(|phrase| rule.phrases[phrase].as_ref())));
        false
    });
    first
}

/// The line of the rule's text that holds `needle`, else the line where the rule begins.
pub(super) fn line_of(rule: &Rule, needle: &str) -> usize {
    let quoted = needle.replace('\\', "\\\\").replace('"', "\\\"");
    rule.line + rule.text.lines().position(|line| line.contains(&quoted) || line.contains(needle)).unwrap_or(0)
}
