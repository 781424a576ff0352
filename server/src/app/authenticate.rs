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
        let hash = TokenHash::of(token);
        let principal = self.holder(hash, acting_in)?;
        self.store.directory().note_token_use(&hash, self.clock.now());
        Ok(principal)
    }

    /// Who makes this request. That needs no right but to be known: it tells nobody more than they came with.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] once the token, its user or its tenant is no longer there.
    pub fn read_caller(&self, principal: &Principal) -> Result<Principal, Error> {
        self.still(principal)
    }

    /// Who the principal is by now. A request may take half a minute to come in: whose token was revoked meanwhile, or
    /// whose role was taken away, must not act by what held at its head.
    pub(super) fn still(&self, principal: &Principal) -> Result<Principal, Error> {
        match principal {
            Principal::User { token, .. } => self.holder(*token, None),
            Principal::Operator { token, name: _, acting_in } => {
                self.holder(*token, acting_in.as_ref().map(|tenant| &*tenant.name))
            }
        }
    }

    fn holder(&self, token: TokenHash, acting_in: Option<&str>) -> Result<Principal, Error> {
        let directory = self.store.directory();
        match directory.token(&token, self.clock.now()).ok_or(Error::Unauthenticated)? {
            TokenOwner::User { tenant, user, expires_at } => {
                let tenant = directory.tenant(tenant).ok_or(Error::Unauthenticated)?;
                let roles = tenant.users.get(&user).ok_or(Error::Unauthenticated)?.roles;
                Ok(Principal::User { token, tenant, id: user, roles, expires_at })
            }
            TokenOwner::Operator(name) => {
                let acting_in = acting_in
                    .map(|tenant| directory.tenant_by_name(tenant).ok_or(Error::NotFound("tenant")))
                    .transpose()?;
                Ok(Principal::Operator { token, name, acting_in })
            }
        }
    }
}
