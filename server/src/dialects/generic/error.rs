//! The form of errors, in line with the page's other answers: `{"success":false,"error":{"code","message"}}`.

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
    code: &'static str,
    message: String,
    retry_after: Option<u32>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl core::fmt::Display) -> Self {
        Self { status, code: code(status), message: message.to_string(), retry_after: None }
    }

    pub(super) fn bad_request(message: impl core::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// Its form.
    pub(super) fn wire(self) -> Wire {
        let Self { status: _, code, message, retry_after: _ } = self;
        Wire { success: false, error: Told { code, message } }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let refusal = Self { retry_after: error.retry_after(), ..Self::new(shared::status(&error), &error) };
        match error {
            Error::Invalid { field: "url", .. } => {
                Self { status: StatusCode::UNPROCESSABLE_ENTITY, code: "invalid_url", ..refusal }
            }
            Error::LimitReached { .. } => Self { code: "limit_reached", ..refusal },
            _ => refusal,
        }
    }
}

impl From<DtoError> for Refusal {
    fn from(error: DtoError) -> Self {
        Self::new(error.status(), error)
    }
}

/// What a status is called for programs. A name never changes.
const fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::REQUEST_TIMEOUT => "too_slow",
        StatusCode::CONFLICT => "conflict",
        StatusCode::PRECONDITION_FAILED => "outdated",
        StatusCode::PAYLOAD_TOO_LARGE => "too_large",
        StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        StatusCode::INTERNAL_SERVER_ERROR => "internal_error",
        _ => "bad_request",
    }
}

/// An error.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct Wire {
    /// `false`.
    success: bool,
    error: Told,
}

/// What is wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = ErrorDetails)]
pub(super) struct Told {
    /// Names the kind of error for programs.
    code: &'static str,
    /// What is wrong and what would be right, for people.
    message: String,
}

impl document::ErrorForm for Wire {}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status, self.retry_after);
        let mut response = (status, Json(self.wire())).into_response();
        shared::advise(&mut response, retry_after);
        response
    }
}
