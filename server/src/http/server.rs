//! Accepts connections and serves them until it is told to stop.
//!
//! Bounds: as many connections at once as the caller says, 10 s for a request's head, 64 KiB and 100 headers in it; bodies
//! are bounded by the dialects. When it stops, idle connections are closed at once and requests in progress get until the deadline;
//! answers that would never end are cut much sooner, whether or not their clients read.

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
