//! A whole server in this process: real sockets, files and database, and ports that tests can hold up. It has an
//! executor of its own, so that a test goes on when the server does not.

mod admission;
mod answers;
mod dispatcher;
mod housekeeping;
mod idle;
mod news;
mod readiness;
mod secrets;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Overrides};
use crate::domain::Timestamp;
use crate::rng::Rng;
use crate::{RunError, Server};

pub(crate) use idle::Idle;

const TOKEN: &str = "the-token-of-the-admin";

/// How long an answer may take. Longer, and whoever asks whether a server is ready has given up.
const PATIENCE: Duration = Duration::from_secs(2);
/// Long enough for anything that should happen at once on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// The machine's clocks, of which the one on the wall can be set forward. Time can be said to have passed, too.
struct Skewed {
    clock: SystemClock,
    ahead_s: AtomicI64,
    passed_s: AtomicI64,
}

impl Skewed {
    fn new() -> Arc<Self> {
        Arc::new(Self { clock: SystemClock::new(), ahead_s: AtomicI64::new(0), passed_s: AtomicI64::new(0) })
    }

    /// Both clocks show it.
    fn pass(&self, time: Duration) {
        self.passed_s.fetch_add(i64::try_from(time.as_secs()).unwrap(), Ordering::SeqCst);
        self.set_forward(time);
    }

    fn set_forward(&self, by: Duration) {
        self.ahead_s.fetch_add(i64::try_from(by.as_secs()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        let ahead = self.ahead_s.load(Ordering::SeqCst).unsigned_abs();
        self.clock.now().checked_add(Duration::from_secs(ahead)).unwrap()
    }

    fn monotonic(&self) -> Duration {
        let passed = self.passed_s.load(Ordering::SeqCst).unsigned_abs();
        self.clock.monotonic() + Duration::from_secs(passed)
    }
}

/// A running server of one native tenant, whose admin publishes too.
struct Running {
    main: SocketAddr,
    admin: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<Result<(), RunError>>,
}

/// The configuration, with the data in this directory.
fn config(directory: &Path) -> Config {
    config_of("acme", directory)
}

/// And with the tenant called so.
fn config_of(tenant: &str, directory: &Path) -> Config {
    let toml = format!(
        "server.admin_listen = \"127.0.0.1:0\"\n\
         [[tenant]]\nname = \"{tenant}\"\ndialect = \"native\"\negress.allow = [\"127.0.0.0/8\"]\n\
         settings.timeout = \"1s\"\nsettings.retry = []\n\
         [[tenant.user]]\nid = \"1\"\nroles = [\"admin\", \"sender\"]\ntoken = \"{TOKEN}\"\n"
    );
    Config::parse(&toml, directory, Overrides::default()).unwrap()
}

impl Running {
    fn start(directory: &TempDir, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self::start_with(config(directory.path()), clock, rng)
    }

    fn start_with(config: Config, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (listening, told) = mpsc::channel();
        let run = async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let main = listener.local_addr().unwrap();
            let server = Server::start_with(config, listener, clock, rng).await.unwrap();
            listening.send((main, server.admin_address().unwrap())).unwrap();
            let stopped = async {
                let _ = stopped.await;
            };
            server.run_until(stopped).await
        };
        let thread = std::thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(run));
        let (main, admin) = told.recv().unwrap();
        Self { main, admin, stop, thread }
    }

    fn stop(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap().unwrap();
    }

    /// Makes a webhook that receives these types; what was answered.
    fn subscribe(&self, url: &str, event_types: &[&str]) -> Value {
        let profile = json!({ "dialect": "native", "name": "", "event_types": event_types });
        let body = json!({ "url": url, "profile": profile }).to_string();
        let (status, answer) = ask(self.main, "POST", "/v1/webhooks", "application/json", &body).unwrap();
        assert_eq!(status, 201, "{answer}");
        serde_json::from_str(&answer).unwrap()
    }

    fn publish(&self, id: &str) -> std::io::Result<(u16, String)> {
        let event = format!(r#"{{"specversion":"1.0","id":"{id}","source":"/test","type":"order.paid"}}"#);
        ask(self.main, "POST", "/v1/events", "application/cloudevents+json", &event)
    }
}

/// The status and the body that a listener answers, if it does.
fn ask(
    at: SocketAddr,
    method: &str,
    path: &str,
    content_type: &str,
    body: &str,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(at)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\nauthorization: Bearer {TOKEN}\r\n\
         content-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    Ok((status, answer.split_once("\r\n\r\n").unwrap().1.to_owned()))
}

fn get(at: SocketAddr, path: &str) -> std::io::Result<(u16, String)> {
    ask(at, "GET", path, "text/plain", "")
}

/// A receiver that takes everything.
struct Receiver {
    url: String,
    bodies: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&bodies);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let body = take(stream.unwrap()).unwrap();
                taken.lock().unwrap().push(body);
            }
        });
        Self { url, bodies }
    }

    fn bodies(&self) -> Vec<Value> {
        self.bodies.lock().unwrap().clone()
    }
}

/// Reads one request and answers it.
fn take(stream: TcpStream) -> std::io::Result<Value> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")?;
    Ok(serde_json::from_slice(&body)?)
}

#[expect(clippy::disallowed_methods, reason = "a test measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// Asks every few milliseconds until the answer is yes, and says how long that took.
fn until(what: &str, within: Duration, mut reached: impl FnMut() -> bool) -> Duration {
    let start = now();
    while !reached() {
        assert!(start.elapsed() < within, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
    start.elapsed()
}
