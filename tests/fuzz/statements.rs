//! What holds for every answer, whatever bytes it was made from.
//!
//! In: bytes as a stranger sends them. Each function panics where a promise is broken and says which. The fuzz targets call
//! them, and so does `tests/properties.rs` with bounded cases, which is why this file needs nothing of a fuzzer.

use std::collections::HashSet;

use whybounce::answer::{Answer, Classifier, Field};
use whybounce::check::{Expectation, updated};
use whybounce::classify::{Evidence, classify, trace};
use whybounce::limits::{ADDRESS_BYTES, DIAGNOSTIC_BYTES, RECIPIENTS};
use whybounce::mail::{Mail, line_ends};
use whybounce::output::{self, Look};
use whybounce::rules::{Source, Table, draft};
use whybounce::verdict::Kind;

/// Everything that is promised of the answer for one mail.
pub fn a_mail_keeps_every_promise(classifier: &Classifier, raw: &[u8]) {
    let answer = classifier.classify("a/mail.eml", raw);
    let json = json_reads_back(&answer);
    assert_eq!(json, json_reads_back(&classifier.classify("a/mail.eml", raw)), "the same bytes, another answer");
    the_bounds_hold(&answer);
    every_address_is_in_the_mail(&answer, raw);
    csv_reads_back(&answer);
    text_deceives_nobody(classifier, &answer);
    a_new_expectation_agrees(&answer);
    line_ends_change_nothing(classifier, raw);
}

fn json_of(answer: &Answer<'_>) -> Vec<u8> {
    let mut line = Vec::new();
    output::write_json(&mut line, answer).expect("memory takes it");
    line
}

/// One line of UTF-8 that is a JSON object with all its keys.
fn json_reads_back(answer: &Answer<'_>) -> Vec<u8> {
    let line = json_of(answer);
    assert!(line.ends_with(b"\n") && !line[..line.len() - 1].contains(&b'\n'), "one line");
    let value: serde_json::Value = serde_json::from_slice(&line).expect("valid JSON");
    let object = value.as_object().expect("an object");
    for key in ["source", "kind", "dialect", "reporting_mta", "date", "original", "recipients", "cut"] {
        assert!(object.contains_key(key), "`{key}` is missing");
    }
    assert_eq!(object["kind"], answer.report.kind.name());
    let recipients = object["recipients"].as_array().expect("a list");
    assert_eq!(recipients.len(), answer.report.recipients.len());
    for (written, own) in recipients.iter().zip(&answer.report.recipients) {
        assert_eq!(written["address"].as_str(), own.address.as_deref(), "an address reads back as it was");
        assert_eq!(written["diagnostic"].as_str(), own.diagnostic.as_deref(), "a diagnostic reads back as it was");
    }
    line
}

/// No answer is larger than the bounds say.
fn the_bounds_hold(answer: &Answer<'_>) {
    assert!(answer.report.recipients.len() <= RECIPIENTS);
    assert_eq!(answer.verdicts.len(), answer.report.recipients.len());
    for recipient in &answer.report.recipients {
        for text in [&recipient.diagnostic, &recipient.explanation].into_iter().flatten() {
            assert!(text.len() <= DIAGNOSTIC_BYTES, "a text of {} bytes", text.len());
        }
        for address in [&recipient.address, &recipient.original_address].into_iter().flatten() {
            assert!(!address.is_empty() && address.len() <= ADDRESS_BYTES, "an address of {} bytes", address.len());
            assert!(!address.contains(char::is_control), "{address:?}");
        }
        assert!(recipient.diagnostic.as_deref() != Some(""), "an empty diagnostic");
    }
    if matches!(answer.report.kind, Kind::Bounce | Kind::Delay) {
        assert!(answer.verdicts.iter().any(Option::is_some), "a failure without a verdict");
    }
}

/// Addresses are read and never made up.
fn every_address_is_in_the_mail(answer: &Answer<'_>, raw: &[u8]) {
    let given: Vec<&str> = answer
        .report
        .recipients
        .iter()
        .flat_map(|recipient| [&recipient.address, &recipient.original_address])
        .flatten()
        .map(String::as_str)
        .collect();
    if given.is_empty() {
        return;
    }
    let mut all = String::new();
    readable(&line_ends(raw), 0, &mut all);
    let unfolded: String = all.chars().filter(|c| !c.is_whitespace()).collect();
    for address in given {
        // Below a source route the two halves stand apart.
        let halves = [address, address.split('@').next().unwrap_or_default(), address.rsplit('@').next().unwrap_or_default()];
        let known = |part: &str| all.contains(part) || unfolded.contains(&part.split_whitespace().collect::<String>());
        let is_there = known(&folded(address)) || halves[1..].iter().all(|half| known(&folded(half)));
        assert!(is_there, "{address:?} does not occur in the mail");
    }
}

/// Every text that a mail holds, decoded or not, in one letter case.
fn readable(raw: &[u8], depth: usize, all: &mut String) {
    let mut add = |text: &str| {
        all.push_str(&folded(text));
        all.push('\n');
        if text.contains("\\x{") {
            all.push_str(&folded(&unescaped(text)));
            all.push('\n');
        }
    };
    add(&String::from_utf8_lossy(raw));
    let mail = Mail::parse(raw);
    for field in mail.header.fields() {
        add(&field.text());
    }
    for part in &mail.parts {
        add(part.text());
        for field in part.header.fields() {
            add(&field.text());
        }
    }
    if depth < 3 {
        for part in &mail.parts {
            // A report may be attached, or stand in the text below words of its own.
            let inner = if part.is_original() { part.decoded().into_owned() } else { part.text().as_bytes().to_vec() };
            // Of what stands inside that, one is enough.
            for start in headers(&inner).into_iter().take(if depth == 0 { 8 } else { 1 }) {
                let inner: &[u8] = &inner[start..];
                if inner.len() < raw.len() {
                    readable(inner, depth + 1, all);
                }
            }
        }
    }
}

/// Where lines begin that could be a header.
fn headers(text: &[u8]) -> Vec<usize> {
    let mut at = 0;
    let mut starts = Vec::new();
    let mut in_header = false;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
        let is_field = line.starts_with(b"From ")
            || (name.len() < line.len()
                && name.len() > 1
                && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-'));
        if is_field && !in_header {
            starts.push(at);
        }
        in_header = is_field || (in_header && matches!(line, [b' ' | b'\t', ..]));
        at += line.len();
    }
    starts
}

/// One letter case, the two small sigmas as one.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

/// The `\x{..}` of RFC 6533 undone.
fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\x{");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let decoded = part
            .split_once('}')
            .and_then(|(digits, rest)| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).map(|c| (c, rest)));
        match decoded {
            Some((c, rest)) => {
                plain.push(c);
                plain.push_str(rest);
            }
            None => {
                plain.push_str("\\x{");
                plain.push_str(part);
            }
        }
    }
    plain
}

/// A row a recipient, every cell harmless.
fn csv_reads_back(answer: &Answer<'_>) {
    let mut rows = Vec::new();
    output::write_csv_rows(&mut rows, output::COLUMNS, answer).expect("memory takes it");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&rows[..]);
    let mut count = 0;
    for record in reader.records() {
        let record = record.expect("valid CSV");
        assert_eq!(record.len(), output::COLUMNS.len());
        for cell in &record {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) || cell == "-", "{cell:?} would run");
        }
        count += 1;
    }
    assert_eq!(count, answer.rows().count());
}

/// Text and explanation hold nothing that a terminal obeys but our own colours.
fn text_deceives_nobody(classifier: &Classifier, answer: &Answer<'_>) {
    let look = Look { width: 80 };
    let mut text = Vec::new();
    output::write_text(&mut text, answer, look).expect("memory takes it");
    output::write_text_row(&mut text, answer).expect("memory takes it");
    let traces: Vec<_> = answer.report.recipients.iter().map(|recipient| classifier.trace(&answer.report, recipient)).collect();
    for (verdict, trace) in answer.verdicts.iter().zip(&traces) {
        let won = verdict.as_ref().and_then(|verdict| verdict.rule).map(|rule| rule.id.as_ref());
        assert_eq!(won, trace.first().map(|first| first.rule.id.as_ref()), "the trace begins with the winner");
    }
    output::write_explained(&mut text, answer, &traces, look).expect("memory takes it");
    for recipient in &answer.report.recipients {
        if let Some(rule) = recipient.diagnostic.as_deref().and_then(draft) {
            text.extend_from_slice(rule.as_bytes());
            a_draft_is_a_rule(&rule);
        }
    }
    no_control_but_colours(&text);
}

/// A rule to paste is TOML that a rule file takes.
fn a_draft_is_a_rule(rule: &str) {
    if let Err(errors) = Table::from_sources(&[Source { name: "draft.toml", text: rule }]) {
        panic!("the rule to paste is refused: {}\n{rule}", errors[0]);
    }
}

fn no_control_but_colours(text: &[u8]) {
    let text = std::str::from_utf8(text).expect("UTF-8");
    let mut rest = text;
    while let Some(at) = rest.find(deceives) {
        let colour =
            rest[at..].strip_prefix("\u{1B}[").map(|code| code.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';'));
        match colour.and_then(|code| code.strip_prefix('m')) {
            Some(behind) => rest = behind,
            None => panic!("{:?} reaches the terminal: {:?}", rest[at..].chars().next(), rest[at..].lines().next()),
        }
    }
}

/// Control characters but the line feed, what turns the reading direction, what has no width.
fn deceives(c: char) -> bool {
    c != '\n'
        && (c.is_control()
            || matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}'))
}

/// What `check --update` writes is what `check` accepts.
fn a_new_expectation_agrees(answer: &Answer<'_>) {
    let text = updated(None, answer).expect("nothing old is there to be wrong");
    let expectation = Expectation::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(expectation.differences(answer), [], "{text}");
}

/// LF, CRLF and CR: the same mail.
fn line_ends_change_nothing(classifier: &Classifier, raw: &[u8]) {
    // A carriage return that ends no line has no counterpart in the other writings.
    let plain: Vec<u8> = raw.iter().copied().filter(|&byte| byte != b'\r').collect();
    if !plain.contains(&b'\n') {
        return;
    }
    let answer = classifier.classify("a/mail.eml", &plain);
    if answer.report.cut {
        return; // where it is cut, the longer line ends count
    }
    let wanted = json_of(&answer);
    for line_end in [&b"\r\n"[..], b"\r"] {
        let other: Vec<u8> =
            plain.iter().flat_map(|byte| if *byte == b'\n' { line_end } else { std::slice::from_ref(byte) }).copied().collect();
        let got = json_of(&classifier.classify("a/mail.eml", &other));
        assert_eq!(String::from_utf8_lossy(&wanted), String::from_utf8_lossy(&got), "with {line_end:?}");
    }
}

/// Everything that is promised of the verdict on a bare reply.
pub fn a_reply_keeps_every_promise(table: &Table, text: &str) {
    let evidence = Evidence::of_reply(text, None, None);
    let verdict = classify(table, &evidence);
    for digits in [evidence.reply_code.map(|code| code.to_string())].into_iter().flatten() {
        assert!(text.contains(&digits), "the code {digits} was made up");
    }
    if let Some(code) = evidence.enhanced_code {
        let digits = |part: u16| text.contains(&part.to_string());
        assert!(digits(code.class.into()) && digits(code.subject) && digits(code.detail), "the code {code} was made up");
    }
    let trace = trace(table, &evidence);
    assert_eq!(
        verdict.rule.map(|rule| &*rule.id),
        trace.first().map(|first| &*first.rule.id),
        "the trace begins with the winner"
    );
    let mut line = Vec::new();
    output::write_json_reply(&mut line, text, &evidence, &verdict).expect("memory takes it");
    let value: serde_json::Value = serde_json::from_slice(&line).expect("valid JSON");
    assert_eq!(value["reply"], text);
    assert_eq!(value["cause"], verdict.cause.name());
    let mut row = Vec::new();
    output::write_csv_reply(&mut row, text, &evidence, &verdict).expect("memory takes it");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&row[..]);
    assert_eq!(reader.records().filter(|record| record.as_ref().is_ok_and(|record| record.len() == 9)).count(), 1);
    let look = Look { width: 80 };
    let mut shown = Vec::new();
    output::write_text_reply(&mut shown, text, &verdict, look).expect("memory takes it");
    output::write_explained_reply(&mut shown, &evidence, &verdict, &trace, look).expect("memory takes it");
    if let Some(rule) = draft(text) {
        shown.extend_from_slice(rule.as_bytes());
        a_draft_is_a_rule(&rule);
    }
    no_control_but_colours(&shown);
}

/// A rule file is taken or refused with a reason; what is taken classifies.
pub fn a_rule_file_is_taken_or_refused(text: &str) {
    match Table::load(&[Source { name: "own.toml", text }]) {
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a reason");
            for error in errors {
                assert!(error.to_string().contains(".toml"), "{error}");
            }
        }
        Ok(table) => {
            let mut ids = HashSet::new();
            for rule in table.rules() {
                assert!(ids.insert(rule.id.as_ref()), "`{}` twice", rule.id);
            }
            let _ = whybounce::rules::check(&table, |rule| rule.file == "own.toml");
            for reply in ["550 5.1.1 user unknown", text] {
                let _ = classify(&table, &Evidence::of_reply(reply, Some("mx.example.com"), None));
            }
        }
    }
}

/// An expectation file is taken or refused; what is taken can be brought up to date, and then agrees.
pub fn an_expectation_is_taken_or_refused(answer: &Answer<'_>, text: &str) {
    let Ok(expectation) = Expectation::parse(text) else { return };
    let _ = expectation.differences(answer);
    let Ok(new) = updated(Some(text), answer) else { return };
    let expectation = Expectation::parse(&new).unwrap_or_else(|error| panic!("{error}\n{new}"));
    let differences = expectation.differences(answer);
    assert_eq!(differences, [], "{new}");
    assert_eq!(updated(Some(&new), answer).as_deref(), Ok(new.as_str()), "a second update changes nothing");
    let _ = answer.field(Field::Kind, None);
}

/// Mails with answers of every shape, for expectations.
pub const ANSWERED: &[&str] = &[
    "From: jo@example.com\nSubject: hello\n\nHow are you?\n",
    "From: MAILER-DAEMON@example.net\nSubject: failure notice\n\nSorry, not delivered.\n",
    "Date: Sun, 1 Mar 2026 12:00:00 +0200\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a.example.net\n\nFinal-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\nFinal-Recipient: rfc822; b@example.com\nAction: delivered\nStatus: 2.0.0\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <a@example.org>\nSubject: hello\nFrom: news@example.org\n\n--b--\n",
];

/// A file is given as mails that hold its bytes, or as one reason why not.
pub fn a_file_of_mails_is_read(place: &std::path::Path, bytes: &[u8]) {
    std::fs::write(place, bytes).expect("room for a file");
    let mut read = 0;
    let mut sources = HashSet::new();
    for mail in whybounce::input::Mails::of(&[place.to_owned()]) {
        match mail {
            Ok(mail) => {
                read += mail.bytes.len();
                assert!(sources.insert(mail.source.clone()), "{} twice", mail.source);
            }
            Err(unreadable) => {
                assert!(!unreadable.to_string().contains(char::is_control), "{unreadable}");
                sources.insert(String::new());
            }
        }
    }
    assert!(!sources.is_empty(), "a file that was named leaves no trace");
    let is_packed =
        bytes.starts_with(b"\x1F\x8B") || bytes.get(1..4) == Some(b"\xB5\x2F\xFD") || bytes.get(1..4) == Some(b"\x2A\x4D\x18");
    assert!(read <= bytes.len() || is_packed, "{read} bytes out of {}", bytes.len());
}
