//! Qlik Cloud's webhooks API, as its page and its OpenAPI document have it: ten operations under `/api/core/webhooks`,
//! and under `/api/v1/webhooks`, which came before it and says so.
//!
//! | domain | wire | note |
//! |---|---|---|
//! | `Webhook::public_id`, `Record::public_id` | `id` | UUIDs |
//! | `Webhook::owner` | `ownerId` | of webhooks of level `user` |
//! | `Enabled` | `enabled` | `disabledReason` and `disabledReasonCode` say why the engine ended it |
//! | a secret | `secret`, `secretKeyAdded` | the one in requests, the other in answers |
//! | an encrypted header | `encryptedHeaders` | names and values in requests, names in answers |
//! | `Profile::cloud_events` | `enableCloudEventDelivery` | once on it stays on |
//! | `Outcome` of the latest attempt | `status` | `fail` covers deliveries that are still retried |
//! | `Shown::Omitted` | `**OMITTED**` | |
//!
//! What has no value is left out. Errors are `{"errors":[{"code","title","detail"}],"traceId"}`.

mod base;
mod convert;
mod deliveries;
mod dto;
mod error;
mod links;
mod list;
mod patch;
mod routes;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use serde::Serialize;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::{App, Error};
use crate::dialects::shared::document;

use base::Base;
use error::Refusal;

const ABOUT: document::About = document::About {
    title: "Qlik Cloud webhooks",
    description: "The management API of Qlik Cloud's webhooks, for tenants that speak it. Admins see and change every \
                  webhook of the tenant, others their own.\n\nThe operations under `/api/v1` are those under \
                  `/api/core`, which take their place. The header `qlik-api-version` is accepted and changes \
                  nothing. The body of a request is read as JSON whatever its content type says. A method that a \
                  path does not take is answered with 405.",
};

/// The routes under `/api/core`.
pub fn router(app: &App) -> Router<App> {
    finished(Base::Core.routes().into(), app, Base::Core)
}

/// The routes under `/api/v1`. Their paths are another system's too: this router is for requests of tenants that speak
/// this dialect.
pub fn older_router(app: &App) -> Router<App> {
    let routes = Router::from(Base::V1.routes()).fallback(async || unknown_path());
    finished(routes, app, Base::V1)
}

/// Adds to routes what all answers of a base have.
fn finished(routes: Router<App>, app: &App, base: Base) -> Router<App> {
    routes
        .method_not_allowed_fallback(routes::method_not_allowed)
        .layer(Extension(base))
        .layer(middleware::from_fn_with_state((app.clone(), base), finish))
}

/// Puts the body of an error into its answer, and what a base tells of itself.
async fn finish(State((app, base)): State<(App, Base)>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        refusal.tell(&mut response, app.trace_id());
    }
    base.mark(&mut response, app.public_url(), &path);
    response
}

/// The routes under both bases as an OpenAPI document.
#[must_use]
pub fn document() -> OpenApi {
    let both = OpenApiRouter::new().merge(Base::V1.routes()).merge(Base::Core.routes());
    base::tell_apart(document::of::<error::Wire>(both, &ABOUT))
}

/// Whether a path is one of this dialect's alone.
#[must_use]
pub fn owns(path: &str) -> bool {
    path.strip_prefix("/api/core").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The answer to a path below this dialect's root that is none of its own.
#[must_use]
pub fn no_such_path(app: &App) -> Response {
    let refusal = unknown_path();
    let mut response = refusal.clone().into_response();
    response.extensions_mut().remove::<Refusal>();
    refusal.tell(&mut response, app.trace_id());
    response
}

/// The form of an error. One of ours is logged under the trace id.
pub(super) fn error_form(error: Error, trace_id: String) -> impl Serialize {
    Refusal::from(error).wire(trace_id)
}

fn unknown_path() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "no such path")
}
