//! sigpost's own API under `/v1`. Errors are RFC 9457 problem details.

mod audit;
mod convert;
mod deliveries;
mod delivery;
mod dto;
mod error;
mod etag;
mod event_types;
mod events;
mod me;
mod paging;
mod profile;
mod query;
mod replays;
mod secret;
mod stats;
mod stream;
mod tenants;
mod test;
mod tokens;
mod users;
mod webhooks;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde::Serialize;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::dialects::shared;
use crate::dialects::shared::document;
use crate::domain::{Origin, Principal};
use error::Problem;

const ABOUT: document::About = document::About {
    title: "sigpost",
    description: "sigpost's own API. It publishes events, and manages the webhooks of any tenant, whichever system it \
                  speaks, its users and their tokens, and the tenants themselves.\n\nErrors are problem details (RFC 9457); a program tells them apart by `type`. A method that \
                  a path does not take is answered with 405. An operator acts inside a tenant by naming it in the header \
                  `Sigpost-Tenant`.",
};

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(events::publish))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(test::draft))
        .routes(routes!(webhooks::read, webhooks::change, webhooks::delete))
        .routes(routes!(secret::replace, secret::delete))
        .routes(routes!(test::stored))
        .routes(routes!(deliveries::list_of_webhook))
        .routes(routes!(stats::read))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::read))
        .routes(routes!(deliveries::resend))
        .routes(routes!(event_types::list))
        .routes(routes!(replays::list, replays::start))
        .routes(routes!(replays::read, replays::cancel))
        .routes(routes!(stream::watch))
        .routes(routes!(tenants::list, tenants::create))
        .routes(routes!(tenants::read, tenants::change, tenants::delete))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::read, users::change, users::delete))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::read, tokens::revoke))
        .routes(routes!(audit::read))
        .routes(routes!(me::read))
}

/// The routes.
pub fn router() -> Router<App> {
    Router::from(routes()).method_not_allowed_fallback(method_not_allowed)
}

/// The routes as an OpenAPI document.
#[must_use]
pub fn document() -> OpenApi {
    document::of::<error::Wire>(routes(), &ABOUT)
}

/// Whoever makes the request, in this dialect's form of refusal.
struct Caller(Principal);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(shared::Caller::of(parts)?))
    }
}

/// The answer to a creation: 201, with the path of what was made.
fn created(folder: &str, id: &str, body: impl Serialize) -> Response {
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    if let Ok(location) = HeaderValue::try_from(format!("{folder}{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Who declares something, in words.
const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::File => "file",
        Origin::Api => "api",
    }
}

/// Whether a path is one of this dialect's alone.
#[must_use]
pub fn owns(path: &str) -> bool {
    path.strip_prefix("/v1").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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
