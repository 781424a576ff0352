//! Writing envelopes: JSON objects around an event's data, in the form `JSON.stringify` would give them.

use std::borrow::Cow;

use sigpost_core::json;
use sigpost_core::notification::cloudevents::{CloudEvent, Data, Value};

use super::Unfit;
use crate::domain::Timestamp;

/// A JSON object that is being written. Keys come once, values are canonical.
pub(super) struct Object {
    out: Vec<u8>,
    /// A key may be an array index, and JavaScript lists those first.
    disordered: bool,
}

impl Object {
    pub(super) fn open() -> Self {
        Self { out: vec![b'{'], disordered: false }
    }

    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key);
        json::write_string(&mut self.out, value);
        self
    }

    /// A value that is canonical JSON already.
    pub(super) fn raw(&mut self, key: &str, value: &[u8]) -> &mut Self {
        self.key(key);
        self.out.extend_from_slice(value);
        self
    }

    pub(super) fn value(&mut self, key: &str, value: &Value) -> &mut Self {
        match value {
            Value::Text(text) => self.text(key, text),
            Value::Boolean(true) => self.raw(key, b"true"),
            Value::Boolean(false) => self.raw(key, b"false"),
            Value::Integer(number) => self.raw(key, number.to_string().as_bytes()),
        }
    }

    pub(super) fn close(mut self) -> Vec<u8> {
        self.out.push(b'}');
        if self.disordered
            && let Ok(Cow::Owned(ordered)) = json::canonicalize(&self.out)
        {
            return ordered;
        }
        self.out
    }

    fn key(&mut self, key: &str) {
        self.disordered |= key.starts_with(|first: char| first.is_ascii_digit());
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        json::write_string(&mut self.out, key);
        self.out.push(b':');
    }
}

/// The event in CloudEvents' JSON format, as it was received.
pub(super) fn cloud_event(event: &CloudEvent) -> Vec<u8> {
    let mut object = Object::open();
    write_attributes(&mut object, event, &[]);
    write_data(&mut object, event);
    object.close()
}

/// All attributes of the event but its data and those whose names the envelope needs.
pub(super) fn write_attributes(object: &mut Object, event: &CloudEvent, taken: &[&str]) {
    object
        .text("specversion", "1.0")
        .text("id", event.id())
        .text("source", event.source())
        .text("type", event.event_type());
    for (name, value) in event.attributes().filter(|(name, _)| !taken.contains(name)) {
        object.value(name, value);
    }
}

/// The event's data as CloudEvents' JSON format has it.
pub(super) fn write_data(object: &mut Object, event: &CloudEvent) {
    use base64::Engine as _;
    match event.data() {
        Data::None => {}
        Data::Json(data) => {
            object.raw("data", data.as_bytes());
        }
        Data::Binary(bytes) => {
            object.text("data_base64", &base64::engine::general_purpose::STANDARD.encode(bytes));
        }
    }
}

/// The event's data for a system whose bodies always have some: `null` when there is none.
pub(super) fn json_data(event: &CloudEvent) -> Result<&[u8], Unfit> {
    match event.data() {
        Data::None => Ok(b"null"),
        Data::Json(data) => Ok(data.as_bytes()),
        Data::Binary(_) => Err(Unfit::NotJson),
    }
}

/// When the event happened as its publisher says, else when it came; in UTC with milliseconds.
pub(super) fn time(event: &CloudEvent, now: Timestamp) -> Timestamp {
    match event.attribute("time") {
        Some(Value::Text(time)) => time.parse().unwrap_or(now),
        _ => now,
    }
}
