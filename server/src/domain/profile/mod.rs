//! What each system adds to a webhook: its fields, their rules, which events it receives and what it sends.
//!
//! The variants are closed: a new system is a new variant, and every `match` that has not heard of it fails to
//! compile. Each variant has private fields, one constructor and, where its system can change a webhook, one
//! `apply`, so that no API is a way round a rule.

pub mod immuta;

use sigpost_core::json::Canonical;
use sigpost_core::signature::Scheme;

use super::{DialectId, Frame, Number, Settings, UserId};

/// The part of a webhook that belongs to its system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Immuta V1.
    Immuta(immuta::Immuta),
}

impl Profile {
    /// The system it belongs to.
    #[must_use]
    pub const fn dialect(&self) -> DialectId {
        match self {
            Self::Immuta(_) => DialectId::Immuta,
        }
    }

    /// Whether a webhook of this owner receives the event.
    #[must_use]
    pub fn matches(&self, owner: &UserId, event: &Subject) -> bool {
        match (self, &event.facts) {
            (Self::Immuta(profile), Facts::Immuta(facts)) => profile.matches(owner, &event.event_type, facts),
        }
    }

    /// The delivery's own part of the body, for the webhook with this number.
    #[must_use]
    pub fn render(&self, webhook: Number) -> Frame {
        match self {
            Self::Immuta(profile) => profile.render(webhook),
        }
    }

    /// The schemes its deliveries are signed by, beside Standard Webhooks.
    pub fn schemes(&self, settings: &Settings) -> impl Iterator<Item = &'static Scheme> + use<> {
        match self {
            Self::Immuta(_) => immuta::schemes(settings),
        }
    }
}

/// An event as webhooks are matched against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// CloudEvents `type`.
    pub event_type: String,
    facts: Facts,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Facts {
    Immuta(immuta::Facts),
}

/// An event's data in the form its tenant's system delivers it, and what to match by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Canonical JSON, stored once for all deliveries.
    pub data: Vec<u8>,
    /// What webhooks are matched against.
    pub subject: Subject,
}

/// Why an event cannot be one of its tenant's system. The message names the member and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Immuta's rules.
    #[error(transparent)]
    Immuta(#[from] immuta::Unfit),
}

/// Checks an event's data against the rules of the tenant's system and brings it into the form it is delivered in.
///
/// # Errors
/// [`Unfit`] when the system has no such event.
pub fn prepare(dialect: DialectId, event_type: &str, data: Option<&Canonical>) -> Result<Prepared, Unfit> {
    match dialect {
        DialectId::Immuta => {
            let (data, facts) = immuta::prepare(event_type, data)?;
            let subject = Subject { event_type: event_type.to_owned(), facts: Facts::Immuta(facts) };
            Ok(Prepared { data, subject })
        }
    }
}
