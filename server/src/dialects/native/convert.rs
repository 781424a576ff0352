//! Between the wire and the domain. Destructuring is exhaustive on purpose: a new field has to be thought about.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sigpost_core::json::{Key, Kind, View};

use super::dto;
use super::error::Problem;
use crate::app::{DraftSecret, Error, WebhookDraft};
use crate::dialects::shared;
use crate::domain::profile::{generic, immuta, immuta_request, native, qlik};
use crate::domain::{
    DialectId, DisabledReason, Endpoint, Number, Profile, PublicId, Tenant, Webhook, WebhookState, utc_millis,
};

/// A new webhook as a draft, or which member is wrong. A `secret` that is absent is generated; `null` means none.
pub(super) fn draft(body: View<'_>, tenant: &Tenant) -> Result<WebhookDraft, Problem> {
    let body = Object::read(body, "the body", &["url", "secret", "profile"])?;
    let endpoint =
        Endpoint::parse(&body.text("url")?).map_err(|error| Error::invalid("url", error.to_string()))?;
    let profile = profile(body.required("profile")?, tenant)?;
    let secret = shared::secret(body.view.get("secret"), DraftSecret::Generated)
        .map_err(|message| Error::invalid("secret", message))?;
    Ok(WebhookDraft { endpoint, secret, profile, enabled: true, owner: None })
}

fn profile(given: View<'_>, tenant: &Tenant) -> Result<Profile, Error> {
    let settings = &tenant.settings;
    let broken = |rule: &dyn core::fmt::Display| Error::invalid("profile", format!("profile: {rule}"));
    let dialect = given.get("dialect").and_then(View::as_str);
    if dialect.as_deref() != Some(tenant.dialect.as_str()) {
        return Err(broken(&format_args!(
            "dialect must be {:?}, which this tenant speaks",
            tenant.dialect.as_str()
        )));
    }
    let read = |members: &[&'static str]| Object::read(given, "profile", members);
    Ok(match tenant.dialect {
        DialectId::Native => {
            let given = read(&["dialect", "name", "event_types"])?;
            let name = given.optional_text("name")?.unwrap_or_default();
            let parts = native::Parts { name, event_types: given.texts("event_types")? };
            Profile::Native(native::Native::new(parts, settings).map_err(|error| broken(&error))?)
        }
        DialectId::Immuta => {
            let given = read(&["dialect", "name", "global", "event_types", "action"])?;
            let action = immuta::ActionType::parse(&given.text("action")?)
                .ok_or_else(|| broken(&"action must be \"triggered\" or \"received\""))?;
            let parts = immuta::Parts {
                name: given.text("name")?,
                global: given.boolean("global", false)?,
                notifications: given.texts("event_types")?,
                action,
            };
            let made = immuta::Immuta::new(parts, settings).map_err(|error| match error {
                immuta::Invalid::Notifications(types) => broken(&format_args!("event_types {types}")),
                immuta::Invalid::Name => broken(&error),
            });
            Profile::Immuta(made?)
        }
        DialectId::ImmutaRequest => {
            let verify_tls = read(&["dialect", "verify_tls"])?.boolean("verify_tls", true)?;
            let parts = immuta_request::Parts { verify_tls };
            Profile::ImmutaRequest(immuta_request::ImmutaRequest::new(parts))
        }
        DialectId::Generic => {
            let given = read(&["dialect", "event_types", "description"])?;
            let (events, description) = (given.texts("event_types")?, given.optional_text("description")?);
            let parts = generic::Parts { events, description };
            let made = generic::Generic::new(parts, settings).map_err(|error| match error {
                generic::Invalid::Events(types) => broken(&format_args!("event_types {types}")),
                generic::Invalid::Description => broken(&error),
            });
            Profile::Generic(made?)
        }
        DialectId::Qlik => {
            let parts = qlik_parts(&read(QLIK)?)?;
            Profile::Qlik(qlik::Qlik::new(parts, settings).map_err(|error| broken(&error))?)
        }
    })
}

const QLIK: &[&str] = &[
    "dialect",
    "name",
    "description",
    "event_types",
    "level",
    "cloud_events",
    "filter",
    "headers",
    "encrypted_headers",
    "check_certificate_revocation",
    "origin",
];

fn qlik_parts(given: &Object<'_>) -> Result<qlik::Parts, Error> {
    let level = given.optional_text("level")?;
    let level = level.map_or(Some(qlik::Level::Tenant), |name| qlik::Level::parse(&name));
    let origin = given.optional_text("origin")?;
    let origin = origin.map_or(Some(qlik::Origin::default()), |name| qlik::Origin::parse(&name));
    let header = |(name, value)| qlik::Header { name, value };
    let encrypted = |(name, value)| qlik::EncryptedHeader { name, value: qlik::HeaderSecret::new(value) };
    Ok(qlik::Parts {
        name: given.text("name")?,
        description: given.optional_text("description")?,
        event_types: given.texts("event_types")?,
        level: level.ok_or_else(|| given.wrong_member("level", "must be \"tenant\" or \"user\""))?,
        filter: given.optional_text("filter")?,
        headers: given.text_members("headers")?.into_iter().map(header).collect(),
        encrypted_headers: given.text_members("encrypted_headers")?.into_iter().map(encrypted).collect(),
        cloud_events: given.boolean("cloud_events", true)?,
        check_revocation: given.boolean("check_certificate_revocation", false)?,
        origin: origin.ok_or_else(|| {
            given.wrong_member("origin", "must be \"api\", \"automations\" or \"management-console\"")
        })?,
    })
}

/// A JSON object whose members are all known. What is wrong with one is told by its name.
struct Object<'a> {
    view: View<'a>,
    /// The top-level member it is, or stands in.
    field: Option<&'static str>,
    name: &'static str,
}

impl<'a> Object<'a> {
    /// `name` is how it is called in messages: `the body`, or the member of the body that it is.
    fn read(view: View<'a>, name: &'static str, known: &[&'static str]) -> Result<Self, Error> {
        let object = Self { view, field: (name != "the body").then_some(name), name };
        let members = view.members().ok_or_else(|| object.wrong(format!("{name} must be a JSON object")))?;
        for (key, _) in members {
            if !known.iter().any(|name| key.matches(name)) {
                let key: String = key.raw().chars().take(100).collect();
                return Err(object.wrong(format!("{name} has {}, and no {key}", known.join(", "))));
            }
        }
        Ok(object)
    }

    fn required(&self, member: &'static str) -> Result<View<'a>, Error> {
        self.view.get(member).ok_or_else(|| self.wrong_member(member, "is required"))
    }

    fn text(&self, member: &'static str) -> Result<String, Error> {
        let text = self.required(member)?.as_str();
        text.map(Into::into).ok_or_else(|| self.wrong_member(member, "must be text"))
    }

    /// `null` is as good as nothing.
    fn optional_text(&self, member: &'static str) -> Result<Option<String>, Error> {
        match self.view.get(member) {
            Some(value) if value.kind() != Kind::Null => self.text(member).map(Some),
            _ => Ok(None),
        }
    }

    fn texts(&self, member: &'static str) -> Result<Vec<String>, Error> {
        let elements = self.required(member)?.elements();
        let texts = elements.and_then(|mut all| {
            all.by_ref().map(|element| element.as_str().map(Into::into)).collect::<Option<Vec<_>>>()
        });
        texts.ok_or_else(|| self.wrong_member(member, "must be an array of text"))
    }

    /// An object of texts; nothing and `null` are as good as an empty one.
    fn text_members(&self, member: &'static str) -> Result<Vec<(String, String)>, Error> {
        let Some(value) = self.view.get(member).filter(|value| value.kind() != Kind::Null) else {
            return Ok(Vec::new());
        };
        let texts = value.members().and_then(|mut all| {
            let text = |(name, value): (Key<'a>, View<'a>)| {
                Some((name.to_text().ok()?.into(), value.as_str()?.into()))
            };
            all.by_ref().map(text).collect::<Option<Vec<_>>>()
        });
        texts.ok_or_else(|| self.wrong_member(member, "must be an object whose values are text"))
    }

    fn boolean(&self, member: &'static str, default: bool) -> Result<bool, Error> {
        match self.view.get(member) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| self.wrong_member(member, "must be true or false")),
        }
    }

    fn wrong_member(&self, member: &'static str, rule: &str) -> Error {
        match self.field {
            None => Error::invalid(member, format!("{member} {rule}")),
            Some(field) => Error::invalid(field, format!("{}.{member} {rule}", self.name)),
        }
    }

    fn wrong(&self, message: String) -> Error {
        Error::invalid(self.field.unwrap_or("body"), message)
    }
}

pub(super) fn webhook(webhook: &Webhook) -> dto::Webhook {
    let Webhook {
        id: _,
        number: _,
        public_id,
        tenant: _,
        owner,
        created_by: _,
        updated_by: _,
        endpoint,
        secrets,
        secrets_since: _,
        state,
        version: _,
        profile,
        created_at,
        updated_at,
    } = webhook;
    let (state, disabled_reason) = self::state(*state);
    dto::Webhook {
        id: public_id.to_string(),
        url: endpoint.as_given().to_owned(),
        owner: owner.to_string(),
        state,
        disabled_reason,
        signed: secrets.sign(),
        created_at: utc_millis(*created_at),
        updated_at: utc_millis(*updated_at),
        profile: profile_body(profile),
        secret: None,
    }
}

fn profile_body(profile: &Profile) -> dto::Profile {
    match profile {
        Profile::Native(profile) => dto::Profile::Native {
            name: profile.name().to_owned(),
            event_types: profile.event_types().to_vec(),
        },
        Profile::Immuta(profile) => dto::Profile::Immuta {
            name: profile.name().to_owned(),
            global: profile.global(),
            event_types: profile.notifications().to_vec(),
            action: profile.action().as_str().to_owned(),
        },
        Profile::ImmutaRequest(profile) => dto::Profile::ImmutaRequest { verify_tls: profile.verify_tls() },
        Profile::Generic(profile) => dto::Profile::Generic {
            event_types: profile.events().to_vec(),
            description: profile.description().map(ToOwned::to_owned),
        },
        Profile::Qlik(profile) => dto::Profile::Qlik {
            name: profile.name().to_owned(),
            description: profile.description().map(ToOwned::to_owned),
            event_types: profile.event_types().to_vec(),
            level: profile.level().as_str().to_owned(),
            cloud_events: profile.cloud_events(),
            filter: profile.filter().map(ToOwned::to_owned),
            headers: profile.headers().iter().map(|one| (one.name.clone(), one.value.clone())).collect(),
            encrypted_headers: profile.encrypted_header_names().map(ToOwned::to_owned).collect(),
            check_certificate_revocation: profile.check_revocation(),
            origin: profile.origin().as_str(),
        },
    }
}

const fn state(state: WebhookState) -> (&'static str, Option<&'static str>) {
    match state {
        WebhookState::Enabled => ("enabled", None),
        WebhookState::Disabled(DisabledReason::ByOwner) => ("disabled", Some("by-owner")),
        WebhookState::Disabled(DisabledReason::Gone) => ("disabled", Some("gone")),
        WebhookState::Disabled(DisabledReason::Failing) => ("disabled", Some("failing")),
    }
}

/// An id in a path. What is no id names nothing.
pub(super) fn path_id(text: &str) -> Result<PublicId, Problem> {
    PublicId::parse(text).ok_or_else(|| Error::NotFound("webhook").into())
}

/// What a page is asked for by.
pub(super) struct Paging {
    /// Only webhooks behind this one.
    pub after: Option<Number>,
    /// The most a page holds.
    pub limit: usize,
}

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// The query of `GET /v1/webhooks`. What is not known or out of range is refused by name.
pub(super) fn paging(query: &str) -> Result<Paging, Problem> {
    let mut paging = Paging { after: None, limit: DEFAULT_LIMIT };
    shared::each_parameter(query, bad_query, |name, value| {
        match name {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                paging.limit = limit.ok_or_else(|| bad_query("limit must be a number from 1 to 100"))?;
            }
            "cursor" => {
                let after = read_cursor(value);
                paging.after =
                    Some(after.ok_or_else(|| bad_query("cursor must be the `next` of an earlier page"))?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(paging)
}

fn bad_query(detail: impl core::fmt::Display) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad-query", detail)
}

/// Stands for the place behind a webhook, which may be deleted meanwhile.
pub(super) fn cursor(last: Number) -> String {
    URL_SAFE_NO_PAD.encode(last.get().to_be_bytes())
}

fn read_cursor(text: &str) -> Option<Number> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    Number::new(i64::from_be_bytes(bytes.try_into().ok()?))
}
