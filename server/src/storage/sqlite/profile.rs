//! A webhook's profile at rest: JSON, tagged with the system. Members are only ever added, as optional ones.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::rows::Place;
use crate::domain::Profile;
use crate::domain::profile::{generic, immuta, immuta_request, native, qlik};
use crate::storage::StoreError;

#[derive(Serialize, Deserialize)]
#[serde(tag = "system", rename_all = "snake_case")]
enum Json<'a> {
    Native {
        name: Cow<'a, str>,
        event_types: Cow<'a, [String]>,
    },
    Immuta {
        name: Cow<'a, str>,
        global: bool,
        notifications: Cow<'a, [String]>,
        action: Cow<'a, str>,
    },
    ImmutaRequest {
        verify_tls: bool,
    },
    Generic {
        events: Cow<'a, [String]>,
        description: Option<Cow<'a, str>>,
    },
    Qlik {
        name: Cow<'a, str>,
        description: Option<Cow<'a, str>>,
        event_types: Cow<'a, [String]>,
        level: Cow<'a, str>,
        cloud_events: bool,
    },
}

pub(super) fn write(profile: &Profile) -> String {
    let json = match profile {
        Profile::Native(profile) => {
            Json::Native { name: profile.name().into(), event_types: profile.event_types().into() }
        }
        Profile::Immuta(profile) => Json::Immuta {
            name: profile.name().into(),
            global: profile.global(),
            notifications: profile.notifications().into(),
            action: profile.action().as_str().into(),
        },
        Profile::ImmutaRequest(profile) => Json::ImmutaRequest { verify_tls: profile.verify_tls() },
        Profile::Generic(profile) => Json::Generic {
            events: profile.events().into(),
            description: profile.description().map(Into::into),
        },
        Profile::Qlik(profile) => Json::Qlik {
            name: profile.name().into(),
            description: profile.description().map(Into::into),
            event_types: profile.event_types().into(),
            level: profile.level().as_str().into(),
            cloud_events: profile.cloud_events(),
        },
    };
    // Strings, booleans and lists of strings always serialise.
    serde_json::to_string(&json).expect("a profile is plain JSON")
}

pub(super) fn read(place: Place, json: &str) -> Result<Profile, StoreError> {
    let bad = || place.column("profile");
    Ok(match serde_json::from_str(json).map_err(|_| bad())? {
        Json::Native { name, event_types } => {
            let (name, event_types) = (name.into_owned(), event_types.into_owned());
            Profile::Native(native::Native::restore(native::Parts { name, event_types }))
        }
        Json::Immuta { name, global, notifications, action } => {
            let parts = immuta::Parts {
                name: name.into_owned(),
                global,
                notifications: notifications.into_owned(),
                action: immuta::ActionType::parse(&action).ok_or_else(bad)?,
            };
            Profile::Immuta(immuta::Immuta::restore(parts))
        }
        Json::ImmutaRequest { verify_tls } => {
            let parts = immuta_request::Parts { verify_tls };
            Profile::ImmutaRequest(immuta_request::ImmutaRequest::new(parts))
        }
        Json::Generic { events, description } => {
            let (events, description) = (events.into_owned(), description.map(Cow::into_owned));
            Profile::Generic(generic::Generic::restore(generic::Parts { events, description }))
        }
        Json::Qlik { name, description, event_types, level, cloud_events } => {
            let parts = qlik::Parts {
                name: name.into_owned(),
                description: description.map(Cow::into_owned),
                event_types: event_types.into_owned(),
                level: qlik::Level::parse(&level).ok_or_else(bad)?,
                cloud_events,
            };
            Profile::Qlik(qlik::Qlik::restore(parts))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every release that can be upgraded from has written.
    const STORED: [&str; 6] = [
        r#"{"system":"native","name":"n","event_types":["*"]}"#,
        r#"{"system":"immuta","name":"a \"b\"","global":true,"notifications":["modelCreated"],"action":"received"}"#,
        r#"{"system":"immuta_request","verify_tls":false}"#,
        r#"{"system":"generic","events":["user.created"],"description":null}"#,
        r#"{"system":"qlik","name":"q","description":"d","event_types":["com.qlik.app.created"],"level":"user","cloud_events":true}"#,
        r#"{"system":"qlik","name":"q","description":null,"event_types":["com.qlik.app.created"],"level":"tenant","cloud_events":false}"#,
    ];

    #[test]
    fn a_profile_reads_back_as_it_was_written() {
        for json in STORED {
            let profile = read(Place::new("webhook", 1), json).unwrap();
            assert_eq!(write(&profile), json);
        }
    }

    #[test]
    fn a_profile_of_an_unknown_system_or_with_half_its_members_names_its_place() {
        for bad in [
            r#"{"system":"other"}"#,
            "",
            r#"{"system":"immuta","name":"x"}"#,
            r#"{"system":"qlik","name":"q","description":null,"event_types":[],"level":"all","cloud_events":false}"#,
        ] {
            let error = read(Place::new("webhook", 7), bad).unwrap_err();
            assert!(
                matches!(error, StoreError::Inconsistent { table: "webhook", column: "profile", row: 7 }),
                "{bad}"
            );
        }
    }
}
