//! Creating and reading webhooks, and what all of them must fulfil.

use std::sync::Arc;

use sigpost_core::signature::Secret;
use zeroize::Zeroizing;

use super::access::{Access, Operation};
use super::audit::Entry;
use super::{App, Error};
use crate::domain::profile::Quota;
use crate::domain::{
    Audience, DisabledReason, Endpoint, Host, NewWebhook, Number, Principal, Profile, PublicId, Secrets,
    Tenant, TenantId, UserId, Webhook, WebhookState,
};

/// A webhook that somebody wants.
pub struct WebhookDraft {
    /// Where to deliver to.
    pub endpoint: Endpoint,
    /// What to sign with.
    pub secret: DraftSecret,
    /// What its system adds.
    pub profile: Profile,
    /// Whether it delivers from the start.
    pub enabled: bool,
    /// Whose it is to be; whoever makes it, if nobody is named.
    pub owner: Option<UserId>,
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
    /// Creates a webhook.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::LimitReached`], [`Error::Invalid`] when the url leads where the tenant may
    /// not reach, its system does not admit the url or the secret, or there is no such owner.
    pub async fn create_webhook(&self, principal: &Principal, draft: WebhookDraft) -> Result<Created, Error> {
        let (new, shown) = self.checked(principal, draft)?;
        // One at a time, so that the count still holds when the webhook is there.
        let one_at_a_time = Arc::clone(&self.creating).lock_owned().await;
        self.check_quota(new.profile.quota(), new.tenant, &new.owner)?;
        let entry = Entry::of(principal, "webhook.create").to("webhook", &new.public_id);
        let (store, auditor) = (Arc::clone(&self.store), self.auditor());
        let webhook = self
            .to_the_end(async move {
                // In here, so that it is held until then even if the client hangs up.
                let held = one_at_a_time;
                let webhook = store.create_webhook(new).await?;
                drop(held);
                auditor.record(entry).await;
                Ok(webhook)
            })
            .await?;
        Ok(Created { webhook, secret: shown })
    }

    /// A webhook that may be made, and the secret that was generated for it.
    pub(super) fn checked(
        &self,
        principal: &Principal,
        draft: WebhookDraft,
    ) -> Result<(NewWebhook, Option<Zeroizing<String>>), Error> {
        let WebhookDraft { endpoint, secret, profile, enabled, owner } = draft;
        let Access { tenant, user, .. } = self.authorise(principal, creating(&profile))?;
        let created_by =
            user.ok_or(Error::Forbidden { needs: "a user of the tenant, who then owns the webhook" })?;
        let owner = match owner {
            Some(owner) if owner != created_by => {
                self.authorise(principal, Operation::GiveWebhook)?;
                if !tenant.dialect.is_owned(profile.audience()) {
                    return Err(nobodys());
                }
                owner_in(&tenant, owner)?
            }
            _ => created_by.clone(),
        };
        let (secret, shown) = match secret {
            DraftSecret::None => (None, None),
            DraftSecret::Given(secret) => (Some(secret), None),
            DraftSecret::Generated => {
                let (secret, text) = self.generate_secret()?;
                (Some(secret), Some(text))
            }
        };
        self.admit(&tenant, &profile, Some(&endpoint), secret.as_ref())?;
        let state =
            if enabled { WebhookState::Enabled } else { WebhookState::Disabled(DisabledReason::ByOwner) };
        let created_at = self.clock.now();
        let new = NewWebhook {
            public_id: self.public_id(created_at),
            tenant: tenant.id,
            owner,
            created_by,
            endpoint,
            secrets: Secrets::new(secret),
            state,
            profile,
            created_at,
        };
        Ok((new, shown))
    }

    /// The webhooks the principal can see, oldest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn list_webhooks(&self, principal: &Principal) -> Result<Vec<Arc<Webhook>>, Error> {
        Ok(self.webhooks_within(&self.authorise(principal, Operation::ReadWebhooks)?))
    }

    /// All webhooks of the tenant, oldest first, in a system whose users see each other's.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn list_shared_webhooks(&self, principal: &Principal) -> Result<Vec<Arc<Webhook>>, Error> {
        Ok(self.webhooks_within(&self.authorise(principal, Operation::ReadSharedWebhooks)?))
    }

    /// One webhook by its name.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub fn read_webhook(&self, principal: &Principal, name: WebhookName) -> Result<Arc<Webhook>, Error> {
        let access = self.authorise(principal, Operation::ReadWebhooks)?;
        self.webhook_within(&access, name)
    }

    /// One webhook by its name, anybody's of the tenant, in a system whose users see each other's.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub fn read_shared_webhook(
        &self,
        principal: &Principal,
        name: WebhookName,
    ) -> Result<Arc<Webhook>, Error> {
        let access = self.authorise(principal, Operation::ReadSharedWebhooks)?;
        self.webhook_within(&access, name)
    }

    fn webhooks_within(&self, access: &Access) -> Vec<Arc<Webhook>> {
        let mut webhooks = self.store.directory().webhooks_of(access.tenant.id);
        webhooks.retain(|webhook| access.reaches(webhook));
        webhooks
    }

    pub(super) fn webhook_within(&self, access: &Access, name: WebhookName) -> Result<Arc<Webhook>, Error> {
        let (directory, tenant) = (self.store.directory(), access.tenant.id);
        let found = match name {
            WebhookName::Number(number) => directory.webhook_by_number(tenant, number),
            WebhookName::PublicId(id) => directory.webhook_by_public_id(tenant, id),
        };
        found.filter(|webhook| access.reaches(webhook)).ok_or(Error::NotFound("webhook"))
    }

    /// Whether there may be one webhook more, of this owner.
    fn check_quota(&self, quota: Quota, tenant: TenantId, owner: &UserId) -> Result<(), Error> {
        let Quota { per_owner: _, per_tenant: limit } = quota;
        if self.store.directory().count_webhooks(tenant) >= limit {
            return Err(Error::LimitReached { what: "webhooks", limit });
        }
        self.check_owners_quota(quota, tenant, owner)
    }

    /// Whether this owner may have one webhook more.
    pub(super) fn check_owners_quota(
        &self,
        quota: Quota,
        tenant: TenantId,
        owner: &UserId,
    ) -> Result<(), Error> {
        match quota.per_owner {
            Some(limit) if self.store.directory().count_webhooks_of(tenant, owner) >= limit => {
                Err(Error::LimitReached { what: "webhooks of this owner", limit })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether a webhook may be as it is to be. Of url and secret only what is new is given.
    pub(super) fn admit(
        &self,
        tenant: &Tenant,
        profile: &Profile,
        endpoint: Option<&Endpoint>,
        secret: Option<&Secret>,
    ) -> Result<(), Error> {
        if profile.dialect() != tenant.dialect {
            return Err(Error::foreign_webhook());
        }
        if let Some(endpoint) = endpoint {
            self.check_target(tenant, endpoint)?;
        }
        profile
            .admits(endpoint, secret, tenant)
            .map_err(|unfitting| Error::invalid(unfitting.field, unfitting.to_string()))
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
}

/// The right to make a webhook like this.
pub(super) const fn creating(profile: &Profile) -> Operation {
    match profile.audience() {
        Audience::Owner => Operation::CreateWebhook,
        Audience::Tenant => Operation::CreateGlobalWebhook,
    }
}

/// A webhook of the tenant may name only somebody who has it anyhow.
pub(super) fn nobodys() -> Error {
    Error::invalid("owner", "owner is for webhooks that receive only what concerns their owner")
}

pub(super) fn owner_in(tenant: &Tenant, owner: UserId) -> Result<UserId, Error> {
    if tenant.has(&owner) {
        Ok(owner)
    } else {
        Err(Error::invalid("owner", "owner is no user of this tenant"))
    }
}
