//! What is to become of a profile, as it travels.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use sigpost_core::json::View;
use utoipa::ToSchema;

use super::{Action, Level, broken, check_dialect, encrypted, generic_rule, headers, immuta_rule, misshapen};
use crate::app::Error;
use crate::dialects::shared::{Maybe, shaped};
use crate::domain::profile::{generic, immuta, immuta_request, native, qlik};
use crate::domain::{Endpoint, Profile, Settings};

/// What is to become of the part that belongs to a webhook's system: its members, as in JSON Merge Patch (RFC 7396). What
/// is absent stays as it is, `null` gives a member back the value it has when nothing is said at creation.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only documents what `changed` reads")]
pub(in crate::dialects::native) enum ProfileChange {
    Native(NativeChange),
    Immuta(ImmutaChange),
    ImmutaRequest(ImmutaRequestChange),
    Generic(GenericChange),
    Qlik(QlikChange),
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::dialects::native) struct NativeChange {
    #[serde(default, rename = "dialect")]
    #[schema(value_type = String, pattern = "^native$", required = false)]
    _dialect: IgnoredAny,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 512)]
    name: Maybe<String>,
    #[serde(default)]
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 200)]
    event_types: Maybe<Vec<String>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::dialects::native) struct ImmutaChange {
    #[serde(default, rename = "dialect")]
    #[schema(value_type = String, pattern = "^immuta$", required = false)]
    _dialect: IgnoredAny,
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 512)]
    name: Maybe<String>,
    /// Only an admin may change it.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    global: Maybe<bool>,
    #[serde(default)]
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 200)]
    event_types: Maybe<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Action)]
    action: Maybe<Action>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::dialects::native) struct ImmutaRequestChange {
    #[serde(default, rename = "dialect")]
    #[schema(value_type = String, pattern = "^immuta-request$", required = false)]
    _dialect: IgnoredAny,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    verify_tls: Maybe<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::dialects::native) struct GenericChange {
    #[serde(default, rename = "dialect")]
    #[schema(value_type = String, pattern = "^generic$", required = false)]
    _dialect: IgnoredAny,
    #[serde(default)]
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 200)]
    event_types: Maybe<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1024)]
    description: Maybe<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::dialects::native) struct QlikChange {
    #[serde(default, rename = "dialect")]
    #[schema(value_type = String, pattern = "^qlik$", required = false)]
    _dialect: IgnoredAny,
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 512)]
    name: Maybe<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1024)]
    description: Maybe<String>,
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 200)]
    event_types: Maybe<Vec<String>>,
    /// Only an admin may change it.
    #[serde(default)]
    #[schema(value_type = Option<Level>)]
    level: Maybe<Level>,
    /// May become `true`, and not `false` again.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    cloud_events: Maybe<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    filter: Maybe<String>,
    /// By name: a value sets a header, `null` takes it away, and those that are not named stay.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    headers: Maybe<BTreeMap<String, Option<String>>>,
    /// The same. When the webhook's url changes, all must be named.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    encrypted_headers: Maybe<BTreeMap<String, Option<String>>>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    check_certificate_revocation: Maybe<bool>,
}

/// What a member is to be, where it must be something.
fn required<T>(given: Maybe<T>, member: &str) -> Result<Option<T>, Error> {
    match given {
        Maybe::Absent => Ok(None),
        Maybe::Null => {
            Err(Error::invalid("profile", format!("profile.{member} is required, so it cannot be null")))
        }
        Maybe::Value(value) => Ok(Some(value)),
    }
}

/// What a member is to be; `null` makes it what it is when nothing is said.
fn or<T>(given: Maybe<T>, default: T) -> Option<T> {
    match given {
        Maybe::Absent => None,
        Maybe::Null => Some(default),
        Maybe::Value(value) => Some(value),
    }
}

/// What a member is to be that may be nothing.
fn optional<T>(given: Maybe<T>) -> Option<Option<T>> {
    match given {
        Maybe::Absent => None,
        Maybe::Null => Some(None),
        Maybe::Value(value) => Some(Some(value)),
    }
}

/// Where a webhook delivers to, before and after a change.
pub(in crate::dialects::native) struct Move<'a> {
    pub from: &'a Endpoint,
    pub to: &'a Endpoint,
}

/// A profile with some members changed.
pub(in crate::dialects::native) fn changed(
    profile: &Profile,
    given: View<'_>,
    moved: &Move<'_>,
    settings: &Settings,
) -> Result<Profile, Error> {
    if let Some(dialect) = given.get("dialect") {
        check_dialect(Some(dialect), profile.dialect())?;
    }
    Ok(match profile {
        Profile::Native(profile) => {
            let NativeChange { _dialect: _, name, event_types } = shaped(given).map_err(misshapen)?;
            let (name, event_types) = (or(name, String::new()), required(event_types, "event_types")?);
            let change = native::Change { name, event_types };
            Profile::Native(profile.apply(change, settings).map_err(broken)?)
        }
        Profile::Immuta(profile) => {
            let ImmutaChange { _dialect: _, name, global, event_types, action } =
                shaped(given).map_err(misshapen)?;
            let change = immuta::Change {
                name: required(name, "name")?,
                global: or(global, false),
                notifications: required(event_types, "event_types")?,
                action: required(action, "action")?.map(Into::into),
            };
            Profile::Immuta(profile.apply(change, settings).map_err(immuta_rule)?)
        }
        Profile::ImmutaRequest(profile) => {
            let ImmutaRequestChange { _dialect: _, verify_tls } = shaped(given).map_err(misshapen)?;
            let change = immuta_request::Change { verify_tls: or(verify_tls, true) };
            Profile::ImmutaRequest(profile.apply(change))
        }
        Profile::Generic(profile) => {
            let GenericChange { _dialect: _, event_types, description } = shaped(given).map_err(misshapen)?;
            let (events, description) = (required(event_types, "event_types")?, optional(description));
            let change = generic::Change { events, description };
            Profile::Generic(profile.apply(change, settings).map_err(generic_rule)?)
        }
        Profile::Qlik(profile) => {
            let change = qlik_change(profile, shaped(given).map_err(misshapen)?)?;
            Profile::Qlik(profile.apply(change, moved.from, moved.to, settings).map_err(broken)?)
        }
    })
}

fn qlik_change(profile: &qlik::Qlik, given: QlikChange) -> Result<qlik::Change, Error> {
    let QlikChange {
        _dialect: _,
        name,
        description,
        event_types,
        level,
        cloud_events,
        filter,
        headers: plain,
        encrypted_headers,
        check_certificate_revocation,
    } = given;
    let plain = match plain {
        Maybe::Absent => None,
        Maybe::Null => Some(Vec::new()),
        Maybe::Value(given) => {
            let named =
                |header: &qlik::Header| given.keys().any(|name| name.eq_ignore_ascii_case(&header.name));
            let mut kept: Vec<_> =
                profile.headers().iter().filter(|header| !named(header)).cloned().collect();
            kept.extend(headers(values(given)));
            Some(kept)
        }
    };
    let secret = match encrypted_headers {
        Maybe::Absent => None,
        Maybe::Null => Some(Vec::new()),
        Maybe::Value(given) => {
            let named = |header: &qlik::EncryptedHeader| {
                given.keys().any(|name| name.eq_ignore_ascii_case(&header.name))
            };
            let mut kept: Vec<_> = profile.encrypted_headers().filter(|header| !named(header)).collect();
            kept.extend(encrypted(values(given)));
            Some(kept)
        }
    };
    Ok(qlik::Change {
        name: required(name, "name")?,
        description: optional(description),
        event_types: required(event_types, "event_types")?,
        level: or(level, Level::Tenant).map(Into::into),
        filter: optional(filter),
        headers: plain,
        encrypted_headers: secret,
        cloud_events: or(cloud_events, true),
        check_revocation: or(check_certificate_revocation, false),
    })
}

/// Those that are to be there.
fn values(given: BTreeMap<String, Option<String>>) -> BTreeMap<String, String> {
    given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
