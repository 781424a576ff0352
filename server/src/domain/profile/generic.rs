//! The generic webhooks API: by event type, tenant-wide, `{id,type,created,data}`.
//!
//! Source: its page, "Webhook Events" and "Webhook Payload Format".

use sha2::{Digest as _, Sha256};
use sigpost_core::notification::cloudevents::CloudEvent;
use sigpost_core::notification::generic as model;

use super::{BadTypes, Unfit, subscribable, time};
use crate::domain::{Settings, TenantUid, Timestamp};

/// A generic webhook's own part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generic {
    events: Vec<String>,
    description: Option<String>,
}

/// The members of a [`Generic`], to make one from and to store it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The types it receives.
    pub events: Vec<String>,
    /// What it is for.
    pub description: Option<String>,
}

/// What is to become of a [`Generic`]; what is `None` stays as it is, the inner `None` takes a member away.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Change {
    /// The types it receives: all of them.
    pub events: Option<Vec<String>>,
    /// What it is for.
    pub description: Option<Option<String>>,
}

/// Why a webhook cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The types cannot be subscribed to.
    #[error("events {0}")]
    Events(#[source] BadTypes),
    /// The description is too long.
    #[error("description must have at most {MAX_DESCRIPTION_CHARS} characters")]
    Description,
}

const MAX_DESCRIPTION_CHARS: usize = 1_024;

impl Generic {
    /// Makes one by the system's rules.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that is broken.
    pub fn new(parts: Parts, settings: &Settings) -> Result<Self, Invalid> {
        let Parts { events, description } = parts;
        let change = Change { events: Some(events), description: Some(description) };
        Self { events: Vec::new(), description: None }.apply(change, settings)
    }

    /// What a change makes of it. What it leaves stays accepted, whatever the rules are by now.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that is broken.
    pub fn apply(&self, change: Change, settings: &Settings) -> Result<Self, Invalid> {
        let Change { events, description } = change;
        let mut changed = self.clone();
        if let Some(names) = events {
            changed.events = subscribable(names, settings, documented).map_err(Invalid::Events)?;
        }
        if let Some(description) = description {
            if description.as_ref().is_some_and(|text| text.chars().count() > MAX_DESCRIPTION_CHARS) {
                return Err(Invalid::Description);
            }
            changed.description = description;
        }
        Ok(changed)
    }

    /// Restores one that was stored.
    #[must_use]
    pub fn restore(parts: Parts) -> Self {
        let Parts { events, description } = parts;
        Self { events, description }
    }

    /// The types it receives.
    #[must_use]
    pub fn events(&self) -> &[String] {
        &self.events
    }

    /// What it is for.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    pub(super) fn matches(&self, event_type: &str) -> bool {
        self.events.iter().any(|name| name == event_type)
    }
}

/// Whether an event can have this type: the system has it, or the operator has added it.
#[must_use]
pub fn is_known(event_type: &str, settings: &Settings) -> bool {
    documented(event_type) || settings.event_types.iter().any(|added| added == event_type)
}

fn documented(event_type: &str) -> bool {
    model::event_type(event_type).is_some()
}

/// The whole body: it names no webhook, so all deliveries share it.
pub(super) fn prepare(event: &CloudEvent, tenant: &TenantUid, now: Timestamp) -> Result<Vec<u8>, Unfit> {
    let data = event.data().json()?;
    let created = time(event, now).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Ok(model::write(&event_id(event, tenant), event.event_type(), &created, data, None))
}

/// `evt_` and 24 hex digits: a digest of the idempotency key, so that an event has one id however often it is sent.
fn event_id(event: &CloudEvent, tenant: &TenantUid) -> String {
    let mut digest = Sha256::new();
    digest.update(b"sigpost/generic-event-id/v1");
    digest.update(tenant.as_bytes());
    digest.update((event.source().len() as u64).to_be_bytes());
    digest.update(event.source());
    digest.update(event.id());
    format!("evt_{}", hex::encode(&digest.finalize()[..12]))
}
