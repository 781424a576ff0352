//! How webhooks are doing.

use super::access::Operation;
use super::{App, Error, WebhookName};
use crate::domain::{Activity, Principal, Series, Stats, Timestamp, Webhook};

/// How a webhook did over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// The stretch of time, in steps.
    pub series: Series,
    /// What happened in each.
    pub steps: Vec<(Timestamp, Stats)>,
    /// How it is doing.
    pub activity: Activity,
}

impl App {
    /// When a webhook was last tried, and since when it fails. The caller has the webhook, so may see this too.
    #[must_use]
    pub fn activity(&self, webhook: &Webhook) -> Activity {
        self.store.directory().activity(webhook.id)
    }

    /// How a webhook did over a stretch of time, step by step, those without attempts included.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn read_stats(
        &self,
        principal: &Principal,
        name: WebhookName,
        series: Series,
    ) -> Result<Chart, Error> {
        let access = self.authorise(principal, Operation::ReadHistory)?;
        let webhook = self.webhook_within(&access, name)?;
        let counted = self.store.stats(webhook.id, series.since(), series.until()).await?;
        Ok(Chart { steps: series.fill(&counted), series, activity: self.activity(&webhook) })
    }
}
