//! The idempotency window: which event was accepted under which key, recently.
//!
//! A key is 64 bits of a digest of (tenant, source, id); the event's row holds the key itself, so a hit is only a
//! hint which row to compare with. The digest starts with the tenant's random name, so nobody can prepare keys that
//! collide, and a collision by chance (one in 10¹¹ at ten million keys) costs no correctness: the row tells.
//!
//! Recent keys are in memory, at 34 bytes each when there are as many as make a run. Then a thread sorts them into a
//! [run](run::Run), which the writer writes down a few chunks a commit; of a run only a filter stays in memory, 2.5 bytes a
//! key at most. So a full window takes 48 MB at most, also while a run is written and there are as many new keys again
//! (and some 8 MB more for the moment in which the thread sorts), and a starting store reads the filters and the keys of
//! the events behind the last run.
//!
//! A run that cannot be written stays in memory until there are as many new keys; one that cannot be deleted is left where
//! it is. Either is told once. So is, at a start, what cannot be read: it goes on without those keys. Where that is the
//! newest run, its events are read instead, and with what is behind it they make one run that is larger: until that is
//! written a window takes as much more as there are keys of them in memory.
//!
//! The window ends at an age (told by the event's row, so exactly) and at a number of keys (by whole runs), whichever
//! comes first.

mod run;

use core::hash::{BuildHasherDefault, Hasher};
use core::ops::Range;
use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use self::run::{NewRun, Run, Span};
pub(super) use self::run::{filter_fits, numbers_fit};
use crate::causes::causes;
use crate::domain::{EventId, TenantUid, Timestamp};
use crate::storage::StoreError;

/// How far back a repeated event is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DedupeWindow {
    /// Keys older than this are forgotten.
    pub(super) age: Duration,
    /// With more keys than this the oldest run is forgotten.
    pub(super) keys: usize,
    /// So many keys make a run.
    pub(super) run: usize,
}

impl Default for DedupeWindow {
    /// 24 hours, ten million keys.
    fn default() -> Self {
        Self { age: Duration::from_secs(24 * 60 * 60), keys: 10_000_000, run: 262_144 }
    }
}

/// A digest of an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u64);

impl Key {
    pub(super) fn of(tenant: &TenantUid, source: &str, id: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(tenant.as_bytes());
        digest.update(source.len().to_be_bytes());
        digest.update(source);
        digest.update(id);
        // Constant: a SHA-256 digest has 32 bytes.
        Self(u64::from_be_bytes(*digest.finalize().first_chunk().expect("a digest has eight bytes")))
    }
}

/// Chunks written in one commit.
const CHUNKS: usize = 16;

/// A closing store writes a run of the keys in memory if there are so many that reading their events would take long.
const WORTH_A_RUN: usize = 32_768;

/// The keys of the committed events.
pub(super) struct Dedupe {
    window: DedupeWindow,
    recent: Recent,
    /// Earlier keys, on their way into a run.
    frozen: Option<Frozen>,
    /// The oldest first.
    runs: VecDeque<Run>,
    /// The id that a run was given last, and that no other gets while this process runs, whatever became of it. That of one
    /// that a start does not find, or cannot read, is given again, and with it the place of what is left of that.
    last_run: i64,
}

/// Keys in memory, those of events that follow each other.
#[derive(Default)]
struct Recent {
    events: HashMap<Key, EventId, BuildHasherDefault<Taken>>,
    span: Option<Span>,
}

struct Frozen {
    recent: Arc<Recent>,
    stage: Stage,
}

enum Stage {
    /// A thread sorts them.
    Building(Receiver<NewRun>),
    /// So many of the run's chunks are durable.
    Writing(NewRun, usize),
    /// They cannot be written.
    GivenUp,
}

/// What could not be written or deleted of runs, and why.
#[derive(Debug)]
pub(super) struct Unkept {
    part: Part,
    pub(super) error: StoreError,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    /// The run that is written.
    New,
    /// The one that is deleted.
    Oldest,
}

impl Part {
    const fn failed(self, error: StoreError) -> Unkept {
        Unkept { part: self, error }
    }
}

/// What a transaction has written of runs, to be taken over when it is durable.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kept {
    chunks: usize,
    finished: bool,
    dropped: bool,
}

/// How far back repetitions are recognised now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Keys that are known.
    pub(super) keys: usize,
    /// When the oldest of them was accepted.
    pub(super) since: Option<Timestamp>,
}

impl Dedupe {
    /// One that knows the runs that are written down; the events behind [`Dedupe::last_event`] are to be inserted.
    pub(super) fn open(window: DedupeWindow, sql: &Connection) -> Result<Self, StoreError> {
        let runs = VecDeque::from(Run::all(sql)?);
        let last_run = runs.back().map_or(0, |run| run.id);
        Ok(Self { window, recent: Recent::default(), frozen: None, runs, last_run })
    }

    /// The newest event whose key is in a run.
    pub(super) fn last_event(&self) -> EventId {
        self.runs.back().map_or(EventId::new(0), |run| run.last_event)
    }

    /// The event that may have been accepted under this key.
    pub(super) fn get(&self, sql: &Connection, key: Key) -> Result<Option<EventId>, StoreError> {
        let frozen = || self.frozen.as_ref()?.recent.events.get(&key);
        if let Some(event) = self.recent.events.get(&key).or_else(frozen) {
            return Ok(Some(*event));
        }
        for run in self.runs.iter().rev() {
            if let Some(event) = run.get(sql, key)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// Remembers an event. Events come in the order of their ids, and not always in that of their times: clocks are set back.
    pub(super) fn insert(&mut self, key: Key, event: EventId, received: Timestamp) {
        self.recent.events.insert(key, event);
        let Span { oldest, newest } = self.recent.span.unwrap_or(Span { oldest: received, newest: received });
        self.recent.span = Some(Span { oldest: oldest.min(received), newest: newest.max(received) });
    }

    /// The first moment whose events are remembered.
    pub(super) fn start(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.window.age).unwrap_or(Timestamp::MIN)
    }

    /// How many of the newest events are worth reading.
    pub(super) const fn capacity(&self) -> usize {
        self.window.keys
    }

    /// How far back it reaches.
    pub(super) fn extent(&self) -> Extent {
        let recent = [Some(&self.recent), self.frozen.as_ref().map(|frozen| &*frozen.recent)];
        let recent = recent.into_iter().flatten();
        let keys = self.runs.iter().map(|run| run.keys);
        let since = self.runs.iter().map(|run| run.oldest);
        Extent {
            keys: keys.chain(recent.clone().map(|recent| recent.events.len())).sum(),
            since: since.chain(recent.filter_map(|recent| recent.span).map(|span| span.oldest)).min(),
        }
    }

    /// How far back a repeated event is recognised: as far as the window is long, unless there are too many keys for that.
    pub(super) fn reach(&self, now: Timestamp) -> Duration {
        let Extent { keys, since } = self.extent();
        match since {
            Some(since) if keys >= self.window.keys => {
                // The clock may have been set back meanwhile.
                Duration::try_from(now.duration_since(since)).unwrap_or_default().min(self.window.age)
            }
            Some(_) | None => self.window.age,
        }
    }

    /// Has keys sorted when there are many, and takes over what is sorted. Before each transaction.
    pub(super) fn advance(&mut self) {
        match &self.frozen {
            Some(Frozen { recent, stage: Stage::Building(sorted) }) => {
                let recent = Arc::clone(recent);
                let run = match sorted.try_recv() {
                    Ok(run) => run,
                    Err(TryRecvError::Empty) => return,
                    // The thread could not run to its end. It is slow here, and seldom.
                    Err(TryRecvError::Disconnected) => recent.build(self.next_run()),
                };
                self.frozen = Some(Frozen { recent, stage: Stage::Writing(run, 0) });
            }
            Some(Frozen { stage: Stage::Writing(..), .. }) => {}
            // Keys that were given up make room here.
            Some(Frozen { stage: Stage::GivenUp, .. }) | None => {
                if self.recent.events.len() >= self.window.run {
                    self.freeze();
                }
            }
        }
    }

    fn freeze(&mut self) {
        let recent = Arc::new(core::mem::take(&mut self.recent));
        let (result, sorted) = channel();
        let (keys, id) = (Arc::clone(&recent), self.next_run());
        let thread = std::thread::Builder::new().name("store-keys".into());
        // Without a thread the sender is dropped, which is seen above.
        let _ = thread.spawn(move || {
            // The receiver may be gone: the store has closed.
            let _ = result.send(keys.build(id));
        });
        self.frozen = Some(Frozen { recent, stage: Stage::Building(sorted) });
    }

    fn next_run(&mut self) -> i64 {
        self.last_run += 1;
        self.last_run
    }

    /// Writes a bounded part of what is to be written, and deletes a run whose time is over.
    pub(super) fn keep(&self, sql: &Connection, now: Timestamp) -> Result<Kept, Unkept> {
        let mut kept = Kept::default();
        if let Some(Frozen { stage: Stage::Writing(run, written), .. }) = &self.frozen {
            let end = run.chunks().min(written + CHUNKS);
            kept = write(sql, run, *written..end).map_err(|error| Part::New.failed(error))?;
        }
        if let Some(oldest) = self.runs.front()
            && (oldest.newest < self.start(now) || self.extent().keys - oldest.keys >= self.window.keys)
        {
            Run::delete(sql, oldest.id).map_err(|error| Part::Oldest.failed(error))?;
            kept.dropped = true;
        }
        Ok(kept)
    }

    /// Does without what could not be kept: tried again it would fail again, and all that is committed with it.
    pub(super) fn give_up(&mut self, Unkept { part, error }: &Unkept) {
        let error = causes(error);
        match part {
            Part::New => {
                if let Some(frozen) = &mut self.frozen {
                    frozen.stage = Stage::GivenUp;
                }
                tracing::error!(
                    error,
                    "idempotency keys cannot be written; they are forgotten when there are as many new ones"
                );
            }
            Part::Oldest => {
                self.runs.pop_front();
                tracing::error!(error, "old idempotency keys cannot be deleted and stay in the database");
            }
        }
    }

    /// Takes over what is durable.
    pub(super) fn kept(&mut self, kept: Kept) {
        if kept.dropped {
            self.runs.pop_front();
        }
        match self.frozen.take() {
            Some(Frozen { stage: Stage::Writing(run, _), .. }) if kept.finished => {
                self.runs.push_back(run.into_run());
            }
            Some(Frozen { recent, stage: Stage::Writing(run, written) }) => {
                let stage = Stage::Writing(run, written + kept.chunks);
                self.frozen = Some(Frozen { recent, stage });
            }
            others => self.frozen = others,
        }
    }

    /// Writes all that a starting store would have to read events for. Takes a while; what fails is only not written.
    pub(super) fn keep_all(&mut self, sql: &Connection) -> Result<(), StoreError> {
        if let Some(Frozen { recent, stage }) = self.frozen.take() {
            let run = match stage {
                Stage::Building(sorted) => sorted.recv().unwrap_or_else(|_| recent.build(self.next_run())),
                Stage::Writing(run, _) => run,
                Stage::GivenUp => recent.build(self.next_run()),
            };
            self.keep_whole(sql, run)?;
        }
        if self.recent.events.len() >= WORTH_A_RUN.min(self.window.run) {
            let id = self.next_run();
            let run = self.recent.build(id);
            self.keep_whole(sql, run)?;
        }
        Ok(())
    }

    fn keep_whole(&mut self, sql: &Connection, run: NewRun) -> Result<(), StoreError> {
        let transaction = sql.unchecked_transaction()?;
        write(&transaction, &run, 0..run.chunks())?;
        transaction.commit()?;
        self.runs.push_back(run.into_run());
        Ok(())
    }
}

fn write(sql: &Connection, run: &NewRun, chunks: Range<usize>) -> Result<Kept, StoreError> {
    let (count, finished) = (chunks.len(), chunks.end == run.chunks());
    run.write(sql, chunks)?;
    if finished {
        run.finish(sql)?;
    }
    Ok(Kept { chunks: count, finished, dropped: false })
}

impl Recent {
    fn build(&self, id: i64) -> NewRun {
        let entries = self.events.iter().map(|(key, event)| (*key, *event)).collect();
        // There is one if there are keys.
        let span = self.span.unwrap_or(Span { oldest: Timestamp::MIN, newest: Timestamp::MIN });
        NewRun::build(id, entries, span)
    }
}

/// Takes a key as it is: it is a digest already.
#[derive(Default)]
struct Taken(u64);

impl Hasher for Taken {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[cfg(test)]
mod tests;
