//! A reply that no words decided → a rule to start from, free of anything personal.
//!
//! The example is the reply without its particulars, so that the rule can be shown to anyone; the phrase is the longest run of
//! plain words in it.

use super::redact::{Redactor, is_mark};
use crate::limits::{DIAGNOSTIC_BYTES, cut};
use crate::reply::Reply;
use crate::visible::deceives;

/// The source of a draft, which its author has to replace.
pub(super) const PLACEHOLDER_SOURCE: &str = "seen in a bounce";

/// Words in a phrase: more would hold for one reply only.
const WORDS: usize = 8;

/// A `[[rule]]` in TOML whose example is the reply without its particulars; none where the reply has no words.
pub fn draft(reply: &str) -> Option<String> {
    draft_as("my-new-rule", &Redactor::default(), reply)
}

/// A `[[rule]]` of this id, redacted by one who knows what the reply is about; none where the reply has no words.
pub fn draft_as(id: &str, redactor: &Redactor, reply: &str) -> Option<String> {
    // What is invisible would be pasted unseen; rules are matched without it.
    let plain: String = reply.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|&c| !deceives(c)).collect();
    let reply = cut(&plain, DIAGNOSTIC_BYTES);
    let phrase = longest_run(&Reply::parse(&redactor.marked(reply)).text)?;
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    Some(format!(
        "[[rule]]\nid       = {}\ncause    = \"unknown\"\nphrases  = [{}]\nsource   = {}\nexamples = [{}]\n",
        quoted(id),
        quoted(&phrase),
        quoted(PLACEHOLDER_SOURCE),
        quoted(&redactor.example(reply))
    ))
}

/// The longest run of words without digits or what stands for particulars, in lower case.
fn longest_run(text: &str) -> Option<String> {
    let mut best: Vec<&str> = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let opening = word.trim_start_matches(['"', '\'', '(', '<', '[', '*', '-']);
        let plain = opening.trim_end_matches(|c: char| !c.is_alphanumeric());
        let is_word =
            !plain.is_empty() && !word.contains(is_mark) && plain.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\''));
        // What opens a bracket or a quotation begins a new run, what closes one or a sentence ends it.
        if !is_word || opening.len() != word.len() {
            keep_longer(&mut best, &mut run);
        }
        if is_word {
            run.push(plain);
        }
        if plain.len() != opening.len() || run.len() == WORDS {
            keep_longer(&mut best, &mut run);
        }
    }
    keep_longer(&mut best, &mut run);
    let phrase = best.join(" ").to_lowercase();
    (phrase.len() >= 4).then_some(phrase)
}

fn keep_longer<'t>(best: &mut Vec<&'t str>, run: &mut Vec<&'t str>) {
    if run.join(" ").len() > best.join(" ").len() {
        best.clone_from(run);
    }
    run.clear();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::{Source, Table, check};

    #[test]
    fn a_draft_gives_nobody_away_and_is_a_good_rule() {
        let reply = "550 5.7.0 <maria@customer.example> gate mx7.customer.example[198.51.100.7] is closed for wombats today, see https://a.example/x?u=maria (4F550A12CB)";
        let rule = draft(reply).expect("a rule");
        assert!(
            !rule.contains("maria") && !rule.contains("customer") && !rule.contains("198.51") && !rule.contains("4F550"),
            "{rule}"
        );
        assert!(rule.contains("phrases  = [\"is closed for wombats today\"]"), "{rule}");
        let table = Table::load(&[Source { name: "draft.toml", text: &rule }]).expect("a good file");
        assert_eq!(check(&table, |rule| rule.file == "draft.toml"), []);
    }

    #[test]
    fn a_reply_without_words_gives_no_rule() {
        assert_eq!(draft("550 5.1.1"), None);
        assert_eq!(draft("550 5.1.1 <jo@example.com>"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_draft_is_a_good_rule(reply in "(5[0-9]{2} )?(5\\.[0-9]\\.[0-9]{1,2} )?([a-zA-Zäé'-]{1,9}[.,;:)!]? |<[a-z]{2,5}@[a-z]{3}\\.org> |\"[a-z]{2,6}\" |\\([0-9a-z]{4,12}\\) ){0,14}") {
            if let Some(rule) = draft(&reply) {
                let table = Table::from_sources(&[Source { name: "draft.toml", text: &rule }]).map_err(|errors| TestCaseError::fail(format!("{errors:?} {rule}")))?;
                prop_assert_eq!(check(&table, |_| true), [], "{}", rule);
            }
        }
    }
}
