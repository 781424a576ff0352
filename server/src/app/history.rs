//! Reading the history of deliveries.

use std::sync::Arc;

use super::access::{Access, Operation};
use super::{App, Error, WebhookName};
use crate::domain::{
    Cause, Cursor, DeliveryState, HistoryFilter, HistoryOrder, HistoryPage, HistoryQuery, Number, Owned,
    PastAttempt, Position, Principal, PublicId, Record, Scope, Tenant, Timestamp,
};

/// A page of the history, as Immuta's users ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRequest {
    /// Records of the principal's own webhooks are wanted.
    pub own: bool,
    /// Records of global webhooks, whosever they are, are wanted too.
    pub global: bool,
    /// Only this event type.
    pub event_type: Option<String>,
    /// Only successes, or only failures.
    pub success: Option<bool>,
    /// In which order.
    pub order: HistoryOrder,
    /// How many records to pass over.
    pub offset: u64,
    /// How many to return at the most.
    pub limit: u32,
}

/// Deliveries, of one webhook or of all within reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveriesRequest {
    /// Only of this webhook.
    pub webhook: Option<WebhookName>,
    /// Only this event type.
    pub event_type: Option<String>,
    /// Only successes, or only failures.
    pub success: Option<bool>,
    /// Only those that stand there.
    pub state: Option<DeliveryState>,
    /// Only those made for this reason.
    pub cause: Option<Cause>,
    /// Only those made then or later.
    pub since: Option<Timestamp>,
    /// Only those made before then.
    pub until: Option<Timestamp>,
    /// In which order.
    pub order: HistoryOrder,
    /// Which page.
    pub position: Position,
    /// How many to return at the most.
    pub limit: u32,
}

/// A delivery in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordName {
    /// By its number in the tenant.
    Number(Number),
    /// By its public id; if a webhook is named, only as one of its deliveries.
    PublicId {
        /// Whose delivery it has to be.
        webhook: Option<WebhookName>,
        /// The id.
        id: PublicId,
    },
}

/// The place of a record in an order, for asking for what comes behind it.
#[must_use]
pub fn cursor(record: &Record) -> Cursor {
    Cursor { success: record.attempt.outcome.is_success(), number: record.number }
}

impl App {
    /// A page of the history.
    ///
    /// # Errors
    /// [`Error::Forbidden`]: global webhooks' records are for admins.
    pub async fn read_history(
        &self,
        principal: &Principal,
        request: HistoryRequest,
    ) -> Result<HistoryPage, Error> {
        let HistoryRequest { own, global, event_type, success, order, offset, limit } = request;
        let access = self.authorise(principal, Operation::ReadHistory)?;
        if global {
            self.authorise(principal, Operation::ReadGlobalHistory)?;
        }
        let owned_by = access.user.filter(|_| own).map(|by| Owned { by, global: true });
        let filter = HistoryFilter {
            tenant: access.tenant.id,
            scope: Scope::Shares { owned_by, global },
            event_type,
            success,
            state: None,
            cause: None,
            since: None,
            until: None,
        };
        Ok(self
            .store
            .history(HistoryQuery { filter, order, position: Position::Offset(offset), limit })
            .await?)
    }

    /// A page of deliveries. With them comes the tenant, by whose settings their headers are told.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::NotFound`] for a webhook that is not within reach.
    pub async fn read_deliveries(
        &self,
        principal: &Principal,
        request: DeliveriesRequest,
    ) -> Result<(HistoryPage, Arc<Tenant>), Error> {
        let DeliveriesRequest {
            webhook,
            event_type,
            success,
            state,
            cause,
            since,
            until,
            order,
            position,
            limit,
        } = request;
        let access = self.authorise(principal, Operation::ReadHistory)?;
        let scope = match webhook {
            Some(name) => Scope::Webhook(self.webhook_within(&access, name)?.id),
            None => match access.owned() {
                None => Scope::Tenant,
                owned_by => Scope::Shares { owned_by, global: false },
            },
        };
        let tenant = access.tenant.id;
        let filter = HistoryFilter { tenant, scope, event_type, success, state, cause, since, until };
        let page = self.store.history(HistoryQuery { filter, order, position, limit }).await?;
        Ok((page, access.tenant))
    }

    /// One delivery.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn read_delivery(
        &self,
        principal: &Principal,
        name: RecordName,
    ) -> Result<(Record, Arc<Tenant>), Error> {
        let access = self.authorise(principal, Operation::ReadHistory)?;
        let record = self.record_within(&access, name).await?;
        Ok((record, access.tenant))
    }

    /// One delivery with all attempts that have ended, oldest first.
    ///
    /// # Errors
    /// As [`App::read_delivery`].
    pub async fn read_attempts(
        &self,
        principal: &Principal,
        name: RecordName,
    ) -> Result<(Record, Vec<PastAttempt>, Arc<Tenant>), Error> {
        let (record, tenant) = self.read_delivery(principal, name).await?;
        let attempts = self.store.attempts(tenant.id, record.number).await?;
        Ok((record, attempts, tenant))
    }

    /// A record that a right reaches.
    pub(super) async fn record_within(&self, access: &Access, name: RecordName) -> Result<Record, Error> {
        const NOT_FOUND: Error = Error::NotFound("delivery");
        let tenant = &access.tenant;
        let number = match name {
            RecordName::Number(number) => number,
            RecordName::PublicId { webhook: _, id } => id.delivery_number(&tenant.uid).ok_or(NOT_FOUND)?,
        };
        let found = self.store.record(tenant.id, number).await?;
        let found = found.filter(|record| access.reaches(&record.webhook)).ok_or(NOT_FOUND)?;
        if let RecordName::PublicId { webhook, id } = name {
            let of_webhook = match webhook {
                None => true,
                // Of a webhook that is gone, the deliveries are too.
                Some(name) => self.webhook_within(access, name)?.id == found.webhook.id,
            };
            if found.public_id != id || !of_webhook {
                return Err(NOT_FOUND);
            }
        }
        Ok(found)
    }
}
