//! A list of paths, one a line or each ended by NUL, read as it goes: `find … | whybounce --files-from -` starts at once.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::{Unreadable, name, reason};

/// No path is longer on any system.
const PATH_BYTES: u64 = 64 << 10;

/// The paths that are still to be read.
pub(super) struct List {
    source: String,
    reader: Option<Box<dyn BufRead + Send>>,
    end: u8,
}

impl List {
    pub(super) fn open(path: &Path, nul: bool) -> Result<Self, Unreadable> {
        let reader: Box<dyn BufRead + Send> = if path == Path::new("-") {
            Box::new(BufReader::new(io::stdin()))
        } else {
            let file = File::open(path).map_err(|error| Unreadable { source: name(path), reason: reason(&error) })?;
            Box::new(BufReader::new(file))
        };
        Ok(Self { source: name(path), reader: Some(reader), end: if nul { 0 } else { b'\n' } })
    }

    /// The next path; empty lines are passed over.
    pub(super) fn next(&mut self) -> Option<Result<PathBuf, Unreadable>> {
        loop {
            let mut path = Vec::new();
            match self.reader.as_mut()?.take(PATH_BYTES).read_until(self.end, &mut path) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => {
                    self.reader = None;
                    return Some(Err(Unreadable { source: self.source.clone(), reason: reason(&error) }));
                }
            }
            if path.last() == Some(&self.end) {
                path.pop();
            }
            if self.end == b'\n' && path.last() == Some(&b'\r') {
                path.pop();
            }
            if !path.is_empty() {
                return Some(Ok(to_path(path)));
            }
        }
    }
}

#[cfg(unix)]
fn to_path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn to_path(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}
