//! Whether events can be taken in and are delivered: the store commits, and the dispatcher takes its turns.
//!
//! Health is asked without a token and by many, and a check of the store writes and syncs. So the store is asked once a
//! second at the most, by one check at a time; whoever comes while it is under way waits for its answer. A store that
//! does not answer at all, as on a disk that hangs, is not waited for longer than [`STORE_PATIENCE`], however many ask.
//!
//! What waits to be delivered, or cannot be, is no part of it: receivers that are gone and a backlog say nothing of this
//! server, and a check goes ahead of all that waits to be written.

use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Error;

/// How long an answer stands.
const VALIDITY: Duration = Duration::from_secs(1);
/// How long the store may take to commit the least there is.
const STORE_PATIENCE: Duration = Duration::from_secs(5);
/// How long the dispatcher may go without a turn. It takes one every second when there is nothing to do.
const DISPATCHER_PATIENCE: Duration = Duration::from_secs(5);

/// Why this server is not ready. Whoever runs it is to look at it: none of these passes by itself while clients wait.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The store cannot commit.
    #[error("{0}")]
    Store(Error),
    /// The store neither commits nor fails: the disk hangs.
    #[error("the store has not answered for {} s", .0.as_secs())]
    StoreSilent(Duration),
    /// Nothing is sent any more.
    #[error("the dispatcher has stood still for {} s", .0.as_secs())]
    DispatcherSilent(Duration),
}

/// Holds the dispatcher's silence against what is allowed.
pub(super) fn dispatcher(silent_for: Duration) -> Result<(), NotReady> {
    if silent_for > DISPATCHER_PATIENCE { Err(NotReady::DispatcherSilent(silent_for)) } else { Ok(()) }
}

/// The store's last answer, and the check that is under way.
#[derive(Default)]
pub(super) struct Readiness {
    state: Mutex<State>,
    answered: Notify,
}

#[derive(Default)]
struct State {
    /// When (monotonic) the last answer came, and what it was.
    last: Option<(Duration, Result<(), Error>)>,
    /// Since when (monotonic) the store is being asked.
    asked: Option<Duration>,
}

/// How a question stands.
enum Standing {
    Answered(Result<(), NotReady>),
    /// A check is under way, and may take so long from now on.
    Wait(Duration),
}

impl Readiness {
    /// The store's last answer if it still stands, else that of the check under way, or of a new one.
    pub(super) async fn ask(
        self: Arc<Self>,
        now: impl Fn() -> Duration + Clone + Send + 'static,
        check: impl Future<Output = Result<(), Error>> + Send + 'static,
    ) -> Result<(), NotReady> {
        let mut check = Some(check);
        loop {
            let answered = self.answered.notified();
            let wait = match self.standing(now()) {
                Standing::Answered(answer) => return answer,
                Standing::Wait(wait) => wait,
            };
            if let Some(check) = check.take().filter(|_| self.begin(now())) {
                let (this, now) = (Arc::clone(&self), now.clone());
                // In a task of its own: whoever asks may go away before it ends. The check has another: if it panics it is
                // over all the same, and the next one may find the store well.
                tokio::spawn(async move {
                    let answer = tokio::spawn(check).await.unwrap_or(Err(Error::Internal));
                    this.answer(answer, &now);
                });
            }
            // Either way it is looked at again.
            let _ = tokio::time::timeout(wait, answered).await;
        }
    }

    fn standing(&self, now: Duration) -> Standing {
        let state = self.lock();
        match (&state.last, state.asked) {
            (Some((at, answer)), _) if now.saturating_sub(*at) < VALIDITY => {
                Standing::Answered(answer.clone().map_err(NotReady::Store))
            }
            (_, None) => Standing::Wait(STORE_PATIENCE),
            (_, Some(asked)) => {
                let silent_for = now.saturating_sub(asked);
                match STORE_PATIENCE.checked_sub(silent_for).filter(|left| !left.is_zero()) {
                    Some(left) => Standing::Wait(left),
                    None => Standing::Answered(Err(NotReady::StoreSilent(silent_for))),
                }
            }
        }
    }

    /// Whether the store is to be asked now: nobody else does.
    fn begin(&self, now: Duration) -> bool {
        let mut state = self.lock();
        let begins = state.asked.is_none();
        state.asked.get_or_insert(now);
        begins
    }

    fn answer(&self, answer: Result<(), Error>, now: &impl Fn() -> Duration) {
        let mut state = self.lock();
        state.last = Some((now(), answer));
        state.asked = None;
        drop(state);
        self.answered.notify_waiters();
    }

    /// Every change is made of whole values: after a panic they are.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::oneshot;

    use super::*;
    use crate::clock::{Clock as _, MockClock};
    use crate::domain::Timestamp;

    struct World {
        readiness: Arc<Readiness>,
        asked: Arc<AtomicU32>,
        clock: Arc<MockClock>,
    }

    impl World {
        fn new() -> Self {
            let clock = Arc::new(MockClock::at(Timestamp::UNIX_EPOCH));
            Self { readiness: Arc::default(), asked: Arc::default(), clock }
        }

        /// Asks; the store answers what `answer` resolves to.
        async fn ask(
            &self,
            answer: impl Future<Output = Result<(), Error>> + Send + 'static,
        ) -> Result<(), NotReady> {
            let (asked, clock) = (Arc::clone(&self.asked), Arc::clone(&self.clock));
            let check = async move {
                asked.fetch_add(1, Ordering::SeqCst);
                answer.await
            };
            Arc::clone(&self.readiness).ask(move || clock.monotonic(), check).await
        }

        fn asked(&self) -> u32 {
            self.asked.load(Ordering::SeqCst)
        }
    }

    async fn yes() -> Result<(), Error> {
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn no() -> Result<(), Error> {
        Err(Error::Unavailable)
    }

    const NO: Result<(), NotReady> = Err(NotReady::Store(Error::Unavailable));

    #[tokio::test]
    async fn the_store_is_asked_once_a_second_however_many_ask() {
        let world = World::new();
        let (one, other) = tokio::join!(world.ask(yes()), world.ask(no()));
        assert_eq!((one, other, world.asked()), (Ok(()), Ok(()), 1));
        world.clock.advance(Duration::from_millis(999));
        assert_eq!((world.ask(no()).await, world.asked()), (Ok(()), 1));
        world.clock.advance(Duration::from_millis(1));
        assert_eq!((world.ask(no()).await, world.asked()), (NO, 2));
        // A failure stands as long as a success.
        assert_eq!((world.ask(yes()).await, world.asked()), (NO, 2));
    }

    #[tokio::test]
    async fn a_store_that_is_slow_is_waited_for_even_if_whoever_asked_first_is_gone() {
        let world = World::new();
        let (answer, answered) = oneshot::channel();
        let slow = async { answered.await.unwrap_or(Err(Error::Internal)) };
        let gone = tokio::time::timeout(Duration::from_millis(10), world.ask(slow)).await;
        assert!(gone.is_err());
        world.clock.advance(Duration::from_secs(4));
        let waiting = world.ask(no());
        let answering = async {
            tokio::task::yield_now().await;
            answer.send(Ok(())).unwrap();
        };
        assert_eq!(tokio::join!(waiting, answering).0, Ok(()));
        assert_eq!(world.asked(), 1);
    }

    #[tokio::test]
    async fn a_store_that_never_answers_is_given_up_and_believed_again_when_it_does() {
        let world = World::new();
        let (answer, answered) = oneshot::channel();
        let hanging = async { answered.await.unwrap_or(Err(Error::Internal)) };
        let gone = tokio::time::timeout(Duration::from_millis(10), world.ask(hanging)).await;
        assert!(gone.is_err());
        world.clock.advance(Duration::from_secs(5));
        let silent = |seconds| Err(NotReady::StoreSilent(Duration::from_secs(seconds)));
        assert_eq!(world.ask(yes()).await, silent(5));
        world.clock.advance(Duration::from_secs(60));
        assert_eq!((world.ask(yes()).await, world.asked()), (silent(65), 1), "one check hangs, not a crowd");
        answer.send(Ok(())).unwrap();
        while world.ask(no()).await == silent(65) {
            tokio::task::yield_now().await;
        }
        assert_eq!((world.ask(no()).await, world.asked()), (Ok(()), 1));
    }

    #[tokio::test]
    async fn a_check_that_panics_is_a_no_and_the_next_one_is_asked() {
        let world = World::new();
        let defect = async { panic!("a defect, as a test wants it") };
        let failed = Err(NotReady::Store(Error::Internal));
        let answer = tokio::time::timeout(Duration::from_secs(10), world.ask(defect));
        assert_eq!((answer.await, world.asked()), (Ok(failed), 1));
        world.clock.advance(Duration::from_secs(1));
        assert_eq!((world.ask(yes()).await, world.asked()), (Ok(()), 2));
    }

    #[test]
    fn a_dispatcher_is_given_five_seconds() {
        assert_eq!(dispatcher(Duration::from_secs(5)), Ok(()));
        assert!(dispatcher(Duration::from_millis(5_001)).is_err());
    }
}
