//! A webhook: somebody's wish to be told, and where.

use super::profile::Named;
use super::{
    Endpoint, MessageId, Number, Profile, PublicId, Secrets, Tenant, TenantId, Timestamp, UserId, WebhookId,
};

/// A stored webhook. One value is one version: a change makes a new value with a higher `version`.
#[derive(Clone)]
pub struct Webhook {
    /// Internal id.
    pub id: WebhookId,
    /// Its number in its tenant.
    pub number: Number,
    /// The id it is shown by where its system has no numbers.
    pub public_id: PublicId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Whose it is: whom it serves, where it serves one user only, and who may change it.
    pub owner: UserId,
    /// Who made it.
    pub created_by: UserId,
    /// Who changed it last, of the users; what the engine or an operator did leaves this as it is.
    pub updated_by: UserId,
    /// Where it delivers to.
    pub endpoint: Endpoint,
    /// What its deliveries are signed with; without one they are not signed at all.
    pub secrets: Secrets,
    /// The version in which the secrets became what they are: an attempt made since then was signed with them.
    pub secrets_since: u64,
    /// Whether it delivers.
    pub state: WebhookState,
    /// Counts its changes; a result of an attempt speaks of the version it was made with.
    pub version: u64,
    /// What its system adds: which events, and in which form.
    pub profile: Profile,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed. A version in which nothing has changed that is sent leaves this as it is, and what is
    /// known of the receiver with it.
    pub updated_at: Timestamp,
}

impl Webhook {
    /// The version that follows this one, in which nothing has changed yet but that.
    #[must_use]
    pub fn next_version(&self, now: Timestamp) -> Self {
        Self { version: self.version.saturating_add(1), updated_at: now, ..self.clone() }
    }

    /// The `webhook-id` of this webhook's delivery of an event.
    #[must_use]
    pub fn message_id(&self, tenant: &Tenant, event: Number, received_at: Timestamp) -> MessageId {
        MessageId::derive(&tenant.uid, event, received_at, self.number)
    }

    /// What its deliveries may call it.
    #[must_use]
    pub const fn named(&self) -> Named {
        Named { number: self.number, public_id: self.public_id }
    }
}

/// A webhook that is not stored yet: the store gives it its ids.
#[derive(Clone)]
pub struct NewWebhook {
    /// The id it will be shown by.
    pub public_id: PublicId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Whose it will be.
    pub owner: UserId,
    /// Who makes it.
    pub created_by: UserId,
    /// Where it delivers to.
    pub endpoint: Endpoint,
    /// What its deliveries are signed with.
    pub secrets: Secrets,
    /// Whether it delivers from the start.
    pub state: WebhookState,
    /// What its system adds.
    pub profile: Profile,
    /// When it is made.
    pub created_at: Timestamp,
}

impl NewWebhook {
    /// Its first version, with these ids.
    #[must_use]
    pub fn first_version(self, id: WebhookId, number: Number) -> Webhook {
        let Self { public_id, tenant, owner, created_by, endpoint, secrets, state, profile, created_at } =
            self;
        Webhook {
            id,
            number,
            public_id,
            tenant,
            owner,
            updated_by: created_by.clone(),
            created_by,
            endpoint,
            secrets,
            secrets_since: 1,
            state,
            version: 1,
            profile,
            created_at,
            updated_at: created_at,
        }
    }
}

/// Whether a webhook delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookState {
    /// It does.
    Enabled,
    /// It does not.
    Disabled(DisabledReason),
}

impl WebhookState {
    /// Whether the engine, and not its owner, has switched it off.
    #[must_use]
    pub const fn is_suppressed(self) -> bool {
        matches!(self, Self::Disabled(DisabledReason::Gone | DisabledReason::Failing))
    }
}

/// Why a webhook does not deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisabledReason {
    /// Its owner switched it off.
    ByOwner,
    /// Its receiver answered 410 Gone, twice.
    Gone,
    /// It failed for days on end.
    Failing,
}
