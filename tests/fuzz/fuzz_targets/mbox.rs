//! Any bytes as a file of mails.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use whybounce_fuzz::a_file_of_mails_is_read;

static PLACE: LazyLock<PathBuf> = LazyLock::new(|| std::env::temp_dir().join(format!("whybounce-fuzz-{}", std::process::id())));

fuzz_target!(|bytes: &[u8]| a_file_of_mails_is_read(&PLACE, bytes));
