//! How much of what receivers answer gets into history.

use super::receiver::{Receiver, Reply};
use super::*;
use crate::domain::{DeliveryState, ResponseHeaders};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The machine's clocks, with the one on the wall at the noon after next midnight, or as many days later.
struct Noon {
    clock: SystemClock,
    ahead: Mutex<Duration>,
}

impl Noon {
    fn new() -> Arc<Self> {
        let clock = SystemClock::new();
        let today = Duration::try_from(clock.now().duration_since(Timestamp::UNIX_EPOCH)).unwrap();
        let left = DAY.as_secs() - today.as_secs() % DAY.as_secs();
        Arc::new(Self { clock, ahead: Mutex::new(Duration::from_secs(left) + DAY / 2) })
    }
}

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        self.clock.now().checked_add(*self.ahead.lock().unwrap()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}

/// A receiver that answers with as much as is kept, and more.
async fn talkative(status: &str) -> Receiver {
    let (header, body) = ("h".repeat(1_900), "b".repeat(10_000));
    let answer = format!("HTTP/1.1 {status}\nx-long: {header}\ncontent-length: {}\n\n{body}", body.len());
    Receiver::start(move |_, _| Reply::text(&answer)).await
}

/// What is kept of an answer: of its headers and of its body.
fn kept(attempt: &Attempt) -> (usize, usize) {
    match &attempt.outcome {
        Outcome::Response { headers, body, .. } => (headers.as_bytes().len(), body.len()),
        Outcome::Failed(failure) => panic!("{failure:?}"),
    }
}

#[tokio::test]
async fn answers_beyond_the_days_budget_are_kept_as_their_status_alone() {
    let clock = Noon::new();
    let limits = Limits { answers: 20_000, ..Limits::default() };
    let world = World::start(Plan { limits, clock: Arc::clone(&clock) as _, ..Plan::default() });
    let (receiver, terse) = (talkative("404 Not Found").await, Receiver::ok().await);
    let (webhook, healthy) = (world.webhook(&receiver.url()), world.webhook(&terse.url()));
    let mut attempts = Vec::new();
    for _ in 0..20 {
        let row = world.store.ended(world.publish(&webhook)).await;
        assert_eq!(row.state, DeliveryState::Exhausted);
        attempts.extend(row.attempts);
    }
    assert_eq!(attempts.len(), 40);
    assert!(attempts.iter().all(|attempt| status_of(&attempt.outcome) == 404));
    let whole = kept(&attempts[0]);
    assert!(whole.0 > 1_900 && whole.1 == 4 * 1_024, "{whole:?}");
    let sizes: Vec<_> = attempts.iter().map(kept).collect();
    assert_eq!(sizes[..3], [whole; 3]);
    assert_eq!(sizes[3..], [(0, 0); 37]);
    // What is short is kept all the same, and what somebody asks for is of the same budget.
    let row = world.store.ended(world.publish(&healthy)).await;
    assert_eq!(body_of(&row.attempts[0].outcome), b"ok");
    let probed = world.attempt(world.durable(&webhook)).await;
    assert_eq!(kept(&probed), whole, "whoever asks sees it");
    let tenant = world.store.directory().tenant(TENANT).unwrap();
    let recorded = world.probe.to_keep(&tenant, probed.clone());
    let nothing = Outcome::Response { status: 404, headers: ResponseHeaders::EMPTY, body: "".into() };
    assert_eq!(recorded, Attempt { outcome: nothing, ..probed });
    // The next day all begins anew.
    *clock.ahead.lock().unwrap() += DAY;
    let row = world.store.ended(world.publish(&webhook)).await;
    assert_eq!(kept(&row.attempts[0]), whole);
}
