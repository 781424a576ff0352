//! The event types that Qlik Cloud's webhooks know, and the names that replace older ones.
//!
//! Sources: Qlik's help, "Supported events", for the older names; qlik.dev's changelog of 2026-04-22 (apps) and of
//! 2026-08-31 (users, API keys) for those that replace them. An event keeps the name it was published with; a webhook
//! that names either receives both.

use crate::notification::catalogue::{EventType as About, Source};

/// One event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventType {
    /// Its name, as it stands in `type`, and what to tell about it.
    pub about: About,
    /// The name of the same happening before or after it was renamed.
    pub alias: Option<&'static str>,
    /// The levels at which webhooks can receive it; `None` where no public source tells.
    pub levels: Option<&'static [Level]>,
    /// What a webhook's filter may ask of it, beyond what it may ask of every event.
    pub filterable: &'static [&'static str],
}

/// Whose events a webhook receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Everybody's.
    Tenant,
    /// Those its owner caused or owns, and those of its owner's spaces.
    User,
}

impl Level {
    /// The name it is shown by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::User => "user",
        }
    }

    /// The level of that name.
    ///
    /// ```
    /// use sigpost_core::notification::qlik::Level;
    /// assert_eq!(Level::parse("user"), Some(Level::User));
    /// assert_eq!(Level::parse("space"), None);
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Tenant, Self::User].into_iter().find(|level| level.as_str() == name)
    }
}

const BOTH: Option<&[Level]> = Some(&[Level::Tenant, Level::User]);
const TENANT: Option<&[Level]> = Some(&[Level::Tenant]);

const APPS: &str = "Apps";
const KEYS: &str = "Keys";
const USERS: &str = "People";
const AUTOMATIONS: &str = "Automated work";
const INTEGRATION: &str = "Data movement";

/// Every event type a webhook can name: each older one followed by the one that replaces it.
#[rustfmt::skip]
pub const EVENT_TYPES: &[EventType] = &[
    older("com.qlik.v1.app.created", APPS, BOTH, "New app", "There is a new analytics app.")
        .renamed("com.qlik.app.created"),
    app("com.qlik.app.created", BOTH, "New app", "There is a new analytics app.")
        .renamed("com.qlik.v1.app.created"),
    older("com.qlik.v1.app.exported", APPS, BOTH, "Export of an app", "Somebody exported an app.")
        .renamed("com.qlik.app.exported"),
    app("com.qlik.app.exported", BOTH, "Export of an app", "Somebody exported an app.")
        .renamed("com.qlik.v1.app.exported"),
    older("com.qlik.v1.app.published", APPS, BOTH, "App put into a managed space", "An app became available in a managed space.")
        .renamed("com.qlik.app.published"),
    app("com.qlik.app.published", BOTH, "App put into a managed space", "An app became available in a managed space.")
        .renamed("com.qlik.v1.app.published"),
    older("com.qlik.v1.app.deleted", APPS, TENANT, "App removed", "An analytics app is gone.")
        .renamed("com.qlik.app.deleted"),
    app("com.qlik.app.deleted", TENANT, "App removed", "An analytics app is gone.")
        .renamed("com.qlik.v1.app.deleted"),
    older("com.qlik.v1.app.data.updated", APPS, BOTH, "App saved with new data", "The data of an app changed and the app was saved.")
        .renamed("com.qlik.app.data.updated"),
    app("com.qlik.app.data.updated", BOTH, "App saved with new data", "The data of an app changed and the app was saved.")
        .renamed("com.qlik.v1.app.data.updated"),
    older("com.qlik.v1.app.reload.finished", APPS, BOTH, "Engine done with a reload",
        "The engine is done with reloading an app, well or badly; it may not be saved yet.")
        .filterable(&["data.status"]),
    older("com.qlik.v1.reload.finished", APPS, BOTH, "Reload over and saved",
        "A reload is over and what it made is saved."),
    older("com.qlik.v1.api-key.validation.failed", KEYS, TENANT, "API key refused",
        "Somebody presented an API key that is not valid, or no longer.")
        .renamed("com.qlik.core.api-key.validation.failed"),
    core("com.qlik.core.api-key.validation.failed", KEYS, "API key refused",
        "Somebody presented an API key that is not valid, or no longer.")
        .renamed("com.qlik.v1.api-key.validation.failed"),
    older("com.qlik.v1.user.created", USERS, TENANT, "New user", "There is a new user in the tenant.")
        .renamed("com.qlik.core.user.created"),
    core("com.qlik.core.user.created", USERS, "New user", "There is a new user in the tenant.")
        .renamed("com.qlik.v1.user.created"),
    older("com.qlik.v1.user.deleted", USERS, TENANT, "User removed", "A user is gone from the tenant.")
        .renamed("com.qlik.core.user.deleted"),
    core("com.qlik.core.user.deleted", USERS, "User removed", "A user is gone from the tenant.")
        .renamed("com.qlik.v1.user.deleted"),
    older("com.qlik.v1.automation.run.ended", AUTOMATIONS, None, "Automation at its end",
        "A run of an automation is over, well or badly."),
    older("com.qlik.v1.di-projects.di-tasks.completed", INTEGRATION, None, "Data task done",
        "A task that moves or transforms data did all it had to."),
    older("com.qlik.v1.di-projects.di-tasks.failed", INTEGRATION, None, "Data task gave up",
        "A task that moves or transforms data gave up."),
    older("com.qlik.v1.di-projects.di-tasks.started", INTEGRATION, None, "Data task begun",
        "A task that moves or transforms data began to run."),
    older("com.qlik.v1.di-projects.di-tasks.stopped", INTEGRATION, None, "Data task halted",
        "A task that moves or transforms data was made to end."),
    app("com.qlik.v1.app.opened", None, "App opened", "Somebody opened an analytics app."),
    app("com.qlik.app.softdeleted", None, "App moved to the bin", "An app was deleted in a way that can be undone."),
    app("com.qlik.app.harddeleted", None, "App deleted for good", "An app was deleted and cannot be brought back."),
];

/// The event type of that name.
///
/// ```
/// use sigpost_core::notification::qlik::event_type;
/// assert_eq!(event_type("com.qlik.app.created").unwrap().alias, Some("com.qlik.v1.app.created"));
/// assert!(event_type("com.qlik.app.painted").is_none());
/// ```
#[must_use]
pub fn event_type(name: &str) -> Option<&'static EventType> {
    EVENT_TYPES.iter().find(|known| known.about.name == name)
}

impl EventType {
    const fn new(about: About, levels: Option<&'static [Level]>) -> Self {
        Self { about, alias: None, levels, filterable: &[] }
    }

    const fn renamed(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }

    const fn filterable(self, filterable: &'static [&'static str]) -> Self {
        Self { filterable, ..self }
    }
}

/// A type of Qlik's help.
const fn older(
    name: &'static str,
    category: &'static str,
    levels: Option<&'static [Level]>,
    title: &'static str,
    description: &'static str,
) -> EventType {
    EventType::new(About::new(name, category, title, description, Source::QlikHelp), levels)
}

/// A type of the changelog on apps.
const fn app(
    name: &'static str,
    levels: Option<&'static [Level]>,
    title: &'static str,
    description: &'static str,
) -> EventType {
    EventType::new(About::new(name, APPS, title, description, Source::QlikAppsChangelog), levels)
}

/// A type of the changelog on users and API keys, which only webhooks of the tenant receive.
const fn core(
    name: &'static str,
    category: &'static str,
    title: &'static str,
    description: &'static str,
) -> EventType {
    EventType::new(About::new(name, category, title, description, Source::QlikCoreChangelog), TENANT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_its_alias_point_at_each_other_and_tell_the_same() {
        let renamed = EVENT_TYPES.iter().filter_map(|known| Some((known, known.alias?)));
        assert_eq!(renamed.clone().count(), 16);
        for (known, alias) in renamed {
            let other = event_type(alias).unwrap();
            assert_eq!(other.alias, Some(known.about.name));
            assert_eq!(
                (known.about.title, known.about.description, known.about.category, known.levels),
                (other.about.title, other.about.description, other.about.category, other.levels),
            );
        }
    }

    #[test]
    fn the_lists_have_the_sizes_of_their_sources() {
        let from = |source| EVENT_TYPES.iter().filter(|known| known.about.source == source).count();
        assert_eq!(from(Source::QlikHelp), 15);
        assert_eq!(from(Source::QlikAppsChangelog) + from(Source::QlikCoreChangelog), 11);
        let filterable = EVENT_TYPES.iter().filter(|known| !known.filterable.is_empty());
        assert_eq!(
            filterable.map(|known| known.about.name).collect::<std::vec::Vec<_>>(),
            ["com.qlik.v1.app.reload.finished"]
        );
    }
}
