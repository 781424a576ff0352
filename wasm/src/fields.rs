//! What crosses the border as one piece of memory, either way: fields, each a letter, the length of its value in four
//! bytes (the low one first), and the value.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::str::from_utf8;

use sigpost_core::signature::{
    Algorithm, Encoding, KeyForm, Part, Scheme, SchemeBuilder, SchemeError, Separator, SignedBody,
};

/// How far a signed time may be off unless the scheme says so, in seconds: what Standard Webhooks libraries allow.
const TOLERANCE: u32 = 300;

/// The fields in order. Where they are cut short, they end.
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (letter, rest) = self.0.split_first()?;
        let (len, rest) = rest.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
        self.0 = rest;
        Some((*letter, value))
    }
}

/// Writes a field.
pub(crate) fn write(out: &mut Vec<u8>, letter: u8, value: &str) {
    // No allocation of wasm32 is longer.
    let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
    out.push(letter);
    out.extend(len.to_le_bytes());
    out.extend(value.as_bytes());
}

/// Why there is no scheme.
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// A scheme: the name of a preset alone (`N`), or the fields of one of the caller's own.
pub(crate) fn scheme_of(mut fields: Fields<'_>) -> Result<Scheme, Failure> {
    let (letter, name) = fields.next().ok_or_else(|| invalid("there is no name"))?;
    let name = text(name)?;
    if letter == b'N' {
        return Scheme::preset(name).cloned().ok_or_else(|| Failure {
            code: "unknown_scheme",
            message: "there is no scheme of this name".into(),
        });
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
    parts: Option<Vec<Part>>,
    timestamp: Option<(u8, &'a str)>,
    tolerance: Option<u32>,
}

impl<'a> Draft<'a> {
    fn with(mut self, letter: u8, value: &'a str) -> Result<Self, Failure> {
        let builder = self.builder;
        self.builder = match (letter, value) {
            (b'a', name) => builder.algorithm(named(
                name,
                Algorithm::ALL,
                Algorithm::name,
                "algorithm is hmac-sha256, hmac-sha512 or hmac-sha1",
            )?),
            (b'e', name) => builder.encoding(named(
                name,
                Encoding::ALL,
                Encoding::name,
                "encoding is hex, base64 or base64url",
            )?),
            (b'b', name) => {
                builder.body(named(name, SignedBody::ALL, SignedBody::name, "body is raw or canonical")?)
            }
            (b'k', name) => builder.key(named(
                name,
                KeyForm::ALL,
                KeyForm::name,
                "key is whole, base64 or standard-webhooks",
            )?),
            (b'p', prefix) => builder.prefix(prefix),
            (b'c', separator) => {
                let known = Separator::ALL.iter().find(|known| separator.chars().eq([known.character()]));
                builder.separator(*known.ok_or_else(|| invalid("separator is a space or a comma"))?)
            }
            (b'i', header) => builder.id(header),
            (b'w', header) => builder.weaker(header),
            (b't' | b'T', text) => {
                if self.timestamp.replace((letter, text)).is_some() {
                    return Err(invalid(
                        "the time stands in timestampHeader or behind timestampPrefix, not both",
                    ));
                }
                builder
            }
            (b'o', seconds) => {
                self.tolerance = Some(seconds.parse().map_err(|_| invalid("tolerance is in whole seconds"))?);
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
                self.parts.get_or_insert_default().push(Part::Literal(String::from(literal).into()));
                builder
            }
            _ => return Err(invalid("a field is unknown")),
        };
        Ok(self)
    }

    fn build(self) -> Result<Scheme, Failure> {
        let mut builder = self.builder;
        match (self.timestamp, self.tolerance) {
            (Some((letter, text)), tolerance) => {
                let tolerance = tolerance.unwrap_or(TOLERANCE);
                builder = match letter {
                    b't' => builder.timestamp(text, tolerance),
                    _ => builder.timestamp_entry(text, tolerance),
                };
            }
            (None, Some(_)) => return Err(invalid("a tolerance needs a timestampHeader or timestampPrefix")),
            (None, None) => {}
        }
        if let Some(parts) = self.parts {
            builder = builder.parts(parts);
        }
        builder.build().map_err(|error: SchemeError| invalid(&error.to_string()))
    }
}

fn named<T: Copy>(wanted: &str, all: &[T], name: fn(T) -> &'static str, message: &str) -> Result<T, Failure> {
    all.iter().copied().find(|known| name(*known) == wanted).ok_or_else(|| invalid(message))
}

fn text(bytes: &[u8]) -> Result<&str, Failure> {
    from_utf8(bytes).map_err(|_| invalid("a text is no UTF-8"))
}

fn invalid(message: &str) -> Failure {
    Failure { code: "invalid_scheme", message: message.into() }
}
