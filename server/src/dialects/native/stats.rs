//! `/v1/webhooks/{id}/stats`: how a webhook did over time.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Problem, Refuses, RefusesCallers};
use super::{Caller, query, webhooks};
use crate::app::{App, Chart};
use crate::dialects::shared;
use crate::domain::{Activity, Series, Step, Timestamp, utc_millis};

/// How a webhook did.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookStats)]
pub(super) struct Stats {
    /// When the first step begins.
    #[schema(format = DateTime)]
    since: String,
    /// When the last step ends.
    #[schema(format = DateTime)]
    until: String,
    #[schema(pattern = "^(5m|15m|1h|6h|1d)$")]
    step: &'static str,
    /// Every step, those without attempts too, the oldest first.
    steps: Vec<Counts>,
    activity: Recent,
}

/// What happened in a step.
#[derive(Serialize, ToSchema)]
#[schema(as = StatsStep)]
struct Counts {
    #[schema(format = DateTime)]
    start: String,
    /// Attempts that were answered with a 2xx.
    succeeded: u64,
    /// Attempts that were not.
    failed: u64,
    latency: Latency,
}

/// How long attempts took, in milliseconds; all are `null` without attempts. Of the parts it is the upper bound of a class
/// of durations, 10,000 for all that is longer.
#[derive(Serialize, ToSchema)]
struct Latency {
    #[schema(required = true)]
    p50: Option<u32>,
    #[schema(required = true)]
    p95: Option<u32>,
    #[schema(required = true)]
    p99: Option<u32>,
    #[schema(required = true)]
    mean: Option<f64>,
}

/// How it is doing.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookActivity)]
struct Recent {
    #[schema(required = true, format = DateTime)]
    last_attempt_at: Option<String>,
    #[schema(required = true, format = DateTime)]
    last_success_at: Option<String>,
    /// The first failure since the latest success; `null` while it succeeds.
    #[schema(required = true, format = DateTime)]
    failing_since: Option<String>,
    /// Failures since the latest success.
    failures: u32,
}

/// Count a webhook's attempts
///
/// By step of time, with how long they took. Tests and resends are counted too, and say nothing of `failing_since`.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}/stats", operation_id = "readStats", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook."), query::Stats),
    responses((status = 200, description = "The counts.", body = Stats), RefusesCallers, Refuses<400>, Refuses<503>)
)]
pub(super) async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<Stats>, Problem> {
    let name = webhooks::name(id)?;
    let series = read_query(query.as_deref().unwrap_or_default(), app.now())?;
    let Chart { series, steps, activity } = app.read_stats(&principal, name, series).await?;
    Ok(Json(Stats {
        since: utc_millis(series.since()),
        until: utc_millis(series.until()),
        step: series.step().as_str(),
        steps: steps.iter().map(|(start, stats)| counts(*start, stats)).collect(),
        activity: recent(activity),
    }))
}

fn read_query(query: &str, now: Timestamp) -> Result<Series, Problem> {
    let (mut since, mut until, mut step) = (None, now, Step::Hour);
    let steps = Step::ALL.map(|step| (step.as_str(), step));
    shared::each_parameter(query, query::bad, |name, value| {
        match name {
            "since" => since = Some(query::time(name, value)?),
            "until" => until = query::time(name, value)?,
            "step" => step = query::word(name, value, &steps)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Series::new(since, until, step).map_err(query::bad)
}

fn counts(start: Timestamp, stats: &crate::domain::Stats) -> Counts {
    let all = stats.succeeded + stats.failed;
    #[expect(clippy::cast_precision_loss, reason = "a mean needs no more than 53 bits")]
    let mean = (all > 0).then(|| (stats.duration_us as f64 / all as f64).round() / 1_000.0);
    Counts {
        start: utc_millis(start),
        succeeded: stats.succeeded,
        failed: stats.failed,
        latency: Latency {
            p50: stats.quantile(0.5),
            p95: stats.quantile(0.95),
            p99: stats.quantile(0.99),
            mean,
        },
    }
}

fn recent(activity: Activity) -> Recent {
    let Activity { last_attempt_at, last_success_at, failing_since, failures } = activity;
    Recent {
        last_attempt_at: last_attempt_at.map(utc_millis),
        last_success_at: last_success_at.map(utc_millis),
        failing_since: failing_since.map(utc_millis),
        failures,
    }
}
