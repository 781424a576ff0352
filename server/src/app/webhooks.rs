//! Creating, reading and deleting webhooks.

use std::sync::Arc;

use sigpost_core::signature::Secret;

use super::access::{Access, Operation, authorise};
use super::{App, Error};
use crate::domain::{Endpoint, Host, NewWebhook, Number, Principal, Profile, Tenant, Webhook};

/// The most webhooks a tenant may have.
const MAX_WEBHOOKS: usize = 1_000;

/// A webhook that somebody wants.
pub struct WebhookDraft {
    /// Where to deliver to.
    pub endpoint: Endpoint,
    /// What to sign with.
    pub secret: Option<Secret>,
    /// What its system adds.
    pub profile: Profile,
}

impl App {
    /// Creates a webhook, owned by the principal.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::LimitReached`], [`Error::Invalid`] when the url leads where the tenant may
    /// not reach.
    pub async fn create_webhook(
        &self,
        principal: &Principal,
        draft: WebhookDraft,
    ) -> Result<Arc<Webhook>, Error> {
        let WebhookDraft { endpoint, secret, profile } = draft;
        let operation = match &profile {
            Profile::Immuta(profile) if profile.global() => Operation::CreateGlobalWebhook,
            Profile::Immuta(_) => Operation::CreateWebhook,
        };
        let Access { tenant, user, .. } = authorise(principal, operation)?;
        let owner =
            user.ok_or(Error::Forbidden { needs: "a user of the tenant, who then owns the webhook" })?;
        if profile.dialect() != tenant.dialect {
            return Err(Error::Internal);
        }
        may_reach(&tenant, &endpoint)?;
        if self.store.directory().count_webhooks(tenant.id) >= MAX_WEBHOOKS {
            return Err(Error::LimitReached { what: "webhooks", limit: MAX_WEBHOOKS });
        }
        let created_at = self.clock.now();
        let new = NewWebhook { tenant: tenant.id, owner, endpoint, secret, profile, created_at };
        let store = Arc::clone(&self.store);
        self.to_the_end(async move { store.create_webhook(new).await.map_err(Error::from) }).await
    }

    /// The webhooks the principal can see, oldest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn list_webhooks(&self, principal: &Principal) -> Result<Vec<Arc<Webhook>>, Error> {
        let access = authorise(principal, Operation::ReadWebhooks)?;
        let mut webhooks = self.store.directory().webhooks_of(access.tenant.id);
        webhooks.retain(|webhook| access.reaches(webhook));
        Ok(webhooks)
    }

    /// One webhook by its number.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub fn read_webhook(&self, principal: &Principal, number: Number) -> Result<Arc<Webhook>, Error> {
        let access = authorise(principal, Operation::ReadWebhooks)?;
        self.webhook_within(&access, number)
    }

    /// Deletes a webhook. What was pending for it is cancelled; its history stays.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn delete_webhook(&self, principal: &Principal, number: Number) -> Result<Arc<Webhook>, Error> {
        let access = authorise(principal, Operation::DeleteWebhook)?;
        self.webhook_within(&access, number)?;
        let (store, dispatcher) = (Arc::clone(&self.store), Arc::clone(&self.dispatcher));
        let now = self.clock.now();
        self.to_the_end(async move {
            let deleted = store.delete_webhook(access.tenant.id, number, now).await?;
            let deleted = deleted.ok_or(Error::NotFound("webhook"))?;
            dispatcher.webhook_changed(deleted.id);
            Ok(deleted)
        })
        .await
    }

    fn webhook_within(&self, access: &Access, number: Number) -> Result<Arc<Webhook>, Error> {
        self.store
            .directory()
            .webhook_by_number(access.tenant.id, number)
            .filter(|webhook| access.reaches(webhook))
            .ok_or(Error::NotFound("webhook"))
    }
}

/// A literal address is judged at once; a name is judged whenever it is resolved.
fn may_reach(tenant: &Tenant, endpoint: &Endpoint) -> Result<(), Error> {
    match endpoint.host() {
        Host::Address(address) if !tenant.egress.policy.permits(address) => {
            Err(Error::invalid("url", "url leads to an address that this tenant may not reach"))
        }
        _ => Ok(()),
    }
}
