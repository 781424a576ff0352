//! From a token to a principal.

use super::{App, Error};
use crate::domain::{Principal, TokenHash, TokenOwner};

impl App {
    /// Who holds this token. An operator may name a tenant to act in; for anybody else the token names it.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for an unknown or expired token, or one whose user or tenant is no longer
    /// there; [`Error::NotFound`] when an operator names a tenant that is not there.
    pub fn authenticate(&self, token: &str, acting_in: Option<&str>) -> Result<Principal, Error> {
        let directory = self.store.directory();
        let (hash, now) = (TokenHash::of(token), self.clock.now());
        let owner = directory.token(&hash, now).ok_or(Error::Unauthenticated)?;
        let principal = match owner {
            TokenOwner::User { tenant, user, expires_at } => {
                let tenant = directory.tenant(tenant).ok_or(Error::Unauthenticated)?;
                let roles = tenant.users.get(&user).ok_or(Error::Unauthenticated)?.roles;
                Principal::User { tenant, id: user, roles, expires_at }
            }
            TokenOwner::Operator(name) => {
                let acting_in = acting_in
                    .map(|tenant| directory.tenant_by_name(tenant).ok_or(Error::NotFound("tenant")))
                    .transpose()?;
                Principal::Operator { name, acting_in }
            }
        };
        directory.note_token_use(&hash, now);
        Ok(principal)
    }
}
