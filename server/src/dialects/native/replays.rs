//! `/v1/replays`: all that a webhook missed, sent again.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, body::Body};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Problem, Refuses, RefusesBodies, RefusesCallers};
use super::{Caller, query};
use crate::app::access::Operation;
use crate::app::{App, Error, ReplayRequest, ReplaysRequest, WebhookName};
use crate::dialects::shared;
use crate::domain::{self, DeliveryState, EndStates, PublicId, Timestamp, utc_millis};

/// A replay to begin. Other members are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewReplay {
    /// The id of the webhook.
    #[schema(format = "uuid")]
    webhook: String,
    /// Only deliveries made then or later.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// Only deliveries made before then.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Only deliveries that ended like this. Absent, what was missed: `exhausted` and `expired`.
    #[schema(min_items = 1)]
    states: Option<Vec<EndState>>,
    /// Only these event types; absent or empty, all.
    #[schema(max_items = 200)]
    event_types: Option<Vec<String>>,
    /// Only counts.
    #[serde(default)]
    #[schema(default = false, required = false)]
    preview: bool,
}

/// How a delivery ended.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum EndState {
    Delivered,
    Exhausted,
    Expired,
}

impl From<EndState> for DeliveryState {
    fn from(state: EndState) -> Self {
        match state {
            EndState::Delivered => Self::Delivered,
            EndState::Exhausted => Self::Exhausted,
            EndState::Expired => Self::Expired,
        }
    }
}

/// How many deliveries a replay would make.
#[derive(Serialize, ToSchema)]
pub(super) struct ReplayPreview {
    count: u64,
}

/// What a replay sends again.
#[derive(Serialize, ToSchema)]
pub(super) struct ReplayFilter {
    #[schema(required = true, format = DateTime)]
    since: Option<String>,
    #[schema(required = true, format = DateTime)]
    until: Option<String>,
    states: Vec<EndState>,
    /// Empty: all.
    event_types: Vec<String>,
}

/// A replay, and how far it is.
#[derive(Serialize, ToSchema)]
pub(super) struct Replay {
    #[schema(format = "uuid")]
    id: String,
    /// The id of the webhook, which may have been deleted since.
    #[schema(format = "uuid")]
    webhook: String,
    filter: ReplayFilter,
    /// `running` until everything is made and has ended.
    #[schema(pattern = "^(running|done|cancelled)$")]
    state: &'static str,
    /// How many deliveries it chooses: as counted at its beginning, and what they really were once it is done.
    total: u64,
    /// How many it has made. It makes the next when earlier ones have ended.
    created: u64,
    /// How many of those are still on their way.
    pending: u64,
    /// How many of those the receiver has taken.
    delivered: u64,
    /// How many of those ended otherwise.
    failed: u64,
    /// The id of the user who began it.
    created_by: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required = true, format = DateTime)]
    finished_at: Option<String>,
}

/// A page of replays.
#[derive(Serialize, ToSchema)]
pub(super) struct Replays {
    replays: Vec<Replay>,
    /// Asks for the next page; `null` on the last.
    #[schema(required = true)]
    next: Option<String>,
}

/// Begin a replay, or count what it would send
///
/// Every delivery of the webhook that ended as `states` say is made anew, once, from the oldest on: with the same bytes and
/// the same `webhook-id`, retried as any other, behind what is new. Where a delivery stands is looked at when its turn
/// comes; an event that has meanwhile reached the webhook by a resend or another replay counts as `delivered`. Resends,
/// tests, replays and what is published later are not sent again. A webhook has one replay at a time: another is 409.
#[utoipa::path(
    post, path = "/v1/replays", operation_id = "startReplay", tag = "replays", security(("bearer" = [])),
    request_body = NewReplay,
    responses(
        (status = 200, description = "What a replay would make: `preview` was asked for.", body = ReplayPreview),
        (status = 201, description = "It runs.", body = Replay,
            headers(("location" = String, description = "Its path."))),
        RefusesCallers, RefusesBodies, Refuses<409>, Refuses<422>, Refuses<503>
    )
)]
pub(super) async fn start(
    State(app): State<App>,
    Caller(principal): Caller,
    body: Body,
) -> Result<Response, Problem> {
    app.authorise(&principal, Operation::Replay)?;
    let body = shared::read(body).await?;
    let body: NewReplay = shared::shaped(shared::parse(body).await?.view())?;
    let preview = body.preview;
    let request = ReplayRequest::try_from(body)?;
    if preview {
        let count = app.preview_replay(&principal, request).await?;
        return Ok(Json(ReplayPreview { count }).into_response());
    }
    let replay = Replay::from(app.start_replay(&principal, request).await?);
    let location = HeaderValue::try_from(format!("/v1/replays/{}", replay.id));
    let mut response = (StatusCode::CREATED, Json(replay)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// List replays
///
/// The newest first. An admin's list holds all of the tenant, a user's those of its own webhooks. Replays are kept as long
/// as the history.
#[utoipa::path(
    get, path = "/v1/replays", operation_id = "listReplays", tag = "replays", security(("bearer" = [])),
    params(query::Replays),
    responses((status = 200, description = "A page.", body = Replays), RefusesCallers, Refuses<400>, Refuses<503>)
)]
pub(super) async fn list(
    State(app): State<App>,
    Caller(principal): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Replays>, Problem> {
    app.authorise(&principal, Operation::ReadReplays)?;
    let request = listed(query.as_deref().unwrap_or_default())?;
    let (replays, more) = app.list_replays(&principal, request).await?;
    let next = replays.last().filter(|_| more).map(|last| query::write_cursor(last.public_id.as_bytes()));
    Ok(Json(Replays { replays: replays.into_iter().map(Replay::from).collect(), next }))
}

/// Read a replay
#[utoipa::path(
    get, path = "/v1/replays/{replay}", operation_id = "readReplay", tag = "replays", security(("bearer" = [])),
    params(("replay" = String, Path, format = "uuid", description = "The id of the replay.")),
    responses((status = 200, description = "The replay.", body = Replay), RefusesCallers, Refuses<503>)
)]
pub(super) async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Replay>, Problem> {
    Ok(Json(app.read_replay(&principal, path_id(id)?).await?.into()))
}

/// Cancel a replay
///
/// What it has not made it never will, and what it has pending is cancelled; what is being sent at this moment may still
/// arrive. One that is over stays as it is.
#[utoipa::path(
    delete, path = "/v1/replays/{replay}", operation_id = "cancelReplay", tag = "replays", security(("bearer" = [])),
    params(("replay" = String, Path, format = "uuid", description = "The id of the replay.")),
    responses((status = 200, description = "The replay as it stands now.", body = Replay), RefusesCallers, Refuses<503>)
)]
pub(super) async fn cancel(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Replay>, Problem> {
    Ok(Json(app.cancel_replay(&principal, path_id(id)?).await?.into()))
}

fn path_id(id: Result<Path<String>, PathRejection>) -> Result<PublicId, Problem> {
    let Path(id) = id.map_err(|_| Problem::from(Error::NotFound("replay")))?;
    query::path_id(&id, "replay")
}

fn listed(given: &str) -> Result<ReplaysRequest, Problem> {
    let mut request = ReplaysRequest { webhook: None, before: None, limit: query::DEFAULT_LIMIT };
    shared::each_parameter(given, query::bad, |name, value| {
        match name {
            "limit" => request.limit = query::limit(value)?,
            "cursor" => {
                let before = query::read_cursor(value).map(PublicId::from_bytes);
                request.before = Some(before.ok_or_else(query::bad_cursor)?);
            }
            "webhook" => request.webhook = Some(WebhookName::PublicId(query::id(name, value)?)),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(request)
}

/// A webhook by its id. What is no id names nothing.
fn webhook(id: &str) -> Result<WebhookName, Error> {
    PublicId::parse(id).map(WebhookName::PublicId).ok_or(Error::NotFound("webhook"))
}

impl TryFrom<NewReplay> for ReplayRequest {
    type Error = Error;

    fn try_from(body: NewReplay) -> Result<Self, Error> {
        let NewReplay { webhook, since, until, states, event_types, preview: _ } = body;
        let time = |field, text: Option<String>| {
            let message =
                || Error::invalid(field, format!("{field} must be a time like 2026-01-02T03:04:05Z"));
            text.map(|text| text.parse::<Timestamp>().map_err(|_| message())).transpose()
        };
        let states = states.map(|states| states.into_iter().map(DeliveryState::from).collect());
        Ok(Self {
            webhook: self::webhook(&webhook)?,
            states: states.unwrap_or(EndStates::MISSED),
            since: time("since", since)?,
            until: time("until", until)?,
            event_types: event_types.unwrap_or_default(),
        })
    }
}

impl From<domain::Replay> for Replay {
    fn from(replay: domain::Replay) -> Self {
        let pending = replay.pending();
        let domain::Replay {
            id: _,
            public_id,
            webhook,
            owner: _,
            audience: _,
            filter,
            created_by,
            created_at,
            state,
            total,
            created,
            delivered,
            failed,
            finished_at,
        } = replay;
        Self {
            id: public_id.to_string(),
            webhook: webhook.to_string(),
            filter: filter.into(),
            state: state.as_str(),
            total,
            created,
            pending,
            delivered,
            failed,
            created_by: created_by.to_string(),
            created_at: utc_millis(created_at),
            finished_at: finished_at.map(utc_millis),
        }
    }
}

impl From<domain::ReplayFilter> for ReplayFilter {
    fn from(filter: domain::ReplayFilter) -> Self {
        let domain::ReplayFilter { tenant: _, webhook: _, states, since, until, event_types } = filter;
        let all = [EndState::Delivered, EndState::Exhausted, EndState::Expired];
        Self {
            since: since.map(utc_millis),
            until: until.map(utc_millis),
            states: all.into_iter().filter(|state| states.has((*state).into())).collect(),
            event_types,
        }
    }
}
