//! `POST /v1/events`: CloudEvents 1.0 over HTTP, in structured, batched and binary mode.
//!
//! A single event is answered by the status of the response; a well-formed batch always by 202 and one result an
//! event, because some may be accepted and others not.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use sigpost_core::json::{Canonical, View};
use sigpost_core::notification::cloudevents::{self, CloudEvent, EventError};
use utoipa::ToSchema;

use super::Caller;
use super::error::{Problem, Refuses, RefusesBodies, RefusesCallers};
use crate::app::access::Operation;
use crate::app::{App, Receipt};
use crate::dialects::shared::{self, JsonError};
use crate::domain::Principal;

/// The result for one event.
#[derive(Serialize, ToSchema)]
pub(super) struct EventResult {
    /// The event's, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<String>,
    /// The event's, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    source: Option<String>,
    /// `duplicate` is an event that was accepted before, `conflict` one whose id and source were taken by another.
    #[schema(pattern = "^(accepted|duplicate|conflict|invalid)$")]
    status: &'static str,
    /// What is wrong with an event that was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
}

/// The answer to a batch: a result an event, in order.
#[derive(Serialize, ToSchema)]
pub(super) struct BatchResult {
    results: Vec<EventResult>,
}

/// What is answered: to an event its result, to a batch all results.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only documents the two answers")]
pub(super) enum PublishResult {
    One(EventResult),
    Batch(BatchResult),
}

/// A `CloudEvent` 1.0 in structured mode. Further attributes are text, numbers or booleans with names of small letters
/// and digits.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only documents what the core reads")]
pub(super) struct Event {
    /// `1.0`.
    #[schema(pattern = "^1\\.0$")]
    specversion: String,
    /// With `source`, names the event: the same again is a duplicate.
    #[schema(min_length = 1)]
    id: String,
    /// A URI reference.
    #[schema(min_length = 1, examples("/shop"))]
    source: String,
    #[schema(min_length = 1, examples("order.paid"))]
    r#type: String,
    #[schema(format = DateTime)]
    time: Option<String>,
    subject: Option<String>,
    data: Option<serde_json::Value>,
}

/// Publish events
///
/// `CloudEvents` 1.0 over HTTP: one event (structured), up to 1000 (batched), or one whose attributes are headers and
/// whose data is the body (binary: any media type, and the header `ce-specversion` or `ce-id`). A single event is
/// answered by the status; a well-formed batch always by 202 with a result an event. What is accepted is stored.
#[utoipa::path(
    post, path = "/v1/events", operation_id = "publish", tag = "events", security(("bearer" = [])),
    request_body(
        description = "1 MiB at most.",
        content(
            (Event = "application/cloudevents+json", example = json!({
                "specversion": "1.0", "id": "1", "source": "/shop", "type": "order.paid", "data": { "amount": 1 }
            })),
            (Vec<Event> = "application/cloudevents-batch+json"),
            (serde_json::Value = "application/json")
        )
    ),
    responses(
        (status = 202, description = "Accepted, or accepted before.", body = PublishResult),
        RefusesCallers, RefusesBodies, Refuses<409>, Refuses<415>, Refuses<422>, Refuses<503>
    )
)]
pub(super) async fn publish(
    State(app): State<App>,
    Caller(principal): Caller,
    request: Request,
) -> Result<Response, Problem> {
    // Nobody else's body is looked at: nothing bounds how many of them there are.
    app.authorise(&principal, Operation::Publish)?;
    let (parts, body) = request.into_parts();
    let mode = Mode::of(&parts.headers)?;
    let body = shared::read(body).await?;
    match mode {
        Mode::Batch => {
            let body = parse(body).await?;
            let events = cloudevents::batch(body.view()).map_err(Problem::from)?;
            let names: Vec<_> = body.view().elements().into_iter().flatten().map(given_name).collect();
            let receipts = app.publish(&principal, events).await?;
            let results =
                names.into_iter().zip(receipts).map(|(name, receipt)| result(name, &receipt)).collect();
            Ok((StatusCode::ACCEPTED, Json(BatchResult { results })).into_response())
        }
        Mode::Structured => {
            let event = CloudEvent::from_json(parse(body).await?.view());
            single(&app, &principal, event).await
        }
        Mode::Binary { content_type } => {
            let event = shared::off_the_executor(body.len(), move || {
                let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
                CloudEvent::from_headers(headers, content_type.as_deref(), &body, shared::limits())
            })
            .await;
            single(&app, &principal, event).await
        }
    }
}

/// Events are read as JavaScript reads them: their payload is signed as `JSON.stringify` writes it, in which a number
/// beyond the doubles is `null`.
async fn parse(body: Bytes) -> Result<Canonical, JsonError> {
    Ok(shared::off_the_executor(body.len(), move || Canonical::parse(&body, shared::limits())).await?)
}

async fn single(
    app: &App,
    principal: &Principal,
    event: Result<CloudEvent, EventError>,
) -> Result<Response, Problem> {
    let name = name(&event);
    let receipt = app.publish(principal, vec![event]).await?.pop();
    match receipt {
        Some(receipt @ (Receipt::Accepted | Receipt::Duplicate)) => {
            Ok((StatusCode::ACCEPTED, Json(result(name, &receipt))).into_response())
        }
        Some(Receipt::Conflict) => Err(Problem::new(
            StatusCode::CONFLICT,
            "conflict",
            "an event with this source and id but other content was accepted before",
        )),
        Some(Receipt::Invalid(error)) => Err(error.into()),
        Some(Receipt::Unfit(error)) => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unfit", error)),
        None => Err(crate::app::Error::bug("an event without a receipt").into()),
    }
}

/// How the request carries its events.
enum Mode {
    Structured,
    Batch,
    Binary { content_type: Option<String> },
}

impl Mode {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let content_type = match headers.get(header::CONTENT_TYPE).map(|value| value.to_str()) {
            None => None,
            Some(Ok(content_type)) => Some(content_type.to_owned()),
            Some(Err(_)) => return Err(unsupported()),
        };
        let essence =
            content_type.as_deref().and_then(|text| text.split(';').next()).unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case(cloudevents::STRUCTURED) {
            Ok(Self::Structured)
        } else if essence.eq_ignore_ascii_case(cloudevents::BATCH) {
            Ok(Self::Batch)
        } else if essence.get(..23).is_some_and(|start| start.eq_ignore_ascii_case("application/cloudevents"))
        {
            // Another format of events, like +xml, that is not spoken here.
            Err(unsupported())
        } else if headers.contains_key("ce-specversion") || headers.contains_key("ce-id") {
            Ok(Self::Binary { content_type })
        } else {
            Err(unsupported())
        }
    }
}

fn unsupported() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "send a CloudEvent as application/cloudevents+json, several as application/cloudevents-batch+json, or one in \
         binary mode with its attributes in ce- headers",
    )
}

impl From<EventError> for Problem {
    fn from(error: EventError) -> Self {
        let code = if matches!(error, EventError::Body(_)) { "malformed-json" } else { "invalid-event" };
        Self::new(StatusCode::BAD_REQUEST, code, error)
    }
}

type Name = (Option<String>, Option<String>);

/// What an element of a batch gives as its id and source, also where it is no event.
fn given_name(element: View<'_>) -> Name {
    let text = |name| element.get(name).and_then(View::as_str).map(|text| text.chars().take(512).collect());
    (text("id"), text("source"))
}

fn name(event: &Result<CloudEvent, EventError>) -> Name {
    let event = event.as_ref().ok();
    (event.map(|event| event.id().to_owned()), event.map(|event| event.source().to_owned()))
}

fn result((id, source): Name, receipt: &Receipt) -> EventResult {
    let (status, detail) = match receipt {
        Receipt::Accepted => ("accepted", None),
        Receipt::Duplicate => ("duplicate", None),
        Receipt::Conflict => {
            ("conflict", Some("source and id are those of an event with other content".to_owned()))
        }
        Receipt::Invalid(error) => ("invalid", Some(error.to_string())),
        Receipt::Unfit(error) => ("invalid", Some(error.to_string())),
    };
    EventResult { id, source, status, detail }
}
