//! Accepts connections and serves them until it is told to stop.
//!
//! Bounds: as many connections at once as the caller says, 10 s for a request's head, 64 KiB and 100 headers in it; bodies
//! are bounded by the dialects. When it stops, idle connections are closed at once and requests in progress get until the deadline;
//! answers that would never end are cut much sooner, whether or not their clients read.
//!
//! A client that does not read its answer would hold one of those connections for as long as it likes. The kernel is
//! the one that knows, for only it sees what the other end has taken: it is told to give a connection up on which
//! something waits to be taken and nothing can be sent for 30 s. A client that reads slowly makes room again and again
//! (a sixteenth of its buffer, by when its kernel tells of it), and where nothing waits, as on a live stream when nothing
//! happens, nothing is late.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::Front;
use crate::causes::causes;
use crate::dialects::shared::Endless;

const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_HEAD: usize = 64 * 1024;
/// How long an answer may wait for a client that takes nothing of it.
const UNREAD: Duration = Duration::from_secs(30);
/// After an accept error that is ours (no file descriptors, …), the wait before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a client has to take the end of an answer that has none of its own.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Serves `front` on `listener`, so many connections at once, until `shutdown` resolves, then lets requests in progress end
/// within `grace`, which is asked for then.
pub async fn serve(
    listener: TcpListener,
    front: Front,
    connections: usize,
    shutdown: impl Future<Output = ()>,
    grace: impl Fn() -> Duration,
) {
    serve_readers(listener, front, connections, UNREAD, shutdown, grace).await;
}

async fn serve_readers(
    listener: TcpListener,
    front: Front,
    connections: usize,
    unread: Duration,
    shutdown: impl Future<Output = ()>,
    grace: impl Fn() -> Duration,
) {
    let connections = Arc::new(Semaphore::new(connections));
    let graceful = GracefulShutdown::new();
    let mut shutdown = core::pin::pin!(shutdown);
    let stopping = watch::Sender::new(false);
    loop {
        let accepted = async {
            // The semaphore is never closed, so a permit always comes.
            let permit = Arc::clone(&connections).acquire_owned().await.ok();
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut shutdown => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(error = causes(&error), "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Answers are small and written whole: waiting to fill a segment would only delay them.
        let _ = stream.set_nodelay(true);
        give_up_unread(&stream, unread);
        let endless = Arc::new(AtomicBool::new(false));
        let connection = graceful.watch(connection(stream, peer, front.clone(), Arc::clone(&endless)));
        let stopping = stopping.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                // What goes wrong on a connection is the client's to see; there is nobody to tell it to here.
                _ = connection => {}
                () = cut(&endless, stopping) => {}
            }
            drop(permit);
        });
    }
    drop(listener);
    stopping.send_replace(true);
    if tokio::time::timeout(grace(), graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still in progress at the end of the grace period");
    }
}

/// Has the kernel end a connection that has had something to send for so long and could not. It counts the probes of a
/// receiver that has no room, too (Linux 5.11).
#[cfg(target_os = "linux")]
fn give_up_unread(stream: &tokio::net::TcpStream, after: Duration) {
    let millis = u32::try_from(after.as_millis()).unwrap_or(u32::MAX);
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(stream, millis) {
        tracing::warn!(error = causes(&error), "a client that does not read cannot be bounded");
    }
}

#[cfg(not(target_os = "linux"))]
fn give_up_unread(_: &tokio::net::TcpStream, _: Duration) {}

/// Resolves when a connection with an endless answer is to be cut: a client that does not read holds its end up.
async fn cut(endless: &AtomicBool, mut stopping: watch::Receiver<bool>) {
    // An error means that the server is gone, which is a stop too.
    let _ = stopping.wait_for(|stopping| *stopping).await;
    tokio::time::sleep(LAST_WORDS).await;
    if !endless.load(Ordering::Relaxed) {
        core::future::pending::<()>().await;
    }
}

fn connection(
    stream: tokio::net::TcpStream,
    peer: SocketAddr,
    front: Front,
    endless: Arc<AtomicBool>,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let (answer, endless) = (front.clone().answer(request), Arc::clone(&endless));
        async move {
            let answer = answer.await;
            endless.fetch_or(answer.extensions().get::<Endless>().is_some(), Ordering::Relaxed);
            Ok::<_, core::convert::Infallible>(answer)
        }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;
    use core::pin::Pin;
    use core::task::{Context, Poll};
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    use axum::Router;
    use axum::body::{Bytes, HttpBody};
    use axum::routing::get;
    use hyper::body::Frame;
    use tokio::sync::{mpsc, oneshot};

    use super::*;
    use crate::http::Parts;

    /// More than two ends of a connection take between them.
    const LARGE: usize = 32 * 1024 * 1024;
    /// How long an answer may wait here.
    const SHORT: Duration = Duration::from_secs(1);
    /// Much longer than anything here should take.
    const LONG: Duration = Duration::from_secs(20);

    /// An answer without an end.
    struct Spoken(mpsc::UnboundedReceiver<Bytes>);

    impl HttpBody for Spoken {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.poll_recv(context).map(|words| words.map(|words| Ok(Frame::data(words))))
        }
    }

    /// A server of one connection at a time, as long as this is kept.
    struct Served {
        at: SocketAddr,
        /// What `/stream` says goes in here.
        streams: std::sync::mpsc::Receiver<mpsc::UnboundedSender<Bytes>>,
        _stop: oneshot::Sender<()>,
    }

    impl Served {
        fn start() -> Self {
            let (told, streams) = std::sync::mpsc::channel();
            let stream = move || {
                let (words, spoken) = mpsc::unbounded_channel();
                told.send(words).unwrap();
                async { Body::new(Spoken(spoken)) }
            };
            let routes = Router::new()
                .route("/small", get(|| async { "small" }))
                .route("/large", get(|| async { vec![b'x'; LARGE] }))
                .route("/stream", get(stream));
            let front = Front(Arc::new(Parts { routes, identify: None }));
            let (stop, stopped) = oneshot::channel();
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            let at = listener.local_addr().unwrap();
            std::thread::spawn(move || {
                tokio::runtime::Runtime::new().unwrap().block_on(async {
                    let listener = TcpListener::from_std(listener).unwrap();
                    let stopped = async { _ = stopped.await };
                    serve_readers(listener, front, 1, SHORT, stopped, || Duration::ZERO).await;
                });
            });
            Self { at, streams, _stop: stop }
        }

        fn ask(&self, path: &str) -> TcpStream {
            let mut client = TcpStream::connect(self.at).unwrap();
            client.set_read_timeout(Some(LONG)).unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
            client.write_all(request.as_bytes()).unwrap();
            client
        }

        /// Whether another client gets its turn.
        fn answers(&self) -> bool {
            let mut answer = String::new();
            self.ask("/small").read_to_string(&mut answer).is_ok_and(|_| answer.ends_with("small"))
        }
    }

    #[test]
    fn a_client_that_does_not_read_gives_its_place_up() {
        let server = Served::start();
        let _silent = server.ask("/large");
        assert!(server.answers(), "one large answer");
        let _silent = server.ask("/stream");
        let words = server.streams.recv_timeout(LONG).unwrap();
        for _ in 0..LARGE / 1_024 / 1_024 {
            words.send(vec![b'x'; 1_024 * 1_024].into()).unwrap();
        }
        assert!(server.answers(), "one without an end");
    }

    #[test]
    fn a_client_that_reads_slowly_gets_everything() {
        let server = Served::start();
        let mut client = server.ask("/large");
        let (mut read, mut some) = (0, vec![0; 512 * 1_024]);
        loop {
            let more = client.read(&mut some).unwrap();
            if more == 0 {
                break;
            }
            read += more;
            // All in all much longer than an answer may wait.
            std::thread::sleep(SHORT / 20);
        }
        assert!(read > LARGE, "{read}");
    }

    #[test]
    fn a_stream_on_which_nothing_happens_stays_open() {
        let server = Served::start();
        let mut client = server.ask("/stream");
        let words = server.streams.recv_timeout(LONG).unwrap();
        words.send(Bytes::from_static(b"first")).unwrap();
        std::thread::sleep(SHORT * 4);
        words.send(Bytes::from_static(b"last")).unwrap();
        drop(words);
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("first") && answer.contains("last"), "{answer}");
    }
}
