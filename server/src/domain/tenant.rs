//! Tenants, their users, and who may act.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Audience, EgressPolicy, RetryPolicy, TenantId, TenantUid, Timestamp, TokenHash, UserId};

/// Which system's management API a tenant speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DialectId {
    /// sigpost's own, and no other.
    Native,
    /// Immuta V1.
    Immuta,
    /// Immuta's Request app.
    ImmutaRequest,
    /// The generic webhooks API.
    Generic,
    /// Qlik Cloud.
    Qlik,
}

impl DialectId {
    /// The name in configuration, metrics and the store. It never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Immuta => "immuta",
            Self::ImmutaRequest => "immuta-request",
            Self::Generic => "generic",
            Self::Qlik => "qlik",
        }
    }

    /// Whether a webhook that receives everybody's events is its owner's to see and change all the same. Qlik's of level
    /// tenant are the tenant's: they have no owner in its documents, and are for admins.
    #[must_use]
    pub const fn global_is_owned(self) -> bool {
        match self {
            Self::Native | Self::Immuta | Self::ImmutaRequest | Self::Generic => true,
            Self::Qlik => false,
        }
    }

    /// Whether a webhook for these events is its owner's.
    #[must_use]
    pub fn is_owned(self, audience: Audience) -> bool {
        audience == Audience::Owner || self.global_is_owned()
    }

    /// All there are.
    pub const ALL: [Self; 5] = [Self::Native, Self::Immuta, Self::ImmutaRequest, Self::Generic, Self::Qlik];

    /// The dialect of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == name)
    }
}

/// A tenant: a closed world of users, webhooks and events.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// Its id in this installation.
    pub id: TenantId,
    /// Its random name.
    pub uid: TenantUid,
    /// Its name.
    pub name: String,
    /// Which API it speaks.
    pub dialect: DialectId,
    /// What its webhooks may reach.
    pub egress: Egress,
    /// Its settings.
    pub settings: Settings,
    /// Its users, by id: those of the configuration, and those made through the API.
    pub users: BTreeMap<UserId, User>,
    /// Who declares it.
    pub origin: Origin,
    /// When it was made, if through the API.
    pub created_at: Option<Timestamp>,
}

/// Who declares something, and may therefore change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The configuration file: it is what the file says, and the API only shows it.
    File,
    /// Whoever made it through the API.
    Api,
}

impl Tenant {
    /// Whether it has this user: one that is declared at present.
    #[must_use]
    pub fn has(&self, user: &UserId) -> bool {
        self.users.contains_key(user)
    }
}

/// A tenant as declared, before the store has given it its id.
#[derive(Clone, Debug, PartialEq)]
pub struct TenantSpec {
    /// Its name, which identifies it over restarts.
    pub name: String,
    /// Which API it speaks. It never changes: the webhooks a tenant has are of one system.
    pub dialect: DialectId,
    /// What its webhooks may reach.
    pub egress: Egress,
    /// Its settings.
    pub settings: Settings,
    /// Its users, by id.
    pub users: BTreeMap<UserId, User>,
}

impl TenantSpec {
    /// The tenant of the configuration, with the id and the random name the store keeps for it.
    #[must_use]
    pub fn into_tenant(self, id: TenantId, uid: TenantUid) -> Tenant {
        let Self { name, dialect, egress, settings, users } = self;
        Tenant { id, uid, name, dialect, egress, settings, users, origin: Origin::File, created_at: None }
    }

    /// The tenant that was made through the API at this time.
    #[must_use]
    pub fn into_made(self, id: TenantId, uid: TenantUid, at: Timestamp) -> Tenant {
        Tenant { origin: Origin::Api, created_at: Some(at), ..self.into_tenant(id, uid) }
    }
}

/// How a tenant's deliveries leave.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Egress {
    /// Which addresses are open.
    pub policy: EgressPolicy,
    /// Further certification authorities to trust, a PEM file.
    pub ca_file: Option<PathBuf>,
    /// Names that are not looked up but fixed; the addresses must still be permitted by the policy.
    pub hosts: BTreeMap<String, IpAddr>,
    /// Whether a Qlik webhook may also go to plain http and to an address.
    pub relaxed_targets: bool,
}

/// What an operator can set for a tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The deadline over a whole exchange.
    pub timeout: Duration,
    /// When a failed delivery is tried again.
    pub retry: RetryPolicy,
    /// How long history is kept.
    pub retention: Duration,
    /// Whether deliveries carry the Standard Webhooks headers.
    pub standard_webhooks: bool,
    /// Which signature headers Immuta webhooks carry.
    pub immuta_signatures: ImmutaSignatures,
    /// Which release's list `GET /webhooks/actions` answers with.
    pub notification_list: NotificationList,
    /// In which form Qlik webhooks get CloudEvents.
    pub envelope: Envelope,
    /// Further event types that may be subscribed to.
    pub event_types: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            retry: RetryPolicy::default(),
            retention: Duration::from_secs(7 * 24 * 60 * 60),
            standard_webhooks: true,
            immuta_signatures: ImmutaSignatures { sha1: true, sha256: true },
            notification_list: NotificationList::Saas,
            envelope: Envelope::CloudEvents,
            event_types: Vec::new(),
        }
    }
}

/// Immuta moved from SHA-1 to SHA-256 in 2026; a tenant may send either or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImmutaSignatures {
    /// `x-immuta-webhook-signature`, HMAC-SHA1.
    pub sha1: bool,
    /// `x-immuta-webhook-signature-sha256`, HMAC-SHA256.
    pub sha256: bool,
}

/// Immuta's two lists of event types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationList {
    /// The SaaS list.
    Saas,
    /// The list of release 2024.3.
    V2024_3,
}

/// What Qlik webhooks with CloudEvents delivery get: Qlik Cloud sent both sets of members for a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// CloudEvents' own members.
    CloudEvents,
    /// Those, and the members of the envelope before them.
    Hybrid,
}

/// Somebody who holds tokens of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The name, for people.
    pub name: String,
    /// What it may do.
    pub roles: Roles,
    /// The spaces it belongs to: a Qlik webhook of its own receives what happens in them.
    pub spaces: Vec<String>,
    /// Who declares it.
    pub origin: Origin,
}

/// A right inside a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything in its tenant.
    Admin,
    /// Its own webhooks, and what the dialect lets a plain user do.
    User,
    /// Publishing events, nothing else.
    Sender,
}

impl Role {
    /// All there are. An operator is no user of a tenant, so that is no role.
    pub const ALL: [Self; 3] = [Self::Admin, Self::User, Self::Sender];

    /// The name in configuration, API and store. It never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
            Self::Sender => "sender",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// A set of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Roles {
    admin: bool,
    user: bool,
    sender: bool,
}

impl Roles {
    /// Whether the set has this role.
    #[must_use]
    pub const fn has(self, role: Role) -> bool {
        match role {
            Role::Admin => self.admin,
            Role::User => self.user,
            Role::Sender => self.sender,
        }
    }

    /// The names of those in the set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Role::ALL.into_iter().filter(move |role| self.has(*role)).map(Role::as_str)
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        let mut set = Self::default();
        for role in roles {
            match role {
                Role::Admin => set.admin = true,
                Role::User => set.user = true,
                Role::Sender => set.sender = true,
            }
        }
        set
    }
}

/// Who makes a request, proven by a token.
#[derive(Clone, Debug, PartialEq)]
pub enum Principal {
    /// A user of a tenant.
    User {
        /// By which token it is known.
        token: TokenHash,
        /// The tenant, which also chooses the dialect.
        tenant: Arc<Tenant>,
        /// The user's id.
        id: UserId,
        /// What it may do.
        roles: Roles,
        /// When its token expires, if it does: it can hand on no more than it has.
        expires_at: Option<Timestamp>,
    },
    /// An operator of the server.
    Operator {
        /// By which token it is known.
        token: TokenHash,
        /// Its configured name.
        name: String,
        /// The tenant it asked to act in, by the `Sigpost-Tenant` header.
        acting_in: Option<Arc<Tenant>>,
    },
}

impl Principal {
    /// The tenant the request is about, if any.
    #[must_use]
    pub fn tenant(&self) -> Option<&Arc<Tenant>> {
        match self {
            Self::User { tenant, .. } => Some(tenant),
            Self::Operator { acting_in, .. } => acting_in.as_ref(),
        }
    }
}
