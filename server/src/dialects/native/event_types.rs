//! `/v1/event-types`: what webhooks may be subscribed to.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Problem, Refuses, RefusesCallers};
use super::profile::Level;
use super::{Caller, query};
use crate::app::App;
use crate::dialects::shared;
use crate::domain::profile::{KnownType, Told, known_types};

/// Every event type.
#[derive(Serialize, ToSchema)]
pub(super) struct EventTypes {
    event_types: Vec<EventType>,
}

/// An event type that webhooks may name.
#[derive(Serialize, ToSchema)]
struct EventType {
    name: String,
    /// Whether the tenant's system has it, or its operator lists it, of which no more than the name is known.
    source: Source,
    #[schema(required = true)]
    title: Option<&'static str>,
    /// What has happened when an event of it arrives.
    #[schema(required = true)]
    description: Option<&'static str>,
    #[schema(required = true)]
    category: Option<&'static str>,
    /// At which levels webhooks can receive it. Only in a system that has levels; `null` where it does not say.
    #[schema(required = true)]
    levels: Option<Vec<Level>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Source {
    System,
    Tenant,
}

/// List event types
///
/// Those of the system that the tenant speaks, and those that its operator lists.
#[utoipa::path(
    get, path = "/v1/event-types", operation_id = "listEventTypes", tag = "events", security(("bearer" = [])),
    responses((status = 200, description = "All event types.", body = EventTypes), RefusesCallers, Refuses<400>)
)]
pub(super) async fn list(
    State(app): State<App>,
    Caller(principal): Caller,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
) -> Result<Json<EventTypes>, Problem> {
    shared::each_parameter(query.as_deref().unwrap_or_default(), query::bad, |_, _| Ok(false))?;
    let tenant = app.read_event_types(&principal)?;
    Ok(Json(EventTypes { event_types: known_types(&tenant).into_iter().map(event_type).collect() }))
}

fn event_type(known: KnownType<'_>) -> EventType {
    let KnownType { name, about } = known;
    let told = about.as_ref();
    EventType {
        name: name.to_owned(),
        source: if told.is_some() { Source::System } else { Source::Tenant },
        title: told.map(|Told { title, .. }| *title),
        description: told.map(|Told { description, .. }| *description),
        category: told.map(|Told { category, .. }| *category),
        levels: told
            .and_then(|told| told.levels)
            .map(|all| all.iter().map(|level| (*level).into()).collect()),
    }
}
