//! How much of what receivers answer history takes.
//!
//! What is answered is up to the receiver, and what fails is attempted again: one that answers every attempt with as much
//! as is kept of an answer fills the disk, which all tenants share, many times as fast as events do. So a tenant has a
//! budget for each day; of an answer that does not fit into what is left only the status is kept.
//!
//! - What people look for is what failed. Successes are kept out of the first half of the budget only, so that receivers
//!   that are well and talkative leave the other half to those that are not.
//! - A small answer takes no more room than the row it stands in: it is always kept and does not count. Many servers
//!   answer no more than that, so that most tenants spend nothing, and nobody waits for the lock.
//! - Days are those of the wall clock, in UTC. Only a later day brings a new budget: a clock that is set back and forth
//!   around midnight must not bring one each time. Nothing is stored: a restart begins the day anew.
//!
//! Memory: a number for each tenant that has spent something today.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::clock::Clock;
use crate::domain::{Attempt, IdMap, Outcome, ResponseHeaders, Tenant, TenantId};

/// The longest answer, headers and body together, that does not count.
const SMALL: usize = 256;
const SECONDS_OF_A_DAY: i64 = 24 * 60 * 60;

/// What all tenants have spent today.
pub(super) struct Answers {
    clock: Arc<dyn Clock>,
    /// Bytes a day, for each tenant.
    budget: u64,
    today: Mutex<Today>,
}

#[derive(Default)]
struct Today {
    /// Since 1970.
    day: i64,
    spent: IdMap<TenantId, Spent>,
}

#[derive(Default)]
struct Spent {
    bytes: u64,
    /// An answer has not been kept, and the log says so.
    told: bool,
}

/// Whether an answer is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Kept,
    /// It does not fit, and it is the first of its tenant and day.
    FirstLeftOut,
    LeftOut,
}

impl Answers {
    pub(super) fn new(clock: Arc<dyn Clock>, budget: u64) -> Self {
        Self { clock, budget, today: Mutex::default() }
    }

    /// What history is to hold of an attempt. To be asked once of each.
    pub(super) fn to_keep(&self, tenant: &Tenant, attempt: Attempt) -> Attempt {
        let Outcome::Response { status, headers, body } = &attempt.outcome else { return attempt };
        let bytes = headers.as_bytes().len().saturating_add(body.len());
        if bytes <= SMALL {
            return attempt;
        }
        match self.spend(tenant.id, bytes as u64, attempt.outcome.is_success()) {
            Fate::Kept => return attempt,
            Fate::FirstLeftOut => tracing::warn!(
                tenant = tenant.name,
                bytes_a_day = self.budget,
                "the tenant's receivers answer more than history takes in a day: until midnight (UTC) attempts are kept \
                 with the status alone, successes beyond half of that and others beyond all of it"
            ),
            Fate::LeftOut => {}
        }
        let (headers, body) = (ResponseHeaders::EMPTY, Bytes::new());
        Attempt { outcome: Outcome::Response { status: *status, headers, body }, ..attempt }
    }

    fn spend(&self, tenant: TenantId, bytes: u64, success: bool) -> Fate {
        let day = self.clock.now().as_second().div_euclid(SECONDS_OF_A_DAY);
        // Every change leaves what could be the day's numbers: after a panic they are.
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if day > today.day {
            *today = Today { day, spent: IdMap::default() };
        } else if day < today.day - 1 {
            // The clock was far ahead. What is spent stays spent, but the day after this one brings a new budget.
            today.day = day;
        }
        let spent = today.spent.entry(tenant).or_default();
        let share = if success { self.budget / 2 } else { self.budget };
        let sum = spent.bytes.saturating_add(bytes);
        if sum <= share {
            spent.bytes = sum;
            return Fate::Kept;
        }
        if core::mem::replace(&mut spent.told, true) { Fate::LeftOut } else { Fate::FirstLeftOut }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::clock::MockClock;
    use crate::domain::Timestamp;

    const ONE: TenantId = TenantId::new(1);
    const OTHER: TenantId = TenantId::new(2);

    fn answers(at: &str, budget: u64) -> (Answers, Arc<MockClock>) {
        let clock = Arc::new(MockClock::at(at.parse::<Timestamp>().unwrap()));
        (Answers::new(Arc::clone(&clock) as Arc<dyn Clock>, budget), clock)
    }

    #[test]
    fn a_budget_is_one_tenants_and_one_days_and_the_day_ends_at_midnight_utc() {
        let (answers, clock) = answers("2026-11-21T23:59:58Z", 1_000);
        let fail = |tenant, bytes| answers.spend(tenant, bytes, false);
        assert_eq!(fail(ONE, 600), Fate::Kept);
        assert_eq!(fail(ONE, 600), Fate::FirstLeftOut);
        assert_eq!(fail(ONE, 600), Fate::LeftOut, "which is told once");
        assert_eq!(fail(OTHER, 600), Fate::Kept, "another tenant has its own");
        assert_eq!(fail(ONE, 400), Fate::Kept, "what fits is kept, to the last byte");
        assert_eq!(fail(ONE, 1), Fate::LeftOut);
        clock.advance(Duration::from_secs(1));
        assert_eq!(fail(ONE, 1), Fate::LeftOut, "a second before midnight");
        clock.advance(Duration::from_secs(1));
        assert_eq!(fail(ONE, 1_000), Fate::Kept);
        assert_eq!(fail(ONE, 1_000), Fate::FirstLeftOut, "which is told every day");
        assert_eq!(answers.today.lock().unwrap().spent.len(), 1, "yesterday's numbers are forgotten");
    }

    #[test]
    fn only_a_later_day_brings_a_new_budget_also_after_a_clock_that_was_far_ahead() {
        let (answers, clock) = answers("2026-11-21T23:59:59Z", 1_000);
        let fail = |bytes| answers.spend(ONE, bytes, false);
        assert_eq!(fail(1_000), Fate::Kept);
        clock.advance(Duration::from_secs(1));
        assert_eq!(fail(1_000), Fate::Kept, "a new day");
        for _ in 0..3 {
            clock.set_back(Duration::from_secs(2));
            assert_ne!(fail(1_000), Fate::Kept, "the day before again");
            clock.advance(Duration::from_secs(2));
            assert_ne!(fail(1_000), Fate::Kept, "the same day again");
        }
        clock.advance(Duration::from_secs(365 * 24 * 60 * 60));
        assert_eq!(fail(1_000), Fate::Kept);
        clock.set_back(Duration::from_secs(365 * 24 * 60 * 60));
        assert_ne!(fail(1_000), Fate::Kept, "the clock was wrong, and is right again");
        clock.advance(Duration::from_secs(24 * 60 * 60));
        assert_eq!(fail(1_000), Fate::Kept, "which keeps nobody waiting for a year");
    }

    #[test]
    fn successes_leave_half_of_the_budget_to_failures() {
        let (answers, _) = answers("2026-11-21T12:00:00Z", 1_000);
        assert_eq!(answers.spend(ONE, 501, true), Fate::FirstLeftOut);
        assert_eq!(answers.spend(ONE, 500, true), Fate::Kept);
        assert_eq!(answers.spend(ONE, 1, true), Fate::LeftOut);
        assert_eq!(answers.spend(ONE, 500, false), Fate::Kept);
        assert_eq!(answers.spend(ONE, 1, false), Fate::LeftOut);
    }
}
