//! `GET /metrics`, on the admin listener alone.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::app::Error;
use crate::metrics::{CONTENT_TYPE, Metrics, render};

/// Everything in these sets, in Prometheus' text format.
pub(super) async fn tell(sets: Vec<Metrics>) -> Response {
    // Some of it asks the file system, which may take its time.
    match tokio::task::spawn_blocking(move || render(&sets)).await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn core::error::Error) -> Response {
    let error = Error::bug(error);
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()
}
