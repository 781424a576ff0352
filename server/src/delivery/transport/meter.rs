//! How much a receiver may make us read.
//!
//! HTTP has parts that may come without end and that hyper reads for us, as fast as they come: interim answers before
//! the head, extensions of chunks. So bytes are counted where they enter, whatever they mean, against an allowance that
//! each part of an exchange sets anew. They are taken in small pieces, so that what is buffered stays small too.
//!
//! Writing is watched too. A receiver may answer before it has read: whether a part of the request is still to be written
//! decides on whether the next one may follow. It may also close at once, so that writing fails while its answer lies there
//! unread. That writing fails is therefore told by nothing but reading, which comes to the same end right after the answer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take};

use super::connection::Stream;

/// The most that is taken from a stream at once: hyper makes room for twice what it was given last.
const PIECE: usize = 8 * 1024;

/// What may still be read, and whether something is still to be written. Clones are of the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter(Arc<State>);

#[derive(Debug, Default)]
struct State {
    left: AtomicUsize,
    /// Something was written and has not left us yet.
    writing: AtomicBool,
    /// Nothing more can be written.
    broken: AtomicBool,
}

impl Meter {
    /// So many bytes may be read from now on.
    pub(super) fn allow(&self, bytes: usize) {
        self.0.left.store(bytes, Ordering::Relaxed);
    }

    /// Whether all of that was read.
    pub(super) fn is_used_up(&self) -> bool {
        self.left() == 0
    }

    /// Whether all that was to be written has left us.
    pub(super) fn is_written(&self) -> bool {
        !self.0.writing.load(Ordering::Relaxed) && !self.is_broken()
    }

    /// Whether nothing more can be written.
    pub(super) fn is_broken(&self) -> bool {
        self.0.broken.load(Ordering::Relaxed)
    }

    fn left(&self) -> usize {
        self.0.left.load(Ordering::Relaxed)
    }

    /// Nobody reads at the same time.
    fn take(&self, bytes: usize) {
        self.allow(self.left().saturating_sub(bytes));
    }

    /// What came of a write.
    fn wrote(&self, result: Poll<io::Result<usize>>, length: usize) -> Poll<io::Result<usize>> {
        self.0.writing.store(true, Ordering::Relaxed);
        self.forgive(result, length)
    }

    fn flushed(&self, result: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        let result = self.forgive(result, ());
        if matches!(result, Poll::Ready(Ok(()))) {
            self.0.writing.store(false, Ordering::Relaxed);
        }
        result
    }

    /// What cannot be written because the other side has closed goes nowhere, and reading tells why.
    fn forgive<T>(&self, result: Poll<io::Result<T>>, instead: T) -> Poll<io::Result<T>> {
        match result {
            Poll::Ready(Err(error)) if is_closed(&error) => {
                self.0.broken.store(true, Ordering::Relaxed);
                Poll::Ready(Ok(instead))
            }
            result => result,
        }
    }
}

/// Whether the other side has closed.
fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
    )
}

/// A stream that is read only as far as is allowed.
pub(super) struct Metered {
    stream: Take<Box<dyn Stream>>,
    meter: Meter,
}

impl Metered {
    pub(super) fn new(stream: Box<dyn Stream>, meter: Meter) -> Self {
        Self { stream: stream.take(0), meter }
    }

    fn inner(self: Pin<&mut Self>) -> Pin<&mut Box<dyn Stream>> {
        Pin::new(self.get_mut().stream.get_mut())
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let piece = self.meter.left().min(PIECE);
        if piece == 0 {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "more than may be read")));
        }
        self.stream.set_limit(piece as u64);
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.meter.take(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.meter.is_broken() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let result = self.as_mut().inner().poll_write(cx, bytes);
        self.meter.wrote(result, bytes.len())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.meter.is_broken() {
            return Poll::Ready(Ok(()));
        }
        let result = self.as_mut().inner().poll_flush(cx);
        self.meter.flushed(result)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = parts.iter().map(|part| part.len()).sum();
        if self.meter.is_broken() {
            return Poll::Ready(Ok(length));
        }
        let result = self.as_mut().inner().poll_write_vectored(cx, parts);
        self.meter.wrote(result, length)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.get_ref().is_write_vectored()
    }
}
