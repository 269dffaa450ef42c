//! A reply that no words decided → a rule to start from, free of anything personal.
//!
//! Addresses, hosts, IP addresses, links and ids are replaced by those that documentation uses (RFC 2606, 5737), so that the
//! rule can be shown to anyone. The phrase is the longest run of plain words.

use crate::limits::{DIAGNOSTIC_BYTES, cut};
use crate::reply::Reply;
use crate::visible::deceives;

/// A `[[rule]]` in TOML whose example is the reply without its particulars; none where the reply has no words.
pub fn draft(reply: &str) -> Option<String> {
    let redacted = redact(cut(reply, DIAGNOSTIC_BYTES));
    let phrase = longest_run(&Reply::parse(&redacted).text)?;
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    Some(format!(
        "[[rule]]\nid       = \"my-new-rule\"\ncause    = \"unknown\"\nphrases  = [{}]\nsource   = \"seen in a bounce\"\nexamples = [{}]\n",
        quoted(&phrase),
        quoted(&redacted)
    ))
}

/// The text with everything that could name a person, a host or a message replaced.
pub fn redact(text: &str) -> String {
    // What is invisible would be pasted unseen; rules are matched without it.
    let plain: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|&c| !deceives(c)).collect();
    let words: Vec<String> = plain.split_whitespace().map(redact_word).collect();
    words.join(" ")
}

fn redact_word(word: &str) -> String {
    let inner = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
    if inner.is_empty() {
        return word.to_owned();
    }
    let replaced = if inner.contains("://") {
        "https://example.com/".to_owned()
    } else if inner.contains('@') {
        "jo@example.com".to_owned()
    } else if is_ip(inner) {
        "192.0.2.1".to_owned()
    } else if is_host(inner) {
        "mx.example.com".to_owned()
    } else if is_id(inner) {
        "ID".to_owned()
    } else {
        return word.to_owned();
    };
    let start = word.find(inner).unwrap_or(0);
    format!("{}{replaced}{}", &word[..start], &word[start + inner.len()..])
}

fn is_ip(word: &str) -> bool {
    word.parse::<std::net::IpAddr>().is_ok()
        || word.split([']', '[', ':', '/']).any(|part| part.parse::<std::net::Ipv4Addr>().is_ok())
}

fn is_host(word: &str) -> bool {
    let labels: Vec<&str> = word.split('.').collect();
    labels.len() >= 2
        && labels.iter().all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
        && labels.last().is_some_and(|last| last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Queue and message ids: letters and digits mixed, or long numbers.
fn is_id(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    (digits >= 2 && letters >= 2 && word.len() >= 8) || (digits >= 7 && letters == 0 && !word.contains('.'))
}

/// The longest run of words without digits or what was put in for particulars, in lower case.
fn longest_run(text: &str) -> Option<String> {
    let mut best: Vec<&str> = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let plain = word
            .trim_matches(|c: char| matches!(c, ',' | '.' | ';' | ':' | '"' | '\'' | '(' | ')' | '<' | '>' | '[' | ']' | '!'));
        let is_word = !plain.is_empty() && plain.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'')) && plain != "ID";
        if is_word {
            run.push(plain);
        }
        if !is_word || plain.len() != word.len() || run.len() == 8 {
            if run.join(" ").len() > best.join(" ").len() {
                best.clone_from(&run);
            }
            run.clear();
        }
    }
    if run.join(" ").len() > best.join(" ").len() {
        best = run;
    }
    let phrase = best.join(" ").to_lowercase();
    (phrase.len() >= 4).then_some(phrase)
}

#[cfg(test)]
mod tests {
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
        let table = Table::load(&[Source { name: "draft.toml", text: &rule }]).expect("a good file");
        assert_eq!(check(&table, |rule| rule.file == "draft.toml"), []);
    }

    #[test]
    fn a_reply_without_words_gives_no_rule() {
        assert_eq!(draft("550 5.1.1"), None);
    }
}
