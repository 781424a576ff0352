//! Receives, as thousands of endpoints at once, each well or badly behaved.
//!
//! One thread. All endpoints share a port, but each has an address of loopback to itself, so that to a server they are
//! as many hosts. What arrives is written down when its last byte has come and before it is answered.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::marks::{self, Mark};
use super::wire::{Message, Reader};

/// What an endpoint does with a request that it has read.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Answers with a status and header lines (each ended by CR LF), after a while.
    Answer {
        /// The status.
        status: u16,
        /// Further header lines.
        headers: &'static str,
        /// How long it takes.
        after: Duration,
    },
    /// Never answers.
    Hang,
    /// Sends this until it ends or the other side closes.
    Flow(Arc<Flow>),
}

/// An answer that comes in many pieces.
#[derive(Clone, Debug)]
pub struct Flow {
    /// What comes first.
    pub head: Vec<u8>,
    /// What comes then, again and again.
    pub piece: Vec<u8>,
    /// How often.
    pub times: u64,
    /// How long to wait before each piece.
    pub pause: Duration,
}

impl Manner {
    /// Answers with a status, at once.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::Answer { status, headers: "", after: Duration::ZERO }
    }

    /// Answers 200, after a while.
    #[must_use]
    pub const fn slow(after: Duration) -> Self {
        Self::Answer { status: 200, headers: "", after }
    }
}

/// An event that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Which event.
    pub number: u64,
    /// At which endpoint.
    pub endpoint: usize,
    /// When, by [`marks::now`].
    pub at: u64,
    /// How long after it was sent to the server, in microseconds.
    pub wait: u32,
}

/// A request that was not answered in good order: the other side closed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// At which endpoint.
    pub endpoint: usize,
    /// From when its last byte had come to when the connection was closed.
    pub took: Duration,
}

/// A receiver at work. Dropping it closes every connection.
#[derive(Debug)]
pub struct Taker {
    shared: Arc<Shared>,
    port: u16,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    manners: Mutex<Manners>,
    arrivals: Mutex<Vec<Arrival>>,
    endings: Mutex<Vec<Ending>>,
    /// Requests that are read and not answered.
    open: AtomicUsize,
    connections: AtomicUsize,
    end: Notify,
}

#[derive(Debug)]
struct Manners {
    otherwise: Manner,
    of: HashMap<usize, Manner>,
}

impl Manners {
    fn of(&self, endpoint: usize) -> Manner {
        self.of.get(&endpoint).unwrap_or(&self.otherwise).clone()
    }
}

impl Default for Manners {
    fn default() -> Self {
        Self { otherwise: Manner::status(200), of: HashMap::new() }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Taker {
    /// Begins to receive. Every endpoint answers 200 until told otherwise.
    ///
    /// # Errors
    /// When there is no port.
    pub fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(async { listen() }).context("finding a port")?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared::default());
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || tokio::task::LocalSet::new().block_on(&runtime, serve(&listener, &shared))
        });
        Ok(Self { shared, port, thread: Some(thread) })
    }

    /// Where an endpoint is: a host of its own, and a path that ends with its number.
    #[must_use]
    pub fn url(&self, endpoint: usize) -> String {
        // 127.1.0.1 and on, a byte at a time, without 0 and 255 at the end.
        let (high, low) = (endpoint / 250, endpoint % 250 + 1);
        let (high, middle) = (high / 250 + 1, high % 250);
        format!("http://127.{high}.{middle}.{low}:{}/w/{endpoint}", self.port)
    }

    /// Has an endpoint behave like this from its next request on.
    pub fn behave(&self, endpoint: usize, manner: Manner) {
        lock(&self.shared.manners).of.insert(endpoint, manner);
    }

    /// Has all endpoints behave like this, whatever was said before.
    pub fn all_behave(&self, manner: Manner) {
        let mut manners = lock(&self.shared.manners);
        manners.of.clear();
        manners.otherwise = manner;
    }

    /// How many events arrived until now.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.shared.arrivals).len()
    }

    /// What arrived from the nth arrival on.
    #[must_use]
    pub fn arrivals(&self, from: usize) -> Vec<Arrival> {
        let arrivals = lock(&self.shared.arrivals);
        arrivals.get(from..).unwrap_or_default().to_vec()
    }

    /// Which requests were given up by the other side.
    #[must_use]
    pub fn endings(&self) -> Vec<Ending> {
        lock(&self.shared.endings).clone()
    }

    /// How many requests are read and not answered now.
    #[must_use]
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::Relaxed)
    }

    /// How many connections were made until now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        self.shared.end.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported there.
            let _ = thread.join();
        }
    }
}

/// Listens at every address of this machine, and lets as many connections wait as may come at once.
fn listen() -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::UNSPECIFIED, 0).into())?;
    socket.listen(4_096)
}

async fn serve(listener: &TcpListener, shared: &Arc<Shared>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.end.notified() => return,
        };
        let Ok((stream, _)) = accepted else {
            // Without a free file there will be one in a while.
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::clone(shared);
        // A connection that breaks off is the sender's affair: what is missing is seen in the end.
        tokio::task::spawn_local(async move { connection(stream, &shared).await });
    }
}

async fn connection(mut stream: TcpStream, shared: &Shared) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = Reader::new();
    while let Some(request) = reader.next(&mut stream, true).await? {
        let read = marks::now();
        note(shared, &reader, request, read);
        let manner = lock(&shared.manners).of(request.endpoint);
        let _open = Open::new(&shared.open);
        if !perform(&mut stream, &manner).await {
            let took = Duration::from_nanos(marks::now() - read);
            lock(&shared.endings).push(Ending { endpoint: request.endpoint, took });
            return Ok(());
        }
    }
    Ok(())
}

fn note(shared: &Shared, reader: &Reader, request: Message, at: u64) {
    let Some(mark) = Mark::find(reader.body(request)) else { return };
    let wait = u32::try_from(at.saturating_sub(mark.sent) / 1_000).unwrap_or(u32::MAX);
    lock(&shared.arrivals).push(Arrival { number: mark.number, endpoint: request.endpoint, at, wait });
}

/// A request that is counted as long as this lives.
struct Open<'a>(&'a AtomicUsize);

impl<'a> Open<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Answers; false when the other side closed first.
async fn perform(stream: &mut TcpStream, manner: &Manner) -> bool {
    let (mut from, mut to) = stream.split();
    let answer = async {
        match manner {
            Manner::Answer { status, headers, after } => {
                if !after.is_zero() {
                    sleep(*after).await;
                }
                let text = format!("HTTP/1.1 {status} -\r\n{headers}content-length: 0\r\n\r\n");
                to.write_all(text.as_bytes()).await.is_ok()
            }
            Manner::Hang => core::future::pending().await,
            Manner::Flow(flow) => pour(&mut to, flow).await.is_ok(),
        }
    };
    tokio::select! {
        biased;
        done = answer => done,
        () = closed(&mut from) => false,
    }
}

async fn pour(to: &mut WriteHalf<'_>, flow: &Flow) -> Result<()> {
    to.write_all(&flow.head).await?;
    for _ in 0..flow.times {
        if !flow.pause.is_zero() {
            sleep(flow.pause).await;
        }
        to.write_all(&flow.piece).await?;
    }
    Ok(())
}

/// Resolves when the other side has closed, or sends something while it has no answer, which is as good as that.
async fn closed(from: &mut ReadHalf<'_>) {
    // Whatever it returns, the exchange is over.
    let _ = from.read(&mut [0; 16]).await;
}
