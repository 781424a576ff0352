//! Immuta V1's management API, as its SaaS and 2024.3 pages document it.
//!
//! | domain | wire | note |
//! |---|---|---|
//! | `Webhook::number` | `id` | an integer counted per tenant |
//! | `Webhook::created_by` | `createdBy` | a user id of an Immuta tenant is a decimal integer |
//! | `Record::number` | history `id` | |
//! | `Record::event_number` | `webhooksActivityId` | shared by the deliveries of one event |
//! | no answer | `statusCode` 500, `response.body.code` | the names Node.js gives network errors |
//!
//! Errors have the form of hapi's Boom: `{statusCode, error, message}`.

mod convert;
mod dto;
mod error;
mod routes;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use utoipa::openapi::OpenApi;

use crate::app::App;
use crate::dialects::shared::document;

const ABOUT: document::About = document::About {
    title: "Immuta V1 webhooks",
    description: "The management API of Immuta V1's webhooks, for tenants that speak it: webhooks, the notifications \
                  they can be for, and the history of what was delivered.\n\nThe body of a request is read as JSON \
                  whatever its content type says. A method that a path does not take is answered with 405.",
};

/// The routes.
pub fn router() -> Router<App> {
    Router::from(routes::routes()).method_not_allowed_fallback(routes::method_not_allowed)
}

/// The routes as an OpenAPI document.
#[must_use]
pub fn document() -> OpenApi {
    document::of::<error::Wire>(routes::routes(), &ABOUT)
}

/// Whether a path is one of this dialect's.
#[must_use]
pub fn owns(path: &str) -> bool {
    ["/webhooks", "/bim"]
        .into_iter()
        .any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// The answer to a path below this dialect's roots that is none of its own.
#[must_use]
pub fn no_such_path() -> Response {
    error::Boom::new(StatusCode::NOT_FOUND, "Not Found").into_response()
}
