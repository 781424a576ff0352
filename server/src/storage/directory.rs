//! The tenants, webhooks and tokens in memory: what publishing matches against and every attempt looks up.
//!
//! The store's writer is the only one who changes it, after the change is durable and before anybody is told. A
//! reader gets an `Arc` of one version of a webhook and keeps it as long as it likes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::domain::{
    Activity, EndedAttempt, IssuedToken, Number, PublicId, Tenant, TenantId, Timestamp, TokenHash,
    TokenOwner, UserId, Webhook, WebhookId,
};

/// The read model. Cheap to read from many threads at once.
#[derive(Default)]
pub struct Directory {
    inner: RwLock<Inner>,
    /// Apart from the rest: it changes with every commit of results.
    activities: RwLock<HashMap<WebhookId, Activity>>,
}

#[derive(Default)]
struct Inner {
    tenants: HashMap<TenantId, Arc<Tenant>>,
    tenants_by_name: HashMap<String, TenantId>,
    webhooks: HashMap<WebhookId, Arc<Webhook>>,
    by_tenant: HashMap<TenantId, BTreeMap<Number, Arc<Webhook>>>,
    configured_tokens: HashMap<TokenHash, TokenOwner>,
    issued_tokens: HashMap<TokenHash, IssuedToken>,
}

impl Directory {
    /// A tenant that is configured.
    #[must_use]
    pub fn tenant(&self, id: TenantId) -> Option<Arc<Tenant>> {
        self.read().tenants.get(&id).cloned()
    }

    /// A tenant by its configured name.
    #[must_use]
    pub fn tenant_by_name(&self, name: &str) -> Option<Arc<Tenant>> {
        let inner = self.read();
        inner.tenants.get(inner.tenants_by_name.get(name)?).cloned()
    }

    /// All configured tenants.
    #[must_use]
    pub fn tenants(&self) -> Vec<Arc<Tenant>> {
        self.read().tenants.values().cloned().collect()
    }

    /// The newest version of a webhook, if it has not been deleted.
    #[must_use]
    pub fn webhook(&self, id: WebhookId) -> Option<Arc<Webhook>> {
        self.read().webhooks.get(&id).cloned()
    }

    /// A tenant's webhook by its number.
    #[must_use]
    pub fn webhook_by_number(&self, tenant: TenantId, number: Number) -> Option<Arc<Webhook>> {
        self.read().by_tenant.get(&tenant)?.get(&number).cloned()
    }

    /// A tenant's webhook by its public id. It looks at all of them: they are few (`Profile::quota`).
    #[must_use]
    pub fn webhook_by_public_id(&self, tenant: TenantId, id: PublicId) -> Option<Arc<Webhook>> {
        self.read().by_tenant.get(&tenant)?.values().find(|webhook| webhook.public_id == id).cloned()
    }

    /// A tenant's webhooks in the order of their numbers.
    #[must_use]
    pub fn webhooks_of(&self, tenant: TenantId) -> Vec<Arc<Webhook>> {
        self.read().by_tenant.get(&tenant).map(|all| all.values().cloned().collect()).unwrap_or_default()
    }

    /// The webhooks of a tenant that an event concerns, in the order of their numbers.
    pub fn matching(&self, tenant: TenantId, wanted: impl Fn(&Webhook) -> bool) -> Vec<Arc<Webhook>> {
        let inner = self.read();
        let all = inner.by_tenant.get(&tenant).into_iter().flat_map(BTreeMap::values);
        all.filter(|webhook| wanted(webhook)).cloned().collect()
    }

    /// How many webhooks a tenant has.
    #[must_use]
    pub fn count_webhooks(&self, tenant: TenantId) -> usize {
        self.read().by_tenant.get(&tenant).map_or(0, BTreeMap::len)
    }

    /// How many webhooks of a tenant a user owns.
    #[must_use]
    pub fn count_webhooks_of(&self, tenant: TenantId, owner: &UserId) -> usize {
        let inner = self.read();
        let all = inner.by_tenant.get(&tenant).into_iter().flat_map(BTreeMap::values);
        all.filter(|webhook| webhook.owner == *owner).count()
    }

    /// Who holds a token, unless it is unknown or has expired.
    #[must_use]
    pub fn token(&self, hash: &TokenHash, now: Timestamp) -> Option<TokenOwner> {
        let inner = self.read();
        if let Some(owner) = inner.configured_tokens.get(hash) {
            return Some(owner.clone());
        }
        let issued = inner.issued_tokens.get(hash).filter(|token| now < token.expires_at)?;
        Some(TokenOwner::User { tenant: issued.tenant, user: issued.user.clone() })
    }

    /// Who holds an API key: a token that does not expire by itself.
    #[must_use]
    pub fn api_key(&self, hash: &TokenHash) -> Option<TokenOwner> {
        self.read().configured_tokens.get(hash).cloned()
    }

    /// How many handed-out tokens of a user are valid.
    #[must_use]
    pub fn count_issued(&self, tenant: TenantId, user: &UserId, now: Timestamp) -> usize {
        let inner = self.read();
        let of_user =
            |token: &&IssuedToken| token.tenant == tenant && token.user == *user && now < token.expires_at;
        inner.issued_tokens.values().filter(of_user).count()
    }

    /// How a webhook is doing.
    #[must_use]
    pub fn activity(&self, webhook: WebhookId) -> Activity {
        let activities = self.activities.read().unwrap_or_else(PoisonError::into_inner);
        activities.get(&webhook).copied().unwrap_or_default()
    }

    /// Takes in attempts that have become durable.
    pub(in crate::storage) fn learn(&self, ended: &[EndedAttempt]) {
        if ended.is_empty() {
            return;
        }
        let mut activities = self.activities.write().unwrap_or_else(PoisonError::into_inner);
        for attempt in ended {
            activities.entry(attempt.webhook).or_default().learn(attempt);
        }
    }

    /// Forgives a webhook its failures.
    pub(in crate::storage) fn forgive(&self, webhook: WebhookId) {
        let mut activities = self.activities.write().unwrap_or_else(PoisonError::into_inner);
        activities.entry(webhook).or_default().forgive();
    }

    /// Sets what was stored.
    pub(in crate::storage) fn set_activity(&self, webhook: WebhookId, activity: Activity) {
        self.activities.write().unwrap_or_else(PoisonError::into_inner).insert(webhook, activity);
    }

    /// Replaces the tokens that the configuration declares.
    pub fn set_configured_tokens(&self, tokens: HashMap<TokenHash, TokenOwner>) {
        self.write().configured_tokens = tokens;
    }

    /// Replaces the tenants.
    pub(in crate::storage) fn set_tenants(&self, tenants: Vec<Arc<Tenant>>) {
        let mut inner = self.write();
        inner.tenants_by_name = tenants.iter().map(|tenant| (tenant.name.clone(), tenant.id)).collect();
        inner.tenants = tenants.into_iter().map(|tenant| (tenant.id, tenant)).collect();
    }

    /// Shows a webhook, or a newer version of it.
    pub(in crate::storage) fn put_webhook(&self, webhook: &Arc<Webhook>) {
        let mut inner = self.write();
        inner.webhooks.insert(webhook.id, Arc::clone(webhook));
        inner.by_tenant.entry(webhook.tenant).or_default().insert(webhook.number, Arc::clone(webhook));
    }

    /// Hides a webhook that was deleted.
    pub(in crate::storage) fn remove_webhook(&self, webhook: &Webhook) {
        let mut inner = self.write();
        inner.webhooks.remove(&webhook.id);
        self.activities.write().unwrap_or_else(PoisonError::into_inner).remove(&webhook.id);
        if let Some(all) = inner.by_tenant.get_mut(&webhook.tenant) {
            all.remove(&webhook.number);
        }
    }

    /// Shows a token that was handed out, and forgets those that have expired.
    pub(in crate::storage) fn put_token(&self, token: IssuedToken, now: Timestamp) {
        let mut inner = self.write();
        inner.issued_tokens.retain(|_, token| now < token.expires_at);
        inner.issued_tokens.insert(token.hash, token);
    }

    /// A thread that panicked while it held the lock left whole values behind: every change is a single insert or
    /// remove. Going on is safe.
    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For tests of those who read the directory, whose stores are fakes.
#[cfg(test)]
impl Directory {
    pub(crate) fn test_set_tenants(&self, tenants: Vec<Arc<Tenant>>) {
        self.set_tenants(tenants);
    }

    pub(crate) fn test_put_webhook(&self, webhook: &Arc<Webhook>) {
        self.put_webhook(webhook);
    }

    pub(crate) fn test_remove_webhook(&self, webhook: &Webhook) {
        self.remove_webhook(webhook);
    }

    pub(crate) fn test_set_activity(&self, webhook: WebhookId, activity: Activity) {
        self.set_activity(webhook, activity);
    }
}
