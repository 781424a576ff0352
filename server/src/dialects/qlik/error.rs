//! The form of errors: `{"errors":[{"code","title","detail"}],"traceId"}`.
//!
//! A [`Refusal`] becomes a response without a body, which `super::finish` fills in: only there a trace id is drawn, one
//! for each answer.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
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
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    title: &'static str,
    detail: String,
    retry_after: Option<u32>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, detail: impl core::fmt::Display) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { status, title, detail: detail.to_string(), retry_after: None }
    }

    pub(super) fn bad_request(detail: impl core::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// Its form. A fault of ours is logged under the same id, by which whoever met it can be helped.
    pub(super) fn wire(self, trace_id: String) -> Wire {
        let Self { status, title, detail, retry_after: _ } = self;
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(trace_id, status = status.as_u16(), detail, "a request failed");
        } else {
            tracing::debug!(trace_id, status = status.as_u16(), detail, "a request was refused");
        }
        let told = Told { code: format!("HTTP-{}", status.as_u16()), title, detail };
        Wire { errors: [told], trace_id }
    }

    /// Writes it into the response it has become.
    pub(super) fn tell(self, response: &mut Response, trace_id: String) {
        let json = serde_json::to_vec(&self.wire(trace_id)).unwrap_or_default();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *response.body_mut() = Body::from(json);
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let status = shared::status(&error);
        let retry_after = error.retry_after();
        let refusal = match &error {
            // Qlik's own words.
            Error::RateLimited { retry_after } => Self {
                title: "API rate limit reached.",
                ..Self::new(
                    status,
                    format_args!("You need to wait {retry_after} seconds until limit is lifted."),
                )
            },
            Error::Invalid { field, message } => Self::new(status, spelled(field, message)),
            error => Self::new(status, error),
        };
        Self { retry_after, ..refusal }
    }
}

/// A message that begins with the name of a member, with the name that Qlik gives it.
fn spelled(field: &str, message: &str) -> String {
    let name = match field {
        "event_types" => "eventTypes",
        "encrypted_headers" => "encryptedHeaders",
        "cloud_events" => "enableCloudEventDelivery",
        "owner" => "ownerId",
        same => same,
    };
    match message.strip_prefix(field) {
        Some(rest) => format!("{name}{rest}"),
        None => message.to_owned(),
    }
}

impl From<DtoError> for Refusal {
    fn from(error: DtoError) -> Self {
        Self::new(error.status(), error)
    }
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Errors)]
pub(super) struct Wire {
    /// One.
    errors: [Told; 1],
    /// Names this answer: 32 hex digits, which stand in the server's log if it is at fault.
    trace_id: String,
}

/// An error.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct Told {
    /// `HTTP-` and the status.
    code: String,
    /// What it is in general.
    title: &'static str,
    /// What is wrong and what would be right.
    detail: String,
}

impl document::ErrorForm for Wire {}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        shared::advise(&mut response, self.retry_after);
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_called_as_qlik_calls_it_and_only_where_it_is_named() {
        for (field, message, expected) in [
            ("event_types", "event_types must name at least one", "eventTypes must name at least one"),
            ("cloud_events", "cloud_events cannot", "enableCloudEventDelivery cannot"),
            ("filter", "filter: unexpected end", "filter: unexpected end"),
            ("page", "the records are too large", "the records are too large"),
        ] {
            assert_eq!(spelled(field, message), expected);
        }
    }
}
