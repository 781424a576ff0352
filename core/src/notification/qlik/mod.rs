//! Qlik Cloud's events: their three envelopes, and the catalogue of their types.
//!
//! Until 2025-11 webhooks carried an envelope of their own, `{cloudEventsVersion, eventId, eventTime, eventType, …,
//! extensions: {…}, data}`; since 2026-10 they carry CloudEvents; between the two, objects with the members of both.
//! One reader takes all three ([`Event`]), one writer makes them ([`Writer`]).
//!
//! Sources: Qlik's help (a sample of the older envelope), qlik.dev's changelog 210 of 2026-04-22 (which member became
//! which attribute) and 216 of 2026-05-11 (when the older ones go).

mod catalogue;
mod envelope;

pub use catalogue::{EVENT_TYPES, EventType, Level, event_type};
pub use envelope::{Envelope, Event, Writer};
