//! Parameters of queries. What is not known or out of range is refused by name.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use utoipa::IntoParams;

use super::error::Problem;
use crate::app::Error;
use crate::dialects::shared;
use crate::domain::{PublicId, Timestamp};

/// How many a page holds if nothing is said.
pub(super) const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 100;
const MAX_TEXT: usize = 512;

pub(super) fn bad(detail: impl core::fmt::Display) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad-query", detail)
}

/// How many a page holds.
pub(super) fn limit(value: &str) -> Result<u32, Problem> {
    let limit = shared::whole_number(value, 1..=u64::from(MAX_LIMIT)).and_then(|limit| limit.try_into().ok());
    limit.ok_or_else(|| bad("limit must be a number from 1 to 100"))
}

/// A text to look for.
pub(super) fn text(name: &str, value: &str) -> Result<String, Problem> {
    if value.is_empty() || value.chars().count() > MAX_TEXT {
        return Err(bad(format_args!("{name} must have 1 to {MAX_TEXT} characters")));
    }
    Ok(value.to_owned())
}

/// A point in time.
pub(super) fn time(name: &str, value: &str) -> Result<Timestamp, Problem> {
    value.parse().map_err(|_| {
        bad(format_args!("{name} must be a time as in RFC 3339, such as 2026-11-21T09:30:00Z (a + is %2B)"))
    })
}

/// One of some words.
pub(super) fn word<T: Copy>(name: &str, value: &str, words: &[(&str, T)]) -> Result<T, Problem> {
    let found = words.iter().find(|(word, _)| *word == value);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        bad(format_args!("{name} must be one of {}", all.join(", ")))
    })
}

/// The id of something in a query. One that is well-formed may still be nobody's.
pub(super) fn id(name: &str, value: &str) -> Result<PublicId, Problem> {
    PublicId::parse(value).ok_or_else(|| bad(format_args!("{name} must be an id")))
}

/// An id in a path. What is no id names nothing.
pub(super) fn path_id(text: &str, what: &'static str) -> Result<PublicId, Problem> {
    PublicId::parse(text).ok_or_else(|| Error::NotFound(what).into())
}

/// A cursor: some bytes that mean something to us only.
pub(super) fn write_cursor(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn read_cursor<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

pub(super) fn bad_cursor() -> Problem {
    bad("cursor must be the `next` or `prev` of an earlier page")
}

/// The query of both lists.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `deliveries` reads")]
pub(super) struct Deliveries {
    /// Only deliveries of events of this type.
    #[param(min_length = 1, max_length = 512)]
    event_type: Option<String>,
    /// Only deliveries that stand there.
    #[param(pattern = "^(pending|delivered|exhausted|cancelled|expired)$")]
    state: Option<String>,
    /// Only deliveries made for this reason.
    #[param(pattern = "^(event|resend|test|replay)$")]
    cause: Option<String>,
    /// Only deliveries whose latest attempt was answered with a 2xx, or only the others.
    success: Option<bool>,
    /// Only deliveries made then or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Only deliveries made before then.
    #[param(format = DateTime)]
    until: Option<String>,
    /// The newest first (`desc`) or the oldest (`asc`).
    #[param(default = "desc", pattern = "^(asc|desc)$")]
    order: Option<String>,
    /// `bodies`: with the bodies of requests and answers, which a list leaves out otherwise.
    #[param(pattern = "^bodies$")]
    include: Option<String>,
    /// How many deliveries a page holds at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The `next` or `prev` of an earlier page.
    cursor: Option<String>,
}

/// The webhook that `GET /v1/deliveries` may be narrowed to.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `deliveries` reads")]
pub(super) struct OfWebhook {
    /// Only deliveries to this webhook.
    #[param(format = "uuid")]
    webhook: Option<String>,
}

/// The query of the counts.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `stats` reads")]
pub(super) struct Stats {
    /// The first step holds this time; a day before `until` if nothing is said.
    #[param(format = DateTime)]
    since: Option<String>,
    /// The last step ends then or later; now if nothing is said.
    #[param(format = DateTime)]
    until: Option<String>,
    /// How long a step is. There may be 2,016 of them.
    #[param(default = "1h", pattern = "^(5m|15m|1h|6h|1d)$")]
    step: Option<String>,
}

/// The query of `GET /v1/replays`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `replays::listed` reads")]
pub(super) struct Replays {
    /// Only those of the webhook with this id.
    #[param(format = "uuid")]
    webhook: Option<String>,
    /// How many replays a page holds at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// The query of `GET /v1/stream`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `stream::watched` reads")]
pub(super) struct Watched {
    /// Only what concerns the webhook with this id.
    #[param(format = "uuid")]
    webhook: Option<String>,
}
