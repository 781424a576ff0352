//! What each system adds to a webhook: its fields, their rules, which events it receives and what it sends.
//!
//! The variants are closed: a new system is a new variant, and every `match` that has not heard of it fails to
//! compile. Each variant has private fields, one constructor and one `apply` for changes, so that no API is a way round
//! a rule; `restore`, where there is one, takes what was stored as it is.
//!
//! An event is brought into its tenant's form once ([`prepare`]), matched against every webhook
//! ([`Profile::matches`]), and framed for each that receives it ([`Profile::render`]).

mod catalogue;
pub mod generic;
pub mod immuta;
pub mod immuta_request;
pub mod native;
pub mod operational;
pub mod qlik;
mod trial;

use sigpost_core::notification::cloudevents::{CloudEvent, Data, NotJson, Value};
use sigpost_core::signature::{Scheme, Secret};

pub use self::qlik::CustomHeader;
pub use catalogue::{KnownType, Told, known_types};
pub use operational::News;
pub use trial::test_event;

use super::{DialectId, Endpoint, Frame, Number, PublicId, Settings, Template, Tenant, Timestamp, User};

/// The part of a webhook that belongs to its system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Profile {
    /// sigpost's own.
    Native(native::Native),
    /// Immuta V1.
    Immuta(immuta::Immuta),
    /// Immuta's Request app.
    ImmutaRequest(immuta_request::ImmutaRequest),
    /// The generic webhooks API.
    Generic(generic::Generic),
    /// Qlik Cloud.
    Qlik(qlik::Qlik),
}

/// Whose events a webhook receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Its owner's.
    Owner,
    /// Everybody's in the tenant.
    Tenant,
}

impl Profile {
    /// The system it belongs to.
    #[must_use]
    pub const fn dialect(&self) -> DialectId {
        match self {
            Self::Native(_) => DialectId::Native,
            Self::Immuta(_) => DialectId::Immuta,
            Self::ImmutaRequest(_) => DialectId::ImmutaRequest,
            Self::Generic(_) => DialectId::Generic,
            Self::Qlik(_) => DialectId::Qlik,
        }
    }

    /// Whose events it receives.
    #[must_use]
    pub const fn audience(&self) -> Audience {
        match self {
            Self::Native(_) | Self::ImmutaRequest(_) | Self::Generic(_) => Audience::Tenant,
            Self::Immuta(profile) => profile.audience(),
            Self::Qlik(profile) => profile.audience(),
        }
    }

    /// Whether any change of a webhook that the engine has switched off switches it on again, as the Request app's page has
    /// it ("Suppressed webhooks").
    #[must_use]
    pub const fn any_change_revives(&self) -> bool {
        matches!(self, Self::ImmutaRequest(_))
    }

    /// Checks what a system asks of the parts that all webhooks have: of the url and of the secret, where they are new.
    ///
    /// # Errors
    /// [`Unfitting`] names the part.
    pub fn admits(
        &self,
        endpoint: Option<&Endpoint>,
        secret: Option<&Secret>,
        tenant: &Tenant,
    ) -> Result<(), Unfitting> {
        match self {
            Self::Qlik(_) => qlik::admits(endpoint, secret, &tenant.egress),
            Self::Native(_) | Self::Immuta(_) | Self::ImmutaRequest(_) | Self::Generic(_) => Ok(()),
        }
    }

    /// Checks what a system asks of a change, whichever way it came: `from` and `to` are the webhook's url before and
    /// after it.
    ///
    /// # Errors
    /// [`qlik::Invalid`], so far the only system's that has such rules.
    pub fn admits_change(&self, before: &Self, from: &Endpoint, to: &Endpoint) -> Result<(), qlik::Invalid> {
        match (self, before) {
            (Self::Qlik(profile), Self::Qlik(before)) => profile.follows(before, from, to),
            // A webhook never changes its system.
            (
                Self::Native(_) | Self::Immuta(_) | Self::ImmutaRequest(_) | Self::Generic(_) | Self::Qlik(_),
                _,
            ) => Ok(()),
        }
    }

    /// How many webhooks there may be.
    #[must_use]
    pub const fn quota(&self) -> Quota {
        match self {
            Self::Native(_) | Self::Immuta(_) | Self::ImmutaRequest(_) | Self::Generic(_) => {
                Quota { per_owner: None, per_tenant: 1_000 }
            }
            Self::Qlik(_) => qlik::QUOTA,
        }
    }

    /// Whether a webhook of this owner receives the event.
    #[must_use]
    pub fn matches(&self, owner: &User, event: &Subject) -> bool {
        match (self, &event.facts) {
            (Self::Native(profile), Facts::Plain) => profile.matches(&event.event_type),
            (Self::Immuta(profile), Facts::Immuta(facts)) => {
                profile.matches(&owner.id, &event.event_type, facts)
            }
            (Self::ImmutaRequest(_), Facts::Plain) => !operational::is_ours(&event.event_type),
            (Self::Generic(profile), Facts::Plain) => profile.matches(&event.event_type),
            (Self::Qlik(profile), Facts::Qlik(facts)) => profile.matches(owner, &event.event_type, facts),
            // An event is prepared in its tenant's form, and a tenant's webhooks are of its system.
            (_, Facts::Plain | Facts::Immuta(_) | Facts::Qlik(_)) => false,
        }
    }

    /// The delivery's own part of the body.
    #[must_use]
    pub fn render(&self, webhook: &Named, prepared: &Prepared<'_>) -> Template {
        match self {
            Self::Native(_) | Self::Generic(_) => Frame::default().into(),
            Self::Immuta(profile) => profile.render(webhook.number).into(),
            Self::ImmutaRequest(_) => immuta_request::render(webhook.public_id),
            Self::Qlik(profile) => profile.render(prepared).into(),
        }
    }

    /// The schemes its deliveries are signed by.
    pub fn schemes(&self, settings: &Settings) -> impl Iterator<Item = &'static Scheme> + use<> {
        let [first, second] = match self {
            // A body without a signature of its own has no other proof.
            Self::Native(_) => [None, None],
            Self::Immuta(_) => immuta::schemes(settings),
            Self::ImmutaRequest(_) => [Some(Scheme::IMMUTA_REQUEST), None],
            Self::Generic(_) => [Some(Scheme::GENERIC), None],
            Self::Qlik(_) => [Some(Scheme::QLIK), None],
        };
        let standard = self.standard_webhooks(settings).then_some(Scheme::STANDARD_WEBHOOKS);
        first.into_iter().chain(second).chain(standard)
    }

    /// Whether its deliveries carry the Standard Webhooks headers: native ones have no other proof.
    #[must_use]
    pub const fn standard_webhooks(&self, settings: &Settings) -> bool {
        matches!(self, Self::Native(_)) || settings.standard_webhooks
    }

    /// Whether a receiver must prove who it is.
    #[must_use]
    pub const fn verify_tls(&self) -> bool {
        match self {
            Self::ImmutaRequest(profile) => profile.verify_tls(),
            Self::Native(_) | Self::Immuta(_) | Self::Generic(_) | Self::Qlik(_) => true,
        }
    }

    /// Whether a receiver must prove, too, that its certificates have not been revoked.
    #[must_use]
    pub const fn check_revocation(&self) -> bool {
        match self {
            Self::Native(_) | Self::Immuta(_) | Self::ImmutaRequest(_) | Self::Generic(_) => false,
            Self::Qlik(profile) => profile.check_revocation(),
        }
    }

    /// The headers its requests carry besides: names and values can be sent, and none is one that the server sets,
    /// except for `accept`, which they may replace.
    pub fn request_headers(&self) -> impl Iterator<Item = CustomHeader<'_>> {
        self.qlik().into_iter().flat_map(qlik::Qlik::request_headers)
    }

    /// Whether requests carry a header of this name, whatever its case, whose value is kept secret.
    #[must_use]
    pub fn keeps_secret(&self, header: &str) -> bool {
        let named = |name: &str| name.eq_ignore_ascii_case(header);
        self.qlik().is_some_and(|profile| profile.encrypted_header_names().any(named))
    }

    /// Its encrypted headers, for sealing.
    pub fn encrypted_headers(&self) -> impl Iterator<Item = qlik::EncryptedHeader> {
        self.qlik().into_iter().flat_map(qlik::Qlik::encrypted_headers)
    }

    /// Puts the values of its encrypted headers in place when it is restored. Returns whether they are what it has
    /// names for, in their order.
    #[must_use]
    pub fn unseal(&mut self, values: Vec<qlik::EncryptedHeader>) -> bool {
        match self {
            Self::Native(_) | Self::Immuta(_) | Self::ImmutaRequest(_) | Self::Generic(_) => {
                values.is_empty()
            }
            Self::Qlik(profile) => profile.unseal(values),
        }
    }

    const fn qlik(&self) -> Option<&qlik::Qlik> {
        match self {
            Self::Native(_) | Self::Immuta(_) | Self::ImmutaRequest(_) | Self::Generic(_) => None,
            Self::Qlik(profile) => Some(profile),
        }
    }

    /// The media type of its bodies.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        match self {
            Self::Native(_) => "application/cloudevents+json",
            Self::Immuta(_) | Self::ImmutaRequest(_) | Self::Generic(_) | Self::Qlik(_) => "application/json",
        }
    }

    /// What its deliveries call their sender, where its receivers expect a certain name.
    #[must_use]
    pub const fn user_agent(&self) -> Option<&'static str> {
        match self {
            Self::Qlik(_) => Some("Qlik Webhook"),
            Self::Native(_) | Self::Immuta(_) | Self::ImmutaRequest(_) | Self::Generic(_) => None,
        }
    }
}

/// How many webhooks there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Of one owner, if that is bounded.
    pub per_owner: Option<usize>,
    /// In one tenant.
    pub per_tenant: usize,
}

/// The names of a webhook that may stand in its bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its number in its tenant.
    pub number: Number,
    /// Its public id.
    pub public_id: PublicId,
}

/// A part that all webhooks have, but not as this system wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {rule}")]
pub struct Unfitting {
    /// Which part.
    pub field: &'static str,
    /// What it must be.
    pub rule: &'static str,
}

/// An event as webhooks are matched against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// CloudEvents `type`.
    pub event_type: String,
    facts: Facts,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Facts {
    /// The type is all there is to know.
    Plain,
    Immuta(immuta::Facts),
    Qlik(qlik::Facts),
}

/// An event in the form its tenant's system delivers it, and what to match by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared<'a> {
    /// The part of the body that is the same in every delivery, stored once for all of them.
    pub shared: bytes::Bytes,
    /// What webhooks are matched against.
    pub subject: Subject,
    /// For webhooks that want the older of two forms.
    older: Option<qlik::Older<'a>>,
}

/// Why an event cannot be one of its tenant's system. The message names the member and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Immuta's rules.
    #[error(transparent)]
    Immuta(#[from] immuta::Unfit),
    /// The wildcard of native webhooks is no event type.
    #[error("type: {all:?} subscribes to every type; no event is of it", all = native::ALL)]
    Wildcard,
    /// The server publishes such events itself, and nobody else does.
    #[error(
        "events whose type begins with {prefix:?} or whose source is {source:?} are the server's own",
        prefix = operational::PREFIX,
        source = operational::SOURCE
    )]
    Reserved,
    /// The system's bodies are JSON.
    #[error("data must be JSON: this tenant's webhooks have no place for other bytes")]
    NotJson,
}

impl From<NotJson> for Unfit {
    fn from(NotJson: NotJson) -> Self {
        Self::NotJson
    }
}

/// Whether somebody may publish an event.
///
/// # Errors
/// [`Unfit::Reserved`].
pub fn check_publishable(event: &CloudEvent) -> Result<(), Unfit> {
    if operational::is_reserved(event.event_type(), event.source()) { Err(Unfit::Reserved) } else { Ok(()) }
}

/// Brings an event into the form its tenant's system delivers it in.
///
/// # Errors
/// [`Unfit`] when the system has no such event.
pub fn prepare<'a>(tenant: &Tenant, event: &'a CloudEvent, now: Timestamp) -> Result<Prepared<'a>, Unfit> {
    let event_type = event.event_type();
    let (shared, older, facts) = match tenant.dialect {
        DialectId::Native => (native::prepare(event)?, None, Facts::Plain),
        DialectId::Immuta => {
            let json = match event.data() {
                Data::Json(data) => Some(data),
                Data::None | Data::Binary(_) => None,
            };
            let (shared, facts) = immuta::prepare(event_type, json)?;
            (shared, None, Facts::Immuta(facts))
        }
        DialectId::ImmutaRequest => (immuta_request::prepare(event, now)?, None, Facts::Plain),
        DialectId::Generic => (generic::prepare(event, &tenant.uid, now)?, None, Facts::Plain),
        DialectId::Qlik => {
            let (present, older) = qlik::prepare(event, tenant.settings.envelope, now)?;
            (present, Some(older), Facts::Qlik(qlik::Facts::of(event)))
        }
    };
    let subject = Subject { event_type: event_type.to_owned(), facts };
    Ok(Prepared { shared: shared.into(), subject, older })
}

/// When the event happened as its publisher says, else when it came.
fn time(event: &CloudEvent, now: Timestamp) -> Timestamp {
    match event.attribute("time") {
        Some(Value::Text(time)) => time.parse().unwrap_or(now),
        _ => now,
    }
}

/// Why a list of event types cannot be subscribed to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTypes {
    /// None is named.
    #[error("must name at least one event type")]
    None,
    /// More are named than anybody means.
    #[error("must not name more than {MAX_TYPES} event types")]
    TooMany,
    /// One that nobody knows: it would never be delivered.
    #[error("names {0:?}, which is not known")]
    Unknown(String),
}

/// The most event types one webhook may name.
const MAX_TYPES: usize = 200;

/// Checks a subscription: every type is known to the system or listed by the operator, and is kept once.
fn subscribable(
    names: Vec<String>,
    settings: &Settings,
    known: impl Fn(&str) -> bool,
) -> Result<Vec<String>, BadTypes> {
    if names.is_empty() {
        return Err(BadTypes::None);
    }
    if names.len() > MAX_TYPES {
        return Err(BadTypes::TooMany);
    }
    let mut kept: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        if !known(&name) && !settings.event_types.contains(&name) {
            return Err(BadTypes::Unknown(name.chars().take(100).collect()));
        }
        if !kept.contains(&name) {
            kept.push(name);
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests;
