//! Verifying.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::header::{self, Candidate};
use super::keyed::{Envelope, KeyError, VerifyingKey};
use super::scheme::{Scheme, SignedBody, Time};
use super::secret::Secret;
use crate::json;

/// Verifies by one scheme with the secrets that are valid at present.
pub struct Verifier {
    scheme: Scheme,
    keys: Vec<VerifyingKey>,
    tolerance: Option<u32>,
}

/// A request that is genuine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<'a> {
    /// Exactly the bytes that were signed: the body, or its canonical form.
    pub signed_body: Cow<'a, [u8]>,
    /// Which of the secrets it was signed with, counted from 0.
    pub secret: usize,
    /// The message id, if the scheme signs one.
    pub id: Option<&'a str>,
    /// When it was signed, in seconds since 1970, if the scheme signs that.
    pub timestamp: Option<i64>,
}

/// Why a request is not genuine. [`VerifyError::code`] is stable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// No secret fits: forged, altered on the way, or signed with another secret. Deliberately opaque.
    Mismatch,
    /// A header that the scheme needs is missing.
    MissingHeader(Cow<'static, str>),
    /// A header that the scheme needs is there more than once.
    DuplicateHeader(Cow<'static, str>),
    /// A header is not of the scheme's form.
    MalformedHeader(Cow<'static, str>),
    /// Only the weaker signature is there that this scheme does not accept: SHA-1 where SHA-256 is required.
    Sha1Only,
    /// The signature fits, but it was made too long ago.
    Stale {
        /// How long ago, in seconds.
        age: i64,
    },
    /// The signature fits, but it was made too far in the future: one of the clocks is wrong.
    Future {
        /// How far, in seconds.
        ahead: i64,
    },
    /// The scheme signs the canonical form of the body, and the body is not JSON.
    NotJson(json::Error),
    /// The verifier was made without a secret.
    NoSecret,
}

impl VerifyError {
    /// A name for logs and programs; it never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Mismatch => "mismatch",
            Self::MissingHeader(_) => "missing_header",
            Self::DuplicateHeader(_) => "duplicate_header",
            Self::MalformedHeader(_) => "malformed_header",
            Self::Sha1Only => "sha1_only",
            Self::Stale { .. } => "stale_timestamp",
            Self::Future { .. } => "future_timestamp",
            Self::NotJson(_) => "not_json",
            Self::NoSecret => "no_secret",
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mismatch => f.write_str("the signature does not match"),
            Self::MissingHeader(name) => write!(f, "header {name} is missing"),
            Self::DuplicateHeader(name) => write!(f, "header {name} is there more than once"),
            Self::MalformedHeader(name) => write!(f, "header {name} is not of the scheme's form"),
            Self::Sha1Only => {
                f.write_str("only a weaker signature is there (SHA-1), which this scheme does not accept")
            }
            Self::Stale { age } => write!(f, "the signature was made {age} s ago, which is too long"),
            Self::Future { ahead } => write!(f, "the signature was made {ahead} s in the future"),
            Self::NotJson(error) => write!(f, "the body is not JSON: {error}"),
            Self::NoSecret => f.write_str("there is no secret to verify with"),
        }
    }
}

impl core::error::Error for VerifyError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::NotJson(error) => Some(error),
            _ => None,
        }
    }
}

/// A tolerance was asked of a scheme that signs no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTimestamp;

impl fmt::Display for NoTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this scheme signs no time, so it cannot tell how old a message is")
    }
}

impl core::error::Error for NoTimestamp {}

impl Verifier {
    /// Prepares to verify with these secrets, newest first; several while a secret is being rotated.
    ///
    /// # Errors
    /// [`KeyError`] when a secret is no key of the scheme.
    pub fn new(scheme: &Scheme, secrets: &[Secret]) -> Result<Self, KeyError> {
        // Room for all of them at once: a list that grows moves, and leaves keys behind where it was.
        let mut keys = Vec::with_capacity(secrets.len());
        for secret in secrets {
            keys.push(VerifyingKey::for_verifying(scheme, secret)?);
        }
        Ok(Self { scheme: scheme.clone(), keys, tolerance: scheme.tolerance })
    }

    /// Replaces the scheme's tolerance, in seconds either way; `None` accepts any age.
    ///
    /// # Errors
    /// [`NoTimestamp`] when a tolerance is asked of a scheme that signs no time.
    ///
    /// ```
    /// use sigpost_core::signature::{NoTimestamp, Scheme, Secret, Verifier};
    /// let verifier = |scheme| Verifier::new(scheme, &[Secret::new("a shared secret").unwrap()]).unwrap();
    /// assert!(verifier(Scheme::SLACK).with_tolerance(Some(60)).is_ok());
    /// assert_eq!(verifier(Scheme::QLIK).with_tolerance(Some(60)).err(), Some(NoTimestamp));
    /// ```
    pub fn with_tolerance(self, tolerance: Option<u32>) -> Result<Self, NoTimestamp> {
        if tolerance.is_some() && self.scheme.time.is_none() {
            return Err(NoTimestamp);
        }
        Ok(Self { tolerance, ..self })
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Whether a request is genuine. `now` is the time in seconds since 1970. Raw bodies are verified without
    /// allocating (but by Ed25519, which reads the message twice and keeps it); the canonical form of one is made within the default [limits](json::Limits) before anything is known
    /// of its sender, so bound the body's length first.
    ///
    /// # Errors
    /// [`VerifyError`]: opaque for a forged request, telling for one that the operator has to look into.
    ///
    /// ```
    /// use sigpost_core::signature::{Scheme, Secret, Verifier};
    /// let secret = Secret::new("It's a Secret to Everybody").unwrap();
    /// let verifier = Verifier::new(Scheme::QLIK, &[secret]).unwrap();
    /// let tag: &[u8] = b"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    /// assert!(verifier.verify([("Qlik-Signature", tag)], b"Hello, World!", 0).is_ok());
    /// assert!(verifier.verify([("Qlik-Signature", tag)], b"Hello, World?", 0).is_err());
    /// ```
    pub fn verify<'a>(
        &self,
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        body: &'a [u8],
        now: i64,
    ) -> Result<Verified<'a>, VerifyError> {
        let read = self.read(headers)?;
        let signed_body = match self.scheme.body {
            SignedBody::Raw => Cow::Borrowed(body),
            SignedBody::Canonical => json::canonicalize(body).map_err(VerifyError::NotJson)?,
        };
        let parts = &self.scheme.parts;
        let fits = |key: &VerifyingKey| {
            let before = read.envelope.before_body(parts);
            let message = before.chain([&*signed_body]).chain(read.envelope.after_body(parts));
            key.verifies(message, &read.first, read.more.clone())
        };
        let secret = self.keys.iter().position(fits).ok_or(VerifyError::Mismatch)?;
        judge_age(self.tolerance, read.timestamp, now)?;
        Ok(Verified { signed_body, secret, id: read.id, timestamp: read.timestamp })
    }

    /// Starts to verify a request whose body comes in pieces, by its headers. A scheme over the canonical form is
    /// handed that form: nothing is canonicalised here. Memory does not grow with the body, but with Ed25519, which keeps it
    /// for each key.
    ///
    /// # Errors
    /// As [`Verifier::verify`], for what can be told without the body.
    ///
    /// ```
    /// use sigpost_core::signature::{Scheme, Secret, Verifier, VerifyError};
    /// let verifier = Verifier::new(Scheme::QLIK, &[Secret::new("It's a Secret to Everybody").unwrap()]).unwrap();
    /// let tag = &b"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"[..];
    /// let mut check = verifier.begin([("Qlik-Signature", tag)]).unwrap();
    /// check.update(b"Hello, ");
    /// check.update(b"World!");
    /// assert_eq!(check.finish(0).unwrap().secret, 0);
    ///
    /// let mut check = verifier.begin([("Qlik-Signature", tag)]).unwrap();
    /// check.update(b"Hello, World?");
    /// assert_eq!(check.finish(0), Err(VerifyError::Mismatch));
    /// ```
    pub fn begin<'a>(
        &self,
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Check, VerifyError> {
        let read = self.read(headers)?;
        let parts = &self.scheme.parts;
        let mut states = self.keys.clone();
        states.iter_mut().for_each(|state| state.update_all(read.envelope.before_body(parts)));
        Ok(Check {
            states,
            after: read.envelope.after_body(parts).flatten().copied().collect(),
            candidates: core::iter::once(read.first).chain(read.more).collect(),
            id: read.id.map(String::from),
            timestamp: read.timestamp,
            tolerance: self.tolerance,
        })
    }

    fn read<'a, Headers: IntoIterator<Item = (&'a str, &'a [u8])>>(
        &self,
        headers: Headers,
    ) -> Result<Read<'a, impl Iterator<Item = Candidate> + Clone + use<'_, 'a, Headers>>, VerifyError> {
        if self.keys.is_empty() {
            return Err(VerifyError::NoSecret);
        }
        let scheme = &self.scheme;
        let found = Found::in_headers(scheme, headers)?;
        let malformed = |name: &Cow<'static, str>| VerifyError::MalformedHeader(name.clone());
        let mut id = None;
        if let (Some(name), Some(text)) = (&scheme.id_header, found.id) {
            let fit = header::id(text).and_then(|id| scheme.separable(id));
            id = Some(fit.ok_or_else(|| malformed(name))?);
        }
        let (text, name) = match &scheme.time {
            Some(Time::Header(name)) => (found.timestamp, name),
            Some(Time::Entry(prefix)) => {
                (header::time_entry(found.signature, &scheme.grammar, prefix), &scheme.header)
            }
            None => (None, &scheme.header),
        };
        let timestamp = text.and_then(header::timestamp);
        if scheme.time.is_some() && timestamp.is_none() {
            return Err(malformed(name));
        }
        // The first is looked for now: without any, a body costs nothing. It is decoded once.
        let mut candidates = header::candidates(found.signature, scheme);
        let first = candidates.next().ok_or_else(|| malformed(&scheme.header))?;
        let envelope = Envelope { id: id.unwrap_or_default(), timestamp: text.unwrap_or_default() };
        Ok(Read { first, more: candidates, id, timestamp, envelope })
    }
}

/// A request that is being verified; see [`Verifier::begin`]. It knows no more of the body than its hash, so nothing
/// of the body may be acted upon before [`Check::finish`] says that it is genuine.
pub struct Check {
    states: Vec<VerifyingKey>,
    after: Vec<u8>,
    /// At least one.
    candidates: Vec<Candidate>,
    id: Option<String>,
    timestamp: Option<i64>,
    tolerance: Option<u32>,
}

/// What is known of a request that is genuine and whose body came in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genuine {
    /// Which of the secrets it was signed with, counted from 0.
    pub secret: usize,
    /// The message id, if the scheme signs one.
    pub id: Option<String>,
    /// When it was signed, in seconds since 1970, if the scheme signs that.
    pub timestamp: Option<i64>,
}

impl Check {
    /// Takes the next piece of the body.
    pub fn update(&mut self, piece: &[u8]) {
        for state in &mut self.states {
            state.update(piece);
        }
    }

    /// Judges the signature, then the age. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// [`VerifyError::Mismatch`], or one of the errors of age.
    pub fn finish(self, now: i64) -> Result<Genuine, VerifyError> {
        let (first, more) = self.candidates.split_first().ok_or(VerifyError::Mismatch)?;
        let fits =
            |state: &VerifyingKey| state.verifies([&*self.after].into_iter(), first, more.iter().cloned());
        let secret = self.states.iter().position(fits).ok_or(VerifyError::Mismatch)?;
        judge_age(self.tolerance, self.timestamp, now)?;
        Ok(Genuine { secret, id: self.id, timestamp: self.timestamp })
    }
}

pub(super) fn judge_age(tolerance: Option<u32>, timestamp: Option<i64>, now: i64) -> Result<(), VerifyError> {
    let (Some(tolerance), Some(timestamp)) = (tolerance, timestamp) else { return Ok(()) };
    let age = now.saturating_sub(timestamp);
    let tolerance = i64::from(tolerance);
    if age > tolerance {
        Err(VerifyError::Stale { age })
    } else if age < -tolerance {
        Err(VerifyError::Future { ahead: age.saturating_neg() })
    } else {
        Ok(())
    }
}

/// What was read in the headers and is of the scheme's form.
struct Read<'a, Candidates> {
    first: Candidate,
    more: Candidates,
    id: Option<&'a str>,
    timestamp: Option<i64>,
    envelope: Envelope<'a>,
}

/// The headers that a scheme needs.
struct Found<'a> {
    signature: &'a str,
    id: Option<&'a str>,
    timestamp: Option<&'a str>,
}

impl<'a> Found<'a> {
    fn in_headers(
        scheme: &Scheme,
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, VerifyError> {
        let (mut signature, mut id, mut timestamp, mut weaker) = (None, None, None, false);
        let time_header = scheme.time_header();
        for (name, value) in headers {
            let is = |wanted: &&Cow<'static, str>| name.eq_ignore_ascii_case(wanted);
            let slot = if name.eq_ignore_ascii_case(&scheme.header) {
                Some((&mut signature, &scheme.header))
            } else if let Some(name) = scheme.id_header.as_ref().filter(is) {
                Some((&mut id, name))
            } else if let Some(name) = time_header.filter(is) {
                Some((&mut timestamp, name))
            } else {
                weaker |= scheme.weaker_header.as_ref().filter(is).is_some();
                None
            };
            if let Some((slot, name)) = slot {
                let text = header::text(value).ok_or_else(|| VerifyError::MalformedHeader(name.clone()))?;
                if slot.replace(text).is_some() {
                    return Err(VerifyError::DuplicateHeader(name.clone()));
                }
            }
        }
        let signature = signature.ok_or_else(|| match weaker {
            true => VerifyError::Sha1Only,
            false => VerifyError::MissingHeader(scheme.header.clone()),
        })?;
        for (name, value) in [(scheme.id_header.as_ref(), id), (time_header, timestamp)] {
            if let (Some(name), None) = (name, value) {
                return Err(VerifyError::MissingHeader(name.clone()));
            }
        }
        Ok(Self { signature, id, timestamp })
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::super::{KeyForm, SignInput, Signer};
    use super::*;

    const NOW: i64 = 1_700_000_000;
    const BODY: &[u8] = b"{\"a\":1}";

    fn secret(text: &str) -> Secret {
        Secret::new(text).unwrap()
    }

    /// A secret whose key is fit for the scheme.
    fn fit(scheme: &Scheme, text: &str) -> Secret {
        match scheme.key() {
            KeyForm::Base64 => secret(&STANDARD.encode(text)),
            #[cfg(feature = "ed25519")]
            KeyForm::Ed25519 => secret(
                "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
            ),
            _ => secret(text),
        }
    }

    fn signed(scheme: &Scheme, with: &str, body: &[u8], at: i64) -> Vec<(Cow<'static, str>, String)> {
        let input = SignInput { body, id: Some("msg_1"), timestamp: Some(at) };
        Signer::new(scheme, &fit(scheme, with)).unwrap().sign(input).unwrap()
    }

    fn verify<'a>(
        verifier: &Verifier,
        headers: &'a [(Cow<'static, str>, String)],
        body: &'a [u8],
    ) -> Result<Verified<'a>, VerifyError> {
        verifier.verify(headers.iter().map(|(name, value)| (name.as_ref(), value.as_bytes())), body, NOW)
    }

    #[test]
    fn what_is_signed_verifies_under_every_preset_and_no_flipped_bit_does() {
        for scheme in Scheme::presets() {
            let verifier = Verifier::new(scheme, &[fit(scheme, "s")]).unwrap();
            let headers = signed(scheme, "s", BODY, NOW);
            assert_eq!(verify(&verifier, &headers, BODY).unwrap().signed_body, BODY, "{}", scheme.name());
            for bit in 0..BODY.len() * 8 {
                let mut flipped = BODY.to_vec();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(verify(&verifier, &headers, &flipped), Err(VerifyError::Mismatch));
            }
        }
    }

    #[test]
    fn no_flipped_bit_of_a_header_verifies() {
        for scheme in Scheme::presets() {
            let verifier = Verifier::new(scheme, &[fit(scheme, "s")]).unwrap();
            let headers = signed(scheme, "s", BODY, NOW);
            for (at, (name, value)) in headers.iter().enumerate() {
                for bit in 0..value.len() * 8 {
                    let mut flipped = value.clone().into_bytes();
                    flipped[bit / 8] ^= 1 << (bit % 8);
                    // Hex is read in either case, and that is no other tag.
                    if flipped.eq_ignore_ascii_case(value.as_bytes())
                        && scheme.encoding() == super::super::Encoding::Hex
                    {
                        continue;
                    }
                    let pairs = headers.iter().enumerate().map(|(other, (name, value))| {
                        (name.as_ref(), if other == at { flipped.as_slice() } else { value.as_bytes() })
                    });
                    assert!(verifier.verify(pairs, BODY, NOW).is_err(), "{} {name} bit {bit}", scheme.name());
                }
            }
        }
    }

    #[test]
    fn a_truncated_or_longer_tag_never_verifies() {
        for scheme in Scheme::presets() {
            let verifier = Verifier::new(scheme, &[fit(scheme, "s")]).unwrap();
            let headers = signed(scheme, "s", BODY, NOW);
            let full = headers.last().unwrap().1.clone();
            for cut in 0..full.len() {
                let mut headers = headers.clone();
                headers.last_mut().unwrap().1 = full[..cut].to_string();
                assert!(verify(&verifier, &headers, BODY).is_err(), "{} cut to {cut}", scheme.name());
                headers.last_mut().unwrap().1 = full.clone() + &full[..cut];
                assert!(cut == 0 || verify(&verifier, &headers, BODY).is_err(), "{} longer", scheme.name());
            }
        }
    }

    #[test]
    fn every_secret_of_a_rotation_verifies_and_says_which_it_was() {
        let verifier = Verifier::new(Scheme::IMMUTA, &[secret("new"), secret("old")]).unwrap();
        assert_eq!(verify(&verifier, &signed(Scheme::IMMUTA, "new", BODY, NOW), BODY).unwrap().secret, 0);
        assert_eq!(verify(&verifier, &signed(Scheme::IMMUTA, "old", BODY, NOW), BODY).unwrap().secret, 1);
        let other = signed(Scheme::IMMUTA, "other", BODY, NOW);
        assert_eq!(verify(&verifier, &other, BODY), Err(VerifyError::Mismatch));
    }

    #[test]
    fn the_sha1_header_alone_is_not_enough_where_sha256_is_required() {
        let verifier = Verifier::new(Scheme::IMMUTA, &[secret("s")]).unwrap();
        let sha1 = signed(Scheme::IMMUTA_SHA1, "s", BODY, NOW);
        assert_eq!(verify(&verifier, &sha1, BODY), Err(VerifyError::Sha1Only));
    }

    #[test]
    fn age_is_judged_both_ways_and_only_after_the_signature() {
        let verifier = Verifier::new(Scheme::STANDARD_WEBHOOKS, &[secret("s")]).unwrap();
        let at = |time| signed(Scheme::STANDARD_WEBHOOKS, "s", BODY, time);
        assert!(verify(&verifier, &at(NOW - 300), BODY).is_ok());
        assert!(verify(&verifier, &at(NOW + 300), BODY).is_ok());
        assert_eq!(verify(&verifier, &at(NOW - 301), BODY), Err(VerifyError::Stale { age: 301 }));
        assert_eq!(verify(&verifier, &at(NOW + 301), BODY), Err(VerifyError::Future { ahead: 301 }));
        assert_eq!(verify(&verifier, &at(NOW - 301), b"other"), Err(VerifyError::Mismatch));
        let lenient = verifier.with_tolerance(None).unwrap();
        assert!(verify(&lenient, &at(0), BODY).is_ok());
    }

    #[test]
    fn a_tolerance_without_a_signed_time_is_refused() {
        let verifier = Verifier::new(Scheme::IMMUTA, &[secret("s")]).unwrap();
        assert_eq!(verifier.with_tolerance(Some(300)).err(), Some(NoTimestamp));
    }

    #[test]
    fn absurd_clocks_and_times_do_not_overflow() {
        let verifier = Verifier::new(Scheme::STANDARD_WEBHOOKS, &[secret("s")]).unwrap();
        let headers = signed(Scheme::STANDARD_WEBHOOKS, "s", BODY, 999_999_999_999_999);
        for now in [i64::MIN, i64::MAX] {
            let pairs = headers.iter().map(|(name, value)| (name.as_ref(), value.as_bytes()));
            assert!(verifier.verify(pairs, BODY, now).is_err());
        }
    }

    #[test]
    fn missing_doubled_and_malformed_headers_are_told_apart() {
        let verifier = Verifier::new(Scheme::STANDARD_WEBHOOKS, &[secret("s")]).unwrap();
        let headers = signed(Scheme::STANDARD_WEBHOOKS, "s", BODY, NOW);
        for (at, (name, _)) in headers.iter().enumerate() {
            let mut without = headers.clone();
            without.remove(at);
            assert_eq!(verify(&verifier, &without, BODY), Err(VerifyError::MissingHeader(name.clone())));
            let mut twice = headers.clone();
            twice.push((Cow::Owned(name.to_uppercase()), "x".into()));
            assert_eq!(verify(&verifier, &twice, BODY), Err(VerifyError::DuplicateHeader(name.clone())));
            for bad in ["", "\u{142}", "a.b c", "1700000000abc", "v1,!!!", "v2,AAAA"] {
                let mut malformed = headers.clone();
                malformed[at].1 = bad.into();
                // What is a fit id is no malformed one, only another.
                let expected =
                    if name == "webhook-id" && !bad.is_empty() && bad.is_ascii() && !bad.contains(['.', ' '])
                    {
                        VerifyError::Mismatch
                    } else {
                        VerifyError::MalformedHeader(name.clone())
                    };
                assert_eq!(verify(&verifier, &malformed, BODY), Err(expected), "{name}: {bad}");
            }
        }
    }

    #[test]
    fn any_bytes_can_be_signed() {
        for body in
            [&b""[..], b"\xff\xfe\x00", b"\xef\xbb\xbf{}", b"a=1&b=%20", b"$& $$ $'", &[0xed, 0xa0, 0x80]]
        {
            for scheme in Scheme::presets() {
                let verifier = Verifier::new(scheme, &[fit(scheme, "s")]).unwrap();
                assert!(verify(&verifier, &signed(scheme, "s", body, NOW), body).is_ok());
            }
        }
    }

    #[test]
    fn a_canonical_scheme_signs_what_json_stringify_writes() {
        let scheme = Scheme::IMMUTA.with_body(SignedBody::Canonical);
        let verifier = Verifier::new(&scheme, &[secret("s")]).unwrap();
        let headers = signed(Scheme::IMMUTA, "s", b"{\"1\":1,\"b\":2}", NOW);
        let verified = verify(&verifier, &headers, b"{ \"b\": 2.0, \"1\": 1 }").unwrap();
        assert_eq!(&*verified.signed_body, b"{\"1\":1,\"b\":2}");
        assert!(matches!(verify(&verifier, &headers, b"{"), Err(VerifyError::NotJson(_))));
    }

    #[test]
    fn a_secret_that_is_no_key_of_the_scheme_is_refused() {
        for bad in ["", "%", "whsec_", "whsec_a b", " c2VjcmV0", "c2VjcmV0\n"] {
            let Ok(bad) = Secret::new(bad) else { continue };
            assert_eq!(Verifier::new(Scheme::SVIX, &[bad]).err(), Some(KeyError::NotBase64));
        }
    }

    #[test]
    fn a_verifier_without_secrets_verifies_nothing() {
        let verifier = Verifier::new(Scheme::IMMUTA, &[]).unwrap();
        let headers = signed(Scheme::IMMUTA, "s", BODY, NOW);
        assert_eq!(verify(&verifier, &headers, BODY), Err(VerifyError::NoSecret));
    }
}
