//! Bearer tokens. Only a digest is kept: who reads the store cannot use them.

use super::{PublicId, TenantId, Timestamp, UserId};

/// SHA-256 of a token. Tokens are 256 bits of randomness (or an operator's own), so a plain hash is enough: there
/// is nothing to guess that a slow hash would protect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token as presented.
    #[must_use]
    pub fn of(token: &str) -> Self {
        use sha2::{Digest, Sha256};
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Takes a hash as configured: 64 hex digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// Takes a hash as stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for storing.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Who presents a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenOwner {
    /// A user of a tenant.
    User {
        /// The tenant.
        tenant: TenantId,
        /// The user.
        user: UserId,
        /// When the token expires, if it does.
        expires_at: Option<Timestamp>,
    },
    /// An operator of the server, by name.
    Operator(String),
}

/// A token that was handed out through an API, as opposed to one that the configuration declares.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// Its hash.
    pub hash: TokenHash,
    /// The id it is shown by.
    pub public_id: PublicId,
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Whose it is.
    pub user: UserId,
    /// What it is for, in its maker's words.
    pub name: String,
    /// The API key it was exchanged for; `None`: it was made as a token of its own. It ends with its key.
    pub exchanged_for: Option<PublicId>,
    /// When it was handed out.
    pub issued_at: Timestamp,
    /// From then on it is worth nothing.
    pub expires_at: Option<Timestamp>,
}

impl IssuedToken {
    /// Whether it still opens anything.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// A token as it is shown: everything but itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: PublicId,
    /// Whose it is.
    pub user: UserId,
    /// What it is for; the configuration gives no names.
    pub name: Option<String>,
    /// When it was made, unless the configuration declares it.
    pub created_at: Option<Timestamp>,
    /// When it expires, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, as far as that is known.
    pub last_used_at: Option<Timestamp>,
    /// Where it comes from.
    pub origin: TokenOrigin,
}

impl Token {
    /// How one that was handed out is shown.
    #[must_use]
    pub fn of(issued: &IssuedToken, last_used_at: Option<Timestamp>) -> Self {
        let IssuedToken { hash: _, public_id, tenant: _, user, name, exchanged_for, issued_at, expires_at } =
            issued;
        Self {
            id: *public_id,
            user: user.clone(),
            name: Some(name.clone()),
            created_at: Some(*issued_at),
            expires_at: *expires_at,
            last_used_at,
            origin: match exchanged_for {
                None => TokenOrigin::Api,
                Some(_) => TokenOrigin::Exchange,
            },
        }
    }
}

/// Where a token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenOrigin {
    /// The configuration file declares it.
    File,
    /// It was made through the API.
    Api,
    /// It was exchanged for an API key, for an hour.
    Exchange,
}
