//! HTTP/1.1 to whoever a tenant may reach.
//!
//! # Theory
//! An exchange is one request and one answer under one deadline, which covers the name, the guard, the connection,
//! TLS, the request, and the answer's head and body.
//!
//! Guarantees:
//! - Every connection goes to an address that [`egress::Guard`] has just permitted for the tenant's policy, and is
//!   used again only under an equal policy, for the same transport, host and port.
//! - A request is sent again only if its connection died before a byte of it was written.
//! - An answer takes at most 32 KiB for its head, and 64 KiB of its body are read. Of it are kept 2 KiB of headers and
//!   4 KiB of the body, 512 bytes where the event was taken; all for who waits for it. A revocation list may be larger, as
//!   [its module](revocation) bounds it. This is so whatever it says itself, and whatever comes before, between and around these counts against [a bound](meter) too;
//!   it is never decompressed; redirects are answers like any other. When a bound or the deadline ends an
//!   exchange, its connection is closed.
//! - An answer that came counts, whatever became of the rest of the request: a receiver that takes an event before it
//!   has read all of it gets the rest for as long as the deadline allows, and for a second at most.
//! - Where a webhook asks for it, no byte of a request is sent before every certificate of the receiver is known not
//!   to be [revoked](revocation).
//! - A failure has a class and a phase, and never tells an address.
//!
//! Not guaranteed: that a request which failed did not arrive.

mod connection;
mod connector;
mod dialer;
pub(super) mod egress;
mod failure;
mod meter;
pub(super) mod policy;
mod pool;
pub(super) mod resolver;
mod retry_after;
mod revocation;
mod single_flight;
mod unproven;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;

pub(super) use self::connection::Keep;
use self::connection::{Connection, ExchangeError, Exchanged};
use self::connector::Connector;
use self::dialer::Dialer;
use self::egress::Guard;
use self::policy::Policy;
use self::pool::{Key, Pool};
use self::resolver::Resolve;
use self::revocation::Revocation;
use self::single_flight::SingleFlight;
use crate::clock::Clock;
use crate::domain::{EgressPolicy, Endpoint, Failure, FailureClass, Outcome, Phase, ResponseHeaders};

/// What came of an exchange.
#[derive(Debug)]
pub(super) struct Answer {
    /// For the record.
    pub(super) outcome: Outcome,
    /// How long the receiver asks to be left alone.
    pub(super) retry_after: Option<Duration>,
}

/// Makes exchanges.
pub(super) struct Transport {
    connector: Connector,
    pool: Pool,
    clock: Arc<dyn Clock>,
}

impl Transport {
    /// Keeps so many connections idle.
    pub(super) fn new(resolver: Arc<dyn Resolve>, guard: Guard, clock: Arc<dyn Clock>, idle: usize) -> Self {
        let resolver = Arc::new(SingleFlight::new(resolver));
        let dialer = Arc::new(Dialer { resolver, guard });
        let revocation = Revocation::new(Arc::clone(&dialer), Arc::clone(&clock));
        Self { connector: Connector { dialer, revocation }, pool: Pool::new(idle), clock }
    }

    /// Whether it would open a connection to this address.
    pub(super) fn permits(&self, policy: &EgressPolicy, address: IpAddr, port: u16) -> bool {
        self.connector.dialer.guard.permits(policy, address, port)
    }

    /// Makes one exchange, within the deadline.
    pub(super) async fn exchange(
        &self,
        policy: &Arc<Policy>,
        endpoint: &Endpoint,
        request: Request<Full<Bytes>>,
        keep: Keep,
        deadline: Duration,
    ) -> Answer {
        let connected = AtomicBool::new(false);
        let began = self.clock.monotonic();
        let exchange = self.run(policy, endpoint, request, keep, deadline, &connected);
        let result = match tokio::time::timeout(deadline, exchange).await {
            Ok(result) => result,
            Err(_) => Err(FailureClass::Timeout),
        };
        match result {
            Ok((key, exchanged)) => {
                // The answer is there: what is left of the deadline is for the rest of the request alone.
                let left = deadline.saturating_sub(self.clock.monotonic().saturating_sub(began));
                let (response, connection) = exchanged.finish(left).await;
                self.conclude(policy, key, response, connection)
            }
            Err(class) => {
                let phase = if connected.load(Ordering::Relaxed) { Phase::Exchange } else { Phase::Connect };
                Answer { outcome: Outcome::Failed(Failure { class, phase }), retry_after: None }
            }
        }
    }

    /// Closes connections that nobody has used for a while.
    pub(super) fn sweep(&self) {
        self.pool.sweep(self.clock.monotonic());
    }

    async fn run(
        &self,
        policy: &Arc<Policy>,
        endpoint: &Endpoint,
        mut request: Request<Full<Bytes>>,
        keep: Keep,
        deadline: Duration,
        connected: &AtomicBool,
    ) -> Result<(Key, Exchanged), FailureClass> {
        let key = Key::new(policy, endpoint);
        while let Some(mut idle) = self.pool.take(&key, self.clock.monotonic()) {
            if !idle.is_usable().await {
                continue;
            }
            connected.store(true, Ordering::Relaxed);
            match idle.exchange(request, keep).await {
                Ok(exchanged) => return Ok((key, exchanged)),
                Err(ExchangeError::Broken(class)) => return Err(class),
                // It was closed in this very moment; the next one may stand.
                Err(ExchangeError::Unsent(unsent)) => request = *unsent,
            }
        }
        connected.store(false, Ordering::Relaxed);
        // On the heap: it is large and seldom needed, and every attempt would carry room for it along.
        let stream = Box::pin(self.connector.connect(policy, endpoint, deadline)).await?;
        connected.store(true, Ordering::Relaxed);
        let connection = Box::pin(Connection::new(stream, self.clock.monotonic())).await?;
        match connection.exchange(request, keep).await {
            Ok(exchanged) => Ok((key, exchanged)),
            Err(ExchangeError::Broken(class)) => Err(class),
            Err(ExchangeError::Unsent(_)) => Err(FailureClass::ConnectionReset),
        }
    }

    fn conclude(
        &self,
        policy: &Policy,
        key: Key,
        response: Response<Bytes>,
        connection: Option<Box<Connection>>,
    ) -> Answer {
        let now = self.clock.monotonic();
        if let Some(connection) = connection
            && (policy.revocable_under.is_none()
                || now.saturating_sub(connection.opened) < revocation::MAX_AGE)
        {
            self.pool.put(key, connection, now);
        }
        let (head, body) = response.into_parts();
        let retry_after = retry_after::retry_after(head.status, &head.headers, self.clock.now());
        let lines = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let (status, headers) = (head.status.as_u16(), ResponseHeaders::new(lines));
        Answer { outcome: Outcome::Response { status, headers, body }, retry_after }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use async_trait::async_trait;
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    use super::resolver::ResolveError;
    use super::*;
    use crate::clock::MockClock;
    use crate::domain::{Egress, Timestamp};

    /// A stream that its other end closes right after it was looked at.
    #[derive(Default)]
    struct Closing {
        looked_at: bool,
    }

    impl AsyncRead for Closing {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if std::mem::replace(&mut self.looked_at, true) { Poll::Ready(Ok(())) } else { Poll::Pending }
        }
    }

    impl AsyncWrite for Closing {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            panic!("something of a request is written")
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    struct Nobody;

    #[async_trait]
    impl Resolve for Nobody {
        async fn resolve(&self, _: &str) -> Result<Vec<IpAddr>, ResolveError> {
            Err(ResolveError::NotFound)
        }
    }

    #[tokio::test]
    async fn a_failure_to_replace_an_idle_connection_that_closed_when_it_was_taken_up_is_one_to_connect() {
        let clock = Arc::new(MockClock::at(Timestamp::UNIX_EPOCH));
        let transport = Transport::new(Arc::new(Nobody), Guard::default(), clock, 8);
        let policy = Arc::new(Policy::test(Egress::default()));
        let endpoint = Endpoint::parse("http://hooks.test/").unwrap();
        let key = Key::new(&policy, &endpoint);
        let closing = Connection::new(Box::new(Closing::default()), Duration::ZERO).await.unwrap();
        transport.pool.put(key.clone(), closing, Duration::ZERO);
        let request = Request::post("/").body(Full::default()).unwrap();
        let deadline = Duration::from_secs(60);
        let answer = transport.exchange(&policy, &endpoint, request, Keep::History, deadline).await;
        let failure = Failure { class: FailureClass::DnsNotFound, phase: Phase::Connect };
        assert_eq!(answer.outcome, Outcome::Failed(failure));
        assert!(transport.pool.take(&key, Duration::ZERO).is_none(), "it was taken up");
    }
}
