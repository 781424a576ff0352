//! `/v1/tenants`: tenants made through the API, beside those of the configuration.

use std::collections::BTreeMap;

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
use crate::app::{App, Error, TenantChange, TenantDraft};
use crate::dialects::shared;
use crate::domain::text::{EgressText, SettingsText};
use crate::domain::{self, utc_millis};

/// A tenant to create. Other members are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTenant {
    /// Names it for good.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$", examples("acme"))]
    name: String,
    /// Which system's API it speaks, for good: `native`, `immuta`, `immuta-request`, `generic` or `qlik`.
    #[schema(pattern = "^(native|immuta|immuta-request|generic|qlik)$")]
    dialect: String,
    #[serde(default)]
    egress: EgressChange,
    #[serde(default)]
    settings: SettingsChange,
}

/// What is to be different about a tenant. What is absent stays. Name and dialect never change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangedTenant {
    #[serde(default)]
    egress: EgressChange,
    #[serde(default)]
    settings: SettingsChange,
}

/// What a tenant's webhooks may reach. What is absent is as it was, or closed in a new tenant.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EgressChange {
    /// Address blocks that are open in addition to the public internet.
    #[schema(max_items = 256, examples(json!(["10.20.0.0/16"])))]
    allow: Option<Vec<String>>,
    /// Names that are fixed instead of looked up, with their addresses.
    #[schema(examples(json!({ "hooks.internal": "10.20.0.7" })))]
    hosts: Option<BTreeMap<String, String>>,
    /// Whether a Qlik webhook may also go to plain http and to an address.
    relaxed_targets: Option<bool>,
    /// Known from the configuration, where it names a file.
    #[schema(ignore)]
    ca_file: Option<serde::de::IgnoredAny>,
}

/// A tenant's settings. What is absent is as it was, or the default in a new tenant.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsChange {
    /// The deadline over a whole exchange: a number and a unit, from `100ms` to `300s`.
    #[schema(examples("10s"))]
    timeout: Option<String>,
    /// The waits before each attempt, the first of them `0s`; none for a single attempt.
    #[schema(max_items = 64, examples(json!(["0s", "5s", "5m"])))]
    retry: Option<Vec<String>>,
    /// How long history is kept, from `1d` to `3650d`.
    #[schema(examples("7d"))]
    retention: Option<String>,
    /// Whether deliveries carry the Standard Webhooks headers.
    standard_webhooks: Option<bool>,
    /// Which signature headers Immuta webhooks carry: `sha1`, `sha256` or both.
    immuta_signatures: Option<Vec<String>>,
    /// Which list of event types Immuta's API shows: `saas` or `2024.3`.
    #[schema(pattern = "^(saas|2024\\.3)$")]
    notification_list: Option<String>,
    /// What Qlik webhooks get: `cloudevents` or `hybrid`.
    #[schema(pattern = "^(cloudevents|hybrid)$")]
    envelope: Option<String>,
    /// Further event types that may be subscribed to.
    #[schema(max_items = 1000)]
    event_types: Option<Vec<String>>,
}

/// What a tenant's webhooks may reach.
#[derive(Serialize, ToSchema)]
pub(super) struct Egress {
    allow: Vec<String>,
    hosts: BTreeMap<String, String>,
    relaxed_targets: bool,
}

/// A tenant's settings.
#[derive(Serialize, ToSchema)]
pub(super) struct Settings {
    timeout: String,
    retry: Vec<String>,
    retention: String,
    standard_webhooks: bool,
    immuta_signatures: Vec<String>,
    notification_list: String,
    envelope: String,
    event_types: Vec<String>,
}

/// A tenant.
#[derive(Serialize, ToSchema)]
pub(super) struct Tenant {
    name: String,
    /// Which system's API it speaks.
    #[schema(pattern = "^(native|immuta|immuta-request|generic|qlik)$")]
    dialect: &'static str,
    /// Who declares it: the configuration `file`, which alone can change it then, or whoever made it through the `api`.
    #[schema(pattern = "^(file|api)$")]
    origin: &'static str,
    /// Only of one that was made through the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    created_at: Option<String>,
    egress: Egress,
    settings: Settings,
}

/// A page of tenants.
#[derive(Serialize, ToSchema)]
pub(super) struct Tenants {
    tenants: Vec<Tenant>,
    /// Asks for the next page; `null` on the last.
    #[schema(required = true)]
    next: Option<String>,
}

/// Create a tenant
///
/// For operators. The tenant has no users yet: they are made inside it, by naming it in the header `Sigpost-Tenant`. One
/// that was there before under this name gets its webhooks back, but neither users nor tokens.
#[utoipa::path(
    post, path = "/v1/tenants", operation_id = "createTenant", tag = "tenants", security(("bearer" = [])),
    request_body = NewTenant,
    responses(
        (status = 201, description = "The tenant.", body = Tenant,
            headers(("location" = String, description = "Its path."))),
        RefusesCallers, RefusesBodies, Refuses<409>, Refuses<422>, Refuses<503>
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    Caller(principal): Caller,
    body: Body,
) -> Result<Response, Problem> {
    app.authorise_widely(&principal, Operation::ManageTenants)?;
    let NewTenant { name, dialect, egress, settings } = shared::dto(body).await?;
    let (egress, settings) = (egress_text(egress)?, settings_text(settings));
    let tenant = app.create_tenant(&principal, TenantDraft { name, dialect, egress, settings }).await?;
    let shown = tenant_body(&tenant);
    Ok(created("/v1/tenants/", &shown.name.clone(), shown))
}

/// List tenants
///
/// By name. An operator's list holds all, an admin's its own.
#[utoipa::path(
    get, path = "/v1/tenants", operation_id = "listTenants", tag = "tenants", security(("bearer" = [])),
    params(paging::Params),
    responses((status = 200, description = "A page.", body = Tenants), RefusesCallers, Refuses<400>)
)]
pub(super) async fn list(
    State(app): State<App>,
    Caller(principal): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Tenants>, Problem> {
    let paging = Paging::<String>::read(query.as_deref())?;
    let (page, next) = paging.cut(app.list_tenants(&principal)?, |tenant| tenant.name.clone());
    Ok(Json(Tenants { tenants: page.iter().map(|tenant| tenant_body(tenant)).collect(), next }))
}

/// Read a tenant
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}", operation_id = "readTenant", tag = "tenants", security(("bearer" = [])),
    params(("tenant" = String, Path, description = "The name of the tenant.", example = "acme")),
    responses((status = 200, description = "The tenant.", body = Tenant), RefusesCallers)
)]
pub(super) async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Tenant>, Problem> {
    Ok(Json(tenant_body(&*app.read_tenant(&principal, &named(name)?)?)))
}

/// Change a tenant
///
/// For operators. Only the members that are given change, at once: deliveries that start from now on obey them.
#[utoipa::path(
    patch, path = "/v1/tenants/{tenant}", operation_id = "changeTenant", tag = "tenants", security(("bearer" = [])),
    params(("tenant" = String, Path, description = "The name of the tenant.", example = "acme")),
    request_body = ChangedTenant,
    responses(
        (status = 200, description = "The tenant as it is now.", body = Tenant),
        RefusesCallers, RefusesBodies, Refuses<409>, Refuses<422>, Refuses<503>
    )
)]
pub(super) async fn change(
    State(app): State<App>,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<Json<Tenant>, Problem> {
    app.authorise_widely(&principal, Operation::ManageTenants)?;
    let name = named(name)?;
    let ChangedTenant { egress, settings } = shared::dto(body).await?;
    let change = TenantChange { egress: egress_text(egress)?, settings: settings_text(settings) };
    Ok(Json(tenant_body(&*app.update_tenant(&principal, &name, change).await?)))
}

/// Delete a tenant
///
/// For operators. Its users and tokens are gone at once, and its webhooks deliver nothing more. They, and what is pending
/// for them, wait for a tenant of the same name and dialect.
#[utoipa::path(
    delete, path = "/v1/tenants/{tenant}", operation_id = "deleteTenant", tag = "tenants", security(("bearer" = [])),
    params(("tenant" = String, Path, description = "The name of the tenant.", example = "acme")),
    responses((status = 204, description = "It is gone."), RefusesCallers, Refuses<409>, Refuses<503>)
)]
pub(super) async fn delete(
    State(app): State<App>,
    Caller(principal): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    app.delete_tenant(&principal, &named(name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn named(name: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    let Path(name) = name.map_err(|_| Error::NotFound("tenant"))?;
    Ok(name)
}

fn egress_text(egress: EgressChange) -> Result<EgressText, Error> {
    let EgressChange { allow, hosts, relaxed_targets, ca_file } = egress;
    if ca_file.is_some() {
        let message = "egress.ca_file names a file of the server, which only the configuration file may do";
        return Err(Error::invalid("egress", message));
    }
    Ok(EgressText { allow, hosts, relaxed_targets })
}

fn settings_text(settings: SettingsChange) -> SettingsText {
    let SettingsChange {
        timeout,
        retry,
        retention,
        standard_webhooks,
        immuta_signatures,
        notification_list,
        envelope,
        event_types,
    } = settings;
    SettingsText {
        timeout,
        retry,
        retention,
        standard_webhooks,
        immuta_signatures,
        notification_list,
        envelope,
        event_types,
    }
}

fn tenant_body(tenant: &domain::Tenant) -> Tenant {
    let domain::Tenant {
        id: _,
        uid: _,
        name,
        dialect,
        egress,
        settings,
        users: _,
        origin: declared_by,
        created_at,
    } = tenant;
    Tenant {
        name: name.clone(),
        dialect: dialect.as_str(),
        origin: origin(*declared_by),
        created_at: created_at.map(utc_millis),
        egress: egress_body(egress),
        settings: settings_body(settings),
    }
}

/// A form that is made of what it describes says everything.
fn egress_body(egress: &domain::Egress) -> Egress {
    let EgressText { allow, hosts, relaxed_targets } = EgressText::of(egress);
    Egress {
        allow: allow.unwrap_or_default(),
        hosts: hosts.unwrap_or_default(),
        relaxed_targets: relaxed_targets.unwrap_or_default(),
    }
}

/// As [`egress_body`].
fn settings_body(settings: &domain::Settings) -> Settings {
    let SettingsText {
        timeout,
        retry,
        retention,
        standard_webhooks,
        immuta_signatures,
        notification_list,
        envelope,
        event_types,
    } = SettingsText::of(settings);
    Settings {
        timeout: timeout.unwrap_or_default(),
        retry: retry.unwrap_or_default(),
        retention: retention.unwrap_or_default(),
        standard_webhooks: standard_webhooks.unwrap_or_default(),
        immuta_signatures: immuta_signatures.unwrap_or_default(),
        notification_list: notification_list.unwrap_or_default(),
        envelope: envelope.unwrap_or_default(),
        event_types: event_types.unwrap_or_default(),
    }
}
