//! The three processes, and what became of a run of theirs.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use sigpost_tests::http::Client;
use sigpost_tests::load::usage;
use sigpost_tests::server::{Launch, Server};
use sigpost_tests::time::Deadline;
use tempfile::TempDir;

use super::load::Orders;
use super::metrics::Scrape;

pub(crate) const TOKEN: &str = "the-token-of-ada-who-publishes";
/// How long what was accepted may take to arrive after the last was accepted.
const DRAIN: Duration = Duration::from_secs(120);

/// A receiver in a process of its own.
pub(crate) struct Recv {
    child: Child,
    input: ChildStdin,
    lines: std::sync::mpsc::Receiver<String>,
    pub(crate) base: String,
}

impl Recv {
    /// Starts one that answers with so many bytes.
    pub(crate) fn start(bytes: usize) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["recv", &bytes.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let input = child.stdin.take().context("standard input is piped")?;
        let output = child.stdout.take().context("standard output is piped")?;
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            use std::io::BufRead as _;
            for line in std::io::BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut recv = Self { child, input, lines, base: String::new() };
        let listening = recv.line()?;
        recv.base = listening["listening"].as_str().context("recv says where it listens")?.to_owned();
        Ok(recv)
    }

    fn line(&self) -> Result<Value> {
        let line = self.lines.recv_timeout(Duration::from_secs(60)).context("recv says nothing")?;
        Ok(serde_json::from_str(&line)?)
    }

    /// Leaves whatever comes from now on unanswered, and uncounted, or answers again.
    pub(crate) fn hang(&mut self, hang: bool) -> Result<()> {
        self.tell(if hang { "hang" } else { "answer" }).map(drop)
    }

    fn tell(&mut self, order: &str) -> Result<Value> {
        writeln!(self.input, "{order}")?;
        self.line()
    }

    pub(crate) fn reset(&mut self, endpoints: usize, first: u64) -> Result<()> {
        self.tell(&format!("reset {endpoints} {first}")).map(drop)
    }

    /// Its processor time so far, in seconds.
    pub(crate) fn cpu(&self) -> Result<f64> {
        usage::cpu(self.child.id())
    }

    pub(crate) fn total(&mut self) -> Result<u64> {
        self.tell("count")?["total"].as_u64().context("a number")
    }
}

impl Drop for Recv {
    fn drop(&mut self) {
        // It ends by itself when its input does; nothing is lost either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a tenant speaks, and a webhook of it that wants every event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    name: &'static str,
    profile: &'static str,
}

pub(crate) const NATIVE: Dialect =
    Dialect { name: "native", profile: r#"{"dialect":"native","event_types":["*"]}"# };
pub(crate) const QLIK: Dialect =
    Dialect { name: "qlik", profile: r#"{"dialect":"qlik","event_types":["bench.event"]}"# };
pub(crate) const IMMUTA: Dialect = Dialect {
    name: "immuta",
    profile: r#"{"dialect":"immuta","global":true,"event_types":["bench.event"],"action":"triggered"}"#,
};

/// A server with one tenant, and its receiver.
pub(crate) struct Rig {
    pub(crate) server: Server,
    pub(crate) recv: Recv,
    pub(crate) dialect: Dialect,
    pub(crate) endpoints: usize,
    pub(crate) answer: usize,
    pub(crate) folder: TempDir,
    next: u64,
}

/// How a run is loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) batch: usize,
    pub(crate) seconds: f64,
    pub(crate) rate: f64,
    pub(crate) events: u64,
}

/// What became of a run.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) received: u64,
    pub(crate) duplicates: u64,
    /// From the first request to the last arrival.
    pub(crate) seconds: f64,
    pub(crate) by_second: Vec<u64>,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) answered_p99_ms: f64,
    pub(crate) server_cpu: f64,
    pub(crate) tools_cpu: f64,
    pub(crate) peak_mib: f64,
}

impl Outcome {
    /// Deliveries a second.
    pub(crate) fn rate(&self) -> f64 {
        float(self.received) / self.seconds
    }

    /// The server's processor time over that of generator and receiver.
    pub(crate) fn cpu_ratio(&self) -> f64 {
        self.server_cpu / self.tools_cpu
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "accepted": self.accepted, "refused": self.refused, "received": self.received,
            "duplicates": self.duplicates, "seconds": self.seconds, "rate": self.rate(),
            "p50_ms": self.p50_ms, "p99_ms": self.p99_ms, "answered_p99_ms": self.answered_p99_ms,
            "server_cpu_s": self.server_cpu, "tools_cpu_s": self.tools_cpu, "cpu_ratio": self.cpu_ratio(),
            "server_us_per_delivery": self.server_cpu * 1e6 / float(self.received),
            "tools_us_per_delivery": self.tools_cpu * 1e6 / float(self.received),
            "peak_mib": self.peak_mib, "by_second": self.by_second,
        })
    }
}

/// Exact for every count here.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

impl Rig {
    /// A server of this binary with a tenant of one dialect and so many webhooks, all of which want every event.
    pub(crate) fn start(
        binary: &std::path::Path,
        dialect: Dialect,
        endpoints: usize,
        answer: usize,
    ) -> Result<Self> {
        Self::start_under(binary, dialect, endpoints, answer, |launch| launch)
    }

    /// As [`Rig::start`], launched in another way.
    pub(crate) fn start_under(
        binary: &std::path::Path,
        dialect: Dialect,
        endpoints: usize,
        answer: usize,
        under: impl FnOnce(Launch) -> Launch,
    ) -> Result<Self> {
        let config = format!(
            "[server]\nadmin_listen = \"127.0.0.1:0\"\n[[tenant]]\nname = \"bench\"\ndialect = \"{}\"\n[tenant.egress]\nallow = [\"127.0.0.0/8\"]\nrelaxed_targets = true\n[tenant.settings]\nevent_types = [\"bench.event\"]\n[[tenant.user]]\nid = \"1\"\nroles = [\"admin\"]\ntoken = \"{TOKEN}\"\n",
            dialect.name
        );
        let server = under(Launch::program(binary, config)).start()?;
        let recv = Recv::start(answer)?;
        let client = server.client().with_token(TOKEN);
        let mut rig = Self { server, recv, dialect, endpoints, answer, folder: TempDir::new()?, next: 0 };
        for endpoint in 0..endpoints {
            rig.add_webhook(&client, endpoint)?;
        }
        Ok(rig)
    }

    fn add_webhook(&mut self, client: &Client, endpoint: usize) -> Result<()> {
        let mut profile: Value = serde_json::from_str(self.dialect.profile)?;
        profile["name"] = json!(format!("bench {endpoint}"));
        let body = json!({
            "url": format!("{}/w/{endpoint}", self.recv.base),
            "secret": "a secret of thirty-two characters",
            "profile": profile,
        });
        loop {
            let answer = client.post("/v1/webhooks", &body)?;
            match answer.status {
                201 => return Ok(()),
                429 => std::thread::sleep(Duration::from_secs(1)),
                status => bail!("a webhook could not be made: {status} {}", answer.text()),
            }
        }
    }

    fn orders(&self, load: Load) -> Orders {
        Orders {
            address: self.server.base().trim_start_matches("http://").to_owned(),
            path: "/v1/events".into(),
            token: TOKEN.into(),
            connections: load.connections,
            batch: load.batch,
            seconds: load.seconds,
            rate: load.rate,
            events: load.events,
            first: self.next,
            accepted: self.folder.path().join("accepted"),
        }
    }

    /// Publishes, and waits for nothing. How many were accepted, and the processor time of publishing them.
    pub(crate) fn publish(&mut self, load: Load) -> Result<(u64, f64)> {
        self.recv.reset(self.endpoints, self.next)?;
        let scrape = Scrape::start(&self.server)?;
        let (report, load_cpu) = published(&self.orders(load))?;
        scrape.stop()?;
        self.next += report["sent"].as_u64().context("load counts what it sent")?;
        let accepted = report["accepted"].as_u64().context("load counts what was accepted")?;
        Ok((accepted, load_cpu))
    }

    /// Processor time of the server since its start and of the receiver since its own, in seconds.
    pub(crate) fn cpu(&mut self) -> Result<(f64, f64)> {
        Ok((usage::cpu(self.server.process().id())?, self.recv.cpu()?))
    }

    /// Publishes, waits until all has arrived, and holds one against the other.
    pub(crate) fn run(&mut self, load: Load) -> Result<Outcome> {
        self.recv.reset(self.endpoints, self.next)?;
        let orders = self.orders(load);
        let server = self.server.process().id();
        usage::forget_peak(server)?;
        let before = self.cpu()?;
        let scrape = Scrape::start(&self.server)?;
        let (report, load_cpu) = published(&orders)?;
        self.next += report["sent"].as_u64().context("load counts what it sent")?;
        let accepted = report["accepted"].as_u64().context("load counts what was accepted")?;
        let expected = accepted * self.endpoints as u64;
        self.drained(expected)?;
        scrape.stop()?;
        let after = self.cpu()?;
        let server_cpu = after.0 - before.0;
        let tools_cpu = after.1 - before.1 + load_cpu;
        let peak_mib = usage::memory(server)?.1;
        let counts = self.folder.path().join("received");
        let arrived = self.recv.tell(&format!("report {}", counts.display()))?;
        let duplicates = self.compare(&std::fs::read(&orders.accepted)?, &std::fs::read(&counts)?)?;
        let number = |value: &Value| value.as_f64().context("a number");
        Ok(Outcome {
            accepted,
            refused: report["refused"].as_u64().unwrap_or(0),
            received: expected,
            duplicates,
            seconds: (number(&arrived["last"])? - number(&report["started"])?) / 1e9,
            by_second: serde_json::from_value(arrived["seconds"].clone())?,
            p50_ms: number(&arrived["p50_us"])? / 1e3,
            p99_ms: number(&arrived["p99_us"])? / 1e3,
            answered_p99_ms: number(&report["answered_p99_us"])? / 1e3,
            server_cpu,
            tools_cpu,
            peak_mib,
        })
    }

    pub(crate) fn drained(&mut self, expected: u64) -> Result<()> {
        let deadline = Deadline::after(DRAIN);
        while self.recv.total()? < expected {
            ensure!(!deadline.has_passed(), "{} of {expected} arrived", self.recv.total()?);
            std::thread::sleep(Duration::from_millis(20));
        }
        // Whatever comes twice comes now.
        std::thread::sleep(Duration::from_millis(200));
        Ok(())
    }

    /// Every event that was accepted has arrived at every endpoint. How many arrived more than once.
    fn compare(&self, accepted: &[u8], received: &[u8]) -> Result<u64> {
        let mut duplicates = 0;
        for (event, accepted) in accepted.iter().enumerate() {
            for endpoint in 0..self.endpoints {
                let count = received.get(event * self.endpoints + endpoint).copied().unwrap_or(0);
                ensure!(
                    *accepted == 0 || count > 0,
                    "event {event} was accepted and did not arrive at {endpoint}"
                );
                duplicates += u64::from(count.saturating_sub(1));
            }
        }
        Ok(duplicates)
    }
}

/// Has `load` publish. What it says of it, and its processor time.
fn published(orders: &Orders) -> Result<(Value, f64)> {
    let before = children_cpu()?;
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.arg("load").args(orders.arguments()).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "load failed");
    let report: Value = serde_json::from_slice(&output.stdout)?;
    super::load::ensure_sound(&report)?;
    Ok((report, children_cpu()? - before))
}

/// Processor time of all children of this process that have ended, in seconds.
fn children_cpu() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').context("no name in /proc/self/stat")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    // Fields 16 and 17 of proc_pid_stat(5).
    let ticks =
        |at: usize| fields.get(at).context("/proc/self/stat is short")?.parse::<f64>().context("ticks");
    Ok((ticks(13)? + ticks(14)?) / 100.0)
}

/// `load` straight to `recv`: requests a second, and the processor time of each request in microseconds.
pub(crate) fn bare(seconds: f64, connections: usize, folder: &std::path::Path) -> Result<f64> {
    let mut recv = Recv::start(0)?;
    recv.reset(1, 0)?;
    let orders = Orders {
        address: recv.base.trim_start_matches("http://").to_owned(),
        path: "/w/0".into(),
        token: TOKEN.into(),
        connections,
        batch: 1,
        seconds,
        rate: 0.0,
        events: 0,
        first: 0,
        accepted: folder.join("bare"),
    };
    let (report, _) = published(&orders)?;
    let number = |name: &str| report[name].as_f64().context("a number");
    Ok(number("accepted")? / (number("ended")? - number("started")?) * 1e9)
}

/// The binary to measure: the one that `SIGPOST_BIN` names, else the one that cargo built for release.
pub(crate) fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("SIGPOST_BIN") {
        return Ok(path.into());
    }
    let path = sigpost_tests::workspace::target_directory()?.join("release/sigpost");
    ensure!(path.is_file(), "build it first: cargo build --release -p sigpost-server");
    Ok(path)
}

/// One that was built with the feature `bench-without-storage`, if there is one.
pub(crate) fn without_storage() -> Option<PathBuf> {
    std::env::var_os("SIGPOST_BIN_WITHOUT_STORAGE").map(PathBuf::from)
}
