//! What came of an attempt, in words.

use crate::domain::{Failure, FailureClass, Outcome, Phase};

/// What came of an attempt, as the end of a sentence or as one of its own. It tells no address and nothing of what was
/// answered but the status.
#[must_use]
pub fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Response { status: status @ 300..=399, .. } => {
            format!("the receiver answered {status}, and redirects are not followed")
        }
        Outcome::Response { status, .. } => format!("the receiver answered {status}"),
        Outcome::Failed(failure) => of_failure(*failure).to_owned(),
    }
}

const fn of_failure(Failure { class, phase }: Failure) -> &'static str {
    match (class, phase) {
        (FailureClass::Timeout, Phase::Connect) => "no connection was made in time",
        (FailureClass::Timeout, Phase::Exchange) => "no complete answer came in time",
        (FailureClass::DnsNotFound, _) => "the host name has no address",
        (FailureClass::DnsFailed, _) => "the host name could not be looked up",
        (FailureClass::EgressDenied, _) => "the url leads to an address that this tenant may not reach",
        (FailureClass::ConnectionRefused, _) => "the connection was refused: nobody listens there",
        (FailureClass::ConnectionReset, Phase::Connect) => "the connection was closed while it was made",
        (FailureClass::ConnectionReset, Phase::Exchange) => "the connection was closed before an answer came",
        (FailureClass::Unreachable, _) => "the network or the host cannot be reached",
        (FailureClass::TlsCertificateExpired, _) => {
            "the receiver's certificate has expired or is not valid yet"
        }
        (FailureClass::TlsWrongHost, _) => "the receiver's certificate is for another host",
        (FailureClass::TlsUnknownIssuer, _) => {
            "the receiver's certificate is from an issuer that is not trusted"
        }
        (FailureClass::TlsRevoked, _) => "the receiver's certificate has been revoked",
        (FailureClass::TlsRevocationUnknown, _) => {
            "whether the receiver's certificate has been revoked could not be found out"
        }
        (FailureClass::TlsHandshake, _) => "the TLS handshake failed",
        (FailureClass::InvalidResponse, _) => "the answer is not HTTP, or its head is too large",
        (FailureClass::Local, _) => "the server could not make the attempt; try again",
    }
}
