//! An event: what a publisher says happened. Once accepted it never changes.

use bytes::Bytes;

use super::{DeliveryId, EventId, Number, Template, TenantId, Timestamp, Traced, WebhookId};

/// A digest of an event as it was received: its attributes and the canonical form of its data. Two requests with
/// the same idempotency key and equal fingerprints are the same event sent twice; with different ones, a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// An event that passed every check and is ready to be made durable, together with its deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Whose event it is.
    pub tenant: TenantId,
    /// CloudEvents `source`; with `id` the idempotency key inside the tenant.
    pub source: String,
    /// CloudEvents `id`.
    pub id: String,
    /// CloudEvents `type`.
    pub event_type: String,
    /// All other CloudEvents attributes, extensions included, as one canonical JSON object.
    pub attributes: String,
    /// Canonical JSON of the data, as the tenant's system delivers it. Stored once.
    pub data: Bytes,
    /// Digest of the event as received.
    pub fingerprint: Fingerprint,
    /// When the server took it in.
    pub received_at: Timestamp,
    /// One entry for each webhook it goes to.
    pub deliveries: Vec<NewDelivery>,
    /// Where it is published, for its attempts to tell; not stored.
    pub trace: Traced,
}

/// One delivery of a new event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// Where it goes.
    pub webhook: WebhookId,
    /// Its own part of the body.
    pub frame: Template,
}

/// What became of a [`NewEvent`] when it was made durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// It is new, durable, and these are its deliveries, in the order given.
    Accepted {
        /// The event's internal id.
        event: EventId,
        /// The event's number in its tenant.
        number: Number,
        /// Ids of its deliveries, in the order of [`NewEvent::deliveries`].
        deliveries: Vec<DeliveryId>,
        /// The number of the first delivery in its tenant; those of the others follow it.
        first: Number,
    },
    /// The same event was accepted before, under this number; nothing was stored.
    Duplicate {
        /// The number it has.
        number: Number,
    },
    /// An event with the same idempotency key but other content was accepted before; nothing was stored.
    Conflict,
}

/// An accepted event, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Internal id.
    pub id: EventId,
    /// Its number in its tenant.
    pub number: Number,
    /// CloudEvents `type`.
    pub event_type: String,
    /// When the server took it in.
    pub received_at: Timestamp,
}
