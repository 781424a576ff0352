//! What the rest of the server asks of a store about tenants, users and tokens that are made through the API, beside
//! those the configuration declares.

use std::sync::Arc;

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{
    Egress, IssuedToken, PublicId, Settings, Tenant, TenantId, TenantSpec, Timestamp, TokenHash, User, UserId,
};

/// Tenants, users and tokens. What the configuration declares cannot be changed here.
#[async_trait]
pub trait Tenancy: Send + Sync + 'static {
    /// Makes a tenant, without users. `None` when there is one of this name. One that was there before, and was
    /// deleted or is no longer configured, gets its webhooks and their history back, but neither users nor tokens.
    ///
    /// # Errors
    /// [`StoreError::DialectChanged`] when one of this name was there before with another dialect.
    async fn create_tenant(
        &self,
        tenant: TenantSpec,
        at: Timestamp,
    ) -> Result<Option<Arc<Tenant>>, StoreError>;

    /// Gives a tenant that was made here other egress rules and settings. `false` when there is none (any more).
    async fn update_tenant(
        &self,
        tenant: TenantId,
        egress: Egress,
        settings: Settings,
    ) -> Result<bool, StoreError>;

    /// Deletes a tenant that was made here, with its users and tokens; it disappears from the directory. Its webhooks
    /// and what is pending for them stay as those of a tenant that is no longer configured do. `false` when there is
    /// none (any more).
    async fn delete_tenant(&self, tenant: TenantId, at: Timestamp) -> Result<bool, StoreError>;

    /// Adds a user to a tenant, be it configured or not. `false` when it has one of this id, or is not there (any
    /// more).
    async fn create_user(&self, tenant: TenantId, user: User) -> Result<bool, StoreError>;

    /// Changes a user that was made here. `false` when there is none (any more).
    async fn update_user(&self, tenant: TenantId, user: User) -> Result<bool, StoreError>;

    /// Deletes a user that was made here, with its tokens. `false` when there is none (any more).
    async fn delete_user(&self, tenant: TenantId, user: UserId) -> Result<bool, StoreError>;

    /// Stores a token that was handed out; expired ones are swept out with it.
    async fn issue_token(&self, token: IssuedToken) -> Result<(), StoreError>;

    /// Deletes a token that was handed out, and those it was exchanged for. `false` when there is none (any more).
    async fn revoke_token(&self, tenant: TenantId, id: PublicId) -> Result<bool, StoreError>;

    /// Keeps when tokens were last used.
    async fn save_token_uses(&self, uses: Vec<(TokenHash, Timestamp)>) -> Result<(), StoreError>;
}
