//! One connection and one exchange at a time on it.
//!
//! The task that makes an exchange also drives the connection; between exchanges nobody does. Whether an idle
//! connection still stands is therefore looked at when it is taken up again. It is taken up only if all of the request
//! before was written: whoever has answered before reading may never read on.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::failure;
use super::meter::{Meter, Metered};
use crate::domain::FailureClass;

/// The largest response head in bytes. It may have 100 fields, the parser's default.
const MAX_HEAD: usize = 32 * 1024;
/// How much of a response is buffered beyond what has been taken in.
const MAX_BUFFER: usize = 64 * 1024;
/// What may come until a response's head is complete, interim responses included, and what is read with its end.
const HEAD_ALLOWANCE: usize = MAX_HEAD + 32 * 1024;
/// How much of a receiver's response body is read at all.
const MAX_BODY_READ: usize = 64 * 1024;
/// How much of it is kept in history when the receiver has taken the event, and when it has not.
const KEPT_ON_SUCCESS: usize = 512;
const KEPT_OTHERWISE: usize = 4 * 1024;

/// How long a receiver that has answered is given to take in the rest of a request.
const LATE_WRITING: Duration = Duration::from_secs(1);

/// How much of a response body is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::delivery) enum Keep {
    /// As much as history shows.
    History,
    /// All that is read of a receiver's answer.
    All,
    /// All of a successful answer of at most so many bytes, and nothing of another.
    Whole(usize),
}

impl Keep {
    /// How many bytes are kept, and at how many reading ends.
    const fn bounds(self, success: bool) -> (usize, usize) {
        match (self, success) {
            (Self::History, true) => (KEPT_ON_SUCCESS, MAX_BODY_READ),
            (Self::History, false) => (KEPT_OTHERWISE, MAX_BODY_READ),
            (Self::All, _) => (MAX_BODY_READ, MAX_BODY_READ),
            (Self::Whole(most), true) => (most, most.saturating_add(1)),
            (Self::Whole(_), false) => (0, 0),
        }
    }
}

/// A byte stream to a receiver, plain or encrypted.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

type Io = TokioIo<Metered>;
type Body = Full<Bytes>;

/// A connection on which no exchange is under way.
pub(super) struct Connection {
    sender: http1::SendRequest<Body>,
    driver: Driver,
    meter: Meter,
    /// When it was opened, in monotonic time.
    pub(super) opened: Duration,
}

/// hyper's half that moves bytes; it does nothing unless polled.
struct Driver {
    connection: http1::Connection<Io, Body>,
    ended: Option<Result<(), hyper::Error>>,
}

/// Why an exchange failed.
pub(super) enum ExchangeError {
    /// The connection was dead already: nothing of the request was sent, here it is again.
    Unsent(Box<Request<Body>>),
    /// The receiver may have seen the request, or a part of it.
    Broken(FailureClass),
}

/// What a receiver answered.
pub(super) struct Exchanged {
    /// The head, and the beginning of the body.
    pub(super) response: Response<Bytes>,
    /// Whether the body was read to its end.
    pub(super) complete: bool,
    connection: Box<Connection>,
}

impl Exchanged {
    /// Gives a receiver that has taken the event before it has read all of it what it may want of the rest, for so long and
    /// no longer than for a while; one that has refused it gets no more. The answer, and the connection if it can be used
    /// again.
    pub(super) async fn finish(self, left: Duration) -> (Response<Bytes>, Option<Box<Connection>>) {
        let Self { response, complete, mut connection } = self;
        if response.status().is_success() && !connection.meter.is_written() {
            connection.finish_writing(left.min(LATE_WRITING)).await;
        }
        let reusable = complete && connection.meter.is_written() && connection.is_usable().await;
        (response, reusable.then_some(connection))
    }
}

impl Connection {
    /// Prepares to speak HTTP/1.1 on a stream. On the heap, for it is large and changes hands often.
    pub(super) async fn new(stream: Box<dyn Stream>, opened: Duration) -> Result<Box<Self>, FailureClass> {
        let meter = Meter::default();
        meter.allow(HEAD_ALLOWANCE);
        let (sender, connection) = http1::Builder::new()
            .max_header_size(MAX_HEAD)
            .max_buf_size(MAX_BUFFER)
            .handshake(TokioIo::new(Metered::new(stream, meter.clone())))
            .await
            .map_err(|error| failure::of_http(&error))?;
        Ok(Box::new(Self { sender, driver: Driver { connection, ended: None }, meter, opened }))
    }

    /// Whether the connection still stands and is ready for a request.
    pub(super) async fn is_usable(&mut self) -> bool {
        std::future::poll_fn(|cx| {
            self.driver.poll(cx);
            Poll::Ready(())
        })
        .await;
        self.driver.ended.is_none() && !self.sender.is_closed() && self.sender.is_ready()
    }

    /// Sends a request and reads the answer, up to the bounds. Something of the request may be left to be
    /// [written](Exchanged::finish).
    pub(super) async fn exchange(
        mut self: Box<Self>,
        request: Request<Body>,
        keep: Keep,
    ) -> Result<Exchanged, ExchangeError> {
        self.meter.allow(HEAD_ALLOWANCE);
        let sending = self.sender.try_send_request(request);
        let response = match self.driver.alongside(sending).await {
            Ok(response) => response,
            Err(mut error) => {
                return Err(match error.take_message() {
                    Some(request) => ExchangeError::Unsent(Box::new(request)),
                    None => ExchangeError::Broken(self.driver.why(error.error())),
                });
            }
        };
        let (head, body) = response.into_parts();
        let (keep, most) = keep.bounds(head.status.is_success());
        let (kept, complete) = self.read(body, keep, most).await.map_err(ExchangeError::Broken)?;
        let response = Response::from_parts(head, kept);
        Ok(Exchanged { response, complete, connection: self })
    }

    /// Writes what is left of a request, for so long at most.
    async fn finish_writing(&mut self, at_most: Duration) {
        let Self { driver, meter, .. } = self;
        let written = std::future::poll_fn(|cx| {
            driver.poll(cx);
            let over = driver.ended.is_some() || meter.is_broken() || meter.is_written();
            if over { Poll::Ready(()) } else { Poll::Pending }
        });
        // The answer counts in any case.
        let _ = tokio::time::timeout(at_most, written).await;
    }

    /// Reads a body to its end or to the bound, whichever comes first, and says which it was.
    async fn read(
        &mut self,
        mut body: Incoming,
        keep: usize,
        most: usize,
    ) -> Result<(Bytes, bool), FailureClass> {
        // Twice, since a body in chunks is longer than what it says.
        self.meter.allow(most.saturating_mul(2).saturating_add(HEAD_ALLOWANCE));
        let mut kept = Vec::new();
        let mut read = 0;
        while let Some(frame) = self.driver.alongside(body.frame()).await {
            let frame = match frame {
                Ok(frame) => frame,
                Err(_) if self.meter.is_used_up() => return Ok((kept.into(), false)),
                Err(error) => return Err(self.driver.why(&error)),
            };
            let Ok(data) = frame.into_data() else { continue };
            read += data.len();
            let room = keep - kept.len();
            kept.extend_from_slice(&data[..data.len().min(room)]);
            if read >= most {
                return Ok((kept.into(), false));
            }
        }
        Ok((kept.into(), true))
    }
}

impl Driver {
    fn poll(&mut self, cx: &mut std::task::Context<'_>) {
        if self.ended.is_none()
            && let Poll::Ready(result) = Pin::new(&mut self.connection).poll(cx)
        {
            self.ended = Some(result);
        }
    }

    /// Runs a future that waits for something to happen on the connection.
    async fn alongside<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        std::future::poll_fn(|cx| {
            self.poll(cx);
            future.as_mut().poll(cx)
        })
        .await
    }

    /// The class of an error, by what the connection says if it says anything: it knows more than the exchange.
    fn why(&self, error: &hyper::Error) -> FailureClass {
        match &self.ended {
            Some(Err(cause)) => failure::of_http(cause),
            _ => failure::of_http(error),
        }
    }
}
