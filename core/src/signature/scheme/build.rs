//! Schemes of one's own, and what makes no sense in one.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{Algorithm, Encoding, Grammar, KeyForm, Part, Scheme, Separator, SignedBody, Time};

/// Builds a scheme; see [`Scheme::custom`].
#[derive(Clone, Debug)]
pub struct SchemeBuilder {
    scheme: Scheme,
}

impl SchemeBuilder {
    pub(super) const fn new(scheme: Scheme) -> Self {
        Self { scheme }
    }

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
        self.scheme.grammar.prefix = Cow::Owned(prefix.into());
        self
    }

    /// Makes the signature header a list: entries that do not begin with the prefix are passed over.
    #[must_use]
    pub fn separator(mut self, separator: Separator) -> Self {
        self.scheme.grammar.separator = Some(separator);
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
        self.scheme.time = Some(Time::Header(Cow::Owned(header.into())));
        self.scheme.tolerance = Some(tolerance);
        self
    }

    /// Carries the time in an entry of the signature header's list, behind this text; it may be `tolerance` seconds off.
    #[must_use]
    pub fn timestamp_entry(mut self, prefix: impl Into<String>, tolerance: u32) -> Self {
        self.scheme.time = Some(Time::Entry(Cow::Owned(prefix.into())));
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
    /// told so ([`VerifyError::Sha1Only`](crate::signature::VerifyError::Sha1Only)).
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
            scheme.time_header(),
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
        if (count(&Part::Timestamp) > 0) != scheme.time.is_some() {
            return Err(SchemeError::Unsigned("timestamp"));
        }
        if !is_unambiguous(&scheme.parts) {
            return Err(SchemeError::Ambiguous);
        }
        let fits = |part: &Part| if let Part::Literal(text) = part { is_text(text) } else { true };
        if !scheme.parts.iter().all(fits) {
            return Err(SchemeError::Text);
        }
        check_grammar(&scheme)?;
        #[cfg(feature = "ed25519")]
        if (scheme.key == KeyForm::Ed25519) != (scheme.algorithm == Algorithm::Ed25519) {
            return Err(SchemeError::Key);
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
pub(super) fn is_separator(c: char) -> bool {
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

/// Whether a header of this grammar is read as it was written: HTTP takes white space off both ends of it, and the
/// separator ends an entry.
fn check_grammar(scheme: &Scheme) -> Result<(), SchemeError> {
    let Grammar { prefix, separator } = &scheme.grammar;
    let fits = |text: &str| {
        is_text(text)
            && !text.starts_with(' ')
            && separator.is_none_or(|separator| !text.contains(separator.character()))
    };
    if !(prefix.is_empty() || fits(prefix)) {
        return Err(SchemeError::Text);
    }
    let Some(Time::Entry(entry)) = &scheme.time else { return Ok(()) };
    if separator.is_none() || prefix.starts_with(&**entry) || entry.starts_with(&**prefix) {
        return Err(SchemeError::TimeEntry);
    }
    if fits(entry) { Ok(()) } else { Err(SchemeError::Text) }
}

fn is_text(text: &str) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|b| (0x20..0x7f).contains(&b))
}

/// What is wrong with a scheme of one's own.
///
/// ```
/// use sigpost_core::signature::{Scheme, SchemeError};
/// let unsigned = Scheme::custom("acme", "x-acme-signature").timestamp("x-acme-time", 300).build();
/// assert_eq!(unsigned.unwrap_err(), SchemeError::Unsigned("timestamp"));
/// ```
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
    /// A prefix or literal.
    Text,
    /// A time in the signature header that could not be told from a tag.
    TimeEntry,
    /// A key that is not the algorithm's.
    Key,
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
                "prefixes and literals are 1 to 256 printable ASCII characters; a prefix does not begin with a space, and \
                 does not hold the separator",
            ),
            Self::TimeEntry => f.write_str(
                "a time in the signature header needs a separator there, and the tag a prefix that the time's does not \
                 begin with",
            ),
            Self::Key => f.write_str("Ed25519 takes Ed25519 keys, and nothing else does"),
        }
    }
}

impl core::error::Error for SchemeError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{Replay, Secret, SignInput, Signer, Verifier};

    fn custom() -> SchemeBuilder {
        Scheme::custom("x", "x-sig")
    }

    fn listed(separator: Separator) -> SchemeBuilder {
        custom().separator(separator)
    }

    fn entry(prefix: &str, builder: SchemeBuilder) -> SchemeBuilder {
        let parts = [Part::Timestamp, Part::Literal(".".into()), Part::Body];
        builder.timestamp_entry(prefix, 1).parts(parts)
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
            (custom().prefix(" "), SchemeError::Text),
            (custom().prefix(" p"), SchemeError::Text),
            (listed(Separator::Space).prefix("v 1"), SchemeError::Text),
            (listed(Separator::Comma).prefix("v,1"), SchemeError::Text),
            (entry("t=", custom()), SchemeError::TimeEntry),
            (entry("t=", listed(Separator::Comma)), SchemeError::TimeEntry),
            (entry("v", listed(Separator::Comma).prefix("v1=")), SchemeError::TimeEntry),
            (entry("v1=t", listed(Separator::Comma).prefix("v1=")), SchemeError::TimeEntry),
            (entry("t,", listed(Separator::Comma).prefix("v1=")), SchemeError::Text),
            (entry("", listed(Separator::Comma).prefix("v1=")), SchemeError::TimeEntry),
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
            for encoding in [Encoding::Hex, Encoding::Base64, Encoding::Base64Url] {
                for builder in [
                    custom().prefix(text.clone()),
                    listed(Separator::Space).prefix(text.clone()),
                    listed(Separator::Comma).prefix(text.clone()),
                    entry(&text, listed(Separator::Comma).prefix("v1=")),
                    entry("t=", listed(Separator::Space).prefix(text.clone())),
                ] {
                    let Ok(scheme) = builder.encoding(encoding).build() else { continue };
                    let input = SignInput { body: b"x", id: None, timestamp: Some(0) };
                    let headers = Signer::new(&scheme, &secret).unwrap().sign(input).unwrap();
                    let sent = headers.iter().map(|(name, value)| (name.as_ref(), value.trim().as_bytes()));
                    let verifier = Verifier::new(&scheme, core::slice::from_ref(&secret)).unwrap();
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
        assert_eq!(Scheme::STRIPE.replay(), Replay::Time);
        assert_eq!(Scheme::IMMUTA.replay(), Replay::Nothing);
    }
}
