//! An entry → the mail that it is, or a stream of the mails that it holds.
//!
//! A small file is read into a buffer that is used again, since nearly all files are small mails; anything else becomes a
//! stream.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::content::{Content, HEAD, Mailbox, NO_MAIL, is_mail, is_packed, read_full};
use super::mbox::{self, Mbox};
use super::{RawMail, Unreadable, name, reason};

/// What was named or found, not yet opened.
#[derive(Debug)]
pub enum Entry {
    /// Standard input.
    StandardInput,
    /// A file; `named` by the user, or found in a folder, where what is no mail is passed over.
    File {
        /// Where it is.
        path: PathBuf,
        /// Whether the user named it.
        named: bool,
    },
    /// A mail that a stream gave.
    Mail(RawMail),
    /// What could not be listed or read.
    Lost(Unreadable),
}

/// What an entry turned out to be.
pub enum Opened<'a> {
    /// One mail, in the buffer.
    Mail(MailView<'a>),
    /// A stream of mails, or of one large mail.
    Many(Stream),
    /// No mail, and nobody said that it was one.
    Nothing,
    /// It can't be read.
    Lost(Unreadable),
}

/// A mail, borrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailView<'a> {
    /// As in [`RawMail`].
    pub source: Cow<'a, str>,
    /// The file that holds this mail and nothing else.
    pub file: Option<&'a Path>,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// There were more bytes than are kept, or than could be read.
    pub cut: bool,
}

impl MailView<'_> {
    /// The mail with its own bytes.
    pub fn to_owned(&self) -> RawMail {
        RawMail {
            source: self.source.clone().into_owned(),
            file: self.file.map(Path::to_owned),
            bytes: self.bytes.to_owned(),
            cut: self.cut,
        }
    }
}

/// Files up to this size are read at once.
const SMALL: usize = 256 << 10;

/// Where small files are read to, one after the other.
#[derive(Default)]
pub struct Buffer(Box<[u8]>);

impl Buffer {
    /// Reads until the end or until the buffer is full; says how much was read.
    fn fill(&mut self, file: &mut impl Read) -> io::Result<usize> {
        if self.0.is_empty() {
            self.0 = vec![0; SMALL].into_boxed_slice();
        }
        read_full(file, &mut self.0)
    }
}

impl Entry {
    /// Opens it.
    pub fn open<'a>(&'a self, buffer: &'a mut Buffer) -> Opened<'a> {
        match self {
            Entry::Mail(mail) => Opened::Mail(mail.view()),
            Entry::Lost(unreadable) => Opened::Lost(unreadable.clone()),
            Entry::StandardInput => {
                let content = Content { source: "-".to_owned(), file: None, named: true, unpacked: 0 };
                let mails = content.read(HEAD, Box::new(io::stdin()));
                Opened::Many(Stream { mails, in_memory: false, size: 0, read: Arc::default() })
            }
            Entry::File { path, named } => open_file(path, *named, buffer),
        }
    }
}

fn open_file<'a>(path: &'a Path, named: bool, buffer: &'a mut Buffer) -> Opened<'a> {
    let lost = |error: io::Error| Opened::Lost(Unreadable { source: name(path), reason: reason(&error) });
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return lost(error),
    };
    let filled = match buffer.fill(&mut file) {
        Ok(filled) => filled,
        Err(error) => return lost(error),
    };
    let whole = filled < SMALL;
    let bytes = &buffer.0[..filled];
    if whole && !mbox::begins(bytes) && !is_packed(bytes, path) {
        return if is_mail(bytes) {
            Opened::Mail(MailView { source: path.to_string_lossy(), file: Some(path), bytes, cut: false })
        } else if named {
            Opened::Lost(Unreadable { source: name(path), reason: NO_MAIL.to_owned() })
        } else {
            Opened::Nothing
        };
    }
    let content = Content { source: name(path), file: Some(path.to_owned()), named, unpacked: 0 };
    if whole && mbox::begins(bytes) {
        let mbox = Mbox::whole(content, bytes.to_vec());
        return Opened::Many(Stream { mails: Box::new(mbox), in_memory: true, size: 0, read: Arc::default() });
    }
    // The size of what is no regular file is not known.
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let read = Arc::new(AtomicU64::new(filled as u64));
    let rest = Counted { file, read: Arc::clone(&read) };
    Opened::Many(Stream { mails: content.mails(bytes.to_vec(), Box::new(rest)), in_memory: false, size, read })
}

/// The mails of one file, read as they are asked for.
pub struct Stream {
    mails: Mailbox,
    in_memory: bool,
    size: u64,
    read: Arc<AtomicU64>,
}

impl Stream {
    /// Whether all of it is in memory already, so that it is done best where it was opened.
    pub fn is_in_memory(&self) -> bool {
        self.in_memory
    }

    /// The part of the file that was read, from 0 to 1; where its size is not known, 0.
    pub fn share(&self) -> f64 {
        let read = self.read.load(Ordering::Relaxed);
        if self.size == 0 { 0.0 } else { (read as f64 / self.size as f64).min(1.0) }
    }
}

impl Iterator for Stream {
    type Item = Result<RawMail, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        self.mails.next()
    }
}

/// A file that counts what is read of it.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
