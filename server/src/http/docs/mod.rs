//! The documents of the dialects: as OpenAPI, for programs, and as a page, for people. Both need no token: they say
//! what can be asked, of nobody.
//!
//! The documents are checked in below `openapi/`, so that a change of an API is seen as one.

mod page;
mod schema;

use std::sync::LazyLock;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use utoipa::openapi::OpenApi;

use crate::app::App;
use crate::dialects;

/// A dialect's document, ready to be sent.
struct Document {
    name: &'static str,
    json: Bytes,
    page: Bytes,
}

static DOCUMENTS: LazyLock<Vec<Document>> = LazyLock::new(|| {
    let made = dialects::documents().into_iter().map(|(dialect, document)| {
        let name = dialect.as_str();
        Document { name, json: text(&document).into(), page: page::render(name, &json(&document)).into() }
    });
    made.collect()
});

/// The document as it is served and checked in.
fn text(document: &OpenApi) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

fn json(document: &OpenApi) -> serde_json::Value {
    serde_json::to_value(document).unwrap_or_default()
}

pub(super) fn router() -> Router<App> {
    Router::new().route("/openapi/{file}", get(document)).route("/docs/{dialect}", get(page))
}

/// `GET /openapi/{dialect}.json`.
async fn document(file: Result<Path<String>, PathRejection>) -> Response {
    let name = file.as_ref().ok().and_then(|Path(file)| file.strip_suffix(".json"));
    match name.and_then(find) {
        Some(document) => {
            let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            ([content_type], document.json.clone()).into_response()
        }
        None => unknown(),
    }
}

/// `GET /docs/{dialect}`.
async fn page(dialect: Result<Path<String>, PathRejection>) -> Response {
    match dialect.as_ref().ok().and_then(|Path(name)| find(name)) {
        Some(document) => {
            let headers = page_headers();
            (headers, document.page.clone()).into_response()
        }
        None => unknown(),
    }
}

/// The page is text and its own style: whatever else a browser would do with it is forbidden.
fn page_headers() -> [(HeaderName, HeaderValue); 4] {
    static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
        let policy = format!(
            "default-src 'none'; style-src '{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            page::style_hash()
        );
        HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    });
    [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    ]
}

fn find(name: &str) -> Option<&'static Document> {
    DOCUMENTS.iter().find(|document| document.name == name)
}

fn unknown() -> Response {
    let names: Vec<_> = DOCUMENTS.iter().map(|document| document.name).collect();
    (StatusCode::NOT_FOUND, format!("there is no such document; there are: {}\n", names.join(", ")))
        .into_response()
}

#[cfg(test)]
mod tests;
