//! A replay: what a webhook missed, sent again, each event as a delivery of its own.
//!
//! ```text
//! Running ──all are made and none is pending──▶ Done
//!    └──asked for, or the webhook was deleted──▶ Cancelled
//! ```
//!
//! What is chosen are the deliveries that events were published to, in the order they were made, none twice, and none
//! that is newer than the replay; resends, tests and other replays are never sent again themselves. Where a delivery
//! stands is looked at when its turn comes; one whose event has meanwhile reached the webhook by a resend or by another
//! replay counts as delivered. What is pending is not chosen: it is still on its way.

use super::{Audience, DeliveryState, Owned, PublicId, ReplayId, TenantId, Timestamp, UserId, WebhookId};

/// What is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayFilter {
    /// Whose deliveries.
    pub tenant: TenantId,
    /// Of which webhook.
    pub webhook: WebhookId,
    /// Those that ended like this.
    pub states: EndStates,
    /// Only those made then or later.
    pub since: Option<Timestamp>,
    /// Only those made before then.
    pub until: Option<Timestamp>,
    /// Only of these event types; of all if there are none.
    pub event_types: Vec<String>,
}

/// A set of the states a delivery can end in. What was cancelled is not among them: its webhook is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndStates {
    delivered: bool,
    exhausted: bool,
    expired: bool,
}

impl EndStates {
    /// What a webhook missed: attempts that were used up, and what grew too old.
    pub const MISSED: Self = Self { delivered: false, exhausted: true, expired: true };

    /// Whether the set has this state.
    #[must_use]
    pub const fn has(self, state: DeliveryState) -> bool {
        match state {
            DeliveryState::Pending | DeliveryState::Cancelled => false,
            DeliveryState::Delivered => self.delivered,
            DeliveryState::Exhausted => self.exhausted,
            DeliveryState::Expired => self.expired,
        }
    }

    /// The states in the set.
    pub fn iter(self) -> impl Iterator<Item = DeliveryState> {
        DeliveryState::ALL.into_iter().filter(move |state| self.has(*state))
    }
}

impl FromIterator<DeliveryState> for EndStates {
    /// States that cannot be in the set are left out.
    fn from_iter<I: IntoIterator<Item = DeliveryState>>(states: I) -> Self {
        let mut set = Self { delivered: false, exhausted: false, expired: false };
        for state in states {
            match state {
                DeliveryState::Pending | DeliveryState::Cancelled => {}
                DeliveryState::Delivered => set.delivered = true,
                DeliveryState::Exhausted => set.exhausted = true,
                DeliveryState::Expired => set.expired = true,
            }
        }
        set
    }
}

/// A replay that is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReplay {
    /// The id it will be shown by.
    pub public_id: PublicId,
    /// What is sent again.
    pub filter: ReplayFilter,
    /// Who wants it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
}

/// A replay, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Internal id.
    pub id: ReplayId,
    /// The id it is shown by.
    pub public_id: PublicId,
    /// The id its webhook is shown by, which may have been deleted since.
    pub webhook: PublicId,
    /// Whose the webhook is, or was.
    pub owner: UserId,
    /// Whose events it receives, or did.
    pub audience: Audience,
    /// What is sent again.
    pub filter: ReplayFilter,
    /// Who wanted it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: ReplayState,
    /// How many deliveries it chooses: as they were counted when it began, and what they really were once it is over.
    pub total: u64,
    /// How many it has made.
    pub created: u64,
    /// Of those, how many a receiver has taken.
    pub delivered: u64,
    /// Of those, how many ended otherwise.
    pub failed: u64,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
}

impl Replay {
    /// How many of those it has made are still on their way.
    #[must_use]
    pub const fn pending(&self) -> u64 {
        self.created.saturating_sub(self.delivered).saturating_sub(self.failed)
    }
}

/// Where a replay stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplayState {
    /// There is more to make, or what was made is still on its way.
    Running,
    /// Everything was made and has ended.
    Done,
    /// It was given up: what was not made will not be, and what was pending is cancelled.
    Cancelled,
}

impl ReplayState {
    /// The name it is shown by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// All there are.
    pub const ALL: [Self; 3] = [Self::Running, Self::Done, Self::Cancelled];
}

/// A replay that is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunningReplay {
    /// Which.
    pub id: ReplayId,
    /// Whose it is.
    pub tenant: TenantId,
    /// How many of its deliveries are pending.
    pub pending: u32,
}

/// Which replays are listed: the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayQuery {
    /// Whose.
    pub tenant: TenantId,
    /// Only of webhooks that are, or were, a user's.
    pub owned_by: Option<Owned>,
    /// Only of this webhook.
    pub webhook: Option<WebhookId>,
    /// Only those older than this one.
    pub before: Option<PublicId>,
    /// How many at the most.
    pub limit: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_ends_has_what_was_put_in_and_never_what_cannot_be_sent_again() {
        let all: EndStates = DeliveryState::ALL.into_iter().collect();
        assert_eq!(all.iter().count(), 3);
        assert!(!all.has(DeliveryState::Pending) && !all.has(DeliveryState::Cancelled));
        let missed: Vec<_> = EndStates::MISSED.iter().collect();
        assert_eq!(missed, [DeliveryState::Exhausted, DeliveryState::Expired]);
        assert_eq!(missed.into_iter().collect::<EndStates>(), EndStates::MISSED);
    }
}
