//! Paths and handlers.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, body::Body};
use sigpost_core::json::{Kind, View};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{Boom, Refuses, RefusesBodies, RefusesCallers};
use super::{convert, dto};
use crate::app::access::Operation;
use crate::app::{App, Created, Error, Precondition, RecordName, WebhookName};
use crate::dialects::shared;
use crate::domain::profile::immuta::notifications;
use crate::domain::{DialectId, Principal};

/// The largest body that holds an API key; whoever sends it has shown no credential yet.
const MAX_KEY_BODY: usize = 4 * 1024;

/// Said once, of the first entry that is too much.
const TOO_MANY: &str =
    "this entry and those after it were not looked at: one request creates at most 1000 webhooks";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(actions))
        .routes(routes!(history))
        .routes(routes!(retry))
        .routes(routes!(read, delete))
        .routes(routes!(authenticate))
}

/// A principal whose tenant speaks this dialect. For anybody else these paths do not exist.
struct Caller(Principal);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Boom;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Boom> {
        let principal = shared::Caller::of(parts)?;
        match principal.tenant() {
            Some(tenant) if tenant.dialect != DialectId::Immuta => Err(Error::NotFound("path").into()),
            _ => Ok(Self(principal)),
        }
    }
}

/// Create webhooks
///
/// Answers 200 whatever becomes of the entries, with those that were created and those that were not.
#[utoipa::path(
    post, path = "/webhooks", operation_id = "createWebhooks", tag = "webhooks", security(("bearer" = [])),
    request_body(content = dto::NewWebhooks, example = json!({ "webhooks": [{
        "url": "https://hooks.example.com/immuta", "name": "models", "global": true,
        "notificationType": ["modelCreated"], "actionType": "triggered", "secret": "a shared secret"
    }] })),
    responses(
        (status = 200, description = "What became of the entries.", body = dto::Created, links(
            ("read" = (operation_id = "readWebhook",
                parameters(("id" = "$response.body#/createdWebhooks/0/id")))),
            ("delete" = (operation_id = "deleteWebhook",
                parameters(("id" = "$response.body#/createdWebhooks/0/id"))))
        )),
        RefusesCallers, RefusesBodies, Refuses<503>
    )
)]
// The body is JSON whatever its content type: the documented curl line sends `application/x-www-form-urlencoded`.
async fn create(
    State(app): State<App>,
    Caller(principal): Caller,
    body: Body,
) -> Result<Json<dto::Created>, Boom> {
    let access = app.authorise(&principal, Operation::CreateWebhook)?;
    let body = shared::read(body).await?;
    let entries = shared::off_the_executor(body.len(), move || convert::entries(&body)).await?;
    let mut created = dto::Created { created_webhooks: Vec::new(), errors: Vec::new() };
    for (index, convert::Entry { value, wrong }) in entries.into_iter().enumerate() {
        let draft = match wrong {
            _ if index >= convert::MAX_ENTRIES => Err(TOO_MANY.to_owned()),
            Some(message) => Err(message),
            None => convert::draft(value.view(), &access.tenant.settings),
        };
        let result = match draft {
            Err(message) => Err(message),
            Ok(draft) => match app.create_webhook(&principal, draft).await {
                Ok(Created { webhook, .. }) => Ok(webhook),
                // What is no fault of an entry is an error of the request, unless that would hide what was created.
                Err(
                    error @ (Error::Saturated(_) | Error::DiskFull | Error::Unavailable | Error::Internal),
                ) if created.created_webhooks.is_empty() => {
                    return Err(error.into());
                }
                Err(error) => Err(error.to_string()),
            },
        };
        match result {
            Ok(webhook) => created.created_webhooks.push(convert::summary(&webhook)?),
            Err(message) => created.errors.push(convert::refused(index, value.view(), message)),
        }
    }
    Ok(Json(created))
}

/// List webhooks
///
/// An admin's list holds all of the tenant, a user's its own.
#[utoipa::path(
    get, path = "/webhooks", operation_id = "listWebhooks", tag = "webhooks", security(("bearer" = [])),
    responses((status = 200, description = "The webhooks.", body = Vec<dto::Webhook>), RefusesCallers)
)]
async fn list(State(app): State<App>, Caller(principal): Caller) -> Result<Json<Vec<dto::Webhook>>, Boom> {
    let webhooks = app.list_webhooks(&principal)?;
    Ok(Json(webhooks.iter().map(|webhook| convert::webhook(webhook)).collect::<Result<_, _>>()?))
}

/// Read a webhook
#[utoipa::path(
    get, path = "/webhooks/{id}", operation_id = "readWebhook", tag = "webhooks", security(("bearer" = [])),
    params(("id" = i64, Path, minimum = 1, description = "The id of the webhook.")),
    responses((status = 200, description = "The webhook.", body = dto::Webhook), RefusesCallers, Refuses<400>)
)]
async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<dto::Webhook>, Boom> {
    let webhook = app.read_webhook(&principal, WebhookName::Number(path_id(id, "webhook")?))?;
    Ok(Json(convert::webhook(&webhook)?))
}

/// Delete a webhook
#[utoipa::path(
    delete, path = "/webhooks/{id}", operation_id = "deleteWebhook", tag = "webhooks", security(("bearer" = [])),
    params(("id" = i64, Path, minimum = 1, description = "The id of the webhook.")),
    responses(
        (status = 200, description = "The webhook as it was.", body = dto::Webhook),
        RefusesCallers, Refuses<400>, Refuses<503>
    )
)]
async fn delete(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<dto::Webhook>, Boom> {
    let name = WebhookName::Number(path_id(id, "webhook")?);
    let webhook = app.delete_webhook(&principal, name, Precondition::None).await?;
    Ok(Json(convert::summary(&webhook)?))
}

/// List what webhooks can be for
///
/// The notifications of the tenant's release, then those that its operator added.
#[utoipa::path(
    get, path = "/webhooks/actions", operation_id = "listActions", tag = "webhooks", security(("bearer" = [])),
    responses((status = 200, description = "The names of the notifications.", body = Vec<String>), RefusesCallers)
)]
async fn actions(State(app): State<App>, Caller(principal): Caller) -> Result<Json<Vec<String>>, Boom> {
    let settings = &app.authorise(&principal, Operation::ReadEventTypes)?.tenant.settings;
    let mut names: Vec<String> = notifications(settings).into_iter().map(Into::into).collect();
    let further =
        settings.event_types.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>();
    names.extend(further);
    Ok(Json(names))
}

/// Read the history of deliveries
///
/// A record a delivery, shown after its first attempt with its latest.
#[utoipa::path(
    get, path = "/webhooks/history", operation_id = "readHistory", tag = "history", security(("bearer" = [])),
    params(dto::HistoryQuery),
    responses(
        (status = 200, description = "A page of the history.", body = dto::History, links(
            ("retry" = (operation_id = "retryDelivery", parameters(("id" = "$response.body#/records/0/id"))))
        )),
        RefusesCallers, Refuses<400>, Refuses<503>
    )
)]
async fn history(
    State(app): State<App>,
    Caller(principal): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<dto::History>, Boom> {
    app.authorise(&principal, Operation::ReadHistory)?;
    let request = convert::history_request(query.as_deref().unwrap_or_default())?;
    let page = app.read_history(&principal, request).await?;
    let records = page.records.into_iter().map(convert::history_record).collect::<Result<_, _>>()?;
    Ok(Json(dto::History { count: page.total.to_string(), records }))
}

/// Send a delivery once more
///
/// Answered when the attempt has ended, with a new record.
#[utoipa::path(
    post, path = "/webhooks/history/retry/{id}", operation_id = "retryDelivery", tag = "history",
    security(("bearer" = [])),
    params(("id" = i64, Path, minimum = 1, description = "The id of a record of the history.")),
    responses(
        (status = 200, description = "The record of the new attempt.", body = dto::RetriedRecord),
        RefusesCallers, Refuses<400>, Refuses<503>
    )
)]
async fn retry(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<dto::RetriedRecord>, Boom> {
    let number = path_id(id, "history record")?;
    let (record, _) = app.resend(&principal, RecordName::Number(number)).await?;
    Ok(Json(convert::retried_record(record)?))
}

/// Exchange an API key for a token
///
/// The key in the body is the credential: no header is asked for. Other members are passed over.
#[utoipa::path(
    post, path = "/bim/apikey/authenticate", operation_id = "authenticate", tag = "authentication", security(()),
    request_body = dto::ApiKey,
    responses(
        (status = 200, description = "A token for the key's user.", body = dto::Token),
        RefusesBodies, Refuses<401>, Refuses<403>, Refuses<429>, Refuses<500>, Refuses<503>
    )
)]
async fn authenticate(State(app): State<App>, request: Request) -> Result<Response, Boom> {
    let (parts, body) = request.into_parts();
    if let Err(limited @ Error::TooManyFailures { .. }) = shared::Caller::of(&parts) {
        return Err(limited.into());
    }
    let body = shared::parse(shared::read_within(body, MAX_KEY_BODY).await?).await?;
    shared::Admission::check(&parts)?;
    let key = body.view().get("apikey").filter(|key| key.kind() == Kind::String).and_then(View::as_str);
    let key = key.ok_or_else(|| Boom::bad_request("the payload must be {\"apikey\": \"…\"}"))?;
    let token = app.exchange_api_key(&key, DialectId::Immuta).await?;
    Ok(Json(dto::Token { token: &token }).into_response())
}

pub(super) async fn method_not_allowed() -> Boom {
    Boom::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}

fn path_id(
    id: Result<Path<String>, PathRejection>,
    what: &'static str,
) -> Result<crate::domain::Number, Boom> {
    let Path(id) = id.map_err(|_| Boom::bad_request("id must be a positive integer"))?;
    convert::path_id(&id, what)
}
