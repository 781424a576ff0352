//! Signing webhooks and verifying them.
//!
//! ```text
//!  Scheme (data) + Secret ──▶ Signer ──sign(body, id, time)──▶ headers ─ ─ ▶ the receiver
//!  Scheme (data) + Secrets ─▶ Verifier ──verify(headers, body, now)──▶ Verified │ VerifyError
//! ```
//!
//! What is guaranteed:
//! - The signature is over bytes: any body at all, nothing is decoded before it is verified.
//! - A scheme names exactly one algorithm, so nobody can downgrade by dropping a header.
//! - Tags are compared in constant time and in full; a truncated or longer tag never verifies.
//! - The signature is judged before the age, so staleness tells a forger nothing.
//! - A forged request gets the one opaque [`VerifyError::Mismatch`]; the other variants say what the receiver's
//!   operator has to mend. None of them holds a computed tag.
//! - Keys are zeroised when they are dropped, also those that turn out to be none.
//! - What anybody could sign with is no key: nothing, zeros, a public key where a secret is shared.
//!
//! What is not: a scheme that signs neither an id nor a time ([`Replay::Nothing`]) cannot tell a replay.

mod ed25519;
mod explain;
mod header;
mod keyed;
mod mac;
mod presets;
mod scheme;
mod secret;
mod sign;
mod verify;

pub use explain::{
    BodyMistake, Effort, Explanation, Hint, JsonStyle, Mistake, Question, SecretMistake, Verdict, explain,
};
pub use keyed::KeyError;
pub use scheme::{
    Algorithm, Encoding, Grammar, KeyForm, Part, Replay, Scheme, SchemeBuilder, SchemeError, Separator,
    SignedBody, Time,
};
pub use secret::{EmptySecret, Secret, StandardKey, standard_key};
pub use sign::{SignError, SignInput, Signer, Signing};
pub use verify::{Check, Genuine, NoTimestamp, Verified, Verifier, VerifyError};
