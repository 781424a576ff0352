//! What is notified: the envelopes and models that webhooks carry.
//!
//! - [`cloudevents`]: CloudEvents 1.0 over HTTP, read and written in its three content modes.
//! - [`immuta`]: Immuta's notifications and the catalogue of their types.
//! - [`generic`], [`qlik`]: the event types of the generic webhooks API and of Qlik Cloud.
//!
//! Models are views over canonical JSON ([`crate::json::Canonical`]): known members are typed, everything else is
//! kept byte for byte, so that what a model does not know is neither lost nor changed.

pub mod cloudevents;
pub mod generic;
pub mod immuta;
mod object;
pub mod qlik;
