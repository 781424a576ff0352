//! Trying webhooks out: `/v1/webhooks/{id}/test` for one that is stored, `/v1/webhooks/test` for one that is not.

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::delivery::{Bodies, Delivery, Tried};
use super::error::{Problem, Refuses, RefusesBodies, RefusesCallers};
use super::{Caller, convert, delivery, dto, webhooks};
use crate::app::access::Operation;
use crate::app::{App, Error};
use crate::dialects::shared::{self, shaped};

/// What to try a webhook out with.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookTest)]
pub(super) struct Test {
    /// The type of the event; one that the webhook is subscribed to, if nothing is said.
    #[serde(default, deserialize_with = "shared::present")]
    #[schema(nullable = false, min_length = 1, max_length = 512)]
    event_type: Option<String>,
}

const MAX_TYPE: usize = 512;

/// Try a webhook out
///
/// Sends it an event that says of itself that it is a test, once, now, whether or not it is enabled, and answers with the
/// delivery when the attempt has ended, well or badly. Nobody's state changes. Over this API a user may try something out
/// ten times in any minute, webhooks that are not stored included.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/test", operation_id = "testWebhook", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook.")),
    request_body = Option<Test>,
    responses(
        (status = 200, description = "The delivery, whether or not it succeeded.", body = Delivery, links(
            ("read" = (operation_id = "readDelivery", parameters(("delivery" = "$response.body#/id")))),
            ("resend" = (operation_id = "resendDelivery", parameters(("delivery" = "$response.body#/id"))))
        )),
        RefusesCallers, RefusesBodies, Refuses<422>, Refuses<503>
    )
)]
pub(super) async fn stored(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<Json<Delivery>, Problem> {
    let name = webhooks::name(id)?;
    app.authorise(&principal, Operation::TestWebhook)?;
    let body = shared::read(body).await?;
    app.read_webhook(&principal, name)?;
    let Test { event_type } =
        if body.is_empty() { Test::default() } else { shaped(shared::parse(body).await?.view())? };
    if event_type.as_ref().is_some_and(|name| name.is_empty() || name.chars().count() > MAX_TYPE) {
        let rule = format!("event_type must have 1 to {MAX_TYPE} characters");
        return Err(Error::invalid("event_type", rule).into());
    }
    app.admit_test(&principal)?;
    let (record, tenant) = app.test_webhook(&principal, name, event_type.as_deref()).await?;
    Ok(Json(delivery::delivery(&record, &tenant, Bodies::Told)))
}

/// Try out a webhook that is not stored
///
/// As the test of one that is, and counted with those, but no delivery is recorded.
#[utoipa::path(
    post, path = "/v1/webhooks/test", operation_id = "testDraft", tag = "webhooks", security(("bearer" = [])),
    request_body = dto::NewWebhook,
    responses(
        (status = 200, description = "What came of it.", body = Tried),
        RefusesCallers, RefusesBodies, Refuses<422>, Refuses<503>
    )
)]
pub(super) async fn draft(
    State(app): State<App>,
    Caller(principal): Caller,
    body: Body,
) -> Result<Json<Tried>, Problem> {
    let tenant = app.authorise(&principal, Operation::TestWebhook)?.tenant;
    let body = shared::parse(shared::read(body).await?).await?;
    let draft = convert::draft(body.view(), &tenant)?;
    app.admit_test(&principal)?;
    let attempt = app.test_draft(&principal, draft).await?;
    Ok(Json(delivery::tried(&attempt)))
}
