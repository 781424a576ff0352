//! Whether the store commits, asked for by whoever likes, but answered by the store once a second at the most: a check
//! writes and syncs, and health is asked without a token.

use core::time::Duration;

use tokio::sync::Mutex;

use super::Error;

/// How long an answer stands.
const VALIDITY: Duration = Duration::from_secs(1);

/// The store's last answer.
#[derive(Default)]
pub(super) struct Readiness {
    /// When (monotonic) it was given.
    last: Mutex<Option<(Duration, Result<(), Error>)>>,
}

impl Readiness {
    /// The last answer if it still stands, else a new one. Whoever comes while the store is asked waits for that
    /// answer.
    pub(super) async fn ask(
        &self,
        now: impl Fn() -> Duration,
        check: impl AsyncFnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut last = self.last.lock().await;
        if let Some((at, answer)) = &*last
            && now().saturating_sub(*at) < VALIDITY
        {
            return answer.clone();
        }
        let answer = check().await;
        *last = Some((now(), answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn the_store_is_asked_once_a_second_however_many_ask() {
        let (readiness, asked, time) = (Readiness::default(), Cell::new(0), Cell::new(Duration::ZERO));
        let ask = async |answer: Result<(), Error>| {
            let check = async || {
                asked.set(asked.get() + 1);
                tokio::task::yield_now().await;
                answer
            };
            readiness.ask(|| time.get(), check).await
        };
        let (one, other) = tokio::join!(ask(Ok(())), ask(Err(Error::Unavailable)));
        assert_eq!((one, other, asked.get()), (Ok(()), Ok(()), 1));
        time.set(Duration::from_millis(999));
        assert_eq!((ask(Err(Error::Unavailable)).await, asked.get()), (Ok(()), 1));
        time.set(Duration::from_millis(1_000));
        assert_eq!((ask(Err(Error::Unavailable)).await, asked.get()), (Err(Error::Unavailable), 2));
        // A failure stands as long as a success.
        assert_eq!((ask(Ok(())).await, asked.get()), (Err(Error::Unavailable), 2));
    }
}
