//! The part of a webhook that belongs to its system, as it travels: what a new one has and what is shown. `dialect` says
//! whose members they are, so it is read first and by hand.

mod change;

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sigpost_core::json::View;
use utoipa::ToSchema;

pub(super) use change::{Move, ProfileChange, changed};

use crate::app::Error;
use crate::dialects::shared::{DtoError, shaped};
use crate::domain::profile::{generic, immuta, immuta_request, native, qlik};
use crate::domain::{DialectId, Profile, Tenant};

/// The part of a new webhook that belongs to the system its tenant speaks, which `dialect` must name.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only documents what `new` reads")]
pub(super) enum NewProfile {
    Native(NewNative),
    Immuta(NewImmuta),
    ImmutaRequest(NewImmutaRequest),
    Generic(NewGeneric),
    Qlik(NewQlik),
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewNative {
    #[serde(rename = "dialect")]
    #[schema(value_type = String, pattern = "^native$")]
    _dialect: IgnoredAny,
    /// What it is called.
    #[schema(max_length = 512)]
    name: Option<String>,
    /// What it receives; `*` is everything.
    #[schema(min_items = 1, max_items = 200)]
    event_types: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewImmuta {
    #[serde(rename = "dialect")]
    #[schema(value_type = String, pattern = "^immuta$")]
    _dialect: IgnoredAny,
    #[schema(min_length = 1, max_length = 512)]
    name: String,
    /// Whether it receives what concerns anybody; only an admin may say `true`.
    #[serde(default)]
    global: bool,
    #[schema(min_items = 1, max_items = 200)]
    event_types: Vec<String>,
    action: Action,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewImmutaRequest {
    #[serde(rename = "dialect")]
    #[schema(value_type = String, pattern = "^immuta-request$")]
    _dialect: IgnoredAny,
    /// Whether the receiver must prove who it is.
    #[serde(default = "yes")]
    verify_tls: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewGeneric {
    #[serde(rename = "dialect")]
    #[schema(value_type = String, pattern = "^generic$")]
    _dialect: IgnoredAny,
    #[schema(min_items = 1, max_items = 200)]
    event_types: Vec<String>,
    #[schema(max_length = 1024)]
    description: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewQlik {
    #[serde(rename = "dialect")]
    #[schema(value_type = String, pattern = "^qlik$")]
    _dialect: IgnoredAny,
    #[schema(min_length = 1, max_length = 512)]
    name: String,
    #[schema(max_length = 1024)]
    description: Option<String>,
    #[schema(max_items = 200)]
    event_types: Vec<String>,
    /// Absent, it is `tenant`, which only an admin may say.
    level: Option<Level>,
    /// Whether it receives `CloudEvents`, or the envelope before them.
    #[serde(default = "yes")]
    cloud_events: bool,
    /// What an event must have besides, in SCIM's words: `id eq "…" or spaceId ne "…"`.
    #[schema(max_length = 8192)]
    filter: Option<String>,
    /// Headers its requests carry besides: 2,048 bytes of names and values, and none that the server sets itself.
    headers: Option<BTreeMap<String, String>>,
    /// The same, kept as secrets.
    encrypted_headers: Option<BTreeMap<String, String>>,
    /// Whether the receiver must prove that its certificates have not been revoked.
    #[serde(default)]
    check_certificate_revocation: bool,
    /// Absent, it is `api`.
    origin: Option<Origin>,
}

const fn yes() -> bool {
    true
}

/// Whether its owner did it, or it was done to its owner.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Action {
    Triggered,
    Received,
}

/// Whether it receives what concerns anybody, or its owner.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Tenant,
    User,
}

/// From where it was made.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Origin {
    Api,
    Automations,
    ManagementConsole,
}

impl From<Action> for immuta::ActionType {
    fn from(action: Action) -> Self {
        match action {
            Action::Triggered => Self::Triggered,
            Action::Received => Self::Received,
        }
    }
}

impl From<immuta::ActionType> for Action {
    fn from(action: immuta::ActionType) -> Self {
        match action {
            immuta::ActionType::Triggered => Self::Triggered,
            immuta::ActionType::Received => Self::Received,
        }
    }
}

impl From<Level> for qlik::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Tenant => Self::Tenant,
            Level::User => Self::User,
        }
    }
}

impl From<qlik::Level> for Level {
    fn from(level: qlik::Level) -> Self {
        match level {
            qlik::Level::Tenant => Self::Tenant,
            qlik::Level::User => Self::User,
        }
    }
}

impl From<Origin> for qlik::Origin {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Api => Self::Api,
            Origin::Automations => Self::Automations,
            Origin::ManagementConsole => Self::ManagementConsole,
        }
    }
}

impl From<qlik::Origin> for Origin {
    fn from(origin: qlik::Origin) -> Self {
        match origin {
            qlik::Origin::Api => Self::Api,
            qlik::Origin::Automations => Self::Automations,
            qlik::Origin::ManagementConsole => Self::ManagementConsole,
        }
    }
}

/// A rule of the profile that is broken.
fn broken(rule: impl core::fmt::Display) -> Error {
    Error::invalid("profile", format!("profile: {rule}"))
}

/// A part of another shape. The path begins at the profile.
fn misshapen(error: DtoError) -> Error {
    match error {
        DtoError::Shape { path, message } if path == "the body" => {
            Error::invalid("profile", format!("profile {message}"))
        }
        DtoError::Shape { path, message } => Error::invalid("profile", format!("profile.{path} {message}")),
        // It was read and parsed before.
        DtoError::Body(_) | DtoError::Json(_) => broken(error),
    }
}

fn immuta_rule(rule: immuta::Invalid) -> Error {
    match rule {
        immuta::Invalid::Notifications(types) => broken(format_args!("event_types {types}")),
        immuta::Invalid::Name => broken(rule),
    }
}

fn generic_rule(rule: generic::Invalid) -> Error {
    match rule {
        generic::Invalid::Events(types) => broken(format_args!("event_types {types}")),
        generic::Invalid::Description => broken(rule),
    }
}

fn headers(given: BTreeMap<String, String>) -> Vec<qlik::Header> {
    given.into_iter().map(|(name, value)| qlik::Header { name, value }).collect()
}

fn encrypted(given: BTreeMap<String, String>) -> Vec<qlik::EncryptedHeader> {
    let secret = |(name, value)| qlik::EncryptedHeader { name, value: qlik::HeaderSecret::new(value) };
    given.into_iter().map(secret).collect()
}

/// Whose members these are: the system's that the tenant speaks.
fn check_dialect(given: Option<View<'_>>, expected: DialectId) -> Result<(), Error> {
    let named = given.and_then(View::as_str);
    if named.as_deref() == Some(expected.as_str()) {
        return Ok(());
    }
    Err(broken(format_args!("dialect must be {:?}, which this tenant speaks", expected.as_str())))
}

/// The profile of a new webhook.
pub(super) fn new(given: View<'_>, tenant: &Tenant) -> Result<Profile, Error> {
    check_dialect(given.get("dialect"), tenant.dialect)?;
    let settings = &tenant.settings;
    Ok(match tenant.dialect {
        DialectId::Native => {
            let NewNative { _dialect: _, name, event_types } = shaped(given).map_err(misshapen)?;
            let parts = native::Parts { name: name.unwrap_or_default(), event_types };
            Profile::Native(native::Native::new(parts, settings).map_err(broken)?)
        }
        DialectId::Immuta => {
            let NewImmuta { _dialect: _, name, global, event_types, action } =
                shaped(given).map_err(misshapen)?;
            let parts = immuta::Parts { name, global, notifications: event_types, action: action.into() };
            Profile::Immuta(immuta::Immuta::new(parts, settings).map_err(immuta_rule)?)
        }
        DialectId::ImmutaRequest => {
            let NewImmutaRequest { _dialect: _, verify_tls } = shaped(given).map_err(misshapen)?;
            Profile::ImmutaRequest(immuta_request::ImmutaRequest::new(immuta_request::Parts { verify_tls }))
        }
        DialectId::Generic => {
            let NewGeneric { _dialect: _, event_types, description } = shaped(given).map_err(misshapen)?;
            let parts = generic::Parts { events: event_types, description };
            Profile::Generic(generic::Generic::new(parts, settings).map_err(generic_rule)?)
        }
        DialectId::Qlik => {
            let parts = new_qlik(shaped(given).map_err(misshapen)?);
            Profile::Qlik(qlik::Qlik::new(parts, settings).map_err(broken)?)
        }
    })
}

fn new_qlik(given: NewQlik) -> qlik::Parts {
    let NewQlik {
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
        origin,
    } = given;
    qlik::Parts {
        name,
        description,
        event_types,
        level: level.map_or(qlik::Level::Tenant, Into::into),
        filter,
        headers: headers(plain.unwrap_or_default()),
        encrypted_headers: encrypted(encrypted_headers.unwrap_or_default()),
        cloud_events,
        check_revocation: check_certificate_revocation,
        origin: origin.map_or_else(qlik::Origin::default, Into::into),
    }
}

/// The part of a webhook that belongs to its system.
#[derive(Serialize, ToSchema)]
#[serde(tag = "dialect", rename_all = "kebab-case")]
pub(super) enum ShownProfile {
    Native {
        name: String,
        event_types: Vec<String>,
    },
    Immuta {
        name: String,
        global: bool,
        event_types: Vec<String>,
        action: Action,
    },
    ImmutaRequest {
        verify_tls: bool,
    },
    Generic {
        event_types: Vec<String>,
        #[schema(required = true)]
        description: Option<String>,
    },
    Qlik {
        name: String,
        #[schema(required = true)]
        description: Option<String>,
        event_types: Vec<String>,
        level: Level,
        cloud_events: bool,
        #[schema(required = true)]
        filter: Option<String>,
        headers: BTreeMap<String, String>,
        /// Names only.
        encrypted_headers: Vec<String>,
        check_certificate_revocation: bool,
        origin: Origin,
    },
}

impl From<&Profile> for ShownProfile {
    fn from(profile: &Profile) -> Self {
        match profile {
            Profile::Native(profile) => {
                Self::Native { name: profile.name().to_owned(), event_types: profile.event_types().to_vec() }
            }
            Profile::Immuta(profile) => Self::Immuta {
                name: profile.name().to_owned(),
                global: profile.global(),
                event_types: profile.notifications().to_vec(),
                action: profile.action().into(),
            },
            Profile::ImmutaRequest(profile) => Self::ImmutaRequest { verify_tls: profile.verify_tls() },
            Profile::Generic(profile) => Self::Generic {
                event_types: profile.events().to_vec(),
                description: profile.description().map(ToOwned::to_owned),
            },
            Profile::Qlik(profile) => Self::Qlik {
                name: profile.name().to_owned(),
                description: profile.description().map(ToOwned::to_owned),
                event_types: profile.event_types().to_vec(),
                level: profile.level().into(),
                cloud_events: profile.cloud_events(),
                filter: profile.filter().map(ToOwned::to_owned),
                headers: profile.headers().iter().map(|one| (one.name.clone(), one.value.clone())).collect(),
                encrypted_headers: profile.encrypted_header_names().map(ToOwned::to_owned).collect(),
                check_certificate_revocation: profile.check_revocation(),
                origin: profile.origin().into(),
            },
        }
    }
}
