//! How often somebody may try webhooks out: each try is an exchange of our making with a host of somebody's choosing.

use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::Error;
use crate::domain::{TenantId, UserId};

/// So many tries may one user make in a minute, whichever minute.
const TRIES: usize = 10;
const MINUTE: Duration = Duration::from_secs(60);

/// When each user has tried something out lately.
#[derive(Default)]
pub(super) struct TestLimit {
    /// In (monotonic) order. Who has not tried for a minute is forgotten.
    tries: Mutex<HashMap<(TenantId, UserId), VecDeque<Duration>>>,
}

impl TestLimit {
    /// Counts a try, unless there have been too many.
    ///
    /// # Errors
    /// [`Error::RateLimited`] says when there may be one more.
    pub(super) fn count(&self, tenant: TenantId, user: &UserId, now: Duration) -> Result<(), Error> {
        // Whole after a panic: every change is one push or a removal of what is over.
        let mut all = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, tries| {
            tries.retain(|at| now.saturating_sub(*at) < MINUTE);
            !tries.is_empty()
        });
        let tries = all.entry((tenant, user.clone())).or_default();
        match tries.front() {
            Some(oldest) if tries.len() >= TRIES => {
                let wait = MINUTE.saturating_sub(now.saturating_sub(*oldest));
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Err(Error::RateLimited { retry_after: u32::try_from(seconds).unwrap_or(u32::MAX).max(1) })
            }
            _ => {
                tries.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_try_within_a_minute_waits_for_the_first_to_be_over() {
        let limit = TestLimit::default();
        let (tenant, ada) = (TenantId::new(1), UserId::new("ada").unwrap());
        let count = |second: u64| limit.count(tenant, &ada, Duration::from_secs(second));
        for second in 100..110 {
            assert_eq!(count(second), Ok(()));
        }
        assert_eq!(count(110), Err(Error::RateLimited { retry_after: 50 }));
        let half = Duration::from_millis(159_500);
        assert_eq!(limit.count(tenant, &ada, half), Err(Error::RateLimited { retry_after: 1 }));
        // One is over, so there is one more; the refused ones have not counted.
        assert_eq!(count(160), Ok(()));
        assert_eq!(count(160), Err(Error::RateLimited { retry_after: 1 }));
        assert_eq!(count(1_000), Ok(()));
    }

    #[test]
    fn users_are_counted_apart_also_those_of_one_name_in_two_tenants() {
        let limit = TestLimit::default();
        let (ada, bob) = (UserId::new("ada").unwrap(), UserId::new("bob").unwrap());
        let now = Duration::from_secs(5);
        for _ in 0..10 {
            assert_eq!(limit.count(TenantId::new(1), &ada, now), Ok(()));
        }
        assert!(limit.count(TenantId::new(1), &ada, now).is_err());
        assert_eq!(limit.count(TenantId::new(1), &bob, now), Ok(()));
        assert_eq!(limit.count(TenantId::new(2), &ada, now), Ok(()));
        // Who is over is forgotten.
        limit.count(TenantId::new(3), &bob, now + MINUTE).unwrap();
        assert_eq!(limit.tries.lock().unwrap().len(), 1);
    }
}
