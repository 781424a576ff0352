//! hapi's Boom: `{"statusCode":404,"error":"Not Found","message":"…"}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Error;
use crate::dialects::shared::{self, BodyError, JsonError, document};

/// Documents what every operation of this dialect that needs a token may be refused with.
pub(super) type RefusesCallers = document::RefusesCallers<Wire>;
/// Documents what every operation with a body may be refused with.
pub(super) type RefusesBodies = document::RefusesBodies<Wire>;
/// Documents one more status that an operation may be refused with.
pub(super) type Refuses<const STATUS: u16> = document::Refuses<Wire, STATUS>;

/// An error of this dialect.
#[derive(Debug)]
pub(super) struct Boom {
    status: StatusCode,
    message: String,
    retry_after: Option<u32>,
}

impl Boom {
    pub(super) fn new(status: StatusCode, message: impl core::fmt::Display) -> Self {
        Self { status, message: message.to_string(), retry_after: None }
    }

    pub(super) fn bad_request(message: impl core::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

impl From<Error> for Boom {
    fn from(error: Error) -> Self {
        Self { retry_after: error.retry_after(), ..Self::new(shared::status(&error), &error) }
    }
}

impl From<BodyError> for Boom {
    fn from(error: BodyError) -> Self {
        Self::new(error.status(), error)
    }
}

impl From<JsonError> for Boom {
    fn from(error: JsonError) -> Self {
        Self::bad_request(format_args!("Invalid request payload JSON format: {error}"))
    }
}

/// An error.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Error)]
pub(super) struct Wire {
    /// The status of the answer.
    status_code: u16,
    /// What that status is called.
    error: &'static str,
    /// What is wrong and what would be right, for people.
    message: String,
}

impl document::ErrorForm for Wire {}

impl IntoResponse for Boom {
    fn into_response(self) -> Response {
        let Self { status, message, retry_after } = self;
        let error = status.canonical_reason().unwrap_or("Error");
        let mut response =
            (status, Json(Wire { status_code: status.as_u16(), error, message })).into_response();
        shared::advise(&mut response, retry_after);
        response
    }
}
