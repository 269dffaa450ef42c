//! Any text as a bare reply.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use whybounce::rules::Table;
use whybounce_fuzz::a_reply_keeps_every_promise;

static TABLE: LazyLock<Table> = LazyLock::new(Table::built_in);

fuzz_target!(|text: &[u8]| a_reply_keeps_every_promise(&TABLE, &String::from_utf8_lossy(text)));
