//! Finds out who makes a request. It refuses nothing itself: the dialect does, in its own form.
//!
//! Tokens come as `Authorization: Bearer TOKEN`, or bare, as Immuta's API keys do. Failed attempts are limited per
//! address, so that tokens cannot be tried out at the speed of the network.

use core::net::{IpAddr, SocketAddr};
use core::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::app::{App, Error};
use crate::dialects::shared::Caller;
use crate::domain::Principal;

/// How many failed authentications one address may make: 20 at once, then one every three seconds.
pub struct FailureLimit {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
}

const BURST: NonZeroU32 = NonZeroU32::new(20).expect("20 is not zero");
const REPLENISH: core::time::Duration = core::time::Duration::from_secs(3);
/// Above this many remembered addresses, those that are free to fail again are forgotten.
const MAX_ADDRESSES: usize = 10_000;

impl FailureLimit {
    /// A limit with nothing counted yet.
    ///
    /// # Panics
    /// Never: the period is not zero.
    #[must_use]
    pub fn new() -> Self {
        let quota = Quota::with_period(REPLENISH).expect("three seconds are not zero").allow_burst(BURST);
        Self { limiter: RateLimiter::keyed(quota) }
    }

    /// Counts a failure; an error when the address has failed too often.
    fn count(&self, address: IpAddr) -> Result<(), Error> {
        if self.limiter.len() > MAX_ADDRESSES {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&of_network(address)).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Error::TooManyFailures {
                retry_after: u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1),
            }
        })
    }
}

impl Default for FailureLimit {
    fn default() -> Self {
        Self::new()
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
    let caller = caller(&app, request.headers());
    let caller = match (caller, limit) {
        // Only a wrong token counts: a request without one tries nothing out.
        (Err(Error::Unauthenticated), Some(limit))
            if request.headers().contains_key(header::AUTHORIZATION) =>
        {
            Err(limit.count(peer.ip()).err().unwrap_or(Error::Unauthenticated))
        }
        (caller, _) => caller,
    };
    request.extensions_mut().insert(Caller(caller));
    next.run(request).await
}

fn caller(app: &App, headers: &HeaderMap) -> Result<Principal, Error> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Error::Unauthenticated) };
    let value = value.to_str().map_err(|_| Error::Unauthenticated)?.trim();
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        Some(_) => return Err(Error::Unauthenticated),
        None => value,
    };
    let acting_in = headers.get("sigpost-tenant").and_then(|name| name.to_str().ok());
    app.authenticate(token, acting_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_fails_too_often_is_refused_and_others_are_not() {
        let limit = FailureLimit::new();
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for _ in 0..20 {
            limit.count(one).unwrap();
        }
        assert!(matches!(limit.count(one), Err(Error::TooManyFailures { retry_after: 1..=4 })));
        limit.count(other).unwrap();
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_counted_together() {
        let limit = FailureLimit::new();
        for host in 0..20_u16 {
            limit.count(core::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host).into()).unwrap();
        }
        assert!(limit.count(core::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 9, 9, 9, 9).into()).is_err());
        assert!(limit.count(core::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 1).into()).is_ok());
    }
}
