//! sigpost's own API under `/v1`. Errors are RFC 9457 problem details.

mod convert;
mod dto;
mod error;
mod events;
mod webhooks;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use crate::app::App;
use crate::dialects::shared;
use crate::domain::Principal;
use error::Problem;

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/events", post(events::publish))
        .route("/v1/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/v1/webhooks/{id}", get(webhooks::read).delete(webhooks::delete))
        .method_not_allowed_fallback(method_not_allowed)
}

/// Whoever makes the request, in this dialect's form of refusal.
struct Caller(Principal);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(shared::Caller::of(parts)?))
    }
}

/// The answer to a path that nobody has.
#[must_use]
pub fn no_such_path(path: &str) -> Response {
    let path: String = path.chars().take(200).collect();
    Problem::new(StatusCode::NOT_FOUND, "not-found", format_args!("there is nothing at {path}"))
        .into_response()
}

async fn method_not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "this path does not take this method")
}
