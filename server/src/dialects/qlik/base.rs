//! The two paths that the operations stand under.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{Deprecated, Object, OpenApi, RefOr, Type};
use utoipa_axum::router::OpenApiRouter;

use super::routes;
use crate::app::App;

/// What the operations stand under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// Until Qlik takes it away.
    V1,
    /// In its place since 2026-11-03.
    Core,
}

/// 2026-11-03 (RFC 9745): Qlik's changelog 263.
const DEPRECATED_SINCE: HeaderValue = HeaderValue::from_static("@1793664000");

/// The first day on which it may be gone (RFC 8594).
const SUNSET: HeaderValue = HeaderValue::from_static("Mon, 01 Nov 2027 00:00:00 GMT");

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET_NAME: HeaderName = HeaderName::from_static("sunset");

impl Base {
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::V1 => "/api/v1",
            Self::Core => "/api/core",
        }
    }

    /// The operations, under their paths.
    pub(super) fn routes(self) -> OpenApiRouter<App> {
        OpenApiRouter::new().nest(self.path(), routes::routes())
    }

    /// Where the webhooks are, for clients.
    pub(super) fn webhooks(self, public_url: &str) -> String {
        format!("{public_url}{}/webhooks", self.path())
    }

    /// Tells in an answer what has taken the place of its path, if anything has.
    pub(super) fn mark(self, response: &mut Response, public_url: &str, path: &str) {
        if self == Self::Core {
            return;
        }
        let rest = path.strip_prefix(Self::V1.path()).unwrap_or("/webhooks");
        let link =
            |rest: &str| format!("<{public_url}{}{rest}>; rel=\"successor-version\"", Self::Core.path());
        let headers = response.headers_mut();
        headers.insert(DEPRECATION, DEPRECATED_SINCE);
        headers.insert(SUNSET_NAME, SUNSET);
        // A path may hold what a header cannot.
        let link = HeaderValue::from_str(&link(rest)).or_else(|_| HeaderValue::from_str(&link("/webhooks")));
        if let Ok(link) = link {
            headers.insert(header::LINK, link);
        }
    }
}

/// What the document calls an operation under `/api/core`: a name has one operation.
fn core_name(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    "core".chars().chain(first).chain(letters).collect()
}

/// Gives each operation a name of its own, and tells of the older ones that they are.
pub(super) fn tell_apart(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let core = path.starts_with(Base::Core.path());
        for operation in operations(item) {
            if core {
                rename(operation);
            } else {
                deprecate(operation);
            }
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn rename(operation: &mut Operation) {
    operation.operation_id = operation.operation_id.as_deref().map(core_name);
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        for link in response.links.values_mut() {
            if let RefOr::T(link) = link {
                link.operation_id = core_name(&link.operation_id);
            }
        }
    }
}

fn deprecate(operation: &mut Operation) {
    operation.deprecated = Some(Deprecated::True);
    let text = |description: &str| {
        let schema = Object::with_type(Type::String);
        HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
    };
    for (status, response) in &mut operation.responses.responses {
        // Without a valid token it is not known whose path it is.
        let RefOr::T(response) = response else { continue };
        if status == "401" || status == "429" {
            continue;
        }
        for (name, description) in [
            ("deprecation", "Since when this path is deprecated: `@` and seconds since 1970."),
            ("sunset", "When this path may be gone."),
            ("link", "The path that has taken its place, as `successor-version`."),
        ] {
            response.headers.insert(name.to_owned(), text(description).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;

    use super::*;

    #[test]
    fn an_older_path_tells_its_successor_whatever_it_holds() {
        let marked = |base: Base, path: &str| {
            let mut response = ().into_response();
            base.mark(&mut response, "https://x.test", path);
            ["deprecation", "sunset", "link"]
                .map(|name| Some(response.headers().get(name)?.to_str().unwrap().to_owned()))
        };
        let [deprecation, sunset, link] = marked(Base::V1, "/api/v1/webhooks/a%2Fb");
        assert_eq!(deprecation.as_deref(), Some("@1793664000"));
        assert_eq!(sunset.as_deref(), Some("Mon, 01 Nov 2027 00:00:00 GMT"));
        let successor = "<https://x.test/api/core/webhooks/a%2Fb>; rel=\"successor-version\"";
        assert_eq!(link.as_deref(), Some(successor));
        let [.., link] = marked(Base::V1, "/api/v1/webhooks/\u{1}");
        assert_eq!(link.as_deref(), Some("<https://x.test/api/core/webhooks>; rel=\"successor-version\""));
        assert_eq!(marked(Base::Core, "/api/core/webhooks"), [None, None, None]);
    }
}
