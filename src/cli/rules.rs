//! `whybounce rules`: list the table, show a rule whole, test rule files by their own examples.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use whybounce::rules::{self, Rule, Source, Table};

use super::{Ending, complain, read_rules};

#[derive(Args)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the rules in the order in which they are tried
    List {
        /// Rule file tried before the built-in rules; repeatable
        #[arg(long, value_name = "FILE")]
        rules: Vec<PathBuf>,
    },
    /// Show one rule whole
    Show {
        /// Its id, as every answer names it
        id: String,
        /// Rule file tried before the built-in rules; repeatable
        #[arg(long, value_name = "FILE")]
        rules: Vec<PathBuf>,
    },
    /// Test rule files by their own examples; without a FILE, the built-in rules
    Check {
        /// Rule files, tried in this order before the built-in rules
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

pub(super) fn run(options: &Options) -> anyhow::Result<Ending> {
    match &options.what {
        What::List { rules } => list(&super::load_table(rules)?),
        What::Show { id, rules } => show(&super::load_table(rules)?, id),
        What::Check { files } => check(files),
    }
}

fn list(table: &Table) -> anyhow::Result<Ending> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let width = table.rules().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in table.rules() {
        writeln!(out, "{:width$}  {:20}  {}", rule.id, rule.cause, conditions(table, rule))?;
    }
    out.flush()?;
    Ok(Ending::Good)
}

/// What a rule demands, on one line.
fn conditions(table: &Table, rule: &Rule) -> String {
    let mut parts = Vec::new();
    if let Some((first, more)) = rule.phrases.split_first() {
        parts.push(format!("{first:?}"));
        if !more.is_empty() {
            parts.push(format!("or {} more", more.len()));
        }
    }
    let providers = rule.provider.iter().filter_map(|&provider| table.provider(provider));
    parts.extend(providers.map(|provider| format!("from {}", provider.name)));
    if rule.phrases.is_empty() {
        let codes = rule.text.lines().filter(|line| line.starts_with("code") || line.starts_with("status"));
        parts.extend(codes.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    parts.join(" ")
}

fn show(table: &Table, id: &str) -> anyhow::Result<Ending> {
    let Some(rule) = table.rule(id) else {
        complain(&format!("no rule `{}`; `whybounce rules list` names them all", id.escape_debug()));
        return Ok(Ending::Failed);
    };
    let mut out = io::stdout().lock();
    let (bounce_type, action) = rule.cause.judge(false);
    writeln!(out, "# {}:{}", rule.file, rule.line)?;
    writeln!(out, "# {} → {bounce_type}, {action}: {}", rule.cause, rule.cause.meaning())?;
    writeln!(out, "{}", rule.text)?;
    Ok(Ending::Good)
}

fn check(files: &[PathBuf]) -> anyhow::Result<Ending> {
    let mut texts = Vec::new();
    for file in files {
        texts.push((file.display().to_string(), read_rules(file)?));
    }
    let sources: Vec<Source<'_>> = texts.iter().map(|(name, text)| Source { name, text }).collect();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (errors, checked) = match Table::load(&sources) {
        Ok(table) => {
            let wanted = |rule: &Rule| sources.is_empty() || sources.iter().any(|source| source.name == rule.file);
            (rules::check(&table, wanted), table.rules().filter(|rule| wanted(rule)).count())
        }
        Err(errors) => (errors, 0),
    };
    for error in &errors {
        writeln!(out, "{error}")?;
    }
    if errors.is_empty() {
        writeln!(out, "{checked} rules, each wins its own examples")?;
    } else {
        writeln!(out, "{} {} wrong", errors.len(), if errors.len() == 1 { "thing is" } else { "things are" })?;
    }
    out.flush()?;
    Ok(if errors.is_empty() { Ending::Good } else { Ending::Differs })
}
