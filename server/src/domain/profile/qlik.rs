//! Qlik Cloud: by event type, for the tenant or for one user; CloudEvents in JSON, or the envelope before them.
//!
//! Sources: Qlik's webhooks page and OpenAPI document (fields, limits, levels), its help (https and host names only),
//! qlik.dev's changelog of 2026-04-22 (what the older envelope's members are called now).

use core::cell::OnceCell;

use bytes::Bytes;
use sigpost_core::notification::cloudevents::{CloudEvent, Value};
use sigpost_core::notification::qlik::{self as model, Writer};
use sigpost_core::signature::Secret;

use super::{Audience, BadTypes, Prepared, Unfit, Unfitting, subscribable};
use crate::domain::{
    Egress, Endpoint, Envelope, Frame, Host, Settings, Timestamp, Transport, User, utc_millis,
};

pub use model::Level;

/// A Qlik webhook's own part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qlik {
    name: String,
    description: Option<String>,
    event_types: Vec<String>,
    level: Level,
    cloud_events: bool,
}

/// The members of a [`Qlik`], to make one from and to store it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// `name`.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// `eventTypes`.
    pub event_types: Vec<String>,
    /// `level`.
    pub level: Level,
    /// `enableCloudEventDelivery`: CloudEvents, not the envelope before them.
    pub cloud_events: bool,
}

/// Why a webhook cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The name is empty or too long.
    #[error("name must have 1 to {MAX_NAME_CHARS} characters")]
    Name,
    /// The description is too long.
    #[error("description must have at most {MAX_DESCRIPTION_CHARS} characters")]
    Description,
    /// The types cannot be subscribed to.
    #[error("event_types {0}")]
    EventTypes(#[source] BadTypes),
}

const MAX_NAME_CHARS: usize = 512;
const MAX_DESCRIPTION_CHARS: usize = 1_024;

impl Qlik {
    /// Makes one by the system's rules.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that is broken.
    pub fn new(parts: Parts, settings: &Settings) -> Result<Self, Invalid> {
        if parts.name.is_empty() || parts.name.chars().count() > MAX_NAME_CHARS {
            return Err(Invalid::Name);
        }
        if parts.description.as_ref().is_some_and(|text| text.chars().count() > MAX_DESCRIPTION_CHARS) {
            return Err(Invalid::Description);
        }
        let known = |name: &str| model::event_type(name).is_some();
        let event_types = subscribable(parts.event_types, settings, known).map_err(Invalid::EventTypes)?;
        Ok(Self::restore(Parts { event_types, ..parts }))
    }

    /// Restores one that was stored. Rules may have changed since; what was accepted stays accepted.
    #[must_use]
    pub fn restore(parts: Parts) -> Self {
        let Parts { name, description, event_types, level, cloud_events } = parts;
        Self { name, description, event_types, level, cloud_events }
    }

    /// `name`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `description`.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// `eventTypes`, as given.
    #[must_use]
    pub fn event_types(&self) -> &[String] {
        &self.event_types
    }

    /// `level`.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// `enableCloudEventDelivery`.
    #[must_use]
    pub const fn cloud_events(&self) -> bool {
        self.cloud_events
    }

    pub(super) const fn audience(&self) -> Audience {
        match self.level {
            Level::Tenant => Audience::Tenant,
            Level::User => Audience::Owner,
        }
    }

    pub(super) fn matches(&self, owner: &User, event_type: &str, facts: &Facts) -> bool {
        let alias = model::event_type(event_type).and_then(|known| known.alias);
        let wanted = |name: &String| name == event_type || Some(name.as_str()) == alias;
        self.event_types.iter().any(wanted)
            && match self.level {
                Level::Tenant => true,
                Level::User => facts.concern(owner),
            }
    }

    /// Nothing stands around the body that all share. Who wants the older form gets a body of its own.
    pub(super) fn render(&self, prepared: &Prepared<'_>) -> Frame {
        match &prepared.older {
            Some(older) if !self.cloud_events => {
                // An event is at most a few MiB long.
                let cut = u32::try_from(prepared.shared.len()).unwrap_or(u32::MAX);
                Frame { head: older.body(), cut, tail: Bytes::new() }
            }
            _ => Frame::default(),
        }
    }
}

/// The target must be a host name reached by https unless the operator relaxes it, the secret has 32 to 64 characters.
pub(super) fn admits(endpoint: &Endpoint, secret: Option<&Secret>, egress: &Egress) -> Result<(), Unfitting> {
    let strict = !egress.relaxed_targets;
    if strict && endpoint.transport() != Transport::Https {
        return Err(Unfitting { field: "url", rule: "must use https" });
    }
    if strict && matches!(endpoint.host(), Host::Address(_)) {
        return Err(Unfitting { field: "url", rule: "must have a host name, not an address" });
    }
    let characters = secret.map(|secret| String::from_utf8_lossy(secret.as_bytes()).chars().count());
    match characters {
        None | Some(32..=64) => Ok(()),
        Some(_) => Err(Unfitting { field: "secret", rule: "must have 32 to 64 characters" }),
    }
}

/// Whom an event concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    user: Option<Box<str>>,
    owner: Option<Box<str>>,
    space: Option<Box<str>>,
}

impl Facts {
    pub(super) fn of(event: &CloudEvent) -> Self {
        let text = |name| match event.attribute(name) {
            Some(Value::Text(text)) => Some(text.as_str().into()),
            _ => None,
        };
        Self { user: text("userid"), owner: text("ownerid"), space: text("spaceid") }
    }

    fn concern(&self, user: &User) -> bool {
        let is_user = |id: &Option<Box<str>>| id.as_deref() == Some(user.id.as_str());
        is_user(&self.user)
            || is_user(&self.owner)
            || self.space.as_deref().is_some_and(|space| user.spaces.iter().any(|own| own == space))
    }
}

/// An event in the older form, which is only written if a webhook wants it, and then once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Older<'a> {
    writer: Writer<'a>,
    body: OnceCell<Bytes>,
}

impl Older<'_> {
    fn body(&self) -> Bytes {
        self.body.get_or_init(|| self.writer.write(model::Envelope::Legacy).into()).clone()
    }
}

/// The body of CloudEvents delivery, and what the older form is made of.
pub(super) fn prepare(
    event: &CloudEvent,
    envelope: Envelope,
    now: Timestamp,
) -> Result<(Vec<u8>, Older<'_>), Unfit> {
    let writer = Writer::new(event, utc_millis(now))?.documented_only();
    let present = writer.write(match envelope {
        Envelope::CloudEvents => model::Envelope::CloudEvents,
        Envelope::Hybrid => model::Envelope::Hybrid,
    });
    Ok((present, Older { writer, body: OnceCell::new() }))
}
