//! Opens plain connections: name, guard, address.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use super::egress::Guard;
use super::failure;
use super::resolver::Resolve;
use crate::domain::{Egress, Endpoint, FailureClass, Host};

/// The longest a name may take to resolve; half the deadline if that is shorter.
const MAX_DNS_TIME: Duration = Duration::from_secs(5);
/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;

pub(super) struct Dialer {
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) guard: Guard,
}

impl Dialer {
    /// Opens a connection to where an endpoint is, without TLS. `deadline` is that of the whole exchange.
    pub(super) async fn dial(
        &self,
        egress: &Egress,
        endpoint: &Endpoint,
        deadline: Duration,
    ) -> Result<TcpStream, FailureClass> {
        let addresses = self.addresses(egress, &endpoint.host(), endpoint.port(), deadline).await?;
        let stream = dial(&addresses, endpoint.port(), deadline).await?;
        // Requests are written in one piece: waiting for more only costs time. Failing to say so costs nothing else.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }

    /// The vetted addresses of a host, at least one.
    async fn addresses(
        &self,
        egress: &Egress,
        host: &Host,
        port: u16,
        deadline: Duration,
    ) -> Result<Vec<IpAddr>, FailureClass> {
        let mut addresses = match host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => {
                // The names of a URL are fully qualified, with or without the final dot.
                let name = name.strip_suffix('.').unwrap_or(name);
                match egress.hosts.get(name) {
                    Some(&address) => vec![address],
                    None if is_localhost(name) => return self.loopback(egress, port),
                    None => self.resolve(name, deadline).await?,
                }
            }
        };
        if addresses.is_empty() {
            return Err(FailureClass::DnsNotFound);
        }
        if !self.guard.permits_all(&egress.policy, &addresses, port) {
            return Err(FailureClass::EgressDenied);
        }
        // IPv4 first: where IPv6 is broken it tends to swallow packets rather than refuse them.
        addresses.sort_by_key(IpAddr::is_ipv6);
        addresses.truncate(MAX_ADDRESSES);
        Ok(addresses)
    }

    async fn resolve(&self, name: &str, deadline: Duration) -> Result<Vec<IpAddr>, FailureClass> {
        match tokio::time::timeout(dns_budget(deadline), self.resolver.resolve(name)).await {
            Ok(answer) => answer.map_err(failure::of_resolution),
            Err(_) => Err(FailureClass::DnsFailed),
        }
    }

    /// `localhost` is this machine by definition (RFC 6761, section 6.3) and nobody else's to answer for: of its two
    /// addresses, those that are open are used, and that one is closed spoils nothing.
    fn loopback(&self, egress: &Egress, port: u16) -> Result<Vec<IpAddr>, FailureClass> {
        let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let permits = |address: &IpAddr| self.guard.permits(&egress.policy, *address, port);
        let open: Vec<_> = both.into_iter().filter(permits).collect();
        if open.is_empty() { Err(FailureClass::EgressDenied) } else { Ok(open) }
    }
}

/// How much of a deadline a name may take.
fn dns_budget(deadline: Duration) -> Duration {
    (deadline / 2).min(MAX_DNS_TIME)
}

fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Tries one address after the other. None may use up the time of the next.
async fn dial(addresses: &[IpAddr], port: u16, deadline: Duration) -> Result<TcpStream, FailureClass> {
    let tries = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let share = if tries == 1 { deadline } else { deadline / tries.saturating_add(1) };
    let mut failed = None;
    for &address in addresses {
        let connecting = TcpStream::connect(SocketAddr::new(address, port));
        failed = match tokio::time::timeout(share, connecting).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => learn(failed, address, &error),
            Err(_) => Some(FailureClass::Timeout),
        };
    }
    Err(failed.unwrap_or(FailureClass::Unreachable))
}

/// What is known of a host after one more of its addresses has failed: the last thing that was told. That this machine has
/// no IPv6 tells nothing, and what else is missing here hides nothing that is known already: a host that is down would be
/// taken for a failure of ours as soon as it has an address that cannot be tried.
fn learn(known: Option<FailureClass>, address: IpAddr, error: &io::Error) -> Option<FailureClass> {
    if address.is_ipv6() && failure::says_no_ipv6(error) {
        return known;
    }
    match failure::of_io(error) {
        FailureClass::Local => known.or(Some(FailureClass::Local)),
        class => Some(class),
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::super::resolver::ResolveError;
    use super::*;
    use crate::domain::EgressPolicy;

    /// Says the same of every name.
    struct Says(Vec<IpAddr>);

    #[async_trait]
    impl Resolve for Says {
        async fn resolve(&self, _: &str) -> Result<Vec<IpAddr>, ResolveError> {
            Ok(self.0.clone())
        }
    }

    /// The vetted addresses of a name of which the name service says this, where 192.0.2.0/24 and `::1` are open.
    async fn vetted(answer: Vec<IpAddr>) -> Result<Vec<IpAddr>, FailureClass> {
        let open = ["192.0.2.0/24", "::1/128"].map(|network| network.parse().unwrap());
        let egress = Egress { policy: EgressPolicy::new(open.to_vec()), ..Egress::default() };
        let dialer = Dialer { resolver: Arc::new(Says(answer)), guard: Guard::default() };
        dialer.addresses(&egress, &Host::Name("hooks.test".into()), 443, Duration::from_secs(60)).await
    }

    #[test]
    fn a_name_may_take_half_of_the_deadline_and_five_seconds_at_most() {
        let budgets = [2, 10, 11, 3_600].map(|deadline| dns_budget(Duration::from_secs(deadline)));
        assert_eq!(budgets, [1, 5, 5, 5].map(Duration::from_secs));
    }

    #[tokio::test]
    async fn addresses_are_tried_in_the_order_of_the_answer_but_those_of_ipv4_first() {
        const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let v4 = |last| IpAddr::from([192, 0, 2, last]);
        assert_eq!(vetted(vec![V6, v4(2), V6, v4(1)]).await, Ok(vec![v4(2), v4(1), V6, V6]));
    }

    #[tokio::test]
    async fn eight_addresses_are_tried_but_one_beyond_them_spoils_an_answer_too() {
        let mut answer: Vec<_> = (1..=9).map(|last| IpAddr::from([192, 0, 2, last])).collect();
        assert_eq!(vetted(answer.clone()).await, Ok(answer[..8].to_vec()));
        answer[8] = Ipv4Addr::LOCALHOST.into();
        assert_eq!(vetted(answer).await, Err(FailureClass::EgressDenied));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_missing_here_hides_nothing_that_another_address_has_told() {
        use rustix::io::Errno;
        const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
        const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let learnt = |errors: &[(IpAddr, Errno)]| {
            errors.iter().fold(None, |known, (address, errno)| learn(known, *address, &(*errno).into()))
        };
        let (files, refused) = (Errno::MFILE, Errno::CONNREFUSED);
        let (no_v6, no_family) = (Errno::ADDRNOTAVAIL, Errno::AFNOSUPPORT);
        let down = Some(FailureClass::ConnectionRefused);
        for missing in [files, no_v6, no_family] {
            assert_eq!(learnt(&[(V4, refused), (V6, missing)]), down, "{missing:?}");
            assert_eq!(learnt(&[(V6, missing), (V4, refused)]), down, "{missing:?}");
        }
        // No ports are left: that there is no IPv6 beside does not make it the receiver's fault.
        assert_eq!(learnt(&[(V4, no_v6), (V6, no_v6)]), Some(FailureClass::Local));
        assert_eq!(learnt(&[(V4, files)]), Some(FailureClass::Local));
        // Where there is nothing else it cannot be reached from here, which is as if there were no route.
        assert_eq!((learnt(&[(V6, no_v6)]), learnt(&[(V6, no_family)])), (None, None));
    }

    #[tokio::test]
    async fn a_host_that_is_down_is_told_so_although_its_other_address_cannot_be_reached_from_here() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // Of the block for documentation. Whatever this machine makes of it, it is no failure of ours.
        let other = "2001:db8::1".parse().unwrap();
        let one = Ipv4Addr::LOCALHOST.into();
        for addresses in [&[one, other][..], &[other]] {
            let failed = dial(addresses, port, Duration::from_secs(3)).await.unwrap_err();
            assert_ne!(failed, FailureClass::Local, "{addresses:?}");
        }
    }
}
