//! Qlik Cloud: by event type, for the tenant or for one user; CloudEvents in JSON, or the envelope before them.
//!
//! Sources: Qlik's webhooks page and OpenAPI document (fields, limits, levels), its help (https and host names only),
//! qlik.dev's changelog of 2026-04-22 (what the older envelope's members are called now).

mod change;
mod facts;
mod headers;

use core::cell::OnceCell;

use bytes::Bytes;
use sigpost_core::filter::{EventTypesError, Filter, FilterError};
use sigpost_core::notification::cloudevents::CloudEvent;
use sigpost_core::notification::qlik::{self as model, Writer};
use sigpost_core::signature::Secret;

use super::{Audience, BadTypes, Prepared, Quota, Unfit, Unfitting, subscribable};
use crate::domain::{
    Egress, Endpoint, Envelope, Frame, Host, Settings, Timestamp, Transport, User, utc_millis,
};

pub use self::change::Change;
pub(super) use self::facts::Facts;
use self::headers::{Bad, Headers};
pub use self::headers::{BadHeaders, CustomHeader, EncryptedHeader, Header, HeaderSecret, MAX_BYTES};
pub use model::Level;

/// A Qlik webhook's own part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qlik {
    name: String,
    description: Option<String>,
    event_types: Vec<String>,
    level: Level,
    filter: Option<Filtering>,
    headers: Headers,
    cloud_events: bool,
    check_revocation: bool,
    origin: Origin,
}

/// From where a webhook was made. It is told, and changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Origin {
    /// By a program, through the API.
    #[default]
    Api,
    /// By an automation.
    Automations,
    /// By a person, in the management console.
    ManagementConsole,
}

impl Origin {
    const ALL: [Self; 3] = [Self::Api, Self::Automations, Self::ManagementConsole];

    /// The name it is shown by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Automations => "automations",
            Self::ManagementConsole => "management-console",
        }
    }

    /// The origin of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == name)
    }
}

/// A filter: as it was given, to be shown again, and as it is evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Filtering {
    text: String,
    parsed: Filter,
}

impl Filtering {
    fn parse(text: String) -> Result<Self, Invalid> {
        let parsed = Filter::parse(&text).map_err(Invalid::Filter)?;
        Ok(Self { text, parsed })
    }
}

/// The members of a [`Qlik`], to make one from, and to restore one from with its encrypted headers still sealed.
#[derive(Clone, Debug)]
pub struct Parts<Encrypted = EncryptedHeader> {
    /// `name`.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// `eventTypes`.
    pub event_types: Vec<String>,
    /// `level`.
    pub level: Level,
    /// `filter`: what an event must have besides, in SCIM's words.
    pub filter: Option<String>,
    /// `headers`: what its requests carry besides.
    pub headers: Vec<Header>,
    /// `encryptedHeaders`: the same, kept as secrets.
    pub encrypted_headers: Vec<Encrypted>,
    /// `enableCloudEventDelivery`: CloudEvents, not the envelope before them.
    pub cloud_events: bool,
    /// `checkCertificateRevocation`: whether a receiver's certificate must not be revoked.
    pub check_revocation: bool,
    /// `origin`.
    pub origin: Origin,
}

/// Why a webhook cannot be made, or cannot be changed so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The name is empty or too long.
    #[error("name must have 1 to {MAX_NAME_CHARS} characters")]
    Name,
    /// The description is too long.
    #[error("description must have at most {MAX_DESCRIPTION_CHARS} characters")]
    Description,
    /// The types cannot be subscribed to.
    #[error("event_types {0}")]
    EventTypes(#[source] BadTypes),
    /// A type that is not there for webhooks of this level.
    #[error("level {} does not go with the event type {event_type:?}: use another level, or remove it", .level.as_str())]
    Level {
        /// The level.
        level: Level,
        /// The type.
        event_type: String,
    },
    /// The filter cannot be read.
    #[error("filter: {0}")]
    Filter(#[source] FilterError),
    /// The filter does not go with the types.
    #[error("filter: {0}")]
    FilterTypes(#[source] EventTypesError),
    /// The headers cannot be sent.
    #[error("headers {0}")]
    Headers(#[source] BadHeaders),
    /// The encrypted headers cannot be sent.
    #[error("encrypted_headers {0}")]
    EncryptedHeaders(#[source] BadHeaders),
    /// The url is another, and encrypted headers would go there that were entered for the one before.
    #[error("encrypted_headers must all be entered again, or removed, together with another url")]
    EncryptedHeadersKept,
    /// CloudEvents delivery was on.
    #[error("cloud_events cannot be turned off again")]
    CloudEventsKept,
    /// The origin was another.
    #[error("origin cannot be changed")]
    OriginChanged,
}

impl Invalid {
    /// The member that breaks the rule, as [`Parts`] calls it.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Description => "description",
            Self::EventTypes(_) => "event_types",
            Self::Level { .. } => "level",
            Self::Filter(_) | Self::FilterTypes(_) => "filter",
            Self::Headers(_) => "headers",
            Self::EncryptedHeaders(_) | Self::EncryptedHeadersKept => "encrypted_headers",
            Self::CloudEventsKept => "cloud_events",
            Self::OriginChanged => "origin",
        }
    }
}

impl From<Bad> for Invalid {
    fn from(bad: Bad) -> Self {
        match bad {
            Bad::Plain(bad) => Self::Headers(bad),
            Bad::Encrypted(bad) => Self::EncryptedHeaders(bad),
        }
    }
}

const MAX_NAME_CHARS: usize = 512;
const MAX_DESCRIPTION_CHARS: usize = 1_024;

/// A user may have 150 (Qlik's page); there is room for many users.
pub(super) const QUOTA: Quota = Quota { per_owner: Some(150), per_tenant: 10_000 };

impl Qlik {
    /// Makes one by the system's rules.
    ///
    /// # Errors
    /// [`Invalid`] names the rule that is broken.
    pub fn new(parts: Parts, settings: &Settings) -> Result<Self, Invalid> {
        Self::build(parts, Headers::new)?.checked(settings)
    }

    /// Restores one that was stored, with the names of its encrypted headers; [`super::Profile::unseal`] adds their
    /// values. Rules may have changed since; what was accepted stays accepted, as long as its filter can be read.
    ///
    /// # Errors
    /// [`Invalid::Filter`].
    pub fn restore(parts: Parts<String>) -> Result<Self, Invalid> {
        Self::build(parts, Headers::sealed)
    }

    fn build<E>(parts: Parts<E>, of: impl FnOnce(Vec<Header>, Vec<E>) -> Headers) -> Result<Self, Invalid> {
        let Parts {
            name,
            description,
            event_types,
            level,
            filter,
            headers,
            encrypted_headers,
            cloud_events,
            check_revocation,
            origin,
        } = parts;
        Ok(Self {
            name,
            description,
            event_types,
            level,
            filter: filter.map(Filtering::parse).transpose()?,
            headers: of(headers, encrypted_headers),
            cloud_events,
            check_revocation,
            origin,
        })
    }

    /// The rules about a webhook by itself. Types named twice are kept once.
    fn checked(self, settings: &Settings) -> Result<Self, Invalid> {
        if self.name.is_empty() || self.name.chars().count() > MAX_NAME_CHARS {
            return Err(Invalid::Name);
        }
        if self.description.as_ref().is_some_and(|text| text.chars().count() > MAX_DESCRIPTION_CHARS) {
            return Err(Invalid::Description);
        }
        let known = |name: &str| model::event_type(name).is_some();
        let event_types = match self.event_types {
            // `eventTypes` is optional: one that names none receives nothing.
            none if none.is_empty() => none,
            some => subscribable(some, settings, known).map_err(Invalid::EventTypes)?,
        };
        // Where nobody tells the levels of a type, it is there for both.
        let levels = |name: &String| model::event_type(name).and_then(|known| known.levels);
        let unfit =
            event_types.iter().find(|name| levels(name).is_some_and(|all| !all.contains(&self.level)));
        if let Some(event_type) = unfit {
            return Err(Invalid::Level { level: self.level, event_type: event_type.clone() });
        }
        if let Some(Filtering { parsed, .. }) = &self.filter {
            let types = event_types.iter().map(String::as_str);
            parsed.check_event_types(types).map_err(Invalid::FilterTypes)?;
        }
        self.headers.check()?;
        Ok(Self { event_types, ..self })
    }

    /// `name`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `description`.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// `eventTypes`, as given.
    #[must_use]
    pub fn event_types(&self) -> &[String] {
        &self.event_types
    }

    /// `level`.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// `filter`, as given.
    #[must_use]
    pub fn filter(&self) -> Option<&str> {
        self.filter.as_ref().map(|filter| filter.text.as_str())
    }

    /// `headers`, as given.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers.plain
    }

    /// The names of `encryptedHeaders`, as given.
    pub fn encrypted_header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.encrypted_names()
    }

    /// `encryptedHeaders`, to be sealed. None of a webhook that was read only to be shown.
    pub fn encrypted_headers(&self) -> impl Iterator<Item = EncryptedHeader> {
        self.headers.encrypted()
    }

    /// `enableCloudEventDelivery`.
    #[must_use]
    pub const fn cloud_events(&self) -> bool {
        self.cloud_events
    }

    /// `checkCertificateRevocation`.
    #[must_use]
    pub const fn check_revocation(&self) -> bool {
        self.check_revocation
    }

    /// `origin`.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    pub(super) const fn audience(&self) -> Audience {
        match self.level {
            Level::Tenant => Audience::Tenant,
            Level::User => Audience::Owner,
        }
    }

    /// Whether it names an event type, by this name or by the other one it has.
    pub(super) fn wants(&self, event_type: &str, alias: Option<&str>) -> bool {
        self.event_types.iter().any(|name| name == event_type || Some(name.as_str()) == alias)
    }

    pub(super) fn matches(&self, owner: &User, event_type: &str, facts: &Facts) -> bool {
        self.wants(event_type, facts.alias())
            && match self.level {
                Level::Tenant => true,
                Level::User => facts.concern(owner),
            }
            && self.filter.as_ref().is_none_or(|filter| facts.pass(&filter.parsed))
    }

    /// Nothing stands around the body that all share. Who wants the older form gets a body of its own.
    pub(super) fn render(&self, prepared: &Prepared<'_>) -> Frame {
        match &prepared.older {
            Some(older) if !self.cloud_events => {
                // An event is at most a few MiB long.
                let cut = u32::try_from(prepared.shared.len()).unwrap_or(u32::MAX);
                Frame { head: older.body(), cut, tail: Bytes::new() }
            }
            _ => Frame::default(),
        }
    }

    pub(super) fn request_headers(&self) -> impl Iterator<Item = CustomHeader<'_>> {
        self.headers.all()
    }

    pub(super) fn unseal(&mut self, values: Vec<EncryptedHeader>) -> bool {
        self.headers.unseal(values)
    }
}

/// The target must be a host name reached by https unless the operator relaxes it, the secret has 32 to 64 characters.
/// That a url has at most 2,048 characters holds for every [`Endpoint`].
pub(super) fn admits(
    endpoint: Option<&Endpoint>,
    secret: Option<&Secret>,
    egress: &Egress,
) -> Result<(), Unfitting> {
    if let Some(endpoint) = endpoint.filter(|_| !egress.relaxed_targets) {
        if endpoint.transport() != Transport::Https {
            return Err(Unfitting { field: "url", rule: "must use https" });
        }
        match endpoint.host() {
            Host::Address(_) => {
                return Err(Unfitting { field: "url", rule: "must have a host name, not an address" });
            }
            Host::Name(name) if !is_fully_qualified(&name) => {
                return Err(Unfitting {
                    field: "url",
                    rule: "must have a fully qualified host name, like hooks.example.com",
                });
            }
            Host::Name(_) => {}
        }
    }
    let characters = secret.map(|secret| String::from_utf8_lossy(secret.as_bytes()).chars().count());
    match characters {
        None | Some(32..=64) => Ok(()),
        Some(_) => Err(Unfitting { field: "secret", rule: "must have 32 to 64 characters" }),
    }
}

/// Whether a name says all of where it lies in the DNS: two labels or more, within the lengths of RFC 1035 (section
/// 2.3.4).
fn is_fully_qualified(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.contains('.') && name.len() <= 253 && name.split('.').all(|label| (1..=63).contains(&label.len()))
}

/// An event in the older form, which is only written if a webhook wants it, and then once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Older<'a> {
    writer: Writer<'a>,
    body: OnceCell<Bytes>,
}

impl Older<'_> {
    fn body(&self) -> Bytes {
        self.body.get_or_init(|| self.writer.write(model::Envelope::Legacy).into()).clone()
    }
}

/// The body of CloudEvents delivery, and what the older form is made of.
pub(super) fn prepare(
    event: &CloudEvent,
    envelope: Envelope,
    now: Timestamp,
) -> Result<(Vec<u8>, Older<'_>), Unfit> {
    let writer = Writer::new(event, utc_millis(now))?.documented_only();
    let present = writer.write(match envelope {
        Envelope::CloudEvents => model::Envelope::CloudEvents,
        Envelope::Hybrid => model::Envelope::Hybrid,
    });
    Ok((present, Older { writer, body: OnceCell::new() }))
}

#[cfg(test)]
mod tests;
