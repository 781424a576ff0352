//! Bodies of requests, bounded: how large, how long, how deep.

use core::cell::Cell;
use core::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use sigpost_core::json::{self, Canonical, Duplicates, Limits, Numbers, OwnNumbers};
use tokio::sync::Semaphore;

/// The largest request body in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// How long a client may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// How deep JSON in a request may be nested.
const MAX_DEPTH: usize = 64;

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Larger than it may be.
    #[error("the request body is larger than it may be: {limit} bytes at most")]
    TooLarge {
        /// The limit in bytes, which is [`MAX_BODY`] for most.
        limit: usize,
    },
    /// The client took too long.
    #[error("the request body did not arrive in time")]
    Slow,
    /// The client went away.
    #[error("the request body is incomplete")]
    Broken,
}

/// Reads a body of at most [`MAX_BODY`] bytes.
///
/// # Errors
/// [`BodyError`].
pub async fn read(body: Body) -> Result<Bytes, BodyError> {
    read_within(body, MAX_BODY).await
}

/// Reads a body of at most so many bytes. What is too large is still read, and forgotten, up to a bound: a client that
/// is refused in the middle of sending sees a broken connection instead of the reason.
///
/// # Errors
/// [`BodyError`].
pub async fn read_within(body: Body, limit: usize) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > (limit + PASSED_OVER) as u64 {
        return Err(BodyError::TooLarge { limit });
    }
    tokio::time::timeout(BODY_TIMEOUT, collect(body, limit)).await.unwrap_or(Err(BodyError::Slow))
}

/// How much of a body that is too large is read to its end.
const PASSED_OVER: usize = 8 * 1024 * 1024;

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let (mut kept, mut read) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        read += data.len();
        if read > limit + PASSED_OVER {
            return Err(BodyError::TooLarge { limit });
        }
        if read <= limit {
            kept.extend_from_slice(&data);
        } else {
            kept = Vec::new();
        }
    }
    if read > limit { Err(BodyError::TooLarge { limit }) } else { Ok(kept.into()) }
}

/// The bounds on JSON in a request. Members named twice are refused: two readers could take different ones.
#[must_use]
pub fn limits() -> Limits {
    Limits { max_bytes: MAX_BODY, max_depth: MAX_DEPTH, duplicates: Duplicates::Reject }
}

/// Above this a body is parsed in a thread of its own: some numbers take a hundred times as long as others, and
/// whoever shares the executor must not wait for them.
const LARGE: usize = 16 * 1024;

/// How many large bodies are parsed at once: some take twenty times their size in memory while they are.
static PLACES: Semaphore = Semaphore::const_new(8);

/// Why JSON in a request is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// It is no JSON, or breaks a bound.
    #[error(transparent)]
    Text(#[from] json::Error),
    /// A number that no double holds. JavaScript writes `null` for it, which in a request means "without" or "clear
    /// this": nobody who writes such a number means that. It is not repeated: it may be meant for a secret.
    #[error("a number beyond what a double holds at offset {offset}")]
    Infinite {
        /// Where in the body it begins, in bytes: the first of them.
        offset: usize,
    },
}

/// Parses JSON within [`limits`], beside an executor if it is large.
///
/// # Errors
/// As [`canonical`].
pub async fn parse(body: Bytes) -> Result<Canonical, JsonError> {
    off_the_executor(body.len(), move || canonical(&body, limits())).await
}

/// Parses JSON that says what to change, where `null` has a meaning. (What events carry is JavaScript's to judge.)
///
/// # Errors
/// Says what is wrong at which byte.
pub fn canonical(text: &[u8], limits: Limits) -> Result<Canonical, JsonError> {
    let lost = Cell::new(None);
    let canonical = Canonical::parse_by(text, limits, Finite { text, lost: &lost })?;
    match lost.get() {
        None => Ok(canonical),
        Some(offset) => Err(JsonError::Infinite { offset }),
    }
}

/// Writes numbers and notes the first that has no double.
struct Finite<'a> {
    text: &'a [u8],
    lost: &'a Cell<Option<usize>>,
}

impl Numbers for Finite<'_> {
    fn canonical(&self, number: &str, write: impl FnOnce(&str)) {
        OwnNumbers.canonical(number, |text| {
            if text == "null" && self.lost.get().is_none() {
                // The number is borrowed from the text.
                self.lost.set(Some(number.as_ptr().addr() - self.text.as_ptr().addr()));
            }
            write(text);
        });
    }
}

/// Runs what takes long for a large body in a thread of its own.
pub async fn off_the_executor<T: Send + 'static>(
    body: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    if body <= LARGE {
        return work();
    }
    // The semaphore is never closed; without a place the work would only be done with less order.
    let place = PLACES.acquire().await;
    let work = move || {
        // Until the work has ended, not only while somebody waits for it: a client may hang up.
        let _place = place;
        work()
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_keeps_its_place_until_it_has_ended_whoever_hangs_up() {
        let free = PLACES.available_permits();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let waiting = tokio::spawn(off_the_executor(LARGE + 1, move || ended.recv()));
        while PLACES.available_permits() == free {
            tokio::task::yield_now().await;
        }
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert_eq!(PLACES.available_permits(), free - 1);
        drop(end);
        while PLACES.available_permits() < free {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[test]
    fn a_number_without_a_double_is_refused_where_it_begins() {
        let offset = |text: &str| match canonical(text.as_bytes(), limits()) {
            Err(JsonError::Infinite { offset }) => offset,
            other => panic!("{other:?}"),
        };
        assert_eq!(offset("1e999"), 0);
        assert_eq!(offset(r#"{"a": [1.0, null, -1e400, 1e500]}"#), 18);
        assert_eq!(canonical(b"[1e308,null,-0.0]", limits()).unwrap().as_str(), "[1e+308,null,0]");
    }
}
