//! How much a receiver may make us read.
//!
//! HTTP has parts that may come without end and that hyper reads for us, as fast as they come: interim answers before
//! the head, extensions of chunks. So bytes are counted where they enter, whatever they mean, against an allowance that
//! each part of an exchange sets anew. They are taken in small pieces, so that what is buffered stays small too.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take};

use super::connection::Stream;

/// The most that is taken from a stream at once: hyper makes room for twice what it was given last.
const PIECE: usize = 8 * 1024;

/// What may still be read. Clones are of the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    /// So many bytes from now on.
    pub(super) fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// Whether all of it was read.
    pub(super) fn is_used_up(&self) -> bool {
        self.left() == 0
    }

    fn left(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Nobody reads at the same time.
    fn take(&self, bytes: usize) {
        self.set(self.left().saturating_sub(bytes));
    }
}

/// A stream that is read only as far as is allowed.
pub(super) struct Metered {
    stream: Take<Box<dyn Stream>>,
    allowance: Allowance,
}

impl Metered {
    pub(super) fn new(stream: Box<dyn Stream>, allowance: Allowance) -> Self {
        Self { stream: stream.take(0), allowance }
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
        let piece = self.allowance.left().min(PIECE);
        if piece == 0 {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "more than may be read")));
        }
        self.stream.set_limit(piece as u64);
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.allowance.take(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.inner().poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner().poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.get_ref().is_write_vectored()
    }
}
