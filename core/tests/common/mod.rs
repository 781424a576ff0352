//! Secrets in the form that a scheme takes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigpost_core::signature::{KeyForm, Scheme, Secret};

/// The key of these bytes, as the scheme's senders write it.
pub(crate) fn secret(scheme: &Scheme, key: &[u8]) -> Secret {
    let written = match scheme.key() {
        KeyForm::Base64 => STANDARD.encode(key).into_bytes(),
        #[cfg(feature = "ed25519")]
        KeyForm::Ed25519 => {
            use sha2::Digest as _;
            let pair = ed25519_dalek::SigningKey::from_bytes(&sha2::Sha256::digest(key).into());
            format!("whsk_{}", STANDARD.encode(pair.to_keypair_bytes())).into_bytes()
        }
        _ => key.to_vec(),
    };
    Secret::new(written).unwrap()
}
