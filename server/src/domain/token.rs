//! Bearer tokens. Only a digest is kept: who reads the store cannot use them.

use super::{TenantId, Timestamp, UserId};

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
    },
    /// An operator of the server, by name.
    Operator(String),
}

/// A token that was handed out through an API, as opposed to one that the configuration declares.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// Its hash.
    pub hash: TokenHash,
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Whose it is.
    pub user: UserId,
    /// When it was handed out.
    pub issued_at: Timestamp,
    /// From then on it is worth nothing.
    pub expires_at: Timestamp,
}
