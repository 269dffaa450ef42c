//! A tar archive → the mails in it, in its own order, streamed. Names are only shown: nothing is ever unpacked to disk.

use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tar::{EntryType, Header, PaxExtensions};

use super::content::{Content, Mailbox, is_passed_over, read_full};
use super::{RawMail, Unreadable};
use crate::limits::TAR_EXTENSION_BYTES;

const BLOCK: usize = 512;

pub(super) struct Archive {
    content: Content,
    bytes: Arc<Mutex<Bytes>>,
    entry: Option<Mailbox>,
    found: bool,
    done: bool,
}

/// The archive's bytes, shared with the entry that is being read.
struct Bytes {
    input: Box<dyn Read + Send>,
    /// What the entry has left, and what fills its last block.
    left: u64,
    padding: u64,
    /// Reading an entry failed, which was told with the entry: nothing comes after it.
    failed: bool,
}

/// An entry's bytes.
struct EntryBytes(Arc<Mutex<Bytes>>);

impl Read for EntryBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut bytes = lock(&self.0);
        let most = usize::try_from(bytes.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = match bytes.input.read(&mut buffer[..most]) {
            Ok(0) => Err(damaged("it ends in the middle of a file")),
            read => read,
        };
        match &read {
            Ok(read) => bytes.left -= *read as u64,
            Err(error) => bytes.failed = error.kind() != io::ErrorKind::Interrupted,
        }
        read
    }
}

fn lock(bytes: &Mutex<Bytes>) -> MutexGuard<'_, Bytes> {
    // Reading leaves no half-made state behind.
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}

fn damaged(why: &str) -> io::Error {
    io::Error::other(format!("damaged archive: {why}"))
}

impl Bytes {
    /// Begins an entry's content.
    fn begin(&mut self, size: u64) -> io::Result<()> {
        // No file is that large; adding to the number must not wrap.
        if size > 1 << 60 {
            return Err(damaged("an impossible size"));
        }
        self.left = size;
        self.padding = size.next_multiple_of(BLOCK as u64) - size;
        Ok(())
    }

    /// Passes over what the entry has left.
    fn skip(&mut self) -> io::Result<()> {
        let rest = self.left + self.padding;
        (self.left, self.padding) = (0, 0);
        let skipped = io::copy(&mut (&mut self.input).take(rest), &mut io::sink())?;
        // Some writers leave the last block unfilled.
        if skipped + (BLOCK as u64) <= rest { Err(damaged("it ends in the middle of a file")) } else { Ok(()) }
    }

    /// The next header; none at the end, which may lack its two empty blocks.
    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut block = [0; BLOCK];
        let filled = read_full(&mut self.input, &mut block)?;
        if block.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        if filled < BLOCK {
            return Err(damaged("it ends in the middle of a header"));
        }
        let header = Header::from_byte_slice(&block);
        // The field of the checksum itself counts as blanks.
        let sum = |(at, &byte): (usize, &u8)| u32::from(if (148..156).contains(&at) { b' ' } else { byte });
        if header.cksum().ok() != Some(block.iter().enumerate().map(sum).sum()) {
            return Err(damaged("a header's checksum does not hold"));
        }
        self.begin(header.entry_size()?)?;
        Ok(Some(header.clone()))
    }

    /// The bytes of a long name or of an extended header.
    fn extension(&mut self) -> io::Result<Vec<u8>> {
        if self.left > TAR_EXTENSION_BYTES {
            return Err(damaged("a name that is too long"));
        }
        let mut bytes = vec![0; self.left as usize];
        let filled = read_full(&mut self.input, &mut bytes)?;
        bytes.truncate(filled);
        self.left -= filled as u64;
        self.skip()?;
        Ok(bytes)
    }
}

impl Archive {
    /// The archive that `input` begins with.
    pub(super) fn new(content: Content, input: Box<dyn Read + Send>) -> Self {
        let bytes = Arc::new(Mutex::new(Bytes { input, left: 0, padding: 0, failed: false }));
        Self { content, bytes, entry: None, found: false, done: false }
    }

    /// The mails of the next file that is not passed over; none at the end.
    fn next_file(&mut self) -> io::Result<Option<Mailbox>> {
        let mut bytes = lock(&self.bytes);
        let mut long_name = None;
        let mut long_size: Option<u64> = None;
        loop {
            if bytes.failed {
                return Ok(None);
            }
            bytes.skip()?;
            let Some(header) = bytes.header()? else { return Ok(None) };
            match header.entry_type() {
                EntryType::GNULongName => {
                    let mut name = bytes.extension()?;
                    name.truncate(name.iter().position(|&byte| byte == 0).unwrap_or(name.len()));
                    long_name = Some(name);
                }
                EntryType::XHeader => {
                    for field in PaxExtensions::new(&bytes.extension()?).filter_map(Result::ok) {
                        match field.key_bytes() {
                            b"path" => long_name = Some(field.value_bytes().to_vec()),
                            b"size" => long_size = field.value().ok().and_then(|value| value.parse().ok()),
                            _ => {}
                        }
                    }
                }
                // Said of the next entry, or of all of them: nothing that matters here.
                EntryType::GNULongLink | EntryType::XGlobalHeader => {}
                kind => {
                    let name = long_name.take().unwrap_or_else(|| header.path_bytes().into_owned());
                    if let Some(size) = long_size.take() {
                        bytes.begin(size)?;
                    }
                    let name = String::from_utf8_lossy(&name).into_owned();
                    if !matches!(kind, EntryType::Regular | EntryType::Continuous) || is_passed_over(Path::new(&name)) {
                        continue;
                    }
                    let size = usize::try_from(bytes.left).unwrap_or(usize::MAX);
                    drop(bytes);
                    let file = EntryBytes(Arc::clone(&self.bytes));
                    let source = format!("{}#{name}", self.content.source);
                    let content = Content { source, file: None, named: false, unpacked: self.content.unpacked };
                    return Ok(Some(content.read(size, Box::new(file))));
                }
            }
        }
    }
}

impl Iterator for Archive {
    type Item = Result<RawMail, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(mail) = self.entry.as_mut().and_then(Iterator::next) {
                self.found = true;
                return Some(mail);
            }
            self.entry = None;
            if self.done {
                return None;
            }
            match self.next_file() {
                Ok(Some(mails)) => self.entry = Some(mails),
                Ok(None) => {
                    self.done = true;
                    if !self.found && self.content.named {
                        return Some(Err(self.content.lost(&io::Error::other("no mails in this archive"))));
                    }
                }
                Err(error) => {
                    self.done = true;
                    return Some(Err(self.content.lost(&error)));
                }
            }
        }
    }
}
