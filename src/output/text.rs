//! Text for people: for one mail the answer first, then its evidence, then the advice; for many a line a recipient and counts.

use std::io::{self, Write};

pub fn placeholder() -> io::Result<()> {
    let _ = io::sink().write(b"");
    Ok(())
}
