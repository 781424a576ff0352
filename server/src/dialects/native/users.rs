//! `/v1/users`: the users of a tenant, those of the configuration and those made through the API.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Json, body::Body};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Problem, Refuses, RefusesBodies, RefusesCallers};
use super::paging::{self, Paging};
use super::{Caller, created, origin};
use crate::app::access::Operation;
use crate::app::{App, Error, UserChange};
use crate::dialects::shared;
use crate::domain;
use crate::domain::text::UserText;

/// A user to create. Other members are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    /// Names it in its tenant for good: visible ASCII characters; in an immuta tenant a decimal integer.
    #[schema(min_length = 1, max_length = 128, examples("2"))]
    id: String,
    /// Its name for people. Absent, it is the id.
    #[schema(min_length = 1, max_length = 256)]
    name: Option<String>,
    /// What it may do: `admin`, `user`, `sender`.
    #[schema(examples(json!(["user"])))]
    roles: Vec<String>,
    /// The spaces it belongs to: a Qlik webhook of its own receives what happens in them.
    #[schema(max_items = 1000)]
    spaces: Option<Vec<String>>,
}

/// What is to be different about a user. What is absent stays. The id never changes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedUser {
    /// Its name for people.
    #[schema(min_length = 1, max_length = 256)]
    name: Option<String>,
    /// What it may do: `admin`, `user`, `sender`.
    roles: Option<Vec<String>>,
    /// The spaces it belongs to.
    #[schema(max_items = 1000)]
    spaces: Option<Vec<String>>,
}

/// A user.
#[derive(Serialize, ToSchema)]
pub(super) struct User {
    id: String,
    name: String,
    /// What it may do: `admin`, `user`, `sender`.
    roles: Vec<&'static str>,
    spaces: Vec<String>,
    /// Who declares it: the configuration `file`, which alone can change it then, or whoever made it through the `api`.
    #[schema(pattern = "^(file|api)$")]
    origin: &'static str,
}

/// A page of users.
#[derive(Serialize, ToSchema)]
pub(super) struct Users {
    users: Vec<User>,
    /// Asks for the next page; `null` on the last.
    #[schema(required = true)]
    next: Option<String>,
}

/// Create a user
///
/// For admins, and for operators inside a tenant. The user has no tokens yet.
#[utoipa::path(
    post, path = "/v1/users", operation_id = "createUser", tag = "users", security(("bearer" = [])),
    request_body = NewUser,
    responses(
        (status = 201, description = "The user.", body = User,
            headers(("location" = String, description = "Its path."))),
        RefusesCallers, RefusesBodies, Refuses<409>, Refuses<422>, Refuses<503>
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    Caller(principal): Caller,
    body: Body,
) -> Result<Response, Problem> {
    app.authorise(&principal, Operation::ManageUsers)?;
    let NewUser { id, name, roles, spaces } = shared::dto(body).await?;
    let form = UserText { id, name, roles, spaces: spaces.unwrap_or_default() };
    let shown = user_body(app.create_user(&principal, form).await?);
    Ok(created("/v1/users/", &shown.id.clone(), shown))
}

/// List users
///
/// By id. For admins, and for operators inside a tenant.
#[utoipa::path(
    get, path = "/v1/users", operation_id = "listUsers", tag = "users", security(("bearer" = [])),
    params(paging::Params),
    responses((status = 200, description = "A page.", body = Users), RefusesCallers, Refuses<400>)
)]
pub(super) async fn list(
    State(app): State<App>,
    Caller(principal): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Users>, Problem> {
    app.authorise(&principal, Operation::ManageUsers)?;
    let paging = Paging::<String>::read(query.as_deref())?;
    let (page, next) = paging.cut(app.list_users(&principal)?, |user| user.id.to_string());
    Ok(Json(Users { users: page.into_iter().map(user_body).collect(), next }))
}

/// Read a user
///
/// For admins, and for operators inside a tenant.
#[utoipa::path(
    get, path = "/v1/users/{user}", operation_id = "readUser", tag = "users", security(("bearer" = [])),
    params(("user" = String, Path, description = "The id of the user.", example = "2")),
    responses((status = 200, description = "The user.", body = User), RefusesCallers)
)]
pub(super) async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<User>, Problem> {
    Ok(Json(user_body(app.read_user(&principal, &named(id)?)?)))
}

/// Change a user
///
/// For admins, and for operators inside a tenant. Only the members that are given change; the user's tokens have the new
/// rights at once.
#[utoipa::path(
    patch, path = "/v1/users/{user}", operation_id = "changeUser", tag = "users", security(("bearer" = [])),
    params(("user" = String, Path, description = "The id of the user.", example = "2")),
    request_body = ChangedUser,
    responses(
        (status = 200, description = "The user as it is now.", body = User),
        RefusesCallers, RefusesBodies, Refuses<409>, Refuses<422>, Refuses<503>
    )
)]
pub(super) async fn change(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<Json<User>, Problem> {
    app.authorise(&principal, Operation::ManageUsers)?;
    let id = named(id)?;
    let ChangedUser { name, roles, spaces } = shared::dto(body).await?;
    let user = app.update_user(&principal, &id, UserChange { name, roles, spaces }).await?;
    Ok(Json(user_body(user)))
}

/// Delete a user
///
/// For admins, and for operators inside a tenant. Its tokens are gone at once; its webhooks stay, and deliver nothing
/// until there is a user of this id again.
#[utoipa::path(
    delete, path = "/v1/users/{user}", operation_id = "deleteUser", tag = "users", security(("bearer" = [])),
    params(("user" = String, Path, description = "The id of the user.", example = "2")),
    responses((status = 204, description = "It is gone."), RefusesCallers, Refuses<409>, Refuses<503>)
)]
pub(super) async fn delete(
    State(app): State<App>,
    Caller(principal): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    app.delete_user(&principal, &named(id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn named(id: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    let Path(id) = id.map_err(|_| Error::NotFound("user"))?;
    Ok(id)
}

fn user_body(user: domain::User) -> User {
    let domain::User { id, name, roles, spaces, origin: declared_by } = user;
    User { id: id.to_string(), name, roles: roles.names().collect(), spaces, origin: origin(declared_by) }
}
