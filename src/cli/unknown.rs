//! `whybounce unknown`: the diagnostics that no words decided, without their particulars, most frequent first, each as a rule to
//! start from. What it writes is a rule file that can be shown to anyone.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use clap::Args;
use whybounce::answer::{Answer, Classifier};
use whybounce::classify::{Evidence, classify};
use whybounce::input::{MailView, Mails, Unreadable};
use whybounce::output::Tally;
use whybounce::rules::{Redactor, draft_as};
use whybounce::verdict::DecidedBy;

use super::batch;
use super::progress::Progress;
use super::sink::Sink;
use super::{Common, Ending, load_table};

#[derive(Args)]
pub(super) struct Options {
    /// Mails, mboxes or folders; `-` or none: standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The PATHs hold bare replies, one a line
    #[arg(long)]
    replies: bool,
    /// Only this many, the most frequent
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    #[command(flatten)]
    common: Common,
}

/// Diagnostics that differ in nothing but their particulars.
struct Group {
    count: usize,
    /// In what order it was first seen.
    first: usize,
    rule: Option<String>,
}

/// What was seen, already without particulars.
#[derive(Default)]
struct Unknowns {
    groups: HashMap<String, Group>,
    failures: usize,
    undecided: usize,
    without_text: usize,
}

/// One diagnostic that no words decided: its shape, and the rule to start from.
struct Undecided {
    shape: String,
    rule: Option<String>,
}

/// What a worker makes of its mails.
#[derive(Default)]
struct Done {
    undecided: Vec<Undecided>,
    failures: usize,
    without_text: usize,
    mails: u64,
    unreadable: Vec<Unreadable>,
}

/// Stands for the id of a rule until its place is known.
const ID: &str = "unknown-0";

pub(super) fn run(options: &Options) -> anyhow::Result<Ending> {
    let classifier = Classifier::new(load_table(&options.common.rules)?);
    let mut sink = Sink::open(&options.common, true)?;
    let mut unknowns = Unknowns::default();
    let mut ending = Ending::Good;
    if options.replies {
        ending = read_replies(&options.paths, &classifier, &mut unknowns)?;
    } else {
        let mut progress = Progress::new(&options.common);
        let each = |done: &mut Done, mail: Result<MailView<'_>, Unreadable>| match mail {
            Err(unreadable) => done.unreadable.push(unreadable),
            Ok(mail) => {
                done.mails += 1;
                done.add(&classifier.classify(&mail.source, mail.bytes));
            }
        };
        let tally = Tally::default();
        batch::run(Mails::of(&options.paths), options.common.jobs(), each, |done: Done, share| {
            for unreadable in &done.unreadable {
                progress.complain(&unreadable.to_string());
                ending = Ending::Failed;
            }
            progress.add(done.mails, &tally, share);
            unknowns.add(done);
            Ok(())
        })?;
        progress.finish(&tally);
    }
    unknowns.write(&mut sink, options.top.unwrap_or(usize::MAX))?;
    sink.finish()?;
    Ok(ending)
}

/// Bare replies, one a line, of files or of standard input.
fn read_replies(paths: &[PathBuf], classifier: &Classifier, unknowns: &mut Unknowns) -> anyhow::Result<Ending> {
    let mut ending = Ending::Good;
    let standard_input = [PathBuf::from("-")];
    for path in if paths.is_empty() { &standard_input } else { paths } {
        let opened: io::Result<Box<dyn BufRead>> = if path.as_os_str() == "-" {
            Ok(Box::new(io::stdin().lock()))
        } else {
            std::fs::File::open(path).map(|file| Box::new(io::BufReader::new(file)) as Box<dyn BufRead>)
        };
        let read = opened.and_then(|mut lines| {
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line)? > 0 {
                let reply = String::from_utf8_lossy(&line);
                let mut done = Done::default();
                done.add_reply(reply.trim_end(), classifier);
                unknowns.add(done);
                line.clear();
            }
            Ok(())
        });
        if let Err(error) = read {
            super::complain(&format!("`{}`: {error}", path.display().to_string().escape_debug()));
            ending = Ending::Failed;
        }
    }
    Ok(ending)
}

impl Done {
    fn add(&mut self, answer: &Answer<'_>) {
        let report = &answer.report;
        let addresses = report.recipients.iter().flat_map(|recipient| [&recipient.address, &recipient.original_address]);
        let known = addresses.chain([&report.original.from, &report.original.to]).flatten().map(String::as_str);
        let hosts = report.recipients.iter().filter_map(|recipient| recipient.remote_mta.as_deref());
        // Built where it is first needed: most mails need none.
        let mut redactor = None;
        for (recipient, verdict) in report.recipients.iter().zip(&answer.verdicts) {
            let Some(verdict) = verdict else { continue };
            self.failures += 1;
            if verdict.decided_by == DecidedBy::Text {
                continue;
            }
            let Some(diagnostic) = &recipient.diagnostic else {
                self.without_text += 1;
                continue;
            };
            let redactor = redactor.get_or_insert_with(|| Redactor::knowing(known.clone().chain(hosts.clone())));
            self.undecided.push(Undecided::of(redactor, diagnostic));
        }
    }

    fn add_reply(&mut self, reply: &str, classifier: &Classifier) {
        if reply.trim().is_empty() {
            return;
        }
        self.failures += 1;
        let verdict = classify(classifier.table(), &Evidence::of_reply(reply, None, None));
        if verdict.decided_by != DecidedBy::Text {
            self.undecided.push(Undecided::of(&Redactor::default(), reply));
        }
    }
}

impl Undecided {
    fn of(redactor: &Redactor, diagnostic: &str) -> Self {
        Self { shape: redactor.shape(diagnostic), rule: draft_as(ID, redactor, diagnostic) }
    }
}

impl Unknowns {
    fn add(&mut self, done: Done) {
        self.failures += done.failures;
        self.without_text += done.without_text;
        for Undecided { shape, rule } in done.undecided {
            self.undecided += 1;
            let first = self.groups.len();
            self.groups.entry(shape).or_insert(Group { count: 0, first, rule }).count += 1;
        }
    }

    /// The most frequent first; among equals, the one that was seen first.
    fn write(self, out: &mut impl Write, top: usize) -> io::Result<()> {
        let mut groups: Vec<(String, Group)> = self.groups.into_iter().collect();
        groups.sort_by_key(|(_, group)| (std::cmp::Reverse(group.count), group.first));
        let kinds = match groups.len() {
            1 => "1 kind".to_owned(),
            many => format!("{many} kinds"),
        };
        writeln!(out, "# {} of {} failures were decided by no words: {kinds}", self.undecided, self.failures)?;
        if self.without_text > 0 {
            writeln!(out, "# {} more gave no diagnostic at all", self.without_text)?;
        }
        for (place, (shape, group)) in groups.into_iter().take(top).enumerate() {
            writeln!(out, "\n# {} {}: {shape}", group.count, if group.count == 1 { "time" } else { "times" })?;
            match group.rule {
                Some(rule) => write!(out, "{}", rule.replacen(ID, &format!("unknown-{}", place + 1), 1))?,
                None => writeln!(out, "# no words to make a rule of")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use whybounce::rules::{Source, Table, check};

    use super::*;

    fn gathered(replies: &[&str]) -> String {
        let classifier = Classifier::new(Table::built_in());
        let mut unknowns = Unknowns::default();
        for reply in replies {
            let mut done = Done::default();
            done.add_reply(reply, &classifier);
            unknowns.add(done);
        }
        let mut out = Vec::new();
        unknowns.write(&mut out, usize::MAX).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn alike_diagnostics_are_counted_together_and_the_most_frequent_comes_first() {
        let out = gathered(&[
            "554 wombats only <maria@customer.test>",
            "554 gnus preferred at mx1.customer.test",
            "552 5.2.2 mailbox full",
            "554 gnus preferred at mx2.customer.test",
            "554 5.0.0",
        ]);
        assert!(out.starts_with("# 4 of 5 failures were decided by no words: 3 kinds\n\n# 2 times: 554 gnus preferred at <host>\n[[rule]]\nid       = \"unknown-1\"\n"), "{out}");
        assert!(out.contains("# 1 time: 554 wombats only <address>\n"), "{out}");
        assert!(out.contains("# 1 time: 554 5.0.0\n# no words to make a rule of\n"), "{out}");
        assert!(!out.contains("maria") && !out.contains("customer"), "{out}");
    }

    #[test]
    fn what_is_written_is_a_good_rule_file() {
        let out = gathered(&["554 wombats only <maria@customer.test>", "554 gnus preferred at mx1.customer.test"]);
        let table = Table::load(&[Source { name: "unknown.toml", text: &out }]).expect("a rule file");
        assert_eq!(check(&table, |rule| rule.file == "unknown.toml"), []);
        assert_eq!(table.rules().filter(|rule| rule.file == "unknown.toml").count(), 2);
    }

    #[test]
    fn nothing_of_the_mail_names_a_person() {
        let mail = "From: MAILER-DAEMON@mx.customer.test\nTo: wilma@sender.test\nSubject: Undelivered Mail Returned to Sender\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.customer.test\n\nFinal-Recipient: rfc822; maria.lopez@customer.test\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 554 gnus preferred to maria.lopez, says gate7.customer.test, wilma\n\n--b\nContent-Type: text/rfc822-headers\n\nFrom: wilma@sender.test\nTo: maria.lopez@customer.test\n\n--b--\n";
        let classifier = Classifier::new(Table::built_in());
        let mut done = Done::default();
        done.add(&classifier.classify("-", mail.as_bytes()));
        let mut unknowns = Unknowns::default();
        unknowns.add(done);
        let mut out = Vec::new();
        unknowns.write(&mut out, usize::MAX).expect("memory");
        let out = String::from_utf8(out).expect("text");
        assert!(out.contains("554 gnus preferred to"), "{out}");
        for person in ["maria", "lopez", "wilma", "customer", "sender.test"] {
            assert!(!out.contains(person), "{person} in {out}");
        }
    }
}
