//! Which event types a system has, and which a webhook names: for those who choose and look for them.

use sigpost_core::notification::catalogue::EventType as About;
use sigpost_core::notification::qlik::Level;
use sigpost_core::notification::{generic, immuta, immuta_request, qlik};

use super::{Profile, native, operational};
use crate::domain::{DialectId, Tenant};

/// An event type that webhooks of a tenant may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownType<'a> {
    /// Its name.
    pub name: &'a str,
    /// What its system's catalogue tells of it; nothing of a type that the operator lists.
    pub about: Option<Told>,
}

/// What a catalogue tells of an event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// A short name for people.
    pub title: &'static str,
    /// What has happened when an event of it arrives.
    pub description: &'static str,
    /// What it is about.
    pub category: &'static str,
    /// At which levels webhooks can receive it, where a system has levels and tells.
    pub levels: Option<&'static [Level]>,
}

/// Every event type that a tenant's webhooks may name: its system's first, then those its operator lists.
#[must_use]
pub fn known_types(tenant: &Tenant) -> Vec<KnownType<'_>> {
    let entry = |about: &'static About, levels| KnownType {
        name: about.name,
        about: Some(Told {
            title: about.title,
            description: about.description,
            category: about.category,
            levels,
        }),
    };
    let mut types: Vec<KnownType<'_>> = match tenant.dialect {
        DialectId::Native => core::iter::once(EVERYTHING).chain(operational::TYPES).collect(),
        DialectId::Immuta => {
            // Those of every release: a webhook may name any of them.
            immuta::NOTIFICATION_TYPES.iter().map(|known| entry(&known.about, None)).collect()
        }
        DialectId::ImmutaRequest => {
            immuta_request::EVENT_TYPES.iter().map(|about| entry(about, None)).collect()
        }
        DialectId::Generic => generic::EVENT_TYPES.iter().map(|about| entry(about, None)).collect(),
        DialectId::Qlik => qlik::EVENT_TYPES.iter().map(|known| entry(&known.about, known.levels)).collect(),
    };
    for name in &tenant.settings.event_types {
        if types.iter().all(|known| known.name != name) {
            types.push(KnownType { name, about: None });
        }
    }
    types
}

const EVERYTHING: KnownType<'static> = KnownType {
    name: native::ALL,
    about: Some(Told {
        title: "Everything",
        description: "Stands for every type in a subscription, those that nobody lists included, but not for the server's own; no event is of it.",
        category: "Everything",
        levels: None,
    }),
};

impl Profile {
    /// What people call it: its name, or where its system has none, what it is described by. May be empty.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Native(profile) => profile.name(),
            Self::Immuta(profile) => profile.name(),
            Self::ImmutaRequest(_) => "",
            Self::Generic(profile) => profile.description().unwrap_or_default(),
            Self::Qlik(profile) => profile.name(),
        }
    }

    /// Whether it is subscribed to a type, by this name, by a wildcard or by the name the type had before it was renamed.
    /// Whom an event concerns is another question.
    #[must_use]
    pub fn subscribes_to(&self, event_type: &str) -> bool {
        match self {
            Self::Native(profile) => profile.matches(event_type),
            Self::Immuta(profile) => profile.wants(event_type),
            Self::ImmutaRequest(_) => !operational::is_ours(event_type),
            Self::Generic(profile) => profile.matches(event_type),
            Self::Qlik(profile) => {
                profile.wants(event_type, qlik::event_type(event_type).and_then(|known| known.alias))
            }
        }
    }
}
