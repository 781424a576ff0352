//! `/v1/webhooks`: the webhooks of a tenant, whichever system it speaks.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, body::Body};

use super::error::{Problem, Refuses, RefusesBodies, RefusesCallers};
use super::{Caller, convert, dto, etag, query};
use crate::app::access::Operation;
use crate::app::{App, Created, WebhookName};
use crate::dialects::shared;
use crate::domain::Webhook;

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
            headers(
                ("location" = String, description = "Its path."),
                ("etag" = String, description = "Its version.")
            ),
            links(
                ("read" = (operation_id = "readWebhook", parameters(("id" = "$response.body#/id")))),
                ("change" = (operation_id = "changeWebhook", parameters(("id" = "$response.body#/id")))),
                ("replaceSecret" = (operation_id = "replaceSecret", parameters(("id" = "$response.body#/id")))),
                ("test" = (operation_id = "testWebhook", parameters(("id" = "$response.body#/id")))),
                ("deliveries" = (
                    operation_id = "listWebhookDeliveries", parameters(("id" = "$response.body#/id"))
                )),
                ("stats" = (operation_id = "readStats", parameters(("id" = "$response.body#/id")))),
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
    let tenant = app.authorise(&principal, Operation::CreateWebhook)?.tenant;
    let body = shared::parse(shared::read(body).await?).await?;
    let draft = convert::draft(body.view(), &tenant)?;
    let Created { webhook, secret } = app.create_webhook(&principal, draft).await?;
    let secret = secret.map(|text| text.to_string());
    let standard_secret = convert::standard_secret(&webhook).filter(|text| secret.as_ref() != Some(text));
    let shown = dto::Webhook { secret, standard_secret, ..convert::webhook(&webhook, app.now()) };
    let location = HeaderValue::try_from(format!("/v1/webhooks/{}", shown.id));
    let mut response = (StatusCode::CREATED, Json(shown)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(etag::tagged(response, &webhook))
}

/// List webhooks
///
/// The oldest first. An admin's list holds all of the tenant, a user's its own.
#[utoipa::path(
    get, path = "/v1/webhooks", operation_id = "listWebhooks", tag = "webhooks", security(("bearer" = [])),
    params(dto::Listing),
    responses((status = 200, description = "A page.", body = dto::Webhooks), RefusesCallers, Refuses<400>)
)]
pub(super) async fn list(
    State(app): State<App>,
    Caller(principal): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<dto::Webhooks>, Problem> {
    app.authorise(&principal, Operation::ReadWebhooks)?;
    let listing = convert::listing(query.as_deref().unwrap_or_default())?;
    let mut all = app.list_webhooks(&principal)?;
    all.retain(|webhook| listing.wants(webhook));
    let more = all.len() > listing.limit;
    all.truncate(listing.limit);
    let next = all.last().filter(|_| more).map(|last| convert::cursor(last.number));
    let now = app.now();
    let webhooks = all.iter().map(|webhook| convert::webhook(webhook, now)).collect();
    Ok(Json(dto::Webhooks { webhooks, next }))
}

/// Read a webhook
#[utoipa::path(
    get, path = "/v1/webhooks/{id}", operation_id = "readWebhook", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook.")),
    responses(
        (status = 200, description = "The webhook.", body = dto::Webhook,
            headers(("etag" = String, description = "Its version."))),
        RefusesCallers
    )
)]
pub(super) async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let webhook = app.read_webhook(&principal, name(id)?)?;
    Ok(shown(&app, &webhook))
}

/// Change a webhook
///
/// What the body does not name stays as it is, in the profile too. A change of the url, the headers or the secret counts
/// from the next attempt on, also for what waits already.
#[utoipa::path(
    patch, path = "/v1/webhooks/{id}", operation_id = "changeWebhook", tag = "webhooks", security(("bearer" = [])),
    params(
        ("id" = String, Path, format = "uuid", description = "The id of the webhook."),
        ("if-match" = Option<String>, Header, description = "Changes it only if it has the version of this `etag`.")
    ),
    request_body(content(
        (dto::WebhookChange = "application/merge-patch+json"),
        (dto::WebhookChange = "application/json")
    )),
    responses(
        (status = 200, description = "The webhook as it is now.", body = dto::Webhook,
            headers(("etag" = String, description = "Its version."))),
        RefusesCallers, RefusesBodies, Refuses<412>, Refuses<422>, Refuses<503>
    )
)]
pub(super) async fn change(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let name = name(id)?;
    app.authorise(&principal, Operation::UpdateWebhook)?;
    let precondition = etag::if_match(&headers);
    let body = shared::parse(shared::read(body).await?).await?;
    // Whoever may not see it is not told what is wrong with the change.
    app.read_webhook(&principal, name)?;
    convert::change_shape(body.view())?;
    let changed = app.update_webhook(&principal, name, |webhook, tenant| {
        precondition.check(webhook)?;
        convert::change(body.view(), webhook, tenant)
    });
    let webhook = changed.await?;
    Ok(shown(&app, &webhook))
}

/// Delete a webhook
///
/// What waits for it is cancelled. Its history stays as long as history is kept.
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}", operation_id = "deleteWebhook", tag = "webhooks", security(("bearer" = [])),
    params(
        ("id" = String, Path, format = "uuid", description = "The id of the webhook."),
        ("if-match" = Option<String>, Header, description = "Deletes it only if it has the version of this `etag`.")
    ),
    responses((status = 204, description = "It is gone."), RefusesCallers, Refuses<412>, Refuses<503>)
)]
pub(super) async fn delete(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    app.delete_webhook(&principal, name(id)?, etag::if_match(&headers)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A webhook as an answer.
pub(super) fn shown(app: &App, webhook: &Webhook) -> Response {
    etag::tagged(Json(convert::webhook(webhook, app.now())).into_response(), webhook)
}

/// The webhook that a path names.
pub(super) fn name(id: Result<Path<String>, PathRejection>) -> Result<WebhookName, Problem> {
    let Path(id) = id.map_err(|_| Problem::from(crate::app::Error::NotFound("webhook")))?;
    query::path_id(&id, "webhook").map(WebhookName::PublicId)
}
