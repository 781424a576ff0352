//! CloudEvents 1.0 as they arrive over HTTP: structured, batched and binary mode.
//!
//! Sources: CloudEvents 1.0.2 (attributes, types), its JSON format (structured, batch) and its HTTP binding
//! (binary). Nothing is guessed: an attribute that breaks the specification is an error that names it. Of URIs the
//! characters are checked, and that a `dataschema` begins with a scheme; not their structure. Events are bounded:
//! [`MAX_ATTRIBUTES`], [`MAX_ATTRIBUTE_NAME_BYTES`], [`MAX_ID_BYTES`], [`MAX_VALUE_BYTES`] and [`MAX_BATCH`]; a number
//! that is beyond JavaScript's is `null` in canonical JSON, so an attribute of 1e400 counts as absent.
//!
//! An event is kept as it was received: attributes by their values, those that nobody defined included, and data in
//! canonical form. So it can be written again in any mode ([`CloudEvent::to_json`], [`write_batch`],
//! [`CloudEvent::to_http`]), and reading that gives an equal event but for what binary mode cannot say. Attributes that are JSON `null` count as absent, as
//! the JSON format says.

pub(super) mod read;
pub(super) mod write;

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use write::{HttpMessage, write_batch};

use read::{Builder, decode_header, invalid, is_json, strip_ce_prefix};

use crate::json::{self, Canonical, Limits, View};

/// The media type of one event in structured mode.
pub const STRUCTURED: &str = "application/cloudevents+json";
/// The media type of a batch of events.
pub const BATCH: &str = "application/cloudevents-batch+json";
/// The most events a batch may hold.
pub const MAX_BATCH: usize = 1_000;

/// The most attributes beside `specversion`, `id`, `source` and `type`.
pub const MAX_ATTRIBUTES: usize = 64;
/// The longest attribute name in bytes; the specification advises 20.
pub const MAX_ATTRIBUTE_NAME_BYTES: usize = 64;
/// The longest `id` and `type` in bytes.
pub const MAX_ID_BYTES: usize = 512;
/// The longest value of any other attribute in bytes.
pub const MAX_VALUE_BYTES: usize = 65_536;

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

impl Data {
    /// The JSON value; `None` if there is no data.
    ///
    /// # Errors
    /// [`NotJson`] if it is other bytes.
    pub fn json(&self) -> Result<Option<&Canonical>, NotJson> {
        match self {
            Self::None => Ok(None),
            Self::Json(data) => Ok(Some(data)),
            Self::Binary(_) => Err(NotJson),
        }
    }
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
            builder.set_member(&name, value)?;
        }
        builder.finish()
    }

    /// Reads an event in binary mode: attributes in `ce-` headers, data in the body.
    ///
    /// A body is JSON if `content_type` says so (`application/json`, `text/json` or any `+json`) or is absent;
    /// `limits` bound its parsing. An empty body is no data. `content_type` is the event's `datacontenttype`: the binding
    /// has no other header for it, so one called `ce-datacontenttype` is an error.
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
            if name == "datacontenttype" {
                return Err(invalid(&name, "belongs into the header `Content-Type`"));
            }
            builder.set(&name, Value::Text(value))?;
        }
        if let Some(content_type) = content_type {
            // HTTP lets a tab stand where a space may.
            builder.set("datacontenttype", Value::Text(content_type.replace('\t', " ")))?;
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
    /// More attributes than [`MAX_ATTRIBUTES`].
    TooManyAttributes,
    /// Both `data` and `data_base64` are given.
    TwoKindsOfData,
    /// A binary mode body says it is JSON and is not.
    Body(json::Error),
}

/// An event's data is no JSON, and the envelope has no place for other bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotJson;

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event's data is not JSON, and the envelope has no place for other bytes")
    }
}

impl core::error::Error for NotJson {}

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
                write!(
                    f,
                    "{name:?} is not an attribute name: use 1 to {MAX_ATTRIBUTE_NAME_BYTES} lower-case letters and digits"
                )
            }
            Self::TooManyAttributes => {
                write!(f, "an event has at most {MAX_ATTRIBUTES} attributes beside those it needs")
            }
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
            (r#","ext":"\uffff""#, "attribute `ext` contains a noncharacter"),
            (r#","ext":"\ufdd0""#, "attribute `ext` contains a noncharacter"),
            (r#","subject":"\ud83f\udffe""#, "attribute `subject` contains a noncharacter"),
            (r#","datacontenttype":"a/\u00e9""#, "attribute `datacontenttype` must be a media type"),
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
    fn an_event_is_as_large_as_it_may_be_and_an_error_names_the_limit() {
        let text = |length: usize| "x".repeat(length);
        assert!(with(&format!(r#","ext":"{}""#, text(MAX_VALUE_BYTES))).is_ok());
        let long = with(&format!(r#","ext":"{}""#, text(MAX_VALUE_BYTES + 1))).unwrap_err().to_string();
        assert_eq!(long, "attribute `ext` is longer than 65536 bytes");
        let named = |length: usize| {
            structured(&format!(
                r#"{{"specversion":"1.0","id":"1","source":"/s","type":"{}"}}"#,
                text(length)
            ))
        };
        assert!(named(MAX_ID_BYTES).is_ok());
        assert_eq!(
            named(MAX_ID_BYTES + 1).unwrap_err().to_string(),
            "attribute `type` is longer than 512 bytes"
        );
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
        let two = headers(&[("ce-subject", br#""a" and "b""#)], None, b"").unwrap();
        assert_eq!(two.attribute("subject"), Some(&Value::Text(r#""a" and "b""#.to_owned())));
        let tab = headers(&[], Some("application/json;\tcharset=utf-8"), b"1.0").unwrap();
        assert!(matches!(tab.data(), Data::Json(data) if data.as_bytes() == b"1"));
        let xml = headers(&[], Some("application/xml"), b"<a/>").unwrap();
        assert_eq!(xml.data(), &Data::Binary(b"<a/>".to_vec()));
    }

    #[test]
    fn a_binary_event_with_bad_headers_or_body_is_refused() {
        assert!(headers(&[("ce-id", b"2")], None, b"").unwrap_err().to_string().contains("given twice"));
        assert!(headers(&[("ce-x", b"%FF")], None, b"").unwrap_err().to_string().contains("not valid UTF-8"));
        assert!(headers(&[("ce-", b"x")], None, b"").is_err());
        let types = headers(&[("ce-datacontenttype", b"a/b")], Some("a/b"), b"").unwrap_err();
        assert!(types.to_string().contains("belongs into the header `Content-Type`"), "{types}");
        assert!(matches!(headers(&[], Some("application/vnd.x+JSON; a=b"), b"{"), Err(EventError::Body(_))));
    }
}
