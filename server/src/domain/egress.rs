//! Which addresses a tenant's webhooks may reach.
//!
//! By default only global unicast addresses: everything that could lead back into the operator's own network is
//! refused, in each of the forms an address can take (IPv4 inside IPv6 included). An operator may open networks for
//! a tenant; metadata services of clouds stay closed even then. The rule is applied to literals when a webhook is
//! made, and to every resolved address whenever a connection is opened.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address block such as `10.0.0.0/8`; a bare address is a block of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpNetwork(ipnet::IpNet);

/// A text that is not an address block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address block like 10.0.0.0/8 or fd00::/8")]
pub struct ParseNetworkError;

impl core::fmt::Display for IpNetwork {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl core::str::FromStr for IpNetwork {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, ParseNetworkError> {
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self(ip.into()));
        }
        text.parse().map(Self).map_err(|_| ParseNetworkError)
    }
}

/// A tenant's rule. [`Default`] opens nothing but the public internet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct EgressPolicy {
    allow: Vec<IpNetwork>,
}

impl EgressPolicy {
    /// Opens these networks in addition to the public internet.
    #[must_use]
    pub fn new(allow: Vec<IpNetwork>) -> Self {
        Self { allow }
    }

    /// What is open in addition to the public internet.
    #[must_use]
    pub fn allowed(&self) -> &[IpNetwork] {
        &self.allow
    }

    /// Whether a connection to this address is allowed.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = unmapped(address);
        if is_metadata_service(address)
            || carried_v4(address).is_some_and(|v4| is_metadata_service(v4.into()))
        {
            return false;
        }
        is_global_unicast(address) || self.allow.iter().any(|network| network.0.contains(&address))
    }
}

/// IPv4-mapped IPv6 addresses reach the IPv4 host, so they are judged as that host.
fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// The IPv4 address that a NAT64 (RFC 6052) or 6to4 (RFC 3056) address leads to.
fn carried_v4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    let pair = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(pair(high, low)),
        _ => None,
    }
}

/// Addresses at which clouds hand credentials to whoever asks from inside.
fn is_metadata_service(address: IpAddr) -> bool {
    const V4: [Ipv4Addr; 6] = [
        Ipv4Addr::new(169, 254, 170, 23),  // AWS EKS pod identity
        Ipv4Addr::new(169, 254, 169, 254), // AWS, Azure, Google, DigitalOcean, …
        Ipv4Addr::new(169, 254, 170, 2),   // AWS ECS task credentials
        Ipv4Addr::new(100, 100, 100, 200), // Alibaba
        Ipv4Addr::new(168, 63, 129, 16),   // Azure wire server
        Ipv4Addr::new(192, 0, 0, 192),     // Oracle
    ];
    const V6: [Ipv6Addr; 3] = [
        Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x23), // AWS EKS pod identity
        Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254), // AWS
        Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x254), // Google
    ];
    match address {
        IpAddr::V4(v4) => V4.contains(&v4),
        IpAddr::V6(v6) => V6.contains(&v6),
    }
}

fn is_global_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_global_v4(v4),
        IpAddr::V6(v6) => is_global_v6(v6),
    }
}

/// Everything but the blocks of the IANA IPv4 Special-Purpose Address Registry (RFC 6890) and multicast.
fn is_global_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(a == 0                                   // this network
        || a == 10                             // private
        || (a == 100 && (64..128).contains(&b))// shared address space
        || a == 127                            // loopback
        || (a == 169 && b == 254)              // link-local
        || (a == 172 && (16..32).contains(&b)) // private
        || (a == 192 && b == 0 && c == 0)      // protocol assignments
        || (a == 192 && b == 0 && c == 2)      // documentation
        || (a == 192 && b == 88 && c == 99)    // 6to4 relay
        || (a == 192 && b == 168)              // private
        || (a == 198 && (b == 18 || b == 19))  // benchmarking
        || (a == 198 && b == 51 && c == 100)   // documentation
        || (a == 203 && b == 0 && c == 113)    // documentation
        || a >= 224) // multicast, reserved, broadcast
}

/// Only `2000::/3` is global unicast; inside it, the blocks that carry IPv4 or are not for use are refused too
/// (IANA IPv6 Special-Purpose Address Registry). NAT64 (`64:ff9b::/96`) lies outside and is refused with the rest.
fn is_global_v6(v6: Ipv6Addr) -> bool {
    let [a, b, ..] = v6.segments();
    (a & 0xe000) == 0x2000
        && a != 0x2002                          // 6to4: carries IPv4
        && !(a == 0x2001 && b < 0x0200)         // protocol assignments: Teredo, ORCHID, benchmarking, …
        && !(a == 0x2001 && b == 0x0db8)        // documentation
        && !(a == 0x3fff && b < 0x1000)         // documentation
        && a != 0x3ffe // 6bone, returned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(policy: &EgressPolicy, address: &str) -> bool {
        policy.permits(address.parse().unwrap())
    }

    #[test]
    fn by_default_only_public_addresses_are_open() {
        let policy = EgressPolicy::default();
        for open in ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450::1", "172.32.0.1", "100.128.0.1"] {
            assert!(permits(&policy, open), "{open}");
        }
        for closed in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.1.1",
            "172.16.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
        ] {
            assert!(!permits(&policy, closed), "{closed}");
        }
    }

    #[test]
    fn an_opened_network_is_open_in_its_mapped_form_too_and_opens_nothing_else() {
        let policy = EgressPolicy::new(vec!["127.0.0.0/8".parse().unwrap(), "fd12::/16".parse().unwrap()]);
        for open in ["127.0.0.1", "::ffff:127.0.0.1", "fd12::7"] {
            assert!(permits(&policy, open), "{open}");
        }
        for closed in ["10.0.0.1", "::1", "fd13::1", "64:ff9b::7f00:1"] {
            assert!(!permits(&policy, closed), "{closed}");
        }
    }

    #[test]
    fn metadata_services_stay_closed_whatever_is_opened() {
        let policy = EgressPolicy::new(vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()]);
        for closed in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:ec2::254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
        ] {
            assert!(!permits(&policy, closed), "{closed}");
        }
        assert!(permits(&policy, "10.0.0.1"));
    }

    #[test]
    fn a_network_is_a_block_or_a_single_address() {
        assert!("10.0.0.0/8".parse::<IpNetwork>().is_ok());
        assert!("::1".parse::<IpNetwork>().is_ok());
        for bad in ["", "10.0.0.0/33", "localhost", "10.0.0/8"] {
            assert!(bad.parse::<IpNetwork>().is_err(), "{bad}");
        }
    }
}
