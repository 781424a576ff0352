//! What JavaScript writes to the buffer: fields, each a letter, the length of its value as two bytes (the low one
//! first), and the value.

use core::str::from_utf8;

use sigpost_core::signature::{
    Algorithm, Encoding, KeyForm, Part, Scheme, SchemeBuilder, SchemeError, SignedBody,
};

use super::Failure;

/// How far a signed time may be off unless the scheme says so, in seconds: what Standard Webhooks libraries allow.
const TOLERANCE: u32 = 300;

/// The fields in order. Where they are cut short, they end.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (letter, rest) = self.0.split_first()?;
        let (len, rest) = rest.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
        self.0 = rest;
        Some((*letter, value))
    }
}

/// The headers of a request: names and values in turn. A name that is no text is no name that anybody looks for.
pub(super) fn headers<'a>(mut fields: Fields<'a>) -> impl Iterator<Item = (&'a str, &'a [u8])> {
    core::iter::from_fn(move || {
        let (_, name) = fields.next()?;
        let (_, value) = fields.next()?;
        Some((from_utf8(name).unwrap_or_default(), value))
    })
}

/// A scheme: the name of a preset alone (`N`), or the fields of one of the caller's own.
pub(super) fn scheme_of(mut fields: Fields<'_>) -> Result<Scheme, Failure> {
    let (letter, name) = fields.next().ok_or_else(|| invalid("there is no name"))?;
    let name = text(name)?;
    if letter == b'N' {
        return Scheme::preset(name)
            .cloned()
            .ok_or_else(|| Failure::new("unknown_scheme", "there is no scheme of this name"));
    }
    let (_, header) = fields.next().ok_or_else(|| invalid("there is no header"))?;
    let mut draft =
        Draft { builder: Scheme::custom(name, text(header)?), parts: None, timestamp: None, tolerance: None };
    for (letter, value) in fields {
        draft = draft.with(letter, text(value)?)?;
    }
    draft.build()
}

struct Draft<'a> {
    builder: SchemeBuilder,
    parts: Option<alloc::vec::Vec<Part>>,
    timestamp: Option<&'a str>,
    tolerance: Option<u32>,
}

impl<'a> Draft<'a> {
    fn with(mut self, letter: u8, value: &'a str) -> Result<Self, Failure> {
        let builder = self.builder;
        self.builder = match (letter, value) {
            (b'a', "hmac-sha256") => builder.algorithm(Algorithm::HmacSha256),
            (b'a', "hmac-sha1") => builder.algorithm(Algorithm::HmacSha1),
            (b'a', _) => return Err(invalid("algorithm is hmac-sha256 or hmac-sha1")),
            (b'e', "hex") => builder.encoding(Encoding::Hex),
            (b'e', "base64") => builder.encoding(Encoding::Base64),
            (b'e', _) => return Err(invalid("encoding is hex or base64")),
            (b'b', "raw") => builder.body(SignedBody::Raw),
            (b'b', "canonical") => builder.body(SignedBody::Canonical),
            (b'b', _) => return Err(invalid("body is raw or canonical")),
            (b'k', "whole") => builder.key(KeyForm::Whole),
            (b'k', "standard-webhooks") => builder.key(KeyForm::StandardWebhooks),
            (b'k', _) => return Err(invalid("key is whole or standard-webhooks")),
            (b'p', prefix) => builder.prefix(prefix),
            (b'v', version) => builder.versions(version),
            (b'i', header) => builder.id(header),
            (b'w', header) => builder.weaker(header),
            (b't', header) => {
                self.timestamp = Some(header);
                builder
            }
            (b'o', seconds) => {
                self.tolerance = Some(seconds.parse().map_err(|_| invalid("tolerance is in whole seconds"))?);
                builder
            }
            // What is signed is given, be it nothing.
            (b'g', _) => {
                self.parts = Some(alloc::vec::Vec::new());
                builder
            }
            (b's', part) => {
                self.parts.get_or_insert_default().push(match part {
                    "body" => Part::Body,
                    "id" => Part::Id,
                    "timestamp" => Part::Timestamp,
                    _ => return Err(invalid("what is signed is body, id, timestamp or { text }")),
                });
                builder
            }
            (b'l', literal) => {
                self.parts
                    .get_or_insert_default()
                    .push(Part::Literal(alloc::string::String::from(literal).into()));
                builder
            }
            _ => return Err(invalid("a field is unknown")),
        };
        Ok(self)
    }

    fn build(self) -> Result<Scheme, Failure> {
        let mut builder = self.builder;
        match (self.timestamp, self.tolerance) {
            (Some(header), tolerance) => builder = builder.timestamp(header, tolerance.unwrap_or(TOLERANCE)),
            (None, Some(_)) => return Err(invalid("a tolerance needs a timestampHeader")),
            (None, None) => {}
        }
        if let Some(parts) = self.parts {
            builder = builder.parts(parts);
        }
        builder.build().map_err(|error: SchemeError| Failure::new("invalid_scheme", error))
    }
}

fn text(bytes: &[u8]) -> Result<&str, Failure> {
    from_utf8(bytes).map_err(|_| invalid("a text is no UTF-8"))
}

fn invalid(message: &str) -> Failure {
    Failure::new("invalid_scheme", message)
}
