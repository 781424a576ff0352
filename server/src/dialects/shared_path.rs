//! `/api/v1/webhooks`: the paths that the documents of two systems give to both. Whose they are is for the caller's
//! tenant to say, so the dialect is chosen before the route is.
//!
//! Who cannot be told, for want of a valid token or of the tenant's name or because of too many requests, is answered in
//! the form of both, and so are tenants that speak neither.

use std::convert::Infallible;

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde::Serialize;
use tower::ServiceExt as _;

use super::shared::{self, Caller};
use super::{generic, qlik};
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
                return self.refuse(Error::Forbidden {
                    needs: "the `Sigpost-Tenant` header: an operator acts inside a tenant only by naming it",
                });
            }
            Err(error) => return self.refuse(error.clone()),
        };
        match self.dialects.iter().find(|(shares, _)| *shares == dialect) {
            Some((_, router)) => {
                let answered: Result<Response, Infallible> = router.clone().oneshot(request).await;
                answered.unwrap_or_else(|never| match never {})
            }
            // A path of other dialects: it is answered as theirs.
            None => self.refuse(Error::NotFound("path")),
        }
    }

    /// An error in the form of all dialects at once: what it says has names of its own in each.
    fn refuse(&self, error: Error) -> Response {
        let (status, retry_after) = (shared::status(&error), error.retry_after());
        let form = Forms {
            generic: generic::error_form(error.clone()),
            qlik: qlik::error_form(error, self.app.trace_id()),
        };
        let mut response = (status, Json(form)).into_response();
        shared::advise(&mut response, retry_after);
        response
    }
}

#[derive(Serialize)]
struct Forms<G, Q> {
    #[serde(flatten)]
    generic: G,
    #[serde(flatten)]
    qlik: Q,
}
