//! A section of rules → the Rust constants that put it into the program. Used by the build script alone.

use std::fmt::Write as _;

use super::section::{Owner, Section};
use super::{CodeMask, Day, StatusMask, Table};

/// The constants of a table's only section, as Rust source.
pub(crate) fn source(table: &Table) -> String {
    let mut out = String::new();
    for section in &table.sections {
        // Writing to a String can't fail.
        let _ = write_section(&mut out, section);
    }
    out
}

fn write_section(out: &mut String, section: &Section) -> std::fmt::Result {
    writeln!(out, "static RULES: [Rule; {}] = [", section.rules.len())?;
    for rule in section.rules.iter() {
        writeln!(out, "Rule {{ id: {}, cause: Cause::{:?}, phrases: {},", text(&rule.id), rule.cause, texts(&rule.phrases))?;
        writeln!(
            out,
            "pattern: {},",
            option(rule.pattern.as_ref(), |pattern| format!("Pattern::new({})", text(pattern.as_str())))
        )?;
        writeln!(out, "code: {}, status: {},", list(&rule.code, |mask| code(*mask)), list(&rule.status, |mask| status(*mask)))?;
        writeln!(out, "provider: {},", list(&rule.provider, |id| format!("ProviderId({})", id.0)))?;
        writeln!(out, "command: {},", list(&rule.command, |command| format!("Command::{command:?}")))?;
        writeln!(out, "since: {}, until: {},", option(rule.since, day), option(rule.until, day))?;
        writeln!(out, "advice: {}, source: {},", option(rule.advice.as_deref(), text), text(&rule.source))?;
        writeln!(out, "examples: {}, not: {},", texts(&rule.examples), texts(&rule.not))?;
        writeln!(out, "file: {}, line: {}, text: {} }},", text(&rule.file), rule.line, text(&rule.text))?;
    }
    writeln!(out, "];\nstatic PROVIDERS: [Provider; {}] = [", section.providers.len())?;
    for provider in section.providers.iter() {
        writeln!(
            out,
            "Provider {{ id: {}, name: {}, hosts: {},",
            text(&provider.id),
            text(&provider.name),
            texts(&provider.hosts)
        )?;
        writeln!(out, "marks: {}, file: {}, line: {} }},", texts(&provider.marks), text(&provider.file), provider.line)?;
    }
    writeln!(out, "];\nstatic HOSTS: [(u32, Text, ProviderId); {}] = [", section.hosts.len())?;
    for (key, host, id) in section.hosts.iter() {
        writeln!(out, "({key}, {}, ProviderId({})),", text(host), id.0)?;
    }
    writeln!(out, "];\nstatic DEMANDS: [Demand; {}] = {:?};", section.demands.len(), section.demands)?;
    writeln!(out, "static BY_CODE: [u32; {}] = {:?};", section.by_code.len(), section.by_code)?;
    writeln!(out, "static BY_PROVIDER: [u32; {}] = {:?};", section.by_provider.len(), section.by_provider)?;
    let owner = |owner: &Owner| match owner {
        Owner::Rule { rule, phrase } => format!("Owner::Rule {{ rule: {rule}, phrase: {phrase} }}"),
        Owner::Provider(id) => format!("Owner::Provider(ProviderId({}))", id.0),
    };
    writeln!(out, "const INDEX: PhraseIndex<Owner, THOUSANDS> = {};", section.index.source(owner))
}

fn text(text: &str) -> String {
    format!("Cow::Borrowed({text:?})")
}

fn texts(all: &[impl AsRef<str>]) -> String {
    list(all, |one| text(one.as_ref()))
}

fn list<T>(all: &[T], one: impl Fn(&T) -> String) -> String {
    format!("Cow::Borrowed(&[{}])", all.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn option<T>(value: Option<T>, one: impl Fn(T) -> String) -> String {
    value.map_or_else(|| "None".to_owned(), |value| format!("Some({})", one(value)))
}

fn code(mask: CodeMask) -> String {
    match mask {
        CodeMask::Exact(code) => format!("CodeMask::Exact(ReplyCode::known({code}))"),
        CodeMask::Class(class) => format!("CodeMask::Class({class})"),
    }
}

fn status(StatusMask { class, subject, detail }: StatusMask) -> String {
    format!("StatusMask {{ class: {class:?}, subject: {subject:?}, detail: {detail:?} }}")
}

fn day(day: Day) -> String {
    format!("super::Day({})", day.0)
}
