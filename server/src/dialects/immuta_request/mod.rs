//! The management API of Immuta's Request app, as its page and its OpenAPI document have it. All of it is for admins.
//!
//! | domain | wire | note |
//! |---|---|---|
//! | `Webhook::public_id` | `id`, `webhookId` | a UUID |
//! | `Record::public_id` | `deliveryId` | as in the delivered body |
//! | a secret | `signingKey` | text in requests, where empty text is none; in answers whether there is one |
//! | `Disabled(Gone)`, `Disabled(Failing)` | `suppressed` | any update ends it |
//! | no answer | `httpStatusCode` 0 | it is required, and no status came |
//!
//! Errors have the form of Nest's: `{statusCode, message, error}`.

mod convert;
mod dto;
mod error;
mod routes;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use utoipa::openapi::{OpenApi, Server};

use crate::app::App;
use crate::dialects::shared::document;

const ABOUT: document::About = document::About {
    title: "Immuta Request app webhooks",
    description: "The management API of the Request app's webhooks, for admins of tenants that speak it. Each webhook \
                  receives every notification of its tenant.\n\nAll paths stand below `/marketplace` too. The body of \
                  a request is read as JSON whatever its content type says. A method that a path does not take is \
                  answered with 405.",
};

/// The prefix of the real host's paths, which its documents leave out here and there.
const MARKETPLACE: &str = "/marketplace";

/// The routes.
pub fn router() -> Router<App> {
    let routes = Router::from(routes::routes()).method_not_allowed_fallback(routes::method_not_allowed);
    routes.clone().nest(MARKETPLACE, routes)
}

/// The routes as an OpenAPI document.
#[must_use]
pub fn document() -> OpenApi {
    let mut document = document::of::<error::Wire>(routes::routes(), &ABOUT);
    document.servers = Some(["/", MARKETPLACE].map(Server::new).into());
    document
}

/// Whether a path is one of this dialect's.
#[must_use]
pub fn owns(path: &str) -> bool {
    ["/api/notification", MARKETPLACE]
        .into_iter()
        .any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// The answer to a path below this dialect's roots that is none of its own.
#[must_use]
pub fn no_such_path() -> Response {
    error::Refusal::new(StatusCode::NOT_FOUND, "no such path").into_response()
}
