//! OpenAPI documents. A dialect's routes are registered together with their documentation, so what is not documented
//! cannot be asked for; here stands what the documents of all dialects have alike.

use core::marker::PhantomData;
use std::collections::BTreeMap;

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, Header, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
    Response, ResponseBuilder, Server, Type,
};
use utoipa::{IntoResponses, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The name of the security scheme: what operations that need a token ask for, as `security(("bearer" = []))`.
pub const BEARER: &str = "bearer";

/// How a dialect writes its errors.
pub trait ErrorForm: ToSchema {
    /// The media type.
    const CONTENT_TYPE: &'static str = "application/json";
}

/// Documents that an operation may be refused with this status, in a dialect's form: `responses(…, Refuses<Form, 404>)`.
pub struct Refuses<F, const STATUS: u16>(PhantomData<F>);

impl<F: ErrorForm, const STATUS: u16> IntoResponses for Refuses<F, STATUS> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [refusal::<F>(STATUS)].into()
    }
}

/// Documents what every operation behind a token may be refused with, whatever it does: no valid token (401), no right
/// (403), a path of another dialect or a thing out of reach (404), too many requests (429), a fault of ours (500).
pub struct RefusesCallers<F>(PhantomData<F>);

impl<F: ErrorForm> IntoResponses for RefusesCallers<F> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [401, 403, 404, 429, 500].map(refusal::<F>).into()
    }
}

/// Documents what an operation that reads a body may be refused with: a malformed one (400), a slow one (408), a large
/// one (413).
pub struct RefusesBodies<F>(PhantomData<F>);

impl<F: ErrorForm> IntoResponses for RefusesBodies<F> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [400, 408, 413].map(refusal::<F>).into()
    }
}

fn refusal<F: ErrorForm>(status: u16) -> (String, RefOr<Response>) {
    let schema = Ref::from_schema_name(F::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new().description(meaning(status)).content(F::CONTENT_TYPE, content);
    let response = match status {
        401 => response.header("www-authenticate", text("The scheme to authenticate by: `Bearer`.")),
        429 | 503 => response.header("retry-after", seconds("Seconds to wait before the next try.")),
        _ => response,
    };
    (status.to_string(), response.build().into())
}

const fn meaning(status: u16) -> &'static str {
    match status {
        400 => {
            "The request is malformed or breaks a rule; the message names the part and what would be right."
        }
        401 => "There is no valid token.",
        403 => "The token does not give the right that this needs, or there are as many as there may be.",
        404 => "There is no such thing, or none that this token may know of.",
        406 => "The request does not accept what is answered.",
        408 => "The body did not arrive in time.",
        409 => "What is there already is in the way.",
        412 => "It has been changed: its version is none of those that `If-Match` names.",
        413 => "The body is larger than it may be.",
        415 => "The body is of a media type that is not taken.",
        422 => {
            "The body is well-formed but breaks a rule; the message names the part and what would be right."
        }
        429 => "Too many requests, or too many failed authentications from this address.",
        500 => "A fault of the server.",
        503 => "The server cannot take this at the moment.",
        _ => "Refused.",
    }
}

fn text(description: &str) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(Type::String));
    header.description = Some(description.to_owned());
    header
}

fn seconds(description: &str) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)));
    header.description = Some(description.to_owned());
    header
}

/// What a document says of its dialect.
pub struct About {
    /// The name of the API.
    pub title: &'static str,
    /// What it is for and how it is used, in plain paragraphs.
    pub description: &'static str,
}

/// The document of a dialect's routes. `F` is the form of its errors.
#[must_use]
pub fn of<F: ErrorForm>(routes: OpenApiRouter<App>, about: &About) -> OpenApi {
    let mut document = routes.into_openapi();
    let About { title, description } = about;
    let info =
        InfoBuilder::new().title(*title).version(env!("CARGO_PKG_VERSION")).description(Some(*description));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
        "The token of a user, which also names the tenant, as `Authorization: Bearer TOKEN`.",
    ));
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer.build()));
    let mut schemas = vec![(F::name().into_owned(), F::schema())];
    F::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let (paths, components) = (document.paths, document.components);
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([Server::new("/")]))
        .paths(paths)
        .components(components)
        .build()
}
