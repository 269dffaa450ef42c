//! Many mails on all cores, results in the order of the input, with a bound on what is in flight.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use whybounce::input::{Mails, RawMail, Unreadable};

use super::{Common, When, complain};

/// What a worker is given: a run of neighbours in the input.
pub(super) type Chunk = Vec<Result<RawMail, Unreadable>>;

/// A chunk ends at this many mails or bytes, whichever comes first.
const MAILS: usize = 64;
const BYTES: usize = 1 << 20;
/// Chunks in flight for each worker: one worked on, one waiting to be written.
const IN_FLIGHT: usize = 2;

/// Works through all mails: `work` on any core, `write` in the order of the input on this one.
pub(super) fn run<R: Send>(
    mails: Mails,
    jobs: usize,
    work: impl Fn(Chunk) -> R + Sync,
    mut write: impl FnMut(R) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mails = Mutex::new((mails, 0_usize));
    if jobs == 1 || mails.lock().is_ok_and(|locked| locked.0.is_single()) {
        while let Some((_, chunk)) = take(&mails) {
            write(work(chunk))?;
        }
        return Ok(());
    }
    let (permit, permits) = channel::<()>();
    for _ in 0..jobs * IN_FLIGHT {
        // Both ends are held here, so that sending can't fail.
        let _ = permit.send(());
    }
    let permits = Mutex::new(permits);
    std::thread::scope(|scope| {
        let (done, results) = sync_channel::<(usize, R)>(jobs * IN_FLIGHT);
        for _ in 0..jobs {
            let done = done.clone();
            scope.spawn(|| worker(&mails, &permits, done, &work));
        }
        drop(done);
        let mut early = BTreeMap::new();
        let mut next = 0;
        let mut outcome = Ok(());
        for (place, result) in results {
            early.insert(place, result);
            while let Some(result) = early.remove(&next) {
                next += 1;
                outcome = outcome.and_then(|()| write(result));
                if outcome.is_err() {
                    break;
                }
                let _ = permit.send(());
            }
            if outcome.is_err() {
                break; // the workers end when nobody takes their results or gives permits
            }
        }
        drop(permit);
        outcome
    })
}

fn worker<R>(
    mails: &Mutex<(Mails, usize)>,
    permits: &Mutex<Receiver<()>>,
    done: SyncSender<(usize, R)>,
    work: &impl Fn(Chunk) -> R,
) {
    loop {
        // A poisoned lock means that another worker panicked: its panic is what the user will see.
        let permitted = permits.lock().is_ok_and(|permits| permits.recv().is_ok());
        if !permitted {
            return;
        }
        let Some((place, chunk)) = take(mails) else { return };
        if done.send((place, work(chunk))).is_err() {
            return;
        }
    }
}

/// The next chunk and its place.
fn take(mails: &Mutex<(Mails, usize)>) -> Option<(usize, Chunk)> {
    let mut locked = mails.lock().ok()?;
    let (mails, place) = &mut *locked;
    let mut chunk = Vec::new();
    let mut bytes = 0;
    while chunk.len() < MAILS && bytes < BYTES {
        let Some(mail) = mails.next() else { break };
        bytes += mail.as_ref().map_or(0, |mail| mail.bytes.len());
        chunk.push(mail);
    }
    if chunk.is_empty() {
        return None;
    }
    *place += 1;
    Some((*place - 1, chunk))
}

/// Mails done and rate on standard error, when it takes longer than a second.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    started: Instant,
    shown: bool,
}

impl Progress {
    pub(super) fn new(common: &Common) -> Self {
        let wanted = match common.progress {
            When::Always => true,
            When::Never => false,
            When::Auto => !common.quiet && stderr().is_terminal(),
        };
        let bar = wanted.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
            // The template is a constant of ours; where it were wrong, the plain bar would do.
            if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} mails  {per_sec}  {elapsed}  {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, started: Instant::now(), shown: common.progress == When::Always }
    }

    /// Counts mails, and what of them is worth a word.
    pub(super) fn add(&mut self, mails: u64, message: impl FnOnce() -> String) {
        let Some(bar) = &self.bar else { return };
        if !self.shown && self.started.elapsed() > Duration::from_secs(1) {
            self.shown = true;
        }
        if self.shown && bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(4));
        }
        bar.set_message(message());
        bar.inc(mails);
    }

    /// Writes a complaint without tearing the bar.
    pub(super) fn complain(&self, message: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| complain(message)),
            None => complain(message),
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
