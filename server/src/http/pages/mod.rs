//! The pages for people: the playground at `/`, the console at `/console`, and their files.
//!
//! `www` is built by Node and embedded when the server is compiled; a server that was compiled without says so where the
//! pages would be. A document is asked for anew each time; its files have names that change with their contents, and are
//! kept. Both come as brotli or gzip where the browser takes that.
//!
//! What a browser may do for a page stands in the document itself and is sent as a header too, which can say one thing
//! more: that no other page may show it in a frame.

mod encoding;

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use rust_embed::{Embed, EmbeddedFile};

use crate::app::App;

#[derive(Embed)]
#[folder = "../www/dist"]
#[allow_missing = true]
struct Files;

const PLAYGROUND: &str = "index.html";
const CONSOLE: &str = "console.html";

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/", get(async |headers: HeaderMap| document(PLAYGROUND, &headers)))
        .route("/console", get(async |headers: HeaderMap| document(CONSOLE, &headers)))
        // What the document names is below its own folder.
        .route("/console/", get(async || Redirect::permanent("../console")))
        .route("/assets/{file}", get(asset))
        .route("/icon.svg", get(async |headers: HeaderMap| file("icon.svg", &headers, "max-age=86400")))
}

/// `GET /assets/{file}`: a file whose name changes with what it holds.
async fn asset(name: Result<Path<String>, PathRejection>, headers: HeaderMap) -> Response {
    match name {
        Ok(Path(name)) => file(&format!("assets/{name}"), &headers, "public, max-age=31536000, immutable"),
        Err(_) => not_found(),
    }
}

fn document(name: &'static str, headers: &HeaderMap) -> Response {
    if Files::get(name).is_none() {
        let text = "This server was built without its pages. `cargo xtask serve` builds them and the server that has \
                    them.\nThe documents of its APIs are at /docs/native.\n";
        return (StatusCode::NOT_FOUND, text).into_response();
    }
    let mut response = file(name, headers, "no-cache");
    let own = [
        (header::CONTENT_SECURITY_POLICY, policy(name)),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ),
    ];
    response.headers_mut().extend(own);
    response
}

/// The policy of a document, as its build wrote it.
fn policy(name: &str) -> HeaderValue {
    static POLICIES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
        Files::get("policies.json")
            .and_then(|file| serde_json::from_slice(&file.data).ok())
            .unwrap_or_default()
    });
    // Without one, nothing: a page that does not work is seen, one without a policy is not.
    let own = POLICIES.get(name).map_or("default-src 'none'", String::as_str);
    HeaderValue::try_from(format!("{own}; frame-ancestors 'none'"))
        .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

/// A file in the shortest form that the client takes.
fn file(name: &str, headers: &HeaderMap, cache: &'static str) -> Response {
    let Some(media_type) = media_type(name) else { return not_found() };
    let accepted = encoding::accepted(headers);
    let forms = accepted.into_iter().map(|encoding| (Some(encoding), format!("{name}{}", encoding.ending())));
    let found = forms
        .chain([(None, name.to_owned())])
        .find_map(|(encoding, file)| Some((encoding, Files::get(&file)?)));
    let Some((encoding, EmbeddedFile { data, metadata })) = found else { return not_found() };
    let tag = format!("\"{}\"", hex::encode(&metadata.sha256_hash()[..16]));
    let mut own = HeaderMap::new();
    own.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    own.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    own.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    own.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    if let Some(encoding) = encoding {
        own.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
    }
    let known = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|known| known.to_str().ok());
    let mut known = known.flat_map(|known| known.split(',')).map(str::trim);
    let same = known.any(|one| one == "*" || one.trim_start_matches("W/") == tag);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        own.insert(header::ETAG, tag);
    }
    if same {
        return (StatusCode::NOT_MODIFIED, own).into_response();
    }
    let body = match data {
        std::borrow::Cow::Borrowed(data) => Body::from(data),
        std::borrow::Cow::Owned(data) => Body::from(data),
    };
    (own, body).into_response()
}

/// What a file is, by its name; nothing else is served.
fn media_type(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    match ending {
        "html" => Some("text/html; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "there is no such file\n").into_response()
}
