//! The audit log: who has done what, as far as it changed something, sent something or was refused; and which tenants
//! operators have read in.
//!
//! An entry names things and never holds what is secret: no token, secret, body or header value.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{TenantId, Timestamp, UserId};

/// Who has done it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A user of the entry's tenant.
    User(UserId),
    /// An operator of the server, by its configured name.
    Operator(String),
    /// The server itself.
    Server,
}

impl Actor {
    /// The kind, for programs. It never changes.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Operator(_) => "operator",
            Self::Server => "server",
        }
    }

    /// The id or the name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::User(id) => id.as_str(),
            Self::Operator(name) => name,
            Self::Server => "sigpost",
        }
    }

    /// The actor of that kind and name.
    #[must_use]
    pub fn restore(kind: &str, name: &str) -> Option<Self> {
        match kind {
            "user" => UserId::new(name).map(Self::User),
            "operator" => Some(Self::Operator(name.to_owned())),
            "server" => Some(Self::Server),
            _ => None,
        }
    }
}

/// What it was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditObject {
    /// Its kind, like `webhook`.
    pub kind: Cow<'static, str>,
    /// Its id or name.
    pub id: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused: the actor has not the right.
    Refused,
}

impl AuditOutcome {
    /// The word, for programs. It never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }

    /// The outcome of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Done, Self::Refused].into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// An entry, to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// In which tenant, unless it concerns none.
    pub tenant: Option<TenantId>,
    /// Who.
    pub actor: Actor,
    /// What, like `webhook.create`.
    pub operation: Cow<'static, str>,
    /// To what.
    pub object: Option<AuditObject>,
    /// What became of it.
    pub outcome: AuditOutcome,
    /// What else there is to say, by name.
    pub detail: BTreeMap<Cow<'static, str>, String>,
}

/// An entry, recorded. It knows its tenant's name, also of one that was removed since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its place in the log: later ones are larger.
    pub sequence: i64,
    /// The name of its tenant.
    pub tenant_name: Option<String>,
    /// The entry.
    pub entry: AuditEntry,
}

/// Which entries are wanted, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AuditQuery {
    /// Only this tenant's; `None`: all, and those of no tenant.
    pub tenant: Option<TenantId>,
    /// Only those before this place in the log.
    pub before: Option<i64>,
    /// Only those of this time or later.
    pub since: Option<Timestamp>,
    /// Only those before this time.
    pub until: Option<Timestamp>,
    /// Only what somebody of this id or name has done.
    pub actor: Option<String>,
    /// Only this operation.
    pub operation: Option<String>,
    /// How many at the most.
    pub limit: u32,
}
