//! Reading events: the attributes' rules, and what HTTP's headers do to their values.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{
    CloudEvent, Data, EventError, MAX_ATTRIBUTE_NAME_BYTES, MAX_ATTRIBUTES, MAX_ID_BYTES, MAX_VALUE_BYTES,
    Value,
};
use crate::json::{Kind, View};

#[derive(Default)]
pub(in crate::notification) struct Builder {
    specversion: bool,
    id: Option<String>,
    source: Option<String>,
    event_type: Option<String>,
    attributes: BTreeMap<String, Value>,
    data: Option<Data>,
}

impl Builder {
    /// A member of an object in the JSON format. `null` is no attribute, but it is data.
    pub(in crate::notification) fn set_member(
        &mut self,
        name: &str,
        value: View<'_>,
    ) -> Result<(), EventError> {
        match name {
            "data" => self.set_data(Data::Json(value.to_canonical())),
            _ if value.kind() == Kind::Null => Ok(()),
            "data_base64" => self.set_data(binary(value)?),
            _ => self.set_attribute(name, value),
        }
    }

    /// An attribute that is given as JSON.
    pub(in crate::notification) fn set_attribute(
        &mut self,
        name: &str,
        value: View<'_>,
    ) -> Result<(), EventError> {
        self.set(name, attribute_value(name, value)?)
    }

    pub(super) fn set_data(&mut self, data: Data) -> Result<(), EventError> {
        match self.data.replace(data) {
            None => Ok(()),
            Some(_) => Err(EventError::TwoKindsOfData),
        }
    }

    pub(in crate::notification) fn set(&mut self, name: &str, value: Value) -> Result<(), EventError> {
        match name {
            "specversion" => {
                if value != Value::Text("1.0".to_owned()) {
                    return Err(invalid(name, "must be \"1.0\""));
                }
                self.specversion = true;
                Ok(())
            }
            "id" => once(&mut self.id, name, text(name, value, MAX_ID_BYTES)?),
            "source" => once(&mut self.source, name, uri_reference(name, value)?),
            "type" => once(&mut self.event_type, name, text(name, value, MAX_ID_BYTES)?),
            _ => self.set_optional(name, value),
        }
    }

    fn set_optional(&mut self, name: &str, value: Value) -> Result<(), EventError> {
        let valid = (1..=MAX_ATTRIBUTE_NAME_BYTES).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !valid || name == "data" {
            return Err(EventError::Name(name.chars().take(MAX_ATTRIBUTE_NAME_BYTES).collect()));
        }
        let value = match name {
            "time" => {
                let time = text(name, value, MAX_VALUE_BYTES)?;
                if !is_rfc3339(&time) {
                    return Err(invalid(name, "must be an RFC 3339 time like 2026-11-21T09:30:00Z"));
                }
                Value::Text(time)
            }
            "subject" => Value::Text(text(name, value, MAX_VALUE_BYTES)?),
            "datacontenttype" => {
                let given = text(name, value, MAX_VALUE_BYTES)?;
                // It becomes a header.
                if !given.is_ascii() {
                    return Err(invalid(name, "must be a media type, which is ASCII"));
                }
                Value::Text(given)
            }
            "dataschema" => {
                let uri = uri_reference(name, value)?;
                if !has_scheme(&uri) {
                    return Err(invalid(name, "must be an absolute URI"));
                }
                Value::Text(uri)
            }
            _ => match value {
                Value::Text(value) => Value::Text(plain(name, value, MAX_VALUE_BYTES)?),
                other => other,
            },
        };
        if self.attributes.len() == MAX_ATTRIBUTES {
            return Err(EventError::TooManyAttributes);
        }
        match self.attributes.insert(name.to_owned(), value) {
            None => Ok(()),
            Some(_) => Err(invalid(name, "is given twice")),
        }
    }

    pub(in crate::notification) fn finish(self) -> Result<CloudEvent, EventError> {
        if !self.specversion {
            return Err(EventError::Missing("specversion"));
        }
        Ok(CloudEvent {
            id: self.id.ok_or(EventError::Missing("id"))?,
            source: self.source.ok_or(EventError::Missing("source"))?,
            event_type: self.event_type.ok_or(EventError::Missing("type"))?,
            attributes: self.attributes,
            data: self.data.unwrap_or(Data::None),
        })
    }
}

fn once(slot: &mut Option<String>, name: &str, value: String) -> Result<(), EventError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(invalid(name, "is given twice")),
    }
}

pub(in crate::notification) fn invalid(attribute: &str, reason: &'static str) -> EventError {
    EventError::Invalid { attribute: attribute.chars().take(MAX_ATTRIBUTE_NAME_BYTES).collect(), reason }
}

fn attribute_value(name: &str, value: View<'_>) -> Result<Value, EventError> {
    if let Some(value) = value.as_bool() {
        return Ok(Value::Boolean(value));
    }
    match value.kind() {
        Kind::String => match value.as_str() {
            Some(text) => Ok(Value::Text(text.into_owned())),
            None => Err(invalid(name, "contains a lone surrogate")),
        },
        Kind::Number => value
            .as_i64()
            .and_then(|number| i32::try_from(number).ok())
            .map(Value::Integer)
            .ok_or_else(|| invalid(name, "must be a whole number of 32 bits, or text")),
        _ => Err(invalid(name, "must be text, a whole number or a boolean")),
    }
}

/// A non-empty text.
fn text(name: &str, value: Value, max: usize) -> Result<String, EventError> {
    let Value::Text(text) = value else { return Err(invalid(name, "must be text")) };
    if text.is_empty() {
        return Err(invalid(name, "must not be empty"));
    }
    plain(name, text, max)
}

/// The specification's URI-reference: characters of RFC 3986, others percent-encoded.
fn uri_reference(name: &str, value: Value) -> Result<String, EventError> {
    let text = text(name, value, MAX_VALUE_BYTES)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte);
    let mut bytes = text.as_bytes();
    while let [first, rest @ ..] = bytes {
        bytes = match (first, rest) {
            (b'%', [high, low, rest @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            _ if plain(*first) => rest,
            _ => return Err(invalid(name, "must be a URI reference (RFC 3986), like /orders/42")),
        };
    }
    Ok(text)
}

/// RFC 3986, section 3.1.
fn has_scheme(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}

/// The specification's String type excludes control characters and what Unicode will never make characters.
fn plain(name: &str, text: String, max: usize) -> Result<String, EventError> {
    if text.len() > max {
        return Err(invalid(name, if max == MAX_ID_BYTES { TOO_LONG_ID } else { TOO_LONG_VALUE }));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(name, "contains a control character"));
    }
    if text.chars().any(is_noncharacter) {
        return Err(invalid(name, "contains a noncharacter"));
    }
    Ok(text)
}

// Constant as reasons are; the assertion holds them to the limits.
const TOO_LONG_ID: &str = "is longer than 512 bytes";
const TOO_LONG_VALUE: &str = "is longer than 65536 bytes";
const _: () = assert!(MAX_ID_BYTES == 512 && MAX_VALUE_BYTES == 65_536);

const fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || c as u32 & 0xfffe == 0xfffe
}

fn binary(value: View<'_>) -> Result<Data, EventError> {
    let text = value.as_str().ok_or_else(|| invalid("data_base64", "must be text"))?;
    let bytes = STANDARD.decode(text.as_bytes()).map_err(|_| invalid("data_base64", "is not base64"))?;
    Ok(Data::Binary(bytes))
}

/// Header names are compared without case; HTTP libraries hand them over in lower case or as sent.
pub(super) fn strip_ce_prefix(name: &str) -> Option<String> {
    let (prefix, rest) = name.split_at_checked(3)?;
    prefix.eq_ignore_ascii_case("ce-").then(|| rest.to_ascii_lowercase())
}

/// The HTTP binding's header decoding (3.1.3.2): quoted strings are unquoted, then `%XX` is decoded.
pub(super) fn decode_header(value: &[u8]) -> Option<String> {
    let value = unquoted(value).unwrap_or_else(|| value.to_vec());
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value.as_slice();
    while let [first, tail @ ..] = rest {
        if let [b'%', high, low, tail @ ..] = rest
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            out.push(high << 4 | low);
            rest = tail;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(out).ok()
}

/// The content of one quoted string; `None` if the value is anything else.
fn unquoted(value: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = value.strip_prefix(b"\"")?.iter();
    let mut out = Vec::with_capacity(value.len());
    while let Some(&byte) = bytes.next() {
        match byte {
            b'"' => return bytes.as_slice().is_empty().then_some(out),
            b'\\' => out.push(*bytes.next()?),
            _ => out.push(byte),
        }
    }
    None
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

pub(super) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let Some((_, subtype)) = essence.split_once('/') else { return false };
    subtype.eq_ignore_ascii_case("json")
        || subtype
            .len()
            .checked_sub(5)
            .is_some_and(|at| subtype.get(at..).is_some_and(|suffix| suffix.eq_ignore_ascii_case("+json")))
}

/// RFC 3339 section 5.6 `date-time`, by its grammar and ranges (leap seconds allowed).
fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((date_time, zone)) = bytes.split_at_checked(19) else { return false };
    let shape = b"dddd-dd-ddTdd:dd:dd";
    let fits = date_time.iter().zip(shape).all(|(byte, shape)| match shape {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't'),
        other => byte == other,
    });
    let two =
        |at: usize| date_time[at..at + 2].iter().fold(0, |n, d| n * 10 + u32::from(d.wrapping_sub(b'0')));
    if !fits || !(1..=12).contains(&two(5)) || !(1..=days(two(0) * 100 + two(2), two(5))).contains(&two(8)) {
        return false;
    }
    if two(11) > 23 || two(14) > 59 || two(17) > 60 {
        return false;
    }
    let zone = match zone {
        [b'.', fraction @ ..] => {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
        other => other,
    };
    match zone {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1 @ b'0'..=b'2', h2 @ b'0'..=b'9', b':', b'0'..=b'5', b'0'..=b'9'] => {
            *h1 < b'2' || *h2 < b'4'
        }
        _ => false,
    }
}

/// How many days a month has.
const fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_judged_by_their_grammar() {
        for good in [
            "2026-11-21T09:30:00Z",
            "2024-02-29T00:00:00Z",
            "2016-12-31T23:59:60z",
            "2026-11-21t09:30:00.123456789-23:59",
        ] {
            assert!(is_rfc3339(good), "{good}");
        }
        for bad in [
            "2026-11-21 09:30:00Z",
            "2026-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2026-11-21T09:30:00",
            "2026-11-21T24:00:00Z",
            "2026-11-21T09:30:00.Z",
            "2026-11-21T09:30:00+24:00",
            "2026-11-21T09:30Z",
            "",
            "２026-11-21T09:30:00Z",
        ] {
            assert!(!is_rfc3339(bad), "{bad}");
        }
    }
}
