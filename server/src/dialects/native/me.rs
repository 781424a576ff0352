//! `/v1/me`: who a token is of. A client that is given nothing but a token learns here which system its tenant speaks,
//! what it may do, and until when.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Problem, Refuses, RefusesCallers};
use super::{Caller, query};
use crate::app::App;
use crate::dialects::shared;
use crate::domain::{Principal, utc_millis};

/// Whoever makes the request.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    /// A `user` of a tenant, or an `operator` of the server.
    #[schema(pattern = "^(user|operator)$")]
    kind: &'static str,
    /// The id of the user, or the name of the operator.
    id: String,
    /// What it is called: of an operator, its name once more.
    name: String,
    /// What it may do: `admin`, `user`, `sender`; of an operator nothing, whose rights are others.
    roles: Vec<&'static str>,
    /// The tenant that the request is about: that of the user, or the one that the operator named in `Sigpost-Tenant`.
    #[schema(required = true)]
    tenant: Option<MyTenant>,
    /// Until when the token is valid; `null`: until it is revoked.
    #[schema(required = true, format = DateTime)]
    expires_at: Option<String>,
}

/// The tenant of a request.
#[derive(Serialize, ToSchema)]
pub(super) struct MyTenant {
    name: String,
    /// Which system's API it speaks, and so which members `profile` of its webhooks has.
    #[schema(pattern = "^(native|immuta|immuta-request|generic|qlik)$")]
    dialect: &'static str,
}

/// Read who I am
///
/// For everybody: whose token this is, in which tenant, with which rights.
#[utoipa::path(
    get, path = "/v1/me", operation_id = "readMe", tag = "tokens", security(("bearer" = [])),
    responses((status = 200, description = "Whose token it is.", body = Me), RefusesCallers, Refuses<400>)
)]
pub(super) async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Me>, Problem> {
    shared::each_parameter(query.as_deref().unwrap_or_default(), query::bad, |_, _| Ok(false))?;
    Ok(Json(me(app.read_caller(&principal)?)))
}

fn me(principal: Principal) -> Me {
    let tenant = principal
        .tenant()
        .map(|tenant| MyTenant { name: tenant.name.clone(), dialect: tenant.dialect.as_str() });
    match principal {
        Principal::User { token: _, tenant: of, id, roles, expires_at } => Me {
            kind: "user",
            name: of.users.get(&id).map_or_else(|| id.to_string(), |user| user.name.clone()),
            id: id.to_string(),
            roles: roles.names().collect(),
            tenant,
            expires_at: expires_at.map(utc_millis),
        },
        Principal::Operator { token: _, name, acting_in: _ } => {
            Me { kind: "operator", id: name.clone(), name, roles: Vec::new(), tenant, expires_at: None }
        }
    }
}
