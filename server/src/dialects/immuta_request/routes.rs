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
use crate::app::{App, Created, Error, Precondition, WebhookName};
use crate::dialects::shared;
use crate::domain::{DialectId, Principal};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(test_configuration))
        .routes(routes!(read, update, delete))
        .routes(routes!(test))
        .routes(routes!(history))
}

/// A principal whose tenant speaks this dialect, with the right to use it. For other tenants' these paths do not exist.
struct Admin(Principal);

impl FromRequestParts<App> for Admin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let principal = shared::Caller::of(parts)?;
        match principal.tenant() {
            Some(tenant) if tenant.dialect != DialectId::ImmutaRequest => Err(Error::NotFound("path").into()),
            _ => {
                app.authorise(&principal, Operation::UseAsAdmin)?;
                Ok(Self(principal))
            }
        }
    }
}

/// Get webhooks
///
/// All of the tenant, the oldest first.
#[utoipa::path(
    get, path = "/api/notification/webhook", operation_id = "getWebhooks", tag = "webhooks",
    security(("bearer" = [])),
    responses((status = 200, description = "The webhooks.", body = Vec<dto::Webhook>), RefusesCallers)
)]
async fn list(State(app): State<App>, Admin(principal): Admin) -> Result<Json<Vec<dto::Webhook>>, Refusal> {
    let webhooks = app.list_webhooks(&principal)?;
    Ok(Json(webhooks.iter().map(|webhook| convert::webhook(webhook)).collect::<Result<_, _>>()?))
}

/// Create webhook
///
/// It receives every notification of the tenant from then on.
#[utoipa::path(
    post, path = "/api/notification/webhook", operation_id = "createWebhook", tag = "webhooks",
    security(("bearer" = [])),
    request_body = dto::CreateWebhook,
    responses(
        (status = 200, description = "The webhook.", body = dto::Webhook),
        RefusesCallers, RefusesBodies, Refuses<503>
    )
)]
async fn create(
    State(app): State<App>,
    Admin(principal): Admin,
    body: Body,
) -> Result<Json<dto::Webhook>, Refusal> {
    app.authorise(&principal, Operation::CreateGlobalWebhook)?;
    let draft = convert::draft(shared::dto(body).await?)?;
    let Created { webhook, secret: _ } = app.create_webhook(&principal, draft).await?;
    Ok(Json(convert::webhook(&webhook)?))
}

/// Get webhook by ID
#[utoipa::path(
    get, path = "/api/notification/webhook/{id}", operation_id = "getWebhook", tag = "webhooks",
    security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook.")),
    responses((status = 200, description = "The webhook.", body = dto::Webhook), RefusesCallers)
)]
async fn read(
    State(app): State<App>,
    Admin(principal): Admin,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<dto::Webhook>, Refusal> {
    let webhook = app.read_webhook(&principal, name(id)?)?;
    Ok(Json(convert::webhook(&webhook)?))
}

/// Update webhook
///
/// What is omitted stays as it is. A new signing key takes the place of the old one at once. A webhook that was
/// suppressed delivers again.
#[utoipa::path(
    put, path = "/api/notification/webhook/{id}", operation_id = "updateWebhook", tag = "webhooks",
    security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook.")),
    request_body = dto::UpdateWebhook,
    responses(
        (status = 200, description = "The webhook as it is now.", body = dto::Webhook),
        RefusesCallers, RefusesBodies, Refuses<503>
    )
)]
async fn update(
    State(app): State<App>,
    Admin(principal): Admin,
    id: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<Json<dto::Webhook>, Refusal> {
    app.authorise(&principal, Operation::UpdateWebhook)?;
    let name = name(id)?;
    let wanted: dto::UpdateWebhook = shared::dto(body).await?;
    let update = convert::Update::try_from(wanted)?;
    let webhook = app.update_webhook(&principal, name, |webhook, _| update.of(webhook)).await?;
    Ok(Json(convert::webhook(&webhook)?))
}

/// Delete webhook
///
/// What is pending for it is not delivered any more.
#[utoipa::path(
    delete, path = "/api/notification/webhook/{id}", operation_id = "deleteWebhook", tag = "webhooks",
    security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook.")),
    responses((status = 204, description = "It is gone."), RefusesCallers, Refuses<503>)
)]
async fn delete(
    State(app): State<App>,
    Admin(principal): Admin,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Refusal> {
    app.delete_webhook(&principal, name(id)?, Precondition::None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Test webhook configuration
///
/// Sends a test to a webhook as it would be, without creating it. Answers 200 whatever came of it.
#[utoipa::path(
    post, path = "/api/notification/webhook/test", operation_id = "testWebhookConfig", tag = "tests",
    security(("bearer" = [])),
    request_body = dto::CreateWebhook,
    responses(
        (status = 200, description = "What came of it.", body = dto::TestResult),
        RefusesCallers, RefusesBodies, Refuses<503>
    )
)]
async fn test_configuration(
    State(app): State<App>,
    Admin(principal): Admin,
    body: Body,
) -> Result<Json<dto::TestResult>, Refusal> {
    app.authorise(&principal, Operation::TestWebhook)?;
    let draft = convert::draft(shared::dto(body).await?)?;
    let attempt = app.test_draft(&principal, draft).await?;
    Ok(Json(convert::test_result(&attempt)))
}

/// Test webhook
///
/// Sends a test to a webhook, suppressed or not. Answers 200 whatever came of it; the history shows it.
#[utoipa::path(
    post, path = "/api/notification/webhook/{id}/test", operation_id = "testWebhook", tag = "tests",
    security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook.")),
    responses((status = 200, description = "What came of it.", body = dto::TestResult), RefusesCallers, Refuses<503>)
)]
async fn test(
    State(app): State<App>,
    Admin(principal): Admin,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<dto::TestResult>, Refusal> {
    let (record, _) = app.test_webhook(&principal, name(id)?, None).await?;
    Ok(Json(convert::test_result(&record.attempt)))
}

/// Get webhook history
///
/// The deliveries of a webhook, the newest first, each once it has been tried.
#[utoipa::path(
    get, path = "/api/notification/webhook/{id}/history", operation_id = "getWebhookHistory", tag = "history",
    security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the webhook."), dto::Page),
    responses((status = 200, description = "A page.", body = dto::History), RefusesCallers, Refuses<400>, Refuses<503>)
)]
async fn history(
    State(app): State<App>,
    Admin(principal): Admin,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<dto::History>, Refusal> {
    let page = convert::page(query.as_deref().unwrap_or_default())?;
    let request = convert::deliveries_request(name(id)?, page);
    let (found, _) = app.read_deliveries(&principal, request).await?;
    Ok(Json(convert::history(&found, page)))
}

pub(super) async fn method_not_allowed() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take this method")
}

fn name(id: Result<Path<String>, PathRejection>) -> Result<WebhookName, Refusal> {
    let Path(id) = id.map_err(|_| Error::NotFound("webhook"))?;
    Ok(convert::path_id(&id)?)
}
