//! HMAC with its keyed state computed once.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

/// The longest tag of any algorithm in bytes.
pub(super) const MAX_TAG: usize = 64;

/// A hash that HMAC is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

/// A key, absorbed, and what was signed so far. Zeroised on drop by the hash crates.
#[derive(Clone)]
pub(super) enum Mac {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
}

impl Mac {
    pub(super) fn new(hash: Hash, key: &[u8]) -> Self {
        const ANY: &str = "HMAC takes keys of any length";
        match hash {
            Hash::Sha1 => Self::Sha1(Hmac::new_from_slice(key).expect(ANY)),
            Hash::Sha256 => Self::Sha256(Hmac::new_from_slice(key).expect(ANY)),
            Hash::Sha512 => Self::Sha512(Hmac::new_from_slice(key).expect(ANY)),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(mac) => mac.update(bytes),
            Self::Sha256(mac) => mac.update(bytes),
            Self::Sha512(mac) => mac.update(bytes),
        }
    }

    /// The tag of what was taken in, and of this behind it.
    pub(super) fn tag<'a>(&self, rest: impl Iterator<Item = &'a [u8]>) -> Tag {
        match self {
            Self::Sha1(mac) => tag(mac, rest),
            Self::Sha256(mac) => tag(mac, rest),
            Self::Sha512(mac) => tag(mac, rest),
        }
    }
}

/// One for each hash, so that no state is moved that could be of another.
fn tag<'a, M: hmac::Mac + Clone>(mac: &M, rest: impl Iterator<Item = &'a [u8]>) -> Tag {
    let mut mac = mac.clone();
    rest.for_each(|part| mac.update(part));
    Tag::new(&mac.finalize().into_bytes())
}

/// A computed tag. It is what a forger wants, so it stays inside this module's users and is erased after use.
pub(super) struct Tag {
    bytes: [u8; MAX_TAG],
    len: usize,
}

impl Tag {
    pub(super) fn new(tag: &[u8]) -> Self {
        let mut bytes = [0; MAX_TAG];
        bytes[..tag.len()].copy_from_slice(tag);
        Self { bytes, len: tag.len() }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Compares in constant time; a tag of another length is never equal.
    pub(super) fn equals(&self, other: &[u8]) -> bool {
        self.as_bytes().ct_eq(other).into()
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        // What lies behind its end never held anything.
        self.bytes[..self.len].zeroize();
    }
}
