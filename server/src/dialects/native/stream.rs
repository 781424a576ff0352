//! `GET /v1/stream`: what happens, while it happens, as server-sent events. A browser reads it by `fetch`, which sends the
//! bearer token; `EventSource` cannot.

use core::convert::Infallible;
use core::fmt::Write as _;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{self, RawQuery, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use hyper::body::Frame;
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::delivery::{self, Cause, NoAnswer, State};
use super::error::{Problem, Refuses, RefusesCallers};
use super::{Caller, query};
use crate::app::access::Operation;
use crate::app::{App, Notice, Stream, WebhookName};
use crate::dialects::shared::{self, Endless, Renewal};
use crate::domain::{AttemptEnded, AttemptResult, utc_millis};

const EVENT_STREAM: &str = "text/event-stream";

/// How long it is quiet before something is written all the same: proxies cut what is silent, and a token may have
/// ceased to be valid.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How many writes wait for a slow client before the next waits for it.
const WRITES: usize = 4;

/// An attempt has ended: the data of an `attempt`.
#[derive(Serialize, ToSchema)]
pub(super) struct AttemptEvent<'a> {
    /// The id of the delivery.
    #[schema(format = "uuid")]
    delivery: String,
    /// The id of the webhook.
    #[schema(format = "uuid")]
    webhook: String,
    event_type: &'a str,
    cause: Cause,
    /// Where the delivery stands now.
    state: State,
    /// Which attempt: 1 for the first.
    attempt: u32,
    /// What the receiver answered; `null` when no complete answer came.
    #[schema(required = true)]
    status: Option<u16>,
    /// Why no complete answer came; `null` when one did.
    #[schema(required = true)]
    failure: Option<NoAnswer>,
    /// In milliseconds.
    duration_ms: f64,
    /// When it ended.
    #[schema(format = DateTime)]
    at: String,
    /// `null` when the delivery has ended.
    #[schema(required = true, format = DateTime)]
    next_attempt_at: Option<String>,
}

/// A webhook is there, another, or gone: the data of a `webhook`.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookEvent {
    /// The id of the webhook.
    #[schema(format = "uuid")]
    webhook: String,
    #[schema(pattern = "^(created|changed|disabled|deleted)$")]
    change: &'static str,
}

/// The client was too slow: the data of a `lagged`.
#[derive(Serialize, ToSchema)]
pub(super) struct LaggedEvent {
    /// How many things have happened meanwhile that are not told, whether or not they would have been.
    dropped: u64,
}

/// The data of an event, by its name.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum StreamEvent<'a> {
    Attempt(AttemptEvent<'a>),
    Webhook(WebhookEvent),
    Lagged(LaggedEvent),
}

/// Watch what happens
///
/// Server-sent events, from now on: `attempt` when one has ended, `webhook` when one is created, changed, disabled or
/// deleted, and `lagged` when so much happened that some of it is not told. Their data is one line of JSON. An admin is told
/// of all webhooks of the tenant, a user of its own. A comment comes after 15 s of silence. The stream ends when the token is
/// no longer valid and when the server stops. The request must name `text/event-stream` in its header `Accept`, or it is
/// answered with 406. One user may have 16 streams open (429), all together 512 (503).
#[utoipa::path(
    get, path = "/v1/stream", operation_id = "watch", tag = "stream", security(("bearer" = [])),
    params(query::Watched),
    responses(
        (status = 200, description = "What happens, until it ends.", body = StreamEvent, content_type = "text/event-stream"),
        RefusesCallers, Refuses<400>, Refuses<406>, Refuses<503>
    )
)]
pub(super) async fn watch(
    extract::State(app): extract::State<App>,
    Caller(principal): Caller,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    app.authorise(&principal, Operation::Watch)?;
    let (parts, _) = request.into_parts();
    if !accepts_events(&parts.headers) {
        return Err(Problem::new(
            StatusCode::NOT_ACCEPTABLE,
            "not-acceptable",
            "this is a stream of server-sent events: ask for it by `Accept: text/event-stream`",
        ));
    }
    let webhook = watched(query.as_deref().unwrap_or_default())?;
    let stream = app.open_stream(&principal, Renewal::of(&parts), webhook)?;
    let (frames, body) = mpsc::channel(WRITES);
    tokio::spawn(tell(stream, frames));
    let mut response = Response::new(Body::new(Frames(body)));
    response.extensions_mut().insert(Endless);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// Whether the client says that it reads events; one that takes anything would wait for an end.
fn accepts_events(headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut names = ranges.flat_map(|ranges| ranges.split(',')).filter_map(|range| range.split(';').next());
    names.any(|name| name.trim().eq_ignore_ascii_case(EVENT_STREAM))
}

fn watched(given: &str) -> Result<Option<WebhookName>, Problem> {
    let mut webhook = None;
    shared::each_parameter(given, query::bad, |name, value| {
        if name != "webhook" {
            return Ok(false);
        }
        webhook = Some(WebhookName::PublicId(query::id(name, value)?));
        Ok(true)
    })?;
    Ok(webhook)
}

/// Writes what a stream tells until it is over or the client has gone.
async fn tell(mut stream: Stream, frames: mpsc::Sender<Bytes>) {
    // So that the client sees at once that it is connected.
    let mut frame = Bytes::from_static(b": open\n\n");
    loop {
        let stopped = stream.stopped();
        tokio::select! {
            sent = send(&frames, frame, HEARTBEAT, || stream.is_allowed()) => if !sent { return },
            () = stopped => return,
        }
        let told = tokio::select! {
            told = tokio::time::timeout(HEARTBEAT, stream.next()) => told,
            () = frames.closed() => return,
        };
        frame = match told {
            Ok(Some(notices)) => written(&notices),
            Err(_) if stream.is_allowed() => Bytes::from_static(b": quiet\n\n"),
            Ok(None) | Err(_) => return,
        };
    }
}

/// Hands a frame over to whoever writes it. Until that is done it asks every so often whether it still may: a client that
/// does not read must not keep its place when its token has ended.
async fn send(
    frames: &mpsc::Sender<Bytes>,
    frame: Bytes,
    every: Duration,
    mut is_allowed: impl FnMut() -> bool,
) -> bool {
    let mut sending = core::pin::pin!(frames.send(frame));
    loop {
        match tokio::time::timeout(every, &mut sending).await {
            Ok(sent) => return sent.is_ok(),
            Err(_) if is_allowed() => {}
            Err(_) => return false,
        }
    }
}

fn written(notices: &[Notice]) -> Bytes {
    let mut text = String::new();
    for notice in notices {
        let (name, data) = event(notice);
        // Plain data always serialises, and on one line.
        let data = serde_json::to_string(&data).unwrap_or_default();
        // Writing to a text does not fail.
        let _ = write!(text, "event: {name}\ndata: {data}\n\n");
    }
    text.into()
}

fn event(notice: &Notice) -> (&'static str, StreamEvent<'_>) {
    match notice {
        Notice::Attempt { delivery: id, webhook, event_type, attempt } => {
            let AttemptEnded {
                tenant: _,
                webhook: _,
                event: _,
                delivery: _,
                made_at: _,
                cause,
                state,
                attempt,
                result,
                at,
                duration,
                next_attempt_at,
            } = attempt;
            let (status, failure) = match result {
                AttemptResult::Answered(status) => (Some(*status), None),
                AttemptResult::Failed(failure) => (None, Some(delivery::no_answer(*failure))),
            };
            let attempt = AttemptEvent {
                delivery: id.to_string(),
                webhook: webhook.to_string(),
                event_type,
                cause: delivery::cause(*cause),
                state: delivery::state(*state),
                attempt: *attempt,
                status,
                failure,
                duration_ms: delivery::millis(*duration),
                at: utc_millis(*at),
                next_attempt_at: next_attempt_at.map(utc_millis),
            };
            ("attempt", StreamEvent::Attempt(attempt))
        }
        Notice::Webhook { webhook, change } => {
            let event = WebhookEvent { webhook: webhook.to_string(), change: change.as_str() };
            ("webhook", StreamEvent::Webhook(event))
        }
        Notice::Lost(lost) => ("lagged", StreamEvent::Lagged(LaggedEvent { dropped: *lost })),
    }
}

/// A body that is written while it comes into being.
struct Frames(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_that_does_not_read_keeps_its_place_as_long_as_it_may_and_no_longer() {
        let (frames, mut written) = mpsc::channel(1);
        let soon = Duration::from_millis(5);
        let frame = || Bytes::from_static(b": quiet\n\n");
        assert!(send(&frames, frame(), soon, || panic!("there is room")).await);
        let mut asked = 0;
        let thrice = || {
            asked += 1;
            asked < 3
        };
        assert!(!send(&frames, frame(), soon, thrice).await);
        assert_eq!(asked, 3);
        // One that reads after all.
        let read = async {
            tokio::time::sleep(2 * soon).await;
            written.recv().await
        };
        let (sent, first) = tokio::join!(send(&frames, frame(), soon, || true), read);
        assert!(sent && first.is_some());
        drop(written);
        assert!(!send(&frames, frame(), soon, || true).await, "it went away");
    }
}
