//! What is doubtful in a table, though nothing of it is wrong: rules that a bare reply never reaches, phrases that say too
//! little, rules that stand behind their own double, sources that are none.
//!
//! In: a table whose rules are good by [`mod@super::check`]. Out: doubts with file, line and rule. `rules check` prints them as
//! warnings; it fails by none.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::check::{line_of, winner};
use super::draft::PLACEHOLDER_SOURCE;
use super::{Facts, Rule, RuleError, Table};
use crate::phrases::{Ends, PhraseIndex, THOUSANDS, normalise};
use crate::reply::{Reply, Stage};
use crate::verdict::Cause;

/// A phrase that decides alone is common when it is in examples of so many other causes.
const COMMON_CAUSES: usize = 6;
/// The weak words of the last files are common by their nature: only what stands in this first part of the table is doubted.
const EARLY_OF_THREE: usize = 2;

/// Everything that is doubtful about the rules for which `wanted` holds, in the order of the table.
pub fn doubts(table: &Table, wanted: impl Fn(&Rule) -> bool) -> Vec<RuleError> {
    let rules: Vec<&Rule> = table.rules().collect();
    let mut doubts = Vec::new();
    let common = common_phrases(&rules);
    let stolen = stolen_examples(table, &rules, &wanted);
    let mut seen: HashMap<(String, String), &Rule> = HashMap::new();
    for (at, rule) in rules.iter().enumerate() {
        let mut of_rule = Vec::new();
        for phrase in rule.phrases.iter() {
            let key = (normalise(phrase), scope(rule));
            match seen.get(&key) {
                Some(first) if first.id != rule.id => of_rule.push((
                    phrase.to_string(),
                    format!(
                        "the phrase {phrase:?} stands with the same scope in the rule `{}` at {}:{}",
                        first.id, first.file, first.line
                    ),
                )),
                _ => drop(seen.insert(key, rule)),
            }
        }
        if !wanted(rule) {
            continue;
        }
        let is_early = at * 3 < rules.len() * EARLY_OF_THREE;
        for (&phrase, (count, causes)) in common.get(&at).into_iter().flatten().filter(|_| is_early) {
            let names: Vec<&str> = causes.iter().map(|cause| cause.name()).collect();
            let phrase = &rule.phrases[phrase];
            of_rule.push((
                phrase.to_string(),
                format!("the phrase {phrase:?} decides alone and is in {count} examples of other causes ({})", names.join(", ")),
            ));
        }
        for (phrase, (count, other)) in stolen.get(&at).into_iter().flatten() {
            of_rule.push((
                phrase.clone(),
                format!(
                    "the phrase {phrase:?} wins {count} {} of rules with other causes, such as {other}",
                    if *count == 1 { "example" } else { "examples" }
                ),
            ));
        }
        if !is_reached_without_scope(table, rule) {
            of_rule.push((
                String::new(),
                "no example reaches it without its `provider` or `command` being given: add one that holds a mark of the provider or names the stage"
                    .to_owned(),
            ));
        }
        if rule.source.trim() == PLACEHOLDER_SOURCE || rule.source.trim().len() < 4 {
            of_rule.push((
                "source".to_owned(),
                format!("the source {:?} does not say where the words and their meaning come from", rule.source),
            ));
        }
        doubts.extend(of_rule.into_iter().map(|(needle, message)| RuleError {
            file: rule.file.to_string(),
            line: if needle.is_empty() { rule.line } else { line_of(rule, &needle) },
            rule: Some(rule.id.to_string()),
            message,
        }));
    }
    doubts
}

/// What a rule demands beside its phrases, so that two can be compared.
fn scope(rule: &Rule) -> String {
    let pattern = rule.pattern.as_ref().map(super::Pattern::as_str);
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {pattern:?}",
        rule.code, rule.status, rule.provider, rule.command, rule.since, rule.until
    )
}

/// Whether the phrases of a rule decide without anything else.
fn decides_alone(rule: &Rule) -> bool {
    rule.pattern.is_none()
        && rule.code.is_empty()
        && rule.status.is_empty()
        && rule.provider.is_empty()
        && rule.command.is_empty()
}

/// By rule: by phrase, in how many examples of other causes it is, and of which.
type Common = BTreeMap<usize, BTreeMap<usize, (usize, BTreeSet<Cause>)>>;
/// By rule: by phrase, how many examples of other causes it wins, and one of them.
type Stolen = BTreeMap<usize, BTreeMap<String, (usize, String)>>;

/// For each rule (by place), its phrases (by place) that are in examples of several other causes: how many examples, and which
/// causes.
fn common_phrases(rules: &[&Rule]) -> Common {
    let alone = rules.iter().enumerate().filter(|(_, rule)| decides_alone(rule));
    let phrases =
        alone.flat_map(|(at, rule)| rule.phrases.iter().enumerate().map(move |(phrase, text)| (text.as_ref(), (at, phrase))));
    let index = PhraseIndex::<_, THOUSANDS>::build(phrases, Ends::WithWord);
    let mut found = Common::new();
    for rule in rules {
        for example in rule.examples.iter() {
            let mut owners = BTreeSet::new();
            index.search(&normalise(&Reply::parse(example).text), |owner| {
                owners.insert(owner);
                true
            });
            for (owner, phrase) in owners.into_iter().filter(|(owner, _)| rules[*owner].cause != rule.cause) {
                let entry = found.entry(owner).or_default().entry(phrase).or_default();
                entry.0 += 1;
                entry.1.insert(rule.cause);
            }
        }
    }
    for phrases in found.values_mut() {
        phrases.retain(|_, (_, causes)| causes.len() >= COMMON_CAUSES);
    }
    found.retain(|_, phrases| !phrases.is_empty());
    found
}

/// For each wanted rule (by place), the phrases by which it wins examples of rules that are not asked about, with another
/// cause: how many, and one of the rules.
fn stolen_examples(table: &Table, rules: &[&Rule], wanted: &impl Fn(&Rule) -> bool) -> Stolen {
    let places: HashMap<&str, usize> = rules.iter().enumerate().map(|(at, rule)| (rule.id.as_ref(), at)).collect();
    let mut stolen = Stolen::new();
    for rule in rules.iter().filter(|rule| !wanted(rule)) {
        for example in rule.examples.iter() {
            let Some((won, phrase)) = winner(table, rule, example) else { continue };
            if won.cause == rule.cause || !wanted(won) {
                continue;
            }
            let (Some(&at), Some(phrase)) = (places.get(won.id.as_ref()), phrase) else { continue };
            let entry = stolen.entry(at).or_default().entry(phrase.to_owned()).or_default();
            entry.0 += 1;
            entry.1 = format!("{example:?} of `{}`", rule.id);
        }
    }
    stolen
}

/// Whether a reader who has nothing but the reply would ever see this rule win.
fn is_reached_without_scope(table: &Table, rule: &Rule) -> bool {
    if rule.provider.is_empty() && rule.command.is_empty() {
        return true;
    }
    rule.examples.iter().any(|example| {
        let reply = Reply::parse(example);
        let facts = Facts {
            code: reply.code,
            status: reply.enhanced,
            text: &reply.text,
            host: None,
            stage: Stage::In(example),
            day: rule.until.or(rule.since),
        };
        table.first(&facts).is_some_and(|won| won.id == rule.id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Source;

    fn doubtful(text: &str) -> Vec<String> {
        let table = Table::from_sources(&[Source { name: "t.toml", text }]).expect("a good table");
        assert_eq!(super::super::check(&table, |_| true), [], "the rules themselves are good");
        doubts(&table, |_| true).iter().map(RuleError::to_string).collect()
    }

    fn rule(id: &str, cause: &str, rest: &str) -> String {
        format!("[[rule]]\nid = \"{id}\"\ncause = \"{cause}\"\nsource = \"some document\"\n{rest}\n")
    }

    #[test]
    fn a_good_rule_raises_no_doubt() {
        assert_eq!(
            doubtful(&rule("a-full", "mailbox_full", "phrases = [\"mailbox full\"]\nexamples = [\"552 mailbox full\"]")),
            [""; 0]
        );
    }

    #[test]
    fn a_scoped_rule_needs_an_example_that_a_bare_reply_reaches() {
        let provider = "[[provider]]\nid = \"p\"\nhosts = [\"example.com\"]\nmarks = [\"pmark\"]\n";
        let bare = rule("p-full", "mailbox_full", "provider = \"p\"\nphrases = [\"full\"]\nexamples = [\"552 full\"]");
        assert!(doubtful(&format!("{provider}{bare}"))[0].contains("no example reaches it without its `provider`"));
        let marked = rule("p-full", "mailbox_full", "provider = \"p\"\nphrases = [\"full\"]\nexamples = [\"552 full pmark\"]");
        assert_eq!(doubtful(&format!("{provider}{marked}")), [""; 0]);
    }

    #[test]
    fn a_phrase_that_other_causes_use_is_named() {
        let text = [
            rule("a-full", "mailbox_full", "phrases = [\"mailbox full\"]\nexamples = [\"552 the mailbox full\"]"),
            rule("a-user", "user_unknown", "phrases = [\"user unknown\"]\nexamples = [\"550 the user unknown\"]"),
            rule("a-spam", "spam_content", "phrases = [\"spam found\"]\nexamples = [\"550 the spam found\"]"),
            rule("a-grey", "greylisted", "phrases = [\"greylisted\"]\nexamples = [\"450 the host is greylisted\"]"),
            rule("a-loop", "mail_loop", "phrases = [\"mail loop\"]\nexamples = [\"554 mail loop at the host\"]"),
            rule("a-busy", "server_error", "phrases = [\"busy\"]\nexamples = [\"451 busy is the host\"]"),
            rule("a-the", "policy", "phrases = [\"the\"]\nexamples = [\"550 the end\"]"),
            rule("a-virus", "virus", "phrases = [\"virus found\"]\nexamples = [\"554 virus found\"]"),
            rule("a-shut", "policy", "phrases = [\"closed today\"]\nexamples = [\"550 closed today\"]"),
            rule("a-shy", "policy", "phrases = [\"not you\"]\nexamples = [\"550 not you\"]"),
        ];
        let doubts = doubtful(&text.join("\n"));
        assert_eq!(doubts.len(), 1, "{doubts:?}");
        assert!(
            doubts[0].starts_with("t.toml:44: rule `a-the`: the phrase \"the\" decides alone and is in 6 examples"),
            "{doubts:?}"
        );
    }

    #[test]
    fn a_users_phrase_that_takes_examples_of_other_causes_is_named() {
        let built_in = rule("b-full", "mailbox_full", "phrases = [\"mailbox full\"]\nexamples = [\"552 user's mailbox full\"]");
        let mine = rule("my-user", "user_unknown", "phrases = [\"user's\"]\nexamples = [\"550 not a user's name\"]");
        let sources = [Source { name: "mine.toml", text: &mine }, Source { name: "b.toml", text: &built_in }];
        let table = Table::from_sources(&sources).expect("a good table");
        let doubts: Vec<String> = doubts(&table, |rule| rule.file == "mine.toml").iter().map(RuleError::to_string).collect();
        assert_eq!(doubts.len(), 1, "{doubts:?}");
        assert!(doubts[0].contains("wins 1 example of rules with other causes, such as \"552 user's mailbox full\" of `b-full`"));
    }

    #[test]
    fn the_same_phrase_with_the_same_scope_is_named_once() {
        let text = [
            rule("a-one", "policy", "phrases = [\"go away\"]\nexamples = [\"550 go away\"]"),
            rule("a-two", "policy", "phrases = [\"go  away\", \"be gone\"]\nexamples = [\"550 be gone, go to where away is\"]"),
        ];
        // The second's first phrase is hidden; so the checker already asks for an example, and only the double is left to name.
        let table = Table::from_sources(&[Source { name: "t.toml", text: &text.join("\n") }]).expect("a table");
        let doubts = doubts(&table, |_| true);
        assert_eq!(doubts.len(), 1, "{doubts:?}");
        assert!(doubts[0].message.contains("stands with the same scope in the rule `a-one` at t.toml:1"));
    }

    #[test]
    fn the_source_of_a_draft_is_none() {
        let text = rule("a-full", "mailbox_full", "phrases = [\"mailbox full\"]\nexamples = [\"552 mailbox full\"]")
            .replace("some document", PLACEHOLDER_SOURCE);
        assert!(doubtful(&text)[0].contains("does not say where the words and their meaning come from"));
    }
}
