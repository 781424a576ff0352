//! The tenants, webhooks and tokens in memory: what publishing matches against and every attempt looks up.
//!
//! The store's writer is the only one who changes it, after the change is durable and before anybody is told. A
//! reader gets an `Arc` of one version of a webhook and keeps it as long as it likes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::domain::{
    Activity, EndedAttempt, IdMap, IssuedToken, Number, PublicId, Tenant, TenantId, Timestamp, Token,
    TokenHash, TokenOrigin, TokenOwner, UserId, Webhook, WebhookId,
};

/// The read model. Cheap to read from many threads at once.
#[derive(Default)]
pub struct Directory {
    inner: RwLock<Inner>,
    /// Apart from the rest: it changes with every commit of results.
    activities: RwLock<IdMap<WebhookId, Activity>>,
}

#[derive(Default)]
struct Inner {
    tenants: IdMap<TenantId, Arc<Tenant>>,
    tenants_by_name: HashMap<String, TenantId>,
    webhooks: IdMap<WebhookId, Arc<Webhook>>,
    by_tenant: IdMap<TenantId, BTreeMap<Number, Arc<Webhook>>>,
    configured_tokens: HashMap<TokenHash, TokenOwner>,
    issued_tokens: HashMap<TokenHash, IssuedToken>,
    uses: HashMap<TokenHash, LastUse>,
}

/// When a token was last used, in microseconds. It is told by many threads at once, so it is not behind the lock.
struct LastUse {
    at: AtomicI64,
    /// As of the last time it was made durable.
    saved: AtomicI64,
}

/// A token was never used.
const NEVER: i64 = i64::MIN;

impl Default for LastUse {
    fn default() -> Self {
        Self { at: AtomicI64::new(NEVER), saved: AtomicI64::new(NEVER) }
    }
}

impl LastUse {
    fn at(&self) -> Option<Timestamp> {
        Some(self.at.load(Ordering::Relaxed))
            .filter(|at| *at != NEVER)
            .and_then(|at| Timestamp::from_microsecond(at).ok())
    }
}

/// A token that is an API key: one that can be exchanged for bearers.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// Its id.
    pub id: PublicId,
    /// Its tenant, which is there.
    pub tenant: Arc<Tenant>,
    /// Whose it is.
    pub user: UserId,
    /// When it expires, if it does.
    pub expires_at: Option<Timestamp>,
}

impl Directory {
    /// A tenant that is declared, by the configuration or through the API.
    #[must_use]
    pub fn tenant(&self, id: TenantId) -> Option<Arc<Tenant>> {
        self.read().tenants.get(&id).cloned()
    }

    /// A tenant by its name.
    #[must_use]
    pub fn tenant_by_name(&self, name: &str) -> Option<Arc<Tenant>> {
        let inner = self.read();
        inner.tenants.get(inner.tenants_by_name.get(name)?).cloned()
    }

    /// All tenants that are declared.
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

    /// The webhooks that are wanted, of all tenants, also of those that are not declared (any more).
    pub fn webhooks(&self, wanted: impl Fn(&Webhook) -> bool) -> Vec<Arc<Webhook>> {
        self.read().webhooks.values().filter(|webhook| wanted(webhook)).cloned().collect()
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
        let issued = inner.issued_tokens.get(hash).filter(|token| token.is_valid(now))?;
        let IssuedToken { tenant, user, expires_at, .. } = issued;
        Some(TokenOwner::User { tenant: *tenant, user: user.clone(), expires_at: *expires_at })
    }

    /// Notes that a token is used. Only in memory: see [`Directory::unsaved_token_uses`].
    pub fn note_token_use(&self, hash: &TokenHash, now: Timestamp) {
        if let Some(last) = self.read().uses.get(hash) {
            last.at.fetch_max(now.as_microsecond(), Ordering::Relaxed);
        }
    }

    /// The tokens that were used since that was last made durable, and when.
    #[must_use]
    pub fn unsaved_token_uses(&self) -> Vec<(TokenHash, Timestamp)> {
        let inner = self.read();
        let unsaved = |last: &&LastUse| last.at.load(Ordering::Relaxed) > last.saved.load(Ordering::Relaxed);
        let uses = inner.uses.iter().map(|(hash, last)| (hash, Some(last).filter(unsaved)));
        uses.filter_map(|(hash, last)| Some((*hash, last?.at()?))).collect()
    }

    /// Which API key of a user of a tenant this is: a token that was not itself exchanged for one.
    #[must_use]
    pub fn api_key(&self, hash: &TokenHash, now: Timestamp) -> Option<ApiKey> {
        let inner = self.read();
        if let Some(owner) = inner.configured_tokens.get(hash) {
            let TokenOwner::User { tenant, user, expires_at } = owner else { return None };
            let tenant = inner.tenants.get(tenant)?;
            let id = PublicId::of_configured_token(&tenant.uid, user, hash);
            return Some(ApiKey {
                id,
                tenant: Arc::clone(tenant),
                user: user.clone(),
                expires_at: *expires_at,
            });
        }
        let issued = inner.issued_tokens.get(hash).filter(|token| token.is_valid(now))?;
        let IssuedToken { public_id, tenant, user, exchanged_for: None, expires_at, .. } = issued else {
            return None;
        };
        let tenant = Arc::clone(inner.tenants.get(tenant)?);
        Some(ApiKey { id: *public_id, tenant, user: user.clone(), expires_at: *expires_at })
    }

    /// The tokens of a tenant's users that open something, in the order of their ids. It looks at the tokens of all
    /// tenants.
    #[must_use]
    pub fn tokens_of(&self, tenant: TenantId, now: Timestamp) -> Vec<Token> {
        let inner = self.read();
        let Some(found) = inner.tenants.get(&tenant) else { return Vec::new() };
        let last_used_at = |hash| inner.uses.get(hash).and_then(LastUse::at);
        let configured = inner.configured_tokens.iter().filter_map(|(hash, owner)| match owner {
            TokenOwner::User { tenant: of, user, expires_at } if *of == tenant => Some(Token {
                id: PublicId::of_configured_token(&found.uid, user, hash),
                user: user.clone(),
                name: None,
                created_at: None,
                expires_at: *expires_at,
                last_used_at: last_used_at(hash),
                origin: TokenOrigin::File,
            }),
            TokenOwner::User { .. } | TokenOwner::Operator(_) => None,
        });
        let issued = inner.issued_tokens.values();
        let issued = issued
            .filter(|token| token.tenant == tenant && token.is_valid(now))
            .map(|token| Token::of(token, last_used_at(&token.hash)));
        let mut tokens: Vec<_> = configured.chain(issued).collect();
        tokens.sort_unstable_by_key(|token| token.id);
        tokens
    }

    /// How many handed-out tokens of a user are valid: those exchanged for an API key, or those that are not.
    #[must_use]
    pub fn count_issued(&self, tenant: TenantId, user: &UserId, exchanged: bool, now: Timestamp) -> usize {
        let inner = self.read();
        let counts = |token: &&IssuedToken| {
            token.tenant == tenant
                && token.user == *user
                && token.exchanged_for.is_some() == exchanged
                && token.is_valid(now)
        };
        inner.issued_tokens.values().filter(counts).count()
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

    /// Replaces the tokens that the configuration declares. Bearers that were exchanged for others open nothing any more:
    /// a key that leaked is taken out of the file.
    pub fn set_configured_tokens(&self, tokens: HashMap<TokenHash, TokenOwner>) {
        let mut inner = self.write();
        let id = |(hash, owner): (&TokenHash, &TokenOwner)| match owner {
            TokenOwner::User { tenant, user, expires_at: _ } => {
                let uid = &inner.tenants.get(tenant)?.uid;
                Some(PublicId::of_configured_token(uid, user, hash))
            }
            TokenOwner::Operator(_) => None,
        };
        let configured = tokens.iter().filter_map(id);
        let keys: HashSet<_> =
            configured.chain(inner.issued_tokens.values().map(|token| token.public_id)).collect();
        inner.forget_tokens(|token| token.exchanged_for.is_some_and(|key| !keys.contains(&key)));
        let Inner { issued_tokens, uses, .. } = &mut *inner;
        // Those that it no longer declares are not used any more.
        uses.retain(|hash, _| tokens.contains_key(hash) || issued_tokens.contains_key(hash));
        for hash in tokens.keys() {
            uses.entry(*hash).or_default();
        }
        inner.configured_tokens = tokens;
    }

    /// Replaces the tenants.
    pub(in crate::storage) fn set_tenants(&self, tenants: Vec<Arc<Tenant>>) {
        let mut inner = self.write();
        inner.tenants_by_name = tenants.iter().map(|tenant| (tenant.name.clone(), tenant.id)).collect();
        inner.tenants = tenants.into_iter().map(|tenant| (tenant.id, tenant)).collect();
    }

    /// Shows a tenant.
    pub(in crate::storage) fn add_tenant(&self, tenant: Arc<Tenant>) {
        let mut inner = self.write();
        inner.tenants_by_name.insert(tenant.name.clone(), tenant.id);
        inner.tenants.insert(tenant.id, tenant);
    }

    /// Shows a new version of a tenant. Whoever holds the old one sees by the pointer that it is not the newest.
    pub(in crate::storage) fn change_tenant(&self, id: TenantId, change: impl FnOnce(&mut Tenant)) {
        let mut inner = self.write();
        if let Some(tenant) = inner.tenants.get_mut(&id) {
            let mut changed = Tenant::clone(tenant);
            change(&mut changed);
            *tenant = Arc::new(changed);
        }
    }

    /// Hides a tenant, and forgets the tokens that were handed out to its users.
    pub(in crate::storage) fn remove_tenant(&self, id: TenantId) {
        let mut inner = self.write();
        if let Some(tenant) = inner.tenants.remove(&id) {
            inner.tenants_by_name.remove(&tenant.name);
        }
        inner.forget_tokens(|token| token.tenant == id);
    }

    /// Hides a user, and forgets the tokens that were handed out to it.
    pub(in crate::storage) fn remove_user(&self, tenant: TenantId, user: &UserId) {
        self.change_tenant(tenant, |tenant| {
            tenant.users.remove(user);
        });
        self.write().forget_tokens(|token| token.tenant == tenant && token.user == *user);
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
        inner.forget_tokens(|token| !token.is_valid(now));
        inner.uses.entry(token.hash).or_default();
        inner.issued_tokens.insert(token.hash, token);
    }

    /// Shows what was handed out before the store was opened.
    pub(in crate::storage) fn load_tokens(&self, tokens: Vec<IssuedToken>) {
        let mut inner = self.write();
        for token in tokens {
            inner.uses.entry(token.hash).or_default();
            inner.issued_tokens.insert(token.hash, token);
        }
    }

    /// Forgets a token that was handed out, and those it was exchanged for.
    pub(in crate::storage) fn revoke_token(&self, tenant: TenantId, id: PublicId) {
        self.write().forget_tokens(|token| {
            token.tenant == tenant && (token.public_id == id || token.exchanged_for == Some(id))
        });
    }

    /// Takes over when tokens were used before the store was opened.
    pub(in crate::storage) fn load_token_uses(&self, uses: &[(TokenHash, Timestamp)]) {
        let mut inner = self.write();
        for (hash, at) in uses {
            let at = at.as_microsecond();
            inner.uses.insert(*hash, LastUse { at: AtomicI64::new(at), saved: AtomicI64::new(at) });
        }
    }

    /// These uses are durable.
    pub(in crate::storage) fn token_uses_saved(&self, uses: &[(TokenHash, Timestamp)]) {
        let inner = self.read();
        for (hash, at) in uses {
            if let Some(last) = inner.uses.get(hash) {
                last.saved.fetch_max(at.as_microsecond(), Ordering::Relaxed);
            }
        }
    }

    /// A thread that panicked while it held the lock left whole values behind: every change consists of single inserts
    /// and removes, and what is missing of it hides something. Going on is safe.
    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn forget_tokens(&mut self, which: impl Fn(&IssuedToken) -> bool) {
        let uses = &mut self.uses;
        self.issued_tokens.retain(|hash, token| {
            let kept = !which(token);
            if !kept {
                uses.remove(hash);
            }
            kept
        });
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
