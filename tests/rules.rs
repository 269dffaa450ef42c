//! The built-in rule table keeps what it promises: every rule wins its own examples, and nothing in it is dead or hidden.

use std::collections::BTreeSet;
use std::path::Path;

use whybounce::rules::{self, Table};
use whybounce::verdict::Cause;

#[test]
fn every_rule_wins_its_own_examples_through_the_whole_table() {
    let wrong = rules::check(&Table::built_in(), |_| true);
    assert!(wrong.is_empty(), "{}", wrong.iter().map(|error| format!("{error}\n")).collect::<String>());
}

#[test]
fn nothing_in_the_table_is_doubtful() {
    let doubts = rules::doubts(&Table::built_in(), |_| true);
    assert!(doubts.is_empty(), "{}", doubts.iter().map(|doubt| format!("{doubt}\n")).collect::<String>());
}

#[test]
fn every_cause_but_unknown_has_a_rule() {
    let table = Table::built_in();
    let named: BTreeSet<Cause> = table.rules().map(|rule| rule.cause).collect();
    let missing: Vec<&Cause> = Cause::ALL.iter().filter(|cause| **cause != Cause::Unknown && !named.contains(cause)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_rule_file_is_in_the_table() {
    let table = Table::built_in();
    let mut known: BTreeSet<&str> = table.rules().map(|rule| rule.file.as_ref()).collect();
    known.extend(["providers.toml", "providers-world.toml"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let mut found = 0;
    for entry in walkdir::WalkDir::new(&root) {
        let path = entry.expect("a readable source tree").into_path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            found += 1;
            let name = path.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
            let is_empty = std::fs::read_to_string(&path).expect("a readable rule file").trim().is_empty();
            assert!(is_empty || known.contains(name.as_str()), "{name} is in no list of built-in files");
        }
    }
    assert!(found > 10, "found {found} rule files");
}

#[test]
fn an_id_says_who_speaks_and_what() {
    for rule in Table::built_in().rules() {
        assert!(rule.id.contains('-') && rule.id.len() <= 60, "{}", rule.id);
    }
}
