//! Writing events: in structured mode, as a batch, and in binary mode.

use alloc::borrow::{Cow, ToOwned as _};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::read::is_json;
use super::{CloudEvent, Data, Value};
use crate::notification::object::Object;

impl CloudEvent {
    /// Writes it in structured mode, in canonical form; the media type is [`STRUCTURED`](super::STRUCTURED).
    /// [`CloudEvent::from_json`] reads an equal event.
    ///
    /// ```
    /// use sigpost_core::{json::{Canonical, Limits}, notification::cloudevents::CloudEvent};
    /// let text = br#"{"data":{"a":1.0},"type":"t","source":"/s","id":"1","specversion":"1.0","userid":"u"}"#;
    /// let event = CloudEvent::from_json(Canonical::parse(text, Limits::default())?.view())?;
    /// assert_eq!(
    ///     event.to_json(),
    ///     br#"{"specversion":"1.0","id":"1","source":"/s","type":"t","userid":"u","data":{"a":1}}"#
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut object = Object::open();
        write_attributes(&mut object, self, &[]);
        match &self.data {
            Data::None => {}
            Data::Json(data) => {
                object.raw("data", data.as_bytes());
            }
            Data::Binary(bytes) => {
                object.text("data_base64", &STANDARD.encode(bytes));
            }
        }
        object.close()
    }

    /// Writes it in binary mode.
    ///
    /// [`CloudEvent::from_headers`] reads an equal event, but for what the mode cannot say:
    ///
    /// - Every value becomes its text.
    /// - Under a media type that is not JSON, data becomes bytes: text those of the text, other JSON those of its
    ///   canonical form. Empty bytes become no data.
    /// - Bytes under a media type that is JSON are read as that, which is an error if they are not. Bytes under none
    ///   are sent, and read, as `application/octet-stream`.
    ///
    /// An event that came in binary mode has none of these.
    ///
    /// ```
    /// use sigpost_core::{json::{Canonical, Limits}, notification::cloudevents::CloudEvent};
    /// let text = br#"{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"50 %","data":[1]}"#;
    /// let event = CloudEvent::from_json(Canonical::parse(text, Limits::default())?.view())?;
    /// let message = event.to_http();
    /// assert_eq!(message.headers.last(), Some(&("ce-subject".into(), "50%20%25".into())));
    /// assert_eq!(&*message.body, b"[1]");
    /// let headers = message.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    /// let read = CloudEvent::from_headers(headers, message.content_type, &message.body, Limits::default())?;
    /// assert_eq!(read, event);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_http(&self) -> HttpMessage<'_> {
        let mut headers = Vec::with_capacity(self.attributes.len() + 4);
        let mut header =
            |name: &str, value: &str| headers.push(("ce-".to_owned() + name, encode_header(value)));
        header("specversion", "1.0");
        header("id", &self.id);
        header("source", &self.source);
        header("type", &self.event_type);
        for (name, value) in self.attributes().filter(|(name, _)| *name != CONTENT_TYPE) {
            header(name, &value.to_text());
        }
        let untyped = matches!(&self.data, Data::Binary(bytes) if !bytes.is_empty()).then_some(BYTES);
        HttpMessage { headers, content_type: self.content_type().or(untyped), body: self.body() }
    }

    /// All attributes but `specversion`, `id`, `source` and `type`, sorted by name, as a JSON object.
    #[must_use]
    pub fn attributes_json(&self) -> String {
        let mut object = Object::open();
        for (name, value) in self.attributes() {
            object.value(name, value);
        }
        String::from_utf8_lossy(&object.close()).into_owned()
    }

    /// `datacontenttype`.
    fn content_type(&self) -> Option<&str> {
        match self.attribute(CONTENT_TYPE) {
            Some(Value::Text(given)) => Some(given),
            _ => None,
        }
    }

    /// Its data as the body of a request. The JSON format keeps text of another media type in a JSON string.
    fn body(&self) -> Cow<'_, [u8]> {
        match &self.data {
            Data::None => Cow::Borrowed(&[]),
            Data::Binary(bytes) => Cow::Borrowed(bytes),
            Data::Json(data) => match data.view().as_str() {
                Some(text) if self.content_type().is_some_and(|given| !is_json(given)) => {
                    Cow::Owned(text.into_owned().into_bytes())
                }
                _ => Cow::Borrowed(data.as_bytes()),
            },
        }
    }
}

const CONTENT_TYPE: &str = "datacontenttype";
/// RFC 9110, section 8.3: what bytes of no type are.
const BYTES: &str = "application/octet-stream";

/// An event in binary mode: what to put into a request or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpMessage<'a> {
    /// The headers `ce-…`: visible ASCII, everything else percent-encoded.
    pub headers: Vec<(String, String)>,
    /// The header `Content-Type`. Without one the body is JSON.
    pub content_type: Option<&'a str>,
    /// The body; empty if there is no data.
    pub body: Cow<'a, [u8]>,
}

impl Value {
    /// Its text, as the specification's type system writes it: what stands in a header.
    ///
    /// ```
    /// use sigpost_core::notification::cloudevents::Value;
    /// assert_eq!(Value::Integer(-7).to_text(), "-7");
    /// assert_eq!(Value::Boolean(true).to_text(), "true");
    /// ```
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Boolean(true) => Cow::Borrowed("true"),
            Self::Boolean(false) => Cow::Borrowed("false"),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }
}

/// Writes a batch, in canonical form; the media type is [`BATCH`](super::BATCH). [`batch`](super::batch) reads equal
/// events if there are no more than it takes.
///
/// ```
/// use sigpost_core::notification::cloudevents;
/// assert_eq!(cloudevents::write_batch([]), b"[]");
/// ```
#[must_use]
pub fn write_batch<'a>(events: impl IntoIterator<Item = &'a CloudEvent>) -> Vec<u8> {
    let mut out = Vec::from(b"[");
    for event in events {
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(&event.to_json());
    }
    out.push(b']');
    out
}

/// All attributes of the event but those whose names the envelope needs.
pub(in crate::notification) fn write_attributes(object: &mut Object, event: &CloudEvent, taken: &[&str]) {
    object
        .text("specversion", "1.0")
        .text("id", event.id())
        .text("source", event.source())
        .text("type", event.event_type());
    for (name, value) in event.attributes().filter(|(name, _)| !taken.contains(name)) {
        object.value(name, value);
    }
}

/// The HTTP binding's header encoding (3.1.3.2): space, `"`, `%` and all but visible ASCII become `%XX`.
fn encode_header(value: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b'%') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::{Canonical, Limits};
    use crate::notification::cloudevents::{EventError, batch};

    fn read(json: &[u8]) -> Result<CloudEvent, EventError> {
        CloudEvent::from_json(Canonical::parse(json, Limits::default()).unwrap().view())
    }

    fn read_http(message: &HttpMessage<'_>) -> Result<CloudEvent, EventError> {
        let headers = message.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        CloudEvent::from_headers(headers, message.content_type, &message.body, Limits::default())
    }

    fn event(members: &str) -> CloudEvent {
        let text = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t""#.to_owned() + members + "}";
        read(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_header_holds_visible_ascii_and_escapes() {
        let event = event(r#","subject":"a \"b\" 5% \\ ~ é 😀","on":true,"n":-1"#);
        let message = event.to_http();
        let header = |name| &message.headers.iter().find(|(given, _)| given == name).unwrap().1;
        assert_eq!(header("ce-subject"), r"a%20%22b%22%205%25%20\%20~%20%C3%A9%20%F0%9F%98%80");
        assert_eq!((header("ce-on").as_str(), header("ce-n").as_str()), ("true", "-1"));
        assert_eq!(read_http(&message).unwrap().attribute("subject"), event.attribute("subject"));
    }

    #[test]
    fn data_of_another_media_type_is_the_body_itself() {
        let text = event(r#","datacontenttype":"application/xml","data":"<a b=\"c\"/>""#);
        assert_eq!(&*text.to_http().body, br#"<a b="c"/>"#);
        let bytes = event(r#","datacontenttype":"image/png","data_base64":"iVBO/w==""#);
        let message = bytes.to_http();
        assert_eq!((&*message.body, message.content_type), (&b"\x89PN\xff"[..], Some("image/png")));
        assert_eq!(read_http(&message).unwrap(), bytes);
        let json = event(r#","datacontenttype":"a/b+json","data":"text""#);
        assert_eq!(&*json.to_http().body, br#""text""#);
        assert!(event("").to_http().body.is_empty());
    }

    #[test]
    fn bytes_of_no_type_survive_and_json_of_another_becomes_bytes() {
        let untyped = event(r#","data_base64":"AAE=""#);
        let read = read_http(&untyped.to_http()).unwrap();
        assert_eq!((read.data(), read.content_type()), (untyped.data(), Some(BYTES)));
        let object = event(r#","datacontenttype":"application/xml","data":{"a":1.0}"#);
        assert_eq!(read_http(&object.to_http()).unwrap().data(), &Data::Binary(br#"{"a":1}"#.to_vec()));
        let broken = event(r#","datacontenttype":"application/json","data_base64":"AAE=""#);
        assert!(matches!(read_http(&broken.to_http()), Err(EventError::Body(_))));
    }

    #[test]
    fn a_batch_is_read_as_it_was_written() {
        let events = [event(""), event(r#","12":"a","data":null"#)];
        let text = write_batch(&events);
        let canonical = Canonical::parse(&text, Limits::default()).unwrap();
        assert_eq!(canonical.as_bytes(), text);
        let read: Vec<_> = batch(canonical.view()).unwrap().into_iter().map(Result::unwrap).collect();
        assert_eq!(read, events);
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::Boolean),
            any::<i32>().prop_map(Value::Integer),
            "[^\\p{Cc}\\p{Noncharacter_Code_Point}]{0,12}".prop_map(Value::Text),
        ]
    }

    fn data() -> impl Strategy<Value = (Option<&'static str>, Data)> {
        let json = |text: &str| Data::Json(Canonical::parse(text.as_bytes(), Limits::default()).unwrap());
        prop_oneof![
            Just((None, Data::None)),
            Just((None, json(r#"{"b":[1,null],"a":"\ud800"}"#))),
            Just((Some("application/json; charset=utf-8"), json("null"))),
            prop::collection::vec(any::<u8>(), 1..20).prop_map(|bytes| (Some("a/b"), Data::Binary(bytes))),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_in_either_mode_is_read_as_it_was(
            id in "[^\\p{Cc}\\p{Noncharacter_Code_Point}]{1,9}",
            extensions in prop::collection::btree_map("x[a-z0-9]{0,5}|[0-9]{1,3}", value(), 0..6),
            (content_type, data) in data(),
        ) {
            let mut event = event("");
            (event.id, event.attributes, event.data) = (id, extensions, data);
            if let Some(given) = content_type {
                event.attributes.insert(CONTENT_TYPE.into(), Value::Text(given.into()));
            }
            let text = event.to_json();
            prop_assert_eq!(&*crate::json::canonicalize(&text).unwrap(), &text[..]);
            prop_assert_eq!(read(&text).unwrap(), event.clone());

            let from_http = read_http(&event.to_http()).unwrap();
            let texts = event.attributes.values_mut();
            texts.for_each(|value| *value = Value::Text(value.to_text().into_owned()));
            prop_assert_eq!(&from_http, &event);
            prop_assert_eq!(read_http(&from_http.to_http()).unwrap(), event);
        }
    }
}
