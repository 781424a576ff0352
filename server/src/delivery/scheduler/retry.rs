//! What becomes of a delivery after an attempt.

use core::time::Duration;

use super::gate::Signal;
use crate::domain::{DeliveryState, Next, RetryPolicy, Timestamp, Work};

/// The longest a receiver can ask us to wait.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What an attempt says about the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::delivery) struct Verdict {
    /// What it says of the endpoint.
    pub(in crate::delivery) signal: Signal,
    /// The receiver asked not to be called again for so long.
    pub(in crate::delivery) retry_after: Option<Duration>,
}

impl Verdict {
    /// How long the receiver is left alone, if it asks for that. To be left alone for no time is no wish: it would free the
    /// delivery from its ladder and the endpoint from being judged.
    pub(super) fn asked(self) -> Option<Duration> {
        self.retry_after.filter(|asked| !asked.is_zero()).map(|asked| asked.min(MAX_RETRY_AFTER))
    }

    /// The same of a receiver that is not asked any more: its wishes are nobody's.
    pub(super) fn of_another(self) -> Self {
        Self { retry_after: None, ..self }
    }
}

/// Decides by the tenant's policy. `work` counts the attempts that ended before this one. An attempt after which the
/// receiver says when to come back takes of the delivery's age and not of its ladder, and so does one for which something
/// of ours was missing: nothing was sent. The latter waits for `ours` and not for a step, which could end beyond its age.
pub(super) fn decide(
    work: &Work,
    expires_at: Timestamp,
    verdict: Verdict,
    (policy, draw): (&RetryPolicy, u32),
    ours: Duration,
    now: Timestamp,
) -> Next {
    if verdict.signal == Signal::Success {
        return Next::End(DeliveryState::Delivered);
    }
    if !work.cause.is_retried() {
        return Next::End(DeliveryState::Exhausted);
    }
    let (asked, is_ours) = (verdict.asked(), verdict.signal == Signal::Ours);
    let tries = work.tries.saturating_add(u32::from(asked.is_none() && !is_ours));
    let step = if is_ours { Some(ours) } else { policy.wait_after(tries.max(1), draw) };
    let Some(step) = step else { return Next::End(DeliveryState::Exhausted) };
    // The receiver can lengthen the wait, never shorten it: a herd of retries stays spread out.
    let due = whole_microseconds(after(now, step.max(asked.unwrap_or_default())));
    if due >= expires_at {
        return Next::End(DeliveryState::Expired);
    }
    Next::Retry { due, tries }
}

/// When a delivery is due that the store has: as it says there, and no later than if the longest wait there can be after
/// so many attempts began now. It is later only if the clock was ahead when it was put off, or is behind now.
pub(super) fn due(work: &Work, policy: &RetryPolicy, now: Timestamp) -> Timestamp {
    if work.due <= now {
        return work.due;
    }
    let step = match work.attempts_made {
        0 => Duration::ZERO,
        // Another ladder is in force than when it was put off: it says nothing of this wait.
        _ => match policy.wait_after(work.tries.max(1), u32::MAX) {
            Some(step) => step,
            None => return work.due,
        },
    };
    // An attempt that used up no step of the ladder was answered with the time to come back.
    let asked = if work.tries < work.attempts_made { MAX_RETRY_AFTER } else { Duration::ZERO };
    work.due.min(after(now, step.max(asked)))
}

/// As the store keeps times, and never earlier.
fn whole_microseconds(time: Timestamp) -> Timestamp {
    let part = time.subsec_nanosecond().rem_euclid(1_000);
    if part == 0 {
        return time;
    }
    let rest = jiff::SignedDuration::from_nanos(i64::from(1_000 - part));
    time.checked_add(rest).unwrap_or(Timestamp::MAX)
}

/// The time so much later; the end of time when there is no such time.
pub(in crate::delivery) fn after(time: Timestamp, wait: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| time.checked_add(wait).ok())
        .unwrap_or(Timestamp::MAX)
}

/// The time so much earlier; the beginning of time when there is no such time.
pub(super) fn before(time: Timestamp, wait: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| time.checked_sub(wait).ok())
        .unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::super::tests::work;
    use super::*;
    use crate::domain::Cause;

    const FAILED: Verdict = Verdict { signal: Signal::Trouble, retry_after: None };
    const SECOND: Duration = Duration::from_secs(1);
    const DAY: Duration = Duration::from_secs(86_400);

    fn now() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn decide_after(attempts_made: u32, verdict: Verdict) -> Next {
        let work = Work { attempts_made, tries: attempts_made, received_at: now(), ..work(1, 1, 1) };
        let policy = RetryPolicy::default();
        decide(&work, after(now(), policy.max_age()), verdict, (&policy, 0), SECOND, now())
    }

    #[test]
    fn success_ends_the_delivery() {
        let verdict = Verdict { signal: Signal::Success, retry_after: Some(DAY) };
        assert_eq!(decide_after(0, verdict), Next::End(DeliveryState::Delivered));
    }

    #[test]
    fn failure_waits_for_the_next_step_of_the_ladder_and_the_last_one_exhausts() {
        assert_eq!(
            decide_after(0, FAILED),
            Next::Retry { due: after(now(), Duration::from_secs(5)), tries: 1 }
        );
        assert_eq!(decide_after(8, FAILED), Next::Retry { due: after(now(), DAY), tries: 9 });
        assert_eq!(decide_after(9, FAILED), Next::End(DeliveryState::Exhausted));
    }

    #[test]
    fn retry_after_lengthens_the_wait_up_to_a_day_and_never_shortens_it() {
        let asked = |seconds| {
            let retry_after = Some(Duration::from_secs(seconds));
            match decide_after(0, Verdict { signal: Signal::Trouble, retry_after }) {
                Next::Retry { due, tries: 0 } => due.duration_since(now()).as_secs(),
                next => panic!("{next:?}"),
            }
        };
        assert_eq!([asked(1), asked(60), asked(u64::MAX)], [5, 60, 86_400]);
    }

    #[test]
    fn a_receiver_that_asks_to_be_left_alone_for_no_time_asks_for_nothing() {
        let verdict = Verdict { signal: Signal::Trouble, retry_after: Some(Duration::ZERO) };
        assert_eq!(decide_after(0, verdict), decide_after(0, FAILED), "it uses up a step of the ladder");
        assert_eq!(decide_after(9, verdict), Next::End(DeliveryState::Exhausted));
    }

    #[test]
    fn a_receiver_that_says_when_to_come_back_uses_up_age_and_no_step_of_the_ladder() {
        let verdict = Verdict { signal: Signal::Trouble, retry_after: Some(Duration::from_secs(1)) };
        let Next::Retry { due, tries } = decide_after(9, verdict) else {
            panic!("the ladder is not at its end")
        };
        assert_eq!((due, tries), (after(now(), DAY), 9));
    }

    #[test]
    fn a_want_of_something_of_ours_uses_up_age_and_no_step_of_the_ladder() {
        let verdict = Verdict { signal: Signal::Ours, retry_after: None };
        let due = after(now(), SECOND);
        let default = RetryPolicy::default().ladder().to_vec();
        for ladder in [default, vec![Duration::ZERO, DAY], vec![Duration::ZERO], Vec::new()] {
            let last = u32::try_from(ladder.len()).unwrap().saturating_sub(1);
            let policy = RetryPolicy::new(ladder).unwrap();
            for tries in [0, last] {
                let work = Work { tries, attempts_made: tries, ..work(1, 1, 1) };
                let next = |expires_at| decide(&work, expires_at, verdict, (&policy, 0), SECOND, now());
                assert_eq!(next(Timestamp::MAX), Next::Retry { due, tries });
                assert_eq!(next(after(due, SECOND)), Next::Retry { due, tries }, "however long its step is");
                assert_eq!(next(due), Next::End(DeliveryState::Expired));
            }
        }
        // What is a defect's doing would never end otherwise.
        let defect = Verdict { signal: Signal::Nothing, retry_after: None };
        assert_eq!(decide_after(9, defect), Next::End(DeliveryState::Exhausted));
    }

    #[test]
    fn a_wait_that_is_longer_than_any_there_can_be_is_cut_to_the_longest() {
        let due_in = |seconds, attempts_made, tries, policy: &RetryPolicy| {
            let due = after(now(), Duration::from_secs(seconds));
            let work = Work { due, attempts_made, tries, ..work(1, 1, 1) };
            super::due(&work, policy, now()).duration_since(now()).as_secs()
        };
        let policy = RetryPolicy::default();
        assert_eq!(due_in(3_600, 0, 0, &policy), 0, "the first attempt is at once");
        assert_eq!(due_in(3_600, 1, 1, &policy), 35);
        assert_eq!(due_in(20, 1, 1, &policy), 20);
        assert_eq!(due_in(3_600, 9, 9, &policy), 3_600);
        assert_eq!(due_in(1_000_000, 9, 9, &policy), 86_400 + 21_600);
        assert_eq!(due_in(3_600, 2, 1, &policy), 3_600, "it may be the receiver that asked for it");
        assert_eq!(due_in(1_000_000, 2, 1, &policy), 86_400);
        let shorter = RetryPolicy::new(vec![Duration::ZERO; 2]).unwrap();
        assert_eq!(due_in(3_600, 9, 9, &shorter), 3_600, "put off by another ladder");
        let past = Work { due: before(now(), DAY), ..work(1, 1, 1) };
        assert_eq!(due(&past, &policy, now()), past.due);
    }

    #[test]
    fn times_are_whole_microseconds_and_never_earlier() {
        let nanos = |nanos| now().checked_add(jiff::SignedDuration::from_nanos(nanos)).unwrap();
        assert_eq!(whole_microseconds(nanos(1)), nanos(1_000));
        assert_eq!(whole_microseconds(nanos(1_000)), nanos(1_000));
        assert_eq!(whole_microseconds(nanos(-1)), now());
        assert_eq!(whole_microseconds(Timestamp::MAX), Timestamp::MAX);
    }

    #[test]
    fn what_somebody_asked_for_by_hand_is_never_retried() {
        for cause in Cause::ALL {
            let work = Work { cause, ..work(1, 1, 1) };
            let next = decide(&work, Timestamp::MAX, FAILED, (&RetryPolicy::default(), 0), SECOND, now());
            let by_hand = matches!(cause, Cause::Resend | Cause::Test);
            assert_eq!(next == Next::End(DeliveryState::Exhausted), by_hand, "{cause:?}");
        }
    }

    #[test]
    fn what_would_be_too_old_at_its_next_attempt_expires_now() {
        let old = now().checked_sub(jiff::SignedDuration::from_hours(5 * 24)).unwrap();
        let work = Work { received_at: old, ..work(1, 1, 1) };
        let policy = RetryPolicy::default();
        let next = decide(&work, after(old, policy.max_age()), FAILED, (&policy, 0), SECOND, now());
        assert_eq!(next, Next::End(DeliveryState::Expired));
    }

    #[test]
    fn time_does_not_overflow() {
        assert_eq!(after(now(), Duration::MAX), Timestamp::MAX);
        assert_eq!(before(now(), Duration::MAX), Timestamp::MIN);
    }
}
