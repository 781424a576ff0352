//! The generic webhooks API: `{id, type, created, data}`, and its event types.
//!
//! Source: its page, "Webhook Events" and "Webhook Payload Format".

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::catalogue::{EventType, Source};
use super::object::Object;
use crate::json::{Canonical, Kind, View};

/// A delivered event, as a view over the canonical form of its body.
///
/// ```
/// use sigpost_core::{json::{Canonical, Limits}, notification::generic::Event};
/// let body = br#"{"id":"evt_1","type":"user.created","created":"2023-06-21T09:15:30Z","data":{"id":1.0},"new":[]}"#;
/// let body = Canonical::parse(body, Limits::default()).unwrap();
/// let event = Event::new(body.view()).unwrap();
/// assert_eq!(event.event_type().as_deref(), Some("user.created"));
/// assert_eq!(event.data().unwrap().raw(), r#"{"id":1}"#);
/// assert_eq!(event.get("new").unwrap().raw(), "[]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a>(View<'a>);

impl<'a> Event<'a> {
    /// Takes a body; `None` unless it is a JSON object.
    #[must_use]
    pub fn new(body: View<'a>) -> Option<Self> {
        (body.kind() == Kind::Object).then_some(Self(body))
    }

    /// `id`: the event's, the same in every delivery. Absent, as the others, if it is no string.
    #[must_use]
    pub fn id(self) -> Option<Cow<'a, str>> {
        self.0.get("id")?.as_str()
    }

    /// `type`: what happened, which may be one this crate does not know.
    #[must_use]
    pub fn event_type(self) -> Option<Cow<'a, str>> {
        self.0.get("type")?.as_str()
    }

    /// `created`: when, in RFC 3339's form.
    #[must_use]
    pub fn created(self) -> Option<Cow<'a, str>> {
        self.0.get("created")?.as_str()
    }

    /// `data`: to what it happened; any JSON value.
    #[must_use]
    pub fn data(self) -> Option<View<'a>> {
        self.0.get("data")
    }

    /// Any member, known or not.
    #[must_use]
    pub fn get(self, name: &str) -> Option<View<'a>> {
        self.0.get(name)
    }

    /// The whole body.
    #[must_use]
    pub fn view(self) -> View<'a> {
        self.0
    }
}

/// Writes a body, in canonical form; no data is `null`. Of `others`, an object such as a body that was read, the members
/// that have no parameter here follow in their order.
///
/// ```
/// use sigpost_core::notification::generic;
/// let body = generic::write("evt_1", "system.alert", "2023-06-21T09:15:30Z", None, None);
/// assert_eq!(body, br#"{"id":"evt_1","type":"system.alert","created":"2023-06-21T09:15:30Z","data":null}"#);
/// ```
#[must_use]
pub fn write(
    id: &str,
    event_type: &str,
    created: &str,
    data: Option<&Canonical>,
    others: Option<View<'_>>,
) -> Vec<u8> {
    let mut object = Object::open();
    object.text("id", id).text("type", event_type).text("created", created).data(data);
    if let Some(others) = others {
        object.others(others, &["id", "type", "created", "data"]);
    }
    object.close()
}

/// Every event type the page lists, in its order.
pub const EVENT_TYPES: &[EventType] = &[
    entry("user.created", "Users", "User created", "Somebody became a user of the system."),
    entry(
        "user.updated",
        "Users",
        "User updated",
        "What the system knows of a user is no longer what it was.",
    ),
    entry("user.deleted", "Users", "User deleted", "A user is gone from the system."),
    entry("data.created", "Data", "Data created", "A data resource came into being."),
    entry("data.updated", "Data", "Data updated", "A data resource changed."),
    entry("data.deleted", "Data", "Data deleted", "A data resource is gone."),
    entry("report.generated", "Reports", "Report generated", "A report is ready."),
    entry("system.alert", "System", "System alert", "The system raised an alarm."),
];

/// The event type of that exact name.
///
/// ```
/// use sigpost_core::notification::generic::event_type;
/// assert_eq!(event_type("report.generated").unwrap().title, "Report generated");
/// assert!(event_type("report.painted").is_none());
/// ```
#[must_use]
pub fn event_type(name: &str) -> Option<&'static EventType> {
    EVENT_TYPES.iter().find(|known| known.name == name)
}

const fn entry(
    name: &'static str,
    category: &'static str,
    title: &'static str,
    description: &'static str,
) -> EventType {
    EventType::new(name, category, title, description, Source::Generic)
}
