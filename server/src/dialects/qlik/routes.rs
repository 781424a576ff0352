//! Paths, below a base, and handlers.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::{Extension, Json, body::Body};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::base::Base;
use super::convert::{self, Update};
use super::deliveries::DeliveriesQuery;
use super::error::{Refusal, Refuses, RefusesBodies, RefusesCallers};
use super::list::ListRequest;
use super::{dto, patch};
use crate::app::access::Operation;
use crate::app::{App, Created, Error, Precondition, RecordName, WebhookName};
use crate::dialects::shared;
use crate::domain::{DialectId, Principal};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(event_types))
        .routes(routes!(read, patch_webhook, put, delete))
        .routes(routes!(deliveries))
        .routes(routes!(delivery))
        .routes(routes!(resend))
}

/// A principal whose tenant speaks this dialect. For others' these paths are not there.
struct Caller(Principal);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let principal = shared::Caller::of(parts)?;
        match principal.tenant() {
            Some(tenant) if tenant.dialect != DialectId::Qlik => Err(Error::NotFound("path").into()),
            _ => Ok(Self(principal)),
        }
    }
}

/// List webhooks
///
/// Those the caller has access to: all of the tenant for admins, for others their own.
#[utoipa::path(
    get, path = "/webhooks", operation_id = "listWebhookEntries", tag = "webhooks", security(("bearer" = [])),
    params(dto::ListQuery),
    responses(
        (status = 200, description = "A page.", body = dto::WebhookList,
            links(
                ("read" = (operation_id = "getWebhook", parameters(("id" = "$response.body#/data/0/id")))),
                ("deliveries" = (operation_id = "getWebhookDeliveryList", parameters(
                    ("id" = "$response.body#/data/0/id")
                )))
            )),
        RefusesCallers, Refuses<400>
    )
)]
async fn list(
    State(app): State<App>,
    Extension(base): Extension<Base>,
    Caller(principal): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<dto::WebhookList>, Refusal> {
    app.authorise(&principal, Operation::ReadWebhooks)?;
    let request = ListRequest::read(query.as_deref().unwrap_or_default())?;
    let webhooks = app.list_webhooks(&principal)?;
    Ok(Json(request.of(&webhooks, &base.webhooks(app.public_url()))?))
}

/// Create webhook
///
/// One of level `tenant` is for admins. A user may own 150.
#[utoipa::path(
    post, path = "/webhooks", operation_id = "createWebhook", tag = "webhooks", security(("bearer" = [])),
    request_body(content = dto::WebhookCreate, example = json!({
        "name": "New apps", "url": "https://hooks.example.com/qlik", "eventTypes": ["com.qlik.v1.app.created"],
        "level": "tenant", "enabled": true, "secret": "0123456789abcdef0123456789abcdef",
        "filter": "spaceId eq \"5f8f\" or topLevelResourceId eq \"app\"", "headers": { "X-Team": "blue" },
        "encryptedHeaders": { "Authorization": "Bearer token" }
    })),
    responses(
        (status = 201, description = "The webhook.", body = dto::Webhook,
            headers(("location" = String, description = "Where it is.")),
            links(
                ("read" = (operation_id = "getWebhook", parameters(("id" = "$response.body#/id")))),
                ("patch" = (operation_id = "patchWebhook", parameters(("id" = "$response.body#/id")))),
                ("update" = (operation_id = "updateWebhook", parameters(("id" = "$response.body#/id")))),
                ("delete" = (operation_id = "deleteWebhook", parameters(("id" = "$response.body#/id"))))
            )),
        RefusesCallers, RefusesBodies, Refuses<503>
    )
)]
async fn create(
    State(app): State<App>,
    Extension(base): Extension<Base>,
    Caller(principal): Caller,
    body: Body,
) -> Result<(StatusCode, [(header::HeaderName, String); 1], Json<dto::Webhook>), Refusal> {
    let access = app.authorise(&principal, Operation::CreateWebhook)?;
    let wanted: dto::WebhookCreate = shared::dto(body).await?;
    // Whoever may not make it learns nothing of what is wrong with it.
    if wanted.level.unwrap_or_default() == dto::Level::Tenant {
        app.authorise(&principal, Operation::CreateGlobalWebhook)?;
    }
    let draft = convert::draft(wanted, &access.tenant.settings)?;
    let Created { webhook, secret: _ } = app.create_webhook(&principal, draft).await?;
    let webhook = convert::webhook(&webhook)?;
    let location = format!("{}/{}", base.webhooks(app.public_url()), webhook.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(webhook)))
}

/// List event types
///
/// Those that webhooks of the tenant may name.
#[utoipa::path(
    get, path = "/webhooks/event-types", operation_id = "listEventTypes", tag = "event types",
    security(("bearer" = [])),
    responses((status = 200, description = "The types.", body = dto::EventTypes), RefusesCallers)
)]
async fn event_types(
    State(app): State<App>,
    Caller(principal): Caller,
) -> Result<Json<dto::EventTypes>, Refusal> {
    let tenant = app.read_event_types(&principal)?;
    Ok(Json(convert::event_types(&tenant)))
}

/// Get webhook
#[utoipa::path(
    get, path = "/webhooks/{id}", operation_id = "getWebhook", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook.")),
    responses((status = 200, description = "The webhook.", body = dto::Webhook), RefusesCallers)
)]
async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<dto::Webhook>, Refusal> {
    let webhook = app.read_webhook(&principal, name(id)?)?;
    Ok(Json(convert::webhook(&webhook)?))
}

/// Patch webhook
///
/// Applies 1 to 100 operations in their order: all, if what comes of them is a valid webhook, or none.
#[utoipa::path(
    patch, path = "/webhooks/{id}", operation_id = "patchWebhook", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook.")),
    request_body(content = Vec<dto::PatchOperation>, example = json!([
        { "op": "replace", "path": "/name", "value": "Apps" },
        { "op": "replace", "path": "/eventTypes", "value": ["com.qlik.app.created", "com.qlik.app.deleted"] },
        { "op": "remove", "path": "/description" }
    ])),
    responses((status = 204, description = "It is done."), RefusesCallers, RefusesBodies, Refuses<503>)
)]
async fn patch_webhook(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let name = name(id)?;
    app.authorise(&principal, Operation::UpdateWebhook)?;
    let update = patch::update(shared::dto(body).await?)?;
    app.update_webhook(&principal, name, |webhook, tenant| update.of(webhook, tenant)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Update webhook
///
/// What is left out is cleared, or takes its default.
#[utoipa::path(
    put, path = "/webhooks/{id}", operation_id = "updateWebhook", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook.")),
    request_body(content = dto::WebhookBase, example = json!({
        "name": "Apps", "url": "https://hooks.example.com/qlik", "eventTypes": ["com.qlik.v1.app.created"],
        "level": "tenant", "enabled": true
    })),
    responses(
        (status = 200, description = "The webhook as it is now.", body = dto::Webhook),
        RefusesCallers, RefusesBodies, Refuses<503>
    )
)]
async fn put(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<Json<dto::Webhook>, Refusal> {
    let name = name(id)?;
    app.authorise(&principal, Operation::UpdateWebhook)?;
    let update = Update::put(shared::dto(body).await?)?;
    let webhook = app.update_webhook(&principal, name, |webhook, tenant| update.of(webhook, tenant)).await?;
    Ok(Json(convert::webhook(&webhook)?))
}

/// Delete webhook
///
/// What is pending for it is not delivered any more.
#[utoipa::path(
    delete, path = "/webhooks/{id}", operation_id = "deleteWebhook", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook.")),
    responses((status = 204, description = "It is gone."), RefusesCallers, Refuses<503>)
)]
async fn delete(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Refusal> {
    app.delete_webhook(&principal, name(id)?, Precondition::None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List deliveries
///
/// Those of a webhook, each once it has been tried, for as long as history is kept: a week unless the operator says
/// otherwise.
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries", operation_id = "getWebhookDeliveryList", tag = "deliveries",
    security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook."), dto::DeliveriesQuery),
    responses(
        (status = 200, description = "A page.", body = dto::DeliveryList,
            links(
                ("read" = (operation_id = "getWebhookDelivery", parameters(
                    ("id" = "$response.body#/data/0/webhookId"), ("deliveryId" = "$response.body#/data/0/id")
                ))),
                ("resend" = (operation_id = "resendDelivery", parameters(
                    ("id" = "$response.body#/data/0/webhookId"), ("deliveryId" = "$response.body#/data/0/id")
                )))
            )),
        RefusesCallers, Refuses<400>, Refuses<503>
    )
)]
async fn deliveries(
    State(app): State<App>,
    Extension(base): Extension<Base>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<dto::DeliveryList>, Refusal> {
    app.authorise(&principal, Operation::ReadHistory)?;
    let Path(id) = id.map_err(|_| Error::NotFound("webhook"))?;
    let name = convert::webhook_name(&id)?;
    let query = DeliveriesQuery::read(query.as_deref().unwrap_or_default())?;
    let (page, tenant) = app.read_deliveries(&principal, query.request(name)).await?;
    let root = format!("{}/{id}/deliveries", base.webhooks(app.public_url()));
    Ok(Json(query.answer(page, &tenant, &root)?))
}

/// Get delivery
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries/{deliveryId}", operation_id = "getWebhookDelivery", tag = "deliveries",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, format = "uuid", description = "The id of the webhook."),
        ("deliveryId" = String, Path, format = "uuid", description = "The id of the delivery.")
    ),
    responses((status = 200, description = "The delivery.", body = dto::Delivery), RefusesCallers, Refuses<503>)
)]
async fn delivery(
    State(app): State<App>,
    Caller(principal): Caller,
    ids: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<dto::Delivery>, Refusal> {
    let (record, tenant) = app.read_delivery(&principal, record(ids)?).await?;
    Ok(Json(convert::delivery(&record, &tenant)?))
}

/// Resend delivery
///
/// Sends the same payload once more, at once: a delivery of its own, which is not retried.
#[utoipa::path(
    post, path = "/webhooks/{id}/deliveries/{deliveryId}/actions/resend", operation_id = "resendDelivery",
    tag = "deliveries", security(("bearer" = [])),
    params(
        ("id" = String, Path, format = "uuid", description = "The id of the webhook."),
        ("deliveryId" = String, Path, format = "uuid", description = "The id of the delivery.")
    ),
    responses((status = 201, description = "The new delivery.", body = dto::Delivery), RefusesCallers, Refuses<503>)
)]
async fn resend(
    State(app): State<App>,
    Caller(principal): Caller,
    ids: Result<Path<(String, String)>, PathRejection>,
) -> Result<(StatusCode, Json<dto::Delivery>), Refusal> {
    let (record, tenant) = app.resend(&principal, record(ids)?).await?;
    Ok((StatusCode::CREATED, Json(convert::delivery(&record, &tenant)?)))
}

pub(super) async fn method_not_allowed() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take this method")
}

fn name(id: Result<Path<String>, PathRejection>) -> Result<WebhookName, Refusal> {
    let Path(id) = id.map_err(|_| Error::NotFound("webhook"))?;
    Ok(convert::webhook_name(&id)?)
}

fn record(ids: Result<Path<(String, String)>, PathRejection>) -> Result<RecordName, Refusal> {
    let Path((webhook, delivery)) = ids.map_err(|_| Error::NotFound("delivery"))?;
    Ok(convert::delivery_name(convert::webhook_name(&webhook)?, &delivery)?)
}
