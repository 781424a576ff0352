//! `/v1/deliveries` and `/v1/webhooks/{id}/deliveries`: what was sent, when, and what came of it.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::delivery::{Bodies, Delivery};
use super::error::{Problem, Refuses, RefusesCallers};
use super::{Caller, delivery, query, webhooks};
use crate::app::access::Operation;
use crate::app::{self, App, DeliveriesRequest, RecordName, WebhookName};
use crate::dialects::shared;
use crate::domain::{
    Cause, Cursor, DeliveryState, HistoryOrder, HistoryPage, Number, Position, SortField, SortOrder,
};

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
pub(super) struct Deliveries {
    deliveries: Vec<Delivery>,
    /// Asks for the page behind this one; `null` on the last.
    #[schema(required = true)]
    next: Option<String>,
    /// Asks for the page before this one; `null` on the first.
    #[schema(required = true)]
    prev: Option<String>,
}

/// List deliveries
///
/// Of every webhook that you may see the history of: an admin of all in the tenant, a user of its own. A delivery is
/// listed once its first attempt has ended.
#[utoipa::path(
    get, path = "/v1/deliveries", operation_id = "listDeliveries", tag = "deliveries", security(("bearer" = [])),
    params(query::OfWebhook, query::Deliveries),
    responses(
        (status = 200, description = "A page.", body = Deliveries), RefusesCallers, Refuses<400>, Refuses<422>,
        Refuses<503>
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    Caller(principal): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Deliveries>, Problem> {
    app.authorise(&principal, Operation::ReadHistory)?;
    let wanted = read_query(query.as_deref().unwrap_or_default(), None)?;
    page(&app, &principal, wanted).await
}

/// List a webhook's deliveries
#[utoipa::path(
    get, path = "/v1/webhooks/{id}/deliveries", operation_id = "listWebhookDeliveries", tag = "deliveries",
    security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook."), query::Deliveries),
    responses(
        (status = 200, description = "A page.", body = Deliveries), RefusesCallers, Refuses<400>, Refuses<422>,
        Refuses<503>
    )
)]
pub(super) async fn list_of_webhook(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<Deliveries>, Problem> {
    app.authorise(&principal, Operation::ReadHistory)?;
    let wanted = read_query(query.as_deref().unwrap_or_default(), Some(webhooks::name(id)?))?;
    page(&app, &principal, wanted).await
}

/// Read a delivery
///
/// With all its attempts. Signatures are not stored but made again, while the webhook still has the secrets it had then.
#[utoipa::path(
    get, path = "/v1/deliveries/{delivery}", operation_id = "readDelivery", tag = "deliveries",
    security(("bearer" = [])),
    params(("delivery" = String, Path, format = "uuid", description = "The id of the delivery.")),
    responses((status = 200, description = "The delivery.", body = Delivery), RefusesCallers, Refuses<503>)
)]
pub(super) async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Delivery>, Problem> {
    let (record, attempts, tenant) = app.read_attempts(&principal, name(id)?).await?;
    Ok(Json(delivery::with_history(&record, &attempts, &tenant)))
}

/// Send a delivery once more
///
/// The same bytes, once, now, to where the webhook points by now; the answer tells what came of it. It is a delivery of
/// its own with the same `webhook-id`, and changes nobody's state.
#[utoipa::path(
    post, path = "/v1/deliveries/{delivery}/resend", operation_id = "resendDelivery", tag = "deliveries",
    security(("bearer" = [])),
    params(("delivery" = String, Path, format = "uuid", description = "The id of the delivery.")),
    responses(
        (status = 201, description = "The new delivery, whether or not it succeeded.", body = Delivery,
            headers(("location" = String, description = "Its path."))),
        RefusesCallers, Refuses<503>
    )
)]
pub(super) async fn resend(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let (record, tenant) = app.resend(&principal, name(id)?).await?;
    let location = HeaderValue::try_from(format!("/v1/deliveries/{}", record.public_id));
    let shown = delivery::delivery(&record, &tenant, Bodies::Told);
    let mut response = (StatusCode::CREATED, Json(shown)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

fn name(id: Result<Path<String>, PathRejection>) -> Result<RecordName, Problem> {
    let Path(id) = id.map_err(|_| Problem::from(app::Error::NotFound("delivery")))?;
    Ok(RecordName::PublicId { webhook: None, id: query::path_id(&id, "delivery")? })
}

/// What a list is asked for.
struct Wanted {
    request: DeliveriesRequest,
    bodies: Bodies,
}

const STATES: [(&str, DeliveryState); 5] = [
    ("pending", DeliveryState::Pending),
    ("delivered", DeliveryState::Delivered),
    ("exhausted", DeliveryState::Exhausted),
    ("cancelled", DeliveryState::Cancelled),
    ("expired", DeliveryState::Expired),
];
const CAUSES: [(&str, Cause); 4] =
    [("event", Cause::Event), ("resend", Cause::Resend), ("test", Cause::Test), ("replay", Cause::Replay)];
const ORDERS: [(&str, SortOrder); 2] = [("asc", SortOrder::Ascending), ("desc", SortOrder::Descending)];

/// Reads the query of a list, which a path may have narrowed to a webhook.
fn read_query(query: &str, of: Option<WebhookName>) -> Result<Wanted, Problem> {
    let mut request = DeliveriesRequest {
        webhook: of,
        event_type: None,
        success: None,
        state: None,
        cause: None,
        since: None,
        until: None,
        order: HistoryOrder { field: SortField::Id, order: SortOrder::Descending },
        position: Position::After(None),
        limit: query::DEFAULT_LIMIT,
    };
    let mut bodies = Bodies::LeftOut;
    shared::each_parameter(query, query::bad, |name, value| {
        match name {
            "webhook" if of.is_none() => {
                request.webhook = Some(WebhookName::PublicId(query::id(name, value)?));
            }
            "event_type" => request.event_type = Some(query::text(name, value)?),
            "state" => request.state = Some(query::word(name, value, &STATES)?),
            "cause" => request.cause = Some(query::word(name, value, &CAUSES)?),
            "success" => {
                request.success = Some(query::word(name, value, &[("true", true), ("false", false)])?);
            }
            "since" => request.since = Some(query::time(name, value)?),
            "until" => request.until = Some(query::time(name, value)?),
            "order" => request.order.order = query::word(name, value, &ORDERS)?,
            "include" => bodies = query::word(name, value, &[("bodies", Bodies::Told)])?,
            "limit" => request.limit = query::limit(value)?,
            "cursor" => request.position = read_cursor(value).ok_or_else(query::bad_cursor)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Wanted { request, bodies })
}

async fn page(
    app: &App,
    principal: &crate::domain::Principal,
    wanted: Wanted,
) -> Result<Json<Deliveries>, Problem> {
    let Wanted { request, bodies } = wanted;
    let position = request.position;
    let (page, tenant) = app.read_deliveries(principal, request).await?;
    let (next, prev) = neighbours(&page, position);
    let deliveries = page.records.iter().map(|record| delivery::delivery(record, &tenant, bodies)).collect();
    Ok(Json(Deliveries { deliveries, next, prev }))
}

/// The cursors of the pages behind and before this one. Whoever came from one side can go back there; whether there is
/// something on the other, the page says.
fn neighbours(page: &HistoryPage, position: Position) -> (Option<String>, Option<String>) {
    let (behind, before) = match position {
        Position::Before(_) => (true, page.more),
        Position::After(from) => (page.more, from.is_some()),
        Position::Offset(offset) => (page.more, offset > 0),
    };
    let next = page.records.last().filter(|_| behind).map(|last| write_cursor(BEHIND, last.number));
    let prev = page.records.first().filter(|_| before).map(|first| write_cursor(BEFORE, first.number));
    (next, prev)
}

const BEHIND: u8 = 1;
const BEFORE: u8 = 2;

/// The place of a delivery, which stays one when it is deleted, and the direction to read in.
fn write_cursor(direction: u8, number: Number) -> String {
    let mut bytes = [direction; 9];
    bytes[1..].copy_from_slice(&number.get().to_be_bytes());
    query::write_cursor(&bytes)
}

fn read_cursor(text: &str) -> Option<Position> {
    let [direction, number @ ..] = query::read_cursor::<9>(text)?;
    let number = Number::new(i64::from_be_bytes(number))?;
    // Sorted by number, so nothing else is looked at.
    let cursor = Cursor { success: false, number };
    match direction {
        BEHIND => Some(Position::After(Some(cursor))),
        BEFORE => Some(Position::Before(cursor)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let number = Number::new(77).unwrap();
        let cursor = Cursor { success: false, number };
        assert_eq!(read_cursor(&write_cursor(BEHIND, number)), Some(Position::After(Some(cursor))));
        assert_eq!(read_cursor(&write_cursor(BEFORE, number)), Some(Position::Before(cursor)));
        for bytes in [
            &[3, 0, 0, 0, 0, 0, 0, 0, 1][..],
            &[1; 8],
            &[1; 10],
            &[1, 255, 0, 0, 0, 0, 0, 0, 0],
            &[1, 0, 0, 0, 0, 0, 0, 0, 0],
            &[],
        ] {
            assert_eq!(read_cursor(&query::write_cursor(bytes)), None, "{bytes:?}");
        }
        assert_eq!(read_cursor("!"), None);
    }

    #[test]
    fn every_state_and_cause_has_its_word() {
        for state in DeliveryState::ALL {
            assert_eq!(STATES.iter().find(|(_, known)| *known == state).unwrap().0, state.as_str());
        }
        for cause in Cause::ALL {
            assert_eq!(CAUSES.iter().find(|(_, known)| *known == cause).unwrap().0, cause.as_str());
        }
    }
}
