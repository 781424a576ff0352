//! What is left of a request's body when it has been answered.
//!
//! Whoever is refused by the head of a request has often not sent its body yet. If the answer went out at once, the
//! connection would have to be closed with the body on its way, and many a client would see a broken connection instead
//! of the answer, or find the connection closed that it uses next. So the rest is read and forgotten first: up to a
//! bound, for a short time, and not from a client that waits for leave to send it (`expect: 100-continue`). Where that
//! does not reach the end, the answer says that the connection is closed.

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::sync::oneshot;

/// How much is read of what nobody wants.
const MOST: usize = 1024 * 1024;
/// How long it may take to come.
const PATIENCE: Duration = Duration::from_secs(2);

/// A body that goes back to whoever lent it when it is dropped before its end.
struct Lent {
    body: Body,
    back: Option<oneshot::Sender<Body>>,
}

impl axum::body::HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            // There is nothing to give back.
            self.back = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(back) = self.back.take().filter(|_| !self.body.is_end_stream()) {
            // Nobody waits for it if the answer has gone out already.
            let _ = back.send(core::mem::take(&mut self.body));
        }
    }
}

/// Answers when the request has been read to its end, as far as it is worth it.
pub(super) async fn read_on<F: Future<Output = Response>>(
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    if request.body().is_end_stream() {
        return next(request).await;
    }
    let waits_for_leave = request.headers().contains_key(header::EXPECT);
    let (back, mut returned) = oneshot::channel();
    let request = request.map(|body| Body::new(Lent { body, back: Some(back) }));
    let mut response = next(request).await;
    let Ok(rest) = returned.try_recv() else { return response };
    let ended = !waits_for_leave && tokio::time::timeout(PATIENCE, forget(rest)).await.unwrap_or(false);
    if !ended {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Reads a body, and says whether it came to its end within the bound.
async fn forget(mut rest: Body) -> bool {
    let mut read = 0;
    while let Some(frame) = rest.frame().await {
        let Ok(frame) = frame else { return false };
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > MOST {
            return false;
        }
    }
    true
}
