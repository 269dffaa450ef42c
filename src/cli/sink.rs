//! Where output goes: standard output with colours where it is a terminal, or a file that is put in place when it is whole.
//!
//! A file is written beside its place under a hidden name and renamed at the end, so that nobody ever sees half of it.
//! What ends the process in between, a signal included, takes the unfinished file away.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anstream::AutoStream;
use anyhow::Context;

use super::{Common, When};

/// The files that are being written.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    // A list of names is whole at any time.
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes away what is unfinished. Whoever is about to rename waits for ever, because the process is ending.
pub(super) fn abandon() {
    let mut files = unfinished();
    for file in files.drain(..) {
        // What can't be removed stays under its own name.
        let _ = std::fs::remove_file(file);
    }
    std::mem::forget(files);
}

/// An output that is finished by [`Sink::finish`]; dropped before that, a file is left as it was.
pub(super) struct Sink {
    writer: BufWriter<Box<dyn Write>>,
    target: Option<Target>,
    /// For messages.
    name: String,
}

impl Sink {
    /// Opens what the options name. `styled` output has its colours taken out where nobody would see them.
    pub(super) fn open(common: &Common, styled: bool) -> anyhow::Result<Self> {
        let (raw, target, name): (Box<dyn Write>, _, _) = match &common.output {
            None => (Box::new(io::stdout()), None, "standard output".to_owned()),
            Some(path) => {
                let name = format!("`{}`", super::shown(path));
                let (file, target) = Target::open(path).with_context(|| format!("can't write {name}"))?;
                (Box::new(file), target, name)
            }
        };
        let coloured = match common.color {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                common.output.is_none()
                    && io::stdout().is_terminal()
                    && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
            }
        };
        let raw: Box<dyn Write> = if styled && !coloured { Box::new(AutoStream::never(raw)) } else { raw };
        Ok(Self { writer: BufWriter::with_capacity(64 << 10, raw), target, name })
    }

    /// Flushes, and puts a file in its place.
    ///
    /// # Errors
    /// What could not be written, or put in place.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.flush()?;
        match self.target.take() {
            Some(target) => target.put_in_place().with_context(|| format!("can't write {}", self.name)),
            None => Ok(()),
        }
    }

    fn told(&self, error: io::Error) -> io::Error {
        // The kind is kept: a closed pipe is no error.
        let text = error.to_string();
        let text = text.split(" (os error").next().unwrap_or_default();
        io::Error::new(error.kind(), format!("can't write {}: {text}", self.name))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes).map_err(|error| self.told(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush().map_err(|error| self.told(error))
    }
}

/// Writes a whole file at once, in the same way.
///
/// # Errors
/// What could not be written, or put in place.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (mut file, target) = Target::open(path)?;
    file.write_all(bytes)?;
    target.map_or(Ok(()), Target::put_in_place)
}

/// A file that is being written beside the one that it will replace.
struct Target {
    beside: PathBuf,
    path: PathBuf,
}

impl Target {
    /// The file to write to, and where it belongs; a device or a pipe is written as it stands.
    fn open(path: &Path) -> io::Result<(File, Option<Self>)> {
        // Through a symbolic link to the file itself; what does not exist yet has no other name.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let old = std::fs::metadata(&path).ok();
        if let Some(old) = &old
            && !old.is_file()
        {
            return Ok((File::options().write(true).open(&path)?, None));
        }
        end_cleanly_on_signals();
        let target = Self { beside: beside(&path), path };
        let mut files = unfinished();
        let file = File::create(&target.beside)?;
        files.push(target.beside.clone());
        drop(files);
        if let Some(old) = old {
            file.set_permissions(old.permissions())?;
        }
        Ok((file, Some(target)))
    }

    fn put_in_place(self) -> io::Result<()> {
        let mut files = unfinished();
        std::fs::rename(&self.beside, &self.path)?;
        files.retain(|file| *file != self.beside);
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let mut files = unfinished();
        if let Some(at) = files.iter().position(|file| *file == self.beside) {
            files.swap_remove(at);
            let _ = std::fs::remove_file(&self.beside);
        }
    }
}

/// A hidden name in the same folder, so that renaming can't cross file systems and no walk takes it for a mail.
fn beside(path: &Path) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}-{}.part", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    path.with_file_name(name)
}

/// From now on Ctrl-C and its kin take unfinished files away before they end the process as they always do.
#[cfg(unix)]
fn end_cleanly_on_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // Where that can't be had, a signal leaves a hidden file behind; the output is never half.
        let heeded = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| !is_ignored(signal));
        let Ok(mut signals) = Signals::new(heeded) else { return };
        let _ = std::thread::Builder::new().spawn(move || {
            if let Some(signal) = signals.forever().next() {
                abandon();
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        });
    });
}

/// Whether a signal is ignored, as `nohup` and `&` in scripts arrange it: then it stays ignored.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(not(unix))]
fn end_cleanly_on_signals() {}
