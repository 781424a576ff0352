//! What went wrong, told by the types of errors, never by their texts.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use super::resolver::ResolveError;
use crate::domain::FailureClass;

pub(super) fn of_resolution(error: ResolveError) -> FailureClass {
    match error {
        ResolveError::NotFound => FailureClass::DnsNotFound,
        ResolveError::Failed => FailureClass::DnsFailed,
        ResolveError::NotAsked => FailureClass::Local,
    }
}

/// Of a socket, or of a TLS session that speaks through one.
pub(super) fn of_io(error: &io::Error) -> FailureClass {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of_tls(tls);
    }
    if says_unreachable(error) {
        return FailureClass::Unreachable;
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => FailureClass::ConnectionRefused,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::UnexpectedEof
        | io::ErrorKind::WriteZero => FailureClass::ConnectionReset,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            FailureClass::Unreachable
        }
        // The kernel gave up before our own deadline did.
        io::ErrorKind::TimedOut => FailureClass::Timeout,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => FailureClass::InvalidResponse,
        // No file descriptors, no ports, a firewall of ours, …
        _ => FailureClass::Local,
    }
}

/// What Linux makes of an ICMP message that the host is unknown, is isolated, has no such protocol, is out of bounds, or did
/// not like the packet. These have no kind, or one that says something else. A receiver's firewall answers as it likes, so
/// that none of it may be taken for a failure of ours. What a firewall of this machine's drops has another one, `EPERM`.
#[cfg(target_os = "linux")]
fn says_unreachable(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(
        Errno::from_io_error(error),
        Some(
            Errno::HOSTDOWN
                | Errno::NONET
                | Errno::NOPROTOOPT
                | Errno::ACCESS
                | Errno::PROTO
                | Errno::OPNOTSUPP
                // A link-local address, of which nobody said on which link.
                | Errno::INVAL
        )
    )
}

#[cfg(not(target_os = "linux"))]
const fn says_unreachable(_: &io::Error) -> bool {
    false
}

/// Of a connection to an IPv6 address: whether this machine has none to speak from, because IPv6 is switched off or was
/// never there. That stays so, and is no other case than that of a machine which has no route there. That all ports are in
/// use looks the same, but passes.
pub(super) fn says_no_ipv6(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable || has_no_such_family(error)
}

#[cfg(target_os = "linux")]
fn has_no_such_family(error: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::AFNOSUPPORT)
}

#[cfg(not(target_os = "linux"))]
const fn has_no_such_family(_: &io::Error) -> bool {
    false
}

fn of_tls(error: &rustls::Error) -> FailureClass {
    let rustls::Error::InvalidCertificate(error) = error else { return FailureClass::TlsHandshake };
    match error {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => FailureClass::TlsCertificateExpired,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            FailureClass::TlsWrongHost
        }
        CertificateError::UnknownIssuer => FailureClass::TlsUnknownIssuer,
        CertificateError::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            // What `openssl req -x509` makes: self-signed, and marked as an authority.
            Some(webpki::Error::CaUsedAsEndEntity) => FailureClass::TlsUnknownIssuer,
            _ => FailureClass::TlsHandshake,
        },
        _ => FailureClass::TlsHandshake,
    }
}

/// Of an HTTP exchange.
pub(super) fn of_http(error: &hyper::Error) -> FailureClass {
    if let Some(io) = io_source(error) {
        return of_io(io);
    }
    if error.is_parse() {
        FailureClass::InvalidResponse
    } else if error.is_user() {
        FailureClass::Local
    } else {
        // Closed before or within the answer.
        FailureClass::ConnectionReset
    }
}

fn io_source(error: &hyper::Error) -> Option<&io::Error> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref() {
            return Some(io);
        }
        source = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_descriptor_is_not_the_receivers_fault() {
        for code in [23, 24] {
            assert_eq!(of_io(&io::Error::from_raw_os_error(code)), FailureClass::Local);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_the_network_says_of_a_host_is_not_ours() {
        use rustix::io::Errno;
        for code in [
            Errno::HOSTUNREACH,
            Errno::HOSTDOWN,
            Errno::NONET,
            Errno::NOPROTOOPT,
            // Administratively prohibited, a parameter problem, a source route that failed.
            Errno::ACCESS,
            Errno::PROTO,
            Errno::OPNOTSUPP,
            Errno::INVAL,
        ] {
            assert_eq!(of_io(&code.into()), FailureClass::Unreachable, "{code:?}");
        }
        assert_eq!(of_io(&Errno::PERM.into()), FailureClass::Local, "a firewall here");
    }

    #[test]
    fn kinds_of_connection_trouble_are_told_apart() {
        use io::ErrorKind as Kind;
        for (kind, class) in [
            (Kind::ConnectionRefused, FailureClass::ConnectionRefused),
            (Kind::ConnectionReset, FailureClass::ConnectionReset),
            (Kind::UnexpectedEof, FailureClass::ConnectionReset),
            (Kind::HostUnreachable, FailureClass::Unreachable),
            (Kind::NetworkUnreachable, FailureClass::Unreachable),
            (Kind::TimedOut, FailureClass::Timeout),
            (Kind::AddrNotAvailable, FailureClass::Local),
        ] {
            assert_eq!(of_io(&kind.into()), class, "{kind:?}");
        }
    }
}
