//! Publishes, whatever becomes of the server.
//!
//! One thread, many connections, one request at a time on each, as fast as the answers come or at a rate. When a
//! connection breaks, the same events are sent again to wherever the server is by then, as somebody does who wants to
//! know: their ids are the idempotency keys, which make that harmless. What is answered 202 is acknowledged.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::events::{Shape, Template};
use super::wire::Reader;
use super::{marks, percentile};

/// How long whoever is told to come back later waits, or finds nobody.
const AGAIN: Duration = Duration::from_millis(20);
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Answers that should not have come are kept up to so many.
const ODD: usize = 10;

/// What is published, and how fast.
#[derive(Clone, Debug)]
pub struct Orders {
    /// Of whoever publishes.
    pub token: String,
    /// Requests under way at once.
    pub connections: usize,
    /// Events in a request; with 1, no batch.
    pub batch: usize,
    /// Events a second; 0: as fast as the answers come.
    pub rate: u32,
    /// So many events, rounded up to whole requests; 0: until it is stopped.
    pub events: u64,
    /// Bytes of an event.
    pub bytes: usize,
    /// The number of the first event.
    pub first: u64,
    /// See [`Shape::kind`].
    pub kind: String,
    /// See [`Shape::kinds`].
    pub kinds: u64,
}

impl Orders {
    /// Eight connections, single events of 512 bytes and one type, as fast as the answers come, until it is stopped.
    #[must_use]
    pub fn new(token: &str, kind: &str) -> Self {
        Self {
            token: token.to_owned(),
            connections: 8,
            batch: 1,
            rate: 0,
            events: 0,
            bytes: 512,
            first: 0,
            kind: kind.to_owned(),
            kinds: 1,
        }
    }
}

/// What became of what was published.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// The number of the first event.
    pub first: u64,
    /// For each event from the first on, whether it was acknowledged.
    pub acknowledged: Vec<bool>,
    /// Requests that were answered 429 or 503; they were made again.
    pub refused: u64,
    /// Requests that were not answered; they were made again.
    pub broken: u64,
    /// Requests whose answer says that the event had been accepted before.
    pub known: u64,
    /// Answers that should not have come, the first of them.
    pub odd: Vec<String>,
    /// How long each acknowledgement took from when it was first asked for, in microseconds, in order of their coming.
    pub waits: Vec<u32>,
    /// The longest time between two acknowledgements.
    pub longest_gap: Duration,
    /// When the last acknowledgement came, by [`marks::now`]; 0 before the first.
    pub last: u64,
}

impl Published {
    /// How many were acknowledged.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.acknowledged.iter().filter(|acknowledged| **acknowledged).count() as u64
    }

    /// The number after that of the last event.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.first + self.acknowledged.len() as u64
    }

    /// In how many microseconds so many of a hundred were acknowledged.
    #[must_use]
    pub fn wait(&self, percent: usize) -> u32 {
        let mut sorted = self.waits.clone();
        sorted.sort_unstable();
        percentile(&sorted, percent)
    }

    /// Whether no answer came that should not have.
    ///
    /// # Errors
    /// Shows those that did.
    pub fn ensure_sound(&self) -> Result<()> {
        if self.odd.is_empty() { Ok(()) } else { bail!("answers to publishing: {:?}", self.odd) }
    }
}

/// A publisher at work. Dropping it stops it without asking what became of it.
#[derive(Debug)]
pub struct Publisher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Result<()>>>,
}

#[derive(Debug)]
struct Shared {
    orders: Orders,
    started: u64,
    aim: Mutex<String>,
    stopped: AtomicBool,
    log: Mutex<Published>,
}

impl Publisher {
    /// Begins to publish to the server at `base`, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn start(base: &str, orders: Orders) -> Self {
        let first = orders.first;
        let shared = Arc::new(Shared {
            orders,
            started: marks::now(),
            aim: Mutex::new(address(base)),
            stopped: AtomicBool::new(false),
            log: Mutex::new(Published { first, ..Published::default() }),
        });
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || run(&shared)
        });
        Self { shared, thread: Some(thread) }
    }

    /// Publishes to the server at another base from now on.
    pub fn aim(&self, base: &str) {
        *lock(&self.shared.aim) = address(base);
    }

    /// How many events were acknowledged until now.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        lock(&self.shared.log).waits.len() as u64 * self.shared.orders.batch as u64
    }

    /// Whether no answer came until now that should not have.
    ///
    /// # Errors
    /// Shows those that did.
    pub fn ensure_sound(&self) -> Result<()> {
        lock(&self.shared.log).ensure_sound()
    }

    /// How many requests were refused until now: 429 or 503.
    #[must_use]
    pub fn refused(&self) -> u64 {
        lock(&self.shared.log).refused
    }

    /// Takes nothing new up, waits for the answers that are still to come, and says what became of it all. What is
    /// unanswered then was not acknowledged.
    ///
    /// # Errors
    /// When the thread panicked or could not work at all.
    pub fn stop(mut self) -> Result<Published> {
        self.shared.stopped.store(true, Ordering::Relaxed);
        self.join()
    }

    /// Waits until all events that were ordered are acknowledged.
    ///
    /// # Errors
    /// As [`stop`](Self::stop).
    pub fn finish(mut self) -> Result<Published> {
        self.join()
    }

    fn join(&mut self) -> Result<Published> {
        let thread = self.thread.take().context("a publisher is joined once")?;
        thread.join().map_err(|_| anyhow!("the publisher panicked"))??;
        Ok(lock(&self.shared.log).clone())
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
    }
}

/// What it guards is changed in single steps: after a panic it is whole still.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn address(base: &str) -> String {
    base.trim_start_matches("http://").to_owned()
}

fn run(shared: &Arc<Shared>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..shared.orders.connections {
            let shared = Arc::clone(shared);
            tasks.spawn_local(async move { connection(&shared).await });
        }
        while let Some(ended) = tasks.join_next().await {
            ended?;
        }
        Ok(())
    })
}

/// What is sent next, and not before when.
struct Turn {
    number: u64,
    at: u64,
}

impl Shared {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn length(&self) -> usize {
        match usize::try_from(self.orders.events) {
            Ok(events) if events > 0 => events,
            _ => usize::MAX,
        }
    }

    fn take(&self) -> Option<Turn> {
        let mut log = lock(&self.log);
        let taken = log.acknowledged.len();
        if self.is_stopped() || taken >= self.length() {
            return None;
        }
        log.acknowledged.resize(taken + self.orders.batch, false);
        let rate = u64::from(self.orders.rate);
        let taken = taken as u64;
        let early = (taken * 1_000_000_000).checked_div(rate);
        let at = early.map_or(0, |early| self.started + early);
        Some(Turn { number: self.orders.first + taken, at })
    }

    fn acknowledge(&self, number: u64, sent: u64, known: bool) {
        let now = marks::now();
        let mut log = lock(&self.log);
        let from = usize::try_from(number - log.first).unwrap_or(usize::MAX);
        if let Some(events) = log.acknowledged.get_mut(from..from + self.orders.batch) {
            events.fill(true);
        }
        log.waits.push(u32::try_from((now - sent) / 1_000).unwrap_or(u32::MAX));
        log.known += u64::from(known);
        let gap = if log.last == 0 { 0 } else { now.saturating_sub(log.last) };
        log.longest_gap = log.longest_gap.max(Duration::from_nanos(gap));
        log.last = now;
    }
}

async fn connection(shared: &Shared) {
    let mut line = Line::default();
    while let Some(turn) = shared.take() {
        let early = turn.at.saturating_sub(marks::now());
        if early > 0 {
            sleep(Duration::from_nanos(early)).await;
        }
        // Sent again, an event is the same to the byte.
        let sent = marks::now();
        while !line.publish(shared, turn.number, sent).await {
            if shared.is_stopped() {
                return;
            }
            sleep(AGAIN).await;
        }
    }
}

/// A connection to the server, or none.
#[derive(Default)]
struct Line {
    open: Option<(TcpStream, Reader, Template)>,
    address: String,
}

impl Line {
    /// Sends events from this number on. Whether they were acknowledged.
    async fn publish(&mut self, shared: &Shared, number: u64, sent: u64) -> bool {
        let Ok(Ok(answer)) = timeout(PATIENCE, self.exchange(shared, number, sent)).await else {
            self.open = None;
            lock(&shared.log).broken += 1;
            return false;
        };
        match answer {
            Said::Accepted { known } => shared.acknowledge(number, sent, known),
            Said::Later => {
                lock(&shared.log).refused += 1;
                return false;
            }
            Said::Odd(text) => {
                let mut log = lock(&shared.log);
                if log.odd.len() < ODD {
                    log.odd.push(text);
                }
                return false;
            }
        }
        true
    }

    async fn exchange(&mut self, shared: &Shared, number: u64, sent: u64) -> Result<Said> {
        let orders = &shared.orders;
        let aim = lock(&shared.aim).clone();
        if self.open.is_none() || self.address != aim {
            let stream = TcpStream::connect(&aim).await?;
            stream.set_nodelay(true)?;
            let template = Template::new(Shape {
                address: &aim,
                path: "/v1/events",
                token: &orders.token,
                batch: orders.batch,
                bytes: orders.bytes,
                kind: &orders.kind,
                kinds: orders.kinds,
            });
            self.open = Some((stream, Reader::new(), template));
            self.address = aim;
        }
        let (stream, reader, template) = self.open.as_mut().context("it was just opened")?;
        stream.write_all(template.of(number, sent)).await?;
        let answer = reader.next(stream, false).await?.context("the server closed the connection")?;
        let body = String::from_utf8_lossy(reader.body(answer));
        Ok(Said::of(answer.status, &body, orders.batch))
    }
}

enum Said {
    Accepted { known: bool },
    Later,
    Odd(String),
}

impl Said {
    fn of(status: u16, body: &str, batch: usize) -> Self {
        let known = body.contains("\"duplicate\"");
        let taken = || {
            let count = |word: &str| body.matches(&format!("\"status\":\"{word}\"")).count();
            batch == 1 || count("accepted") + count("duplicate") == batch
        };
        match status {
            202 if taken() => Self::Accepted { known },
            429 | 503 => Self::Later,
            _ => Self::Odd(format!("{status}: {body}")),
        }
    }
}
