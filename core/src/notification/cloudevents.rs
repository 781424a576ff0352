//! CloudEvents 1.0 as they arrive over HTTP: structured, batched and binary mode.
//!
//! Sources: CloudEvents 1.0.2 (attributes, types), its JSON format (structured, batch) and its HTTP binding
//! (binary). Nothing is guessed: an attribute that breaks the specification is an error that names it.
//!
//! An event is kept as it was received: attributes by their values, data in canonical form. Attributes that are
//! JSON `null` count as absent, as the JSON format says.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::json::{self, Canonical, Kind, Limits, View};

/// The media type of one event in structured mode.
pub const STRUCTURED: &str = "application/cloudevents+json";
/// The media type of a batch of events.
pub const BATCH: &str = "application/cloudevents-batch+json";
/// The most events a batch may hold.
pub const MAX_BATCH: usize = 1_000;

/// The longest `id` and `type` in bytes.
const MAX_NAME_BYTES: usize = 512;
/// The longest value of any other attribute in bytes.
const MAX_VALUE_BYTES: usize = 4_096;
/// The most attributes, extensions included.
const MAX_ATTRIBUTES: usize = 64;
/// The longest attribute name; the specification advises 20.
const MAX_ATTRIBUTE_NAME_BYTES: usize = 64;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudEvent {
    id: String,
    source: String,
    event_type: String,
    attributes: BTreeMap<String, Value>,
    data: Data,
}

/// An attribute's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number of 32 bits.
    Integer(i32),
    /// Text; URIs, times and binary values (base64) travel as text too.
    Text(String),
}

/// What an event carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// Nothing.
    None,
    /// A JSON value, in canonical form.
    Json(Canonical),
    /// Other bytes: `data_base64`, or a binary mode body that is not JSON.
    Binary(Vec<u8>),
}

impl CloudEvent {
    /// Reads an event in structured mode: one JSON object.
    ///
    /// # Errors
    /// [`EventError`] names the attribute and what is wrong with it.
    ///
    /// ```
    /// use sigpost_core::{json::{Canonical, Limits}, notification::cloudevents::CloudEvent};
    /// let text = br#"{"specversion":"1.0","id":"1","source":"/demo","type":"modelCreated","data":{"a":1.0}}"#;
    /// let event = CloudEvent::from_json(Canonical::parse(text, Limits::default()).unwrap().view()).unwrap();
    /// assert_eq!(event.event_type(), "modelCreated");
    /// ```
    pub fn from_json(event: View<'_>) -> Result<Self, EventError> {
        let members = event.members().ok_or(EventError::NotAnObject)?;
        let mut builder = Builder::default();
        for (key, value) in members {
            let name = key.to_text().map_err(|_| EventError::Name(NAME_UNREADABLE.to_owned()))?;
            match name.as_ref() {
                "data" => builder.set_data(Data::Json(value.to_canonical()))?,
                "data_base64" if value.kind() != Kind::Null => builder.set_data(binary(value)?)?,
                _ if value.kind() == Kind::Null => {}
                name => builder.set(name, attribute_value(name, value)?)?,
            }
        }
        builder.finish()
    }

    /// Reads an event in binary mode: attributes in `ce-` headers, data in the body.
    ///
    /// A body is JSON if `content_type` says so (`application/json`, `text/json` or any `+json`) or is absent;
    /// `limits` bound its parsing. An empty body is no data.
    ///
    /// # Errors
    /// [`EventError`] names the attribute, or the place in the body, and what is wrong with it.
    pub fn from_headers<'a>(
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        content_type: Option<&str>,
        body: &[u8],
        limits: Limits,
    ) -> Result<Self, EventError> {
        let mut builder = Builder::default();
        for (name, value) in headers {
            let Some(name) = strip_ce_prefix(name) else { continue };
            let value = decode_header(value).ok_or_else(|| invalid(name.as_str(), "is not valid UTF-8"))?;
            builder.set(&name, Value::Text(value))?;
        }
        if let Some(content_type) = content_type {
            builder.set("datacontenttype", Value::Text(content_type.to_owned()))?;
        }
        if !body.is_empty() {
            builder.set_data(if content_type.is_none_or(is_json) {
                Data::Json(Canonical::parse(body, limits).map_err(EventError::Body)?)
            } else {
                Data::Binary(body.to_vec())
            })?;
        }
        builder.finish()
    }

    /// `id`: with [`Self::source`] it identifies the event.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `source`: where it happened.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// `type`: what happened.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// Any attribute but `specversion`, `id`, `source` and `type`.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes.get(name)
    }

    /// All attributes but `specversion`, `id`, `source` and `type`, sorted by name.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// What it carries.
    #[must_use]
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// All attributes but `specversion`, `id`, `source` and `type`, sorted by name, as a JSON object.
    #[must_use]
    pub fn attributes_json(&self) -> String {
        let mut out = Vec::new();
        out.push(b'{');
        for (index, (name, value)) in self.attributes.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            json::write_string(&mut out, name);
            out.push(b':');
            match value {
                Value::Boolean(true) => out.extend_from_slice(b"true"),
                Value::Boolean(false) => out.extend_from_slice(b"false"),
                Value::Integer(number) => json::write_number(&mut out, f64::from(*number)),
                Value::Text(text) => json::write_string(&mut out, text),
            }
        }
        out.push(b'}');
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// Reads a batch: a JSON array of at most [`MAX_BATCH`] events, each of which is right or wrong by itself.
///
/// # Errors
/// [`EventError::NotABatch`] or [`EventError::TooMany`] when there is no batch to read.
pub fn batch(events: View<'_>) -> Result<Vec<Result<CloudEvent, EventError>>, EventError> {
    let count = events.elements().ok_or(EventError::NotABatch)?.take(MAX_BATCH + 1).count();
    if count > MAX_BATCH {
        return Err(EventError::TooMany);
    }
    Ok(events.elements().ok_or(EventError::NotABatch)?.map(CloudEvent::from_json).collect())
}

/// Why something is not an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventError {
    /// Structured mode needs a JSON object.
    NotAnObject,
    /// A batch needs a JSON array.
    NotABatch,
    /// A batch holds more than [`MAX_BATCH`] events.
    TooMany,
    /// A required attribute is absent.
    Missing(&'static str),
    /// An attribute breaks its rule.
    Invalid {
        /// Which attribute.
        attribute: String,
        /// What is wrong, as the end of a sentence.
        reason: &'static str,
    },
    /// A name is not a valid attribute name.
    Name(String),
    /// More than 64 attributes.
    TooManyAttributes,
    /// Both `data` and `data_base64` are given.
    TwoKindsOfData,
    /// A binary mode body says it is JSON and is not.
    Body(json::Error),
}

const NAME_UNREADABLE: &str = "(unreadable)";

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("an event in structured mode is a JSON object"),
            Self::NotABatch => f.write_str("a batch is a JSON array of events"),
            Self::TooMany => write!(f, "a batch holds at most {MAX_BATCH} events"),
            Self::Missing(name) => write!(f, "attribute `{name}` is required"),
            Self::Invalid { attribute, reason } => write!(f, "attribute `{attribute}` {reason}"),
            Self::Name(name) => {
                write!(f, "{name:?} is not an attribute name: use 1 to 64 lower-case letters and digits")
            }
            Self::TooManyAttributes => write!(f, "an event has at most {MAX_ATTRIBUTES} attributes"),
            Self::TwoKindsOfData => f.write_str("`data` and `data_base64` exclude each other"),
            Self::Body(error) => write!(f, "the body is not JSON: {error}"),
        }
    }
}

impl core::error::Error for EventError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Body(error) => Some(error),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Builder {
    specversion: bool,
    id: Option<String>,
    source: Option<String>,
    event_type: Option<String>,
    attributes: BTreeMap<String, Value>,
    data: Option<Data>,
}

impl Builder {
    fn set_data(&mut self, data: Data) -> Result<(), EventError> {
        match self.data.replace(data) {
            None => Ok(()),
            Some(_) => Err(EventError::TwoKindsOfData),
        }
    }

    fn set(&mut self, name: &str, value: Value) -> Result<(), EventError> {
        match name {
            "specversion" => {
                if value != Value::Text("1.0".to_owned()) {
                    return Err(invalid(name, "must be \"1.0\""));
                }
                self.specversion = true;
                Ok(())
            }
            "id" => once(&mut self.id, name, text(name, value, MAX_NAME_BYTES)?),
            "source" => once(&mut self.source, name, uri_reference(name, value)?),
            "type" => once(&mut self.event_type, name, text(name, value, MAX_NAME_BYTES)?),
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
            "subject" | "datacontenttype" => Value::Text(text(name, value, MAX_VALUE_BYTES)?),
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

    fn finish(self) -> Result<CloudEvent, EventError> {
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

fn invalid(attribute: &str, reason: &'static str) -> EventError {
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

/// The specification's String type excludes control characters.
fn plain(name: &str, text: String, max: usize) -> Result<String, EventError> {
    if text.len() > max {
        return Err(invalid(name, "is too long"));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(name, "contains a control character"));
    }
    Ok(text)
}

fn binary(value: View<'_>) -> Result<Data, EventError> {
    let text = value.as_str().ok_or_else(|| invalid("data_base64", "must be text"))?;
    let bytes = STANDARD.decode(text.as_bytes()).map_err(|_| invalid("data_base64", "is not base64"))?;
    Ok(Data::Binary(bytes))
}

/// Header names are compared without case; HTTP libraries hand them over in lower case or as sent.
fn strip_ce_prefix(name: &str) -> Option<String> {
    let (prefix, rest) = name.split_at_checked(3)?;
    prefix.eq_ignore_ascii_case("ce-").then(|| rest.to_ascii_lowercase())
}

/// The HTTP binding's header decoding (3.1.3.2): quoted strings are unquoted, then `%XX` is decoded.
fn decode_header(value: &[u8]) -> Option<String> {
    let value = match value {
        [b'"', inner @ .., b'"'] => unquote(inner),
        _ => value.to_vec(),
    };
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

fn unquote(inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        out.push(if byte == b'\\' { bytes.next().copied().unwrap_or(byte) } else { byte });
    }
    out
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn is_json(content_type: &str) -> bool {
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
    use std::format;
    use std::string::ToString as _;

    use super::*;

    fn structured(text: &str) -> Result<CloudEvent, EventError> {
        CloudEvent::from_json(Canonical::parse(text.as_bytes(), Limits::default()).unwrap().view())
    }

    fn with(members: &str) -> Result<CloudEvent, EventError> {
        structured(&format!(r#"{{"specversion":"1.0","id":"1","source":"/s","type":"t"{members}}}"#))
    }

    #[test]
    fn a_source_is_a_uri_reference_and_a_dataschema_a_uri() {
        let source = |source: &str| {
            structured(&format!(r#"{{"specversion":"1.0","id":"1","source":"{source}","type":"t"}}"#))
        };
        for good in
            ["/s", "urn:a:b", "https://a.example/x?y=%C3%A9#z", "com.qlik/engine", "//a@[::1]:8/", "."]
        {
            assert!(source(good).is_ok(), "{good}");
            assert_eq!(
                with(&format!(r#","dataschema":"{good}""#)).is_ok(),
                good.contains("a:b") || good.contains("://")
            );
        }
        for bad in ["a b", "é", "%", "%4", "%zz", "<x>", "a\\\\b", "{x}", "^", "`", "|"] {
            let error = source(bad).unwrap_err().to_string();
            assert!(error.starts_with("attribute `source` must be a URI reference"), "{bad}: {error}");
        }
        assert!(with(r#","dataschema":"1:x""#).is_err());
    }

    #[test]
    fn a_structured_event_keeps_attributes_and_canonical_data() {
        let event = with(
            r#","userid":"u","count":3,"flag":true,"time":"2026-11-21T09:30:00.5+01:00","data":{"b":1.0}"#,
        )
        .unwrap();
        assert_eq!((event.id(), event.source(), event.event_type()), ("1", "/s", "t"));
        assert_eq!(event.attribute("count"), Some(&Value::Integer(3)));
        assert_eq!(
            event.attributes_json(),
            r#"{"count":3,"flag":true,"time":"2026-11-21T09:30:00.5+01:00","userid":"u"}"#
        );
        let Data::Json(data) = event.data() else { panic!("{event:?}") };
        assert_eq!(data.as_bytes(), br#"{"b":1}"#);
    }

    #[test]
    fn a_null_attribute_counts_as_absent_but_null_data_is_data() {
        let event = with(r#","subject":null,"data_base64":null,"data":null"#).unwrap();
        assert_eq!(event.attribute("subject"), None);
        assert!(matches!(event.data(), Data::Json(data) if data.as_bytes() == b"null"));
        assert_eq!(with("").unwrap().data(), &Data::None);
    }

    #[test]
    fn an_event_that_breaks_the_specification_is_refused_by_attribute() {
        for (members, message) in [
            (r#","time":"yesterday""#, "attribute `time` must be an RFC 3339 time"),
            (r#","time":"2026-13-01T00:00:00Z""#, "attribute `time`"),
            (r#","subject":"""#, "attribute `subject` must not be empty"),
            (r#","subject":1"#, "attribute `subject` must be text"),
            (r#","Upper":"x""#, "\"Upper\" is not an attribute name"),
            (r#","with-dash":"x""#, "\"with-dash\" is not an attribute name"),
            (r#","ext":1.5"#, "attribute `ext` must be a whole number"),
            (r#","ext":2147483648"#, "attribute `ext` must be a whole number"),
            (r#","ext":{}"#, "attribute `ext` must be text"),
            (r#","ext":"a\u0000b""#, "attribute `ext` contains a control character"),
            (r#","ext":"\ud800""#, "attribute `ext` contains a lone surrogate"),
            (r#","data":1,"data_base64":"AA==""#, "exclude each other"),
            (r#","data_base64":"%""#, "attribute `data_base64` is not base64"),
        ] {
            let message_got = with(members).unwrap_err().to_string();
            assert!(message_got.contains(message), "{members}: {message_got}");
        }
        for (text, message) in [
            ("[]", "is a JSON object"),
            (r#"{"id":"1","source":"s","type":"t"}"#, "`specversion` is required"),
            (r#"{"specversion":"0.3","id":"1","source":"s","type":"t"}"#, "`specversion` must be"),
            (r#"{"specversion":"1.0","source":"s","type":"t"}"#, "`id` is required"),
            (r#"{"specversion":"1.0","id":"","source":"s","type":"t"}"#, "`id` must not be empty"),
            (r#"{"specversion":"1.0","id":1,"source":"s","type":"t"}"#, "`id` must be text"),
        ] {
            let message_got = structured(text).unwrap_err().to_string();
            assert!(message_got.contains(message), "{text}: {message_got}");
        }
    }

    #[test]
    fn a_batch_is_bounded_and_judged_event_by_event() {
        let good = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t"}"#;
        let parse = |text: &str| batch(Canonical::parse(text.as_bytes(), Limits::default()).unwrap().view());
        let results = parse(&format!("[{good},{{}},{good}]")).unwrap();
        assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(parse("{}").unwrap_err(), EventError::NotABatch);
        assert_eq!(parse(&format!("[{}0]", "0,".repeat(1_000))).unwrap_err(), EventError::TooMany);
        assert_eq!(parse(&format!("[{}0]", "0,".repeat(999))).unwrap().len(), 1_000);
    }

    fn headers<'a>(
        extra: &[(&'a str, &'a [u8])],
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<CloudEvent, EventError> {
        let base: [(&str, &[u8]); 4] =
            [("ce-specversion", b"1.0"), ("CE-ID", b"1"), ("ce-source", b"/s"), ("ce-type", b"t")];
        let all = base.iter().chain(extra).copied();
        CloudEvent::from_headers(all, content_type, body, Limits::default())
    }

    #[test]
    fn a_binary_event_takes_attributes_from_headers_and_data_from_the_body() {
        let event = headers(
            &[("ce-subject", b"Euro%20%E2%82%AC"), ("x-other", b"?")],
            Some("application/json"),
            b"{ }",
        )
        .unwrap();
        assert_eq!(event.attribute("subject"), Some(&Value::Text("Euro \u{20ac}".to_owned())));
        assert_eq!(event.attribute("datacontenttype"), Some(&Value::Text("application/json".to_owned())));
        assert!(matches!(event.data(), Data::Json(data) if data.as_bytes() == b"{}"));
        let quoted = headers(&[("ce-subject", br#""a \"b\"""#)], None, b"").unwrap();
        assert_eq!(quoted.attribute("subject"), Some(&Value::Text("a \"b\"".to_owned())));
        let xml = headers(&[], Some("application/xml"), b"<a/>").unwrap();
        assert_eq!(xml.data(), &Data::Binary(b"<a/>".to_vec()));
    }

    #[test]
    fn a_binary_event_with_bad_headers_or_body_is_refused() {
        assert!(headers(&[("ce-id", b"2")], None, b"").unwrap_err().to_string().contains("given twice"));
        assert!(headers(&[("ce-x", b"%FF")], None, b"").unwrap_err().to_string().contains("not valid UTF-8"));
        assert!(headers(&[("ce-", b"x")], None, b"").is_err());
        assert!(matches!(headers(&[], Some("application/vnd.x+JSON; a=b"), b"{"), Err(EventError::Body(_))));
    }

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
