//! HTTP as a whole: the dialects' routes behind authentication and limits, their documents, the pages for people, health,
//! and the server that carries them.

mod authentication;
mod docs;
mod limits;
mod metrics;
mod pages;
mod rest;
mod server;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use tower::ServiceExt as _;

pub use limits::Limits;
pub use server::serve;

use crate::app::App;
use crate::dialects;
use crate::metrics::Metrics;
use authentication::Identify;

/// What a listener serves. Cheap to clone.
#[derive(Clone)]
pub struct Front(Arc<Parts>);

struct Parts {
    routes: Router,
    /// Nobody is asked who they are where nothing needs it.
    identify: Option<Identify>,
}

impl Front {
    /// Everything the main listener serves. `limits` bounds failed authentications and management requests; `None`
    /// switches that off, for tests that ask or fail on purpose a thousand times.
    pub fn main(app: App, limits: Option<Limits>) -> Self {
        let identify = Some(Identify { app: app.clone(), limits: limits.map(Arc::new) });
        let routes = dialects::router(&app).merge(health()).merge(docs::router()).merge(pages::router());
        Self(Arc::new(Parts { routes: routes.with_state(app), identify }))
    }

    /// Health and these figures: what the admin listener serves.
    #[must_use]
    pub fn admin(app: App, figures: Vec<Metrics>) -> Self {
        let metrics = get(move || metrics::tell(figures.clone()));
        let routes = health().route("/metrics", metrics);
        Self(Arc::new(Parts { routes: routes.with_state(app), identify: None }))
    }

    /// Answers a request. What all requests have in common is done here and not by layers of the router, each of which
    /// would copy all those inside it for every request.
    async fn answer(self, request: Request) -> Response {
        let Parts { routes, identify } = &*self.0;
        let route = |request| {
            let answer = routes.clone().oneshot(request);
            async move {
                match answer.await {
                    Ok(response) => response,
                }
            }
        };
        let mut response = match identify {
            Some(identify) => rest::read_on(request, |request| identify.before(request, route)).await,
            None => rest::read_on(request, route).await,
        };
        common_headers(response.headers_mut());
        response
    }
}

fn health() -> Router<App> {
    Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz))
}

/// Whether the process answers.
async fn healthz() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok" }))
}

/// Whether events can be taken in and are delivered: the store commits, and the dispatcher takes its turns.
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
fn common_headers(headers: &mut HeaderMap) {
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
