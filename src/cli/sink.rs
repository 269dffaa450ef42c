//! Where output goes: standard output with colours where it is a terminal, or a file that is put in place when it is whole.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anstream::AutoStream;
use anyhow::Context;

use super::{Common, When};

/// An output that is finished by [`Sink::finish`]; dropped before that, a file is left as it was.
pub(super) struct Sink {
    writer: BufWriter<Box<dyn Write>>,
    target: Option<Target>,
}

/// A file that is being written beside the one that it will replace.
struct Target {
    beside: PathBuf,
    path: PathBuf,
    whole: bool,
}

impl Sink {
    /// Opens what the options name. `styled` output has its colours taken out where nobody would see them.
    pub(super) fn open(common: &Common, styled: bool) -> anyhow::Result<Self> {
        let (raw, target): (Box<dyn Write>, _) = match &common.output {
            None => (Box::new(io::stdout()), None),
            Some(path) => {
                let beside = beside(path);
                let file = File::create(&beside).with_context(|| format!("can't write beside `{}`", path.display()))?;
                (Box::new(file), Some(Target { beside, path: path.clone(), whole: false }))
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
        Ok(Self { writer: BufWriter::with_capacity(64 << 10, raw), target })
    }

    /// Flushes, and puts a file in its place.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.writer.flush()?;
        if let Some(target) = &mut self.target {
            std::fs::rename(&target.beside, &target.path).with_context(|| format!("can't write `{}`", target.path.display()))?;
            target.whole = true;
        }
        Ok(())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if !self.whole {
            // What was begun is of no use; where it can't be removed, it stays under its own name.
            let _ = std::fs::remove_file(&self.beside);
        }
    }
}

/// A name in the same folder, so that renaming can't cross file systems.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}
