//! A key of whatever algorithm, absorbed once, and the parts of a message fed to it in their order.

use alloc::vec::Vec;
use core::fmt;

use super::ed25519::{Private, Public};
use super::header::Candidate;
use super::mac::{Hash, Mac, Tag};
use super::scheme::{Algorithm, KeyForm, Part, Scheme};
use super::secret::{Secret, base64_key, is_blank, is_ed25519, standard_key};

/// Why a secret is no key of a scheme. It does not hold the secret.
///
/// ```
/// use sigpost_core::signature::{KeyError, Scheme, Secret, Verifier};
/// let quoted = Secret::new("\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"").unwrap();
/// assert_eq!(Verifier::new(Scheme::SVIX, &[quoted]).err(), Some(KeyError::NotBase64));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The scheme's secrets are base64, and this one is not.
    NotBase64,
    /// The scheme's keys are Ed25519 keys, and this one is not, or a weak one.
    NotEd25519,
    /// A public key cannot sign.
    PublicKey,
    /// An Ed25519 key is no secret of an HMAC: everybody may know its public half.
    Ed25519,
    /// The key is nothing but zeros or white space, so anybody could sign with it.
    Blank,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotBase64 => {
                "this scheme's secrets are base64, behind whsec_ or without it: copy the whole of it, with nothing around it"
            }
            Self::NotEd25519 => {
                "this scheme's keys are whpk_ and base64 of 32 bytes, or whsk_ and base64 of 64 (the seed and its public key)"
            }
            Self::PublicKey => "a public key (whpk_) verifies; to sign, give the private one (whsk_)",
            Self::Ed25519 => "this is an Ed25519 key (whpk_ or whsk_), and the scheme takes a shared secret",
            Self::Blank => "the key is nothing but zeros or white space: anybody could sign with it",
        })
    }
}

impl core::error::Error for KeyError {}

/// What is signed besides the body and fixed texts.
#[derive(Clone, Copy)]
pub(super) struct Envelope<'a> {
    pub(super) id: &'a str,
    pub(super) timestamp: &'a str,
}

impl Envelope<'_> {
    fn text<'a>(&'a self, part: &'a Part) -> &'a [u8] {
        match part {
            Part::Body => &[],
            Part::Id => self.id.as_bytes(),
            Part::Timestamp => self.timestamp.as_bytes(),
            Part::Literal(text) => text.as_bytes(),
        }
    }

    /// What is signed before the body.
    pub(super) fn before_body<'a>(&'a self, parts: &'a [Part]) -> impl Iterator<Item = &'a [u8]> {
        parts.iter().take_while(|part| !matches!(part, Part::Body)).map(move |part| self.text(part))
    }

    /// What is signed after the body; nothing for every preset.
    pub(super) fn after_body<'a>(&'a self, parts: &'a [Part]) -> impl Iterator<Item = &'a [u8]> {
        parts.iter().skip_while(|part| !matches!(part, Part::Body)).map(move |part| self.text(part))
    }
}

/// A key that signs, or verifies, by HMAC or as `Key` does. Copies start from here, without hashing the key again.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "a box would cost every verification an allocation")]
pub(super) enum Keyed<Key> {
    Mac(Mac),
    /// Ed25519 reads the message twice, so it is kept.
    Ed25519(Key, Vec<u8>),
}

pub(super) type SigningKey = Keyed<Private>;
pub(super) type VerifyingKey = Keyed<Public>;

impl<Key> Keyed<Key> {
    fn new(
        scheme: &Scheme,
        secret: &Secret,
        ed25519: impl FnOnce(&Secret) -> Result<Key, KeyError>,
    ) -> Result<Self, KeyError> {
        let Some(hash) = hash_of(scheme.algorithm) else {
            return Ok(Self::Ed25519(ed25519(secret)?, Vec::new()));
        };
        if is_ed25519(secret) {
            return Err(KeyError::Ed25519);
        }
        let (standard, decoded);
        let key = match scheme.key {
            KeyForm::StandardWebhooks => {
                standard = standard_key(secret);
                standard.as_bytes()
            }
            KeyForm::Base64 => {
                decoded = base64_key(secret).ok_or(KeyError::NotBase64)?;
                decoded.as_slice()
            }
            // That Ed25519's form is Ed25519's alone is a rule of schemes.
            _ => secret.as_bytes(),
        };
        if is_blank(key) { Err(KeyError::Blank) } else { Ok(Self::Mac(Mac::new(hash, key))) }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Mac(mac) => mac.update(bytes),
            Self::Ed25519(_, message) => message.extend_from_slice(bytes),
        }
    }

    pub(super) fn update_all<'a>(&mut self, parts: impl Iterator<Item = &'a [u8]>) {
        parts.for_each(|part| self.update(part));
    }
}

impl SigningKey {
    pub(super) fn for_signing(scheme: &Scheme, secret: &Secret) -> Result<Self, KeyError> {
        Self::new(scheme, secret, Private::new)
    }

    /// The signature of what was taken in, and of this behind it.
    pub(super) fn sign<'a>(&self, rest: impl Iterator<Item = &'a [u8]>) -> Tag {
        match self {
            Self::Mac(mac) => mac.tag(rest),
            Self::Ed25519(key, message) => Tag::new(&key.sign(&whole(message, rest))),
        }
    }
}

impl VerifyingKey {
    pub(super) fn for_verifying(scheme: &Scheme, secret: &Secret) -> Result<Self, KeyError> {
        Self::new(scheme, secret, Public::new)
    }

    /// Whether one of the candidates is the signature of what was taken in, and of this behind it.
    pub(super) fn verifies<'a>(
        &self,
        rest: impl Iterator<Item = &'a [u8]>,
        first: &Candidate,
        mut more: impl Iterator<Item = Candidate>,
    ) -> bool {
        let mut any = |is: &dyn Fn(&[u8]) -> bool| {
            is(first.as_bytes()) || more.any(|candidate| is(candidate.as_bytes()))
        };
        match self {
            Self::Mac(mac) => {
                let tag = mac.tag(rest);
                any(&|candidate| tag.equals(candidate))
            }
            Self::Ed25519(key, message) => {
                let message = whole(message, rest);
                any(&|candidate| key.verifies(&message, candidate))
            }
        }
    }
}

fn whole<'a>(message: &[u8], rest: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut whole = message.to_vec();
    rest.for_each(|part| whole.extend_from_slice(part));
    whole
}

/// The hash of an HMAC; none if the algorithm is no HMAC.
pub(super) const fn hash_of(algorithm: Algorithm) -> Option<Hash> {
    match algorithm {
        Algorithm::HmacSha1 => Some(Hash::Sha1),
        Algorithm::HmacSha256 => Some(Hash::Sha256),
        Algorithm::HmacSha512 => Some(Hash::Sha512),
        #[cfg(feature = "ed25519")]
        Algorithm::Ed25519 => None,
    }
}
