//! Why a signature does not match.
//!
//! [`explain`] tries the mistakes that people make: it undoes one, signs again, and looks whether the signature in the
//! request is the result. What it names is therefore proven; a signature of anybody who does not have the secret proves
//! nothing, and then it names nothing. What can be seen without a signature it gives as [`Hint`]s, apart.
//!
//! ```text
//!  headers ─▶ readings of the tag ──────────┐
//!  secrets ─▶ keys                          ├─▶ search: none, one or two mistakes ─▶ Mistakes │ nothing
//!  body    ─▶ bodies that may be meant      │            within the effort allowed
//!  presets ─▶ parts that may be signed ─────┘
//! ```
//!
//! - It is for the receiver's operator, called on purpose. Who sent the request gets the one opaque answer, and never
//!   this one.
//! - Nothing in the result is, or holds, a computed tag or a key.
//! - Work and memory are bounded by [`Effort`], whatever the request; if it did not suffice, the result says so.

mod body;
mod key;
mod mistake;
mod style;
mod tag;

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use body::Received;
use key::{Key, MAX_SECRETS, Material, keys};
pub use mistake::{BodyMistake, Hint, Mistake, SecretMistake};
pub use style::JsonStyle;
use tag::{QUOTES, Reading, readings};

use super::header::{self, MAX_ENTRIES};
use super::keyed::{Envelope, KeyError, hash_of};
use super::mac::{Hash, Mac};
use super::scheme::{Part, Scheme, SignedBody, Time};
use super::secret::Secret;
use super::verify::{Verifier, VerifyError, judge_age};
use crate::json::{self, Reason};

/// What to explain.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The scheme that the request should be signed by.
    pub scheme: &'a Scheme,
    /// The secrets of this webhook, newest first.
    pub secrets: &'a [Secret],
    /// Secrets of the receiver's other webhooks, which might have been confused with this one's.
    pub other_secrets: &'a [Secret],
    /// The request's headers.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body, as the receiver has it.
    pub body: &'a [u8],
    /// The time in seconds since 1970.
    pub now: i64,
    /// How much may be tried.
    pub effort: Effort,
}

/// How much [`explain`] may try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// The longest body that others are made from, in bytes, and the longest that is made.
    pub longest_body: usize,
    /// How many bytes are hashed in all. Making a body counts as hashing the one that it is made from.
    pub hashed_bytes: u64,
}

impl Default for Effort {
    /// Bodies of 1 MiB and 128 MiB hashed: below a second.
    fn default() -> Self {
        Self { longest_body: 1 << 20, hashed_bytes: 128 << 20 }
    }
}

/// What is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What [`Verifier::verify`] says.
    pub verdict: Verdict,
    /// What makes the signature match once all of it is mended; nothing if that was not found.
    pub mistakes: Vec<Mistake>,
    /// What can be seen without the signature; only where no mistake was proven.
    pub hints: Vec<Hint>,
    /// Not everything was tried: the [`Effort`] did not suffice.
    pub exhausted: bool,
}

/// What verifying says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The request is genuine.
    Genuine,
    /// It is not.
    Refused(VerifyError),
    /// A secret is no key of the scheme, so nothing can be verified.
    Key(KeyError),
}

/// Says why a request does not verify.
///
/// ```
/// use sigpost_core::signature::{Effort, Question, Scheme, Secret, Verdict, VerifyError, explain};
///
/// let secrets = [Secret::new("It's a Secret to Everybody\n").unwrap()];
/// let tag = &b"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"[..];
/// let explanation = explain(Question {
///     scheme: Scheme::GITHUB,
///     secrets: &secrets,
///     other_secrets: &[],
///     headers: &[("X-Hub-Signature-256", tag)],
///     body: b"Hello, World!",
///     now: 0,
///     effort: Effort::default(),
/// });
/// let codes: Vec<_> = explanation.mistakes.iter().map(|mistake| mistake.code()).collect();
/// assert_eq!(codes, ["secret_space_around", "prefix"]);
/// assert_eq!(explanation.mistakes[1].to_string(), "the signature has no prefix");
/// ```
#[must_use]
pub fn explain(question: Question<'_>) -> Explanation {
    let verdict = match Verifier::new(question.scheme, question.secrets) {
        Ok(verifier) => {
            let headers = question.headers.iter().copied();
            match verifier.verify(headers, question.body, question.now) {
                Ok(_) => Verdict::Genuine,
                Err(error) => Verdict::Refused(error),
            }
        }
        Err(error) => Verdict::Key(error),
    };
    let mut effort = Some(question.effort.hashed_bytes);
    if verdict == Verdict::Genuine {
        return Explanation { verdict, mistakes: Vec::new(), hints: Vec::new(), exhausted: false };
    }
    let request = Request::new(&question);
    let mistakes = match &verdict {
        Verdict::Refused(VerifyError::Stale { .. } | VerifyError::Future { .. }) => {
            request.age(question.scheme, &[]).into_iter().collect()
        }
        _ => match request.search(&mut effort) {
            Some(found) if found.is_empty() && matches!(verdict, Verdict::Key(_)) => {
                Vec::from([Mistake::SecretBeside])
            }
            Some(found) if found.is_empty() => Vec::from([Mistake::Headers]),
            found => found.unwrap_or_default(),
        },
    };
    let hints = if mistakes.is_empty() { request.hints() } else { Vec::new() };
    let exhausted = effort.is_none() || (mistakes.is_empty() && request.is_cut());
    Explanation { verdict, mistakes, hints, exhausted }
}

/// A request, read as far as it can be.
struct Request<'a> {
    question: &'a Question<'a>,
    received: Received<'a>,
    too_long: bool,
}

impl<'a> Request<'a> {
    fn new(question: &'a Question<'a>) -> Self {
        let length = header_values(question.headers, "content-length").next();
        let limit = question.effort.longest_body;
        let too_long = question.body.len() > limit;
        let length = length.and_then(|(text, _)| text.parse().ok());
        let canonical = question.scheme.body == SignedBody::Canonical;
        let received = Received::new(question.body, canonical, length, limit);
        Self { question, received, too_long }
    }

    /// Whether something was left out for its size or number.
    fn is_cut(&self) -> bool {
        let Question { scheme, secrets, other_secrets, headers, .. } = *self.question;
        let values = || header_values(headers, &scheme.header);
        self.too_long
            || self.received.is_cut()
            || secrets.len().max(other_secrets.len()) > MAX_SECRETS
            || values().count() > MAX_VALUES
            || values().any(|(text, _)| text.split([' ', ',']).count() > MAX_ENTRIES)
    }

    /// By the scheme itself, by the weaker signature that it does not accept, then by others whose header is there. Of those in the same header, only what differs in its
    /// algorithm is not found by the scheme's own search.
    fn search(&self, effort: &mut Option<u64>) -> Option<Vec<Mistake>> {
        let own = self.question.scheme;
        if let Some(found) = self.search_by(own, effort).or_else(|| self.search_weaker(own, effort)) {
            return Some(found);
        }
        let others = Scheme::presets().iter().filter(|other| {
            let same_header = other.header.eq_ignore_ascii_case(&own.header);
            !same_header || hash_of(other.algorithm).is_none() != hash_of(own.algorithm).is_none()
        });
        others.copied().find_map(|other| {
            let name = other.name.to_string();
            Some(with(Mistake::AnotherScheme { name }, self.search_by(other, effort)?))
        })
    }

    fn search_weaker(&self, own: &Scheme, effort: &mut Option<u64>) -> Option<Vec<Mistake>> {
        let weaker = Scheme { header: own.weaker_header.clone()?, ..own.clone() };
        let found = self.search_by(&weaker, effort)?;
        // That it is written as the weaker one is goes without saying.
        let of_tag = |it: &Mistake| {
            matches!(it, Mistake::Algorithm { .. } | Mistake::Prefix { .. } | Mistake::SignatureForm)
        };
        Some(with(Mistake::WeakerSignature, found.into_iter().filter(|it| !of_tag(it)).collect()))
    }

    fn search_by(&self, scheme: &Scheme, effort: &mut Option<u64>) -> Option<Vec<Mistake>> {
        (*effort)?;
        let values: Vec<_> = header_values(self.question.headers, &scheme.header).take(MAX_VALUES).collect();
        let texts: Vec<_> = values.iter().map(|(text, _)| *text).collect();
        let readings = readings(scheme, &texts);
        if readings.is_empty() {
            return None;
        }
        let search = Search { scheme, readings, envelope: self.envelope(scheme), effort };
        let Question { scheme: own, secrets, other_secrets, .. } = *self.question;
        let keys = keys(scheme, own, secrets, other_secrets);
        let mut mistakes = self.search_keys(search, &keys)?;
        let renamed = values.first().filter(|(_, name)| !name.eq_ignore_ascii_case(&scheme.header));
        mistakes.extend(renamed.map(|(_, found)| Mistake::HeaderName { found: String::from(*found) }));
        mistakes.extend(self.age(scheme, &mistakes));
        Some(mistakes)
    }

    /// No mistake, then one, then two: in the key, the body, the parts that are signed.
    fn search_keys(&self, mut search: Search<'_, '_>, keys: &[Key]) -> Option<Vec<Mistake>> {
        let (own, body) = (&*search.scheme.parts, self.received.base());
        let others = other_parts(own);
        let (right, wrong): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.mistakes.is_empty());

        let as_it_is = |found| match self.received.base_mistake() {
            Some(mistake) => with(Mistake::Body(mistake), found),
            None => found,
        };
        let found = search.fits_any(&right, own, body).or_else(|| search.fits_any(&wrong, own, body));
        if let Some(found) = found {
            return Some(as_it_is(found));
        }
        for made in self.bodies() {
            spend(search.effort, self.question.body.len())?;
            let Some((mistake, body)) = made else { continue };
            if let Some(found) = search.fits_any(&right, own, &body) {
                return Some(with(Mistake::Body(mistake), found));
            }
        }
        for parts in &others {
            let found = search.fits_any(&right, parts, body).or_else(|| search.fits_any(&wrong, parts, body));
            if let Some(found) = found {
                return Some(as_it_is(with(signed(parts), found)));
            }
        }
        if let Some(found) = right.iter().find_map(|key| search.swapped(key, body)) {
            return Some(as_it_is(found));
        }
        for made in self.bodies() {
            spend(search.effort, self.question.body.len())?;
            let Some((mistake, body)) = made else { continue };
            if let Some(found) = search.fits_any(&wrong, own, &body) {
                return Some(with(Mistake::Body(mistake), found));
            }
            for parts in &others {
                if let Some(found) = search.fits_any(&right, parts, &body) {
                    return Some(with(Mistake::Body(mistake), with(signed(parts), found)));
                }
            }
        }
        None
    }

    /// None are made of a body that is too long.
    fn bodies(&self) -> impl Iterator<Item = Option<(BodyMistake, Cow<'_, [u8]>)>> {
        let received = (!self.too_long).then_some(&self.received);
        received.into_iter().flat_map(Received::others)
    }

    /// The id and the time as the scheme has them, or where any known scheme does.
    fn envelope(&self, scheme: &Scheme) -> Found<'a> {
        let headers = self.question.headers;
        let value = |name: &str| header_values(headers, name).next().map(|(text, _)| text);
        let time = |scheme: &Scheme| match scheme.time.as_ref()? {
            Time::Header(name) => value(name),
            Time::Entry(prefix) => {
                header::time_entry(value(&scheme.header)?.trim_matches(QUOTES), &scheme.grammar, prefix)
            }
        };
        let presets = || Scheme::presets().iter().copied();
        let id = |scheme: &Scheme| value(scheme.id_header()?);
        Found {
            id: id(scheme).or_else(|| presets().find_map(id)),
            time: time(scheme).or_else(|| presets().find_map(time)),
        }
    }

    /// What is wrong with the time of a request whose signature fits, these mistakes apart.
    fn age(&self, scheme: &Scheme, mistakes: &[Mistake]) -> Option<Mistake> {
        // Where other parts were signed, the time may not have been.
        let other_parts =
            |it: &Mistake| matches!(it, Mistake::SignedParts { .. } | Mistake::SwappedArguments);
        if mistakes.iter().any(other_parts) {
            return None;
        }
        let time = header::timestamp(self.envelope(scheme).time?)?;
        let judge = |time| judge_age(scheme.tolerance, Some(time), self.question.now);
        let error = judge(time).err()?;
        if judge(time / 1_000).is_ok() {
            return Some(Mistake::Milliseconds);
        }
        match error {
            VerifyError::Stale { age } => Some(Mistake::Stale { age }),
            VerifyError::Future { ahead } => Some(Mistake::Future { ahead }),
            _ => None,
        }
    }

    fn hints(&self) -> Vec<Hint> {
        let Question { scheme, headers, body, .. } = *self.question;
        let mut hints = Vec::new();
        let has = |name: &str| header_values(headers, name).next().is_some();
        if !has(&scheme.header) {
            let others = Scheme::presets().iter().filter(|other| other.header != scheme.header);
            let there = others.filter(|other| has(&other.header));
            hints.extend(there.map(|other| Hint::HeaderOf { scheme: other.name.to_string() }));
        }
        let is_gzip = body.starts_with(b"\x1f\x8b");
        let encoding = header_values(headers, "content-encoding").next().map(|(text, _)| text);
        let said_compressed = encoding.is_some_and(|encoding| !matches!(encoding, "" | "identity"));
        let is_text = core::str::from_utf8(body).is_ok();
        let cut = |error: &json::Error| matches!(error.reason(), Reason::UnexpectedEnd { .. });
        let expected = self.received.content_length().filter(|expected| *expected > body.len());
        hints.extend(body.is_empty().then_some(Hint::EmptyBody));
        hints.extend(expected.map(|expected| Hint::Truncated { expected, found: body.len() }));
        let starts_as_json = matches!(body.first(), Some(b'{' | b'['));
        let reads = json::Limits { max_bytes: self.question.effort.longest_body, ..json::Limits::default() };
        let is_cut = starts_as_json && json::canonicalize_with(body, reads).is_err_and(|error| cut(&error));
        hints.extend(is_cut.then_some(Hint::CutJson));
        hints.extend((said_compressed && is_text).then_some(Hint::Decompressed));
        hints.extend(is_gzip.then_some(Hint::Compressed));
        let replaced = body.windows(3).any(|bytes| bytes == "\u{fffd}".as_bytes());
        hints.extend(replaced.then_some(Hint::ReplacementCharacter));
        hints.extend((body == b"[object Object]").then_some(Hint::ObjectObject));
        hints
    }
}

/// What was found of the id and the time.
#[derive(Clone, Copy)]
struct Found<'a> {
    id: Option<&'a str>,
    time: Option<&'a str>,
}

/// A search by one scheme's header.
struct Search<'a, 'e> {
    scheme: &'a Scheme,
    readings: Vec<Reading>,
    envelope: Found<'a>,
    /// How many bytes may still be hashed; none if they did not suffice.
    effort: &'e mut Option<u64>,
}

impl Search<'_, '_> {
    /// As [`Self::fits`], for the first of these keys that does.
    fn fits_any(&mut self, keys: &[&Key], parts: &[Part], body: &[u8]) -> Option<Vec<Mistake>> {
        keys.iter().find_map(|key| self.fits(key, parts, body))
    }

    /// The mistakes with which this key, these parts and this body give the signature; none if they do not.
    fn fits(&mut self, key: &Key, parts: &[Part], body: &[u8]) -> Option<Vec<Mistake>> {
        let missing = |part: &Part| match part {
            Part::Id => self.envelope.id.is_none(),
            Part::Timestamp => self.envelope.time.is_none(),
            Part::Body | Part::Literal(_) => false,
        };
        if parts.iter().any(missing) {
            return None;
        }
        let envelope = Envelope {
            id: self.envelope.id.unwrap_or_default(),
            timestamp: self.envelope.time.unwrap_or_default(),
        };
        let message = || envelope.before_body(parts).chain([body]).chain(envelope.after_body(parts));
        let found = match &key.material {
            Material::Bytes(bytes) => self.mac(bytes, message)?,
            Material::Public(public) => {
                let message: Vec<u8> = message().flatten().copied().collect();
                let effort = &mut *self.effort;
                let mut fits = |it: &&Reading| {
                    spend(effort, message.len() + ED25519_COST).is_some()
                        && public.verifies(&message, it.bytes())
                };
                self.readings.iter().filter(|it| it.hash.is_none()).find(|it| fits(it))?
            }
        };
        Some(key.mistakes.iter().chain(&found.mistakes).cloned().collect())
    }

    fn mac<'m, Message: Iterator<Item = &'m [u8]>>(
        &mut self,
        key: &[u8],
        message: impl Fn() -> Message,
    ) -> Option<&Reading> {
        let cost = message().map(<[u8]>::len).sum::<usize>() + key.len() + MAC_COST;
        for hash in [Hash::Sha256, Hash::Sha1, Hash::Sha512] {
            if !self.readings.iter().any(|reading| reading.hash == Some(hash)) {
                continue;
            }
            spend(self.effort, cost)?;
            let tag = Mac::new(hash, key).tag(message());
            let place = self.readings.iter().position(|it| it.hash == Some(hash) && it.is(&tag));
            if let Some(place) = place {
                return Some(&self.readings[place]);
            }
        }
        None
    }

    /// The body as the key and the secret as the message, as functions that take the message first are called wrongly.
    fn swapped(&mut self, key: &Key, body: &[u8]) -> Option<Vec<Mistake>> {
        let Material::Bytes(bytes) = &key.material else { return None };
        let found = self.mac(body, || [bytes.as_slice()].into_iter())?;
        Some(with(Mistake::SwappedArguments, found.mistakes.clone()))
    }
}

/// None when the effort does not suffice, then and ever after.
fn spend(effort: &mut Option<u64>, bytes: usize) -> Option<()> {
    *effort = (*effort)?.checked_sub(u64::try_from(bytes).ok()?);
    effort.map(|_| ())
}

/// What a tag costs besides its message and its key, in bytes hashed: there are four blocks more, and comparing.
const MAC_COST: usize = 1 << 10;
/// What an Ed25519 signature costs besides its body, in bytes hashed.
const ED25519_COST: usize = 16 << 10;

/// The values of one header that are read: there should be one.
const MAX_VALUES: usize = 4;

/// The parts that other known schemes sign, each list once.
fn other_parts(own: &[Part]) -> Vec<&'static [Part]> {
    let mut others: Vec<&[Part]> = Vec::new();
    for parts in Scheme::presets().iter().map(|preset| &*preset.parts) {
        if parts != own && !others.contains(&parts) {
            others.push(parts);
        }
    }
    others
}

fn signed(parts: &[Part]) -> Mistake {
    Mistake::SignedParts { signed: parts.to_vec() }
}

fn with(mistake: Mistake, others: Vec<Mistake>) -> Vec<Mistake> {
    [mistake].into_iter().chain(others).collect()
}

/// The values of a header, and the names they stand under: its own; only if there is none, what CGI, WSGI and PHP make
/// of it. Verifying reads no other, and what a stranger adds must not stand in for it.
fn header_values<'a>(
    headers: &'a [(&'a str, &'a [u8])],
    wanted: &str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let own = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let is = move |name: &str| {
        if own {
            return name.eq_ignore_ascii_case(wanted);
        }
        let cgi = name.split_at_checked(5).filter(|(start, _)| start.eq_ignore_ascii_case("HTTP_"));
        let name = cgi.map_or(name, |(_, rest)| rest);
        let same = |(found, wanted): (u8, u8)| {
            found.eq_ignore_ascii_case(&wanted) || (found == b'_' && wanted == b'-')
        };
        name.len() == wanted.len() && name.bytes().zip(wanted.bytes()).all(same)
    };
    headers
        .iter()
        .filter(move |(name, _)| is(name))
        .filter_map(|(name, value)| core::str::from_utf8(value).ok().map(|text| (text, *name)))
}
