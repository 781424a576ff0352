//! `/v1/audit`: who has done what.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Problem, Refuses, RefusesCallers};
use super::paging::{self, Paging, cursor};
use super::{Caller, query};
use crate::app::{App, AuditPage, AuditRequest};
use crate::domain::{AuditEntry, AuditObject, AuditRecord, utc_millis};

/// Who has done it.
#[derive(Serialize, ToSchema)]
pub(super) struct Actor {
    #[schema(pattern = "^(user|operator|server)$")]
    kind: &'static str,
    /// The id of the user, or the name of the operator; of the server `sigpost`.
    id: String,
}

/// What it was done to.
#[derive(Serialize, ToSchema)]
pub(super) struct Audited {
    #[schema(examples("webhook"))]
    kind: String,
    id: String,
}

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
pub(super) struct Entry {
    #[schema(format = DateTime)]
    at: String,
    /// The name of the tenant in which it was done; `null`: in none.
    #[schema(required = true)]
    tenant: Option<String>,
    actor: Actor,
    #[schema(examples("webhook.create"))]
    operation: String,
    /// `null`: to nothing of its own.
    #[schema(required = true)]
    object: Option<Audited>,
    /// Whether it was done or refused for want of a right.
    #[schema(pattern = "^(done|refused)$")]
    outcome: &'static str,
    /// What else there is to say, by name. Never a secret, a token, a body or the value of a header.
    detail: BTreeMap<String, String>,
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
pub(super) struct Audit {
    entries: Vec<Entry>,
    /// Asks for the next page; `null` on the last.
    #[schema(required = true)]
    next: Option<String>,
}

/// Read the audit log
///
/// The newest first. An admin reads its tenant's; an operator reads all, or a tenant's by naming it. Entries are kept for
/// 90 days.
#[utoipa::path(
    get, path = "/v1/audit", operation_id = "readAudit", tag = "audit", security(("bearer" = [])),
    params(paging::LogParams),
    responses((status = 200, description = "A page.", body = Audit), RefusesCallers, Refuses<400>, Refuses<503>)
)]
pub(super) async fn read(
    State(app): State<App>,
    Caller(principal): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Audit>, Problem> {
    let AuditPage { records, more } = app.read_audit(&principal, request(query.as_deref())?).await?;
    let next = records.last().filter(|_| more).map(|last| cursor(&last.sequence));
    Ok(Json(Audit { entries: records.into_iter().map(entry).collect(), next }))
}

fn request(text: Option<&str>) -> Result<AuditRequest, Problem> {
    let (mut since, mut until, mut actor, mut operation) = (None, None, None, None);
    let paging = Paging::<i64>::read_with(text, |name, value| {
        match name {
            "since" => since = Some(query::time("since", value)?),
            "until" => until = Some(query::time("until", value)?),
            "actor" => actor = Some(query::text("actor", value)?),
            "operation" => operation = Some(query::text("operation", value)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let Paging { after: before, limit } = paging;
    Ok(AuditRequest { before, since, until, actor, operation, limit })
}

fn entry(record: AuditRecord) -> Entry {
    let AuditRecord { sequence: _, tenant_name, entry } = record;
    let AuditEntry { at, tenant: _, actor, operation, object, outcome, detail } = entry;
    Entry {
        at: utc_millis(at),
        tenant: tenant_name,
        actor: Actor { kind: actor.kind(), id: actor.name().to_owned() },
        operation: operation.into_owned(),
        object: object.map(|AuditObject { kind, id }| Audited { kind: kind.into_owned(), id }),
        outcome: outcome.as_str(),
        detail: detail.into_iter().map(|(name, value)| (name.into_owned(), value)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_read_and_no_other() {
        let query =
            "limit=5&since=2030-01-31T12:00:00Z&until=2030-01-31T13:00:00%2B01:00&actor=ops&operation=a.b";
        let time = Some("2030-01-31T12:00:00Z".parse().unwrap());
        let expected = AuditRequest {
            before: None,
            since: time,
            until: time,
            actor: Some("ops".into()),
            operation: Some("a.b".into()),
            limit: 5,
        };
        assert_eq!(request(Some(query)).unwrap(), expected);
        for bad in ["since=yesterday", "who=ops", "actor=a&actor=b", "since=2030-01-31T12:00:00+01:00"] {
            assert!(request(Some(bad)).is_err(), "{bad}");
        }
    }
}
