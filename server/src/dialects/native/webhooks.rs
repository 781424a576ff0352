//! `/v1/webhooks`: the webhooks of a tenant, whichever system it speaks.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, body::Body};

use super::error::{Problem, Refuses, RefusesBodies, RefusesCallers};
use super::{Caller, convert, dto};
use crate::app::access::{Operation, authorise};
use crate::app::{App, Created, WebhookName};
use crate::dialects::shared;

/// Create a webhook
///
/// The answer holds the secret if it was generated; no other answer ever does.
#[utoipa::path(
    post, path = "/v1/webhooks", operation_id = "createWebhook", tag = "webhooks", security(("bearer" = [])),
    request_body(content = dto::NewWebhook, example = json!({
        "url": "https://hooks.example.com/sigpost",
        "profile": { "dialect": "native", "name": "orders", "event_types": ["*"] }
    })),
    responses(
        (status = 201, description = "The webhook.", body = dto::Webhook,
            headers(("location" = String, description = "Its path.")),
            links(
                ("read" = (operation_id = "readWebhook", parameters(("id" = "$response.body#/id")))),
                ("delete" = (operation_id = "deleteWebhook", parameters(("id" = "$response.body#/id"))))
            )),
        RefusesCallers, RefusesBodies, Refuses<422>, Refuses<503>
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    Caller(principal): Caller,
    body: Body,
) -> Result<Response, Problem> {
    let tenant = authorise(&principal, Operation::CreateWebhook)?.tenant;
    let body = shared::parse(shared::read(body).await?).await?;
    let draft = convert::draft(body.view(), &tenant)?;
    let Created { webhook, secret } = app.create_webhook(&principal, draft).await?;
    let shown = dto::Webhook { secret: secret.map(|text| text.to_string()), ..convert::webhook(&webhook) };
    let location = HeaderValue::try_from(format!("/v1/webhooks/{}", shown.id));
    let mut response = (StatusCode::CREATED, Json(shown)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// List webhooks
///
/// The oldest first. An admin's list holds all of the tenant, a user's its own.
#[utoipa::path(
    get, path = "/v1/webhooks", operation_id = "listWebhooks", tag = "webhooks", security(("bearer" = [])),
    params(dto::Paging),
    responses((status = 200, description = "A page.", body = dto::Webhooks), RefusesCallers, Refuses<400>)
)]
pub(super) async fn list(
    State(app): State<App>,
    Caller(principal): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<dto::Webhooks>, Problem> {
    let convert::Paging { after, limit } = convert::paging(query.as_deref().unwrap_or_default())?;
    let mut all = app.list_webhooks(&principal)?;
    all.retain(|webhook| after.is_none_or(|after| webhook.number > after));
    let more = all.len() > limit;
    all.truncate(limit);
    let next = all.last().filter(|_| more).map(|last| convert::cursor(last.number));
    Ok(Json(dto::Webhooks { webhooks: all.iter().map(|webhook| convert::webhook(webhook)).collect(), next }))
}

/// Read a webhook
#[utoipa::path(
    get, path = "/v1/webhooks/{id}", operation_id = "readWebhook", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook.")),
    responses((status = 200, description = "The webhook.", body = dto::Webhook), RefusesCallers)
)]
pub(super) async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<dto::Webhook>, Problem> {
    let webhook = app.read_webhook(&principal, name(id)?)?;
    Ok(Json(convert::webhook(&webhook)))
}

/// Delete a webhook
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}", operation_id = "deleteWebhook", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook.")),
    responses((status = 204, description = "It is gone."), RefusesCallers, Refuses<503>)
)]
pub(super) async fn delete(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    app.delete_webhook(&principal, name(id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn name(id: Result<Path<String>, PathRejection>) -> Result<WebhookName, Problem> {
    let Path(id) = id.map_err(|_| Problem::from(crate::app::Error::NotFound("webhook")))?;
    convert::path_id(&id).map(WebhookName::PublicId)
}
