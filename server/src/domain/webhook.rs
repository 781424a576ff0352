//! A webhook: somebody's wish to be told, and where.

use sigpost_core::signature::Secret;

use super::{Endpoint, MessageId, Number, Profile, Tenant, TenantId, Timestamp, UserId, WebhookId};

/// A stored webhook. One value is one version: a change makes a new value with a higher `version`.
#[derive(Clone)]
pub struct Webhook {
    /// Internal id.
    pub id: WebhookId,
    /// Its number in its tenant.
    pub number: Number,
    /// Whose it is.
    pub tenant: TenantId,
    /// Who made it.
    pub owner: UserId,
    /// Where it delivers to.
    pub endpoint: Endpoint,
    /// What its deliveries are signed with; without one they are not signed at all.
    pub secret: Option<Secret>,
    /// Whether it delivers.
    pub state: WebhookState,
    /// Counts its changes; a result of an attempt speaks of the version it was made with.
    pub version: u64,
    /// What its system adds: which events, and in which form.
    pub profile: Profile,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Webhook {
    /// The `webhook-id` of this webhook's delivery of an event.
    #[must_use]
    pub fn message_id(&self, tenant: &Tenant, event: Number) -> MessageId {
        MessageId::derive(&tenant.uid, event, self.number)
    }
}

/// A webhook that is not stored yet: the store gives it its ids.
#[derive(Clone)]
pub struct NewWebhook {
    /// Whose it is.
    pub tenant: TenantId,
    /// Who makes it.
    pub owner: UserId,
    /// Where it delivers to.
    pub endpoint: Endpoint,
    /// What its deliveries are signed with.
    pub secret: Option<Secret>,
    /// What its system adds.
    pub profile: Profile,
    /// When it is made.
    pub created_at: Timestamp,
}

/// Whether a webhook delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookState {
    /// It does.
    Enabled,
    /// It does not.
    Disabled(DisabledReason),
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
