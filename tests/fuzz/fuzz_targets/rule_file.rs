//! Any text as a rule file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use whybounce_fuzz::a_rule_file_is_taken_or_refused;

fuzz_target!(|text: &str| a_rule_file_is_taken_or_refused(text));
