//! `/api/v1/webhooks`: the paths that the documents of two systems give to both. Whose they are is for the caller's
//! tenant to say, so the dialect is chosen before the route is.
//!
//! Who cannot be told, for want of a valid token or of the tenant's name or because of too many requests, is answered in
//! the form of both, and so are tenants that speak neither.

use std::convert::Infallible;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tower::ServiceExt as _;

use super::shared::Caller;
use crate::app::access::Operation;
use crate::app::{App, Error};
use crate::domain::DialectId;

/// Where the shared paths begin.
const ROOT: &str = "/api/v1/webhooks";

type Refuse = Box<dyn Fn(Error) -> Response + Send + Sync>;

/// The dialects that share the paths.
pub(super) struct SharedPath {
    app: App,
    dialects: Vec<(DialectId, Router)>,
    /// An error in the form of all of them at once.
    refuse: Refuse,
}

impl SharedPath {
    /// Each dialect's router has its own answers to unknown paths and methods. `refuse` answers for all of them.
    pub(super) fn new(
        app: &App,
        dialects: impl IntoIterator<Item = (DialectId, Router<App>)>,
        refuse: impl Fn(Error) -> Response + Send + Sync + 'static,
    ) -> Self {
        let with_state =
            |(dialect, router): (DialectId, Router<App>)| (dialect, router.with_state(app.clone()));
        Self {
            app: app.clone(),
            dialects: dialects.into_iter().map(with_state).collect(),
            refuse: Box::new(refuse),
        }
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
        let principal = match caller {
            Ok(principal) => principal,
            Err(error) => return (self.refuse)(error),
        };
        let Some(dialect) = principal.tenant().map(|tenant| tenant.dialect) else {
            // An operator that names no tenant may do nothing here, and is told why by whoever else refuses it.
            let refused = self.app.authorise(&principal, Operation::ReadWebhooks).err();
            return (self.refuse)(refused.unwrap_or(Error::NotFound("path")));
        };
        match self.dialects.iter().find(|(shares, _)| *shares == dialect) {
            Some((_, router)) => {
                let answered: Result<Response, Infallible> = router.clone().oneshot(request).await;
                answered.unwrap_or_else(|never| match never {})
            }
            // A path of other dialects: it is answered as theirs.
            None => (self.refuse)(Error::NotFound("path")),
        }
    }
}
