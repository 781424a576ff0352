//! Ed25519 keys as Standard Webhooks writes them: base64 behind `whpk_` or `whsk_`.
//!
//! Without the feature there are no such keys: the types have no values, and the compiler drops what would use them.

#[cfg(feature = "ed25519")]
mod dalek;
#[cfg(not(feature = "ed25519"))]
mod none;

#[cfg(feature = "ed25519")]
pub(super) use dalek::{Private, Public};
#[cfg(not(feature = "ed25519"))]
pub(super) use none::{Private, Public};
