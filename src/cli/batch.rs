//! Many mails on all cores, results in the order of the input, with a bound on what is in flight.
//!
//! Entries are dealt out in chunks; whoever gets one opens and reads its files. A file that turns out to be an mbox or an
//! archive goes back: its mails are dealt out as parts of the chunk that it was found in, before anything that comes later.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec;

use whybounce::input::{Buffer, Entry, MailView, Mails, Opened, Stream, Unreadable};

/// A chunk has at most so many mails or, where they come from a stream, bytes, whichever comes first: each chunk wakes the
/// thread that writes.
const MAILS: usize = 256;
const BYTES: usize = 1 << 20;
/// It is such a part of what is left, so that no thread works for long when the others have nothing left to do.
const PART: usize = 16;
/// It has so many mails where nobody knows how many are left.
const USUAL: usize = 64;
/// It has no fewer; and the first one, which is done before there are threads, has so many.
const FEWEST: usize = 16;
/// Chunks in flight for each worker: one worked on, one waiting to be written.
const IN_FLIGHT: usize = 2;
/// A chunk of so many bytes is worked on while nobody else reads, so that large mails don't pile up in memory.
const HEAVY: usize = 4 << 20;

/// How many of how many entries are done, where that is known.
pub(super) type Share = Option<(f64, usize)>;

/// Works through all mails: `each` mail on any core, `write` what came of them in the order of the input on this one.
///
/// Where `write` fails, the process ends: a reader may be waiting for input that never comes.
pub(super) fn run<R: Default + Send>(
    mails: Mails,
    jobs: usize,
    each: impl Fn(&mut R, Result<MailView<'_>, Unreadable>) + Sync,
    mut write: impl FnMut(R, Share) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let input = Mutex::new(Input { mails, pending: BTreeMap::new(), next: 0 });
    let mut buffer = Buffer::default();
    // The first chunk is done here: most runs are one mail, and threads would not pay.
    loop {
        let Some(task) = lock(&input).take() else { return Ok(()) };
        let (done, rest) = task.work(&mut buffer, &each);
        let mut locked = lock(&input);
        locked.put_back(done.place, rest);
        let share = locked.share();
        let more = !locked.is_exhausted();
        drop(locked);
        let next = done.after();
        write(done.result, share)?;
        if jobs > 1 && more {
            in_parallel(&input, jobs, next, &each, write);
            return Ok(());
        }
    }
}

fn in_parallel<R: Default + Send>(
    input: &Mutex<Input>,
    jobs: usize,
    mut next: (usize, usize),
    each: &(impl Fn(&mut R, Result<MailView<'_>, Unreadable>) + Sync),
    mut write: impl FnMut(R, Share) -> anyhow::Result<()>,
) {
    let (permit, permits) = channel::<()>();
    for _ in 0..jobs * IN_FLIGHT {
        // Both ends are held here, so that sending can't fail.
        let _ = permit.send(());
    }
    let permits = Mutex::new(permits);
    std::thread::scope(|scope| {
        let (sender, results) = sync_channel::<Done<R>>(jobs * IN_FLIGHT);
        for _ in 0..jobs {
            let sender = sender.clone();
            scope.spawn(|| worker(input, &permits, sender, each));
        }
        drop(sender);
        let mut early = BTreeMap::new();
        for done in results {
            early.insert((done.place, done.part), done);
            while let Some(done) = early.remove(&next) {
                next = done.after();
                // Whoever reads may be waiting for a slow input: progress is then shown without the share.
                let share = input.try_lock().ok().and_then(|locked| locked.share());
                if let Err(error) = write(done.result, share) {
                    super::end(Err(error));
                }
                let _ = permit.send(());
            }
        }
    });
}

fn worker<R: Default>(
    input: &Mutex<Input>,
    permits: &Mutex<Receiver<()>>,
    sender: SyncSender<Done<R>>,
    each: &impl Fn(&mut R, Result<MailView<'_>, Unreadable>),
) {
    let mut buffer = Buffer::default();
    loop {
        let permitted = lock(permits).recv().is_ok();
        if !permitted {
            return;
        }
        let mut locked = lock(input);
        let Some(task) = locked.take() else { return };
        let held = if task.bytes >= HEAVY {
            Some(locked)
        } else {
            drop(locked);
            None
        };
        let (done, rest) = task.work(&mut buffer, each);
        match (held, rest) {
            (Some(mut locked), rest) => locked.put_back(done.place, rest),
            (None, Some(rest)) => lock(input).put_back(done.place, Some(rest)),
            (None, None) => {}
        }
        if sender.send(done).is_err() {
            return;
        }
    }
}

/// A panic of another worker is shown by its own thread; what the lock guards is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is still to be dealt out.
struct Input {
    mails: Mails,
    /// What was put back, by the place of its chunk.
    pending: BTreeMap<usize, Pending>,
    next: usize,
}

/// An opened file, what came after it in its chunk, and the number of the next part of that chunk.
struct Pending {
    stream: Stream,
    rest: vec::IntoIter<Entry>,
    part: usize,
}

/// A run of neighbours in the input.
struct Task {
    place: usize,
    part: usize,
    entries: vec::IntoIter<Entry>,
    /// Bytes that are in memory already.
    bytes: usize,
    /// Whether the chunk ends with it.
    is_last: bool,
}

/// What a task gave.
struct Done<R> {
    place: usize,
    part: usize,
    is_last: bool,
    result: R,
}

impl<R> Done<R> {
    /// The place and part that follow.
    fn after(&self) -> (usize, usize) {
        if self.is_last { (self.place + 1, 0) } else { (self.place, self.part + 1) }
    }
}

impl Input {
    /// The next task: parts of what was put back come first, since all that waits to be written waits for them.
    fn take(&mut self) -> Option<Task> {
        if let Some(mut first) = self.pending.first_entry() {
            let place = *first.key();
            let pending = first.get_mut();
            let part = pending.part;
            pending.part += 1;
            let mut entries = Vec::new();
            let mut bytes = 0;
            while entries.len() < MAILS && bytes < BYTES {
                match pending.stream.next() {
                    Some(Ok(mail)) => {
                        bytes += mail.bytes.len();
                        entries.push(Entry::Mail(mail));
                    }
                    Some(Err(unreadable)) => entries.push(Entry::Lost(unreadable)),
                    None => {
                        entries.extend(first.remove().rest);
                        return Some(Task { place, part, entries: entries.into_iter(), bytes, is_last: true });
                    }
                }
            }
            return Some(Task { place, part, entries: entries.into_iter(), bytes, is_last: false });
        }
        let left = self.mails.share().map(|(given, known)| known.saturating_sub(given));
        let size = match left {
            _ if self.next == 0 => FEWEST,
            Some(left) => (left / PART).clamp(FEWEST, MAILS),
            None => USUAL,
        };
        let entries: Vec<Entry> = std::iter::from_fn(|| self.mails.next_entry()).take(size).collect();
        if entries.is_empty() {
            return None;
        }
        self.next += 1;
        Some(Task { place: self.next - 1, part: 0, entries: entries.into_iter(), bytes: 0, is_last: true })
    }

    fn put_back(&mut self, place: usize, pending: Option<Pending>) {
        if let Some(pending) = pending {
            self.pending.insert(place, pending);
        }
    }

    fn is_exhausted(&self) -> bool {
        self.pending.is_empty() && self.mails.is_exhausted()
    }

    fn share(&self) -> Share {
        let (given, known) = self.mails.share()?;
        let left: f64 = self.pending.values().map(|pending| 1.0 - pending.stream.share() + pending.rest.len() as f64).sum();
        Some((given as f64 - left, known))
    }
}

impl Task {
    /// Does it, up to a file that has to be put back.
    fn work<R: Default>(
        mut self,
        buffer: &mut Buffer,
        each: &impl Fn(&mut R, Result<MailView<'_>, Unreadable>),
    ) -> (Done<R>, Option<Pending>) {
        let mut result = R::default();
        let mut put_back = None;
        while let Some(entry) = self.entries.next() {
            match entry.open(buffer) {
                Opened::Mail(mail) => each(&mut result, Ok(mail)),
                Opened::Lost(unreadable) => each(&mut result, Err(unreadable)),
                Opened::Nothing => {}
                Opened::Many(stream) if stream.is_in_memory() => {
                    for mail in stream {
                        each(&mut result, mail.as_ref().map(|mail| mail.view()).map_err(Unreadable::clone));
                    }
                }
                Opened::Many(stream) => {
                    put_back = Some(Pending { stream, rest: self.entries, part: self.part + 1 });
                    self.is_last = false;
                    break;
                }
            }
        }
        (Done { place: self.place, part: self.part, is_last: self.is_last, result }, put_back)
    }
}
