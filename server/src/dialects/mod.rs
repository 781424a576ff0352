//! The management APIs: HTTP and words, nothing else. A handler converts a request into a use-case's parameters,
//! calls it, and converts the answer back; rules live in the domain, rights in `app`.
//!
//! Handlers carry their documentation (`#[utoipa::path]`) and are registered by `utoipa_axum::routes!`, so that no route
//! is without; nothing else can register one here. A document names each status an operation answers with: those of
//! success by themselves, those of refusal by [`shared::document`]. New bodies are DTOs that [`shared::dto`] reads. A
//! body has an example that is accepted, and an answer that holds an id links to the operations that take it: people
//! and tests follow both.
//!
//! A dialect has `routes` (paths and handlers), `dto` (the bodies as they travel), `convert` (to and from the domain)
//! and `error` (its form of every error), or, while it is small, a file an operation. Dialects do not know each other.

pub mod immuta;
pub mod native;
pub mod shared;

use axum::Router;
use axum::response::Response;
use utoipa::openapi::OpenApi;

use crate::app::App;
use crate::domain::DialectId;

/// All routes of all dialects.
pub fn router() -> Router<App> {
    Router::new().merge(immuta::router()).merge(native::router())
}

/// The document of each dialect.
#[must_use]
pub fn documents() -> Vec<(DialectId, OpenApi)> {
    vec![(DialectId::Native, native::document()), (DialectId::Immuta, immuta::document())]
}

/// The answer to a path that nobody has, in the form of the dialect it seems to be meant for.
#[must_use]
pub fn no_such_path(path: &str) -> Response {
    if immuta::owns(path) { immuta::no_such_path(path) } else { native::no_such_path(path) }
}
