//! What holds for every answer, tried on mails that were cut and damaged at random; the fuzz targets try the same for longer.

#[path = "fuzz/statements.rs"]
#[allow(dead_code, reason = "some statements are about what only a fuzzer makes")]
mod statements;

use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use whybounce::answer::Classifier;
use whybounce::rules::Table;

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| Classifier::new(Table::built_in()));

/// The fixtures that are small enough to be damaged many times, sorted by path.
static MAILS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mails: Vec<Vec<u8>> = walkdir::WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.expect("a readable folder"))
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "eml"))
        .map(|entry| std::fs::read(entry.path()).expect("a readable mail"))
        .filter(|mail| mail.len() < 16 << 10)
        .collect();
    assert!(mails.len() >= 60, "only {} fixtures found", mails.len());
    mails
});

/// Bytes of a mail, told as text when they break a promise.
#[derive(Clone)]
struct Raw(Vec<u8>);

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl std::ops::Deref for Raw {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

fn mail() -> impl Strategy<Value = Raw> {
    any::<Index>().prop_map(|index| Raw(index.get(&MAILS).clone()))
}

/// What damage puts in: any byte, or what means something to a reader of mails.
fn damage() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => vec(any::<u8>(), 0..4),
        1 => prop::sample::select(vec![
            "\n\n", "\r", "\r\n", "--", ":", ";", "<", ">", "\"", "@", "(", "=", "=?utf-8?B?", "\\x{1F600}", "\u{202E}", "\u{1B}[2J",
            "\u{0}", "\u{FEFF}", "\u{85}", "Content-Type: multipart/mixed; boundary=b\n\n--b\n", "Content-Transfer-Encoding: base64\n",
            "Final-Recipient: rfc822; ", "550 5.1.1 ", "999999999999", "From a Thu Jan  1 00:00:00 2026\n", "=1+1",
        ]).prop_map(|text| text.as_bytes().to_vec()),
    ]
}

/// A fixture with some of its bytes changed.
fn damaged() -> impl Strategy<Value = Raw> {
    (mail(), vec((any::<Index>(), 0..8_usize, damage()), 0..12)).prop_map(|(mail, changes)| {
        let Raw(mut mail) = mail;
        for (place, removed, added) in changes {
            let at = if mail.is_empty() { 0 } else { place.index(mail.len()) };
            let end = (at + removed).min(mail.len());
            mail.splice(at..end, added);
        }
        Raw(mail)
    })
}

/// A fixture that ends anywhere.
fn cut() -> impl Strategy<Value = Raw> {
    (mail(), any::<Index>()).prop_map(|(Raw(mut mail), end)| {
        mail.truncate(end.index(mail.len()));
        Raw(mail)
    })
}

/// The begin of one fixture and the end of another.
fn halves() -> impl Strategy<Value = Raw> {
    (cut(), mail(), any::<Index>()).prop_map(|(Raw(mut one), other, from)| {
        one.extend_from_slice(&other[from.index(other.len())..]);
        Raw(one)
    })
}

proptest! {
    // A failure is told with its mail; it becomes a fixture and no file of seeds.
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_mail_keeps_every_promise(raw in damaged()) {
        statements::a_mail_keeps_every_promise(&CLASSIFIER, &raw);
    }

    #[test]
    fn a_mail_that_is_cut_anywhere_keeps_every_promise(raw in cut()) {
        statements::a_mail_keeps_every_promise(&CLASSIFIER, &raw);
    }

    #[test]
    fn two_halves_of_different_mails_keep_every_promise(raw in halves()) {
        statements::a_mail_keeps_every_promise(&CLASSIFIER, &raw);
    }

    #[test]
    fn any_bytes_keep_every_promise(raw in vec(any::<u8>(), 0..2_000).prop_map(Raw)) {
        statements::a_mail_keeps_every_promise(&CLASSIFIER, &raw);
    }

    #[test]
    fn any_text_is_a_reply(text in "(?s)([245][0-9]{2}[- ])?([245]\\.[0-7]\\.[0-9]{1,3} )?.{0,200}") {
        statements::a_reply_keeps_every_promise(CLASSIFIER.table(), &text);
    }

    #[test]
    fn a_damaged_expectation_is_taken_or_refused(
        key in prop::sample::select(vec!["kind", "note", "cause", "address", "reply_code", "original", "recipients", "x"]),
        value in prop::sample::select(vec!["\"bounce\"", "550", "[]", "[1]", "{}", "{ subject = \"\" }", "[{ address = \"a\" }]", "1.5", "true", "\"\\u0001\""]),
        rest in "(?s).{0,20}",
    ) {
        let text = format!("{key} = {value}\n{rest}");
        for raw in statements::ANSWERED {
            statements::an_expectation_is_taken_or_refused(&CLASSIFIER.classify("x.eml", raw.as_bytes()), &text);
        }
    }

    #[test]
    fn mails_of_an_mbox_come_out_as_they_went_in(mails in vec((mail(), 0..400_usize), 2..6)) {
        let mut mbox = Vec::new();
        let mut wanted = Vec::new();
        for (mail, length) in mails {
            let mail = mail[..mail.len().min(length)].to_vec();
            mbox.extend_from_slice(b"From MAILER-DAEMON Thu Jan  1 00:00:00 2026\n");
            for line in mail.split_inclusive(|&byte| byte == b'\n') {
                if line.iter().skip_while(|&&byte| byte == b'>').copied().collect::<Vec<u8>>().starts_with(b"From ") {
                    mbox.push(b'>');
                }
                mbox.extend_from_slice(line);
            }
            mbox.extend_from_slice(b"\n\n");
            wanted.push(mail);
        }
        let folder = std::env::temp_dir().join(format!("whybounce-properties-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let place = folder.join("mbox");
        std::fs::write(&place, mbox).expect("room for a file");
        let read: Vec<_> = whybounce::input::Mails::of(&[place]).map(|mail| mail.expect("readable").bytes).collect();
        std::fs::remove_dir_all(&folder).expect("its removal");
        prop_assert_eq!(read.len(), wanted.len());
        for (read, wanted) in read.iter().zip(wanted) {
            let header = |mail: &[u8]| mail.strip_prefix(b"From MAILER-DAEMON Thu Jan  1 00:00:00 2026\n").unwrap_or(mail).trim_ascii_end().to_vec();
            let unquoted = String::from_utf8_lossy(&header(read)).replace("\n>From ", "\nFrom ");
            prop_assert_eq!(unquoted, String::from_utf8_lossy(&header(&wanted)).replace("\n>From ", "\nFrom "));
        }
    }
}

#[test]
fn every_fixture_keeps_every_promise() {
    for mail in &*MAILS {
        statements::a_mail_keeps_every_promise(&CLASSIFIER, mail);
    }
}

/// By hand, in a release build: a thousand damaged copies of each mail below `MAILS` (a folder; the fixtures where it is not
/// set), none of which panics or takes more than ten times as long as the mail itself.
#[test]
#[ignore = "minutes; `MAILS=folder cargo test --release --test properties -- --ignored --nocapture`"]
fn a_thousand_copies_of_each_mail_damaged_at_random() {
    let folder = std::env::var_os("MAILS").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), Into::into);
    let copies = std::env::var("COPIES").ok().and_then(|copies| copies.parse().ok()).unwrap_or(1_000);
    let time = |raw: &[u8]| {
        let start = Instant::now();
        std::hint::black_box(CLASSIFIER.classify("", raw));
        start.elapsed()
    };
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) as usize % below.max(1)
    };
    let (mut mails, mut slow) = (0, 0);
    for mail in whybounce::input::Mails::of(&[folder]).filter_map(Result::ok) {
        mails += 1;
        let whole = (0..3).map(|_| time(&mail.bytes)).max().unwrap_or_default().max(Duration::from_micros(100));
        for _ in 0..copies {
            let mut raw = mail.bytes.clone();
            for _ in 0..1 + next(8) {
                let at = next(raw.len());
                let other = next(raw.len());
                match next(6) {
                    0 => raw.truncate(at),
                    1 if !raw.is_empty() => raw[at] = next(256) as u8,
                    2 if !raw.is_empty() => raw[at] ^= 1 << next(8),
                    3 => drop(raw.drain(at.min(other)..at.min(other) + next(40).min(raw.len() - at.min(other)))),
                    4 => raw.insert(at.min(raw.len()), b"\n\r\0:;<>@=\"-( "[next(13)]),
                    _ => {
                        let from = at.min(other);
                        let piece = raw[from..raw.len().min(from + 200)].to_vec();
                        raw.splice(at..at, piece);
                    }
                }
            }
            // Another process may have had the processor: only what is slow again is slow.
            if time(&raw) > whole * 10 && (0..10).all(|_| time(&raw) > whole * 10) {
                slow += 1;
                println!("{}: {:?}, damaged {:?}: {}", mail.source, whole, time(&raw), raw.escape_ascii());
            }
        }
    }
    println!("{mails} mails, {copies} copies of each, {slow} slow");
    assert!(mails > 0 && slow == 0);
}
