//! What becomes of a delivery after an attempt.

use core::time::Duration;

use crate::domain::{DeliveryState, Next, RetryPolicy, Timestamp, Work};

/// The longest a receiver can ask us to wait.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What an attempt says about the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::delivery) struct Verdict {
    /// The receiver has taken the event.
    pub(in crate::delivery) success: bool,
    /// The receiver asked not to be called again for so long.
    pub(in crate::delivery) retry_after: Option<Duration>,
}

/// Decides by the tenant's policy. `work` counts the attempts that ended before this one.
pub(super) fn decide(work: &Work, verdict: Verdict, policy: &RetryPolicy, draw: u32, now: Timestamp) -> Next {
    if verdict.success {
        return Next::End(DeliveryState::Delivered);
    }
    if !work.cause.is_retried() {
        return Next::End(DeliveryState::Exhausted);
    }
    let Some(step) = policy.wait_after(work.attempts_made.saturating_add(1), draw) else {
        return Next::End(DeliveryState::Exhausted);
    };
    // The receiver can lengthen the wait, never shorten it: a herd of retries stays spread out.
    let asked = verdict.retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
    let due = after(now, step.max(asked));
    if due >= after(work.received_at, policy.max_age()) {
        return Next::End(DeliveryState::Expired);
    }
    Next::Retry { due }
}

/// The time so much later; the end of time when there is no such time.
pub(in crate::delivery) fn after(time: Timestamp, wait: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| time.checked_add(wait).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::tests::work;
    use super::*;
    use crate::domain::Cause;

    const FAILED: Verdict = Verdict { success: false, retry_after: None };
    const DAY: Duration = Duration::from_secs(86_400);

    fn now() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn decide_after(attempts_made: u32, verdict: Verdict) -> Next {
        let work = Work { attempts_made, received_at: now(), ..work(1, 1, 1) };
        decide(&work, verdict, &RetryPolicy::default(), 0, now())
    }

    #[test]
    fn success_ends_the_delivery() {
        let verdict = Verdict { success: true, retry_after: Some(DAY) };
        assert_eq!(decide_after(0, verdict), Next::End(DeliveryState::Delivered));
    }

    #[test]
    fn failure_waits_for_the_next_step_of_the_ladder_and_the_last_one_exhausts() {
        assert_eq!(decide_after(0, FAILED), Next::Retry { due: after(now(), Duration::from_secs(5)) });
        assert_eq!(decide_after(8, FAILED), Next::Retry { due: after(now(), DAY) });
        assert_eq!(decide_after(9, FAILED), Next::End(DeliveryState::Exhausted));
    }

    #[test]
    fn retry_after_lengthens_the_wait_up_to_a_day_and_never_shortens_it() {
        let asked = |seconds| Verdict { success: false, retry_after: Some(Duration::from_secs(seconds)) };
        assert_eq!(decide_after(0, asked(1)), Next::Retry { due: after(now(), Duration::from_secs(5)) });
        assert_eq!(decide_after(0, asked(60)), Next::Retry { due: after(now(), Duration::from_secs(60)) });
        assert_eq!(decide_after(0, asked(u64::MAX)), Next::Retry { due: after(now(), DAY) });
    }

    #[test]
    fn what_somebody_asked_for_by_hand_is_never_retried() {
        for cause in Cause::ALL {
            let work = Work { cause, ..work(1, 1, 1) };
            let next = decide(&work, FAILED, &RetryPolicy::default(), 0, now());
            let by_hand = matches!(cause, Cause::Resend | Cause::Test);
            assert_eq!(next == Next::End(DeliveryState::Exhausted), by_hand, "{cause:?}");
        }
    }

    #[test]
    fn what_would_be_too_old_at_its_next_attempt_expires_now() {
        let old = now().checked_sub(jiff::SignedDuration::from_hours(5 * 24)).unwrap();
        let work = Work { received_at: old, ..work(1, 1, 1) };
        let next = decide(&work, FAILED, &RetryPolicy::default(), 0, now());
        assert_eq!(next, Next::End(DeliveryState::Expired));
    }

    #[test]
    fn time_does_not_overflow() {
        assert_eq!(after(now(), Duration::MAX), Timestamp::MAX);
    }
}
