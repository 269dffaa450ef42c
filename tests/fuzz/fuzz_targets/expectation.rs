//! Any text as an expectation file, before answers of every shape.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use whybounce::answer::Classifier;
use whybounce::rules::Table;
use whybounce_fuzz::{ANSWERED, an_expectation_is_taken_or_refused};

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| Classifier::new(Table::built_in()));

fuzz_target!(|text: &str| {
    for raw in ANSWERED {
        an_expectation_is_taken_or_refused(&CLASSIFIER.classify("x.eml", raw.as_bytes()), text);
    }
});
