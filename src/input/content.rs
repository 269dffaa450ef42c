//! A stream of bytes → the mails in it: one, or those of an mbox or an archive, once or more often packed.
//!
//! What bytes are is read off the first of them, not off a name; only archives older than POSIX have no mark.

use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use super::archive::Archive;
use super::mbox::Mbox;
use super::zstandard::Frames;
use super::{RawMail, Unreadable, reason, walk};
use crate::limits::UNPACKED;

/// Mails as they are read.
pub(super) type Mailbox = Box<dyn Iterator<Item = Result<RawMail, Unreadable>> + Send>;

/// How many bytes are looked at to see what a stream is.
pub(super) const HEAD: usize = 64 << 10;

pub(super) const NO_MAIL: &str = "no mail: binary data without a header";

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
        let unpacked: Box<dyn Read + Send> = match packing {
            Packing::Tar => {
                self.file = None;
                return Box::new(Archive::new(self, Box::new(all)));
            }
            Packing::Gzip => Box::new(flate2::read::MultiGzDecoder::new(all)),
            Packing::Zstandard => Box::new(Frames::new(Box::new(all))),
        };
        self.read(HEAD, unpacked)
    }

    /// The mails that `input` holds; `size` is how much of it has to be seen first.
    pub(super) fn read(self, size: usize, mut input: Box<dyn Read + Send>) -> Mailbox {
        let mut head = vec![0; size.min(HEAD)];
        let mut filled = 0;
        while filled < head.len() {
            match input.read(&mut head[filled..]) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What came before the fault is still read.
                Err(error) => {
                    input = Box::new(Fault(Some(error)));
                    break;
                }
            }
        }
        head.truncate(filled);
        self.mails(head, input)
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
            _ if head.len() >= 512 && (&head[257..262] == b"ustar" || path.as_os_str().as_encoded_bytes().ends_with(b".tar")) => {
                Some(Self::Tar)
            }
            _ => None,
        }
    }
}

/// Whether bytes of this file have to be unpacked.
pub(super) fn is_packed(head: &[u8], path: &Path) -> bool {
    Packing::of(head, path).is_some()
}

/// Most control characters in a hundred bytes of a mail, however damaged; a program or a picture has more.
const CONTROLS_IN_100: usize = 10;

/// Whether bytes could be a mail: nearly all text, or something that begins with a header field.
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
    let begins_field =
        line.len() > name.len() && !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    let controls = head.iter().filter(|byte| matches!(byte, 0..=8 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F)).count();
    begins_field || controls * 100 <= head.len() * CONTROLS_IN_100
}

/// Whether a file of an archive is passed over, as it would be in a folder.
pub(super) fn is_passed_over(path: &Path) -> bool {
    walk::is_companion(path)
        || path.components().any(|part| {
            let part = part.as_os_str().as_encoded_bytes();
            part.starts_with(b".") && part != b"." && part != b".."
        })
}

/// An input that failed: says so when it is asked.
struct Fault(Option<io::Error>);

impl Read for Fault {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
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
