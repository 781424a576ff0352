//! Requests that publish events, written once and then only marked anew.

use super::marks::{self, Mark};

/// What the requests are like.
#[derive(Clone, Copy, Debug)]
pub struct Shape<'a> {
    /// `host:port` of the server.
    pub address: &'a str,
    /// Where events are published.
    pub path: &'a str,
    /// Of whoever publishes.
    pub token: &'a str,
    /// Events in a request; with 1, no batch.
    pub batch: usize,
    /// Bytes of one event.
    pub bytes: usize,
    /// The events' type, or what it begins with if there are several.
    pub kind: &'a str,
    /// How many types there are; event `n` is of the type `kind.N`, where N is the rest of `n` in six digits. 1: the
    /// type is `kind` itself.
    pub kinds: u64,
}

/// A request whose numbers and times are written over those of the one before.
#[derive(Clone, Debug)]
pub struct Template {
    bytes: Vec<u8>,
    places: Vec<Places>,
    kinds: u64,
}

/// Where in the request an event's parts stand.
#[derive(Clone, Copy, Debug)]
struct Places {
    id: usize,
    kind: usize,
    mark: usize,
}

/// Digits of an id, and of the number of a type.
const ID: usize = 20;
const KIND: usize = 6;

/// The type of the event with this number; see [`Shape::kinds`].
#[must_use]
pub fn kind_of(kind: &str, kinds: u64, number: u64) -> String {
    if kinds == 1 { kind.to_owned() } else { format!("{kind}.{:0KIND$}", number % kinds) }
}

impl Template {
    /// A request of this shape, not marked yet.
    #[must_use]
    pub fn new(shape: Shape<'_>) -> Self {
        let Shape { address, path, token, batch, bytes, kind, kinds } = shape;
        let mut body = Vec::new();
        let mut places = Vec::new();
        let is_batch = batch > 1;
        for index in 0..batch {
            if is_batch {
                body.push(if index == 0 { b'[' } else { b',' });
            }
            places.push(event(&mut body, bytes, kind, kinds));
        }
        if is_batch {
            body.push(b']');
        }
        let media = if is_batch { "cloudevents-batch" } else { "cloudevents" };
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: application/{media}+json\r\ncontent-length: {length}\r\n\r\n",
        );
        for Places { id, kind, mark } in &mut places {
            *id += head.len();
            *kind += head.len();
            *mark += head.len();
        }
        Self { bytes: [head.as_bytes(), &body].concat(), places, kinds }
    }

    /// The request with the events that have this number and the following ones, sent now (see [`marks::now`]).
    pub fn of(&mut self, first: u64, sent: u64) -> &[u8] {
        for (number, places) in (first..).zip(&self.places) {
            marks::digits(number, &mut self.bytes[places.id..places.id + ID]);
            if self.kinds > 1 {
                marks::digits(number % self.kinds, &mut self.bytes[places.kind..places.kind + KIND]);
            }
            Mark { number, sent }.write(&mut self.bytes[places.mark..places.mark + marks::LENGTH]);
        }
        &self.bytes
    }
}

/// Adds one event; places count from the beginning of the body.
fn event(body: &mut Vec<u8>, bytes: usize, kind: &str, kinds: u64) -> Places {
    let start = body.len();
    body.extend(br#"{"specversion":"1.0","id":""#);
    let id = body.len();
    body.extend([b'0'; ID]);
    body.extend(br#"","source":"/load","type":""#);
    body.extend(kind.as_bytes());
    let mut number = body.len();
    if kinds > 1 {
        body.push(b'.');
        number += 1;
        body.extend([b'0'; KIND]);
    }
    body.extend(br#"","data":{"text":"under load","metadata":{"mark":""#);
    let mark = body.len();
    body.extend([b'0'; marks::LENGTH]);
    body.extend(br#"","pad":""#);
    let end = br#""}}}"#;
    let pad = bytes.saturating_sub(body.len() - start + end.len());
    body.extend(core::iter::repeat_n(b'x', pad));
    body.extend(end);
    Places { id, kind: number, mark }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn shape(batch: usize, kinds: u64) -> Shape<'static> {
        Shape {
            address: "127.0.0.1:1",
            path: "/v1/events",
            token: "t",
            batch,
            bytes: 400,
            kind: "load.event",
            kinds,
        }
    }

    fn body(request: &[u8]) -> Value {
        let text = str::from_utf8(request).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn an_event_has_its_number_its_type_and_its_length() {
        let mut template = Template::new(shape(1, 1));
        for number in [7, 12_345] {
            let event = body(template.of(number, 99));
            assert_eq!(event["id"].as_str(), Some(format!("{number:020}").as_str()));
            assert_eq!(event["type"], kind_of("load.event", 1, number));
            let mark = Mark::find(event["data"]["metadata"]["mark"].as_str().unwrap().as_bytes());
            assert_eq!(mark, Some(Mark { number, sent: 99 }));
            assert_eq!(event.to_string().len(), 400);
        }
    }

    #[test]
    fn the_events_of_a_batch_are_numbered_on_and_types_go_round() {
        let mut template = Template::new(shape(3, 2));
        let events = body(template.of(5, 1));
        let of = |name: &str| -> Vec<String> {
            events.as_array().unwrap().iter().map(|event| event[name].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(of("id"), [5, 6, 7].map(|number| format!("{number:020}")));
        assert_eq!(of("type"), ["load.event.000001", "load.event.000000", "load.event.000001"]);
        assert_eq!(of("type")[0], kind_of("load.event", 2, 5));
    }
}
