use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::super::keyed::KeyError;
use super::super::mac::MAX_TAG;
use super::super::secret::{Secret, base64_after};

const PUBLIC: &str = "whpk_";
const PRIVATE: &str = "whsk_";

/// A key that signs; erased when dropped, by its crate.
#[derive(Clone)]
pub(in super::super) struct Private(SigningKey);

/// A key that verifies.
#[derive(Clone)]
pub(in super::super) struct Public(VerifyingKey);

impl Private {
    pub(in super::super) fn new(secret: &Secret) -> Result<Self, KeyError> {
        match (base64_after(PRIVATE, secret), base64_after(PUBLIC, secret)) {
            (Some(key), _) => read(&key),
            (None, Some(_)) => Err(KeyError::PublicKey),
            (None, None) => Err(KeyError::NotEd25519),
        }
    }

    pub(in super::super) fn sign(&self, message: &[u8]) -> [u8; MAX_TAG] {
        self.0.sign(message).to_bytes()
    }
}

/// The seed and the public key, which must be that seed's: signing with another one would give the seed away.
fn read(key: &Zeroizing<alloc::vec::Vec<u8>>) -> Result<Private, KeyError> {
    let pair = key.as_slice().try_into().map_err(|_| KeyError::NotEd25519)?;
    SigningKey::from_keypair_bytes(pair).map(Private).map_err(|_| KeyError::NotEd25519)
}

impl Public {
    /// From a public key, or a private one, which holds it.
    pub(in super::super) fn new(secret: &Secret) -> Result<Self, KeyError> {
        let Some(key) = base64_after(PUBLIC, secret) else {
            return Private::new(secret).map(|private| Self(private.0.verifying_key()));
        };
        let key = key.as_slice().try_into().map_err(|_| KeyError::NotEd25519)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| KeyError::NotEd25519)?;
        // There are signatures that a weak key verifies for any message; and one point is one key (RFC 8032, 5.1.3).
        let canonical = key.to_edwards().compress().to_bytes() == key.to_bytes();
        if key.is_weak() || !canonical { Err(KeyError::NotEd25519) } else { Ok(Self(key)) }
    }

    pub(in super::super) fn verifies(&self, message: &[u8], tag: &[u8]) -> bool {
        Signature::from_slice(tag).is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}
