//! Paths, folders, mboxes and standard input → raw mails with their source, in order.
//!
//! In: what the user named. Out: one item a mail, or what could not be read and why. An mbox is streamed, never read whole.
//! This module knows nothing of mail beyond where one ends and the next begins.

mod mbox;

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::limits::MAIL_BYTES;
use mbox::Mbox;

/// One mail as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMail {
    /// The path as given or found, `-` for standard input, `path#3` for the third mail of an mbox.
    pub source: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What could not be read, and why.
#[derive(Debug)]
pub struct Unreadable {
    /// The path, or `-`.
    pub source: String,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.source.escape_debug(), self.reason)
    }
}

/// The mails of what the user named, in its order; folders sorted by path.
pub struct Mails {
    /// What is still to be opened, the next one last.
    waiting: Vec<Place>,
    open: Option<Mbox<Box<dyn BufRead + Send>>>,
}

#[derive(Debug)]
enum Place {
    StandardInput,
    /// Named by the user.
    Named(PathBuf),
    /// Found in a folder: what is no mail is passed over.
    Found(PathBuf),
    /// A folder entry that could not be listed.
    Lost(Unreadable),
}

impl Mails {
    /// The mails of these paths; `-`, or no path at all, is standard input.
    pub fn of(paths: &[PathBuf]) -> Self {
        let mut waiting: Vec<Place> = paths
            .iter()
            .map(|path| if path == Path::new("-") { Place::StandardInput } else { Place::Named(path.clone()) })
            .collect();
        if waiting.is_empty() {
            waiting.push(Place::StandardInput);
        }
        waiting.reverse();
        Self { waiting, open: None }
    }

    /// Whether just one mail is to be expected, so that starting threads would not pay.
    pub fn is_single(&self) -> bool {
        match self.waiting.as_slice() {
            [Place::Named(path)] => path.is_file(),
            [Place::StandardInput] => true,
            _ => false,
        }
    }

    /// Opens a place; its mails come from `open` then, or its only mail at once.
    fn enter(&mut self, place: Place) -> Option<Result<RawMail, Unreadable>> {
        match place {
            Place::Lost(unreadable) => Some(Err(unreadable)),
            Place::StandardInput => {
                self.open = Some(Mbox::new("-".to_owned(), Box::new(BufReader::new(io::stdin()))));
                None
            }
            Place::Named(path) if path.is_dir() => {
                let mut found = walk(&path);
                if found.is_empty() {
                    return Some(Err(Unreadable { source: name(&path), reason: "no mails in this folder".to_owned() }));
                }
                found.reverse();
                self.waiting.append(&mut found);
                None
            }
            Place::Named(path) => self.file(&path, true),
            Place::Found(path) => self.file(&path, false),
        }
    }

    fn file(&mut self, path: &Path, named: bool) -> Option<Result<RawMail, Unreadable>> {
        let fail = |reason: String| Some(Err(Unreadable { source: name(path), reason }));
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) => return fail(reason(&error)),
        };
        // Small files, as nearly all are, are read in one go.
        let mut bytes = Vec::with_capacity(16 << 10);
        if let Err(error) = (&mut file).take(READ_AHEAD).read_to_end(&mut bytes) {
            return fail(reason(&error));
        }
        if mbox::begins(&bytes) {
            let rest = io::Cursor::new(bytes).chain(file);
            self.open = Some(Mbox::new(name(path), Box::new(BufReader::with_capacity(64 << 10, rest))));
            return None;
        }
        if !is_mail(&bytes) {
            return if named { fail("no mail: binary data without a header".to_owned()) } else { None };
        }
        if bytes.len() as u64 == READ_AHEAD
            && let Err(error) = file.take(MAIL_BYTES as u64 - READ_AHEAD).read_to_end(&mut bytes)
        {
            return fail(reason(&error));
        }
        Some(Ok(RawMail { source: name(path), bytes }))
    }
}

const READ_AHEAD: u64 = 1 << 20;

impl Iterator for Mails {
    type Item = Result<RawMail, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(open) = &mut self.open {
                match open.next() {
                    Some(mail) => return Some(mail),
                    None => self.open = None,
                }
            }
            let place = self.waiting.pop()?;
            if let Some(item) = self.enter(place) {
                return Some(item);
            }
        }
    }
}

/// The files of a folder, sorted by path: hidden files, expectations and a Maildir's `tmp` are left out.
fn walk(folder: &Path) -> Vec<Place> {
    let is_maildir = |path: &Path| path.join("cur").is_dir() && path.join("new").is_dir();
    walkdir::WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            let file_name = entry.file_name().to_string_lossy();
            let hidden = entry.depth() > 0 && file_name.starts_with('.');
            let unfinished = file_name == "tmp" && entry.depth() > 0 && entry.path().parent().is_some_and(is_maildir);
            !hidden && !unfinished
        })
        .filter_map(|entry| match entry {
            Ok(entry) if entry.file_type().is_file() => (!is_companion(entry.path())).then(|| Place::Found(entry.into_path())),
            Ok(entry) if entry.file_type().is_dir() => None,
            Ok(entry) => {
                Some(Place::Lost(Unreadable { source: name(entry.path()), reason: "neither a file nor a folder".to_owned() }))
            }
            Err(error) => {
                let path = error.path().map(name).unwrap_or_default();
                let why = if error.loop_ancestor().is_some() {
                    "a symbolic link that leads back".to_owned()
                } else {
                    error.io_error().map_or_else(|| "can't be read".to_owned(), reason)
                };
                Some(Place::Lost(Unreadable { source: path, reason: why }))
            }
        })
        .collect()
}

/// A file that stands beside mails and is none.
fn is_companion(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.ends_with(".expect.toml"))
}

/// The name of a path in output.
fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Why a file can't be read, without the number that Rust adds.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    text[..1].to_lowercase() + &text[1..]
}

/// Whether bytes could be a mail: text, or something that begins with a header field.
fn is_mail(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(8 << 10)];
    if !head.contains(&0) {
        return true;
    }
    let line = head.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
    line.len() > name.len() && !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}
