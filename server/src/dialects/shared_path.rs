//! `/api/v1/webhooks`: the paths that the documents of two systems give to both. Whose they are is for the caller's
//! tenant to say, so the dialect is chosen before the route is.
//!
//! Who cannot be told, for want of a valid token or of the tenant's name or because of too many requests, is answered in
//! the form of both, and so are tenants that speak neither.

use std::convert::Infallible;

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde::Serialize;
use tower::ServiceExt as _;

use super::shared::Caller;
use crate::app::{App, Error};
use crate::domain::DialectId;

/// Where the shared paths begin.
const ROOT: &str = "/api/v1/webhooks";

/// The dialects that share the paths.
pub(super) struct SharedPath {
    app: App,
    dialects: Vec<(DialectId, Router)>,
}

impl SharedPath {
    /// Each dialect's router has its own answers to unknown paths and methods.
    pub(super) fn new(app: &App, dialects: impl IntoIterator<Item = (DialectId, Router<App>)>) -> Self {
        let with_state =
            |(dialect, router): (DialectId, Router<App>)| (dialect, router.with_state(app.clone()));
        Self { app: app.clone(), dialects: dialects.into_iter().map(with_state).collect() }
    }

    /// Whether a path is one of those that are shared.
    pub(super) fn owns(path: &str) -> bool {
        path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Lets the dialect of the caller's tenant answer.
    pub(super) async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let caller = Caller::of(&parts);
        let request = Request::from_parts(parts, body);
        let dialect = match caller.as_ref().map(|principal| principal.tenant()) {
            Ok(Some(tenant)) => tenant.dialect,
            Ok(None) => {
                return self.refuse(&Error::Forbidden {
                    needs: "the `Sigpost-Tenant` header: an operator acts inside a tenant only by naming it",
                });
            }
            Err(error) => return self.refuse(error),
        };
        match self.dialects.iter().find(|(shares, _)| *shares == dialect) {
            Some((_, router)) => {
                let answered: Result<Response, Infallible> = router.clone().oneshot(request).await;
                answered.unwrap_or_else(|never| match never {})
            }
            // A path of other dialects: it is answered as theirs.
            None => self.refuse(&Error::NotFound("path")),
        }
    }

    /// An error in the form of all dialects at once.
    fn refuse(&self, error: &Error) -> Response {
        let (status, code) = match error {
            Error::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Error::Forbidden { .. } => (StatusCode::FORBIDDEN, "forbidden"),
            Error::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Error::TooManyFailures { .. } | Error::RateLimited { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "too_many_requests")
            }
            // Finding out who it is fails in no other way.
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        };
        let message = error.to_string();
        let (title, detail) = match error {
            // Qlik's own words.
            Error::RateLimited { retry_after } => (
                "API rate limit reached.",
                format!("You need to wait {retry_after} seconds until limit is lifted."),
            ),
            _ => (status.canonical_reason().unwrap_or("Error"), message.clone()),
        };
        let trace_id = self.app.trace_id();
        tracing::debug!(trace_id, status = status.as_u16(), message, "a request was refused");
        let qlik = QlikError { code: format!("HTTP-{}", status.as_u16()), title, detail };
        let wire = Wire { success: false, error: GenericError { code, message }, errors: [qlik], trace_id };
        let mut response = (status, Json(wire)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = error.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    success: bool,
    error: GenericError,
    errors: [QlikError; 1],
    trace_id: String,
}

#[derive(Serialize)]
struct GenericError {
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
struct QlikError {
    code: String,
    title: &'static str,
    detail: String,
}
