//! `whybounce rules`: list the table, show a rule whole, test rule files by their own examples and by labelled replies.

mod corpus;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use whybounce::rules::{self, Rule, RuleError, Source, Table};

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
        /// Also run labelled replies, one JSON object a line: {"reply": "550 ...", "cause": ["user_unknown"]}
        #[arg(long, value_name = "FILE")]
        corpus: Option<PathBuf>,
        /// Also count rules, phrases and examples by cause and provider
        #[arg(long)]
        stats: bool,
    },
}

pub(super) fn run(options: &Options) -> anyhow::Result<Ending> {
    match &options.what {
        What::List { rules } => list(&super::load_table(rules)?),
        What::Show { id, rules } => show(&super::load_table(rules)?, id),
        What::Check { files, corpus, stats } => check(files, corpus.as_deref(), *stats),
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

fn check(files: &[PathBuf], corpus: Option<&Path>, stats: bool) -> anyhow::Result<Ending> {
    let mut texts = Vec::new();
    for file in files {
        texts.push((super::shown(file), read_rules(file)?));
    }
    let sources: Vec<Source<'_>> = texts.iter().map(|(name, text)| Source { name, text }).collect();
    let replies = corpus.map(corpus::read).transpose()?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let table = match Table::load(&sources) {
        Ok(table) => table,
        Err(errors) => return wrong(&mut out, &errors),
    };
    let wanted = |rule: &Rule| sources.is_empty() || sources.iter().any(|source| source.name == rule.file);
    if stats {
        write_stats(&mut out, &table, wanted)?;
    }
    if let Some(replies) = &replies {
        corpus::write(&mut out, &corpus::run(&table, replies), &table, wanted)?;
    }
    let errors = rules::check(&table, wanted);
    if !errors.is_empty() {
        return wrong(&mut out, &errors);
    }
    let doubts = rules::doubts(&table, wanted);
    for doubt in &doubts {
        writeln!(out, "warning: {doubt}")?;
    }
    let checked = table.rules().filter(|rule| wanted(rule)).count();
    let warnings = match doubts.len() {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        many => format!(", {many} warnings"),
    };
    let rules = if checked == 1 { "rule" } else { "rules" };
    writeln!(out, "{checked} {rules}, each wins its own examples{warnings}")?;
    out.flush()?;
    Ok(Ending::Good)
}

fn wrong(out: &mut impl Write, errors: &[RuleError]) -> anyhow::Result<Ending> {
    for error in errors {
        writeln!(out, "{error}")?;
    }
    writeln!(out, "{} {} wrong", errors.len(), if errors.len() == 1 { "thing is" } else { "things are" })?;
    out.flush()?;
    Ok(Ending::Differs)
}

/// How much of the table there is.
#[derive(Default)]
struct Count {
    rules: usize,
    phrases: usize,
    examples: usize,
}

impl Count {
    fn add(&mut self, rule: &Rule) {
        self.rules += 1;
        self.phrases += rule.phrases.len();
        self.examples += rule.examples.len();
    }
}

/// Rules, phrases and examples by cause and by provider; a rule of several providers counts for each.
fn write_stats(out: &mut impl Write, table: &Table, wanted: impl Fn(&Rule) -> bool) -> io::Result<()> {
    let mut causes: BTreeMap<&str, Count> = BTreeMap::new();
    let mut providers: BTreeMap<&str, Count> = BTreeMap::new();
    let mut all = Count::default();
    for rule in table.rules().filter(|rule| wanted(rule)) {
        all.add(rule);
        causes.entry(rule.cause.name()).or_default().add(rule);
        for &id in rule.provider.iter() {
            providers.entry(table.provider(id).map_or("", |provider| &provider.name)).or_default().add(rule);
        }
    }
    for (title, counts) in [("cause", causes), ("provider", providers)] {
        let width = counts.keys().map(|name| name.chars().count()).max().unwrap_or(0).max(title.len());
        writeln!(out, "{title:width$}  {:>6}  {:>8}  {:>9}", "rules", "phrases", "examples")?;
        for (name, count) in counts {
            writeln!(out, "{name:width$}  {:>6}  {:>8}  {:>9}", count.rules, count.phrases, count.examples)?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{} rules, {} phrases, {} examples", all.rules, all.phrases, all.examples)?;
    writeln!(out)
}
