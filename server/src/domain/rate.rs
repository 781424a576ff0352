//! How many management requests each system lets somebody make.

use super::DialectId;

/// How many requests in a minute, and of whom. All of a minute's may come at once; then they are spread over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateRule {
    /// Whose requests are counted together.
    pub per: RatePer,
    /// Requests that only read.
    pub reads: u32,
    /// All others.
    pub writes: u32,
}

/// Whose requests are counted together. An operator's always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RatePer {
    /// Those of a user of a tenant, with whichever token.
    User,
    /// Those with one token.
    Token,
}

impl RateRule {
    /// The rule of a system's tenants. The generic API's page counts by token; Qlik's counts by user, in tiers of the
    /// same size; the others say nothing, and get the same.
    #[must_use]
    pub const fn of(dialect: DialectId) -> Self {
        let per = match dialect {
            DialectId::Generic => RatePer::Token,
            DialectId::Native | DialectId::Immuta | DialectId::ImmutaRequest | DialectId::Qlik => {
                RatePer::User
            }
        };
        Self { per, reads: 1_000, writes: 100 }
    }
}
