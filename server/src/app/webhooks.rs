//! Creating, reading, changing and deleting webhooks.

use core::time::Duration;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigpost_core::signature::Secret;
use zeroize::Zeroizing;

use super::access::{Access, Operation};
use super::audit::Entry;
use super::{App, Error};
use crate::domain::profile::Quota;
use crate::domain::{
    Audience, DisabledReason, Endpoint, Host, MAX_ROTATION, NewWebhook, Number, Principal, Profile, PublicId,
    Rotation, Secrets, Tenant, TenantId, Timestamp, UserId, Webhook, WebhookState,
};
use crate::storage::Update;

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
    /// Whether it delivers from the start.
    pub enabled: bool,
    /// Whose it is to be; whoever makes it, if nobody is named.
    pub owner: Option<UserId>,
}

/// What is to become of a webhook; what is `None` stays as it is.
#[derive(Default)]
pub struct Change {
    /// Where to deliver to.
    pub endpoint: Option<Endpoint>,
    /// What to sign with.
    pub secret: SecretChange,
    /// Whether it delivers.
    pub enabled: Option<bool>,
    /// Whose it is.
    pub owner: Option<UserId>,
    /// What its system adds.
    pub profile: Option<Profile>,
}

/// What is to become of a webhook's secret. It happens at once; see [`App::rotate_secret`] for what takes its time.
#[derive(Default)]
pub enum SecretChange {
    /// Nothing.
    #[default]
    Keep,
    /// It has none any more.
    Clear,
    /// Another takes its place.
    Set(Secret),
}

/// Which version of a webhook somebody means who changes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Whichever there is.
    #[default]
    None,
    /// One of these.
    Versions(Vec<u64>),
}

impl Precondition {
    /// Holds it against a webhook.
    ///
    /// # Errors
    /// [`Error::Outdated`] when it has another version.
    pub fn check(&self, webhook: &Webhook) -> Result<(), Error> {
        match self {
            Self::Versions(versions) if !versions.contains(&webhook.version) => {
                Err(Error::Outdated("webhook"))
            }
            Self::None | Self::Versions(_) => Ok(()),
        }
    }
}

/// How a secret is to take another's place.
pub struct Rotate {
    /// Which version of the webhook is meant.
    pub precondition: Precondition,
    /// The new one; generated if there is none.
    pub secret: Option<Secret>,
    /// From then on the system's own header is signed with it; from now on if nothing is said.
    pub activate_at: Option<Timestamp>,
    /// From then on the old one signs nothing; a day after `activate_at` if nothing is said.
    pub retire_at: Option<Timestamp>,
}

/// A webhook whose secret is being replaced.
pub struct Rotated {
    /// The webhook.
    pub webhook: Arc<Webhook>,
    /// The secret that was generated. It is not shown again.
    pub secret: Option<Zeroizing<String>>,
}

/// How long the old secret goes on signing when nobody says how long.
const OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a change is made anew because somebody else's came first.
const TRIES: usize = 8;

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

    /// Changes a webhook. `change` says what is to become of it as it is, and is asked again if somebody else has
    /// changed it meanwhile.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`], [`Error::Contended`], whatever `change` says, and what
    /// [`App::create_webhook`] says of the result.
    pub async fn update_webhook(
        &self,
        principal: &Principal,
        name: WebhookName,
        change: impl Fn(&Webhook, &Tenant) -> Result<Change, Error> + Send + Sync,
    ) -> Result<Arc<Webhook>, Error> {
        let access = self.authorise(principal, Operation::UpdateWebhook)?;
        let audited = Entry::of(principal, "webhook.update");
        self.change_webhook(&access, name, &audited, |webhook, now| {
            let change = change(webhook, &access.tenant)?;
            self.changed(principal, &access, webhook, change, now)
        })
        .await
    }

    /// Lets a new secret take the place of a webhook's; see [`Secrets`] for what signs when.
    ///
    /// # Errors
    /// As [`App::update_webhook`]; [`Error::Invalid`] for times in the wrong order or too far away.
    pub async fn rotate_secret(
        &self,
        principal: &Principal,
        name: WebhookName,
        rotate: Rotate,
    ) -> Result<Rotated, Error> {
        let access = self.authorise(principal, Operation::UpdateWebhook)?;
        let Rotate { precondition, secret, activate_at, retire_at } = rotate;
        let (secret, shown) = match secret {
            Some(secret) => (secret, None),
            None => {
                let (secret, text) = self.generate_secret()?;
                (secret, Some(text))
            }
        };
        let audited = Entry::of(principal, "webhook.rotate_secret");
        let changed = self.change_webhook(&access, name, &audited, |webhook, now| {
            precondition.check(webhook)?;
            self.admit(&access.tenant, &webhook.profile, None, Some(&secret))?;
            let activate_at = activate_at.unwrap_or(now);
            // A day later, unless that is beyond what any rotation may take.
            let latest = now.saturating_add(MAX_ROTATION).unwrap_or(Timestamp::MAX);
            let later = || activate_at.saturating_add(OVERLAP).unwrap_or(latest).min(latest);
            let rotation =
                Rotation { secret: secret.clone(), activate_at, retire_at: retire_at.unwrap_or_else(later) };
            let secrets = webhook.secrets.rotate(rotation, now);
            let secrets = secrets.map_err(|error| Error::invalid(error.member(), error.to_string()))?;
            let mut next = webhook.next_version(now);
            next.secrets_since = next.version;
            next.secrets = secrets;
            next.updated_by.clone_from(access.user.as_ref().unwrap_or(&webhook.updated_by));
            Ok(next)
        });
        Ok(Rotated { webhook: changed.await?, secret: shown })
    }

    /// Erases the secrets that have been retired, of all tenants.
    ///
    /// # Errors
    /// What the store says.
    pub async fn erase_retired_secrets(&self) -> Result<(), Error> {
        let directory = self.store.directory();
        for tenant in directory.tenants() {
            for webhook in directory.webhooks_of(tenant.id) {
                let now = self.clock.now();
                let Some(secrets) = webhook.secrets.settled(now) else { continue };
                let mut next = webhook.next_version(now);
                // Nobody has changed it: it only says so no longer.
                next.updated_at = webhook.updated_at;
                next.secrets_since = next.version;
                next.secrets = secrets;
                // What is outdated is looked at again.
                if let Update::Done(_) = self.store.update_webhook(next).await? {
                    self.dispatcher.webhook_changed(webhook.id);
                }
            }
        }
        Ok(())
    }

    /// Replaces a webhook by what `next` makes of it. `audited` is recorded of the webhook.
    async fn change_webhook(
        &self,
        access: &Access,
        name: WebhookName,
        audited: &Entry,
        next: impl Fn(&Webhook, Timestamp) -> Result<Webhook, Error> + Send + Sync,
    ) -> Result<Arc<Webhook>, Error> {
        let wish = |webhook: &Webhook, now| Ok(Wish::Become(Box::new(next(webhook, now)?)));
        self.grant(access, name, audited, wish).await
    }

    /// Does with the newest version of a webhook what `wish` says of it: it is asked again if somebody else has changed
    /// the webhook meanwhile.
    async fn grant(
        &self,
        access: &Access,
        name: WebhookName,
        audited: &Entry,
        wish: impl Fn(&Webhook, Timestamp) -> Result<Wish, Error> + Send + Sync,
    ) -> Result<Arc<Webhook>, Error> {
        let (mut queue, mut one_at_a_time) = (None, None);
        for _ in 0..TRIES {
            let webhook = self.webhook_within(access, name)?;
            let now = self.clock.now();
            let mut wanted = wish(&webhook, now)?;
            if wanted.gives(&webhook) && one_at_a_time.is_none() {
                // So that the new owner's webhooks are still as many as were counted when this is one of them.
                one_at_a_time = Some(Arc::clone(&self.creating).lock_owned().await);
                wanted = wish(&webhook, now)?;
            }
            let held = one_at_a_time.take();
            let entry = audited.clone().to("webhook", &webhook.public_id);
            let (store, dispatcher) = (Arc::clone(&self.store), Arc::clone(&self.dispatcher));
            let auditor = self.auditor();
            let update = self
                .to_the_end(async move {
                    let update = match wanted {
                        Wish::Become(next) => store.update_webhook(*next).await?,
                        Wish::Go => store.delete_webhook(&webhook, now).await?,
                    };
                    drop(held);
                    if let Update::Done(webhook) = &update {
                        dispatcher.webhook_changed(webhook.id);
                        auditor.record(entry).await;
                    }
                    Ok(update)
                })
                .await?;
            match update {
                Update::Done(webhook) => return Ok(webhook),
                // One after the other, or many who change one webhook at once would keep each other from it.
                Update::Outdated if queue.is_none() => queue = Some(self.changing.lock().await),
                Update::Outdated => {}
                Update::Gone => return Err(Error::NotFound("webhook")),
            }
        }
        Err(Error::Contended("webhook"))
    }

    /// The next version of a webhook, if it may be so.
    fn changed(
        &self,
        principal: &Principal,
        access: &Access,
        webhook: &Webhook,
        change: Change,
        now: Timestamp,
    ) -> Result<Webhook, Error> {
        let Change { endpoint, secret, enabled, owner, profile } = change;
        let mut next = webhook.next_version(now);
        next.updated_by.clone_from(access.user.as_ref().unwrap_or(&webhook.updated_by));
        if let Some(profile) = profile {
            if profile.audience() != webhook.profile.audience() {
                self.authorise(principal, creating(&profile))?;
            }
            next.profile = profile;
        }
        if let Some(owner) = owner.filter(|owner| *owner != webhook.owner) {
            self.authorise(principal, Operation::GiveWebhook)?;
            let owned = access.tenant.dialect.is_owned(next.profile.audience());
            if !owned && access.user.as_ref() != Some(&owner) {
                return Err(nobodys());
            }
            next.owner = owner_in(&access.tenant, owner)?;
            self.check_owners_quota(webhook.profile.quota(), access.tenant.id, &next.owner)?;
        }
        if let Some(endpoint) = endpoint {
            next.endpoint = endpoint;
        }
        let secret = match secret {
            SecretChange::Keep => None,
            SecretChange::Clear => Some(None),
            SecretChange::Set(secret) => Some(Some(secret)),
        };
        if let Some(secret) = secret {
            next.secrets = Secrets::new(secret);
            next.secrets_since = next.version;
        }
        match enabled {
            Some(true) => next.state = WebhookState::Enabled,
            // One that the engine has switched off keeps the reason.
            Some(false) if webhook.state == WebhookState::Enabled => {
                next.state = WebhookState::Disabled(DisabledReason::ByOwner);
            }
            Some(false) | None => {}
        }
        next.profile
            .admits_change(&webhook.profile, &webhook.endpoint, &next.endpoint)
            .map_err(|invalid| Error::invalid(invalid.field(), invalid.to_string()))?;
        // A url that stays is not judged again: where it leads may be closed by now, and whoever switches the webhook
        // off, or takes its secret away, must not be kept from it.
        let moved = (next.endpoint != webhook.endpoint).then_some(&next.endpoint);
        let given = next.secrets.current().filter(|_| next.secrets_since == next.version);
        self.admit(&access.tenant, &next.profile, moved, given)?;
        Ok(next)
    }

    /// Deletes a webhook. What was pending for it is cancelled; its history stays.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`], [`Error::Contended`]; [`Error::Outdated`] when it has not the version
    /// that is meant.
    pub async fn delete_webhook(
        &self,
        principal: &Principal,
        name: WebhookName,
        precondition: Precondition,
    ) -> Result<Arc<Webhook>, Error> {
        let access = self.authorise(principal, Operation::DeleteWebhook)?;
        let audited = Entry::of(principal, "webhook.delete");
        self.grant(&access, name, &audited, |webhook, _| precondition.check(webhook).map(|()| Wish::Go)).await
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
    fn check_owners_quota(&self, quota: Quota, tenant: TenantId, owner: &UserId) -> Result<(), Error> {
        match quota.per_owner {
            Some(limit) if self.store.directory().count_webhooks_of(tenant, owner) >= limit => {
                Err(Error::LimitReached { what: "webhooks of this owner", limit })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether a webhook may be as it is to be. Of url and secret only what is new is given.
    fn admit(
        &self,
        tenant: &Tenant,
        profile: &Profile,
        endpoint: Option<&Endpoint>,
        secret: Option<&Secret>,
    ) -> Result<(), Error> {
        if profile.dialect() != tenant.dialect {
            return Err(Error::Internal);
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

    fn generate_secret(&self) -> Result<(Secret, Zeroizing<String>), Error> {
        let mut random = Zeroizing::new([0; SECRET_BYTES]);
        self.rng.fill(random.as_mut());
        // As long as it gets: a text that grows leaves a copy behind.
        let mut text = Zeroizing::new(String::with_capacity("whsec_".len() + SECRET_BYTES.div_ceil(3) * 4));
        text.push_str("whsec_");
        STANDARD.encode_string(random.as_ref(), &mut text);
        Ok((Secret::new(text.as_bytes()).map_err(|_| Error::Internal)?, text))
    }
}

/// What is to become of a webhook.
enum Wish {
    /// Another version of it.
    Become(Box<Webhook>),
    /// Nothing: it is deleted.
    Go,
}

impl Wish {
    /// Whether it makes the webhook somebody else's.
    fn gives(&self, webhook: &Webhook) -> bool {
        match self {
            Self::Become(next) => next.owner != webhook.owner,
            Self::Go => false,
        }
    }
}

/// The right to make a webhook like this.
const fn creating(profile: &Profile) -> Operation {
    match profile.audience() {
        Audience::Owner => Operation::CreateWebhook,
        Audience::Tenant => Operation::CreateGlobalWebhook,
    }
}

/// A webhook of the tenant may name only somebody who has it anyhow.
fn nobodys() -> Error {
    Error::invalid("owner", "owner is for webhooks that receive only what concerns their owner")
}

fn owner_in(tenant: &Tenant, owner: UserId) -> Result<UserId, Error> {
    if tenant.has(&owner) {
        Ok(owner)
    } else {
        Err(Error::invalid("owner", "owner is no user of this tenant"))
    }
}
