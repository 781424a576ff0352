//! The form of Nest's errors: `{"statusCode":404,"message":"…","error":"Not Found"}`. Immuta's documents have none.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Error;
use crate::dialects::shared::{self, DtoError, document};

/// Documents what every operation of this dialect may be refused with.
pub(super) type RefusesCallers = document::RefusesCallers<Wire>;
/// Documents what every operation with a body may be refused with.
pub(super) type RefusesBodies = document::RefusesBodies<Wire>;
/// Documents one more status that an operation may be refused with.
pub(super) type Refuses<const STATUS: u16> = document::Refuses<Wire, STATUS>;

/// An error of this dialect.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
    retry_after: Option<u32>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl core::fmt::Display) -> Self {
        Self { status, message: message.to_string(), retry_after: None }
    }

    pub(super) fn bad_request(message: impl core::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { retry_after: error.retry_after(), ..Self::new(shared::status(&error), &error) }
    }
}

impl From<DtoError> for Refusal {
    fn from(error: DtoError) -> Self {
        Self::new(error.status(), error)
    }
}

/// An error.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Error)]
pub(super) struct Wire {
    /// The status of the answer.
    status_code: u16,
    /// What is wrong and what would be right, for people.
    message: String,
    /// What that status is called.
    error: &'static str,
}

impl document::ErrorForm for Wire {}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, message, retry_after } = self;
        let error = status.canonical_reason().unwrap_or("Error");
        let mut response =
            (status, Json(Wire { status_code: status.as_u16(), message, error })).into_response();
        shared::advise(&mut response, retry_after);
        response
    }
}
