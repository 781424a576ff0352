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

pub mod generic;
pub mod immuta;
pub mod immuta_request;
pub mod native;
pub mod qlik;
pub mod shared;
mod shared_path;

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde::Serialize;
use utoipa::openapi::OpenApi;

use crate::app::{App, Error};
use crate::domain::DialectId;

use shared::Caller;
use shared_path::SharedPath;

/// All routes of all dialects, and the answer to a path that nobody has.
pub fn router(app: &App) -> Router<App> {
    // A dialect whose paths are another's too has its router here instead of below.
    let sharing = [(DialectId::Generic, generic::router()), (DialectId::Qlik, qlik::older_router(app))];
    let refuse = {
        let app = app.clone();
        move |error| refuse_for_both(&app, error)
    };
    let shared = Arc::new(SharedPath::new(app, sharing, refuse));
    let fallback = {
        let app = app.clone();
        move |request: Request| {
            let (app, shared) = (app.clone(), Arc::clone(&shared));
            async move {
                let path = request.uri().path();
                if SharedPath::owns(path) {
                    return shared.answer(request).await;
                }
                let caller = request.extensions().get::<Caller>().and_then(Caller::dialect);
                no_such_path(&app, path, caller)
            }
        }
    };
    Router::new()
        .merge(immuta::router())
        .merge(immuta_request::router())
        .merge(native::router())
        .merge(qlik::router(app))
        .fallback(fallback)
}

/// The document of each dialect.
#[must_use]
pub fn documents() -> Vec<(DialectId, OpenApi)> {
    vec![
        (DialectId::Native, native::document()),
        (DialectId::Immuta, immuta::document()),
        (DialectId::ImmutaRequest, immuta_request::document()),
        (DialectId::Generic, generic::document()),
        (DialectId::Qlik, qlik::document()),
    ]
}

/// An error in the forms of both dialects that share paths: what they say has names of its own in each.
fn refuse_for_both(app: &App, error: Error) -> Response {
    #[derive(Serialize)]
    struct Forms<G, Q> {
        #[serde(flatten)]
        generic: G,
        #[serde(flatten)]
        qlik: Q,
    }
    let (status, retry_after) = (shared::status(&error), error.retry_after());
    let generic = generic::error_form(error.clone());
    let forms = Forms { generic, qlik: qlik::error_form(error, app.trace_id()) };
    let mut response = (status, Json(forms)).into_response();
    shared::advise(&mut response, retry_after);
    response
}

/// The answer to a path that nobody has, in the form of the dialect it seems to be meant for: the one whose root it lies
/// below, else the caller's.
fn no_such_path(app: &App, path: &str, caller: Option<DialectId>) -> Response {
    let meant = if native::owns(path) {
        DialectId::Native
    } else if immuta::owns(path) {
        DialectId::Immuta
    } else if immuta_request::owns(path) {
        DialectId::ImmutaRequest
    } else if qlik::owns(path) {
        DialectId::Qlik
    } else {
        caller.unwrap_or(DialectId::Native)
    };
    match meant {
        DialectId::Native => native::no_such_path(path),
        DialectId::Immuta => immuta::no_such_path(),
        DialectId::ImmutaRequest => immuta_request::no_such_path(),
        DialectId::Generic => generic::no_such_path(),
        DialectId::Qlik => qlik::no_such_path(app),
    }
}
