//! What refusals of all dialects have in common: statuses, and what the head tells. Form and words are each dialect's.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::{BodyError, DtoError};
use crate::app::Error;

/// The status of an error, where a dialect has no reason for another.
#[must_use]
pub const fn status(error: &Error) -> StatusCode {
    match error {
        Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        Error::Forbidden { .. } | Error::LimitReached { .. } => StatusCode::FORBIDDEN,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Outdated(_) => StatusCode::PRECONDITION_FAILED,
        Error::Invalid { .. } => StatusCode::BAD_REQUEST,
        Error::Configured(_) | Error::Conflict(_) => StatusCode::CONFLICT,
        Error::TooManyFailures { .. }
        | Error::RateLimited { .. }
        | Error::TooMuchPending { .. }
        | Error::TooManyOpen { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Contended(_)
        | Error::Saturated(_)
        | Error::DiskFull
        | Error::Unavailable
        | Error::Crowded { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl BodyError {
    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

impl DtoError {
    /// The status of the answer, where a dialect has no reason for another.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Body(error) => error.status(),
            Self::Json(_) | Self::Shape { .. } => StatusCode::BAD_REQUEST,
        }
    }
}

/// Tells in the head of a refusal how to authenticate, and after how many seconds to come again.
pub fn advise(response: &mut Response, retry_after: Option<u32>) {
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
}
