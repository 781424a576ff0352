//! Creating, reading and deleting webhooks.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigpost_core::signature::Secret;
use zeroize::Zeroizing;

use super::access::{Access, Operation, authorise};
use super::{App, Error};
use crate::domain::profile::{Audience, Quota};
use crate::domain::{
    Endpoint, Host, NewWebhook, Number, Principal, Profile, PublicId, Tenant, TenantId, UserId, Webhook,
};

/// The random bytes of a generated secret: as many as Standard Webhooks asks for at least.
const SECRET_BYTES: usize = 24;

/// A webhook that somebody wants.
pub struct WebhookDraft {
    /// Where to deliver to.
    pub endpoint: Endpoint,
    /// What to sign with.
    pub secret: DraftSecret,
    /// What its system adds.
    pub profile: Profile,
}

/// What a new webhook's deliveries are to be signed with.
pub enum DraftSecret {
    /// Nothing: they are not signed.
    None,
    /// A secret that whoever creates it brings.
    Given(Secret),
    /// A new one: `whsec_` and the base64 of 24 random bytes.
    Generated,
}

/// A webhook that was created.
pub struct Created {
    /// The webhook.
    pub webhook: Arc<Webhook>,
    /// The secret that was generated for it. It is not shown again.
    pub secret: Option<Zeroizing<String>>,
}

/// How a system names a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookName {
    /// By its number in the tenant.
    Number(Number),
    /// By its public id.
    PublicId(PublicId),
}

impl App {
    /// Creates a webhook, owned by the principal.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::LimitReached`], [`Error::Invalid`] when the url leads where the tenant may
    /// not reach, or its system does not admit the url or the secret.
    pub async fn create_webhook(&self, principal: &Principal, draft: WebhookDraft) -> Result<Created, Error> {
        let WebhookDraft { endpoint, secret, profile } = draft;
        let operation = match profile.audience() {
            Audience::Owner => Operation::CreateWebhook,
            Audience::Tenant => Operation::CreateGlobalWebhook,
        };
        let Access { tenant, user, .. } = authorise(principal, operation)?;
        let owner =
            user.ok_or(Error::Forbidden { needs: "a user of the tenant, who then owns the webhook" })?;
        if profile.dialect() != tenant.dialect {
            return Err(Error::Internal);
        }
        self.check_target(&tenant, &endpoint)?;
        let (secret, shown) = match secret {
            DraftSecret::None => (None, None),
            DraftSecret::Given(secret) => (Some(secret), None),
            DraftSecret::Generated => {
                let text = self.generate_secret();
                (Some(Secret::new(text.as_bytes()).map_err(|_| Error::Internal)?), Some(text))
            }
        };
        profile
            .admits(&endpoint, secret.as_ref(), &tenant)
            .map_err(|unfitting| Error::invalid(unfitting.field, unfitting.to_string()))?;
        // One at a time, so that the count still holds when the webhook is there.
        let one_at_a_time = Arc::clone(&self.creating).lock_owned().await;
        self.check_quota(profile.quota(), tenant.id, &owner)?;
        let created_at = self.clock.now();
        let public_id = self.public_id(created_at);
        let new = NewWebhook { public_id, tenant: tenant.id, owner, endpoint, secret, profile, created_at };
        let store = Arc::clone(&self.store);
        let webhook = self
            .to_the_end(async move {
                // In here, so that it is held to the end even if the client hangs up.
                let _held = one_at_a_time;
                store.create_webhook(new).await.map_err(Error::from)
            })
            .await?;
        Ok(Created { webhook, secret: shown })
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

    /// One webhook by its name.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub fn read_webhook(&self, principal: &Principal, name: WebhookName) -> Result<Arc<Webhook>, Error> {
        let access = authorise(principal, Operation::ReadWebhooks)?;
        self.webhook_within(&access, name)
    }

    /// Deletes a webhook. What was pending for it is cancelled; its history stays.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn delete_webhook(
        &self,
        principal: &Principal,
        name: WebhookName,
    ) -> Result<Arc<Webhook>, Error> {
        let access = authorise(principal, Operation::DeleteWebhook)?;
        let number = self.webhook_within(&access, name)?.number;
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

    fn webhook_within(&self, access: &Access, name: WebhookName) -> Result<Arc<Webhook>, Error> {
        let (directory, tenant) = (self.store.directory(), access.tenant.id);
        let found = match name {
            WebhookName::Number(number) => directory.webhook_by_number(tenant, number),
            WebhookName::PublicId(id) => directory.webhook_by_public_id(tenant, id),
        };
        found.filter(|webhook| access.reaches(webhook)).ok_or(Error::NotFound("webhook"))
    }

    /// Whether there may be one webhook more, of this owner.
    fn check_quota(&self, quota: Quota, tenant: TenantId, owner: &UserId) -> Result<(), Error> {
        let Quota { per_owner, per_tenant } = quota;
        let directory = self.store.directory();
        if directory.count_webhooks(tenant) >= per_tenant {
            return Err(Error::LimitReached { what: "webhooks", limit: per_tenant });
        }
        match per_owner {
            Some(limit) if directory.count_webhooks_of(tenant, owner) >= limit => {
                Err(Error::LimitReached { what: "webhooks of this owner", limit })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A literal address is judged at once; a name is judged whenever it is resolved.
    fn check_target(&self, tenant: &Tenant, endpoint: &Endpoint) -> Result<(), Error> {
        match endpoint.host() {
            Host::Address(address)
                if !self.probe.permits(&tenant.egress.policy, address, endpoint.port()) =>
            {
                Err(Error::invalid("url", "url leads to an address that this tenant may not reach"))
            }
            _ => Ok(()),
        }
    }

    fn generate_secret(&self) -> Zeroizing<String> {
        let mut random = Zeroizing::new([0; SECRET_BYTES]);
        self.rng.fill(random.as_mut());
        Zeroizing::new(format!("whsec_{}", STANDARD.encode(random.as_ref())))
    }
}
