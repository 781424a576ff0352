//! How a sender signs, as data.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

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
    pub(super) timestamp_header: Option<Cow<'static, str>>,
    pub(super) tolerance: Option<u32>,
    pub(super) body: SignedBody,
    pub(super) key: KeyForm,
    pub(super) weaker_header: Option<Cow<'static, str>>,
}

/// How a tag is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC-SHA1 (RFC 2104): 20 bytes. For senders that know nothing newer.
    HmacSha1,
    /// HMAC-SHA256 (RFC 2104): 32 bytes.
    HmacSha256,
}

impl Algorithm {
    /// The length of a tag in bytes.
    #[must_use]
    pub const fn tag_len(self) -> usize {
        match self {
            Self::HmacSha1 => 20,
            Self::HmacSha256 => 32,
        }
    }
}

/// How a tag is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// Hex, written in lower case, read in either.
    Hex,
    /// Base64 with padding (RFC 4648, section 4).
    Base64,
}

/// How tags stand in the signature header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Grammar {
    /// The tag and nothing else.
    Bare,
    /// The tag behind a fixed text, like `sha256=`.
    Prefixed(Cow<'static, str>),
    /// A list separated by spaces, each `VERSION,TAG`; only this version counts, the others are passed over.
    Versions(Cow<'static, str>),
}

/// A part of what is signed.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum SignedBody {
    /// The bytes that travel.
    #[default]
    Raw,
    /// `JSON.stringify` of the payload, for receivers whose platform hands them only a parsed body.
    Canonical,
}

/// How the secret becomes the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum KeyForm {
    /// The whole text, `whsec_` and all.
    #[default]
    Whole,
    /// As Standard Webhooks does it: see [`super::standard_key`].
    StandardWebhooks,
}

/// What a scheme offers against replays.
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
        SchemeBuilder {
            scheme: Self {
                name: Cow::Owned(name.into()),
                header: Cow::Owned(header.into()),
                algorithm: Algorithm::HmacSha256,
                encoding: Encoding::Hex,
                grammar: Grammar::Bare,
                parts: Cow::Borrowed(&[Part::Body]),
                id_header: None,
                timestamp_header: None,
                tolerance: None,
                body: SignedBody::Raw,
                key: KeyForm::Whole,
                weaker_header: None,
            },
        }
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

    /// The header that carries the time in seconds since 1970, if one is signed.
    #[must_use]
    pub fn timestamp_header(&self) -> Option<&str> {
        self.timestamp_header.as_deref()
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
            Part::Literal(text) => Some(text.chars().filter(|c| is_separator(*c))),
            _ => None,
        });
        (!separators.flatten().any(|separator| id.contains(separator))).then_some(id)
    }

    /// What it offers against replays.
    #[must_use]
    pub const fn replay(&self) -> Replay {
        match (&self.id_header, &self.timestamp_header) {
            (None, None) => Replay::Nothing,
            (None, Some(_)) => Replay::Time,
            (Some(_), None) => Replay::Id,
            (Some(_), Some(_)) => Replay::IdAndTime,
        }
    }
}

/// Builds a scheme; see [`Scheme::custom`].
#[derive(Clone, Debug)]
pub struct SchemeBuilder {
    scheme: Scheme,
}

impl SchemeBuilder {
    /// Computes tags by this algorithm.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.scheme.algorithm = algorithm;
        self
    }

    /// Writes tags like this.
    #[must_use]
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.scheme.encoding = encoding;
        self
    }

    /// Puts this text before the tag. It does not begin with a space, which HTTP would take off.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.scheme.grammar = Grammar::Prefixed(Cow::Owned(prefix.into()));
        self
    }

    /// Writes a list of `VERSION,TAG`, separated by spaces; so the version holds neither a space nor a comma.
    #[must_use]
    pub fn versions(mut self, version: impl Into<String>) -> Self {
        self.scheme.grammar = Grammar::Versions(Cow::Owned(version.into()));
        self
    }

    /// Signs these parts.
    #[must_use]
    pub fn parts(mut self, parts: impl Into<Vec<Part>>) -> Self {
        self.scheme.parts = Cow::Owned(parts.into());
        self
    }

    /// Carries the message id in this header.
    #[must_use]
    pub fn id(mut self, header: impl Into<String>) -> Self {
        self.scheme.id_header = Some(Cow::Owned(header.into()));
        self
    }

    /// Carries the time in this header; it may be `tolerance` seconds off.
    #[must_use]
    pub fn timestamp(mut self, header: impl Into<String>, tolerance: u32) -> Self {
        self.scheme.timestamp_header = Some(Cow::Owned(header.into()));
        self.scheme.tolerance = Some(tolerance);
        self
    }

    /// Signs this form of the body.
    #[must_use]
    pub fn body(mut self, body: SignedBody) -> Self {
        self.scheme.body = body;
        self
    }

    /// Names the header of a weaker signature that this scheme does not accept: a request that has only that one is
    /// told so ([`VerifyError::Sha1Only`](super::VerifyError::Sha1Only)).
    #[must_use]
    pub fn weaker(mut self, header: impl Into<String>) -> Self {
        self.scheme.weaker_header = Some(Cow::Owned(header.into()));
        self
    }

    /// Makes the key like this.
    #[must_use]
    pub fn key(mut self, key: KeyForm) -> Self {
        self.scheme.key = key;
        self
    }

    /// The scheme, if it makes sense.
    ///
    /// # Errors
    /// [`SchemeError`] says what does not.
    pub fn build(self) -> Result<Scheme, SchemeError> {
        let scheme = self.scheme;
        if !is_name(&scheme.name) {
            return Err(SchemeError::Name);
        }
        let headers = [
            Some(&scheme.header),
            scheme.id_header.as_ref(),
            scheme.timestamp_header.as_ref(),
            scheme.weaker_header.as_ref(),
        ];
        for (index, header) in headers.iter().flatten().enumerate() {
            if !is_header_name(header) {
                return Err(SchemeError::Header(String::from(header.as_ref())));
            }
            if headers.iter().flatten().skip(index + 1).any(|other| other == header) {
                return Err(SchemeError::SameHeader(String::from(header.as_ref())));
            }
        }
        let count = |wanted: &Part| scheme.parts.iter().filter(|part| *part == wanted).count();
        if count(&Part::Body) != 1 || scheme.parts.len() > MAX_PARTS {
            return Err(SchemeError::Parts);
        }
        if (count(&Part::Id) > 0) != scheme.id_header.is_some() {
            return Err(SchemeError::Unsigned("id"));
        }
        if (count(&Part::Timestamp) > 0) != scheme.timestamp_header.is_some() {
            return Err(SchemeError::Unsigned("timestamp"));
        }
        if !is_unambiguous(&scheme.parts) {
            return Err(SchemeError::Ambiguous);
        }
        let fits = |part: &Part| if let Part::Literal(text) = part { is_text(text) } else { true };
        if !scheme.parts.iter().all(fits) || !is_readable(&scheme.grammar) {
            return Err(SchemeError::Text);
        }
        Ok(scheme)
    }
}

const MAX_PARTS: usize = 16;

/// Whether the joined parts can be read in one way only: each of them once, and between two of them a literal with a
/// character that the part before or after cannot hold.
fn is_unambiguous(parts: &[Part]) -> bool {
    let mut separated = true;
    for (index, part) in parts.iter().enumerate() {
        if let Part::Literal(text) = part {
            separated |= text.contains(is_separator);
        } else if !separated || parts[..index].contains(part) {
            return false;
        } else {
            separated = false;
        }
    }
    true
}

/// What neither a timestamp nor, where it separates, an id holds.
fn is_separator(c: char) -> bool {
    !c.is_ascii_alphanumeric()
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

/// RFC 9110 token, in lower case so that names compare simply.
fn is_header_name(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Whether a value of this grammar is read as it was written: HTTP takes white space off both ends of it, spaces separate
/// the entries of a list, and a comma ends the version of each.
fn is_readable(grammar: &Grammar) -> bool {
    match grammar {
        Grammar::Bare => true,
        Grammar::Prefixed(prefix) => is_text(prefix) && !prefix.starts_with(' '),
        Grammar::Versions(version) => is_text(version) && !version.contains([' ', ',']),
    }
}

fn is_text(text: &str) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|b| (0x20..0x7f).contains(&b))
}

/// What is wrong with a scheme of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemeError {
    /// The name.
    Name,
    /// A header's name.
    Header(String),
    /// Two things in one header.
    SameHeader(String),
    /// The parts.
    Parts,
    /// An id or timestamp that has a header but is not signed, or is signed but has none.
    Unsigned(&'static str),
    /// The joined parts could be read in two ways.
    Ambiguous,
    /// A prefix, version or literal.
    Text,
}

impl fmt::Display for SchemeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => {
                f.write_str("a scheme's name is 1 to 64 lower-case letters, digits, hyphens and underscores")
            }
            Self::Header(name) => write!(f, "{name:?} is not a header name in lower case"),
            Self::SameHeader(name) => write!(f, "header {name:?} is used for two things"),
            Self::Parts => {
                f.write_str("the signed parts hold the body exactly once, and at most 16 parts in all")
            }
            Self::Unsigned(what) => {
                write!(f, "the {what} must both have a header and be signed: unsigned, it protects nothing")
            }
            Self::Ambiguous => f.write_str(
                "each part is signed once, and between two parts stands a literal that is not only letters and digits",
            ),
            Self::Text => f.write_str(
                "prefixes, versions and literals are 1 to 256 printable ASCII characters; a prefix does not begin with a \
                 space, and a version holds no space and no comma",
            ),
        }
    }
}

impl core::error::Error for SchemeError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{Secret, SignInput, Signer, Verifier};

    fn custom() -> SchemeBuilder {
        Scheme::custom("x", "x-sig")
    }

    #[test]
    fn a_scheme_that_makes_no_sense_is_refused_with_its_reason() {
        let literal = |text: &'static str| Part::Literal(text.into());
        for (builder, error) in [
            (Scheme::custom("", "x"), SchemeError::Name),
            (Scheme::custom("A", "x"), SchemeError::Name),
            (Scheme::custom("x", ""), SchemeError::Header(String::new())),
            (Scheme::custom("x", "X-Sig"), SchemeError::Header("X-Sig".into())),
            (custom().parts([]), SchemeError::Parts),
            (custom().parts([Part::Body, Part::Body]), SchemeError::Parts),
            (custom().parts([Part::Id, Part::Body]), SchemeError::Unsigned("id")),
            (custom().id("x-id"), SchemeError::Unsigned("id")),
            (custom().timestamp("x-time", 1), SchemeError::Unsigned("timestamp")),
            (custom().id("x-sig").parts([Part::Id, Part::Body]), SchemeError::SameHeader("x-sig".into())),
            (custom().weaker("x-sig"), SchemeError::SameHeader("x-sig".into())),
            (custom().prefix(""), SchemeError::Text),
            (custom().prefix(" "), SchemeError::Text),
            (custom().prefix(" p"), SchemeError::Text),
            (custom().versions(" "), SchemeError::Text),
            (custom().versions("v 1"), SchemeError::Text),
            (custom().versions("v,1"), SchemeError::Text),
            (custom().parts([literal("\n"), Part::Body]), SchemeError::Text),
        ] {
            assert_eq!(builder.build().unwrap_err(), error);
        }
    }

    #[test]
    fn every_scheme_that_is_built_verifies_what_it_signs_after_http_has_trimmed_it() {
        let secret = Secret::new("s").unwrap();
        let alphabet = [" ", "", "v", "1", ",", "=", "~", "\"", "0"];
        let mut built = 0;
        for text in
            alphabet.iter().flat_map(|a| alphabet.map(|b| alphabet.map(|c| [*a, b, c].concat()))).flatten()
        {
            for encoding in [Encoding::Hex, Encoding::Base64] {
                for builder in [custom().prefix(text.clone()), custom().versions(text.clone())] {
                    let Ok(scheme) = builder.encoding(encoding).build() else { continue };
                    let input = SignInput { body: b"x", id: None, timestamp: None };
                    let headers = Signer::new(&scheme, &secret).sign(input).unwrap();
                    let sent = headers.iter().map(|(name, value)| (name.as_ref(), value.trim().as_bytes()));
                    let verifier = Verifier::new(&scheme, core::slice::from_ref(&secret));
                    assert!(verifier.verify(sent, b"x", 0).is_ok(), "{text:?}");
                    built += 1;
                }
            }
        }
        assert!(built > 1_000, "{built} were built");
    }

    #[test]
    fn signed_parts_can_be_read_in_one_way_only() {
        let literal = |text: &'static str| Part::Literal(text.into());
        let timed = || custom().timestamp("x-time", 1);
        for builder in [
            timed().parts([Part::Timestamp, Part::Body]),
            timed().parts([Part::Timestamp, literal("t"), Part::Body]),
            custom().id("x-id").parts([Part::Id, literal("."), Part::Body, literal("."), Part::Id]),
        ] {
            assert_eq!(builder.build().unwrap_err(), SchemeError::Ambiguous);
        }
        let scheme = custom().id("x-id").parts([Part::Id, literal("v1:"), Part::Body]).build().unwrap();
        assert_eq!((scheme.separable("v1"), scheme.separable("a:b")), (Some("v1"), None));
    }

    #[test]
    fn what_protects_against_replays_follows_from_what_is_signed() {
        assert_eq!(custom().build().unwrap().replay(), Replay::Nothing);
        assert_eq!(Scheme::STANDARD_WEBHOOKS.replay(), Replay::IdAndTime);
        assert_eq!(Scheme::IMMUTA.replay(), Replay::Nothing);
    }
}
