//! Signing.

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::header;
use super::mac::{Keyed, Message};
use super::scheme::{Encoding, Grammar, Scheme, SignedBody};
use super::secret::Secret;
use crate::json;

/// Signs by one scheme with one secret.
pub struct Signer {
    scheme: Scheme,
    keyed: Keyed,
}

/// What to sign.
#[derive(Clone, Copy, Debug)]
pub struct SignInput<'a> {
    /// The bytes that will travel.
    pub body: &'a [u8],
    /// The message id, for schemes that sign one; others ignore it.
    pub id: Option<&'a str>,
    /// The time in seconds since 1970, for schemes that sign one; others ignore it.
    pub timestamp: Option<i64>,
}

impl Signer {
    /// Prepares to sign.
    #[must_use]
    pub fn new(scheme: &Scheme, secret: &Secret) -> Self {
        Self { scheme: scheme.clone(), keyed: Keyed::new(scheme, secret) }
    }

    /// The headers to send with the body: id and timestamp where the scheme has them, then the signature.
    ///
    /// # Errors
    /// [`SignError`] when the scheme needs something that is missing or not fit to be a header.
    ///
    /// ```
    /// use sigpost_core::signature::{Scheme, Secret, SignInput, Signer};
    /// let signer = Signer::new(Scheme::QLIK, &Secret::new("It's a Secret to Everybody").unwrap());
    /// let headers = signer.sign(SignInput { body: b"Hello, World!", id: None, timestamp: None }).unwrap();
    /// assert_eq!(headers[0].0, "qlik-signature");
    /// assert_eq!(headers[0].1, "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    /// ```
    pub fn sign(&self, input: SignInput<'_>) -> Result<Vec<(Cow<'static, str>, String)>, SignError> {
        let scheme = &self.scheme;
        let mut headers = Vec::with_capacity(3);
        let mut id = "";
        if let Some(name) = &scheme.id_header {
            id = input.id.and_then(header::id).and_then(|id| scheme.separable(id)).ok_or(SignError::Id)?;
            headers.push((name.clone(), id.to_string()));
        }
        let mut timestamp = String::new();
        if let Some(name) = &scheme.timestamp_header {
            timestamp = input.timestamp.filter(|time| *time >= 0).ok_or(SignError::Timestamp)?.to_string();
            headers.push((name.clone(), timestamp.clone()));
        }
        let body = match scheme.body {
            SignedBody::Raw => Cow::Borrowed(input.body),
            SignedBody::Canonical => json::canonicalize(input.body).map_err(SignError::NotJson)?,
        };
        let tag = self.keyed.tag(&scheme.parts, Message { body: &body, id, timestamp: &timestamp });
        let mut value = String::new();
        match &scheme.grammar {
            Grammar::Bare => {}
            Grammar::Prefixed(prefix) => value.push_str(prefix),
            Grammar::Versions(version) => {
                value.push_str(version);
                value.push(',');
            }
        }
        match scheme.encoding {
            Encoding::Hex => value.push_str(&hex::encode(tag.as_bytes())),
            Encoding::Base64 => STANDARD.encode_string(tag.as_bytes(), &mut value),
        }
        headers.push((scheme.header.clone(), value));
        Ok(headers)
    }
}

/// Why something cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The scheme signs an id, and none that is fit was given.
    Id,
    /// The scheme signs a time, and none that is fit was given.
    Timestamp,
    /// The scheme signs the canonical form of the body, and the body is not JSON.
    NotJson(json::Error),
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id => {
                f.write_str("this scheme signs an id: give one of 1 to 256 visible ASCII characters, no dot")
            }
            Self::Timestamp => f.write_str("this scheme signs a time: give one in seconds since 1970"),
            Self::NotJson(error) => {
                write!(f, "this scheme signs canonical JSON, and the body is none: {error}")
            }
        }
    }
}

impl core::error::Error for SignError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::NotJson(error) => Some(error),
            Self::Id | Self::Timestamp => None,
        }
    }
}
