//! `/v1/tokens`: the tokens of a tenant's users.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Json, body::Body};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Problem, Refuses, RefusesBodies, RefusesCallers};
use super::paging::{self, Paging};
use super::{Caller, created};
use crate::app::access::Operation;
use crate::app::{self, App, Error, Lifetime, TokenDraft};
use crate::dialects::shared;
use crate::domain::text::read_duration;
use crate::domain::{self, PublicId, TokenOrigin, utc_millis};

/// A token to create. Other members are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    /// Whose it is to be. Absent, one's own; an operator must say it.
    #[schema(min_length = 1, max_length = 128)]
    user: Option<String>,
    /// What it is for.
    #[schema(max_length = 256)]
    name: Option<String>,
    /// How long it is to be valid: a number and a unit.
    #[schema(pattern = "^[0-9]+(ms|s|m|h|d)$", examples("90d"))]
    expires_in: Option<String>,
    /// Until when it is to be valid, instead of `expires_in`. With neither it is valid until it is revoked.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A token: everything but itself.
#[derive(Serialize, ToSchema)]
pub(super) struct Token {
    #[schema(format = "uuid")]
    id: String,
    /// The id of the user whose it is.
    user: String,
    /// What it is for; `null` of one that the configuration declares.
    #[schema(required = true)]
    name: Option<String>,
    /// `null` of one that the configuration declares.
    #[schema(required = true, format = DateTime)]
    created_at: Option<String>,
    /// `null`: it is valid until it is revoked.
    #[schema(required = true, format = DateTime)]
    expires_at: Option<String>,
    /// As far as it is known: after a crash the last minute is not.
    #[schema(required = true, format = DateTime)]
    last_used_at: Option<String>,
    /// The configuration `file`, the `api`, or the `exchange` of an API key for an hour.
    #[schema(pattern = "^(file|api|exchange)$")]
    origin: &'static str,
    /// The token itself: only in the answer to its creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token: Option<String>,
}

/// A page of tokens.
#[derive(Serialize, ToSchema)]
pub(super) struct Tokens {
    tokens: Vec<Token>,
    /// Asks for the next page; `null` on the last.
    #[schema(required = true)]
    next: Option<String>,
}

/// Create a token
///
/// A user makes tokens for itself, an admin and an operator inside a tenant for any of its users. The answer holds the
/// token; no other answer ever does. One made with a token that expires expires with it, at the latest.
#[utoipa::path(
    post, path = "/v1/tokens", operation_id = "createToken", tag = "tokens", security(("bearer" = [])),
    request_body = NewToken,
    responses(
        (status = 201, description = "The token.", body = Token,
            headers(("location" = String, description = "Its path."))),
        RefusesCallers, RefusesBodies, Refuses<422>, Refuses<503>
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    Caller(principal): Caller,
    body: Body,
) -> Result<Response, Problem> {
    app.authorise(&principal, Operation::ManageTokens)?;
    let NewToken { user, name, expires_in, expires_at } = shared::dto(body).await?;
    let lifetime = lifetime(expires_in.as_deref(), expires_at.as_deref())?;
    let draft = TokenDraft { user, name: name.unwrap_or_default(), lifetime };
    let app::NewToken { token, text } = app.create_token(&principal, draft).await?;
    let shown = Token { token: Some(text.to_string()), ..token_body(token) };
    Ok(created("/v1/tokens/", &shown.id.clone(), shown))
}

/// List tokens
///
/// A user sees its own, an admin and an operator inside a tenant those of all its users; those that have expired are gone.
#[utoipa::path(
    get, path = "/v1/tokens", operation_id = "listTokens", tag = "tokens", security(("bearer" = [])),
    params(paging::Params),
    responses((status = 200, description = "A page.", body = Tokens), RefusesCallers, Refuses<400>)
)]
pub(super) async fn list(
    State(app): State<App>,
    Caller(principal): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Tokens>, Problem> {
    app.authorise(&principal, Operation::ManageTokens)?;
    let paging = Paging::<PublicId>::read(query.as_deref())?;
    let (page, next) = paging.cut(app.list_tokens(&principal)?, |token| token.id);
    Ok(Json(Tokens { tokens: page.into_iter().map(token_body).collect(), next }))
}

/// Read a token
#[utoipa::path(
    get, path = "/v1/tokens/{id}", operation_id = "readToken", tag = "tokens", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the token.")),
    responses((status = 200, description = "The token.", body = Token), RefusesCallers)
)]
pub(super) async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Token>, Problem> {
    Ok(Json(token_body(app.read_token(&principal, named(id)?)?)))
}

/// Revoke a token
///
/// It opens nothing any more, nor do the bearers it was exchanged for.
#[utoipa::path(
    delete, path = "/v1/tokens/{id}", operation_id = "revokeToken", tag = "tokens", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "The id of the token.")),
    responses((status = 204, description = "It is gone."), RefusesCallers, Refuses<409>, Refuses<503>)
)]
pub(super) async fn revoke(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    app.revoke_token(&principal, named(id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is no id names nothing.
fn named(id: Result<Path<String>, PathRejection>) -> Result<PublicId, Error> {
    let id = id.ok().and_then(|Path(id)| PublicId::parse(&id));
    id.ok_or(Error::NotFound("token"))
}

fn lifetime(expires_in: Option<&str>, expires_at: Option<&str>) -> Result<Lifetime, Error> {
    match (expires_in, expires_at) {
        (None, None) => Ok(Lifetime::Endless),
        (Some(text), None) => {
            let rule = || Error::invalid("expires_in", "expires_in must be a number and a unit like \"90d\"");
            read_duration(text).map(Lifetime::For).ok_or_else(rule)
        }
        (None, Some(text)) => {
            let rule =
                |_| Error::invalid("expires_at", "expires_at must be a time like 2030-01-31T12:00:00Z");
            text.parse().map(Lifetime::Until).map_err(rule)
        }
        (Some(_), Some(_)) => Err(Error::invalid("expires_at", "give expires_in or expires_at, not both")),
    }
}

fn token_body(token: domain::Token) -> Token {
    let domain::Token { id, user, name, created_at, expires_at, last_used_at, origin } = token;
    Token {
        id: id.to_string(),
        user: user.to_string(),
        name,
        created_at: created_at.map(utc_millis),
        expires_at: expires_at.map(utc_millis),
        last_used_at: last_used_at.map(utc_millis),
        origin: match origin {
            TokenOrigin::File => "file",
            TokenOrigin::Api => "api",
            TokenOrigin::Exchange => "exchange",
        },
        token: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_said_in_one_way_or_not_at_all() {
        assert_eq!(lifetime(None, None), Ok(Lifetime::Endless));
        assert_eq!(lifetime(Some("2s"), None), Ok(Lifetime::For(core::time::Duration::from_secs(2))));
        let end = "2030-01-31T12:00:00Z".parse().unwrap();
        assert_eq!(lifetime(None, Some("2030-01-31T13:00:00+01:00")), Ok(Lifetime::Until(end)));
        for (within, at) in
            [(Some("2"), None), (None, Some("tomorrow")), (Some("2s"), Some("2030-01-31T12:00:00Z"))]
        {
            assert!(matches!(lifetime(within, at), Err(Error::Invalid { .. })), "{within:?} {at:?}");
        }
    }
}
