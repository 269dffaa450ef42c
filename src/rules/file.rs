//! Rule files: TOML text → rules and providers, or what is wrong with which line.
//!
//! Unknown keys and names are refused; a rule that could never hold is refused; an id stands once in the whole table.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::{CodeMask, Day, List, Pattern, Provider, ProviderId, ProviderSet, Rule, StatusMask, Text};
use crate::limits::RULE_BYTES;
use crate::phrases::fragments;
use crate::reply::{Command, EnhancedCode, ReplyCode};
use crate::verdict::Cause;

/// A rule file: its name in messages, and its text.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The path, or the name of a built-in file.
    pub name: &'a str,
    /// TOML.
    pub text: &'a str,
}

/// What is wrong with a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The rule's id, where it is known.
    pub rule: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file.escape_debug(), self.line)?;
        if let Some(rule) = &self.rule {
            write!(f, "rule `{}`: ", rule.escape_debug())?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for RuleError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    rule: Vec<Spanned<RawRule>>,
    #[serde(default)]
    provider: Vec<Spanned<RawProvider>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    cause: Cause,
    #[serde(default)]
    phrases: Vec<String>,
    pattern: Option<String>,
    #[serde(default)]
    code: OneOrMore,
    #[serde(default)]
    status: OneOrMore,
    #[serde(default)]
    provider: OneOrMore,
    #[serde(default)]
    command: OneOrMore,
    since: Option<String>,
    until: Option<String>,
    advice: Option<String>,
    source: String,
    examples: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProvider {
    id: String,
    name: Option<String>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    marks: Vec<String>,
}

/// A list that may be written as one string.
#[derive(Default)]
struct OneOrMore(Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E>(self, one: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![one.to_owned()]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMore, A::Error> {
                let mut list = Vec::new();
                while let Some(one) = seq.next_element()? {
                    list.push(one);
                }
                Ok(OneOrMore(list))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Reads all files; every error of every file is reported. Ids of `known_rules` are taken, and `known_providers` may be named.
pub(super) fn read(
    sources: &[Source<'_>],
    known_rules: &[Rule],
    known_providers: &[Provider],
) -> Result<(Vec<Rule>, Vec<Provider>), Vec<RuleError>> {
    let mut errors = Vec::new();
    let mut parsed = Vec::new();
    let mut bytes = 0;
    for source in sources {
        bytes += source.text.len();
        if bytes > RULE_BYTES {
            let message = format!("more than {} MiB of rules", RULE_BYTES >> 20);
            return Err(vec![RuleError { file: source.name.to_owned(), line: 1, rule: None, message }]);
        }
        match toml::from_str::<RawFile>(source.text) {
            Ok(file) => parsed.push((source, file)),
            Err(error) => errors.push(syntax_error(source, &error)),
        }
    }
    let mut providers: Vec<Provider> = Vec::new();
    for (source, file) in &mut parsed {
        for raw in std::mem::take(&mut file.provider) {
            let line = line_of(source.text, raw.span().start);
            match provider(source, line, raw.into_inner(), known_providers, &providers) {
                Ok(provider) => providers.push(provider),
                Err(error) => errors.push(error),
            }
        }
    }
    let by_id: HashMap<&str, ProviderId> = known_providers
        .iter()
        .chain(&providers)
        .enumerate()
        .map(|(at, provider)| (provider.id.as_ref(), ProviderId(at as u8)))
        .collect();
    let mut rules: Vec<Rule> = Vec::new();
    let mut places: HashMap<Text, (Text, usize)> = known_rules.iter().map(place).collect();
    for (source, file) in parsed {
        for raw in file.rule {
            let start = raw.span().start;
            let line = line_of(source.text, start);
            let text = block(source.text, start);
            let rule = match rule(source, line, text, raw.into_inner(), &by_id) {
                Ok(rule) => rule,
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            };
            let (id, own) = place(&rule);
            if let Some((file, line)) = places.insert(id, own) {
                errors.push(RuleError {
                    file: rule.file.into_owned(),
                    line: rule.line,
                    message: format!("the id is taken by the rule at {file}:{line}; choose another"),
                    rule: Some(rule.id.into_owned()),
                });
                continue;
            }
            rules.push(rule);
        }
    }
    if errors.is_empty() { Ok((rules, providers)) } else { Err(errors) }
}

/// A rule as it stands in its file: from its `[[rule]]` to the next header, comments that lead into that one left out.
fn block(file: &str, start: usize) -> &str {
    let text = file.get(start..).unwrap_or_default();
    let end = text.match_indices("\n[[").map(|(at, _)| at).next().unwrap_or(text.len());
    let mut kept = text[..end].trim_end();
    while let Some((before, last)) = kept.rsplit_once('\n')
        && (last.trim().is_empty() || last.starts_with('#'))
    {
        kept = before.trim_end();
    }
    kept
}

fn place(rule: &Rule) -> (Text, (Text, usize)) {
    (rule.id.clone(), (rule.file.clone(), rule.line))
}

fn texts(list: Vec<String>) -> List<Text> {
    list.into_iter().map(Text::Owned).collect()
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|&&byte| byte == b'\n').count() + 1
}

/// A TOML or shape error, with the id of the rule that it stands in.
fn syntax_error(source: &Source<'_>, error: &toml::de::Error) -> RuleError {
    let offset = error.span().map_or(0, |span| span.start);
    let block_start = source.text.get(..offset).and_then(|before| before.rfind("[[rule]]")).unwrap_or(0);
    let block = source.text.get(block_start..).unwrap_or_default();
    let block = block.match_indices("[[").find(|(at, _)| *at > 0).map_or(block, |(end, _)| &block[..end]);
    let rule = block.lines().find_map(|line| {
        let value = line.trim_start().strip_prefix("id")?.trim_start().strip_prefix('=')?;
        value.split('"').nth(1).map(str::to_owned)
    });
    RuleError {
        file: source.name.to_owned(),
        line: line_of(source.text, offset),
        rule,
        message: error.message().lines().collect::<Vec<_>>().join("; "),
    }
}

fn provider(
    source: &Source<'_>,
    line: usize,
    raw: RawProvider,
    built_in: &[Provider],
    own: &[Provider],
) -> Result<Provider, RuleError> {
    let refuse = |message: String| RuleError { file: source.name.to_owned(), line, rule: None, message };
    if let Some(other) = built_in.iter().chain(own).find(|provider| provider.id == raw.id) {
        return Err(refuse(format!("the provider `{}` is already defined at {}:{}", raw.id, other.file, other.line)));
    }
    if built_in.len() + own.len() == ProviderSet::MOST {
        return Err(refuse(format!("more than {} providers", ProviderSet::MOST)));
    }
    if raw.hosts.is_empty() && raw.marks.is_empty() {
        return Err(refuse(format!("the provider `{}` has neither `hosts` nor `marks`, so it is never known", raw.id)));
    }
    raw.marks.iter().try_for_each(|mark| check_phrase(mark)).map_err(refuse)?;
    Ok(Provider {
        name: raw.name.unwrap_or_else(|| raw.id.clone()).into(),
        id: raw.id.into(),
        hosts: texts(raw.hosts),
        marks: texts(raw.marks),
        file: source.name.to_owned().into(),
        line,
    })
}

fn rule(
    source: &Source<'_>,
    line: usize,
    text: &str,
    raw: RawRule,
    providers: &HashMap<&str, ProviderId>,
) -> Result<Rule, RuleError> {
    let refuse = |message: String| RuleError { file: source.name.to_owned(), line, rule: Some(raw.id.clone()), message };
    if raw.id.is_empty() || !raw.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err(refuse("an id has lower-case letters, digits and `-` only".to_owned()));
    }
    if raw.source.trim().is_empty() {
        return Err(refuse("`source` is empty: say where the words and their meaning come from".to_owned()));
    }
    if raw.examples.is_empty() {
        return Err(refuse("`examples` is empty: give at least one whole reply that this rule must win".to_owned()));
    }
    if raw.phrases.is_empty() && raw.code.0.is_empty() && raw.status.0.is_empty() {
        return Err(refuse("needs `phrases`, `code` or `status`: without them it would take every reply".to_owned()));
    }
    if raw.pattern.is_some() && raw.phrases.is_empty() {
        return Err(refuse("`pattern` stands only beside `phrases`: name a word that such replies hold".to_owned()));
    }
    for phrase in &raw.phrases {
        check_phrase(phrase).map_err(refuse)?;
        if raw.phrases.iter().filter(|other| *other == phrase).count() > 1 {
            return Err(refuse(format!("the phrase `{phrase}` stands twice")));
        }
    }
    let day = |text: &Option<String>| text.as_deref().map(str::parse::<Day>).transpose();
    let (since, until) = (day(&raw.since).map_err(refuse)?, day(&raw.until).map_err(refuse)?);
    let code = raw.code.0.iter().map(|mask| code_mask(mask)).collect::<Result<_, _>>().map_err(refuse)?;
    let status = raw.status.0.iter().map(|mask| status_mask(mask)).collect::<Result<_, _>>().map_err(refuse)?;
    let command = raw
        .command
        .0
        .iter()
        .map(|name| {
            Command::parse(name).ok_or_else(|| {
                let known: Vec<_> = Command::ALL.iter().map(|command| command.name()).collect();
                format!("unknown command `{name}`, expected one of {}", known.join(", "))
            })
        })
        .collect::<Result<_, _>>()
        .map_err(refuse)?;
    let provider = raw
        .provider
        .0
        .iter()
        .map(|id| {
            providers
                .get(id.as_str())
                .copied()
                .ok_or_else(|| format!("unknown provider `{id}`: define it with [[provider]], or choose a known one"))
        })
        .collect::<Result<_, _>>()
        .map_err(refuse)?;
    let pattern = raw.pattern.clone().map(|source| Pattern::new(source.into()));
    if let Some(pattern) = &pattern
        && let Err(error) = pattern.compile()
    {
        let error = error.to_string();
        return Err(refuse(format!("`pattern` is no regular expression: {}", error.lines().last().unwrap_or_default().trim())));
    }
    Ok(Rule {
        cause: raw.cause,
        phrases: texts(raw.phrases),
        pattern,
        code,
        status,
        provider,
        command,
        since,
        until,
        advice: raw.advice.map(Text::Owned),
        source: raw.source.into(),
        examples: texts(raw.examples),
        not: texts(raw.not),
        file: source.name.to_owned().into(),
        line,
        text: text.to_owned().into(),
        id: raw.id.into(),
    })
}

/// A phrase has words around each `...`, and at least three letters before the first.
fn check_phrase(phrase: &str) -> Result<(), String> {
    if fragments(phrase).any(|fragment| fragment.is_empty()) {
        return Err(format!("the phrase `{phrase}` has nothing before or after its `...`"));
    }
    if fragments(phrase).next().is_none_or(|first| first.len() < 3) {
        return Err(format!("the phrase `{phrase}` is too short: at least three letters"));
    }
    Ok(())
}

fn code_mask(mask: &str) -> Result<CodeMask, String> {
    let wrong = || format!("`{mask}` is no reply code, expected three digits such as `550`, or `4xx` or `5xx`");
    match mask.strip_suffix("xx") {
        Some(class @ ("2" | "4" | "5")) => Ok(CodeMask::Class(class.as_bytes()[0] - b'0')),
        Some(_) => Err(wrong()),
        None => ReplyCode::parse(mask).map(CodeMask::Exact).ok_or_else(wrong),
    }
}

fn status_mask(mask: &str) -> Result<StatusMask, String> {
    let wrong = || format!("`{mask}` is no enhanced status code, expected one such as `5.2.2`, `x.2.2` or `x.7.x`");
    let parts: Vec<&str> = mask.split('.').collect();
    let [class, subject, detail] = parts[..] else { return Err(wrong()) };
    // The missing parts are filled in, so that the code's own reader judges the rest.
    let filled = format!("{}.{}.{}", class.replace('x', "5"), subject.replace('x', "0"), detail.replace('x', "0"));
    let code = EnhancedCode::parse(&filled).ok_or_else(wrong)?;
    Ok(StatusMask {
        class: (class != "x").then_some(code.class),
        subject: (subject != "x").then_some(code.subject),
        detail: (detail != "x").then_some(code.detail),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str) -> String {
        let errors = read(&[Source { name: "my.toml", text }], &[], &[]).expect_err("a bad file");
        errors.iter().map(RuleError::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_wrong_file_is_refused_with_file_line_and_rule() {
        for text in ["é", "ø = ", "\u{FEFF}x", "=", "[[rule]"] {
            assert!(refused(text).starts_with("my.toml:1: "), "{text}");
        }
        assert!(
            refused("[[rule]]\nid = \"a\"\ncauses = \"policy\"\n").starts_with("my.toml:3: rule `a`: unknown field `causes`")
        );
        assert!(refused("\n[[rule]]\nid = \"a\"\ncause = \"polic\"\n").starts_with("my.toml:4: rule `a`: unknown cause `polic`"));
        assert!(refused("[[rule\n").starts_with("my.toml:1: "));
    }

    #[test]
    fn more_than_the_index_can_count_is_refused() {
        assert_eq!(refused(&"#".repeat(RULE_BYTES + 1)), "my.toml:1: more than 16 MiB of rules");
    }

    #[test]
    fn a_rule_that_could_never_hold_is_refused() {
        let rule = |rest: &str| {
            refused(&format!("[[rule]]\nid = \"a\"\ncause = \"policy\"\nsource = \"s\"\nexamples = [\"550\"]\n{rest}\n"))
        };
        assert_eq!(rule(""), "my.toml:1: rule `a`: needs `phrases`, `code` or `status`: without them it would take every reply");
        assert!(rule("code = \"650\"").contains("`650` is no reply code"));
        assert!(rule("status = \"5.9.1\"").contains("`5.9.1` is no enhanced status code"));
        assert!(rule("phrases = [\"a ...\"]").contains("nothing before or after"));
        assert!(rule("phrases = [\"some\"]\npattern = \"(\"").contains("no regular expression"));
        assert!(rule("phrases = [\"some\"]\nprovider = \"nobody\"").contains("unknown provider `nobody`"));
        assert!(rule("phrases = [\"some\"]\nsince = \"2025-13-01\"").contains("`2025-13-01` is no day"));
        assert!(rule("phrases = [\"some\"]\ncommand = \"HELP\"").contains("unknown command `HELP`"));
    }

    #[test]
    fn a_rule_keeps_its_own_text() {
        let text = "[[rule]] # one\nid = \"a\"\ncause = \"policy\"\nsource = \"s\"\ncode = \"550\"\nexamples = [\n  \"550\", # bare\n]\n\n# about the next\n[[rule]]\nid = \"b\"\ncause = \"policy\"\nsource = \"s\"\ncode = \"551\"\nexamples = [\"551\"]\n";
        let (rules, _) = read(&[Source { name: "my.toml", text }], &[], &[]).expect("a good file");
        assert!(rules[0].text.starts_with("[[rule]]") && rules[0].text.ends_with("\n]"), "{}", rules[0].text);
        assert!(rules[1].text.ends_with("[\"551\"]"), "{}", rules[1].text);
    }

    #[test]
    fn a_double_id_names_both_places() {
        let one = "[[rule]]\nid = \"a\"\ncause = \"policy\"\nsource = \"s\"\ncode = \"550\"\nexamples = [\"550\"]\n";
        assert_eq!(
            refused(&format!("{one}{one}")),
            "my.toml:7: rule `a`: the id is taken by the rule at my.toml:1; choose another"
        );
    }
}
