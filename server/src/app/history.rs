//! Reading the history of deliveries.

use super::access::Operation;
use super::{App, Error};
use crate::domain::{HistoryFilter, HistoryOrder, HistoryPage, HistoryQuery, Principal};

/// A page of the history, as a principal asks for it.
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
        let filter = HistoryFilter {
            tenant: access.tenant.id,
            owned_by: access.user.filter(|_| own),
            global,
            event_type,
            success,
        };
        Ok(self.store.history(HistoryQuery { filter, order, offset, limit }).await?)
    }
}
