//! What all catalogues of event types have in common.

/// One event type: its name and what to tell people about it.
///
/// Titles, descriptions and categories are this crate's own words; names are the systems'. Everyone who reads events
/// must expect types that no catalogue has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventType {
    /// The name, as it stands in events.
    pub name: &'static str,
    /// A short name for people.
    pub title: &'static str,
    /// What has happened when an event of this type arrives: one sentence.
    pub description: &'static str,
    /// What it is about; types of one category belong together in a list.
    pub category: &'static str,
    /// Where it is documented.
    pub source: Source,
}

impl EventType {
    pub(super) const fn new(
        name: &'static str,
        category: &'static str,
        title: &'static str,
        description: &'static str,
        source: Source,
    ) -> Self {
        Self { name, title, description, category, source }
    }
}

/// Where an event type is documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// Immuta SaaS, the table of notifications of its webhook page.
    ImmutaSaas,
    /// The same page a year later, as harvested into an `AsyncAPI` document.
    ImmutaSaas2026,
    /// Immuta 2024.3, the table of notifications of its webhook page.
    Immuta2024,
    /// Immuta 2024.3, the example of `GET /webhooks/actions`: a name without a word about its meaning.
    Immuta2024Actions,
    /// Immuta's Request app, the reference of its webhooks.
    ImmutaRequest,
    /// The page of the generic webhooks API.
    Generic,
    /// Qlik's help on what webhooks can receive.
    QlikHelp,
    /// Qlik's changelog on the events of analytics apps.
    QlikAppsChangelog,
    /// Qlik's changelog on the events of users and API keys.
    QlikCoreChangelog,
}

impl Source {
    /// The document, for people.
    ///
    /// ```
    /// use sigpost_core::notification::catalogue::Source;
    /// assert!(Source::QlikAppsChangelog.citation().contains("2026-04-22"));
    /// ```
    #[must_use]
    pub const fn citation(self) -> &'static str {
        match self {
            Self::ImmutaSaas => {
                "Immuta SaaS documentation, \"Manage Webhooks\", table of webhook notifications"
            }
            Self::ImmutaSaas2026 => {
                "Immuta SaaS documentation as of 2026-08-01, in api-evangelist/immuta, asyncapi/immuta-webhooks.yml"
            }
            Self::Immuta2024 => {
                "Immuta 2024.3 documentation, \"Manage Webhooks\", table of webhook notifications"
            }
            Self::Immuta2024Actions => {
                "Immuta 2024.3 documentation, \"Manage Webhooks\", example of GET /webhooks/actions (names only)"
            }
            Self::ImmutaRequest => "Immuta documentation, Request, reference guide \"Webhooks\"",
            Self::Generic => {
                "athullibromi/Documentaion at 833d8d49, docs/api-reference/endpoints/webhooks.md, \"Webhook Events\""
            }
            Self::QlikHelp => "Qlik Cloud help, \"Webhooks: supported events\"",
            Self::QlikAppsChangelog => "qlik.dev changelog 210, app events as CloudEvents, 2026-04-22",
            Self::QlikCoreChangelog => "qlik.dev changelog 244, events of identity and access, 2026-08-31",
        }
    }

    /// Where to read it, if it has an address of its own.
    #[must_use]
    pub const fn url(self) -> Option<&'static str> {
        match self {
            Self::ImmutaSaas | Self::Immuta2024 | Self::Immuta2024Actions | Self::QlikCoreChangelog => None,
            Self::ImmutaSaas2026 => Some("https://github.com/api-evangelist/immuta"),
            Self::ImmutaRequest => {
                Some("https://documentation.immuta.com/SaaS/request/notifications/reference-guides/webhooks")
            }
            Self::Generic => Some("https://github.com/athullibromi/Documentaion"),
            Self::QlikHelp => Some(
                "https://help.qlik.com/en-US/cloud-services/Subsystems/Hub/Content/Sense_Hub/Admin/mc-administer-webhooks-supported-events.htm",
            ),
            Self::QlikAppsChangelog => Some("https://qlik.dev/changelog/210-apps-events-cloudevents/"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::vec::Vec;

    use super::*;
    use crate::notification::{generic, immuta, immuta_request, qlik};

    fn catalogues() -> [Vec<EventType>; 4] {
        [
            immuta::NOTIFICATION_TYPES.iter().map(|known| known.about).collect(),
            immuta_request::EVENT_TYPES.to_vec(),
            generic::EVENT_TYPES.to_vec(),
            qlik::EVENT_TYPES.iter().map(|known| known.about).collect(),
        ]
    }

    #[test]
    fn the_catalogues_have_the_sizes_of_their_sources() {
        assert_eq!(catalogues().map(|types| types.len()), [85, 10, 8, 26]);
    }

    #[test]
    fn no_name_and_no_description_comes_twice_in_a_catalogue() {
        for types in catalogues() {
            let count = |part: fn(&EventType) -> &str| types.iter().map(part).collect::<HashSet<_>>().len();
            assert_eq!(count(|known| known.name), types.len());
            if types.iter().all(|known| !known.name.starts_with("com.qlik.")) {
                assert_eq!(count(|known| known.description), types.len());
                assert_eq!(count(|known| known.title), types.len());
            }
        }
    }

    #[test]
    fn every_type_is_told_in_one_short_sentence_with_its_source() {
        for known in catalogues().iter().flatten() {
            let EventType { name, title, description, category, source } = known;
            assert!(!name.is_empty() && !category.is_empty() && !source.citation().is_empty(), "{known:?}");
            assert!((3..=60).contains(&title.len()) && !title.ends_with('.'), "{known:?}");
            assert!(description.ends_with('.') && (15..=140).contains(&description.len()), "{known:?}");
            for text in [title, description, category] {
                assert!(text.starts_with(|first: char| first.is_ascii_uppercase()), "{known:?}");
                assert_eq!(text.trim(), *text, "{known:?}");
            }
        }
    }
}
