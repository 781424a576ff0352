//! Receivers that answer before they have read: they read on, or not at all, or close at once.
//!
//! What they answer is what counts. Whoever keeps the connection and reads no more has broken it for the next delivery,
//! which the operating system may have taken from us all the same: that one fails at the deadline, visibly.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::rig::{KIND, Rig, Setup};
use super::{Trial, float};
use crate::time::Deadline;

/// More than the buffers of both ends hold.
const BYTES: usize = 900_000;
const SOON: Duration = Duration::from_secs(40);

/// What a receiver does once it has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    ReadsOn,
    Stays,
    Closes,
}

const CASES: [(u16, Then); 9] = [
    (200, Then::ReadsOn),
    (413, Then::ReadsOn),
    (500, Then::ReadsOn),
    (200, Then::Stays),
    (413, Then::Stays),
    (500, Then::Stays),
    (200, Then::Closes),
    (413, Then::Closes),
    (500, Then::Closes),
];

struct Hasty {
    url: String,
    answered: Arc<AtomicUsize>,
}

impl Hasty {
    fn start(status: u16, then: Then) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        // Connections have what the listener has.
        rustix::net::sockopt::set_socket_recv_buffer_size(&listener, 4_096)?;
        let url = format!("http://{}/{status}/{then:?}", listener.local_addr()?);
        let answered = Arc::new(AtomicUsize::new(0));
        std::thread::spawn({
            let answered = Arc::clone(&answered);
            let kept = Arc::new(Mutex::new(Vec::new()));
            move || {
                for stream in listener.incoming().flatten() {
                    let (answered, kept) = (Arc::clone(&answered), Arc::clone(&kept));
                    std::thread::spawn(move || serve(stream, status, then, &answered, &kept));
                }
            }
        });
        Ok(Self { url, answered })
    }
}

/// Serves a connection until it is of no use any more; errors are the sender's affair.
fn serve(
    mut stream: TcpStream,
    status: u16,
    then: Then,
    answered: &AtomicUsize,
    kept: &Mutex<Vec<TcpStream>>,
) -> Option<()> {
    loop {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).ok()?.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
        stream.write_all(format!("HTTP/1.1 {status} -\r\ncontent-length: 0\r\n\r\n").as_bytes()).ok()?;
        answered.fetch_add(1, Ordering::Relaxed);
        match then {
            Then::ReadsOn => {
                // In its own time: the answer is there long before.
                std::thread::sleep(Duration::from_millis(50));
                std::io::copy(&mut (&stream).take(length), &mut std::io::sink()).ok()?;
            }
            Then::Stays => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
                return Some(());
            }
            Then::Closes => {
                let _ = stream.shutdown(Shutdown::Write);
                return Some(());
            }
        }
    }
}

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let rig = Rig::start(Setup { retry: "[]", timeout: "2s", ..Setup::default() })?;
    let each: usize = trial.pick(4, 20);
    let rounds: usize = trial.pick(3, 6);
    let mut expected = std::collections::HashMap::new();
    let mut receivers = Vec::new();
    for (status, then) in CASES {
        let hasty = Hasty::start(status, then)?;
        for _ in 0..each {
            let made = rig.webhook_at(0, &hasty.url, None)?;
            expected.insert(made["id"].as_str().unwrap_or_default().to_owned(), (status, then));
        }
        receivers.push(hasty);
    }
    for round in 1..=rounds {
        let event = json!({
            "specversion": "1.0", "id": format!("{round}"), "source": "/load", "type": KIND,
            "data": { "text": "x".repeat(BYTES), "metadata": {} },
        });
        let headers = [("content-type", "application/cloudevents+json")];
        let answer = rig.admin(0).send("POST", "/v1/events", &headers, event.to_string().as_bytes())?;
        ensure!(answer.status == 202, "{} {}", answer.status, answer.text());
        let ended = |delivery: &&Value| delivery["state"] != "pending";
        let done = Deadline::after(SOON).poll(|| {
            std::thread::sleep(Duration::from_millis(200));
            let history = rig.history(0).ok()?;
            (history.iter().filter(ended).count() >= round * expected.len()).then_some(())
        });
        ensure!(done.is_some(), "round {round} did not end");
    }
    let history = rig.history(0)?;
    let (mut wrong, mut longest, mut late) = (Vec::new(), 0.0_f64, 0);
    for delivery in &history {
        let webhook = delivery["webhook"].as_str().unwrap_or_default();
        let (status, then) = expected[webhook];
        longest = longest.max(delivery["duration_ms"].as_f64().unwrap_or(f64::MAX));
        if then == Then::Stays && delivery["failure"]["class"] == "timeout" {
            late += 1;
        } else if delivery["response"]["status"] != status {
            wrong.push(format!(
                "{status} {then:?}: {} {}",
                delivery["response"]["status"], delivery["failure"]
            ));
        }
    }
    wrong.sort();
    wrong.dedup();
    for wrong in &wrong {
        trial.say(&format!("  {wrong}"));
    }
    let answered: usize = receivers.iter().map(|hasty| hasty.answered.load(Ordering::Relaxed)).sum();
    trial.note("answers given before the request was read", float(answered), "");
    trial.none("deliveries without an end", rounds * expected.len() - history.len());
    trial.none("kinds of outcomes that are not the answer", wrong.len());
    trial.note("next ones on connections of which nobody reads", float(late), "");
    trial.at_most("longest attempt", longest, " ms", 2_500.0);
    rig.ensure_well()
}
