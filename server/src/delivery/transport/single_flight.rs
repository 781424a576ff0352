//! One question at a time for a name, whoever asks: thirty webhooks of one host that begin to deliver at once are one look
//! at its name.
//!
//! The question is a task of its own. Who asked first may give up without those who joined losing the answer, and it ends
//! by the resolver's own limits, at last by one of ours. Nothing is kept here: who asks after the answer has come asks the resolver, which knows
//! how long it holds.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::resolver::{Resolve, ResolveError};

/// No question takes longer: one that hung would keep its name from ever being asked again.
const LONGEST: Duration = Duration::from_secs(10);

type Said = Result<Vec<IpAddr>, ResolveError>;
type Flight = watch::Receiver<Option<Said>>;

/// Has those who ask for a name meanwhile wait for the same answer.
pub(super) struct SingleFlight {
    resolver: Arc<dyn Resolve>,
    flights: Flights,
    longest: Duration,
}

/// The questions under way: as many names as are asked for at once.
#[derive(Clone, Default)]
struct Flights(Arc<Mutex<HashMap<Box<str>, Flight>>>);

impl Flights {
    /// Every change under the lock is a single one; after a panic the map is whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a flight, however its task ends: nobody is to join one that will never land.
struct Landing {
    flights: Flights,
    name: Box<str>,
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.name);
    }
}

impl SingleFlight {
    pub(super) fn new(resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, flights: Flights::default(), longest: LONGEST }
    }

    fn join(&self, name: &str) -> Flight {
        let mut flights = self.flights.lock();
        if let Some(flight) = flights.get(name) {
            return flight.clone();
        }
        let (tell, answer) = watch::channel(None);
        flights.insert(name.into(), answer.clone());
        let landing = Landing { flights: self.flights.clone(), name: name.into() };
        let (resolver, longest) = (Arc::clone(&self.resolver), self.longest);
        tokio::spawn(async move {
            let said = tokio::time::timeout(longest, resolver.resolve(&landing.name)).await;
            let said = said.unwrap_or(Err(ResolveError::Failed));
            // Before it is told: who hears it and asks again asks anew.
            drop(landing);
            tell.send_replace(Some(said));
        });
        answer
    }
}

#[async_trait]
impl Resolve for SingleFlight {
    async fn resolve(&self, name: &str) -> Said {
        let mut answer = self.join(name);
        let said = answer.wait_for(Option::is_some).await.ok().and_then(|said| said.clone());
        // Without an answer its task has panicked, and those who wait fail as if each had asked by itself.
        said.unwrap_or_else(|| std::panic::resume_unwind(Box::new("looking a name up has panicked")))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use tokio::sync::Semaphore;
    use tokio::task::JoinSet;

    use super::*;

    /// Answers with how often it was asked, when it may.
    struct Counting {
        asked: AtomicU8,
        may: Semaphore,
    }

    #[async_trait]
    impl Resolve for Counting {
        async fn resolve(&self, name: &str) -> Said {
            assert_ne!(name, "bug.test", "a bug");
            let nth = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            self.may.acquire().await.unwrap().forget();
            Ok(vec![[127, 0, 0, nth].into()])
        }
    }

    fn world() -> (Arc<Counting>, Arc<SingleFlight>) {
        let counting = Arc::new(Counting { asked: AtomicU8::new(0), may: Semaphore::new(0) });
        let single = Arc::new(SingleFlight::new(Arc::clone(&counting) as Arc<dyn Resolve>));
        (counting, single)
    }

    async fn until_asked(counting: &Counting, times: u8) {
        while counting.asked.load(Ordering::SeqCst) < times {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn those_who_ask_for_a_name_at_once_are_one_question_and_who_asks_later_asks_anew() {
        let (counting, single) = world();
        let mut asking = JoinSet::new();
        for name in ["a.test"; 100].into_iter().chain(["b.test"]) {
            let single = Arc::clone(&single);
            asking.spawn(async move { single.resolve(name).await });
        }
        until_asked(&counting, 2).await;
        counting.may.add_permits(2);
        let answers = asking.join_all().await;
        assert_eq!(counting.asked.load(Ordering::SeqCst), 2);
        assert!(answers.iter().all(Result::is_ok));
        counting.may.add_permits(1);
        assert_eq!(single.resolve("a.test").await, Ok(vec![[127, 0, 0, 3].into()]));
        assert!(single.flights.lock().is_empty());
    }

    #[tokio::test]
    async fn who_asked_first_may_give_up_and_the_others_hear_the_answer() {
        let (counting, single) = world();
        let spawn = |single: &Arc<SingleFlight>| {
            let single = Arc::clone(single);
            tokio::spawn(async move { single.resolve("a.test").await })
        };
        let first = spawn(&single);
        until_asked(&counting, 1).await;
        let second = spawn(&single);
        tokio::task::yield_now().await;
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        counting.may.add_permits(1);
        assert_eq!(second.await.unwrap(), Ok(vec![[127, 0, 0, 1].into()]));
        assert_eq!(counting.asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_question_that_panics_fails_those_who_wait_and_is_not_joined_again() {
        let (_, single) = world();
        for _ in 0..2 {
            let single = Arc::clone(&single);
            let asked = tokio::spawn(async move { single.resolve("bug.test").await });
            assert!(asked.await.unwrap_err().is_panic());
        }
        assert!(single.flights.lock().is_empty());
    }

    #[tokio::test]
    async fn a_question_without_an_answer_ends_and_the_name_is_asked_again() {
        let (counting, _) = world();
        let resolver = Arc::clone(&counting) as Arc<dyn Resolve>;
        let single = SingleFlight { longest: Duration::from_millis(20), ..SingleFlight::new(resolver) };
        assert_eq!(single.resolve("a.test").await, Err(ResolveError::Failed));
        counting.may.add_permits(1);
        assert_eq!(single.resolve("a.test").await, Ok(vec![[127, 0, 0, 2].into()]));
    }
}
