//! How webhooks are doing.

use super::access::Operation;
use super::{App, Error, WebhookName};
use crate::domain::{Activity, Principal, Stats, Timestamp, Webhook};

impl App {
    /// When a webhook was last tried, and since when it fails. The caller has the webhook, so may see this too.
    #[must_use]
    pub fn activity(&self, webhook: &Webhook) -> Activity {
        self.store.directory().activity(webhook.id)
    }

    /// How a webhook did between two points in time, in steps of five minutes; those without attempts are left out.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn read_stats(
        &self,
        principal: &Principal,
        name: WebhookName,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(Timestamp, Stats)>, Error> {
        let access = self.authorise(principal, Operation::ReadHistory)?;
        let webhook = self.webhook_within(&access, name)?.id;
        Ok(self.store.stats(webhook, since, until).await?)
    }
}
