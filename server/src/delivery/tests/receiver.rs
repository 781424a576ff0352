//! A receiver made of a bare listener, so that it can misbehave in every way.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What to do with a request.
pub(super) enum Reply {
    /// Send this and wait for the next request.
    Send(Vec<u8>),
    /// Send this, then close.
    SendThenClose(Vec<u8>),
    /// Send the first, then a byte of the second every 20 ms.
    Drip(Vec<u8>, Vec<u8>),
    /// Send the first, then the second over and over, as long as anybody takes it.
    Flood(Vec<u8>, Vec<u8>),
    /// Say nothing, but keep the connection.
    Hang,
    /// Close in good order, without an answer.
    Close,
}

impl Reply {
    pub(super) fn status(status: &str) -> Self {
        Self::Send(format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\nok").into_bytes())
    }

    pub(super) fn text(text: &str) -> Self {
        Self::Send(text.replace('\n', "\r\n").into_bytes())
    }
}

/// A request as it arrived.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let value = values.next();
        assert!(values.next().is_none(), "{name} stands twice");
        value
    }
}

type Script = dyn Fn(usize, &Request) -> Reply + Send + Sync;

pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    seen: Arc<Seen>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    open: AtomicUsize,
    bytes: AtomicUsize,
    requests: Mutex<Vec<Request>>,
}

impl Receiver {
    /// Answers the n-th request (from 0) by the script.
    pub(super) async fn start(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen("127.0.0.1:0", None, script).await
    }

    pub(super) async fn listen(
        address: &str,
        tls: Option<TlsAcceptor>,
        script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let task = tokio::spawn(accept(listener, tls, Arc::clone(&seen), Arc::new(script)));
        Self { address, seen, task }
    }

    pub(super) async fn ok() -> Self {
        Self::start(|_, _| Reply::status("200 OK")).await
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook?x=1", self.address)
    }

    pub(super) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Connections that the receiver still holds.
    pub(super) fn open(&self) -> usize {
        self.seen.open.load(Ordering::SeqCst)
    }

    /// Bytes of heads that arrived, of unfinished ones too; under TLS those that were encrypted.
    pub(super) fn bytes(&self) -> usize {
        self.seen.bytes.load(Ordering::SeqCst)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.seen.requests.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, seen: Arc<Seen>, script: Arc<Script>) {
    while let Ok((stream, _)) = listener.accept().await {
        seen.connections.fetch_add(1, Ordering::SeqCst);
        seen.open.fetch_add(1, Ordering::SeqCst);
        let (tls, seen, script) = (tls.clone(), Arc::clone(&seen), Arc::clone(&script));
        tokio::spawn(async move {
            serve_any(stream, tls, &seen, &*script).await;
            seen.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

async fn serve_any(stream: TcpStream, tls: Option<TlsAcceptor>, seen: &Seen, script: &Script) {
    match tls {
        None => serve(stream, seen, script).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, seen, script).await;
            }
        }
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, seen: &Seen, script: &Script) {
    while let Some(request) = read_request(&mut stream, seen).await {
        let number = {
            let mut requests = seen.requests.lock().unwrap();
            requests.push(request.clone());
            requests.len() - 1
        };
        match script(number, &request) {
            Reply::Send(bytes) => {
                if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
            Reply::SendThenClose(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Reply::Drip(head, rest) => {
                let _ = stream.write_all(&head).await;
                for byte in rest {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                }
            }
            Reply::Flood(head, again) => {
                let _ = stream.write_all(&head).await;
                while stream.write_all(&again).await.is_ok() {}
                return;
            }
            Reply::Hang => {
                // Until the other side closes.
                let _ = stream.read(&mut [0]).await;
                return;
            }
            Reply::Close => return,
        }
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin), seen: &Seen) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
        seen.bytes.fetch_add(1, Ordering::SeqCst);
    }
    let head = String::from_utf8(head).unwrap();
    let mut request = Request { head, body: Vec::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    request.body.resize(length, 0);
    stream.read_exact(&mut request.body).await.ok()?;
    Some(request)
}
