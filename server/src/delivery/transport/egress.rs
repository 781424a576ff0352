//! Whether a connection may be opened: the guard between tenants and the operator's own network.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use crate::domain::EgressPolicy;

/// Vets addresses right before a connection to them is opened.
#[derive(Clone, Debug, Default)]
pub(in crate::delivery) struct Guard {
    own_listeners: Vec<SocketAddr>,
}

impl Guard {
    /// A guard of a server that listens at these addresses itself.
    pub(in crate::delivery) fn new(own_listeners: Vec<SocketAddr>) -> Self {
        Self { own_listeners }
    }

    /// Whether a tenant with this policy may connect there: the policy permits it and it is none of our own
    /// listeners, through which a webhook would act with the trust that local callers have.
    pub(in crate::delivery) fn permits(&self, policy: &EgressPolicy, address: IpAddr, port: u16) -> bool {
        policy.permits(address) && !self.own_listeners.iter().any(|own| reaches(address, port, *own))
    }

    /// Vets an answer of the name service. One forbidden address spoils it: who mixes public and private addresses
    /// is trying to get at the private ones.
    pub(in crate::delivery) fn permits_all(
        &self,
        policy: &EgressPolicy,
        addresses: &[IpAddr],
        port: u16,
    ) -> bool {
        addresses.iter().all(|&address| self.permits(policy, address, port))
    }
}

/// Whether a connection to the address would arrive at the listener.
fn reaches(address: IpAddr, port: u16, listener: SocketAddr) -> bool {
    if port != listener.port() {
        return false;
    }
    let (address, own) = (address.to_canonical(), listener.ip().to_canonical());
    // The kernel takes a connection to the unspecified address to this very machine.
    address == own || address.is_unspecified() || (own.is_unspecified() && is_this_machine(address))
}

/// Only addresses of this machine can be bound to. What cannot be found out counts as this machine.
fn is_this_machine(address: IpAddr) -> bool {
    match UdpSocket::bind((address, 0)) {
        Ok(_) => true,
        Err(error) => error.kind() != std::io::ErrorKind::AddrNotAvailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(own: &str) -> Guard {
        Guard::new(vec![own.parse().unwrap()])
    }

    fn open() -> EgressPolicy {
        EgressPolicy::new(vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()])
    }

    fn permits(guard: &Guard, address: &str, port: u16) -> bool {
        guard.permits(&open(), address.parse().unwrap(), port)
    }

    #[test]
    fn an_own_listener_is_never_reached_in_any_spelling() {
        let guard = guard("127.0.0.1:8080");
        for closed in ["127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0", "::"] {
            assert!(!permits(&guard, closed, 8080), "{closed}");
        }
        assert!(permits(&guard, "127.0.0.1", 8081));
        assert!(permits(&guard, "127.0.0.2", 8080));
        assert!(permits(&guard, "192.0.2.7", 8080));
    }

    #[test]
    fn a_listener_on_every_address_closes_every_address_of_this_machine() {
        for guard in [guard("0.0.0.0:8080"), guard("[::]:8080")] {
            for closed in ["127.0.0.1", "127.8.9.10", "::ffff:127.0.0.1"] {
                assert!(!permits(&guard, closed, 8080), "{closed}");
            }
            assert!(permits(&guard, "192.0.2.7", 8080));
            assert!(permits(&guard, "127.0.0.1", 8081));
        }
    }

    #[test]
    fn one_forbidden_address_spoils_an_answer() {
        let guard = Guard::default();
        let policy = EgressPolicy::default();
        let answer = |addresses: &[&str]| -> bool {
            let addresses: Vec<_> = addresses.iter().map(|address| address.parse().unwrap()).collect();
            guard.permits_all(&policy, &addresses, 443)
        };
        assert!(answer(&["8.8.8.8", "2606:4700::1111"]));
        assert!(!answer(&["8.8.8.8", "127.0.0.1"]));
        assert!(!answer(&["8.8.8.8", "::ffff:10.0.0.1"]));
    }
}
