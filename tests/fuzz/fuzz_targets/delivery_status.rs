//! Any bytes as the fields of a delivery report.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use whybounce::answer::Classifier;
use whybounce::rules::Table;
use whybounce_fuzz::a_mail_keeps_every_promise;

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| Classifier::new(Table::built_in()));

const BEFORE: &[u8] = b"From: MAILER-DAEMON@mx.example.net\nTo: news@example.org\nSubject: Undelivered mail\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n--b\n\nNot delivered, see below.\n--b\nContent-Type: message/delivery-status\n\n";

fuzz_target!(|fields: &[u8]| {
    let raw = [BEFORE, fields, b"\n--b--\n"].concat();
    a_mail_keeps_every_promise(&CLASSIFIER, &raw);
});
