//! Nothing of a mail or a file name reaches a terminal, a spreadsheet, an XML reader or a CI log as more than text.

#![cfg(unix)]

use std::fs;
use std::path::Path;

use crate::run::{Ran, run, run_with};
use whybounce::visible::deceives;

/// Everything that deceives somebody, in one text without a line feed.
const EVIL: &str = "\u{1B}[2J\u{1B}]0;title\u{7}\u{9B}31m\u{202E}txet\u{2066}\u{200B}\u{AD}\u{FEFF}\u{3164}\u{E0041}\u{85}\u{2028}\u{0}\u{8}]]><x y='\"'>&amp; ::error::no %0A=1+1";

/// A mail that has it wherever something is repeated.
fn evil_mail() -> String {
    format!(
        "From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered {EVIL}\nDate: Sun, 1 Mar 2026 10:00:00 +0000\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nNot delivered. {EVIL}\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx{EVIL}.example.net\n\nFinal-Recipient: rfc822; jo\u{202E}=@example.com\nOriginal-Recipient: rfc822; \u{200B}ann@example.com\nAction: failed\nStatus: 5.9.9\nRemote-MTA: dns; \u{1B}[31m{EVIL}\nDiagnostic-Code: smtp; 599 wombat {EVIL}\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <{EVIL}>\nFrom: =cmd|'/c calc'!A1 <a\u{202E}@example.org>\nTo: b@example.com\nSubject: =HYPERLINK(\"javascript:alert(1)\") {EVIL}\n\n--b--\n"
    )
}

/// File names that mean something to a shell, a terminal, a log or a spreadsheet.
const NAMES: &[&str] = &[
    "line\nfeed.eml",
    "escape\u{1B}[31m.eml",
    "override\u{202E}lme.eml",
    "=1+1.eml",
    "::error title=x::y.eml",
    "percent%0A.eml",
    "<x a=\"&'>]]>.eml",
    "-rf.eml",
    "$(touch x);`id`.eml",
];

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in NAMES {
        fs::write(folder.path().join(name), evil_mail()).expect("a file");
    }
    folder
}

#[track_caller]
fn assert_plain(text: &str) {
    if let Some(c) = text.chars().find(|&c| c != '\n' && deceives(c)) {
        let line = text.lines().find(|line| line.contains(c)).unwrap_or_default();
        panic!("{c:?} in {line:?}");
    }
}

fn agrees(folder: &Path, arguments: &[&str]) -> Ran {
    let ran = run(folder, arguments);
    assert_plain(&ran.err);
    ran
}

#[test]
fn text_for_people_shows_what_would_deceive_them() {
    let folder = folder();
    for arguments in
        [&["--color", "never", "."][..], &["-f", "summary", "."], &["check", "--expect", "cause=policy", "--color", "never", "."]]
    {
        let ran = agrees(folder.path(), arguments);
        assert_plain(&ran.out);
        assert!(ran.out.lines().count() > 1, "{arguments:?}");
    }
    for name in NAMES {
        let path = format!("./{name}");
        for arguments in [&["--color", "never", &path][..], &["explain", "--color", "never", &path]] {
            let ran = agrees(folder.path(), arguments);
            assert_plain(&ran.out);
            assert!(ran.out.contains("wombat"), "{}", ran.out);
        }
    }
    let ran = agrees(folder.path(), &["reply", "--color", "never", "--", &format!("599 wombat {}", EVIL.replace('\0', ""))]);
    assert_plain(&ran.out);
    assert!(ran.out.contains("\\u{001b}[2J") && ran.out.contains("\\u{202e}"), "{}", ran.out);
}

#[test]
fn complaints_show_what_a_name_would_hide() {
    let folder = folder();
    for name in ["no\n\u{1B}[2Jsuch.eml", "no\u{202E}such.eml"] {
        let ran = agrees(folder.path(), &[name]);
        assert_eq!((ran.code, ran.err.lines().count()), (Some(2), 1), "{}", ran.err);
        let ran = agrees(folder.path(), &["--rules", name, "."]);
        assert_eq!((ran.code, ran.err.lines().count()), (Some(2), 1), "{}", ran.err);
    }
    fs::write(folder.path().join("own.toml"), "[[rule]]\nid = \"\u{1B}]0;x\u{7}\u{202E}\"\n\"\u{9B}31m\" = 1\n").expect("a file");
    assert_eq!(agrees(folder.path(), &["--rules", "own.toml", "."]).code, Some(2));
    fs::write(folder.path().join("line\nfeed.expect.toml"), "\"\\u001B[2J\" = \u{202E}1").expect("a file");
    assert_eq!(agrees(folder.path(), &["check", "."]).code, Some(2));
}

#[test]
fn json_gives_names_and_texts_back_as_they_are() {
    let folder = folder();
    let ran = agrees(folder.path(), &["-f", "json", "."]);
    let mut sources: Vec<String> = Vec::new();
    for line in ran.out.split_terminator('\n') {
        let mail: serde_json::Value = serde_json::from_str(line).expect("an object a line");
        assert!(mail["recipients"][0]["diagnostic"].as_str().is_some_and(|text| text.contains("\u{1B}[2J")));
        sources.push(mail["source"].as_str().expect("a source").to_owned());
    }
    let mut names: Vec<String> = NAMES.iter().map(|name| format!("./{name}")).collect();
    names.sort_unstable();
    sources.sort_unstable();
    assert_eq!(sources, names);
}

#[test]
fn json_is_utf_8_whatever_the_mail_is() {
    let mut mail = evil_mail().into_bytes();
    // A lone surrogate as bytes, an overlong slash, the end of a character, what no encoding has.
    for bytes in [&b"\xED\xA0\x80"[..], b"\xC0\xAF", b"\x80", b"\xFF\xFE"] {
        let at = mail.windows(6).position(|window| window == b"wombat").expect("the reply");
        mail.splice(at..at, bytes.iter().copied());
    }
    let folder = tempfile::tempdir().expect("a folder");
    let ran = run_with(folder.path(), &["-f", "json"], &mail);
    let answer: serde_json::Value = serde_json::from_str(&ran.out).expect("an object");
    assert!(answer["recipients"][0]["diagnostic"].as_str().is_some_and(|text| text.contains("wombat")));
    // What JSON itself can't say, in a notice that is JSON.
    let notification = r#"{"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"jo\ud800@example.com","diagnosticCode":"smtp; 550 \udc00 no"}]}}"#;
    for notification in [notification.to_owned(), notification.replace("\\ud800", "\\u0000\\u202e").replace("\\udc00", "\\u001b")]
    {
        let mail = format!("From: no-reply@sns.amazonaws.com\nSubject: AWS Notification Message\n\n{notification}\n");
        let ran = run_with(folder.path(), &["-f", "json"], mail.as_bytes());
        serde_json::from_str::<serde_json::Value>(&ran.out).expect("an object");
        assert_plain(&run_with(folder.path(), &["--color", "never"], mail.as_bytes()).out);
    }
}

#[test]
fn no_cell_of_a_table_is_a_formula() {
    let folder = folder();
    let all = "source,address,original_address,reporting_mta,remote_mta,diagnostic,original_subject,original_from,original_message_id,advice";
    let ran = agrees(folder.path(), &["-f", "csv", "--fields", all, "."]);
    let mut reader = csv::ReaderBuilder::new().from_reader(ran.out.as_bytes());
    let mut rows = 0;
    for record in reader.records() {
        let record = record.expect("valid CSV");
        assert_eq!(record.len(), 10);
        for cell in &record {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']), "{cell:?}");
            assert!(!cell.contains(['\u{1B}', '\0', '\u{9B}', '\n']), "{cell:?}");
        }
        assert!(record[6].starts_with("'=HYPERLINK"), "{:?}", &record[6]);
        rows += 1;
    }
    assert_eq!(rows, NAMES.len());
    // Named without a folder before it, the name itself is the formula.
    let ran = agrees(folder.path(), &["-f", "csv", "--fields", "source", "=1+1.eml"]);
    assert_eq!(ran.out, "source\r\n'=1+1.eml\r\n");
}

#[test]
fn junit_is_xml_whatever_the_names() {
    let folder = folder();
    let ran = agrees(folder.path(), &["check", "-f", "junit", "--expect", "cause=policy", "."]);
    assert_plain(&ran.out);
    // XML 1.0 section 2.2 and 2.4: characters that may be, and marks that are ours alone.
    for (at, mark) in ran.out.match_indices('<') {
        let name: String = ran.out[at + mark.len()..].chars().take_while(|c| !matches!(c, ' ' | '>' | '\n')).collect();
        let known =
            ["?xml", "testsuites", "/testsuites", "testsuite", "/testsuite", "testcase", "/testcase", "failure", "/failure"];
        assert!(known.contains(&name.as_str()), "<{name}");
    }
    for (at, _) in ran.out.match_indices('&') {
        let rest = &ran.out[at..];
        assert!(
            ["&lt;", "&gt;", "&amp;", "&quot;", "&apos;", "&#"].iter().any(|entity| rest.starts_with(entity)),
            "{}",
            &rest[..8]
        );
    }
    assert!(!ran.out.contains("]]>"));
    assert_eq!(ran.out.matches("<failure").count(), NAMES.len());
}

#[test]
fn github_sees_one_annotation_a_difference_and_no_command_of_a_mail() {
    let folder = folder();
    let ran = agrees(folder.path(), &["check", "-f", "github", "--expect", "cause=policy", "."]);
    assert_plain(&ran.out);
    let (last, lines) =
        ran.out.lines().collect::<Vec<_>>().split_last().map(|(last, lines)| (*last, lines.to_vec())).expect("lines");
    assert_eq!(lines.len(), NAMES.len());
    for line in lines {
        let (properties, message) = line.strip_prefix("::error ").and_then(|line| line.split_once("::")).expect(line);
        assert_eq!(properties.matches("file=").count(), 1, "{line}");
        assert!(
            properties
                .split(',')
                .all(|property| ["file", "line", "title"].contains(&property.split('=').next().unwrap_or_default())),
            "{line}"
        );
        assert!(message.contains("cause"), "{line}");
    }
    assert_eq!(last, format!("0 of {} mails are as expected", NAMES.len()));
}

#[test]
fn an_expectation_is_written_beside_its_mail_and_nowhere_else() {
    let folder = folder();
    let before = NAMES.len();
    let ran = agrees(folder.path(), &["check", "--update", "--color", "never", "."]);
    assert_plain(&ran.out);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2 * before);
    for name in NAMES {
        let expectation = folder.path().join(name.replace(".eml", ".expect.toml"));
        assert!(fs::read_to_string(expectation).is_ok_and(|text| text.contains("kind = \"bounce\"")), "{name:?}");
    }
    assert_eq!(agrees(folder.path(), &["check", "--strict", "."]).code, Some(0));
}
