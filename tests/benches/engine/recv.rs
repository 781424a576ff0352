//! `recv`: takes whatever arrives, answers at once, and keeps count by number and endpoint.
//!
//! One thread. It is told what to do by lines on standard input and answers each by a line of JSON: `reset ENDPOINTS FIRST`
//! forgets all that arrived, `hang` and `answer` end and begin answering, `count` says how much arrived, `report FILE` writes
//! what arrived (a byte for each event and endpoint, in this order: how often) and says how long it took.

use std::cell::RefCell;
use std::io::BufRead as _;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use sigpost_tests::load::marks::{self, Mark};
use sigpost_tests::load::percentile;
use sigpost_tests::load::wire::Reader;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::load::index;

/// Where each event's number begins; see [`super::load`].
#[derive(Default)]
struct Arrivals {
    endpoints: usize,
    first: u64,
    counts: Vec<u8>,
    total: u64,
    last: u64,
    /// From sending to arriving, in microseconds.
    waits: Vec<u32>,
    /// Whether requests are left unanswered, and not counted.
    hanging: bool,
    /// By the second in which they arrived.
    seconds: Vec<u64>,
    began: u64,
}

impl Arrivals {
    fn take(&mut self, mark: Mark, endpoint: usize) {
        let now = marks::now();
        self.total += 1;
        self.last = now;
        if self.began == 0 {
            self.began = now;
        }
        let second = ((now - self.began) / 1_000_000_000) as usize;
        if self.seconds.len() <= second {
            self.seconds.resize(second + 1, 0);
        }
        self.seconds[second] += 1;
        let Some(number) = mark.number.checked_sub(self.first) else { return };
        let at = index(number) * self.endpoints + endpoint.min(self.endpoints - 1);
        if self.counts.len() <= at {
            self.counts.resize((at + 1).next_power_of_two(), 0);
        }
        self.counts[at] = self.counts[at].saturating_add(1);
        let wait = now.saturating_sub(mark.sent) / 1_000;
        self.waits.push(u32::try_from(wait).unwrap_or(u32::MAX));
    }

    fn obey(&mut self, line: &str) -> Result<Value> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["reset", endpoints, first] => {
                let (endpoints, first) = (endpoints.parse()?, first.parse()?);
                // Whether it answers is told apart: what is published next may be meant to stay pending.
                *self = Self { endpoints, first, hanging: self.hanging, ..Self::default() };
                Ok(json!({}))
            }
            ["hang"] => {
                self.hanging = true;
                Ok(json!({}))
            }
            ["answer"] => {
                self.hanging = false;
                Ok(json!({}))
            }
            ["count"] => Ok(json!({ "total": self.total })),
            ["report", file] => {
                std::fs::write(Path::new(file), &self.counts).with_context(|| format!("writing {file}"))?;
                self.waits.sort_unstable();
                let at = |percent| percentile(&self.waits, percent);
                Ok(json!({
                    "total": self.total, "last": self.last, "p50_us": at(50), "p99_us": at(99),
                    "worst_us": self.waits.last(), "seconds": self.seconds,
                }))
            }
            _ => bail!("recv does not know `{line}`"),
        }
    }
}

/// Runs until standard input ends.
pub(crate) fn main(arguments: &[String]) -> Result<()> {
    let [bytes] = arguments else { bail!("recv is for the benchmark itself to call") };
    let body = vec![b'x'; bytes.parse()?];
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    let answer: Rc<[u8]> = [head.as_bytes(), &body].concat().into();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, serve(answer))
}

#[expect(clippy::print_stdout, reason = "the lines are for whoever started this")]
async fn serve(answer: Rc<[u8]>) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", json!({ "listening": format!("http://{}", listener.local_addr()?) }));
    let arrivals = Rc::new(RefCell::new(Arrivals { endpoints: 1, ..Arrivals::default() }));
    let (sender, mut lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                let (answer, arrivals) = (Rc::clone(&answer), Rc::clone(&arrivals));
                // A connection that breaks off is the sender's affair: what is missing is seen in the end.
                tokio::task::spawn_local(async move { connection(stream, &answer, &arrivals).await });
            }
            line = lines.recv() => match line {
                Some(line) => println!("{}", arrivals.borrow_mut().obey(&line)?),
                None => return Ok(()),
            },
        }
    }
}

async fn connection(mut stream: TcpStream, answer: &[u8], arrivals: &RefCell<Arrivals>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = Reader::new();
    while let Some(request) = reader.next(&mut stream, true).await? {
        if arrivals.borrow().hanging {
            core::future::pending::<()>().await;
        }
        if let Some(mark) = Mark::find(reader.body(request)) {
            arrivals.borrow_mut().take(mark, request.endpoint);
        }
        stream.write_all(answer).await?;
    }
    Ok(())
}
