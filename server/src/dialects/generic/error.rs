//! The form of errors, in line with the page's other answers: `{"success":false,"error":{"code","message"}}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Error;
use crate::dialects::shared::{BodyError, DtoError, document};

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
    /// `code` names the kind of error for programs; it never changes.
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl core::fmt::Display) -> Self {
        Self { status, code, message: message.to_string(), retry_after: None }
    }

    pub(super) fn bad_request(message: impl core::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (status, code) = match &error {
            Error::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Error::Forbidden { .. } => (StatusCode::FORBIDDEN, "forbidden"),
            Error::LimitReached { .. } => (StatusCode::FORBIDDEN, "limit_reached"),
            Error::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Error::Outdated(_) => (StatusCode::PRECONDITION_FAILED, "outdated"),
            Error::Invalid { field: "url", .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_url"),
            Error::Invalid { .. } => (StatusCode::BAD_REQUEST, "bad_request"),
            Error::Configured(_) | Error::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Error::TooManyFailures { .. } | Error::RateLimited { .. } | Error::TooManyOpen { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "too_many_requests")
            }
            Error::Saturated(_) | Error::DiskFull | Error::Unavailable | Error::Crowded { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            }
            Error::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        };
        Self { status, code, message: error.to_string(), retry_after: error.retry_after() }
    }
}

impl From<DtoError> for Refusal {
    fn from(error: DtoError) -> Self {
        let (status, code) = match &error {
            DtoError::Body(BodyError::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            DtoError::Body(BodyError::Slow) => (StatusCode::REQUEST_TIMEOUT, "too_slow"),
            DtoError::Body(BodyError::Broken) | DtoError::Json(_) | DtoError::Shape { .. } => {
                (StatusCode::BAD_REQUEST, "bad_request")
            }
        };
        Self::new(status, code, error)
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
        let Self { status, code, message, retry_after } = self;
        let wire = Wire { success: false, error: Told { code, message } };
        let mut response = (status, Json(wire)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
