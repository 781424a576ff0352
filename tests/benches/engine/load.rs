//! `load`: publishes events and remembers which were accepted.
//!
//! One thread, many connections, one request at a time on each. Either as fast as the answers come, or at a rate, whatever
//! the answers do.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;
use sigpost_tests::load::events::{Shape, Template};
use sigpost_tests::load::wire::Reader;
use sigpost_tests::load::{marks, percentile};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// How long whoever is told to come back later waits.
const REFUSED_WAIT: Duration = Duration::from_millis(20);
/// Bytes of one event.
const EVENT: usize = 1_024;

/// What to do, from the command line.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    pub(crate) address: String,
    pub(crate) path: String,
    pub(crate) token: String,
    pub(crate) connections: usize,
    /// Events in a request; with 1, no batch.
    pub(crate) batch: usize,
    pub(crate) seconds: f64,
    /// Requests a second; 0: as fast as the answers come.
    pub(crate) rate: f64,
    /// At most so many events; 0: as many as there is time for.
    pub(crate) events: u64,
    /// The number of the first event.
    pub(crate) first: u64,
    /// Where to write which were accepted: a byte each.
    pub(crate) accepted: PathBuf,
}

impl Orders {
    /// As arguments of a command line.
    pub(crate) fn arguments(&self) -> Vec<String> {
        vec![
            self.address.clone(),
            self.path.clone(),
            self.token.clone(),
            self.connections.to_string(),
            self.batch.to_string(),
            self.seconds.to_string(),
            self.rate.to_string(),
            self.events.to_string(),
            self.first.to_string(),
            self.accepted.display().to_string(),
        ]
    }

    fn parse(arguments: &[String]) -> Result<Self> {
        let [address, path, token, connections, batch, seconds, rate, events, first, accepted] = arguments
        else {
            bail!("load is for the benchmark itself to call");
        };
        Ok(Self {
            address: address.clone(),
            path: path.clone(),
            token: token.clone(),
            connections: connections.parse()?,
            batch: batch.parse()?,
            seconds: seconds.parse()?,
            rate: rate.parse()?,
            events: events.parse()?,
            first: first.parse()?,
            accepted: accepted.into(),
        })
    }
}

struct Shared {
    orders: Orders,
    next: u64,
    started: u64,
    until: u64,
    accepted: Vec<u8>,
    refused: u64,
    waits: Vec<u32>,
}

/// Runs and prints one line of JSON.
#[expect(clippy::print_stdout, reason = "the line is for whoever started this")]
pub(crate) fn main(arguments: &[String]) -> Result<()> {
    let orders = Orders::parse(arguments)?;
    let file = orders.accepted.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    let shared = local.block_on(&runtime, publish(orders))?;
    let ended = marks::now();
    std::fs::write(&file, &shared.accepted).with_context(|| format!("writing {}", file.display()))?;
    let accepted: u64 = shared.accepted.iter().map(|byte| u64::from(*byte)).sum();
    let mut waits = shared.waits;
    waits.sort_unstable();
    println!(
        "{}",
        json!({
            "accepted": accepted,
            "sent": shared.accepted.len(),
            "refused": shared.refused,
            "started": shared.started,
            "ended": ended,
            "answered_p50_us": percentile(&waits, 50),
            "answered_p99_us": percentile(&waits, 99),
        })
    );
    Ok(())
}

async fn publish(orders: Orders) -> Result<Shared> {
    let connections = orders.connections;
    let started = marks::now();
    let length = nanos(Duration::from_secs_f64(orders.seconds));
    let shared = Rc::new(RefCell::new(Shared {
        orders,
        next: 0,
        started,
        until: started + length,
        accepted: Vec::new(),
        refused: 0,
        waits: Vec::new(),
    }));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let shared = Rc::clone(&shared);
        tasks.spawn_local(async move { connection(&shared).await });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(Rc::try_unwrap(shared).ok().context("every connection has ended")?.into_inner())
}

/// Saturates after five hundred years.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Where something with this number is kept. Nobody publishes more than there is memory for.
pub(crate) fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Takes the next events: how many were taken before, and when they are to be sent.
fn take(shared: &RefCell<Shared>) -> Option<(u64, u64)> {
    let mut shared = shared.borrow_mut();
    let (now, batch) = (marks::now(), shared.orders.batch as u64);
    let taken = shared.next;
    let at = if shared.orders.rate > 0.0 {
        shared.started + nanos(Duration::from_secs_f64(taken as f64 / batch as f64 / shared.orders.rate))
    } else {
        now
    };
    if at >= shared.until || (shared.orders.events > 0 && taken >= shared.orders.events) {
        return None;
    }
    shared.next += batch;
    let length = index(shared.next);
    shared.accepted.resize(length, 0);
    Some((taken, at))
}

async fn connection(shared: &RefCell<Shared>) -> Result<()> {
    let orders = shared.borrow().orders.clone();
    let mut stream = TcpStream::connect(&orders.address).await?;
    stream.set_nodelay(true)?;
    let mut reader = Reader::new();
    let mut request = Template::new(Shape {
        address: &orders.address,
        path: &orders.path,
        token: &orders.token,
        batch: orders.batch,
        bytes: EVENT,
        kind: "bench.event",
        kinds: 1,
    });
    while let Some((taken, at)) = take(shared) {
        let early = at.saturating_sub(marks::now());
        if early > 0 {
            tokio::time::sleep(Duration::from_nanos(early)).await;
        }
        loop {
            let sent = marks::now();
            // At a rate, who comes late because all connections had to wait has waited too.
            let since = if orders.rate > 0.0 && early == 0 { at } else { sent };
            stream.write_all(request.of(orders.first + taken, since)).await?;
            let answer =
                reader.next(&mut stream, false).await?.context("the server closed the connection")?;
            match answer.status {
                200..=299 => {
                    let wait = marks::now().saturating_sub(since) / 1_000;
                    let mut shared = shared.borrow_mut();
                    shared.waits.push(u32::try_from(wait).unwrap_or(u32::MAX));
                    let from = index(taken);
                    shared.accepted[from..from + orders.batch].fill(1);
                    break;
                }
                429 | 503 => {
                    shared.borrow_mut().refused += 1;
                    if marks::now() >= shared.borrow().until {
                        break;
                    }
                    tokio::time::sleep(REFUSED_WAIT).await;
                }
                status => bail!("{status}: {}", String::from_utf8_lossy(reader.body(answer))),
            }
        }
    }
    Ok(())
}

/// Whether a run has refused nothing it should have taken.
pub(crate) fn ensure_sound(report: &serde_json::Value) -> Result<()> {
    ensure!(report["accepted"].as_u64().is_some_and(|count| count > 0), "nothing was accepted: {report}");
    Ok(())
}
