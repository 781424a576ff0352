//! The event types that Qlik Cloud's webhooks know, and the names that replace older ones.
//!
//! Sources: Qlik's help, "Supported events", for the older names; qlik.dev's changelog of 2026-04-22 (apps) and of
//! 2026-08-31 (users, API keys) for those that replace them. An event keeps the name it was published with; a webhook
//! that names either receives both.

/// One event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventType {
    /// The name, as it stands in `type`.
    pub name: &'static str,
    /// The name of the same happening before or after it was renamed.
    pub alias: Option<&'static str>,
}

/// Every event type a webhook can name: each older one followed by the one that replaces it.
pub const EVENT_TYPES: &[EventType] = &[
    renamed("com.qlik.v1.app.created", "com.qlik.app.created"),
    renamed("com.qlik.app.created", "com.qlik.v1.app.created"),
    renamed("com.qlik.v1.app.exported", "com.qlik.app.exported"),
    renamed("com.qlik.app.exported", "com.qlik.v1.app.exported"),
    renamed("com.qlik.v1.app.published", "com.qlik.app.published"),
    renamed("com.qlik.app.published", "com.qlik.v1.app.published"),
    renamed("com.qlik.v1.app.deleted", "com.qlik.app.deleted"),
    renamed("com.qlik.app.deleted", "com.qlik.v1.app.deleted"),
    renamed("com.qlik.v1.app.data.updated", "com.qlik.app.data.updated"),
    renamed("com.qlik.app.data.updated", "com.qlik.v1.app.data.updated"),
    only("com.qlik.v1.app.reload.finished"),
    only("com.qlik.v1.reload.finished"),
    renamed("com.qlik.v1.api-key.validation.failed", "com.qlik.core.api-key.validation.failed"),
    renamed("com.qlik.core.api-key.validation.failed", "com.qlik.v1.api-key.validation.failed"),
    renamed("com.qlik.v1.user.created", "com.qlik.core.user.created"),
    renamed("com.qlik.core.user.created", "com.qlik.v1.user.created"),
    renamed("com.qlik.v1.user.deleted", "com.qlik.core.user.deleted"),
    renamed("com.qlik.core.user.deleted", "com.qlik.v1.user.deleted"),
    only("com.qlik.v1.automation.run.ended"),
    only("com.qlik.v1.di-projects.di-tasks.completed"),
    only("com.qlik.v1.di-projects.di-tasks.failed"),
    only("com.qlik.v1.di-projects.di-tasks.started"),
    only("com.qlik.v1.di-projects.di-tasks.stopped"),
    only("com.qlik.v1.app.opened"),
    only("com.qlik.app.softdeleted"),
    only("com.qlik.app.harddeleted"),
];

const fn only(name: &'static str) -> EventType {
    EventType { name, alias: None }
}

const fn renamed(name: &'static str, alias: &'static str) -> EventType {
    EventType { name, alias: Some(alias) }
}

/// The event type of that name.
///
/// ```
/// use sigpost_core::notification::qlik::event_type;
/// assert_eq!(event_type("com.qlik.app.created").unwrap().alias, Some("com.qlik.v1.app.created"));
/// assert!(event_type("com.qlik.app.painted").is_none());
/// ```
#[must_use]
pub fn event_type(name: &str) -> Option<&'static EventType> {
    EVENT_TYPES.iter().find(|known| known.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_its_alias_point_at_each_other_and_no_name_comes_twice() {
        for (place, known) in EVENT_TYPES.iter().enumerate() {
            assert!(EVENT_TYPES[..place].iter().all(|other| other.name != known.name), "{}", known.name);
            if let Some(alias) = known.alias {
                assert_eq!(event_type(alias).unwrap().alias, Some(known.name), "{}", known.name);
            }
        }
    }
}
