//! Any bytes as a mail.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use whybounce::answer::Classifier;
use whybounce::rules::Table;
use whybounce_fuzz::a_mail_keeps_every_promise;

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| Classifier::new(Table::built_in()));

fuzz_target!(|raw: &[u8]| a_mail_keeps_every_promise(&CLASSIFIER, raw));
