//! A webhook's profile at rest: JSON, tagged with the system. Members are only ever added, as optional ones.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

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
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filter: Option<Cow<'a, str>>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
        /// Names only: the values are sealed in a column of their own.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        encrypted_headers: Vec<Cow<'a, str>>,
        #[serde(default, skip_serializing_if = "core::ops::Not::not")]
        check_revocation: bool,
        /// None: `api`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Cow<'a, str>>,
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
        Profile::Qlik(profile) => write_qlik(profile),
    };
    // Strings, booleans and lists of strings always serialise.
    serde_json::to_string(&json).expect("a profile is plain JSON")
}

fn write_qlik(profile: &qlik::Qlik) -> Json<'_> {
    let headers = profile.headers().iter();
    let origin = profile.origin();
    Json::Qlik {
        name: profile.name().into(),
        description: profile.description().map(Into::into),
        event_types: profile.event_types().into(),
        level: profile.level().as_str().into(),
        cloud_events: profile.cloud_events(),
        filter: profile.filter().map(Into::into),
        headers: headers.map(|header| (header.name.as_str().into(), header.value.as_str().into())).collect(),
        encrypted_headers: profile.encrypted_header_names().map(Into::into).collect(),
        check_revocation: profile.check_revocation(),
        origin: (origin != qlik::Origin::default()).then(|| origin.as_str().into()),
    }
}

/// One encrypted header among those that are sealed.
#[derive(Serialize, Deserialize)]
struct Sealed<'a>(#[serde(borrow)] Cow<'a, str>, #[serde(borrow)] Cow<'a, str>);

/// What is to be sealed of a profile: a JSON list of names and values. None if it has no secrets.
pub(super) fn secrets(profile: &Profile) -> Option<Zeroizing<Vec<u8>>> {
    let headers: Vec<_> = profile.encrypted_headers().collect();
    if headers.is_empty() {
        return None;
    }
    // A character of a header takes two at the most, quotes and commas ten: so it is never moved while it grows,
    // which would leave a copy behind.
    let room = headers.iter().map(|header| 2 * (header.name.len() + header.value.reveal().len()) + 10);
    let mut json = Zeroizing::new(Vec::with_capacity(room.sum::<usize>() + 2));
    let list: Vec<_> = headers
        .iter()
        .map(|header| Sealed(header.name.as_str().into(), header.value.reveal().into()))
        .collect();
    // Pairs of text always serialise.
    serde_json::to_writer(&mut *json, &list).expect("pairs of text are plain JSON");
    Some(json)
}

/// Puts the secrets of a profile, as they were sealed, into it. Returns whether they are its own.
pub(super) fn unseal(profile: &mut Profile, opened: Option<&[u8]>) -> bool {
    let Some(opened) = opened else { return profile.unseal(Vec::new()) };
    let Ok(list) = serde_json::from_slice::<Vec<Sealed<'_>>>(opened) else { return false };
    let headers = list.into_iter().map(|Sealed(name, value)| qlik::EncryptedHeader {
        name: name.into_owned(),
        value: qlik::HeaderSecret::new(value.into_owned()),
    });
    profile.unseal(headers.collect())
}

/// Reads a profile, whose secrets stay sealed.
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
        Json::Qlik {
            name,
            description,
            event_types,
            level,
            cloud_events,
            filter,
            headers,
            encrypted_headers,
            check_revocation,
            origin,
        } => {
            let header = |(name, value): (Cow<'_, str>, Cow<'_, str>)| qlik::Header {
                name: name.into_owned(),
                value: value.into_owned(),
            };
            let parts = qlik::Parts {
                name: name.into_owned(),
                description: description.map(Cow::into_owned),
                event_types: event_types.into_owned(),
                level: qlik::Level::parse(&level).ok_or_else(bad)?,
                cloud_events,
                filter: filter.map(Cow::into_owned),
                headers: headers.into_iter().map(header).collect(),
                encrypted_headers: encrypted_headers.into_iter().map(Cow::into_owned).collect(),
                check_revocation,
                origin: match origin {
                    None => qlik::Origin::default(),
                    Some(origin) => qlik::Origin::parse(&origin).ok_or_else(bad)?,
                },
            };
            Profile::Qlik(qlik::Qlik::restore(parts).map_err(|_| bad())?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Settings;

    /// What every release that can be upgraded from has written.
    const STORED: [&str; 7] = [
        r#"{"system":"native","name":"n","event_types":["*"]}"#,
        r#"{"system":"immuta","name":"a \"b\"","global":true,"notifications":["modelCreated"],"action":"received"}"#,
        r#"{"system":"immuta_request","verify_tls":false}"#,
        r#"{"system":"generic","events":["user.created"],"description":null}"#,
        r#"{"system":"qlik","name":"q","description":"d","event_types":["com.qlik.app.created"],"level":"user","cloud_events":true}"#,
        r#"{"system":"qlik","name":"q","description":null,"event_types":["com.qlik.app.created"],"level":"tenant","cloud_events":false}"#,
        r#"{"system":"qlik","name":"q","description":null,"event_types":["com.qlik.app.created"],"level":"tenant","cloud_events":true,"filter":"id EQ  \"a\"","headers":[["X-B","1"],["X-A",""]],"encrypted_headers":["Authorization","x-key"],"check_revocation":true,"origin":"automations"}"#,
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
            r#"{"system":"qlik","name":"q","description":null,"event_types":[],"level":"user","cloud_events":false,"filter":"id"}"#,
            r#"{"system":"qlik","name":"q","description":null,"event_types":[],"level":"user","cloud_events":false,"origin":"mars"}"#,
            r#"{"system":"qlik","name":"q","description":null,"event_types":[],"level":"user","cloud_events":false,"headers":[["a"]]}"#,
        ] {
            let error = read(Place::new("webhook", 7), bad).unwrap_err();
            assert!(
                matches!(error, StoreError::Inconsistent { table: "webhook", column: "profile", row: 7 }),
                "{bad}"
            );
        }
    }

    fn encrypted(headers: &[(&str, &str)]) -> Profile {
        let header = |(name, value): &(&str, &str)| qlik::EncryptedHeader {
            name: (*name).into(),
            value: qlik::HeaderSecret::new((*value).into()),
        };
        let parts = qlik::Parts {
            name: "q".into(),
            description: None,
            event_types: vec!["com.qlik.app.created".into()],
            level: qlik::Level::User,
            filter: None,
            headers: Vec::new(),
            encrypted_headers: headers.iter().map(header).collect(),
            cloud_events: true,
            check_revocation: false,
            origin: qlik::Origin::Api,
        };
        Profile::Qlik(qlik::Qlik::new(parts, &Settings::default()).unwrap())
    }

    #[test]
    fn the_values_of_encrypted_headers_are_no_part_of_what_is_written_and_are_put_in_again() {
        let longest = "\"".repeat(2_046);
        let many: Vec<_> = (100..400).map(|n| format!("x{n}")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), "")).collect();
        for headers in [&[("X-Key", "a \"secret\\\t!"), ("x-b", "")][..], &[("xx", longest.as_str())], &many]
        {
            let profile = encrypted(headers);
            let written = write(&profile);
            assert!(!written.contains("secret") && !written.contains("\\\""), "{written}");
            let mut read = read(Place::new("webhook", 1), &written).unwrap();
            assert_eq!(read.request_headers().count(), 0);
            assert_ne!(read, profile);
            let sealed = secrets(&profile).unwrap();
            assert!(unseal(&mut read, Some(&sealed)));
            assert_eq!(read, profile);
        }
    }

    #[test]
    fn the_secrets_are_written_without_ever_being_moved() {
        // Every character takes two, and every header is as short as can be.
        for headers in [&[("xx", "\"\\".repeat(1_023).as_str())][..], &[("a", ""), ("b", ""), ("c", "")]] {
            let headers = encrypted(headers);
            let room: usize = headers
                .encrypted_headers()
                .map(|header| 2 * (header.name.len() + header.value.reveal().len()) + 10)
                .sum();
            let sealed = secrets(&headers).unwrap();
            assert_eq!(sealed.capacity(), room + 2);
        }
    }

    #[test]
    fn secrets_of_another_webhook_are_refused() {
        let mut sealed =
            read(Place::new("webhook", 1), &write(&encrypted(&[("x-a", "1"), ("x-b", "2")]))).unwrap();
        for other in
            [&[("x-a", "1")][..], &[("x-b", "2"), ("x-a", "1")], &[("x-a", "1"), ("x-b", "2"), ("x-c", "3")]]
        {
            assert!(!unseal(&mut sealed, secrets(&encrypted(other)).as_deref().map(Vec::as_slice)));
        }
        assert!(!unseal(&mut sealed, None) && !unseal(&mut sealed, Some(b"[1]")));
        let mut without = encrypted(&[]);
        assert!(unseal(&mut without, None) && secrets(&without).is_none());
        assert!(!unseal(&mut without, Some(br#"[["x-a","1"]]"#)));
        let mut native = read(Place::new("webhook", 1), STORED[0]).unwrap();
        assert!(unseal(&mut native, None) && !unseal(&mut native, Some(br#"[["x-a","1"]]"#)));
    }
}
