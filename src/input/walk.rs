//! A folder → its files, sorted by path, and what in it could not be listed.
//!
//! Hidden files and companions of mails are left out; of a Maildir, everything but `cur`, `new` and further folders.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{Entry, Unreadable, name, reason};

/// What is in a folder: small, since there may be many of them.
#[derive(Debug)]
pub(super) enum Found {
    File(PathBuf),
    Lost(Box<Unreadable>),
}

impl From<Found> for Entry {
    fn from(found: Found) -> Self {
        match found {
            Found::File(path) => Entry::File { path, named: false },
            Found::Lost(unreadable) => Entry::Lost(*unreadable),
        }
    }
}

/// The files of a folder, those of the folders in it included.
pub(super) fn walk(folder: &Path) -> Vec<Found> {
    // Neighbours share their folder: whether it is a Maildir is asked once.
    let mut asked: (Vec<u8>, bool) = Default::default();
    let mut in_maildir = move |path: &Path, name: &OsStr| {
        // The path without its last part; `Path::parent` would take every path apart for it.
        let path_bytes = path.as_os_str().as_encoded_bytes();
        let folder = &path_bytes[..path_bytes.len() - name.len()];
        if asked.0 != folder {
            let is_maildir = |parent: &Path| parent.join("cur").is_dir() && parent.join("new").is_dir();
            asked = (folder.to_owned(), path.parent().is_some_and(is_maildir));
        }
        asked.1
    };
    walkdir::WalkDir::new(folder)
        .follow_links(true)
        // Within a folder, which comes to the same as by name and takes no path apart.
        .sort_by(|a, b| a.path().as_os_str().cmp(b.path().as_os_str()))
        .into_iter()
        .filter_entry(move |entry| {
            if entry.depth() == 0 {
                return true;
            }
            // `tmp` holds mails that are still being written; files beside `cur` and `new` are the server's own.
            let name = entry.file_name();
            let is_servers_own = entry.file_type().is_file() || name == "tmp";
            let is_hidden = name.as_encoded_bytes().starts_with(b".");
            !(is_hidden || is_servers_own && in_maildir(entry.path(), name))
        })
        .filter_map(|entry| match entry {
            Ok(entry) if entry.file_type().is_file() => (!is_companion(entry.path())).then(|| Found::File(entry.into_path())),
            Ok(entry) if entry.file_type().is_dir() => None,
            Ok(entry) => Some(lost(entry.path(), what(entry.file_type()).to_owned())),
            Err(error) => Some(lost(
                error.path().unwrap_or(folder),
                match (error.loop_ancestor(), error.io_error()) {
                    (Some(ancestor), _) => format!("a symbolic link that leads back to `{}`", name(ancestor).escape_debug()),
                    (None, Some(error)) => reason(error),
                    (None, None) => "can't be read".to_owned(),
                },
            )),
        })
        .collect()
}

fn lost(path: &Path, reason: String) -> Found {
    Found::Lost(Box::new(Unreadable { source: name(path), reason }))
}

#[cfg(unix)]
fn what(file_type: std::fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if file_type.is_fifo() {
        "a named pipe"
    } else if file_type.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn what(_: std::fs::FileType) -> &'static str {
    "neither a file nor a folder"
}

/// A file that stands beside mails and is none.
pub(super) fn is_companion(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b".expect.toml")
}
