//! The lists at hand, and how they get there: each is fetched once for all who want it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::uri::InvalidUri;
use http::{Request, StatusCode, Uri};
use http_body_util::Full;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::MAX_AGE;
use super::chain::Issuer;
use super::list::{BadList, List};
use crate::causes::causes;
use crate::clock::Clock;
use crate::delivery::transport::connection::{Connection, ExchangeError, Exchanged, Keep};
use crate::delivery::transport::dialer::Dialer;
use crate::delivery::transport::policy::{Policy, PolicyId};
use crate::domain::{Endpoint, FailureClass};

/// The largest list that is taken.
const MAX_LIST: usize = 20 * 1024 * 1024;
/// Lists kept, and the memory they may take.
const MAX_LISTS: usize = 1_024;
const MAX_MEMORY: usize = 64 * 1024 * 1024;
/// Fetches under way at once: so many lists are in memory as they came.
const MAX_FETCHES: usize = 16;
/// How long a fetch may take. Longer than those who wait for it may wait: the next to come finds what it brought.
const FETCH_TIME: Duration = Duration::from_secs(30);
/// How long a place is left alone after a fetch that failed.
const FAILURE_REST: Duration = Duration::from_secs(10);

/// What a list is kept under. Nobody gets one that was fetched under another policy, or proven with another key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    policy: PolicyId,
    issuer: Arc<Issuer>,
    place: String,
}

/// The lists.
pub(super) struct Lists {
    shared: Arc<Shared>,
    /// Broken off with the engine.
    fetches: Mutex<JoinSet<()>>,
}

struct Shared {
    kept: Mutex<HashMap<Key, Entry>>,
    dialer: Arc<Dialer>,
    clock: Arc<dyn Clock>,
    slots: Semaphore,
}

/// What is known about a place. Times are monotonic.
#[derive(Default)]
struct Entry {
    /// The last good list, and when it came.
    list: Option<(Duration, Arc<List>)>,
    /// When the last fetch failed, unless one succeeded since.
    failed: Option<Duration>,
    /// Closed when the fetch under way ends.
    flight: Option<watch::Receiver<()>>,
    used: Duration,
}

enum Found {
    /// What there is to be had, if anything.
    Settled(Option<Arc<List>>),
    /// A fetch that will end.
    UnderWay(watch::Receiver<()>),
}

impl Lists {
    pub(super) fn new(dialer: Arc<Dialer>, clock: Arc<dyn Clock>) -> Self {
        let slots = Semaphore::new(MAX_FETCHES);
        let shared = Arc::new(Shared { kept: Mutex::default(), dialer, clock, slots });
        Self { shared, fetches: Mutex::default() }
    }

    /// A list of the issuer's that is in force. The caller sets the time limit; a fetch does not end with it.
    pub(super) async fn get(
        &self,
        policy: &Arc<Policy>,
        issuer: &Arc<Issuer>,
        place: &Endpoint,
    ) -> Option<Arc<List>> {
        let key = Key { policy: policy.id, issuer: Arc::clone(issuer), place: place.as_given().to_owned() };
        loop {
            match self.look_up(&key, policy, place) {
                Found::Settled(list) => return list,
                // Nothing is ever sent: it is closed, however the fetch ends.
                Found::UnderWay(mut flight) => _ = flight.changed().await,
            }
        }
    }

    fn look_up(&self, key: &Key, policy: &Arc<Policy>, place: &Endpoint) -> Found {
        let (now, wall) = (self.shared.clock.monotonic(), self.shared.clock.now());
        let mut kept = self.shared.lock();
        if let Some(entry) = kept.get_mut(key) {
            entry.used = now;
            if let Some(flight) = &entry.flight {
                return Found::UnderWay(flight.clone());
            }
            let current = entry.list.as_ref().filter(|(_, list)| list.is_current(wall));
            let rests = entry.failed.is_some_and(|failed| now.saturating_sub(failed) < FAILURE_REST);
            match current {
                Some((came, list)) if rests || now.saturating_sub(*came) < MAX_AGE => {
                    return Found::Settled(Some(Arc::clone(list)));
                }
                None if rests => return Found::Settled(None),
                Some(_) | None => {}
            }
        } else if !make_room(&mut kept, MAX_LISTS - 1, key) {
            return Found::Settled(None);
        }
        let (sender, flight) = watch::channel(());
        let entry = kept.entry(key.clone()).or_default();
        entry.flight = Some(flight.clone());
        entry.used = now;
        drop(kept);
        let landing =
            Landing { shared: Arc::clone(&self.shared), key: key.clone(), list: None, _open: sender };
        self.start(landing, Arc::clone(policy), place.clone());
        Found::UnderWay(flight)
    }

    fn start(&self, landing: Landing, policy: Arc<Policy>, place: Endpoint) {
        let mut fetches = self.fetches.lock().unwrap_or_else(PoisonError::into_inner);
        while fetches.try_join_next().is_some() {}
        fetches.spawn(fly(landing, policy, place));
    }
}

/// The end of a fetch, whatever ended it: it is recorded, then whoever waits is woken.
struct Landing {
    shared: Arc<Shared>,
    key: Key,
    list: Option<Arc<List>>,
    _open: watch::Sender<()>,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let now = self.shared.clock.monotonic();
        let mut kept = self.shared.lock();
        // What is under way is never thrown out.
        let Some(entry) = kept.get_mut(&self.key) else { return };
        entry.flight = None;
        match self.list.take() {
            Some(list) => {
                entry.list = Some((now, list));
                entry.failed = None;
            }
            None => entry.failed = Some(now),
        }
        make_room(&mut kept, MAX_LISTS, &self.key);
    }
}

async fn fly(mut landing: Landing, policy: Arc<Policy>, place: Endpoint) {
    let fetching = landing.shared.fetch(&policy, &landing.key.issuer, &place);
    match tokio::time::timeout(FETCH_TIME, fetching).await.unwrap_or(Err(NoList::TooSlow)) {
        Ok(list) => landing.list = Some(Arc::new(list)),
        Err(error) => {
            missing(&place, &error);
        }
    }
}

/// The line in the log. It names the host and no url, for what else stands in one may be for nobody's eyes.
fn missing(place: &Endpoint, error: &NoList) {
    let error = causes(error);
    tracing::warn!(host = place.authority(), error, "no revocation list could be had");
}

/// Throws out what has not been used for the longest, until there are at most so many lists in as much memory as
/// they may take. What is under way stays, and so does what is asked for.
fn make_room(kept: &mut HashMap<Key, Entry>, most: usize, asked: &Key) -> bool {
    let weight = |entry: &Entry| entry.list.as_ref().map_or(0, |(_, list)| list.weight());
    let mut memory: usize = kept.values().map(weight).sum();
    while kept.len() > most || memory > MAX_MEMORY {
        let idle = kept.iter().filter(|(key, entry)| entry.flight.is_none() && *key != asked);
        let Some(oldest) = idle.min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone()) else {
            return false;
        };
        memory -= kept.remove(&oldest).as_ref().map_or(0, weight);
    }
    true
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
enum NoList {
    /// No answer came.
    #[error("the place cannot be reached: {0:?}")]
    Unreachable(FailureClass),
    /// It took too long.
    #[error("it took too long")]
    TooSlow,
    /// Another answer than a list.
    #[error("the answer was {0}")]
    Status(StatusCode),
    /// More than is taken, or cut off.
    #[error("it is larger than {MAX_LIST} bytes, or incomplete")]
    TooLarge,
    /// The place cannot be asked for.
    #[error("its url cannot be sent")]
    Target(#[from] InvalidUri),
    /// Its host cannot be named.
    #[error("its host cannot be sent")]
    Host(#[from] header::InvalidHeaderValue),
    /// It was not checked for a reason of our own.
    #[error("it could not be checked")]
    Unchecked,
    /// What came is no list to rely on.
    #[error(transparent)]
    Bad(#[from] BadList),
    /// It is not in force.
    #[error("it is not in force now")]
    NotCurrent,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self, policy: &Policy, issuer: &Arc<Issuer>, place: &Endpoint) -> Result<List, NoList> {
        let _slot = self.slots.acquire().await.map_err(|_| NoList::Unchecked)?;
        let bytes = self.download(policy, place).await?;
        // Up to 20 MiB to hash and to read: too long for a thread that others wait for.
        let issuer = Arc::clone(issuer);
        let reading = tokio::task::spawn_blocking(move || List::read(&bytes, &issuer));
        let list = reading.await.map_err(|_| NoList::Unchecked)??;
        if list.is_current(self.clock.now()) { Ok(list) } else { Err(NoList::NotCurrent) }
    }

    async fn download(&self, policy: &Policy, place: &Endpoint) -> Result<Bytes, NoList> {
        let request = request(place)?;
        let stream = self.dialer.dial(&policy.egress, place, FETCH_TIME).await;
        let stream = Box::new(stream.map_err(NoList::Unreachable)?);
        let connection = Connection::new(stream, self.clock.monotonic()).await;
        let exchange = connection.map_err(NoList::Unreachable)?.exchange(request, Keep::Whole(MAX_LIST));
        let Exchanged { response, complete, .. } = exchange.await.map_err(|error| match error {
            ExchangeError::Unsent(_) => NoList::Unreachable(FailureClass::ConnectionReset),
            ExchangeError::Broken(class) => NoList::Unreachable(class),
        })?;
        match response.status() {
            StatusCode::OK if complete => Ok(response.into_body()),
            StatusCode::OK => Err(NoList::TooLarge),
            status => Err(NoList::Status(status)),
        }
    }
}

fn request(place: &Endpoint) -> Result<Request<Full<Bytes>>, NoList> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = place.target().parse::<Uri>()?;
    let headers = request.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_str(place.authority())?);
    let agent = concat!("sigpost/", env!("CARGO_PKG_VERSION"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/pkix-crl, */*"));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(request)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _};

    use super::*;

    fn key(number: usize) -> Key {
        let issuer = Arc::new(Issuer { name: Vec::new(), key: Vec::new() });
        Key { policy: PolicyId::test(1), issuer, place: format!("http://x.test/{number}") }
    }

    fn entry(used: u64, list: Option<List>) -> Entry {
        let list = list.map(|list| (Duration::ZERO, Arc::new(list)));
        Entry { list, used: Duration::from_secs(used), ..Entry::default() }
    }

    #[test]
    fn the_line_about_a_list_that_is_missing_names_its_host_and_no_url() {
        let written = Arc::new(tempfile::tempfile().unwrap());
        let log = tracing_subscriber::fmt().with_writer(Arc::clone(&written)).finish();
        let place = Endpoint::parse("http://lists.test:81/a-path?a-query").unwrap();
        tracing::subscriber::with_default(log, || missing(&place, &NoList::TooSlow));
        let (mut written, mut line) = (&*written, String::new());
        written.rewind().unwrap();
        written.read_to_string(&mut line).unwrap();
        assert!(line.contains("lists.test:81") && line.contains("it took too long"), "{line}");
        for part in ["http:", "a-path", "a-query"] {
            assert!(!line.contains(part), "{line}");
        }
    }

    #[test]
    fn what_was_not_used_for_the_longest_makes_room() {
        let mut kept: HashMap<_, _> = (0..4).map(|number| (key(number), entry(4, None))).collect();
        kept.insert(key(1), entry(2, None));
        assert!(make_room(&mut kept, 3, &key(9)));
        assert!(kept.len() == 3 && !kept.contains_key(&key(1)));
        kept.insert(key(0), entry(1, None));
        assert!(make_room(&mut kept, 2, &key(0)));
        assert!(kept.contains_key(&key(0)), "what is asked for stays");
    }

    #[test]
    fn what_is_under_way_stays_and_may_leave_no_room() {
        let (_sender, flight) = watch::channel(());
        let under_way = || Entry { flight: Some(flight.clone()), ..Entry::default() };
        let mut kept = HashMap::from([(key(0), under_way()), (key(1), under_way())]);
        assert!(!make_room(&mut kept, 1, &key(9)));
        assert_eq!(kept.len(), 2);
    }

    #[test]
    fn long_lists_make_room_for_each_other() {
        // Each takes about a third of the memory.
        let long = || List::test_with_serials(MAX_MEMORY / 3 / 25 + 1);
        let mut kept: HashMap<_, _> =
            (0..3).map(|number| (key(number), entry(number as u64, Some(long())))).collect();
        assert!(make_room(&mut kept, MAX_LISTS, &key(2)));
        assert_eq!((kept.len(), kept.contains_key(&key(0))), (2, false));
    }
}
