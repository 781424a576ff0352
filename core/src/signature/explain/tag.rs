//! What a signature header's value may mean.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use subtle::ConstantTimeEq as _;

use super::mistake::Mistake;
use crate::signature::header::{Candidate, MAX_ENTRIES, URL, candidates};
use crate::signature::keyed::hash_of;
use crate::signature::mac::{Hash, Tag};
use crate::signature::scheme::{Algorithm, Encoding, Scheme, Separator};
use crate::signature::secret::LENIENT;

/// A tag as it may have been meant, and the mistakes that this would mean; none for what the scheme reads.
pub(super) struct Reading {
    bytes: Vec<u8>,
    /// None for Ed25519.
    pub(super) hash: Option<Hash>,
    pub(super) mistakes: Vec<Mistake>,
}

/// As few bytes of a cut tag as are taken for one: by chance, one of 2^64 has them.
const SHORTEST_CUT: usize = 8;

/// What is put around a header's value by mistake.
pub(super) const QUOTES: [char; 2] = ['"', '\''];

impl Reading {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether this tag was meant, be it cut.
    pub(super) fn is(&self, tag: &Tag) -> bool {
        let start = &tag.as_bytes()[..self.bytes.len().min(tag.as_bytes().len())];
        start.ct_eq(&self.bytes).into()
    }
}

/// More than any rotation needs in any writing, and a bound on the work: each tag is compared with all of them.
const MAX_READINGS: usize = 64;

/// Everything that the values may mean, with the fewest mistakes first; each tag once.
pub(super) fn readings(scheme: &Scheme, values: &[&str]) -> Vec<Reading> {
    let mut readings = Readings { scheme, strict: Vec::new(), found: Vec::new() };
    for value in values {
        readings.strict = candidates(value, scheme).collect();
        for entry in entries(value, scheme.grammar.separator) {
            let entry = entry.trim_matches([' ', '\t', '\r', '\n']);
            let unquoted = entry.trim_matches(QUOTES);
            for (prefix, text) in prefixes(scheme, unquoted) {
                let mut mistakes = Vec::new();
                mistakes.extend((unquoted != entry).then_some(Mistake::QuotedSignature));
                if prefix != scheme.grammar.prefix {
                    mistakes.push(Mistake::Prefix { found: String::from(prefix) });
                }
                readings.decode(text, &mistakes);
            }
        }
    }
    readings.found.sort_by_key(|reading| reading.mistakes.len());
    readings.found
}

/// What is taken for a part of the value: all of it, what the scheme's own separator parts, and what another would. Of
/// two that give one tag by as many mistakes, the first counts: behind `v1,` there is a prefix, not a list.
fn entries(value: &str, own: Option<Separator>) -> impl Iterator<Item = &str> {
    let own = own.map(Separator::character);
    let separators = own.into_iter().chain([' ', ','].into_iter().filter(move |other| Some(*other) != own));
    let parts = separators.flat_map(|separator| value.split(separator).take(MAX_ENTRIES));
    core::iter::once(value).chain(parts)
}

/// Where the tag may begin: behind the scheme's prefix, behind any `name=` or `name,`, or at once.
fn prefixes<'a>(scheme: &Scheme, entry: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let own = &*scheme.grammar.prefix;
    let own = entry.starts_with(own).then(|| entry.split_at(own.len()));
    let name = entry.find(['=', ',']).filter(|end| {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        (1..=20).contains(end) && entry.as_bytes()[..*end].iter().all(is_name)
    });
    let named = name.map(|end| entry.split_at(end + 1));
    let named = named.or_else(|| entry.starts_with("0x").then(|| entry.split_at(2)));
    own.into_iter().chain(named).chain([("", entry)])
}

struct Readings<'a> {
    scheme: &'a Scheme,
    /// What the scheme itself reads in the value.
    strict: Vec<Candidate>,
    found: Vec<Reading>,
}

impl Readings<'_> {
    fn decode(&mut self, text: &str, mistakes: &[Mistake]) {
        // Longer than the longest tag in any form, hexadecimal digits in base64.
        if text.len() > 200 {
            return;
        }
        for (encoding, bytes) in [
            (Encoding::Hex, const_hex::decode(text).ok().filter(|_| !text.starts_with("0x"))),
            (Encoding::Base64, LENIENT.decode(text).ok()),
            (Encoding::Base64Url, URL.decode(text).ok()),
        ] {
            let Some(bytes) = bytes else { continue };
            let mut mistakes = mistakes.to_vec();
            if encoding != self.scheme.encoding {
                mistakes.push(Mistake::Encoding { used: encoding });
            }
            let inner = const_hex::decode(&bytes).ok().filter(|_| encoding != Encoding::Hex);
            if let Some(inner) = inner {
                self.add(inner, mistakes.iter().cloned().chain([Mistake::HexInBase64]).collect());
            }
            self.add(bytes, mistakes);
        }
        self.cut(text, mistakes);
    }

    /// A tag that was cut wherever a column ends: within a byte, within four characters, or to another tag's length.
    fn cut(&mut self, text: &str, mistakes: &[Mistake]) {
        let whole = |unit: usize| text.get(..text.len() - text.len() % unit).unwrap_or_default();
        let bytes = match self.scheme.encoding {
            Encoding::Hex => const_hex::decode(whole(2)).ok(),
            Encoding::Base64 => LENIENT.decode(whole(4)).ok(),
            Encoding::Base64Url => URL.decode(whole(4)).ok(),
        };
        let (Some(bytes), Some(hash), []) = (bytes, hash_of(self.scheme.algorithm), mistakes) else { return };
        if (SHORTEST_CUT..self.scheme.algorithm.tag_len()).contains(&bytes.len()) {
            let mistakes = Vec::from([Mistake::TruncatedSignature { bytes: bytes.len() }]);
            self.push(Reading { bytes, hash: Some(hash), mistakes });
        }
    }

    fn add(&mut self, bytes: Vec<u8>, mistakes: Vec<Mistake>) {
        let Some(mut new) = reading(self.scheme, bytes, mistakes) else { return };
        if new.mistakes.is_empty() && !self.strict.iter().any(|it| it.as_bytes() == new.bytes) {
            new.mistakes.push(Mistake::SignatureForm);
        }
        self.push(new);
    }

    fn push(&mut self, new: Reading) {
        let same = |known: &&mut Reading| known.hash == new.hash && known.bytes == new.bytes;
        if let Some(known) = self.found.iter_mut().find(same) {
            if known.mistakes.len() > new.mistakes.len() {
                known.mistakes = new.mistakes;
            }
        } else if self.found.len() < MAX_READINGS {
            self.found.push(new);
        }
    }
}

/// The algorithm goes by the length.
fn reading(scheme: &Scheme, bytes: Vec<u8>, mut mistakes: Vec<Mistake>) -> Option<Reading> {
    let own = scheme.algorithm;
    let used = match bytes.len() {
        len if len == own.tag_len() => own,
        20 => Algorithm::HmacSha1,
        32 => Algorithm::HmacSha256,
        64 => Algorithm::HmacSha512,
        _ => return None,
    };
    if used != own {
        mistakes.push(Mistake::Algorithm { used });
    }
    Some(Reading { bytes, hash: hash_of(used), mistakes })
}
