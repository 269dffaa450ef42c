//! Every fixture gives what its expectation says, in whatever line ends it comes; all differences are told at once.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use whybounce::answer::Classifier;
use whybounce::check::{EXTENSION, Expectation};
use whybounce::rules::Table;

/// All files below `fixtures`, sorted.
fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    walkdir::WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("a readable folder"))
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect()
}

fn mails() -> Vec<PathBuf> {
    let mails: Vec<PathBuf> =
        files().into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "eml")).collect();
    assert!(mails.len() >= 60, "only {} fixtures found", mails.len());
    mails
}

fn name(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display().to_string()
}

/// The mail with its line feeds written otherwise.
fn with_line_ends(mail: &[u8], line_end: &[u8]) -> Vec<u8> {
    let mut other = Vec::with_capacity(mail.len() + mail.len() / 20);
    for &byte in mail {
        match byte {
            b'\r' => {}
            b'\n' => other.extend_from_slice(line_end),
            byte => other.push(byte),
        }
    }
    other
}

#[test]
fn every_mail_gives_what_its_expectation_says() {
    let classifier = Classifier::new(Table::built_in());
    let mut wrong = String::new();
    for path in mails() {
        let mail = std::fs::read(&path).expect("a readable mail");
        let text =
            std::fs::read_to_string(path.with_extension(EXTENSION)).unwrap_or_else(|error| panic!("{}: {error}", name(&path)));
        let expectation = Expectation::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", name(&path)));
        for (line_ends, bytes) in
            [("LF", mail.clone()), ("CRLF", with_line_ends(&mail, b"\r\n")), ("CR", with_line_ends(&mail, b"\r"))]
        {
            let answer = classifier.classify(&name(&path), &bytes);
            for difference in expectation.differences(&answer) {
                let _ = writeln!(
                    wrong,
                    "{} ({line_ends}): {}: expected {:?}, got {:?}",
                    name(&path),
                    difference.key,
                    difference.expected,
                    difference.got
                );
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_mail_has_an_expectation_with_a_note_and_every_expectation_a_mail() {
    for path in files() {
        let file = path.to_string_lossy();
        if let Some(stem) = file.strip_suffix(&format!(".{EXTENSION}")) {
            assert!(Path::new(&format!("{stem}.eml")).exists(), "{}: no mail stands beside it", name(&path));
            let text = std::fs::read_to_string(&path).expect("a readable expectation");
            assert!(text.contains("note = "), "{}: no note says why it is there", name(&path));
        } else {
            assert!(file.ends_with(".eml"), "{}: neither a mail nor an expectation", name(&path));
            assert!(path.with_extension(EXTENSION).exists(), "{}: no expectation stands beside it", name(&path));
        }
    }
}

#[test]
fn the_fixtures_cover_every_kind_and_most_causes() {
    let classifier = Classifier::new(Table::built_in());
    let mut kinds = std::collections::BTreeSet::new();
    let mut causes = std::collections::BTreeSet::new();
    for path in mails() {
        let answer = classifier.classify("", &std::fs::read(&path).expect("a readable mail"));
        kinds.insert(answer.report.kind);
        causes.extend(answer.verdicts.iter().flatten().map(|verdict| verdict.cause));
    }
    assert_eq!(kinds.len(), whybounce::verdict::Kind::ALL.len(), "{kinds:?}");
    assert!(causes.len() >= 25, "{causes:?}");
}
