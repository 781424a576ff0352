//! What the writer keeps in memory beside the directory, and the draft of it that a transaction makes.
//!
//! A transaction works on a [`Draft`]; only when it is durable is the draft taken over. So whatever fails leaves no
//! trace: neither numbers given, nor keys remembered, nor webhooks shown.

use core::time::Duration;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::activity::Counted;
use super::dedupe::{Dedupe, Kept, Key};
use crate::domain::Work;
use crate::domain::{
    AttemptEnded, DeliveryId, Egress, EndedAttempt, EventId, Happening, IssuedToken, Number, PublicId,
    Settings, Tenant, TenantId, TenantUid, Timestamp, TokenHash, User, UserId, Webhook, WebhookChange,
    WebhookId, WebhookState,
};
use crate::storage::happenings::Bell;
use crate::storage::waiting::Changes;
use crate::storage::{Backlog, Directory};

/// The next ids to give, over all tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sequences {
    pub(super) tenant: i64,
    pub(super) webhook: i64,
    pub(super) event: i64,
    pub(super) delivery: i64,
    pub(super) attempt: i64,
}

/// Gives the next id of a sequence.
pub(super) fn take(sequence: &mut i64) -> i64 {
    let id = *sequence;
    *sequence += 1;
    id
}

/// The next numbers to give inside a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) webhook: Number,
    pub(super) event: Number,
    pub(super) delivery: Number,
}

impl Numbers {
    pub(super) const START: Self =
        Self { webhook: Number::FIRST, event: Number::FIRST, delivery: Number::FIRST };
}

/// Gives the next number of a count.
pub(super) fn take_number(next: &mut Number) -> Number {
    let number = *next;
    *next = number.next();
    number
}

/// What the writer must know of a tenant, configured or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TenantState {
    pub(super) uid: TenantUid,
    pub(super) next: Numbers,
}

/// Everything as of the last commit.
pub(super) struct State {
    pub(super) sequences: Sequences,
    pub(super) tenants: HashMap<TenantId, TenantState>,
    pub(super) dedupe: Dedupe,
    pub(super) directory: Arc<Directory>,
    pub(super) counted: Counted,
    pub(super) bell: Bell,
    pub(super) backlog: Arc<Backlog>,
    /// The newest delivery there was when the store was opened: what somebody attempts by itself and is older was left
    /// by an earlier process.
    pub(super) newest_at_open: DeliveryId,
}

/// A change of the directory that waits for its commit.
#[derive(Clone)]
pub(super) enum Effect {
    SetTenants(Vec<Arc<Tenant>>),
    AddTenant(Arc<Tenant>),
    ChangeTenant {
        id: TenantId,
        egress: Egress,
        settings: Settings,
    },
    /// With the tokens that were handed out to its users.
    RemoveTenant(TenantId),
    PutUser {
        tenant: TenantId,
        user: User,
    },
    /// With the tokens that were handed out to it.
    RemoveUser {
        tenant: TenantId,
        user: UserId,
    },
    PutWebhook(Arc<Webhook>),
    RemoveWebhook(Arc<Webhook>),
    /// A webhook's failures are forgiven.
    Forgive(WebhookId),
    PutToken {
        token: IssuedToken,
        now: Timestamp,
    },
    RevokeToken {
        tenant: TenantId,
        id: PublicId,
    },
    SavedUses(Vec<(TokenHash, Timestamp)>),
}

/// What a transaction has changed so far.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) sequences: Sequences,
    /// The tenants whose numbers moved.
    pub(super) tenants: HashMap<TenantId, TenantState>,
    /// Keys taken, in the order of the events.
    pub(super) keys: Vec<(Key, EventId, Timestamp)>,
    pub(super) taken: HashMap<Key, EventId>,
    pub(super) deleted: HashSet<WebhookId>,
    pub(super) effects: Vec<Effect>,
    /// Attempts that ended.
    pub(super) ended: Vec<EndedAttempt>,
    /// The same for whoever listens; only while somebody does.
    pub(super) told: Vec<AttemptEnded>,
    /// What had been counted was written, at this (monotonic) time.
    pub(super) counted_until: Option<Duration>,
    /// New deliveries for the engine.
    pub(super) made: Vec<Work>,
    /// How the numbers of pending deliveries change.
    pub(super) pending: Changes,
    /// What was written of older keys.
    pub(super) kept: Kept,
}

impl Draft {
    /// Counts deliveries that begin (or, below zero, cease) to be pending.
    pub(super) fn count_pending(&mut self, tenant: TenantId, webhook: WebhookId, change: i64) {
        self.pending.entry(webhook).or_insert((tenant, 0)).1 += change;
    }
}

impl State {
    pub(super) fn draft(&self) -> Draft {
        Draft {
            sequences: self.sequences,
            tenants: HashMap::new(),
            keys: Vec::new(),
            taken: HashMap::new(),
            deleted: HashSet::new(),
            effects: Vec::new(),
            ended: Vec::new(),
            told: Vec::new(),
            counted_until: None,
            made: Vec::new(),
            pending: Changes::default(),
            kept: Kept::default(),
        }
    }

    /// Takes over what has become durable. Returns what was made.
    pub(super) fn absorb(&mut self, draft: Draft) -> Vec<Work> {
        let Draft {
            sequences,
            tenants,
            keys,
            taken: _,
            deleted: _,
            effects,
            ended,
            told,
            counted_until,
            made,
            pending,
            kept,
        } = draft;
        self.sequences = sequences;
        self.tenants.extend(tenants);
        self.dedupe.kept(kept);
        for (key, event, received) in keys {
            self.dedupe.insert(key, event, received);
        }
        if let Some(at) = counted_until {
            self.counted.written(at);
        }
        self.counted.count(&ended);
        self.directory.learn(&ended);
        for attempt in told {
            self.bell.ring(Happening::Attempt(attempt));
        }
        for effect in effects {
            self.show(effect);
        }
        self.backlog.change(&pending);
        made
    }

    fn show(&mut self, effect: Effect) {
        match effect {
            Effect::SetTenants(tenants) => self.directory.set_tenants(tenants),
            Effect::AddTenant(tenant) => self.directory.add_tenant(tenant),
            Effect::ChangeTenant { id, egress, settings } => self.directory.change_tenant(id, |tenant| {
                tenant.egress = egress;
                tenant.settings = settings;
            }),
            Effect::RemoveTenant(id) => self.directory.remove_tenant(id),
            Effect::PutUser { tenant, user } => self.directory.change_tenant(tenant, |tenant| {
                tenant.users.insert(user.id.clone(), user);
            }),
            Effect::RemoveUser { tenant, user } => self.directory.remove_user(tenant, &user),
            Effect::PutWebhook(webhook) => {
                let change = self.change_to(&webhook);
                self.directory.put_webhook(&webhook);
                self.tell(webhook, change);
            }
            Effect::RemoveWebhook(webhook) => {
                self.directory.remove_webhook(&webhook);
                self.tell(webhook, WebhookChange::Deleted);
            }
            Effect::Forgive(webhook) => {
                self.directory.forgive(webhook);
                self.counted.touch(webhook);
            }
            Effect::PutToken { token, now } => self.directory.put_token(token, now),
            Effect::RevokeToken { tenant, id } => self.directory.revoke_token(tenant, id),
            Effect::SavedUses(uses) => self.directory.token_uses_saved(&uses),
        }
    }

    fn change_to(&self, webhook: &Webhook) -> WebhookChange {
        match (self.directory.webhook(webhook.id), webhook.state) {
            (None, _) => WebhookChange::Created,
            (Some(before), WebhookState::Disabled(_)) if before.state == WebhookState::Enabled => {
                WebhookChange::Disabled
            }
            (Some(_), _) => WebhookChange::Changed,
        }
    }

    fn tell(&self, webhook: Arc<Webhook>, change: WebhookChange) {
        if self.bell.is_heard() {
            self.bell.ring(Happening::Webhook { webhook, change });
        }
    }
}
