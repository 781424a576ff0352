//! The generic webhooks API, as its page has it. Users read all webhooks of their tenant; admins change them.
//!
//! | domain | wire | note |
//! |---|---|---|
//! | `Webhook::public_id` | `id` | `wh_` and its 32 hex digits |
//! | `Disabled`, for whatever reason | `status` `inactive` | |
//! | a secret | `secret` | in full in the answer to its creation, else a mask |
//! | `Activity::last_attempt_at` | `last_triggered` | |
//! | no answer | `status_code` null | |
//!
//! Errors are `{"success":false,"error":{"code","message"}}`.

mod convert;
mod dto;
mod error;
mod routes;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::openapi::OpenApi;

use crate::app::{App, Error};
use crate::dialects::shared::document;

const ABOUT: document::About = document::About {
    title: "Generic webhooks",
    description: "The generic management API of webhooks, for tenants that speak it: each webhook receives the events \
                  of the types it names.\n\nThe body of a request is read as JSON whatever its content type says. A \
                  method that a path does not take is answered with 405.",
};

/// The routes. Their paths are another system's too: this router is for requests of tenants that speak this dialect.
pub fn router() -> Router<App> {
    Router::from(routes::routes())
        .method_not_allowed_fallback(routes::method_not_allowed)
        .fallback(async || no_such_path())
}

/// The answer to a path that is none of this dialect's own.
#[must_use]
pub fn no_such_path() -> Response {
    error::Refusal::new(StatusCode::NOT_FOUND, "no such path").into_response()
}

/// The routes as an OpenAPI document.
#[must_use]
pub fn document() -> OpenApi {
    document::of::<error::Wire>(routes::routes(), &ABOUT)
}

/// The form of an error.
pub(super) fn error_form(error: Error) -> impl Serialize {
    error::Refusal::from(error).wire()
}
