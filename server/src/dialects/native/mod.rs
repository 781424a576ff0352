//! sigpost's own API under `/v1`. Errors are RFC 9457 problem details.

mod error;
mod events;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;

use crate::app::App;
use error::Problem;

/// The routes.
pub fn router() -> Router<App> {
    Router::new().route("/v1/events", post(events::publish)).method_not_allowed_fallback(method_not_allowed)
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
