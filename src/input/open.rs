//! An entry → the mail that it is, or a stream of the mails that it holds.
//!
//! What a file is, is read off its first bytes: an mbox, a compressed file, an archive, else one mail; never off its name.
//! A small file is read into a buffer that is used again; anything larger becomes a stream.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::archive::Archive;
use super::mbox::{self, Mbox};
use super::zstandard::Frames;
use super::{RawMail, Unreadable, name, reason, walk};
use crate::limits::UNPACKED;

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

/// Reads until the end or until `buffer` is full; says how much was read.
pub(super) fn read_full(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

impl Entry {
    /// Opens it.
    pub fn open<'a>(&'a self, buffer: &'a mut Buffer) -> Opened<'a> {
        match self {
            Entry::Mail(mail) => Opened::Mail(mail.view()),
            Entry::Lost(unreadable) => Opened::Lost(unreadable.clone()),
            Entry::StandardInput => {
                let content = Content { source: "-".to_owned(), file: None, named: true, unpacked: 0 };
                let mut input = io::stdin();
                let mut head = vec![0; HEAD];
                match read_full(&mut input, &mut head) {
                    Ok(filled) => {
                        head.truncate(filled);
                        let mails = content.mails(head, Box::new(input));
                        Opened::Many(Stream { mails, in_memory: false, size: 0, read: Arc::default() })
                    }
                    Err(error) => Opened::Lost(content.lost(&error)),
                }
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
    if whole && !mbox::begins(bytes) && Packing::of(bytes, path).is_none() {
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
        let mbox = Mbox::new(content, bytes.to_vec(), Box::new(io::empty()));
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

pub(super) type Mailbox = Box<dyn Iterator<Item = Result<RawMail, Unreadable>> + Send>;

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

/// How many bytes are looked at to see what a stream is.
pub(super) const HEAD: usize = 64 << 10;

const NO_MAIL: &str = "no mail: binary data without a header";

/// Where a stream of bytes comes from.
#[derive(Debug, Clone)]
pub(super) struct Content {
    /// Its name in output.
    pub(super) source: String,
    /// The file, where the bytes are a file's.
    pub(super) file: Option<PathBuf>,
    /// Whether the user named it.
    pub(super) named: bool,
    /// How often it was unpacked to get here.
    pub(super) unpacked: usize,
}

impl Content {
    /// The mails in bytes that begin with `head`, which is [`HEAD`] bytes or all.
    pub(super) fn mails(mut self, head: Vec<u8>, rest: Box<dyn Read + Send>) -> Mailbox {
        let Some(packing) = Packing::of(&head, Path::new(&self.source)) else {
            return Box::new(Mbox::new(self, head, rest));
        };
        if self.unpacked == UNPACKED {
            return self.only_fault("packed too often: unpack it first");
        }
        self.unpacked += 1;
        let all = Cursor::new(head).chain(rest);
        let mut unpacked: Box<dyn Read + Send> = match packing {
            Packing::Tar => {
                self.file = None;
                return Box::new(Archive::new(self, Box::new(all)));
            }
            Packing::Gzip => Box::new(flate2::read::MultiGzDecoder::new(all)),
            Packing::Zstandard => Box::new(Frames::new(Box::new(all))),
        };
        let mut head = vec![0; HEAD];
        match read_full(&mut unpacked, &mut head) {
            Ok(filled) => {
                head.truncate(filled);
                self.mails(head, unpacked)
            }
            Err(error) => {
                let fault = self.lost(&error);
                Box::new(std::iter::once(Err(fault)))
            }
        }
    }

    /// What is told of bytes that are no mail: nothing, where nobody said that they were.
    pub(super) fn no_mail(&self) -> Option<Unreadable> {
        self.named.then(|| Unreadable { source: self.source.clone(), reason: NO_MAIL.to_owned() })
    }

    pub(super) fn lost(&self, error: &io::Error) -> Unreadable {
        Unreadable { source: self.source.clone(), reason: reason(error) }
    }

    fn only_fault(self, reason: &str) -> Mailbox {
        Box::new(std::iter::once(Err(Unreadable { source: self.source, reason: reason.to_owned() })))
    }
}

/// What has to be undone before mails are seen.
enum Packing {
    Gzip,
    Zstandard,
    Tar,
}

impl Packing {
    fn of(head: &[u8], path: &Path) -> Option<Self> {
        // RFC 1952 section 2.3.1; RFC 8878 section 3.1.1 and, for a skippable frame, 3.1.2.
        match head {
            [0x1F, 0x8B, 8, ..] => Some(Self::Gzip),
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Some(Self::Zstandard),
            // Archives from before POSIX have no mark; their names say it.
            _ if head.len() >= 512 && (&head[257..262] == b"ustar" || path.extension().is_some_and(|end| end == "tar")) => {
                Some(Self::Tar)
            }
            _ => None,
        }
    }
}

/// Whether bytes could be a mail: text, or something that begins with a header field.
pub(super) fn is_mail(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(8 << 10)];
    const PICTURES_AND_DOCUMENTS: &[&[u8]] = &[b"\x89PNG", b"\xFF\xD8\xFF", b"GIF8", b"%PDF-", b"PK\x03\x04", b"RIFF"];
    if PICTURES_AND_DOCUMENTS.iter().any(|mark| head.starts_with(mark)) {
        return false;
    }
    if memchr::memchr(0, head).is_none() {
        return true;
    }
    let line = head.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
    line.len() > name.len() && !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// Whether a file of an archive is passed over, as it would be in a folder.
pub(super) fn is_passed_over(path: &Path) -> bool {
    walk::is_companion(path)
        || path.components().any(|part| {
            let part = part.as_os_str().as_encoded_bytes();
            part.starts_with(b".") && part != b"." && part != b".."
        })
}
