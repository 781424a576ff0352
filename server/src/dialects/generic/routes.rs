//! Paths and handlers.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::{Json, body::Body};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{Refusal, Refuses, RefusesBodies, RefusesCallers};
use super::{convert, dto};
use crate::app::access::Operation;
use crate::app::{App, Error, Precondition, WebhookName};
use crate::dialects::shared::{self, DtoError};
use crate::domain::{DialectId, Principal};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
        .routes(routes!(test))
}

/// A principal whose tenant speaks this dialect. For others' these paths are not there.
struct Caller(Principal);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let principal = shared::Caller::of(parts)?;
        match principal.tenant() {
            Some(tenant) if tenant.dialect != DialectId::Generic => Err(Error::NotFound("path").into()),
            _ => Ok(Self(principal)),
        }
    }
}

/// A caller with the right to change webhooks and to try them out.
struct Admin(Principal);

impl FromRequestParts<App> for Admin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let Caller(principal) = Caller::from_request_parts(parts, app).await?;
        app.authorise(&principal, Operation::UseAsAdmin)?;
        Ok(Self(principal))
    }
}

/// Get all webhooks
///
/// A page of the tenant's webhooks, the oldest first. Every user of the tenant may read them.
#[utoipa::path(
    get, path = "/api/v1/webhooks", operation_id = "listWebhooks", tag = "webhooks", security(("bearer" = [])),
    params(dto::ListQuery),
    responses((status = 200, description = "A page.", body = dto::Page), RefusesCallers, Refuses<400>)
)]
async fn list(
    State(app): State<App>,
    Caller(principal): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<dto::Page>, Refusal> {
    app.authorise(&principal, Operation::ReadSharedWebhooks)?;
    let request = convert::list_request(query.as_deref().unwrap_or_default())?;
    let webhooks = app.list_shared_webhooks(&principal)?;
    Ok(Json(convert::page(&webhooks, &request, |webhook| app.activity(webhook))?))
}

/// Create webhook
///
/// For admins. Answers with the secret that its deliveries are signed with; it is not shown again.
#[utoipa::path(
    post, path = "/api/v1/webhooks", operation_id = "createWebhook", tag = "webhooks", security(("bearer" = [])),
    request_body = dto::NewWebhook,
    responses(
        (status = 201, description = "The webhook.", body = dto::One<dto::CreatedWebhook>),
        RefusesCallers, RefusesBodies, Refuses<422>, Refuses<503>
    )
)]
async fn create(
    State(app): State<App>,
    Admin(principal): Admin,
    body: Body,
) -> Result<(StatusCode, Json<dto::One<dto::CreatedWebhook>>), Refusal> {
    let tenant = app.authorise(&principal, Operation::CreateGlobalWebhook)?.tenant;
    let draft = convert::draft(shared::dto(body).await?, &tenant.settings)?;
    let made = app.create_webhook(&principal, draft).await?;
    Ok((StatusCode::CREATED, Json(dto::One { data: convert::created(&made)? })))
}

/// Get webhook by ID
#[utoipa::path(
    get, path = "/api/v1/webhooks/{webhook_id}", operation_id = "getWebhook", tag = "webhooks",
    security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "The id of the webhook.")),
    responses((status = 200, description = "The webhook.", body = dto::One<dto::Webhook>), RefusesCallers)
)]
async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<dto::One<dto::Webhook>>, Refusal> {
    let webhook = app.read_shared_webhook(&principal, name(id)?)?;
    Ok(Json(dto::One { data: convert::webhook(&webhook, app.activity(&webhook))? }))
}

/// Update webhook
///
/// For admins. What is left out stays as it is; `null` clears the description.
#[utoipa::path(
    put, path = "/api/v1/webhooks/{webhook_id}", operation_id = "updateWebhook", tag = "webhooks",
    security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "The id of the webhook.")),
    request_body = dto::WebhookUpdate,
    responses(
        (status = 200, description = "The webhook as it is now.", body = dto::One<dto::UpdatedWebhook>),
        RefusesCallers, RefusesBodies, Refuses<422>, Refuses<503>
    )
)]
async fn update(
    State(app): State<App>,
    Admin(principal): Admin,
    id: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<Json<dto::One<dto::UpdatedWebhook>>, Refusal> {
    app.authorise(&principal, Operation::UpdateWebhook)?;
    let name = name(id)?;
    let wanted: dto::WebhookUpdate = shared::dto(body).await?;
    let update = convert::Update::try_from(wanted)?;
    let webhook = app.update_webhook(&principal, name, |webhook, tenant| update.of(webhook, tenant)).await?;
    Ok(Json(dto::One { data: convert::updated(&webhook)? }))
}

/// Delete webhook
///
/// For admins. What is pending for it is not delivered any more.
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{webhook_id}", operation_id = "deleteWebhook", tag = "webhooks",
    security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "The id of the webhook.")),
    responses((status = 200, description = "It is gone.", body = dto::Done), RefusesCallers, Refuses<503>)
)]
async fn delete(
    State(app): State<App>,
    Admin(principal): Admin,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<dto::Done>, Refusal> {
    app.delete_webhook(&principal, name(id)?, Precondition::None).await?;
    Ok(Json(dto::Done { success: true, message: "Webhook deleted successfully" }))
}

/// Test webhook
///
/// For admins. Sends an event to a webhook, active or not, and answers 200 whatever came of it. The body may be left
/// out.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{webhook_id}/test", operation_id = "testWebhook", tag = "webhooks",
    security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "The id of the webhook.")),
    request_body = Option<dto::TestRequest>,
    responses(
        (status = 200, description = "What came of it.", body = dto::TestResult),
        RefusesCallers, RefusesBodies, Refuses<503>
    )
)]
async fn test(
    State(app): State<App>,
    Admin(principal): Admin,
    id: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<Json<dto::TestResult>, Refusal> {
    let name = name(id)?;
    let tenant = app.authorise(&principal, Operation::TestWebhook)?.tenant;
    let dto::TestRequest { event } = test_request(body).await?;
    let event = convert::test_event(event, &tenant.settings)?;
    let (record, _) = app.test_webhook(&principal, name, event.as_deref()).await?;
    Ok(Json(convert::test_result(&record.attempt)))
}

/// A body that need not be there, or may be `null`.
async fn test_request(body: Body) -> Result<dto::TestRequest, DtoError> {
    let body = shared::read(body).await?;
    if body.is_empty() {
        return Ok(dto::TestRequest::default());
    }
    let wanted: Option<_> = shared::shaped(shared::parse(body).await?.view())?;
    Ok(wanted.unwrap_or_default())
}

pub(super) async fn method_not_allowed() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take this method")
}

fn name(id: Result<Path<String>, PathRejection>) -> Result<WebhookName, Refusal> {
    let Path(id) = id.map_err(|_| Error::NotFound("webhook"))?;
    Ok(convert::path_id(&id)?)
}
