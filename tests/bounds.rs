//! Hostile mails of any size: each bound of `limits` at the bound and beyond, and the time that the largest take.
//!
//! The sizes here are those that a debug build reads in a moment. By hand, in a release build and with larger ones:
//! `cargo test --release --test bounds -- --ignored --nocapture`.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use whybounce::answer::{Answer, Classifier};
use whybounce::limits::*;
use whybounce::rules::Table;

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| Classifier::new(Table::built_in()));

fn classify(raw: impl AsRef<[u8]>) -> Answer<'static> {
    CLASSIFIER.classify("hostile.eml", raw.as_ref())
}

const HEAD: &str = "From: MAILER-DAEMON@mx.example.net\nTo: news@example.org\nSubject: Undelivered Mail Returned to Sender\n";

/// A notice in prose.
fn notice(body: &str) -> String {
    format!("{HEAD}\nYour message could not be delivered.\n\n{body}")
}

/// A delivery report with these fields behind those of the message.
fn report(fields: &str) -> String {
    format!(
        "{HEAD}Content-Type: multipart/report; report-type=delivery-status; boundary=r\n\n--r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n{fields}\n--r--\n"
    )
}

fn group(at: usize) -> String {
    format!(
        "Final-Recipient: rfc822; jo{at}@example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user {at}\n\n"
    )
}

/// An honest report as the first part, and something else as the second.
fn report_before(other: &str) -> String {
    format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=r\n\n--r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n{}--r\n{other}\n--r--\n",
        group(0)
    )
}

fn multiparts(depth: usize) -> String {
    (0..depth).map(|at| format!("Content-Type: multipart/mixed; boundary=b{at}\n\n--b{at}\n")).collect()
}

#[track_caller]
fn assert_first_recipient(answer: &Answer<'_>) {
    assert_eq!(answer.report.recipients[0].address.as_deref(), Some("jo0@example.com"));
    assert_eq!(answer.verdicts[0].map(|verdict| verdict.cause.name()), Some("user_unknown"));
}

#[test]
fn multiparts_are_followed_to_their_bound_and_the_answer_says_where_it_ended() {
    let deepest = report_before(&multiparts(PART_DEPTH - 1));
    assert!(!classify(&deepest).report.cut);
    let answer = classify(report_before(&multiparts(1_000)));
    assert!(answer.report.cut);
    assert_first_recipient(&answer);
}

#[test]
fn messages_inside_messages_are_opened_once() {
    let messages = "Content-Type: message/rfc822\n\n".repeat(1_000);
    assert_first_recipient(&classify(report_before(&messages)));
}

#[test]
fn parts_are_counted() {
    let parts = |count: usize| report_before(&vec!["\nx"; count].join("\n--r\n"));
    assert!(!classify(parts(PARTS - 1)).report.cut);
    let answer = classify(parts(PARTS));
    assert!(answer.report.cut);
    assert_first_recipient(&answer);
}

#[test]
fn header_fields_are_counted_and_measured() {
    let own = report(&group(0));
    let fields = |count: usize| "X-A: b\n".repeat(count) + &own;
    let before = own.split("\n\n").next().unwrap_or_default().lines().count();
    assert!(!classify(fields(HEADER_FIELDS - before)).report.cut);
    let answer = classify(own.replacen("\n\n", &format!("\n{}\n", "X-A: b\n".repeat(1_000_000)), 1));
    assert!(answer.report.cut);
    assert_first_recipient(&answer);
}

#[test]
fn a_header_of_many_megabytes_is_cut() {
    let long = |bytes: usize| report(&group(0)).replacen("\n\n", &format!("\nX-A: {}\n\n", "a".repeat(bytes)), 1);
    assert!(!classify(long(HEADER_BYTES / 2)).report.cut);
    assert_first_recipient(&classify(long(4 * HEADER_BYTES)));
    let folded = report(&group(0)).replacen("\n\n", &format!("\nX-A: b\n{}\n", " folded\n".repeat(HEADER_BYTES)), 1);
    let answer = classify(folded);
    assert!(answer.report.cut);
    assert_first_recipient(&answer);
}

#[test]
fn a_field_is_decoded_to_its_bound() {
    let subject = |bytes: usize| format!("From: jo@example.com\nSubject: {}\n\nhello", "a".repeat(bytes));
    let original = |bytes: usize| {
        let raw = report_before(&format!("Content-Type: message/rfc822\n\nMessage-ID: <a@b>\n{}", subject(bytes)));
        classify(raw).report.original.subject.map_or(0, |subject| subject.len())
    };
    assert_eq!(original(FIELD_BYTES), FIELD_BYTES);
    assert_eq!(original(FIELD_BYTES * 3), FIELD_BYTES);
}

#[test]
fn recipients_are_counted() {
    let short = |at: usize| format!("Final-Recipient: rfc822; jo{at}@example.com\nAction: failed\nStatus: 5.1.1\n\n");
    let groups = |count: usize| report(&(0..count).map(short).collect::<String>());
    let answer = classify(groups(RECIPIENTS));
    assert_eq!((answer.report.recipients.len(), answer.report.cut), (RECIPIENTS, false));
    let answer = classify(groups(RECIPIENTS + 1));
    assert_eq!((answer.report.recipients.len(), answer.report.cut), (RECIPIENTS, true));
}

#[test]
fn recipients_in_prose_are_counted() {
    let lines = |count: usize| notice(&(0..count).map(|at| format!("<jo{at}@example.com>\n")).collect::<String>());
    let answer = classify(lines(RECIPIENTS));
    assert_eq!((answer.report.recipients.len(), answer.report.cut), (RECIPIENTS, false));
    let answer = classify(lines(RECIPIENTS + 1));
    assert_eq!((answer.report.recipients.len(), answer.report.cut), (RECIPIENTS, true));
}

#[test]
fn a_report_longer_than_a_text_may_be_is_cut() {
    let filler = "X-A: b\n".repeat(TEXT_BYTES / 7 + 1);
    let answer = classify(report(&format!("{}{filler}\n{}", group(0), group(1))));
    assert_first_recipient(&answer);
    assert_eq!((answer.report.recipients.len(), answer.report.cut), (1, true));
}

#[test]
fn prose_is_read_to_its_last_line() {
    let lines = |count: usize| notice(&format!("<jo0@example.com>: 550 5.1.1 no such user\n{}", "\n".repeat(count)));
    assert!(!classify(lines(PROSE_LINES / 2)).report.cut);
    let answer = classify(lines(PROSE_LINES));
    assert!(answer.report.cut);
    assert_first_recipient(&answer);
}

#[test]
fn a_diagnostic_is_kept_to_its_bound() {
    let length = |raw: String| classify(raw).report.recipients[0].diagnostic.as_ref().map_or(0, String::len);
    let field = |text: String| report(&group(0).replace("no such user 0", &text));
    for long in
        ["x".repeat(TEXT_BYTES / 2), "x ".repeat(TEXT_BYTES / 4), "x\n ".repeat(TEXT_BYTES / 8), "é".repeat(TEXT_BYTES / 4)]
    {
        assert!(length(field(long.clone())) <= DIAGNOSTIC_BYTES);
        assert!(length(notice(&format!("<jo0@example.com>: 550 5.1.1 {long}\n"))) <= DIAGNOSTIC_BYTES);
    }
    let kept = "x".repeat(DIAGNOSTIC_BYTES - "550 5.1.1 ".len());
    assert_eq!(length(field(kept)), DIAGNOSTIC_BYTES);
}

#[test]
fn an_address_longer_than_any_can_be_is_none() {
    let local = |bytes: usize| report(&group(0).replace("jo0@", &format!("{}@", "a".repeat(bytes))));
    let address = |raw: String| classify(raw).report.recipients[0].address.clone();
    assert!(address(local(ADDRESS_BYTES - "@example.com".len())).is_some());
    assert!(address(local(ADDRESS_BYTES)).is_none());
}

#[test]
fn a_phrase_spans_no_more_than_its_gap() {
    let rule = "[[rule]]\nid = \"own\"\ncause = \"policy\"\nphrases = [\"the wombat ... is closed\"]\nsource = \"s\"\nexamples = [\"550 the wombat is closed\"]\n";
    let table = Table::from_sources(&[whybounce::rules::Source { name: "own.toml", text: rule }]).expect("a good rule");
    let wins = |gap: usize| {
        let reply = format!("550 the wombat {} is closed", "x".repeat(gap));
        whybounce::classify::classify(&table, &whybounce::classify::Evidence::of_reply(&reply, None, None)).rule.is_some()
    };
    assert!(wins(PHRASE_GAP - 2));
    assert!(!wins(PHRASE_GAP + 1));
}

#[test]
fn boundaries_that_nest_wrongly_and_parts_without_an_end_are_survived() {
    let crossed = "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/mixed; boundary=r\n\n--r\n\n--x\n--r\n--x--\n--r";
    assert_first_recipient(&classify(report_before(crossed)));
    let itself = "Content-Type: multipart/mixed; boundary=r\n\n".repeat(100);
    assert_first_recipient(&classify(report_before(&itself)));
    let whole = report(&group(0));
    assert_first_recipient(&classify(&whole[..whole.len() - "\n--r--\n".len()]));
}

#[test]
fn encodings_and_character_sets_that_are_none_are_survived() {
    for (encoding, charset) in [
        ("base64", "utf-8"),
        ("quoted-printable", "utf-7"),
        ("x-uuencode", "no-such-charset"),
        ("base64", "utf-16"),
        ("", "\u{1}"),
    ] {
        for body in ["QUJD".repeat(100_000), "=".repeat(100_000), "=\n".repeat(100_000), "\u{1B}$B".repeat(50_000)] {
            let part =
                format!("Content-Type: text/plain; charset=\"{charset}\"\nContent-Transfer-Encoding: {encoding}\n\n{body}");
            assert_first_recipient(&classify(report_before(&part)));
        }
    }
}

#[test]
fn nothing_at_all_is_an_answer() {
    for raw in ["", "\n", "\r", "\0", "\n\n\n", "From ", "From \n", ":", "\u{FEFF}", "--", "a: b"] {
        assert_eq!(classify(raw).report.kind.name(), "other", "{raw:?}");
    }
}

#[test]
fn dates_out_of_range_are_none_and_those_before_1970_are_dates() {
    let date = |text: &str| classify(format!("Date: {text}\n\n")).report.date.map(|date| date.to_rfc3339());
    assert_eq!(date("Thu, 1 Jan 1903 00:00:00 +0000").as_deref(), Some("1903-01-01T00:00:00Z"));
    for text in [
        "Sun, 1 Mar 0 00:00:00 +0000",
        "Sun, 1 Mar 99999 00:00:00 +0000",
        "Sun, 1 Mar 2026 25:61:61 +0000",
        "Sun, 0 Foo 2026 00:00:00 +0000",
        "99999999999999999999 Mar 99999999999999999999 99999999999999999999:99999999999999999999 +99999999999999999999",
        "-1 -1 -1 -1:-1:-1 --1",
        "Mon, 1 Jan 0001 00:00:00 +9999",
        "Fri, 31 Dec 9999 23:59:59 -9999",
    ] {
        if let Some(date) = date(text) {
            assert_eq!(date.len(), "2026-03-01T10:00:00Z".len(), "{text}: {date}");
        }
    }
}

/// A mail of some `n` bytes.
type Growing = fn(usize) -> String;

/// Mails that grow with `n`, each in a way that has slowed a parser down.
const GROWING: &[(&str, Growing)] = &[
    ("multiparts in multiparts", |n| report_before(&multiparts(n / 40))),
    ("messages in messages", |n| report_before(&"Content-Type: message/rfc822\n\n".repeat(n / 30))),
    ("the same boundary in itself", |n| report_before(&"Content-Type: multipart/mixed; boundary=r\n\n--r\n".repeat(n / 46))),
    ("empty parts", |n| report_before(&"--r\n".repeat(n / 4))),
    ("parts that hold parts", |n| {
        report_before(&"Content-Type: multipart/mixed; boundary=s\n\n--s\n\n--s--\n--r\n".repeat(n / 60))
    }),
    ("almost the boundary", |n| report_before(&"--r \t\t\t\t\t\t\t\tx\n".repeat(n / 14))),
    ("header fields", |n| format!("{}{}", "X-A: b\n".repeat(n / 7), report(&group(0)))),
    ("folds", |n| format!("X-A: b\n{}{}", " f\n".repeat(n / 3), report(&group(0)))),
    ("stray lines in the header", |n| format!("X-A: b\n{}{}", "stray\nX: b\n".repeat(n / 11), report(&group(0)))),
    ("one header line", |n| format!("X-A: {}\n{}", "a".repeat(n), report(&group(0)))),
    ("encoded words", |n| format!("Subject: {}\n{}", "=?utf-8?B?".repeat(n / 10), report(&group(0)))),
    ("comments in From", |n| format!("From: {}\n{}", "(".repeat(n), notice(""))),
    ("angle brackets in From", |n| format!("From: {}\n{}", "<".repeat(n), notice(""))),
    ("groups in To", |n| format!("To: {}\n{}", "a:b@c,;".repeat(n / 7), notice("<jo0@example.com>\n"))),
    ("To fields", |n| format!("{}{}", "To: a@b.example\n".repeat(n / 16), notice(&lines(n / 2)))),
    ("addresses in To and in the text", |n| format!("To: {}\n{}", "a@b,".repeat(n / 4), notice(&lines(n / 2)))),
    ("parameters", |n| format!("Content-Type: text/plain{}\n{}", "; a*0=b".repeat(n / 7), notice(""))),
    ("an open parameter", |n| format!("Content-Type: text/plain; a=\"{}\n{}", "\\\"".repeat(n / 2), notice(""))),
    ("failed recipients in the header", |n| format!("X-Failed-Recipients: {}\n{}", "a@b.example,".repeat(n / 12), notice(""))),
    ("failed recipients' fields", |n| format!("{}{}", "X-Failed-Recipients: a@b.example\n".repeat(n / 33), notice(""))),
    ("recipients of a report", |n| report(&(0..n / 120).map(group).collect::<String>())),
    ("the same recipient", |n| report(&group(0).repeat(n / 110))),
    ("recipients that the text explains", |n| {
        report(&(0..n / 200).map(group).collect::<String>()).replacen("--r\n", &format!("--r\n\n{}--r\n", lines(n / 2)), 1)
    }),
    ("fields of one recipient", |n| report(&"Status: 5.1.1\n".repeat(n / 14))),
    ("fields without an end", |n| report(&"Final-Recipient: rfc822; a@b.example\nAction: failed\n".repeat(n / 52))),
    ("folds of a diagnostic", |n| report(&group(0).replace("no such", &"\n x".repeat(n / 3)))),
    ("a diagnostic in one line", |n| report(&group(0).replace("no such", &"a".repeat(n)))),
    ("codes in a diagnostic", |n| report(&group(0).replace("no such", &"250 ".repeat(n / 4)))),
    ("colons in a diagnostic", |n| report(&group(0).replace("no such", &":200".repeat(n / 4)))),
    ("long diagnostics", |n| {
        report(&(0..n / 4_000).map(|at| group(at).replace("no such", &"user 1.2.3 450 ".repeat(250))).collect::<String>())
    }),
    ("addresses in lines", |n| notice(&lines(n))),
    ("the same address in lines", |n| notice(&"<jo0@example.com>: 550 no\n".repeat(n / 26))),
    ("addresses in one line", |n| notice(&"a@b.example ".repeat(n / 12))),
    ("at signs", |n| notice(&"@".repeat(n))),
    ("at signs behind words", |n| notice(&"a@".repeat(n / 2))),
    ("quotes", |n| notice(&format!("{}@b.example", "\"".repeat(n)))),
    ("quoted local parts", |n| notice(&"\"a\"@".repeat(n / 4))),
    ("replies", |n| notice(&"550 5.1.1 <jo0@example.com> no such user\n".repeat(n / 41))),
    ("replies about others", |n| {
        notice(&(0..n / 45).map(|at| format!("550 5.1.1 <jo{at}@example.com> no such user\n")).collect::<String>())
    }),
    ("a transcript", |n| {
        notice(&(0..n / 50).map(|at| format!(">>> RCPT To:<jo{at}@example.com>\n<<< 550 5.1.1 no\n")).collect::<String>())
    }),
    ("commands without answers", |n| notice(&">>> RCPT To:<jo@example.com>\n".repeat(n / 29))),
    ("answers without commands", |n| notice(&"<<< 550 no\n".repeat(n / 11))),
    ("sentences", |n| notice(&"could not deliver to jo@example.com and others. ".repeat(n / 48))),
    ("sentences in lines", |n| notice(&"could not deliver to jo@example.com, see\n".repeat(n / 41))),
    ("labels", |n| notice(&"Recipient: jo@example.com\n".repeat(n / 26))),
    ("former addresses", |n| notice(&"a@b.example\n (generated from c@d.example)\n".repeat(n / 42))),
    ("brackets", |n| notice(&format!("jo@example.com\n host {}", "[".repeat(n)))),
    ("addresses in brackets", |n| notice(&format!("jo@example.com\n {}", "[192.0.2.1] ".repeat(n / 12)))),
    ("hosts", |n| notice(&format!("jo@example.com\n {}", "host mx.example.com ".repeat(n / 20)))),
    ("fields in the text", |n| notice(&"a: b\n".repeat(n / 5))),
    ("headers in the text", |n| notice(&"Received: b\nX: y\n".repeat(n / 17))),
    ("announcements of the original", |n| notice(&"--- original message follows ---\n".repeat(n / 33))),
    ("quoted lines", |n| notice(&"> a@b.example\n".repeat(n / 14))),
    ("blank lines", |n| notice(&"\n".repeat(n))),
    ("carriage returns", |n| notice(&"\r".repeat(n))),
    ("white space", |n| notice(&" ".repeat(n))),
    ("white space behind words", |n| notice(&format!("a{}", "          b".repeat(n / 11)))),
    ("indents", |n| notice(&format!("jo@example.com\n{}", "  a@b.example\n     c\n".repeat(n / 21)))),
    ("wide letters", |n| notice(&"宛先".repeat(n / 6))),
    ("wide letters before an address", |n| notice(&format!("{}a@b.example", "é".repeat(n / 2)))),
    ("shifts", |n| notice(&"\u{1B}$B\u{1B}(B".repeat(n / 6))),
    ("tags", |n| html(&"<b>".repeat(n / 3))),
    ("open tags", |n| html(&"<".repeat(n))),
    ("open comments", |n| html(&"<!-- ".repeat(n / 5))),
    ("entities", |n| html(&"&".repeat(n))),
    ("long entities", |n| html(&"&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".repeat(n / 33))),
    ("table cells", |n| html(&"<tr><td>a@b.example<td>".repeat(n / 23))),
    ("attributes", |n| html(&format!("<a {}", "a=\"".repeat(n / 3)))),
    ("scripts", |n| html(&"<script>".repeat(n / 8))),
    ("base64 without an end", |n| encoded("base64", &"QUJD".repeat(n / 4))),
    ("base64 in lines", |n| encoded("base64", &"Q\n".repeat(n / 2))),
    ("quoted-printable without an end", |n| encoded("quoted-printable", &"=41=".repeat(n / 4))),
    ("soft line ends", |n| encoded("quoted-printable", &"=\n".repeat(n / 2))),
    ("complaints", |n| {
        format!(
            "Content-Type: multipart/report; report-type=feedback-report; boundary=r\n\n--r\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n{}\n--r--\n",
            (0..n / 40).map(|at| format!("Original-Rcpt-To: jo{at}@example.com\n")).collect::<String>()
        )
    }),
    ("a message in a message in the text", |n| {
        notice(&format!("From: MAILER-DAEMON@example.com\nTo: a@b\nSubject: failure notice\n\n{}", lines(n)))
    }),
    ("references", |n| format!("References: {}\n{}", "<".repeat(n), notice(""))),
    ("routes", |n| report(&group(0).replace("jo0", &"@a,".repeat(n / 3)))),
    ("escapes", |n| report(&group(0).replace("jo0", &"\\x{".repeat(n / 3)))),
];

fn lines(n: usize) -> String {
    (0..n / 20).map(|at| format!("<jo{at}@example.com>\n")).collect()
}

fn html(body: &str) -> String {
    format!("{HEAD}Content-Type: text/html\n\n<p>could not be delivered to<p>{body}")
}

fn encoded(encoding: &str, body: &str) -> String {
    format!("{HEAD}Content-Type: text/plain\nContent-Transfer-Encoding: {encoding}\n\n{body}")
}

/// The quickest of three answers.
fn time(raw: &str) -> Duration {
    (0..3)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(classify(raw));
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

#[test]
fn no_mail_of_64_kilobytes_takes_long() {
    for (name, mail) in GROWING {
        let raw = mail(64 << 10);
        let start = Instant::now();
        classify(&raw);
        let taken = start.elapsed();
        assert!(taken < Duration::from_secs(3), "{name}: {taken:?}");
    }
}

/// By hand: the time for doubling sizes; what grows faster than the mail is told, and fails.
#[test]
#[ignore = "minutes, and a machine of its own"]
fn time_grows_no_faster_than_the_mail() {
    let mut wrong = String::new();
    for (name, mail) in GROWING {
        let times: Vec<Duration> = [256 << 10, 512 << 10, 1 << 20, 2 << 20, 4 << 20].map(|n| time(&mail(n))).to_vec();
        let growth = times.windows(2).map(|pair| pair[1].as_secs_f64() / pair[0].as_secs_f64()).collect::<Vec<_>>();
        println!("{name:38} {times:>10.2?}");
        let grows = growth.iter().filter(|growth| **growth > 2.8).count();
        if grows >= 2 && times[4] > Duration::from_millis(20) || times[4] > Duration::from_secs(1) {
            wrong += &format!("{name}: {times:.2?}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// By hand: the largest that anyone would send.
#[test]
#[ignore = "minutes, and gigabytes of memory"]
fn what_is_larger_than_any_mail_is_answered() {
    let head = report(&group(0));
    let with = |field: String| head.replacen("\n\n", &format!("\n{field}\n\n"), 1);
    let mails: [(&str, String); 5] = [
        (
            "a header of 50 MB in a million fields",
            with("X-A: 0123456789012345678901234567890123456789012\n".repeat(1_000_000).trim_end().to_owned()),
        ),
        ("a field of 50 MB", with(format!("X-A: {}", "a".repeat(50_000_000)))),
        ("a line of 100 MB", notice(&format!("<jo0@example.com>: 550 5.1.1 no such user\n{}", "a".repeat(100_000_000)))),
        ("100,000 recipients", report(&(0..100_000).map(group).collect::<String>())),
        (
            "a returned message of 250 MB",
            report_before(&format!("Content-Type: message/rfc822\n\n{}", "Subject: x\n\nline\n".repeat(15_000_000))),
        ),
    ];
    for (name, raw) in mails {
        let start = Instant::now();
        let answer = classify(&raw);
        println!("{name:40} {:>6} MB {:>8.2?}  cut: {}", raw.len() / 1_000_000, start.elapsed(), answer.report.cut);
        assert_first_recipient(&answer);
    }
}
