//! Receivers whose answers never end, never come, or are made to fill memory.
//!
//! So many endpoints of one kind get the same event at once. Each attempt has to give its slot back by the deadline,
//! and all of them together may hold little memory, whatever they are sent. Before the first kind, as many well-behaved
//! endpoints keep as many connections open, so that what those take is not counted.

use core::ops::Range;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::rig::{Rig, Setup};
use super::{Trial, float};
use crate::load::balance::Balance;
use crate::load::publisher::{Orders, Publisher};
use crate::load::taker::{Flow, Manner};
use crate::load::usage;
use crate::time::{Deadline, now};

const DEADLINE: f64 = 2.0;
const SOON: Duration = Duration::from_secs(20);
const MEBIBYTES: f64 = 10.0;
/// What a compressed answer would grow to.
const BOMB: usize = 10 << 20;

/// The kinds; the first is the well-behaved one.
fn kinds() -> Result<Vec<(&'static str, Manner)>> {
    let second = Duration::from_secs(1);
    let flow = |head: &str, piece: Vec<u8>, times: u64, pause: Duration| {
        Manner::Flow(Arc::new(Flow { head: head.as_bytes().to_vec(), piece, times, pause }))
    };
    let none = Duration::ZERO;
    let ok = "HTTP/1.1 200 OK\r\n";
    let bomb = bomb()?;
    let compressed = format!("{ok}content-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
    let huge = format!("{ok}content-length: {}\r\n\r\n", 1 << 30);
    Ok(vec![
        ("as they should be", Manner::slow(Duration::from_millis(500))),
        ("1 GB", flow(&huge, vec![b'x'; 64 << 10], 16 << 10, none)),
        ("1 byte a second", flow(&huge, b"x".to_vec(), u64::MAX, second)),
        ("a head of 1 byte a second", flow("HTTP/1.1 200 OK", b"x".to_vec(), u64::MAX, second)),
        ("100,000 header lines", flow(ok, b"x-flood: and another one\r\n".repeat(100), 1_000, none)),
        ("a header line of 1 MB", flow("HTTP/1.1 200 OK\r\nx-long: ", vec![b'x'; 64 << 10], 16, none)),
        (
            "interim answers without end",
            flow("", b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100), u64::MAX, none),
        ),
        (
            "chunks that are never done",
            flow(
                &format!("{ok}transfer-encoding: chunked\r\n\r\n"),
                b"1;and-an-extension\r\nx\r\n".repeat(100),
                u64::MAX,
                none,
            ),
        ),
        ("10 MB, compressed to 10 KB", flow(&compressed, bomb, 1, none)),
        ("nothing at all", Manner::Hang),
    ])
}

/// Zeros, compressed as far as it goes.
fn bomb() -> Result<Vec<u8>> {
    let mut gzip = Command::new("gzip");
    let gzip = gzip.args(["-9", "-c"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut gzip = gzip.spawn().context("running gzip, which this needs: install it")?;
    let mut input = gzip.stdin.take().context("standard input is piped")?;
    let feeding = std::thread::spawn(move || input.write_all(&vec![0; BOMB]));
    let output = gzip.wait_with_output()?;
    feeding.join().ok().context("feeding gzip panicked")??;
    ensure!(output.status.success() && output.stdout.len() < BOMB / 500, "gzip does not compress");
    Ok(output.stdout)
}

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let kinds = kinds()?;
    let count = trial.pick(50, 200);
    let mut rig = Rig::start(Setup { timeout: "2s", retry: "[]", ..Setup::default() })?;
    let (mut slowest, mut largest) = (0.0_f64, 0.0_f64);
    for (kind, (name, manner)) in kinds.iter().enumerate() {
        let endpoints = kind * count..(kind + 1) * count;
        let mut webhooks = Vec::new();
        for endpoint in endpoints.clone() {
            rig.taker.behave(endpoint, manner.clone());
            webhooks.push(rig.webhook(0, endpoint, None)?);
        }
        let (took, grown) = attack(&mut rig, kind as u64, &endpoints)?;
        trial.say(&format!("  {name}: slots back after {took:.2} s, {grown:.1} MiB more"));
        if kind > 0 {
            slowest = slowest.max(took);
            largest = largest.max(grown);
        }
        for webhook in webhooks {
            rig.delete(0, &webhook)?;
        }
    }
    trial.note("answers of each kind at once", float(count), "");
    trial.note("kinds", float(kinds.len() - 1), "");
    trial.at_most("slots given back after", slowest, " s", DEADLINE + 1.0);
    trial.at_most("memory for one kind", largest, " MiB", MEBIBYTES);
    early(trial, &rig)?;
    rig.ensure_well()
}

/// Has one event sent to all these endpoints. How long until the last slot was given back, and how many MiB were held
/// at most beyond what was held before.
fn attack(rig: &mut Rig, number: u64, endpoints: &Range<usize>) -> Result<(f64, f64)> {
    let server = rig.server.process().id();
    let before = usage::memory(server)?.0;
    usage::forget_peak(server)?;
    let (from, count, began) = (rig.taker.count(), endpoints.len(), now());
    let orders = Orders { events: 1, connections: 1, first: number, ..rig.orders(0) };
    let published = Publisher::start(rig.server.base(), orders).finish()?;
    published.ensure_sound()?;
    let over = Deadline::after(SOON).poll(|| {
        (rig.taker.count() >= from + count && rig.taker.open() == 0).then(|| began.elapsed().as_secs_f64())
    });
    let over = over.with_context(|| format!("{} answers are still being waited for", rig.taker.open()))?;
    let settled =
        Deadline::after(SOON).poll(|| rig.deliveries(0, "pending", 1).ok().filter(|count| *count == 0));
    ensure!(settled.is_some(), "deliveries are pending that were attempted once and for all");
    let grown = usage::memory(server)?.1 - before;
    let balance = Balance::of(&published, &rig.taker.arrivals(from), |_| endpoints.clone());
    ensure!(balance.missing.is_empty() && balance.duplicates == 0, "one attempt each: {balance}");
    Ok((over, grown.max(0.0)))
}

/// A receiver that answers once it sees a request begin, and never reads on, gets an event of nearly a megabyte.
fn early(trial: &mut Trial, rig: &Rig) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    // It ends with the process: there is nothing to be kept or told.
    std::thread::spawn(move || {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept() {
            // Who has gone need not be answered.
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            open.push(stream);
        }
    });
    let webhook = rig.webhook_at(0, &url, None)?;
    let admin = rig.admin(0);
    let orders = Orders { events: 1, connections: 1, bytes: 900_000, first: 1_000_000, ..rig.orders(0) };
    let began = now();
    Publisher::start(rig.server.base(), orders).finish()?.ensure_sound()?;
    let path = format!("/v1/webhooks/{}/deliveries", webhook["id"].as_str().context("an id")?);
    let delivery = Deadline::after(SOON).poll(|| {
        let page = admin.get(&path).ok()?.json().ok()?;
        page["deliveries"].as_array()?.first().cloned()
    });
    let delivery = delivery.context("the delivery to whoever answers before reading does not end")?;
    let took = began.elapsed().as_secs_f64();
    trial.at_most("a receiver that answers before it reads: slot back after", took, " s", DEADLINE + 1.0);
    trial.none("of these, not delivered", usize::from(delivery["state"] != "delivered"));
    Ok(())
}
