//! What is notified: the envelopes and models that webhooks carry.
//!
//! - [`cloudevents`]: CloudEvents 1.0 over HTTP, read and written in its three content modes.
//! - [`immuta`], [`immuta_request`], [`generic`]: the bodies of Immuta's V1 notifications, of its Request app and of the
//!   generic webhooks API.
//! - [`qlik`]: Qlik Cloud's events in their three envelopes, and the way from one to another.
//! - [`catalogue`]: what the last four tell about each of their event types.
//!
//! Models are views over canonical JSON ([`crate::json::Canonical`]): known members are typed, everything else is kept as
//! it stands there, so that what a model does not know is neither lost nor changed. The canonical form itself is what
//! JavaScript makes of the body that came: the last of two values of a key, and numbers as doubles (9007199254740993
//! becomes 9007199254740992, and 1e400 becomes `null`).

pub mod catalogue;
pub mod cloudevents;
pub mod generic;
pub mod immuta;
pub mod immuta_request;
mod object;
pub mod qlik;
