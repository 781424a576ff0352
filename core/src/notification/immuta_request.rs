//! Immuta's Request app: `{deliveryId, webhookId, type, createdAt, data}`, and its event types.
//!
//! Sources: Immuta's reference of the app's webhooks for the types. Public sources are silent on the body; this form is
//! sigpost's own, with the names that the app's API uses elsewhere.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::catalogue::{EventType, Source};
use super::object::Object;
use crate::json::{Canonical, Kind, View};

/// A delivered notification, as a view over the canonical form of its body.
///
/// ```
/// use sigpost_core::{json::{Canonical, Limits}, notification::immuta_request::Notification};
/// let body = br#"{"deliveryId":"d","webhookId":"w","type":"t","createdAt":"2026-11-21T09:30:00.000Z","data":[1.0]}"#;
/// let body = Canonical::parse(body, Limits::default()).unwrap();
/// let notification = Notification::new(body.view()).unwrap();
/// assert_eq!(notification.delivery_id().as_deref(), Some("d"));
/// assert_eq!(notification.data().unwrap().raw(), "[1]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notification<'a>(View<'a>);

impl<'a> Notification<'a> {
    /// Takes a body; `None` unless it is a JSON object.
    #[must_use]
    pub fn new(body: View<'a>) -> Option<Self> {
        (body.kind() == Kind::Object).then_some(Self(body))
    }

    /// `deliveryId`: the same in every attempt. Absent, as the others, if it is no string.
    #[must_use]
    pub fn delivery_id(self) -> Option<Cow<'a, str>> {
        self.0.get("deliveryId")?.as_str()
    }

    /// `webhookId`: the webhook that this was sent for.
    #[must_use]
    pub fn webhook_id(self) -> Option<Cow<'a, str>> {
        self.0.get("webhookId")?.as_str()
    }

    /// `type`: what happened, which may be one this crate does not know.
    #[must_use]
    pub fn event_type(self) -> Option<Cow<'a, str>> {
        self.0.get("type")?.as_str()
    }

    /// `createdAt`: when, in RFC 3339's form.
    #[must_use]
    pub fn created_at(self) -> Option<Cow<'a, str>> {
        self.0.get("createdAt")?.as_str()
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
/// use sigpost_core::notification::immuta_request::write;
/// assert_eq!(
///     write("d", "w", "t", "2026-11-21T09:30:00.000Z", None, None),
///     br#"{"deliveryId":"d","webhookId":"w","type":"t","createdAt":"2026-11-21T09:30:00.000Z","data":null}"#
/// );
/// ```
#[must_use]
pub fn write(
    delivery_id: &str,
    webhook_id: &str,
    event_type: &str,
    created_at: &str,
    data: Option<&Canonical>,
    others: Option<View<'_>>,
) -> Vec<u8> {
    let mut object = Object::open();
    object.text("deliveryId", delivery_id).text("webhookId", webhook_id);
    object.text("type", event_type).text("createdAt", created_at).data(data);
    if let Some(others) = others {
        object.others(others, &["deliveryId", "webhookId", "type", "createdAt", "data"]);
    }
    object.close()
}

/// Writes the end of a body, which all deliveries of an event share; no data is `null`. [`write_ids`] comes before it.
///
/// ```
/// use sigpost_core::notification::immuta_request::{write_event, write_ids};
/// let event = write_event("t", "2026-11-21T09:30:00.000Z", None);
/// assert_eq!(
///     [write_ids("d", "w"), event].concat(),
///     br#"{"deliveryId":"d","webhookId":"w","type":"t","createdAt":"2026-11-21T09:30:00.000Z","data":null}"#
/// );
/// ```
#[must_use]
pub fn write_event(event_type: &str, created_at: &str, data: Option<&Canonical>) -> Vec<u8> {
    let mut object = Object::open();
    object.text("type", event_type).text("createdAt", created_at).data(data);
    let mut end = object.close();
    end.remove(0);
    end
}

/// Writes the beginning of a body, which is a delivery's own.
#[must_use]
pub fn write_ids(delivery_id: &str, webhook_id: &str) -> Vec<u8> {
    let mut object = Object::open();
    object.text("deliveryId", delivery_id).text("webhookId", webhook_id);
    let mut start = object.close();
    start.pop();
    start.push(b',');
    start
}

const REQUESTS: &str = "Access requests";
const PRODUCTS: &str = "Data products";

/// The event types that are known. The reference has at least one more, whose name is not known in full.
#[rustfmt::skip]
pub const EVENT_TYPES: &[EventType] = &[
    entry("marketplace.data_product.access_requests.consumer.updated", REQUESTS, "Access request decided",
        "A request for access was granted or refused."),
    entry("marketplace.data_product.access_requests.created", REQUESTS, "Access requested",
        "Somebody asked for access to a data product."),
    entry("marketplace.data_product.access_requests.deleted", REQUESTS, "Requested product deleted",
        "A data product is gone that somebody had asked to use."),
    entry("marketplace.data_product.access_requests.expired", REQUESTS, "Access expired",
        "The time for which a consumer had access to a data product is over."),
    entry("marketplace.data_product.access_requests.expiring", REQUESTS, "Access expires soon",
        "The time for which a consumer has access to a data product is nearly over."),
    entry("marketplace.data_product.access_requests.revoked", REQUESTS, "Access revoked",
        "A consumer lost access to a data product because somebody took it away."),
    entry("marketplace.data_product.access_requests.canceled", REQUESTS, "Access request canceled",
        "A request for access was called off."),
    entry("marketplace.data_product.state.created", PRODUCTS, "Data product published",
        "A data product became available to consumers."),
    entry("marketplace.data_product.state.deleted", PRODUCTS, "Data product deleted",
        "A data product was taken away for good."),
    entry("marketplace.data_product.data_sources.updated", PRODUCTS, "Data sources changed",
        "Other data sources than before make up a data product."),
];

/// The event type of that exact name.
///
/// ```
/// use sigpost_core::notification::immuta_request::event_type;
/// assert!(event_type("marketplace.data_product.state.created").is_some());
/// assert!(event_type("marketplace.data_product.state.painted").is_none());
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
    EventType::new(name, category, title, description, Source::ImmutaRequest)
}
