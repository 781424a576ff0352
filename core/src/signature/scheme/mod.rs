//! How a sender signs, as data.

mod build;

use alloc::borrow::Cow;
use alloc::string::String;

use build::is_separator;
pub use build::{SchemeBuilder, SchemeError};

/// A signature scheme. The presets are constants (`Scheme::IMMUTA`, …); [`Scheme::custom`] builds others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    pub(super) name: Cow<'static, str>,
    pub(super) header: Cow<'static, str>,
    pub(super) algorithm: Algorithm,
    pub(super) encoding: Encoding,
    pub(super) grammar: Grammar,
    pub(super) parts: Cow<'static, [Part]>,
    pub(super) id_header: Option<Cow<'static, str>>,
    pub(super) time: Option<Time>,
    pub(super) tolerance: Option<u32>,
    pub(super) body: SignedBody,
    pub(super) key: KeyForm,
    pub(super) weaker_header: Option<Cow<'static, str>>,
}

/// How a tag is computed.
///
/// ```
/// use sigpost_core::signature::{Algorithm, Scheme};
/// assert_eq!(Scheme::GITHUB.algorithm(), Algorithm::HmacSha256);
/// assert_eq!((Algorithm::HmacSha256.name(), Algorithm::HmacSha256.tag_len()), ("hmac-sha256", 32));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC-SHA1 (RFC 2104): 20 bytes. For senders that know nothing newer.
    HmacSha1,
    /// HMAC-SHA256 (RFC 2104): 32 bytes.
    HmacSha256,
    /// HMAC-SHA512 (RFC 2104): 64 bytes.
    HmacSha512,
    /// Ed25519 (RFC 8032): 64 bytes. Only the sender can sign; receivers hold a public key.
    #[cfg(feature = "ed25519")]
    Ed25519,
}

impl Algorithm {
    /// The length of a tag in bytes.
    #[must_use]
    pub const fn tag_len(self) -> usize {
        match self {
            Self::HmacSha1 => 20,
            Self::HmacSha256 => 32,
            Self::HmacSha512 => 64,
            #[cfg(feature = "ed25519")]
            Self::Ed25519 => 64,
        }
    }

    /// Every algorithm there is in this build.
    pub const ALL: &'static [Self] = &[
        Self::HmacSha1,
        Self::HmacSha256,
        Self::HmacSha512,
        #[cfg(feature = "ed25519")]
        Self::Ed25519,
    ];

    /// Its name, like `hmac-sha256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacSha1 => "hmac-sha1",
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSha512 => "hmac-sha512",
            #[cfg(feature = "ed25519")]
            Self::Ed25519 => "ed25519",
        }
    }
}

/// How a tag is written.
///
/// ```
/// use sigpost_core::signature::{Encoding, Scheme};
/// assert_eq!(Scheme::SHOPIFY.encoding(), Encoding::Base64);
/// assert_eq!(Encoding::Base64Url.name(), "base64url");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// Hex, written in lower case, read in either.
    Hex,
    /// Base64 with padding (RFC 4648, section 4).
    Base64,
    /// Base64 for URLs (RFC 4648, section 5), written without padding, read with or without.
    Base64Url,
}

impl Encoding {
    /// Every encoding.
    pub const ALL: &'static [Self] = &[Self::Hex, Self::Base64, Self::Base64Url];

    /// Its name, like `base64url`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
        }
    }
}

/// How tags stand in the signature header.
///
/// ```
/// use sigpost_core::signature::{Scheme, Separator};
/// let grammar = Scheme::STRIPE.grammar();
/// assert_eq!((grammar.prefix(), grammar.separator()), ("v1=", Some(Separator::Comma)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Grammar {
    /// What stands before the tag: nothing, or a text like `sha256=` or `v1,`.
    pub(super) prefix: Cow<'static, str>,
    /// If there is one, the header is a list, and entries that do not begin with the prefix are passed over: other
    /// versions, for instance.
    pub(super) separator: Option<Separator>,
}

impl Grammar {
    /// What stands before the tag; may be empty.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What separates the entries, if the header is a list.
    #[must_use]
    pub const fn separator(&self) -> Option<Separator> {
        self.separator
    }
}

/// What separates the entries of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Separator {
    /// A space, as in Standard Webhooks.
    Space,
    /// A comma, with or without spaces around it.
    Comma,
}

impl Separator {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::Space, Self::Comma];

    /// The character itself.
    #[must_use]
    pub const fn character(self) -> char {
        match self {
            Self::Space => ' ',
            Self::Comma => ',',
        }
    }
}

/// Where the signed time stands: seconds since 1970, decimal.
///
/// ```
/// use sigpost_core::signature::{Scheme, Time};
/// assert_eq!(Scheme::STRIPE.time(), Some(&Time::Entry("t=".into())));
/// assert_eq!(Scheme::SLACK.time(), Some(&Time::Header("x-slack-request-timestamp".into())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Time {
    /// In a header of its own.
    Header(Cow<'static, str>),
    /// In an entry of the signature header's list, behind this text, like `t=`.
    Entry(Cow<'static, str>),
}

/// A part of what is signed.
///
/// ```
/// use sigpost_core::signature::{Part, Scheme};
/// assert_eq!(Scheme::STRIPE.parts(), [Part::Timestamp, Part::Literal(".".into()), Part::Body]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The body.
    Body,
    /// The message id, as its header has it.
    Id,
    /// The time, as its header has it.
    Timestamp,
    /// A fixed text.
    Literal(Cow<'static, str>),
}

/// Which form of the body is signed.
///
/// ```
/// use sigpost_core::signature::{Scheme, SignedBody};
/// assert_eq!(Scheme::QLIK.with_body(SignedBody::Canonical).body().name(), "canonical");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum SignedBody {
    /// The bytes that travel.
    #[default]
    Raw,
    /// `JSON.stringify` of the payload, for receivers whose platform hands them only a parsed body.
    Canonical,
}

impl SignedBody {
    /// Both forms.
    pub const ALL: &'static [Self] = &[Self::Raw, Self::Canonical];

    /// Its name: `raw` or `canonical`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Canonical => "canonical",
        }
    }
}

/// How the secret becomes the key.
///
/// ```
/// use sigpost_core::signature::{KeyForm, Scheme};
/// assert_eq!(Scheme::GENERIC.key(), KeyForm::Whole);
/// assert_eq!(Scheme::SVIX.key().name(), "base64");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum KeyForm {
    /// The whole text, `whsec_` and all.
    #[default]
    Whole,
    /// As Standard Webhooks does it: see [`super::standard_key`].
    StandardWebhooks,
    /// What base64 decodes to, behind `whsec_` or without it, as Svix does it. Any other secret is refused.
    Base64,
    /// An Ed25519 key as Standard Webhooks writes it: base64 behind `whpk_` (public, 32 bytes) or `whsk_` (private, 64
    /// bytes). Any other secret is refused.
    #[cfg(feature = "ed25519")]
    Ed25519,
}

impl KeyForm {
    /// Every form there is in this build.
    pub const ALL: &'static [Self] = &[
        Self::Whole,
        Self::StandardWebhooks,
        Self::Base64,
        #[cfg(feature = "ed25519")]
        Self::Ed25519,
    ];

    /// Its name, like `standard-webhooks`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::StandardWebhooks => "standard-webhooks",
            Self::Base64 => "base64",
            #[cfg(feature = "ed25519")]
            Self::Ed25519 => "ed25519",
        }
    }
}

/// What a scheme offers against replays.
///
/// ```
/// use sigpost_core::signature::{Replay, Scheme};
/// assert_eq!(Scheme::SLACK.replay(), Replay::Time);
/// assert_eq!(Scheme::STANDARD_WEBHOOKS.replay().name(), "id-and-time");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Replay {
    /// Nothing: neither an id nor a time is signed.
    Nothing,
    /// A signed time: old messages can be refused.
    Time,
    /// A signed id: messages can be recognised.
    Id,
    /// Both.
    IdAndTime,
}

impl Replay {
    /// Its name, like `id-and-time`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Time => "time",
            Self::Id => "id",
            Self::IdAndTime => "id-and-time",
        }
    }
}

impl Scheme {
    /// Starts a scheme of one's own: HMAC-SHA256 in hex over the raw body in this header, until changed.
    ///
    /// ```
    /// use sigpost_core::signature::{Part, Scheme};
    /// let scheme = Scheme::custom("acme", "x-acme-signature")
    ///     .prefix("v0=")
    ///     .timestamp("x-acme-time", 300)
    ///     .parts([Part::Literal("v0:".into()), Part::Timestamp, Part::Literal(":".into()), Part::Body])
    ///     .build()
    ///     .unwrap();
    /// assert_eq!(scheme.signature_header(), "x-acme-signature");
    /// ```
    #[must_use]
    pub fn custom(name: impl Into<String>, header: impl Into<String>) -> SchemeBuilder {
        SchemeBuilder::new(Self {
            name: Cow::Owned(name.into()),
            header: Cow::Owned(header.into()),
            algorithm: Algorithm::HmacSha256,
            encoding: Encoding::Hex,
            grammar: Grammar { prefix: Cow::Borrowed(""), separator: None },
            parts: Cow::Borrowed(&[Part::Body]),
            id_header: None,
            time: None,
            tolerance: None,
            body: SignedBody::Raw,
            key: KeyForm::Whole,
            weaker_header: None,
        })
    }

    /// Its name, like `immuta`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The header that carries the signature, in lower case.
    #[must_use]
    pub fn signature_header(&self) -> &str {
        &self.header
    }

    /// The one algorithm it accepts.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How tags are written.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// How tags stand in the header.
    #[must_use]
    pub const fn grammar(&self) -> &Grammar {
        &self.grammar
    }

    /// What is signed, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The header that carries the message id, if one is signed.
    #[must_use]
    pub fn id_header(&self) -> Option<&str> {
        self.id_header.as_deref()
    }

    /// Where the time stands, if one is signed.
    #[must_use]
    pub const fn time(&self) -> Option<&Time> {
        self.time.as_ref()
    }

    /// The header that carries the time and nothing else, if one is signed and has one.
    #[must_use]
    pub fn timestamp_header(&self) -> Option<&str> {
        self.time_header().map(|name| &**name)
    }

    pub(super) fn time_header(&self) -> Option<&Cow<'static, str>> {
        match self.time.as_ref()? {
            Time::Header(name) => Some(name),
            Time::Entry(_) => None,
        }
    }

    /// The header of a weaker signature that is not accepted, whose presence alone is told apart.
    #[must_use]
    pub fn weaker_header(&self) -> Option<&str> {
        self.weaker_header.as_deref()
    }

    /// How far the signed time may be from the receiver's, in seconds, either way.
    #[must_use]
    pub const fn tolerance(&self) -> Option<u32> {
        self.tolerance
    }

    /// Which form of the body is signed.
    #[must_use]
    pub const fn body(&self) -> SignedBody {
        self.body
    }

    /// How the secret becomes the key.
    #[must_use]
    pub const fn key(&self) -> KeyForm {
        self.key
    }

    /// The same scheme over another form of the body.
    #[must_use]
    pub fn with_body(&self, body: SignedBody) -> Self {
        Self { body, ..self.clone() }
    }

    /// The id, unless it holds what separates the signed parts: bytes could move from one part to the next then, and
    /// one signature would serve for two requests. The dot is in no id at all.
    pub(super) fn separable<'a>(&self, id: &'a str) -> Option<&'a str> {
        let separators = self.parts.iter().filter_map(|part| match part {
            Part::Literal(text) => Some(text.chars().filter(|c| is_separator(*c) && *c != '.')),
            _ => None,
        });
        (!separators.flatten().any(|separator| id.contains(separator))).then_some(id)
    }

    /// What it offers against replays.
    #[must_use]
    pub const fn replay(&self) -> Replay {
        match (&self.id_header, &self.time) {
            (None, None) => Replay::Nothing,
            (None, Some(_)) => Replay::Time,
            (Some(_), None) => Replay::Id,
            (Some(_), Some(_)) => Replay::IdAndTime,
        }
    }
}
