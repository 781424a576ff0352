//! A receiver under the test's control: a small real HTTP/1.1 server that records what arrives, byte for byte, and
//! answers as it is told, well or badly.
//!
//! One thread accepts, one serves each connection; connections are kept alive as a browser would keep them. A request
//! is recorded when its last byte has arrived and before it is answered, so that what a test waits for has happened.
//!
//! ```
//! # fn main() -> anyhow::Result<()> {
//! use sigpost_tests::{http::Client, receiver::{Receiver, Reply}};
//! let receiver = Receiver::start()?;
//! receiver.then(Reply::status(503).header("retry-after", "1")); // the first request; 200 from then on
//! let client = Client::new(&receiver.url(""));
//! assert_eq!(client.get("/a")?.status, 503);
//! assert_eq!(client.get("/b")?.status, 200);
//! assert_eq!(receiver.wait_for(2, std::time::Duration::from_secs(5))?[1].target, "/b");
//! # Ok(())
//! # }
//! ```

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::time::{Deadline, now};

/// The longest request that is taken, head and body each.
const REQUEST: usize = 64 << 20;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Every header in order, names as sent.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, chunks joined.
    pub body: Vec<u8>,
    /// When its last byte had arrived.
    pub arrived: Instant,
    /// The connection it came on, counted from 0: equal numbers are one connection reused.
    pub connection: usize,
}

impl Request {
    /// The value of the only header of this name, in any case; none if it is missing, doubled or not UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        if values.next().is_some() { None } else { str::from_utf8(value).ok() }
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).context("the body is not JSON")
    }
}

/// What the receiver does with a request that it has read.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Answers.
    Reply(Reply),
    /// Never answers; the connection stays open.
    Hang,
    /// Sends a head that promises a body, and no body; the connection stays open.
    Stall,
    /// Closes the connection without a word.
    Close,
    /// Sends these bytes, whatever they mean, and closes.
    Bytes(Vec<u8>),
}

/// An answer in HTTP.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Body,
    delay: Duration,
}

#[derive(Clone, Debug)]
enum Body {
    Bytes(Vec<u8>),
    Huge(usize),
}

impl Reply {
    /// An answer with this status, no body and no delay.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Bytes(Vec::new()), delay: Duration::ZERO }
    }

    /// With one more header. `content-length` is added, unless given here.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Bytes(body.into());
        self
    }

    /// With a body of this many `x`, never held in memory.
    #[must_use]
    pub fn huge(mut self, bytes: usize) -> Self {
        self.body = Body::Huge(bytes);
        self
    }

    /// Sent this long after the request has been read.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

/// A receiver on a free port of 127.0.0.1. Dropping it closes every connection.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    requests: Vec<Request>,
    script: VecDeque<Answer>,
    otherwise: Answer,
    connections: Vec<TcpStream>,
    stopped: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked while it held the lock has left whole values behind: each change is one step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps, but no longer than the receiver lives; whether it still does.
    fn sleep(&self, limit: Option<Duration>) -> bool {
        let state = self.lock();
        let alive = |state: &mut State| !state.stopped;
        let state = match limit {
            Some(limit) => match self.changed.wait_timeout_while(state, limit, alive) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            },
            None => self.changed.wait_while(state, alive).unwrap_or_else(PoisonError::into_inner),
        };
        !state.stopped
    }
}

impl Receiver {
    /// Starts a receiver that answers 200 until told otherwise.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("binding a port for the receiver")?;
        let address = listener.local_addr()?;
        let state = State {
            requests: Vec::new(),
            script: VecDeque::new(),
            otherwise: Reply::status(200).into(),
            connections: Vec::new(),
            stopped: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &accepting));
        Ok(Self { address, shared })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The url of a path here, `/hook` for example.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What to do with the next request that nothing is planned for yet; called again, with the one after it.
    pub fn then(&self, answer: impl Into<Answer>) {
        self.shared.lock().script.push_back(answer.into());
    }

    /// What to do with every request that nothing is planned for.
    pub fn otherwise(&self, answer: impl Into<Answer>) {
        self.shared.lock().otherwise = answer.into();
    }

    /// Everything that has arrived until now, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().requests.clone()
    }

    /// Waits until `count` requests have arrived, and returns all there are.
    ///
    /// # Errors
    /// When fewer have arrived within `limit`; the error says what did.
    pub fn wait_for(&self, count: usize, limit: Duration) -> Result<Vec<Request>> {
        let deadline = Deadline::after(limit);
        let mut state = self.shared.lock();
        while state.requests.len() < count {
            let left = deadline.remaining();
            if left.is_zero() {
                let seen: Vec<_> =
                    state.requests.iter().map(|r| format!("{} {}", r.method, r.target)).collect();
                bail!("{} of {count} requests within {limit:?}: {seen:?}", seen.len());
            }
            state = match self.shared.changed.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        Ok(state.requests.clone())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopped = true;
        for connection in &state.connections {
            // Fails only for one that the other side has already closed.
            let _ = connection.shutdown(Shutdown::Both);
        }
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the thread that accepts, so that it sees the end.
        let _ = TcpStream::connect(self.address);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for connection in 0.. {
        let Ok((stream, _)) = listener.accept() else { continue };
        let Ok(clone) = stream.try_clone() else { continue };
        let mut state = shared.lock();
        if state.stopped {
            return;
        }
        state.connections.push(clone);
        drop(state);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A broken connection is the other side's matter; what arrived whole has been recorded.
            let _ = serve(&stream, connection, &shared);
            let _ = stream.shutdown(Shutdown::Both);
        });
    }
}

fn serve(stream: &TcpStream, connection: usize, shared: &Shared) -> Result<()> {
    let mut input = Input { stream, buffer: Vec::new() };
    while let Some(request) = input.request(connection)? {
        let mut state = shared.lock();
        let planned = state.script.pop_front();
        let answer = planned.unwrap_or_else(|| state.otherwise.clone());
        state.requests.push(request);
        drop(state);
        shared.changed.notify_all();
        if !perform(stream, &answer, shared)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Does what was planned; whether the connection lives on.
fn perform(mut stream: &TcpStream, answer: &Answer, shared: &Shared) -> Result<bool> {
    match answer {
        Answer::Reply(reply) => {
            if !reply.delay.is_zero() && !shared.sleep(Some(reply.delay)) {
                return Ok(false);
            }
            send(stream, reply)?;
            Ok(true)
        }
        Answer::Hang => Ok(shared.sleep(None)),
        Answer::Stall => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")?;
            Ok(shared.sleep(None))
        }
        Answer::Close => Ok(false),
        Answer::Bytes(bytes) => {
            stream.write_all(bytes)?;
            Ok(false)
        }
    }
}

fn send(mut stream: &TcpStream, reply: &Reply) -> Result<()> {
    let length = match &reply.body {
        Body::Bytes(bytes) => bytes.len(),
        Body::Huge(length) => *length,
    };
    let mut head = format!("HTTP/1.1 {} -\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let bodiless = matches!(reply.status, 100..200 | 204 | 304);
    if !bodiless && !reply.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
        head.push_str(&format!("content-length: {length}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    match &reply.body {
        Body::Bytes(bytes) => stream.write_all(bytes)?,
        Body::Huge(length) => {
            io::copy(&mut io::repeat(b'x').take(u64::try_from(*length)?), &mut stream)?;
        }
    }
    Ok(())
}

/// Reads requests off a connection, keeping what belongs to the next one.
struct Input<'s> {
    stream: &'s TcpStream,
    buffer: Vec<u8>,
}

impl Input<'_> {
    /// The next request, none when the other side has closed between two.
    fn request(&mut self, connection: usize) -> Result<Option<Request>> {
        let mut request = loop {
            if let Some(request) = self.head(connection)? {
                break request;
            }
            if !self.more()? {
                if self.buffer.is_empty() {
                    return Ok(None);
                }
                bail!("closed within a head");
            }
        };
        let chunked = request.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked"));
        request.body = if chunked {
            self.chunks()?
        } else {
            let length = request.header("content-length").map(str::parse).transpose()?;
            self.take(length.unwrap_or(0))?
        };
        request.arrived = now();
        Ok(Some(request))
    }

    fn head(&mut self, connection: usize) -> Result<Option<Request>> {
        let mut headers = [httparse::EMPTY_HEADER; 256];
        let mut parsed = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = parsed.parse(&self.buffer)? else { return Ok(None) };
        let headers = parsed.headers.iter().map(|header| (header.name.to_owned(), header.value.to_vec()));
        let request = Request {
            method: parsed.method.unwrap_or_default().to_owned(),
            target: parsed.path.unwrap_or_default().to_owned(),
            headers: headers.collect(),
            body: Vec::new(),
            arrived: now(),
            connection,
        };
        self.buffer.drain(..length);
        Ok(Some(request))
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let (start, size) = loop {
                if let httparse::Status::Complete(found) = httparse::parse_chunk_size(&self.buffer)
                    .map_err(|_| anyhow::anyhow!("a chunk without a size"))?
                {
                    break found;
                }
                self.expect_more()?;
            };
            self.buffer.drain(..start);
            let size = usize::try_from(size)?;
            let chunk = self.take(size.checked_add(2).context("a chunk too long")?)?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        if length > REQUEST {
            bail!("a body of {length} bytes, {REQUEST} at most");
        }
        while self.buffer.len() < length {
            self.expect_more()?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    fn expect_more(&mut self) -> Result<()> {
        if self.more()? { Ok(()) } else { bail!("closed within a request") }
    }

    /// Reads what there is; false at the end.
    fn more(&mut self) -> Result<bool> {
        let mut bytes = [0; 16 << 10];
        let count = self.stream.read(&mut bytes)?;
        self.buffer.extend_from_slice(&bytes[..count]);
        if self.buffer.len() > REQUEST + bytes.len() {
            bail!("a request over {REQUEST} bytes");
        }
        Ok(count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Client;

    const SOON: Duration = Duration::from_secs(10);

    fn start() -> (Receiver, Client) {
        let receiver = Receiver::start().unwrap();
        let client = Client::new(&receiver.url(""));
        (receiver, client)
    }

    #[test]
    fn a_request_is_recorded_byte_for_byte() {
        let (receiver, client) = start();
        let sent = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Twice: 1\r\nx-TWICE: 2\r\nContent-Length: 3\r\n\r\n\x00\xff\n";
        assert!(client.raw(sent).unwrap().starts_with(b"HTTP/1.1 200 "));
        let request = &receiver.wait_for(1, SOON).unwrap()[0];
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/a?b=c"));
        let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Host", "X-Twice", "x-TWICE", "Content-Length"]);
        assert_eq!(request.body, b"\x00\xff\n");
        assert_eq!(request.header("host"), Some("x"));
        assert_eq!(request.header("x-twice"), None);
    }

    #[test]
    fn chunks_are_joined_and_the_next_request_is_kept() {
        let (receiver, client) = start();
        let chunked =
            "POST /1 HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";
        client.raw(format!("{chunked}GET /2 HTTP/1.1\r\n\r\n").as_bytes()).unwrap();
        let requests = receiver.wait_for(2, SOON).unwrap();
        assert_eq!(requests[0].body, b"abc0123456789");
        assert_eq!((requests[1].target.as_str(), requests[1].connection), ("/2", requests[0].connection));
    }

    #[test]
    fn the_script_is_followed_and_then_the_rule() {
        let (receiver, client) = start();
        receiver.then(Reply::status(503).header("Retry-After", "7").body("busy"));
        receiver.then(Reply::status(204));
        receiver.otherwise(Reply::status(410));
        let first = client.get("/").unwrap();
        assert_eq!(
            (first.status, first.header("retry-after"), first.text().as_str()),
            (503, Some("7"), "busy")
        );
        assert_eq!(client.get("/").unwrap().status, 204);
        assert_eq!(client.get("/").unwrap().status, 410);
        assert_eq!(client.get("/").unwrap().status, 410);
    }

    #[test]
    fn a_delayed_answer_comes_late() {
        let (receiver, client) = start();
        receiver.then(Reply::status(200).after(Duration::from_millis(150)));
        let start = now();
        client.get("/").unwrap();
        assert!(now() - start >= Duration::from_millis(150));
    }

    #[test]
    fn a_huge_body_arrives_whole() {
        let (receiver, client) = start();
        receiver.then(Reply::status(200).huge(3 << 20));
        let body = client.get("/").unwrap().body;
        assert_eq!((body.len(), body.iter().all(|byte| *byte == b'x')), (3 << 20, true));
    }

    #[test]
    fn closing_hanging_and_stalling_leave_no_answer() {
        let (receiver, client) = start();
        receiver.then(Answer::Close);
        assert!(client.get("/close").is_err());
        for (answer, start) in [(Answer::Hang, &b""[..]), (Answer::Stall, b"HTTP/1.1 200 OK")] {
            receiver.then(answer);
            let mut stream = TcpStream::connect(receiver.address()).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
            let mut answer = Vec::new();
            let error = stream.read_to_end(&mut answer).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
            assert!(answer.starts_with(start) && answer.is_empty() == start.is_empty());
        }
        assert_eq!(receiver.requests().len(), 3);
    }

    #[test]
    fn bytes_are_sent_as_they_are() {
        let (receiver, client) = start();
        receiver.then(Answer::Bytes(b"not HTTP".to_vec()));
        assert_eq!(client.raw(b"GET / HTTP/1.1\r\n\r\n").unwrap(), b"not HTTP");
    }

    #[test]
    fn waiting_in_vain_says_what_did_arrive() {
        let (receiver, client) = start();
        client.get("/only").unwrap();
        let error = receiver.wait_for(2, Duration::from_millis(50)).unwrap_err().to_string();
        assert!(error.starts_with("1 of 2 requests") && error.contains("GET /only"), "{error}");
    }

    #[test]
    fn a_dropped_receiver_refuses_and_lets_go() {
        let (receiver, client) = start();
        receiver.then(Answer::Hang);
        let waiting = std::thread::spawn({
            let client = client.clone();
            move || client.get("/").is_err()
        });
        receiver.wait_for(1, SOON).unwrap();
        drop(receiver);
        assert!(waiting.join().unwrap());
        assert!(Deadline::after(SOON).poll(|| client.get("/").err()).is_some());
    }
}
