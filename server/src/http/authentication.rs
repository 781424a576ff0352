//! Finds out who makes a request. It refuses nothing itself: the dialect does, in its own form.
//!
//! Tokens come as `Authorization: Bearer TOKEN`, or bare, as Immuta's API keys do. Failed attempts are limited per
//! address, so that tokens cannot be tried out at the speed of the network: while an address is over the limit, short
//! tokens of it are not looked at, not even right ones. Those that `sigpost token` makes are: nobody guesses them, and
//! a stranger behind the same proxy must not be able to lock everybody out.

use core::net::{IpAddr, SocketAddr};
use core::num::NonZeroU32;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use zeroize::Zeroizing;

use crate::app::{App, Error};
use crate::clock::Clock;
use crate::dialects::shared::{Admission, Caller, Renewal};
use crate::domain::Principal;

/// How many failed authentications one address may make: 20 at once, then one every three seconds.
pub struct FailureLimit {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: Arc<dyn Clock>,
    /// Until when (monotonic) addresses are refused.
    refused: Mutex<HashMap<IpAddr, Duration>>,
}

const BURST: NonZeroU32 = NonZeroU32::new(20).expect("20 is not zero");
const REPLENISH: Duration = Duration::from_secs(3);
/// Above this many remembered addresses, those that are free to fail again are forgotten.
const MAX_ADDRESSES: usize = 10_000;

impl FailureLimit {
    /// A limit with nothing counted yet.
    ///
    /// # Panics
    /// Never: the period is not zero.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let quota = Quota::with_period(REPLENISH).expect("three seconds are not zero").allow_burst(BURST);
        Self { limiter: RateLimiter::keyed(quota), clock, refused: Mutex::default() }
    }

    /// Counts a failure.
    fn count(&self, address: IpAddr) {
        if self.limiter.len() > MAX_ADDRESSES {
            self.limiter.retain_recent();
        }
        let network = of_network(address);
        if let Err(until) = self.limiter.check_key(&network) {
            let now = self.clock.monotonic();
            let wait = until.wait_time_from(DefaultClock::default().now());
            let mut refused = self.refused();
            refused.retain(|_, until| now < *until);
            refused.insert(network, now + wait);
        }
    }

    /// Whether an address may try now.
    fn check(&self, address: IpAddr) -> Result<(), Error> {
        let now = self.clock.monotonic();
        let until = self.refused().get(&of_network(address)).copied();
        match until.map(|until| until.saturating_sub(now)).filter(|wait| !wait.is_zero()) {
            None => Ok(()),
            Some(wait) => {
                let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
                Err(Error::TooManyFailures { retry_after: seconds.saturating_add(1) })
            }
        }
    }

    /// Every change is a single insert or a removal of what is over: after a panic the map is whole.
    fn refused(&self) -> MutexGuard<'_, HashMap<IpAddr, Duration>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever has one IPv6 address has a /64 of them.
fn of_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            core::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[derive(Clone)]
pub(super) struct State {
    pub(super) app: App,
    pub(super) limit: Option<Arc<FailureLimit>>,
}

pub(super) async fn identify(
    axum::extract::State(State { app, limit }): axum::extract::State<State>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    // Without a credential nothing is tried out.
    let tries = request.headers().contains_key(header::AUTHORIZATION) || request.uri().path() == KEY_EXCHANGE;
    let limit = limit.filter(|_| tries);
    let admitted = limit.as_ref().map_or(Ok(()), |limit| limit.check(peer.ip()));
    let caller = match (admitted, token(request.headers())) {
        (Ok(()), Ok(token)) => caller(&app, token, request.headers()),
        (Ok(()), Err(error)) => Err(error),
        // Where the credential is in the body, the header's says nothing of it.
        (Err(limited), Ok(token)) if token.len() >= UNGUESSABLE && request.uri().path() != KEY_EXCHANGE => {
            caller(&app, token, request.headers()).map_err(|_| limited)
        }
        (Err(limited), _) => Err(limited),
    };
    if request.uri().path() == STREAM
        && let Some(renewal) = renewal(&app, request.headers())
    {
        request.extensions_mut().insert(renewal);
    }
    request.extensions_mut().insert(Caller(caller));
    if let Some(limit) = limit.clone() {
        let again = move || limit.check(peer.ip());
        request.extensions_mut().insert(Admission::new(again));
    }
    let response = next.run(request).await;
    if let Some(limit) = limit
        && response.status() == StatusCode::UNAUTHORIZED
    {
        limit.count(peer.ip());
    }
    response
}

/// Where an API key comes in the body.
const KEY_EXCHANGE: &str = "/bim/apikey/authenticate";

/// Where an answer goes on as long as its token is valid.
const STREAM: &str = "/v1/stream";

/// The length of 256 random bits in base64, which is what `sigpost token` prints.
const UNGUESSABLE: usize = 43;

fn token(headers: &HeaderMap) -> Result<&str, Error> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Error::Unauthenticated) };
    let value = value.to_str().map_err(|_| Error::Unauthenticated)?.trim();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        Some(_) => Err(Error::Unauthenticated),
        None => Ok(value),
    }
}

fn renewal(app: &App, headers: &HeaderMap) -> Option<Renewal> {
    let token = Zeroizing::new(token(headers).ok()?.to_owned());
    let acting_in = headers.get("sigpost-tenant").and_then(|name| name.to_str().ok()).map(str::to_owned);
    let app = app.clone();
    Some(Renewal::new(move || app.authenticate(&token, acting_in.as_deref())))
}

fn caller(app: &App, token: &str, headers: &HeaderMap) -> Result<Principal, Error> {
    let acting_in = headers.get("sigpost-tenant").and_then(|name| name.to_str().ok());
    app.authenticate(token, acting_in)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MockClock;
    use crate::domain::Timestamp;

    fn limit() -> (FailureLimit, Arc<MockClock>) {
        let clock = Arc::new(MockClock::at(Timestamp::UNIX_EPOCH));
        (FailureLimit::new(Arc::clone(&clock) as Arc<dyn Clock>), clock)
    }

    #[test]
    fn an_address_that_fails_too_often_is_refused_for_a_while_and_others_are_not() {
        let (limit, clock) = limit();
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for _ in 0..20 {
            limit.count(one);
            assert_eq!(limit.check(one), Ok(()));
        }
        limit.count(one);
        assert!(matches!(limit.check(one), Err(Error::TooManyFailures { retry_after: 1..=4 })));
        assert_eq!(limit.check(other), Ok(()));
        clock.advance(Duration::from_secs(4));
        assert_eq!(limit.check(one), Ok(()));
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_counted_together() {
        let (limit, _) = limit();
        let host =
            |network, host| IpAddr::from(core::net::Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, host));
        for last in 0..21 {
            limit.count(host(1, last));
        }
        assert!(limit.check(host(1, 999)).is_err());
        assert!(limit.check(host(2, 1)).is_ok());
    }
}
