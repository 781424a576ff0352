//! What a use-case answers when it cannot do what was asked. Variants say who is at fault; each dialect gives them
//! its own words, statuses and form, in one place.

use super::ports::{Refused, Saturated};
use crate::causes::causes;
use crate::domain::EndpointError;
use crate::storage::StoreError;

/// Why a use-case did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The client: no token, or one that is unknown, expired or revoked.
    #[error("a valid token is required")]
    Unauthenticated,
    /// The client: its token does not give the right it needs.
    #[error("this needs {needs}")]
    Forbidden {
        /// Who may do it, as the end of a sentence.
        needs: &'static str,
    },
    /// The client: there is no such thing, or none that it may know of.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The client: it named the version that is to be changed, and that is not the one there is any more.
    #[error("this {0} has been changed meanwhile: read it again")]
    Outdated(&'static str),
    /// The client: a field breaks a rule.
    #[error("{message}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// The client: the tenant has as many as it may have.
    #[error("there are {limit} {what} already, which is the most there may be")]
    LimitReached {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: usize,
    },
    /// The client: too many failed authentications from its address.
    #[error("too many failed authentications; try again in {retry_after} s")]
    TooManyFailures {
        /// Seconds to wait.
        retry_after: u32,
    },
    /// The client: the configuration file declares it, so only the file can change it.
    #[error("this {0} is declared by the configuration file, which alone can change it")]
    Configured(&'static str),
    /// The client: what there is already is in the way.
    #[error("{0}")]
    Conflict(String),
    /// The client: more requests than its dialect lets it make in a minute.
    #[error("too many requests; try again in {retry_after} s")]
    RateLimited {
        /// Seconds to wait, at least 1.
        retry_after: u32,
    },
    /// The client: it holds as many of something open as it may.
    #[error("{limit} {what} are open already, which is the most one user may have; close one first")]
    TooManyOpen {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: usize,
    },
    /// Nobody: as many of something are open as there may be.
    #[error("{limit} {what} are open already, which is the most there may be")]
    Crowded {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: usize,
    },
    /// Nobody: so many change it at once that this change found no turn. It passes.
    #[error("this {0} is being changed by many at once; try again")]
    Contended(&'static str),
    /// Nobody: more work is waiting than can be held. It passes.
    #[error(transparent)]
    Saturated(#[from] Saturated),
    /// The tenant: too much of it waits for its receivers. It passes when they take it, or when it is cancelled.
    #[error(
        "{limit} deliveries are pending already, which is the most there may be; try again in {retry_after} s"
    )]
    TooMuchPending {
        /// How many may be.
        limit: u64,
        /// Seconds to wait.
        retry_after: u32,
    },
    /// The operator: the disk is full.
    #[error("nothing new can be stored until the operator frees space")]
    DiskFull,
    /// The operator: the store has stopped, or another program holds its write lock.
    #[error("the server cannot store anything at the moment")]
    Unavailable,
    /// This program: a bug, or a damaged store. The details are in the log: see [`Error::bug`].
    #[error("internal error")]
    Internal,
}

impl Error {
    /// A field that breaks a rule.
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }

    /// Something that cannot be, unless this program has a bug or the store is damaged. It is logged here, and nobody else
    /// learns what it was.
    pub fn bug(what: impl core::fmt::Display) -> Self {
        tracing::error!(what = %what, "a bug, or a damaged store");
        Self::Internal
    }

    /// A webhook has the profile of another system than its tenant's.
    #[must_use]
    pub fn foreign_webhook() -> Self {
        Self::bug("a webhook of another system than its tenant's")
    }

    /// Seconds after which the same request may succeed, for errors that pass by themselves.
    #[must_use]
    pub const fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Saturated(Saturated { retry_after })
            | Self::TooManyFailures { retry_after }
            | Self::RateLimited { retry_after }
            | Self::TooMuchPending { retry_after, .. } => Some(*retry_after),
            Self::Contended(_) => Some(1),
            Self::TooManyOpen { .. } => Some(5),
            Self::DiskFull | Self::Unavailable | Self::Crowded { .. } => Some(30),
            Self::Unauthenticated
            | Self::Forbidden { .. }
            | Self::NotFound(_)
            | Self::Outdated(_)
            | Self::Invalid { .. }
            | Self::LimitReached { .. }
            | Self::Configured(_)
            | Self::Conflict(_)
            | Self::Internal => None,
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Saturated(saturated) => Self::Saturated(saturated),
            Refused::Backlog { limit, retry_after } => Self::TooMuchPending { limit, retry_after },
        }
    }
}

/// Every dialect calls the member `url`.
impl From<EndpointError> for Error {
    fn from(error: EndpointError) -> Self {
        Self::invalid("url", error.to_string())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Overloaded => Self::Saturated(Saturated { retry_after: 1 }),
            StoreError::DiskFull => Self::DiskFull,
            StoreError::Stopped | StoreError::Locked => Self::Unavailable,
            StoreError::PageTooLarge => Self::invalid("page", error.to_string()),
            StoreError::TookTooLong => Self::invalid("filter", error.to_string()),
            StoreError::DialectChanged { .. }
            | StoreError::Inconsistent { .. }
            | StoreError::Damaged(_)
            | StoreError::Backend(_) => {
                tracing::error!(error = causes(&error), "the store failed");
                Self::Internal
            }
        }
    }
}
