//! Changing and deleting webhooks.
//!
//! Both concern the version of a webhook that was looked at: of two who change one at once, the later looks again.

use std::sync::Arc;

use sigpost_core::signature::Secret;

use super::access::{Access, Operation};
use super::audit::Entry;
use super::webhooks::{creating, nobodys, owner_in};
use super::{App, Error, WebhookName};
use crate::domain::{
    DisabledReason, Endpoint, Principal, Profile, Secrets, Tenant, Timestamp, UserId, Webhook, WebhookState,
};
use crate::storage::Update;

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

/// How often a change is made anew because somebody else's came first.
const TRIES: usize = 8;

impl App {
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

    /// Replaces a webhook by what `next` makes of it. `audited` is recorded of the webhook.
    pub(super) async fn change_webhook(
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
            let entry = match &wanted {
                Wish::Become(next) => entry.changing(&differences(&webhook, next)),
                Wish::Go => entry,
            };
            let (store, dispatcher) = (Arc::clone(&self.store), Arc::clone(&self.dispatcher));
            let (auditor, announcer) = (self.auditor(), self.announcer());
            let update = self
                .to_the_end(async move {
                    let update = match wanted {
                        Wish::Become(next) => store.update_webhook(*next).await?,
                        Wish::Go => store.delete_webhook(&webhook, now).await?,
                    };
                    drop(held);
                    if let Update::Done(done) = &update {
                        dispatcher.webhook_changed(done.id);
                        auditor.record(entry).await;
                        announcer.announce_change(&webhook, done).await;
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
        // What it receives, and where that goes, is for whoever might make it anew: an owner who is no admin was given it as
        // it is.
        if next.profile != webhook.profile || next.endpoint != webhook.endpoint {
            self.authorise(principal, creating(&next.profile))?;
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
            None if webhook.state.is_suppressed() && next.profile.any_change_revives() => {
                next.state = WebhookState::Enabled;
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

/// What a change changes, by name, for the audit log.
fn differences(webhook: &Webhook, next: &Webhook) -> [(&'static str, bool); 5] {
    [
        ("url", webhook.endpoint != next.endpoint),
        ("secret", webhook.secrets_since != next.secrets_since),
        ("enabled", webhook.state != next.state),
        ("owner", webhook.owner != next.owner),
        ("profile", webhook.profile != next.profile),
    ]
}
