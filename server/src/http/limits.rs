//! How often somebody may ask: failed authentications by address, requests by user or token.

use core::net::IpAddr;
use core::num::NonZeroU32;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::app::Error;
use crate::clock::Clock;
use crate::domain::{DialectId, Principal, RatePer, RateRule, TenantId, TokenHash, UserId};

/// All limits of a server.
pub struct Limits {
    pub(super) failures: FailureLimit,
    pub(super) requests: RequestLimit,
}

impl Limits {
    /// Limits with nothing counted yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { failures: FailureLimit::new(Arc::clone(&clock)), requests: RequestLimit::new(clock) }
    }
}

/// Our clock as governor's.
struct Ticks(Arc<dyn Clock>);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.monotonic()
    }
}

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, Ticks, NoOpMiddleware<Duration>>;

/// Whole seconds, at least one: a client that waits so long is let through.
fn seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1)
}

/// How many failed authentications one address may make: 20 at once, then one every three seconds.
pub(super) struct FailureLimit {
    limiter: Limiter<IpAddr>,
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
    fn new(clock: Arc<dyn Clock>) -> Self {
        let quota = Quota::with_period(REPLENISH).expect("three seconds are not zero").allow_burst(BURST);
        let limiter = RateLimiter::hashmap_with_clock(quota, Ticks(Arc::clone(&clock)));
        Self { limiter, clock, refused: Mutex::default() }
    }

    /// Counts a failure.
    pub(super) fn count(&self, address: IpAddr) {
        if self.limiter.len() > MAX_ADDRESSES {
            self.limiter.retain_recent();
        }
        let network = of_network(address);
        if let Err(until) = self.limiter.check_key(&network) {
            let now = self.clock.monotonic();
            let wait = until.wait_time_from(now);
            let mut refused = self.refused();
            refused.retain(|_, until| now < *until);
            refused.insert(network, now + wait);
        }
    }

    /// Whether an address may try now.
    pub(super) fn check(&self, address: IpAddr) -> Result<(), Error> {
        let now = self.clock.monotonic();
        let until = self.refused().get(&of_network(address)).copied();
        match until.map(|until| until.saturating_sub(now)).filter(|wait| !wait.is_zero()) {
            None => Ok(()),
            Some(wait) => Err(Error::TooManyFailures { retry_after: seconds(wait) }),
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

/// How many requests each system lets somebody make.
pub(super) struct RequestLimit {
    systems: [System; DialectId::ALL.len()],
    clock: Arc<dyn Clock>,
    /// When (monotonic) those who are free to use all of their minute were forgotten last.
    swept: Mutex<Duration>,
}

/// The counters of the tenants that speak one dialect.
struct System {
    dialect: DialectId,
    per: RatePer,
    reads: Limiter<Counted>,
    writes: Limiter<Counted>,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It only reads.
    Read,
    /// Anything else.
    Write,
}

/// Whose requests are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Counted {
    User(TenantId, UserId),
    Token(TokenHash),
    Operator(String),
}

const SWEEP_EVERY: Duration = Duration::from_secs(60);

impl RequestLimit {
    fn new(clock: Arc<dyn Clock>) -> Self {
        let systems = DialectId::ALL.map(|dialect| {
            let RateRule { per, reads, writes } = RateRule::of(dialect);
            let limiter = |per_minute| {
                let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
                RateLimiter::hashmap_with_clock(quota, Ticks(Arc::clone(&clock)))
            };
            System { dialect, per, reads: limiter(reads), writes: limiter(writes) }
        });
        let swept = Mutex::new(clock.monotonic());
        Self { systems, clock, swept }
    }

    /// Counts a request, unless it is one too many. `token` is asked only where requests are counted by it.
    pub(super) fn count(
        &self,
        principal: &Principal,
        token: impl FnOnce() -> Result<TokenHash, Error>,
        usage: Use,
    ) -> Result<(), Error> {
        self.sweep();
        let dialect = match principal {
            Principal::User { tenant, .. } => tenant.dialect,
            Principal::Operator { .. } => DialectId::Native,
        };
        let system = self
            .systems
            .iter()
            .find(|system| system.dialect == dialect)
            .ok_or_else(|| Error::bug("a dialect without limits"))?;
        let key = match (principal, system.per) {
            (Principal::User { tenant, id, .. }, RatePer::User) => Counted::User(tenant.id, id.clone()),
            (Principal::User { .. }, RatePer::Token) => Counted::Token(token()?),
            (Principal::Operator { name, .. }, _) => Counted::Operator(name.clone()),
        };
        let limiter = match usage {
            Use::Read => &system.reads,
            Use::Write => &system.writes,
        };
        limiter.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(self.clock.monotonic());
            Error::RateLimited { retry_after: seconds(wait) }
        })
    }

    /// Forgets those who have not asked for so long that they count as new.
    fn sweep(&self) {
        let now = self.clock.monotonic();
        {
            let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            if now.saturating_sub(*swept) < SWEEP_EVERY {
                return;
            }
            *swept = now;
            // Others go on while this one sweeps.
        }
        for System { reads, writes, .. } in &self.systems {
            for limiter in [reads, writes] {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
        }
    }

    #[cfg(test)]
    fn remembered(&self) -> usize {
        self.systems.iter().map(|system| system.reads.len() + system.writes.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::clock::MockClock;
    use crate::domain::{Egress, Roles, Settings, Tenant, TenantUid, Timestamp};

    fn clock() -> Arc<MockClock> {
        Arc::new(MockClock::at(Timestamp::UNIX_EPOCH))
    }

    fn limit() -> (FailureLimit, Arc<MockClock>) {
        let clock = clock();
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

    fn user(dialect: DialectId, tenant: i64, id: &str) -> Principal {
        Principal::User {
            token: TokenHash::of("t"),
            expires_at: None,
            tenant: Arc::new(Tenant {
                origin: crate::domain::Origin::File,
                created_at: None,
                id: TenantId::new(tenant),
                uid: TenantUid::new([0; 16]),
                name: "acme".into(),
                dialect,
                egress: Egress::default(),
                settings: Settings::default(),
                users: BTreeMap::new(),
            }),
            id: UserId::new(id).unwrap(),
            roles: Roles::default(),
        }
    }

    fn operator(name: &str) -> Principal {
        Principal::Operator { token: TokenHash::of("t"), name: name.into(), acting_in: None }
    }

    fn hash(token: &str) -> impl FnOnce() -> Result<TokenHash, Error> + use<> {
        let hash = TokenHash::of(token);
        move || Ok(hash)
    }

    /// Requests until one is refused; how many were not, and the wait.
    fn exhaust(limit: &RequestLimit, who: &Principal, token: &str, usage: Use) -> (u32, u32) {
        let mut passed = 0;
        loop {
            match limit.count(who, hash(token), usage) {
                Ok(()) => passed += 1,
                Err(Error::RateLimited { retry_after }) => return (passed, retry_after),
                Err(error) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn a_minute_holds_as_many_reads_and_writes_as_the_system_says_for_each_user() {
        let clock = clock();
        let limit = RequestLimit::new(Arc::clone(&clock) as Arc<dyn Clock>);
        for dialect in DialectId::ALL {
            let who = user(dialect, 1, "1");
            assert_eq!(exhaust(&limit, &who, "t", Use::Write), (100, 1), "{dialect:?}");
            assert_eq!(exhaust(&limit, &who, "t", Use::Read), (1_000, 1), "{dialect:?}");
            // Another user, and one of the same name in another tenant, are others.
            for (other, token) in [(user(dialect, 1, "2"), "u"), (user(dialect, 2, "1"), "v")] {
                assert_eq!(limit.count(&other, hash(token), Use::Write), Ok(()), "{dialect:?}");
            }
            // Another token of the same user is another only where tokens are counted.
            let by_token = dialect == DialectId::Generic;
            assert_eq!(limit.count(&who, hash("w"), Use::Write).is_ok(), by_token, "{dialect:?}");
        }
        assert_eq!(exhaust(&limit, &operator("ops"), "t", Use::Write), (100, 1));
        assert_eq!(exhaust(&limit, &operator("ops"), "another", Use::Write), (0, 1));
        assert_eq!(limit.count(&operator("other"), hash("t"), Use::Write), Ok(()));
    }

    #[test]
    fn whoever_waits_as_long_as_told_is_let_through_and_after_a_minute_has_all_of_it_again() {
        let clock = clock();
        let limit = RequestLimit::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let who = user(DialectId::Immuta, 1, "1");
        let (_, wait) = exhaust(&limit, &who, "t", Use::Write);
        clock.advance(Duration::from_millis(599));
        assert!(limit.count(&who, hash("t"), Use::Write).is_err());
        clock.advance(Duration::from_secs(wait.into()) - Duration::from_millis(599));
        assert_eq!(exhaust(&limit, &who, "t", Use::Write).0, 1);
        clock.advance(Duration::from_secs(60));
        assert_eq!(exhaust(&limit, &who, "t", Use::Write).0, 100);
    }

    #[test]
    fn whoever_has_not_asked_for_a_minute_is_forgotten() {
        let clock = clock();
        let limit = RequestLimit::new(Arc::clone(&clock) as Arc<dyn Clock>);
        for number in 0..1_000 {
            limit.count(&user(DialectId::Qlik, 1, &number.to_string()), hash("t"), Use::Read).unwrap();
        }
        assert_eq!(limit.remembered(), 1_000);
        clock.advance(SWEEP_EVERY);
        limit.count(&operator("ops"), hash("t"), Use::Read).unwrap();
        assert_eq!(limit.remembered(), 1);
    }
}
