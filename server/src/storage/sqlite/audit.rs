//! The audit log: rows in time order, appended at one end and pruned at the other.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use super::rows::Place;
use super::transaction::Transaction;
use crate::domain::{
    Actor, AuditEntry, AuditObject, AuditOutcome, AuditQuery, AuditRecord, TenantId, Timestamp,
};
use crate::storage::StoreError;

const INSERT: &str = "
    INSERT INTO audit (at, tenant, actor_kind, actor, operation, object_kind, object, outcome, detail)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

macro_rules! select {
    ($from:literal, $where:literal) => {
        concat!(
            "SELECT audit.*, tenant.name AS tenant_name FROM ",
            $from,
            "
    LEFT JOIN tenant ON tenant.id = audit.tenant
    WHERE ",
            $where,
            "
      AND audit.id < ?2 AND audit.at >= ?3 AND audit.at < ?4
      AND (?5 IS NULL OR audit.actor = ?5) AND (?6 IS NULL OR audit.operation = ?6)
    ORDER BY audit.id DESC
    LIMIT ?7"
        )
    };
}

pub(super) const OF_TENANT: &str = select!("audit INDEXED BY audit_tenant", "audit.tenant = ?1");
pub(super) const OF_ALL: &str = select!("audit NOT INDEXED", "?1 IS NULL");

/// The old end: entries lie in the order of their time, as far as the clock does.
const PRUNE: &str = "
    DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?2) AND at < ?1";

impl Transaction<'_> {
    pub(super) fn record_audit(&mut self, entry: &AuditEntry) -> Result<(), StoreError> {
        let AuditEntry { at, tenant, actor, operation, object, outcome, detail } = entry;
        // Texts by name always serialise.
        let detail = serde_json::to_string(detail).expect("plain JSON");
        self.execute(
            INSERT,
            params![
                at.as_microsecond(),
                tenant.map(TenantId::get),
                actor.kind(),
                actor.name(),
                operation,
                object.as_ref().map(|object| &object.kind),
                object.as_ref().map(|object| &object.id),
                outcome.as_str(),
                detail
            ],
        )?;
        Ok(())
    }

    pub(super) fn prune_audit(&mut self, prune: &(Timestamp, u32)) -> Result<u64, StoreError> {
        let (before, limit) = prune;
        let deleted = self.execute(PRUNE, params![before.as_microsecond(), limit])?;
        Ok(u64::try_from(deleted).unwrap_or(u64::MAX))
    }
}

pub(super) fn read(sql: &Connection, query: &AuditQuery) -> Result<Vec<AuditRecord>, StoreError> {
    let AuditQuery { tenant, before, since, until, actor, operation, limit } = query;
    let mut statement = sql.prepare_cached(if tenant.is_some() { OF_TENANT } else { OF_ALL })?;
    let rows = statement.query_map(
        params![
            tenant.map(TenantId::get),
            before.unwrap_or(i64::MAX),
            since.map_or(i64::MIN, Timestamp::as_microsecond),
            until.map_or(i64::MAX, Timestamp::as_microsecond),
            actor,
            operation,
            limit
        ],
        AuditRow::read,
    )?;
    rows.map(|row| row?.restore()).collect()
}

struct AuditRow {
    id: i64,
    at: i64,
    tenant: Option<i64>,
    tenant_name: Option<String>,
    actor_kind: String,
    actor: String,
    operation: String,
    object_kind: Option<String>,
    object: Option<String>,
    outcome: String,
    detail: String,
}

impl AuditRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            at: row.get("at")?,
            tenant: row.get("tenant")?,
            tenant_name: row.get("tenant_name")?,
            actor_kind: row.get("actor_kind")?,
            actor: row.get("actor")?,
            operation: row.get("operation")?,
            object_kind: row.get("object_kind")?,
            object: row.get("object")?,
            outcome: row.get("outcome")?,
            detail: row.get("detail")?,
        })
    }

    fn restore(self) -> Result<AuditRecord, StoreError> {
        let place = Place::new("audit", self.id);
        let detail: BTreeMap<String, String> =
            serde_json::from_str(&self.detail).map_err(|_| place.column("detail"))?;
        let object = match (self.object_kind, self.object) {
            (Some(kind), Some(id)) => Some(AuditObject { kind: kind.into(), id }),
            (None, None) => None,
            _ => return Err(place.column("object")),
        };
        let entry = AuditEntry {
            at: place.time("at", self.at)?,
            tenant: self.tenant.map(TenantId::new),
            actor: Actor::restore(&self.actor_kind, &self.actor).ok_or_else(|| place.column("actor"))?,
            operation: self.operation.into(),
            object,
            outcome: AuditOutcome::parse(&self.outcome).ok_or_else(|| place.column("outcome"))?,
            detail: detail.into_iter().map(|(name, value)| (Cow::from(name), value)).collect(),
        };
        Ok(AuditRecord { sequence: self.id, tenant_name: self.tenant_name, entry })
    }
}
