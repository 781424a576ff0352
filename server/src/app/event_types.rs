//! Which event types there are.

use std::sync::Arc;

use super::access::Operation;
use super::{App, Error};
use crate::domain::{Principal, Tenant};

impl App {
    /// The tenant whose event types these are, for [`crate::domain::profile::known_types`].
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn read_event_types(&self, principal: &Principal) -> Result<Arc<Tenant>, Error> {
        Ok(self.authorise(principal, Operation::ReadEventTypes)?.tenant)
    }
}
