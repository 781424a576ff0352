//! The audit log: what management calls have changed, and what operators have read inside tenants and were refused.
//!
//! A use-case that has changed something makes an [`Entry`] and gives it to an [`Auditor`] in the same task, after the
//! change is durable. An entry that cannot be written is logged, and the call succeeds all the same: it has.

use core::fmt::Display;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::access::{Access, Operation, Realm, authorise, authorise_widely};
use super::{App, Error};
use crate::causes::causes;
use crate::clock::Clock;
use crate::domain::{
    Actor, AuditEntry, AuditObject, AuditOutcome, AuditQuery, AuditRecord, Principal, TenantId, Timestamp,
};
use crate::storage::Store;

/// What is to be recorded. It must not hold what is secret: no token, secret, body or header value.
#[derive(Clone)]
pub(super) struct Entry {
    tenant: Option<TenantId>,
    actor: Actor,
    operation: &'static str,
    object: Option<AuditObject>,
    outcome: AuditOutcome,
    detail: BTreeMap<Cow<'static, str>, String>,
}

impl Entry {
    /// This principal has done it, in the tenant that it acts in. `operation` is like `webhook.create`.
    pub(super) fn of(principal: &Principal, operation: &'static str) -> Self {
        let actor = match principal {
            Principal::User { id, .. } => Actor::User(id.clone()),
            Principal::Operator { name, .. } => Actor::Operator(name.clone()),
        };
        Self::by(actor, principal.tenant().map(|tenant| tenant.id), operation)
    }

    /// Somebody has done it.
    pub(super) fn by(actor: Actor, tenant: Option<TenantId>, operation: &'static str) -> Self {
        Self { tenant, actor, operation, object: None, outcome: AuditOutcome::Done, detail: BTreeMap::new() }
    }

    /// It concerns this tenant, whichever the principal acts in.
    pub(super) fn in_tenant(self, tenant: TenantId) -> Self {
        Self { tenant: Some(tenant), ..self }
    }

    /// It was done to this.
    pub(super) fn to(self, kind: &'static str, id: &dyn Display) -> Self {
        Self { object: Some(AuditObject { kind: kind.into(), id: id.to_string() }), ..self }
    }

    /// What else there is to say.
    pub(super) fn with(mut self, name: &'static str, value: &dyn Display) -> Self {
        self.detail.insert(name.into(), value.to_string());
        self
    }

    /// These members were changed, or not.
    pub(super) fn changing(self, members: &[(&str, bool)]) -> Self {
        let changed = members.iter().filter(|(_, changed)| *changed).map(|(name, _)| *name);
        self.with("changed", &changed.collect::<Vec<_>>().join(" "))
    }

    /// It was not done but refused.
    fn refused(self) -> Self {
        Self { outcome: AuditOutcome::Refused, ..self }
    }
}

/// Writes entries. Cheap to clone, so that a task can take one along.
#[derive(Clone)]
pub(super) struct Auditor {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Auditor {
    /// Makes an entry durable, or logs that it is not.
    pub(super) async fn record(&self, entry: Entry) {
        let Entry { tenant, actor, operation, object, outcome, detail } = entry;
        let operation = operation.into();
        let entry = AuditEntry { at: self.clock.now(), tenant, actor, operation, object, outcome, detail };
        if let Err(error) = self.store.record_audit(entry.clone()).await {
            let error = causes(&error);
            tracing::error!(target: "audit", error, ?entry, "an entry of the audit log cannot be stored");
        }
    }
}

/// Which entries somebody asks for, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRequest {
    /// Only those before this place in the log.
    pub before: Option<i64>,
    /// Only those of this time or later.
    pub since: Option<Timestamp>,
    /// Only those before this time.
    pub until: Option<Timestamp>,
    /// Only what somebody of this id or name has done.
    pub actor: Option<String>,
    /// Only this operation.
    pub operation: Option<String>,
    /// How many to return at the most.
    pub limit: u32,
}

/// A page of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries.
    pub records: Vec<AuditRecord>,
    /// Whether there are older ones.
    pub more: bool,
}

impl App {
    /// A page of the audit log: an admin's tenant's, or for an operator all of it, or a tenant's by naming it.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn read_audit(&self, principal: &Principal, request: AuditRequest) -> Result<AuditPage, Error> {
        let AuditRequest { before, since, until, actor, operation, limit } = request;
        let realm = self.authorise_widely(principal, Operation::ReadAudit)?;
        let tenant = realm.tenant().map(|tenant| tenant.id);
        // One more tells whether there are more.
        let query =
            AuditQuery { tenant, before, since, until, actor, operation, limit: limit.saturating_add(1) };
        let mut records = self.store.audit(query).await?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = records.len() > wanted;
        records.truncate(wanted);
        Ok(AuditPage { records, more })
    }

    /// What a task takes along to record what it has done.
    pub(super) fn auditor(&self) -> Auditor {
        Auditor { store: Arc::clone(&self.store), clock: Arc::clone(&self.clock) }
    }

    /// As [`authorise`], by what the principal is now; what an operator is refused is recorded.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; what [`App::authenticate`] says when its token is not valid any more.
    pub fn authorise(&self, principal: &Principal, operation: Operation) -> Result<Access, Error> {
        authorise(&self.still(principal)?, operation).inspect_err(|_| self.note_refusal(principal, operation))
    }

    /// As [`authorise_widely`], by what the principal is now; what an operator is refused is recorded.
    ///
    /// # Errors
    /// As [`App::authorise`].
    pub fn authorise_widely(&self, principal: &Principal, operation: Operation) -> Result<Realm, Error> {
        authorise_widely(&self.still(principal)?, operation)
            .inspect_err(|_| self.note_refusal(principal, operation))
    }

    /// Records that an operator has read something inside a tenant, as the first in an hour: this.
    pub async fn note_reading(&self, principal: &Principal, path: &str) {
        let Principal::Operator { token: _, name, acting_in: Some(tenant) } = principal else { return };
        if self.visits.is_to_be_told(tenant.id, name, self.clock.monotonic()) {
            let entry = Entry::of(principal, "tenant.visit").to("tenant", &tenant.name).with("first", &path);
            let auditor = self.auditor();
            let recording = async move {
                auditor.record(entry).await;
                Ok(())
            };
            // To its end also if the client hangs up, for it is not told again; and a panic has a line in the log.
            let _ = self.to_the_end(recording).await;
        }
    }

    /// In a task of its own: whoever is refused need not wait for it.
    fn note_refusal(&self, principal: &Principal, operation: Operation) {
        if let Principal::Operator { .. } = principal {
            let (auditor, entry) = (self.auditor(), Entry::of(principal, operation.as_str()).refused());
            tokio::spawn(async move { auditor.record(entry).await });
        }
    }
}
