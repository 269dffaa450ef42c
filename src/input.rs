//! Paths, folders, mboxes, archives, lists and standard input → raw mails with their source, in order.
//!
//! In: what the user named. Out: entries, cheap to list, that any thread may open; an opened one is a mail, or a stream of
//! them, or what could not be read and why. Nothing is read whole but single mails, each up to a bound.
//! This module knows nothing of mail beyond where one ends and the next begins.

mod archive;
mod content;
mod list;
mod mbox;
mod open;
mod walk;
mod zstandard;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::vec;

pub use open::{Buffer, Entry, MailView, Opened, Stream};

/// One mail as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMail {
    /// The path as given or found, `-` for standard input, `path#3` for the third mail of an mbox, `path#inner` for a
    /// file of an archive.
    pub source: String,
    /// The file that holds this mail and nothing else.
    pub file: Option<PathBuf>,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// There were more bytes than are kept, or than could be read.
    pub cut: bool,
}

impl RawMail {
    /// The mail, borrowed.
    pub fn view(&self) -> MailView<'_> {
        MailView { source: (&*self.source).into(), file: self.file.as_deref(), bytes: &self.bytes, cut: self.cut }
    }
}

/// What could not be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// What the user named, in its order; folders sorted by path.
pub struct Mails {
    /// What is still to be opened, the next one last.
    waiting: Vec<Place>,
    /// Entries given so far, and those that are known to come.
    given: usize,
    known: usize,
    /// For [`Iterator`]: the stream that was opened last.
    stream: Option<Stream>,
    buffer: Buffer,
}

enum Place {
    /// Named by the user.
    Named(PathBuf),
    /// A file that names what to read.
    List(list::List),
    /// What is left of a folder.
    Folder(vec::IntoIter<walk::Found>),
    /// An entry that needs no more looking at.
    Entry(Entry),
}

impl Mails {
    /// The mails of these paths; `-`, or no path at all, is standard input.
    pub fn of(paths: &[PathBuf]) -> Self {
        let mut mails = Self::named(paths);
        if paths.is_empty() {
            mails.waiting.push(Place::Entry(Entry::StandardInput));
            mails.known = 1;
        }
        mails
    }

    /// The mails of these paths, then of the paths that `list` names (`-`: standard input names them): one a line, or with
    /// `nul` each ended by a NUL.
    ///
    /// # Errors
    /// The list can't be opened.
    pub fn of_list(paths: &[PathBuf], list: &Path, nul: bool) -> Result<Self, Unreadable> {
        let mut mails = Self::named(paths);
        mails.waiting.insert(0, Place::List(list::List::open(list, nul)?));
        Ok(mails)
    }

    fn named(paths: &[PathBuf]) -> Self {
        let place = |path: &PathBuf| {
            if path == Path::new("-") { Place::Entry(Entry::StandardInput) } else { Place::Named(path.clone()) }
        };
        let waiting: Vec<Place> = paths.iter().rev().map(place).collect();
        Self { known: waiting.len(), waiting, given: 0, stream: None, buffer: Buffer::default() }
    }

    /// Whether just one mail is to be expected: one file or standard input, which may still turn out to be an mbox.
    pub fn is_single(&self) -> bool {
        match self.waiting.as_slice() {
            [Place::Named(path)] => !path.is_dir(),
            [Place::Entry(Entry::StandardInput)] => true,
            _ => false,
        }
    }

    /// The next entry, not yet opened.
    pub fn next_entry(&mut self) -> Option<Entry> {
        loop {
            let entry = match self.waiting.pop()? {
                Place::Entry(entry) => entry,
                Place::Folder(mut found) => {
                    let Some(next) = found.next() else { continue };
                    if !found.as_slice().is_empty() {
                        self.waiting.push(Place::Folder(found));
                    }
                    next.into()
                }
                Place::List(mut list) => match list.next() {
                    None => continue,
                    Some(named) => {
                        self.waiting.push(Place::List(list));
                        match named {
                            Ok(path) => self.waiting.push(Place::Named(path)),
                            Err(unreadable) => self.waiting.push(Place::Entry(Entry::Lost(unreadable))),
                        }
                        self.known += 1;
                        continue;
                    }
                },
                Place::Named(path) if path.is_dir() => {
                    let found = walk::walk(&path);
                    if found.is_empty() {
                        Entry::Lost(Unreadable { source: name(&path), reason: "no mails in this folder".to_owned() })
                    } else {
                        self.known += found.len() - 1;
                        self.waiting.push(Place::Folder(found.into_iter()));
                        continue;
                    }
                }
                Place::Named(path) => Entry::File { path, named: true },
            };
            self.given += 1;
            return Some(entry);
        }
    }

    /// Whether nothing is left to give.
    pub fn is_exhausted(&self) -> bool {
        self.waiting.is_empty() && self.stream.is_none()
    }

    /// How many entries were given, and of how many, where that is known yet.
    pub fn share(&self) -> Option<(usize, usize)> {
        // Names from a list or in a folder that was not walked are still to be counted.
        let open_ended = self.known.saturating_sub(self.given) <= 64
            && self.waiting.iter().any(|place| match place {
                Place::List(_) => true,
                Place::Named(path) => path.is_dir(),
                Place::Folder(_) | Place::Entry(_) => false,
            });
        (!open_ended && self.waiting.first().is_none_or(|place| !matches!(place, Place::List(_))))
            .then_some((self.given, self.known))
    }
}

impl Iterator for Mails {
    type Item = Result<RawMail, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(stream) = &mut self.stream {
                match stream.next() {
                    Some(mail) => return Some(mail),
                    None => self.stream = None,
                }
            }
            let entry = self.next_entry()?;
            match entry.open(&mut self.buffer) {
                Opened::Mail(mail) => return Some(Ok(mail.to_owned())),
                Opened::Many(stream) => self.stream = Some(stream),
                Opened::Lost(unreadable) => return Some(Err(unreadable)),
                Opened::Nothing => {}
            }
        }
    }
}

/// The name of a path in output.
fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Why something can't be read, without the number that Rust adds and with a small letter in front.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        // An abbreviation such as `I/O` keeps its capitals.
        Some(first) if letters.clone().next().is_some_and(|second| second.is_lowercase() || second == ' ') => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
