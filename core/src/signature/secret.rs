//! Secrets, and the Standard Webhooks key that is derived from one.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::engine::{DecodePaddingMode, Engine as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A shared secret, or a key: never empty, zeroised when dropped, never printed.
///
/// ```
/// use sigpost_core::signature::{EmptySecret, Secret};
/// assert_eq!(Secret::new("0123456789abcdef").unwrap().as_bytes().len(), 16);
/// // What a variable that is not set leaves of `whsec_${SECRET}`.
/// assert_eq!(Secret::new("whsec_").err(), Some(EmptySecret));
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

/// A secret must hold something besides white space, zeros and `whsec_`: anybody could sign with it else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmptySecret;

impl fmt::Display for EmptySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret must not be empty, nor only white space, zeros or whsec_")
    }
}

impl core::error::Error for EmptySecret {}

impl Secret {
    /// Takes a secret as text or bytes. The caller's own copy, if any, is the caller's to erase.
    ///
    /// # Errors
    /// [`EmptySecret`].
    pub fn new(secret: impl Into<Vec<u8>>) -> Result<Self, EmptySecret> {
        let secret = Zeroizing::new(secret.into());
        let text = secret.strip_prefix(PREFIX.as_bytes()).unwrap_or(&secret);
        if is_blank(text) { Err(EmptySecret) } else { Ok(Self(secret)) }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A key for the Standard Webhooks signature.
pub struct StandardKey(Zeroizing<Vec<u8>>);

impl StandardKey {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key as every Standard Webhooks library takes it: `whsec_` and base64.
    #[must_use]
    pub fn to_whsec(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + self.0.len().div_ceil(3) * 4));
        text.push_str(PREFIX);
        STANDARD.encode_string(&*self.0, &mut text);
        text
    }
}

const PREFIX: &str = "whsec_";

/// Names what the derivation is for, so that no other use of the secret yields the same key.
const LABEL: &[u8] = b"sigpost/standard-webhooks/v1";

/// Libraries write the padding or leave it out.
pub(super) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The Standard Webhooks key of a secret: the decoded bytes if the secret is `whsec_` and base64 of 24 to 64 bytes
/// (Standard Webhooks 1.0.0, "Signature scheme"), else `HMAC-SHA256(secret, "sigpost/standard-webhooks/v1")`. So any
/// secret of any system has one, and what [`StandardKey::to_whsec`] shows leads to the same key again.
///
/// ```
/// use sigpost_core::signature::{Secret, standard_key};
/// let shown = standard_key(&Secret::new("an old secret").unwrap()).to_whsec();
/// let again = standard_key(&Secret::new(shown.as_bytes()).unwrap());
/// assert_eq!(again.to_whsec(), shown);
/// ```
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "it cannot: HMAC takes keys of any length")]
pub fn standard_key(secret: &Secret) -> StandardKey {
    StandardKey(decoded(secret).unwrap_or_else(|| {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(LABEL);
        Zeroizing::new(mac.finalize().into_bytes().to_vec())
    }))
}

fn decoded(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    base64_after(PREFIX, secret).filter(|bytes| (24..=64).contains(&bytes.len()))
}

/// Whether nobody needs to know it: HMAC fills keys up with zeros, so that zeros are the empty key.
pub(super) fn is_blank(key: &[u8]) -> bool {
    key.iter().all(|byte| byte.is_ascii_whitespace() || matches!(byte, 0 | b'='))
}

/// Whether it is an Ed25519 key as Standard Webhooks writes it, whose public half is no secret at all, also with what
/// files and quotes leave around it. (Others write shared secrets behind `whsk_`, too, but of other lengths.)
pub(super) fn is_ed25519(secret: &Secret) -> bool {
    let around = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`".contains(byte);
    let text = secret.as_bytes();
    let start = text.iter().position(|byte| !around(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !around(byte)).map_or(start, |last| last + 1);
    let bare = Secret(Zeroizing::new(text[start..end].to_vec()));
    let is = |prefix, len| base64_after(prefix, &bare).is_some_and(|key| key.len() == len);
    is("whpk_", 32) || is("whsk_", 64)
}

/// What a secret that is base64, behind `whsec_` or without it, decodes to: Svix's keys.
pub(super) fn base64_key(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    base64_after(PREFIX, secret).or_else(|| base64_after("", secret))
}

/// What the base64 behind this prefix decodes to.
pub(super) fn base64_after(prefix: &str, secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let text = secret.as_bytes().strip_prefix(prefix.as_bytes())?;
    // Into room of our own: what was decoded before an error is found is erased with it.
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
    let len = LENIENT.decode_slice(text, &mut bytes).ok()?;
    bytes.truncate(len);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> StandardKey {
        standard_key(&Secret::new(secret).unwrap())
    }

    #[test]
    fn a_secret_that_nobody_needs_to_know_is_refused() {
        for empty in ["", " ", "\n", "\0", "\0\0", "whsec_", "whsec_\n", "whsec_=="] {
            assert_eq!(Secret::new(empty).err(), Some(EmptySecret), "{empty:?}");
        }
    }

    #[test]
    fn a_whsec_secret_of_24_to_64_bytes_is_decoded() {
        assert_eq!(key("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").as_bytes(), [0; 24]);
        // 25 bytes, with and without padding
        assert_eq!(key("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==").as_bytes(), [0; 25]);
        assert_eq!(key("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").as_bytes(), [0; 25]);
    }

    #[test]
    fn any_other_secret_is_derived_from() {
        for secret in ["x", "whsec_x", "whsec_AAAA", "whsec_%%%%", "WHSEC_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(key(secret).as_bytes().len(), 32, "{secret}");
        }
    }

    #[test]
    fn the_derivation_is_the_documented_one() {
        // python3 -c "import hmac; print(hmac.new(b'0123456789abcdef0123456789abcdef',
        //   b'sigpost/standard-webhooks/v1','sha256').hexdigest())"
        let expected = "62db3e1f63c6eac063d0fa26479e233fa67cfe7f4918789b4e0c2363b8433ee0";
        assert_eq!(hex::encode(key("0123456789abcdef0123456789abcdef").as_bytes()), expected);
    }
}
