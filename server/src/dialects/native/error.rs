//! RFC 9457 problem details.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Error;
use crate::dialects::shared::{self, BodyError, DtoError, JsonError, document};

/// Documents what every operation of this dialect that needs a token may be refused with.
pub(super) type RefusesCallers = document::RefusesCallers<Wire>;
/// Documents what every operation with a body may be refused with.
pub(super) type RefusesBodies = document::RefusesBodies<Wire>;
/// Documents one more status that an operation may be refused with.
pub(super) type Refuses<const STATUS: u16> = document::Refuses<Wire, STATUS>;

const PROBLEM: &str = "application/problem+json";

/// An error of this dialect.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    field: Option<Cow<'static, str>>,
    retry_after: Option<u32>,
}

impl Problem {
    /// `code` names the kind of problem for programs; it never changes.
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl core::fmt::Display) -> Self {
        Self { status, code, detail: detail.to_string(), field: None, retry_after: None }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (status, code) = match &error {
            Error::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Error::Forbidden { .. } => (StatusCode::FORBIDDEN, "forbidden"),
            Error::LimitReached { .. } => (StatusCode::FORBIDDEN, "limit-reached"),
            Error::NotFound(_) => (StatusCode::NOT_FOUND, "not-found"),
            Error::Outdated(_) => (StatusCode::PRECONDITION_FAILED, "outdated"),
            Error::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Error::Configured(_) => (StatusCode::CONFLICT, "configured"),
            Error::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Error::TooManyFailures { .. } => (StatusCode::TOO_MANY_REQUESTS, "too-many-failures"),
            Error::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "rate-limited"),
            Error::TooManyOpen { .. } => (StatusCode::TOO_MANY_REQUESTS, "too-many-open"),
            Error::TooMuchPending { .. } => (StatusCode::TOO_MANY_REQUESTS, "too-much-pending"),
            Error::Crowded { .. } => (StatusCode::SERVICE_UNAVAILABLE, "crowded"),
            Error::Contended(_) => (StatusCode::SERVICE_UNAVAILABLE, "contended"),
            Error::Saturated(_) => (StatusCode::SERVICE_UNAVAILABLE, "saturated"),
            Error::DiskFull => (StatusCode::SERVICE_UNAVAILABLE, "disk-full"),
            Error::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Error::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        let field = if let Error::Invalid { field, .. } = &error { Some((*field).into()) } else { None };
        Self { status, code, detail: error.to_string(), field, retry_after: error.retry_after() }
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let code = match error {
            BodyError::TooLarge { .. } => "too-large",
            BodyError::Slow => "too-slow",
            BodyError::Broken => "incomplete",
        };
        Self::new(error.status(), code, error)
    }
}

impl From<DtoError> for Problem {
    fn from(error: DtoError) -> Self {
        match &error {
            DtoError::Body(error) => (*error).into(),
            DtoError::Json(error) => Self::new(StatusCode::BAD_REQUEST, "malformed-json", error),
            DtoError::Shape { path, message: _ } => {
                let member = path.split(['.', '[']).next().filter(|_| path != "the body");
                let field = member.map(|member| Cow::from(member.to_owned()));
                Self { field, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &error) }
            }
        }
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-json", error)
    }
}

/// Problem details (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Wire {
    /// The kind of problem, for programs; a kind never changes its name.
    #[schema(examples("urn:sigpost:problem:not-found"))]
    r#type: String,
    /// What the status is called.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What is wrong and what would be right, for people.
    detail: String,
    /// The member of the body that is wrong, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<Cow<'static, str>>,
}

impl document::ErrorForm for Wire {
    const CONTENT_TYPE: &'static str = PROBLEM;
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, code, detail, field, retry_after } = self;
        let wire = Wire {
            r#type: format!("urn:sigpost:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail,
            field,
        };
        let body = serde_json::to_vec(&wire).unwrap_or_default();
        let mut response = (status, body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        shared::advise(&mut response, retry_after);
        response
    }
}
