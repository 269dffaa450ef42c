//! How fast: replies and mails from memory on one core, mail-parser alone beside it, and growth with the number of rules.
//!
//! `cargo bench` prints the times; nothing asserts one. `MAILS=DIR cargo bench` takes the mails of a folder of yours instead of
//! the fixtures, `REPLIES=FILE cargo bench` the lines of a file instead of the rules' examples.

use std::path::{Path, PathBuf};

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use whybounce::answer::Classifier;
use whybounce::classify::{Evidence, classify};
use whybounce::rules::{Source, Table};

fn main() {
    divan::main();
}

/// Every example of the rule table, some thousands of replies as servers write them, or every line of the file that
/// `REPLIES` names.
fn replies() -> Vec<String> {
    if let Some(file) = std::env::var_os("REPLIES") {
        let text = std::fs::read_to_string(file).expect("a readable file");
        return text.lines().map(str::to_owned).collect();
    }
    Table::built_in().rules().flat_map(|rule| rule.examples.iter().map(|example| example.to_string())).collect()
}

/// Every fixture, or every mail of the folder that `MAILS` names.
fn mails() -> Vec<Vec<u8>> {
    let fixtures = || Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let root = std::env::var_os("MAILS").map_or_else(fixtures, PathBuf::from);
    walkdir::WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "eml"))
        .map(|entry| std::fs::read(entry.path()).expect("a readable fixture"))
        .collect()
}

#[divan::bench]
fn replies_from_memory(bencher: Bencher<'_, '_>) {
    let table = Table::built_in();
    let replies = replies();
    bencher.counter(ItemsCount::new(replies.len())).bench(|| {
        for reply in &replies {
            divan::black_box(classify(&table, &Evidence::of_reply(reply, None, None)));
        }
    });
}

#[divan::bench]
fn mails_from_memory(bencher: Bencher<'_, '_>) {
    let classifier = Classifier::new(Table::built_in());
    let mails = mails();
    let bytes: usize = mails.iter().map(Vec::len).sum();
    bencher.counter(ItemsCount::new(mails.len())).counter(BytesCount::new(bytes)).bench(|| {
        for mail in &mails {
            divan::black_box(classifier.classify("", mail));
        }
    });
}

#[divan::bench]
fn mails_parsed_by_mail_parser_alone(bencher: Bencher<'_, '_>) {
    let mails = mails();
    let bytes: usize = mails.iter().map(Vec::len).sum();
    let parser = mail_parser::MessageParser::default();
    bencher.counter(ItemsCount::new(mails.len())).counter(BytesCount::new(bytes)).bench(|| {
        for mail in &mails {
            divan::black_box(parser.parse(mail));
        }
    });
}

#[divan::bench]
fn bounce_that_returns_30_megabytes(bencher: Bencher<'_, '_>) {
    let classifier = Classifier::new(Table::built_in());
    let mut mail = b"From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail Returned to Sender\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; jo@example.com\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 over quota\n\n--b\nContent-Type: message/rfc822\n\nSubject: pictures\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n".to_vec();
    while mail.len() < 30 << 20 {
        mail.extend_from_slice(b"TG9yZW0gaXBzdW0gZG9sb3Igc2l0IGFtZXQsIGNvbnNlY3RldHVyIGFkaXBpc2NpbmcgZWxpdA==\n");
    }
    mail.extend_from_slice(b"\n--b--\n");
    bencher.counter(BytesCount::new(mail.len())).bench(|| divan::black_box(classifier.classify("", &mail)));
}

/// A table of so many rules, each with three phrases of made-up words.
fn table_of(rules: usize) -> Table {
    let mut text = String::new();
    for number in 0..rules {
        let word = |salt: usize| {
            let mut state = number * 31 + salt * 7_919 + 17;
            (0..6)
                .map(|_| {
                    state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
                    char::from(b'a' + (state >> 16) as u8 % 26)
                })
                .collect::<String>()
        };
        text.push_str(&format!(
            "[[rule]]\nid = \"made-up-{number}\"\ncause = \"policy\"\nphrases = [\"user {}\", \"mailbox {}\", \"{} rejected\"]\nsource = \"made up\"\nexamples = [\"550\"]\n",
            word(1),
            word(2),
            word(3)
        ));
    }
    Table::from_sources(&[Source { name: "made-up.toml", text: &text }]).expect("a good table")
}

#[divan::bench(args = [300, 3_000])]
fn replies_by_number_of_rules(bencher: Bencher<'_, '_>, rules: usize) {
    let table = table_of(rules);
    let replies = replies();
    bencher.counter(ItemsCount::new(replies.len())).bench(|| {
        for reply in &replies {
            divan::black_box(classify(&table, &Evidence::of_reply(reply, None, None)));
        }
    });
}
