//! sigpost's own webhooks: by event type, in the form the event was published in, signed by Standard Webhooks.

use sigpost_core::notification::cloudevents::CloudEvent;

use super::{BadTypes, Unfit, operational, subscribable};
use crate::domain::Settings;

/// The name that subscribes to every event type that is published.
pub const ALL: &str = "*";

/// A native webhook's own part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Native {
    name: String,
    event_types: Vec<String>,
}

/// The members of a [`Native`], to make one from and to store it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// What people call it.
    pub name: String,
    /// The types it receives, or [`ALL`].
    pub event_types: Vec<String>,
}

/// What is to become of a [`Native`]; what is `None` stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Change {
    /// What people call it.
    pub name: Option<String>,
    /// The types it receives: all of them.
    pub event_types: Option<Vec<String>>,
}

/// Why a webhook cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The name is too long.
    #[error("name must have at most {MAX_NAME_CHARS} characters")]
    Name,
    /// The types cannot be subscribed to.
    #[error("event_types {0}")]
    EventTypes(#[source] BadTypes),
}

const MAX_NAME_CHARS: usize = 512;

impl Native {
    /// Makes one by the rules. A tenant without an older system has no catalogue but the types its operator lists.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that is broken.
    pub fn new(parts: Parts, settings: &Settings) -> Result<Self, Invalid> {
        let Parts { name, event_types } = parts;
        let change = Change { name: Some(name), event_types: Some(event_types) };
        Self { name: String::new(), event_types: Vec::new() }.apply(change, settings)
    }

    /// What a change makes of it. What it leaves stays accepted, whatever the rules are by now.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that is broken.
    pub fn apply(&self, change: Change, settings: &Settings) -> Result<Self, Invalid> {
        let Change { name, event_types } = change;
        let mut changed = self.clone();
        if let Some(name) = name {
            if name.chars().count() > MAX_NAME_CHARS {
                return Err(Invalid::Name);
            }
            changed.name = name;
        }
        if let Some(names) = event_types {
            changed.event_types = subscribable(names, settings, is_known).map_err(Invalid::EventTypes)?;
        }
        Ok(changed)
    }

    /// Restores one that was stored.
    #[must_use]
    pub fn restore(parts: Parts) -> Self {
        let Parts { name, event_types } = parts;
        Self { name, event_types }
    }

    /// What people call it; may be empty.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The types it receives.
    #[must_use]
    pub fn event_types(&self) -> &[String] {
        &self.event_types
    }

    pub(super) fn matches(&self, event_type: &str) -> bool {
        let all = !operational::is_ours(event_type);
        self.event_types.iter().any(|name| name == event_type || (all && name == ALL))
    }
}

/// What anybody may subscribe to, whatever the operator lists.
fn is_known(name: &str) -> bool {
    name == ALL || operational::TYPES.iter().any(|known| known.name == name)
}

/// The event as it came.
pub(super) fn prepare(event: &CloudEvent) -> Result<Vec<u8>, Unfit> {
    // Nobody could subscribe to it alone.
    if event.event_type() == ALL { Err(Unfit::Wildcard) } else { Ok(event.to_json()) }
}
