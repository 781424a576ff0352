//! A whole server in this process: real sockets, files and database, and ports that tests can hold up. It has an
//! executor of its own, so that a test goes on when the server does not.

mod readiness;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::Server;
use crate::config::{Config, Overrides};
use crate::rng::Rng;

/// A running server of one native tenant, whose admin publishes too.
struct Running {
    main: SocketAddr,
    admin: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
    _directory: TempDir,
}

const TOKEN: &str = "the-token-of-the-admin";

/// How long an answer may take. Longer, and whoever asks whether a server is ready has given up.
const PATIENCE: Duration = Duration::from_secs(2);

impl Running {
    fn start(rng: Arc<dyn Rng>) -> Self {
        let directory = TempDir::new().unwrap();
        let toml = format!(
            "server.admin_listen = \"127.0.0.1:0\"\n\
             [[tenant]]\nname = \"acme\"\ndialect = \"native\"\negress.allow = [\"127.0.0.0/8\"]\n\
             settings.timeout = \"1s\"\n\
             [[tenant.user]]\nid = \"1\"\nroles = [\"admin\", \"sender\"]\ntoken = \"{TOKEN}\"\n"
        );
        let config = Config::parse(&toml, directory.path(), Overrides::default()).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (listening, told) = mpsc::channel();
        let run = async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let main = listener.local_addr().unwrap();
            let server = Server::start_with(config, listener, rng).await.unwrap();
            listening.send((main, server.admin_address().unwrap())).unwrap();
            let stopped = async {
                let _ = stopped.await;
            };
            server.run_until(stopped).await.unwrap();
        };
        let thread = std::thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(run));
        let (main, admin) = told.recv().unwrap();
        Self { main, admin, stop, thread, _directory: directory }
    }

    fn stop(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap();
    }

    /// Makes a webhook that receives everything.
    fn subscribe(&self, url: &str) {
        let body =
            format!(r#"{{"url":"{url}","profile":{{"dialect":"native","name":"","event_types":["*"]}}}}"#);
        let (status, answer) = ask(self.main, "POST", "/v1/webhooks", "application/json", &body).unwrap();
        assert_eq!(status, 201, "{answer}");
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
