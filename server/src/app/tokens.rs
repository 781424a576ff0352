//! Handing out a short-lived bearer for an API key, as Immuta does.

use core::time::Duration;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{App, Error};
use crate::domain::{DialectId, IssuedToken, TokenHash, TokenOwner};

/// How long a handed-out bearer is valid.
const VALIDITY: Duration = Duration::from_secs(60 * 60);

/// The most bearers of one user that are valid at a time: a client that asks for one before every request needs a
/// few, one that never stops asking must not fill the memory.
const MAX_VALID: usize = 1_000;

impl App {
    /// Exchanges an API key for a bearer that is valid for one hour. Only configured keys can be exchanged: a
    /// bearer that could renew itself would outlive its hour.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when it is no API key of a user of a tenant of this dialect;
    /// [`Error::LimitReached`] when the user has very many valid bearers already.
    pub async fn exchange_api_key(&self, key: &str, dialect: DialectId) -> Result<Zeroizing<String>, Error> {
        let directory = self.store.directory();
        let Some(TokenOwner::User { tenant, user }) = directory.api_key(&TokenHash::of(key)) else {
            return Err(Error::Unauthenticated);
        };
        let known =
            directory.tenant(tenant).is_some_and(|t| t.dialect == dialect && t.users.contains_key(&user));
        if !known {
            return Err(Error::Unauthenticated);
        }
        // One at a time, so that the count still holds when the token is there.
        let one_at_a_time = Arc::clone(&self.creating).lock_owned().await;
        let issued_at = self.clock.now();
        if directory.count_issued(tenant, &user, issued_at) >= MAX_VALID {
            return Err(Error::LimitReached { what: "valid bearers for one user", limit: MAX_VALID });
        }
        let mut random = Zeroizing::new([0; 32]);
        self.rng.fill(random.as_mut());
        let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(random.as_ref()));
        let issued = IssuedToken {
            hash: TokenHash::of(&token),
            tenant,
            user,
            issued_at,
            expires_at: issued_at.saturating_add(VALIDITY).map_err(|_| Error::Internal)?,
        };
        let store = Arc::clone(&self.store);
        self.to_the_end(async move {
            // In here, so that it is held to the end even if the client hangs up.
            let _held = one_at_a_time;
            store.issue_token(issued).await.map_err(Error::from)
        })
        .await?;
        Ok(token)
    }
}
