//! HMAC with its keyed state computed once.

use alloc::vec::Vec;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

use super::scheme::{Algorithm, KeyForm, Part, Scheme};
use super::secret::{Secret, standard_key};

/// The longest tag of any algorithm in bytes.
pub(super) const MAX_TAG: usize = 32;

/// A key, absorbed: signing starts from a copy of this state, without hashing the key again. Zeroised on drop by the
/// hash crates.
#[derive(Clone)]
pub(super) enum Keyed {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
}

/// What is signed besides the body and fixed texts.
#[derive(Clone, Copy)]
pub(super) struct Envelope<'a> {
    pub(super) id: &'a str,
    pub(super) timestamp: &'a str,
}

impl<'a> Envelope<'a> {
    fn text(self, part: &'a Part) -> &'a [u8] {
        match part {
            Part::Body => &[],
            Part::Id => self.id.as_bytes(),
            Part::Timestamp => self.timestamp.as_bytes(),
            Part::Literal(text) => text.as_bytes(),
        }
    }

    /// What is signed after the body; empty for every preset.
    pub(super) fn after_body(self, parts: &'a [Part]) -> Vec<u8> {
        let after = parts.iter().skip_while(|part| **part != Part::Body);
        after.flat_map(|part| self.text(part)).copied().collect()
    }
}

/// A computed tag. It is what a forger wants, so it stays inside this module's users and is erased after use.
pub(super) struct Tag {
    bytes: [u8; MAX_TAG],
    len: usize,
}

impl Keyed {
    pub(super) fn new(scheme: &Scheme, secret: &Secret) -> Self {
        match scheme.key {
            KeyForm::Whole => Self::absorb(scheme.algorithm, secret.as_bytes()),
            KeyForm::StandardWebhooks => Self::absorb(scheme.algorithm, standard_key(secret).as_bytes()),
        }
    }

    fn absorb(algorithm: Algorithm, key: &[u8]) -> Self {
        const ANY: &str = "HMAC takes keys of any length";
        match algorithm {
            Algorithm::HmacSha1 => Self::Sha1(Hmac::new_from_slice(key).expect(ANY)),
            Algorithm::HmacSha256 => Self::Sha256(Hmac::new_from_slice(key).expect(ANY)),
        }
    }

    /// A copy that has absorbed what is signed before the body.
    pub(super) fn before_body(&self, parts: &[Part], envelope: Envelope<'_>) -> Self {
        let mut state = self.clone();
        for part in parts.iter().take_while(|part| **part != Part::Body) {
            state.update(envelope.text(part));
        }
        state
    }

    /// The tag over a body that is at hand. Allocates nothing.
    pub(super) fn tag(&self, parts: &[Part], envelope: Envelope<'_>, body: &[u8]) -> Tag {
        let mut state = self.clone();
        for part in parts {
            state.update(if *part == Part::Body { body } else { envelope.text(part) });
        }
        state.finish()
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(mac) => mac.update(bytes),
            Self::Sha256(mac) => mac.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Tag {
        match self {
            Self::Sha1(mac) => Tag::new(&mac.finalize().into_bytes()),
            Self::Sha256(mac) => Tag::new(&mac.finalize().into_bytes()),
        }
    }
}

impl Tag {
    fn new(tag: &[u8]) -> Self {
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
        self.bytes.zeroize();
    }
}
