//! Tokens: making them for users, listing and revoking them, and handing out a short-lived bearer for an API key, as
//! Immuta does.

use core::time::Duration;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::OwnedMutexGuard;
use zeroize::Zeroizing;

use super::access::{Access, Operation};
use super::audit::Entry;
use super::{App, Error};
use crate::domain::{
    Actor, DialectId, IssuedToken, Principal, PublicId, Timestamp, Token, TokenHash, TokenOrigin, UserId,
};
use crate::storage::ApiKey;

/// How long a handed-out bearer is valid.
const VALIDITY: Duration = Duration::from_secs(60 * 60);

/// The most bearers of one user that are valid at a time: a client that asks for one before every request needs a
/// few, one that never stops asking must not fill the memory.
const MAX_VALID: usize = 1_000;

/// The most tokens of one user that are made through the API and valid at a time.
const MAX_TOKENS: usize = 100;

/// A token that somebody wants.
pub struct TokenDraft {
    /// Whose it will be; the principal's own when it is not said.
    pub user: Option<String>,
    /// What it is for.
    pub name: String,
    /// How long it is to be valid.
    pub lifetime: Lifetime,
}

/// How long a token is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until it is revoked.
    Endless,
    /// For this long from now on.
    For(Duration),
    /// Until then.
    Until(Timestamp),
}

/// A token that was made.
pub struct NewToken {
    /// What is known of it.
    pub token: Token,
    /// The token itself. It is not shown again.
    pub text: Zeroizing<String>,
}

impl App {
    /// Makes a token for a user of the tenant: an admin and an operator for anybody, others for themselves.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Invalid`], [`Error::LimitReached`]; [`Error::NotFound`] when there is no such user,
    /// or none the principal may make tokens for.
    pub async fn create_token(&self, principal: &Principal, draft: TokenDraft) -> Result<NewToken, Error> {
        let TokenDraft { user, name, lifetime } = draft;
        let access = self.authorise(principal, Operation::ManageTokens)?;
        let user = owner(&access, user.as_deref())?;
        if name.len() > 256 {
            return Err(Error::invalid("name", "a token's name is at most 256 bytes"));
        }
        let one_at_a_time = Arc::clone(&self.creating).lock_owned().await;
        let tenant = self.newest(&access.tenant)?;
        if !tenant.has(&user) {
            return Err(Error::NotFound("user"));
        }
        let now = self.clock.now();
        let expires_at = end(lifetime, now)?;
        hands_on_no_more(principal, &user, expires_at)?;
        if self.store.directory().count_issued(tenant.id, &user, false, now) >= MAX_TOKENS {
            return Err(Error::LimitReached { what: "tokens of this user", limit: MAX_TOKENS });
        }
        let text = self.token_text();
        let issued = IssuedToken {
            hash: TokenHash::of(&text),
            public_id: self.public_id(now),
            tenant: tenant.id,
            user,
            name,
            exchanged_for: None,
            issued_at: now,
            expires_at,
        };
        let token = Token::of(&issued, None);
        let entry = Entry::of(principal, "token.create").to("token", &token.id).with("user", &token.user);
        let entry = match expires_at {
            Some(end) => entry.with("expires_at", &end),
            None => entry,
        };
        self.issue(issued, entry, one_at_a_time).await?;
        Ok(NewToken { token, text })
    }

    /// The tokens the principal can see, in the order of their ids: those that were made here by age.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub fn list_tokens(&self, principal: &Principal) -> Result<Vec<Token>, Error> {
        let access = self.authorise(principal, Operation::ManageTokens)?;
        Ok(self.tokens_within(&access))
    }

    /// One token.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub fn read_token(&self, principal: &Principal, id: PublicId) -> Result<Token, Error> {
        let access = self.authorise(principal, Operation::ManageTokens)?;
        self.token_within(&access, id)
    }

    /// Revokes a token, and the bearers it was exchanged for: they open nothing any more.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`], [`Error::Configured`].
    pub async fn revoke_token(&self, principal: &Principal, id: PublicId) -> Result<(), Error> {
        let access = self.authorise(principal, Operation::ManageTokens)?;
        let one_at_a_time = Arc::clone(&self.creating).lock_owned().await;
        let token = self.token_within(&access, id)?;
        if token.origin == TokenOrigin::File {
            return Err(Error::Configured("token"));
        }
        let entry = Entry::of(principal, "token.revoke").to("token", &id).with("user", &token.user);
        let app = self.clone();
        self.to_the_end(async move {
            let _held = one_at_a_time;
            if !app.store.revoke_token(access.tenant.id, id).await? {
                return Err(Error::NotFound("token"));
            }
            app.auditor().record(entry).await;
            Ok(())
        })
        .await
    }

    fn tokens_within(&self, access: &Access) -> Vec<Token> {
        let mut tokens = self.store.directory().tokens_of(access.tenant.id, self.clock.now());
        tokens.retain(|token| access.reaches_user(&token.user));
        tokens
    }

    fn token_within(&self, access: &Access, id: PublicId) -> Result<Token, Error> {
        let found = self.tokens_within(access).into_iter().find(|token| token.id == id);
        found.ok_or(Error::NotFound("token"))
    }

    /// Exchanges an API key for a bearer that is valid for one hour, but no longer than the key. Bearers cannot be
    /// exchanged: one that could renew itself would outlive its hour.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when it is no API key of a user of a tenant of this dialect;
    /// [`Error::LimitReached`] when the user has very many valid bearers already.
    pub async fn exchange_api_key(&self, key: &str, dialect: DialectId) -> Result<Zeroizing<String>, Error> {
        let hash = TokenHash::of(key);
        self.usable_key(&hash, dialect)?;
        // One at a time, so that the count still holds when the token is there.
        let one_at_a_time = Arc::clone(&self.creating).lock_owned().await;
        // Once more: it may have been revoked meanwhile.
        let ApiKey { id: key, tenant, user, expires_at: key_ends } = self.usable_key(&hash, dialect)?;
        let directory = self.store.directory();
        let issued_at = self.clock.now();
        directory.note_token_use(&hash, issued_at);
        if directory.count_issued(tenant.id, &user, true, issued_at) >= MAX_VALID {
            return Err(Error::LimitReached { what: "valid bearers for one user", limit: MAX_VALID });
        }
        let ends = issued_at.saturating_add(VALIDITY).map_err(Error::bug)?;
        let text = self.token_text();
        let issued = IssuedToken {
            hash: TokenHash::of(&text),
            public_id: self.public_id(issued_at),
            tenant: tenant.id,
            user: user.clone(),
            name: String::new(),
            exchanged_for: Some(key),
            issued_at,
            expires_at: Some(key_ends.map_or(ends, |key_ends| ends.min(key_ends))),
        };
        let entry = Entry::by(Actor::User(user), Some(tenant.id), "token.exchange");
        let entry = entry.to("token", &issued.public_id).with("key", &key);
        self.issue(issued, entry, one_at_a_time).await?;
        Ok(text)
    }

    /// Makes a token durable. What was looked at before holds until then, even if the client hangs up: `held` is let go
    /// of here.
    async fn issue(&self, issued: IssuedToken, entry: Entry, held: OwnedMutexGuard<()>) -> Result<(), Error> {
        let app = self.clone();
        self.to_the_end(async move {
            app.store.issue_token(issued).await?;
            drop(held);
            app.auditor().record(entry).await;
            Ok(())
        })
        .await
    }

    fn usable_key(&self, hash: &TokenHash, dialect: DialectId) -> Result<ApiKey, Error> {
        let key = self.store.directory().api_key(hash, self.clock.now());
        let usable = key.filter(|key| key.tenant.dialect == dialect && key.tenant.has(&key.user));
        usable.ok_or(Error::Unauthenticated)
    }

    /// 256 bits of randomness as text, as `sigpost token` makes them.
    fn token_text(&self) -> Zeroizing<String> {
        let mut random = Zeroizing::new([0; 32]);
        self.rng.fill(random.as_mut());
        Zeroizing::new(URL_SAFE_NO_PAD.encode(random.as_ref()))
    }
}

/// Whose a new token will be.
fn owner(access: &Access, wanted: Option<&str>) -> Result<UserId, Error> {
    let Some(wanted) = wanted else {
        let missing = || Error::invalid("user", "user is required: an operator has no tokens in a tenant");
        return access.user.clone().ok_or_else(missing);
    };
    let user = UserId::new(wanted).filter(|user| access.reaches_user(user));
    user.ok_or(Error::NotFound("user"))
}

fn end(lifetime: Lifetime, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    match lifetime {
        Lifetime::Endless => Ok(None),
        Lifetime::For(duration) if duration.is_zero() => {
            Err(Error::invalid("expires_in", "expires_in must be longer than nothing"))
        }
        Lifetime::For(duration) => {
            let too_long = |_| Error::invalid("expires_in", "expires_in is too long");
            now.checked_add(duration).map(Some).map_err(too_long)
        }
        Lifetime::Until(end) if end <= now => {
            Err(Error::invalid("expires_at", "expires_at must lie in the future"))
        }
        Lifetime::Until(end) => Ok(Some(end)),
    }
}

/// A token that expires cannot make another of the same user that outlives it: otherwise it would not expire.
fn hands_on_no_more(principal: &Principal, user: &UserId, ends: Option<Timestamp>) -> Result<(), Error> {
    match principal {
        Principal::User { id, expires_at: Some(own), .. }
            if id == user && ends.is_none_or(|end| end > *own) =>
        {
            let message =
                format!("a token made with one that expires must expire with it, at {own}, at the latest");
            Err(Error::invalid("expires_at", message))
        }
        Principal::User { .. } | Principal::Operator { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_in_the_future_or_never() {
        let now = Timestamp::from_second(1_000).unwrap();
        let later = Timestamp::from_second(1_060).unwrap();
        assert_eq!(end(Lifetime::Endless, now), Ok(None));
        assert_eq!(end(Lifetime::For(Duration::from_secs(60)), now), Ok(Some(later)));
        assert_eq!(end(Lifetime::Until(later), now), Ok(Some(later)));
        for bad in [
            Lifetime::For(Duration::ZERO),
            Lifetime::For(Duration::from_secs(1 << 50)),
            Lifetime::Until(now),
            Lifetime::Until(Timestamp::UNIX_EPOCH),
        ] {
            assert!(matches!(end(bad, now), Err(Error::Invalid { .. })), "{bad:?}");
        }
    }
}
