//! HTTP as a whole: the dialects' routes behind authentication and limits, their documents, the pages for people, health,
//! and the server that carries them.

mod authentication;
mod docs;
mod limits;
mod pages;
mod rest;
mod server;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};

pub use limits::Limits;
pub use server::serve;

use crate::app::App;
use crate::dialects;

/// Everything the main listener serves. `limits` bounds failed authentications and management requests; `None` switches
/// that off, for tests that ask or fail on purpose a thousand times.
pub fn router(app: App, limits: Option<Limits>) -> Router {
    let state = authentication::State { app: app.clone(), limits: limits.map(std::sync::Arc::new) };
    dialects::router(&app)
        .layer(middleware::from_fn_with_state(state, authentication::identify))
        .merge(health())
        .merge(docs::router())
        .merge(pages::router())
        .layer(middleware::from_fn(rest::read_on))
        .layer(middleware::from_fn(common_headers))
        .with_state(app)
}

/// Health alone: what the admin listener serves.
pub fn admin_router(app: App) -> Router {
    health().layer(middleware::from_fn(common_headers)).with_state(app)
}

fn health() -> Router<App> {
    Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz))
}

/// Whether the process answers.
async fn healthz() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok" }))
}

/// Whether events can be taken in: the store commits.
async fn readyz(State(app): State<App>) -> Response {
    match app.check().await {
        Ok(()) => Json(serde_json::json!({ "status": "ready" })).into_response(),
        Err(error) => {
            let body = serde_json::json!({ "status": "not ready", "reason": error.to_string() });
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
    }
}

/// Answers hold tenants' data and tokens: nobody may keep them, but for the files of the pages, which say otherwise; and
/// no browser may take them for anything else.
async fn common_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
