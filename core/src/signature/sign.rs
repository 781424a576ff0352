//! Signing.

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::header::{self, URL};
use super::keyed::{Envelope, KeyError, SigningKey};
use super::scheme::{Encoding, Scheme, Separator, SignedBody, Time};
use super::secret::Secret;
use crate::json;

/// Signs by one scheme with one secret.
pub struct Signer {
    scheme: Scheme,
    key: SigningKey,
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
    ///
    /// # Errors
    /// [`KeyError`] when the secret is no key of the scheme.
    pub fn new(scheme: &Scheme, secret: &Secret) -> Result<Self, KeyError> {
        Ok(Self { scheme: scheme.clone(), key: SigningKey::for_signing(scheme, secret)? })
    }

    /// The headers to send with the body: id and timestamp where the scheme has them, then the signature.
    ///
    /// # Errors
    /// [`SignError`] when the scheme needs something that is missing or not fit to be a header.
    ///
    /// ```
    /// use sigpost_core::signature::{Scheme, Secret, SignInput, Signer};
    /// let signer = Signer::new(Scheme::QLIK, &Secret::new("It's a Secret to Everybody").unwrap()).unwrap();
    /// let headers = signer.sign(SignInput { body: b"Hello, World!", id: None, timestamp: None }).unwrap();
    /// assert_eq!(headers[0].0, "qlik-signature");
    /// assert_eq!(headers[0].1, "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    /// ```
    pub fn sign(&self, input: SignInput<'_>) -> Result<Vec<(Cow<'static, str>, String)>, SignError> {
        let mut signing = self.begin(input.id, input.timestamp)?;
        match self.scheme.body {
            SignedBody::Raw => signing.update(input.body),
            SignedBody::Canonical => {
                signing.update(&json::canonicalize(input.body).map_err(SignError::NotJson)?);
            }
        }
        Ok(signing.finish())
    }

    /// Starts to sign a body that comes in pieces. A scheme over the canonical form is handed that form: nothing is
    /// canonicalised here.
    ///
    /// # Errors
    /// As [`Signer::sign`], but for the body.
    ///
    /// ```
    /// use sigpost_core::signature::{Scheme, Secret, SignInput, Signer};
    /// let signer = Signer::new(Scheme::QLIK, &Secret::new("s").unwrap()).unwrap();
    /// let mut signing = signer.begin(None, None).unwrap();
    /// signing.update(b"Hello, ");
    /// signing.update(b"World!");
    /// let whole = signer.sign(SignInput { body: b"Hello, World!", id: None, timestamp: None }).unwrap();
    /// assert_eq!(signing.finish(), whole);
    /// ```
    pub fn begin(&self, id: Option<&str>, timestamp: Option<i64>) -> Result<Signing, SignError> {
        let scheme = &self.scheme;
        let mut headers = Vec::with_capacity(3);
        let mut envelope = Envelope { id: "", timestamp: "" };
        if let Some(name) = &scheme.id_header {
            envelope.id = id.and_then(header::id).and_then(|id| scheme.separable(id)).ok_or(SignError::Id)?;
            headers.push((name.clone(), envelope.id.to_string()));
        }
        let (mut text, mut value) = (String::new(), String::new());
        if let Some(time) = &scheme.time {
            let fit = timestamp.filter(|time| (0..=header::LATEST).contains(time));
            text = fit.ok_or(SignError::Timestamp)?.to_string();
            match time {
                Time::Header(name) => headers.push((name.clone(), text.clone())),
                Time::Entry(prefix) => {
                    value.push_str(prefix);
                    value.push_str(&text);
                    value.extend(scheme.grammar.separator.map(Separator::character));
                }
            }
        }
        value.push_str(&scheme.grammar.prefix);
        envelope.timestamp = &text;
        let mut state = self.key.clone();
        state.update_all(envelope.before_body(&scheme.parts));
        let after = envelope.after_body(&scheme.parts).flatten().copied().collect();
        headers.push((scheme.header.clone(), value));
        Ok(Signing { state, after, headers, encoding: scheme.encoding })
    }
}

/// A signature that is being made; see [`Signer::begin`].
pub struct Signing {
    state: SigningKey,
    after: Vec<u8>,
    /// The last is the signature's, which still lacks the tag.
    headers: Vec<(Cow<'static, str>, String)>,
    encoding: Encoding,
}

impl Signing {
    /// Takes the next piece of the body.
    pub fn update(&mut self, piece: &[u8]) {
        self.state.update(piece);
    }

    /// The headers to send, as [`Signer::sign`] returns them.
    #[must_use]
    pub fn finish(mut self) -> Vec<(Cow<'static, str>, String)> {
        let tag = self.state.sign([&*self.after].into_iter());
        if let Some((_, value)) = self.headers.last_mut() {
            match self.encoding {
                Encoding::Hex => value.push_str(&const_hex::encode(tag.as_bytes())),
                Encoding::Base64 => STANDARD.encode_string(tag.as_bytes(), value),
                Encoding::Base64Url => URL.encode_string(tag.as_bytes(), value),
            }
        }
        self.headers
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
            Self::Timestamp => f.write_str(
                "this scheme signs a time: give one in seconds since 1970, from 0 to 999999999999999",
            ),
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
