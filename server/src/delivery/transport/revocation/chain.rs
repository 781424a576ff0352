//! From the certificates that a receiver presents to what must be looked up about them.

use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{Cert, EndEntityCert, KeyUsage};
use x509_parser::asn1_rs::{Sequence, ToDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

use super::algorithms;
use crate::domain::{Endpoint, Timestamp, Transport};

/// A certificate that is valid for so long at most is not looked up: it ends about as soon as its revocation would be
/// known (the forum of authorities and browsers calls it short-lived, and it need not say where lists are).
const SHORT_LIVED: i64 = 10 * 24 * 60 * 60;

/// Places of one certificate's lists that are looked at.
const MAX_PLACES: usize = 4;

/// Who signed a certificate, and so signs the list on which it may stand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Issuer {
    /// Its name: the content of a DER `Name`.
    pub(super) name: Vec<u8>,
    /// Its public key: a DER `SubjectPublicKeyInfo`.
    pub(super) key: Vec<u8>,
}

/// A certificate that may have been revoked.
pub(super) struct Subject {
    pub(super) issuer: Arc<Issuer>,
    /// The content of the DER `INTEGER`.
    pub(super) serial: Vec<u8>,
    /// Whether it is the receiver's own, not an authority's.
    pub(super) is_end_entity: bool,
    /// Where its issuer says that it publishes its lists: as the certificate has it.
    pub(super) uris: Vec<String>,
    /// Those of them that can be asked.
    pub(super) places: Vec<Endpoint>,
}

/// The certificates to look up, from the receiver's own upwards: those between it and the authority of ours that
/// vouches for it. `None` when it is not vouched for, or a certificate on the way cannot be read.
pub(super) fn subjects(
    presented: &[CertificateDer<'_>],
    roots: &RootCertStore,
    now: Timestamp,
) -> Option<Vec<Subject>> {
    let (first, others) = presented.split_first()?;
    let end_entity = EndEntityCert::try_from(first).ok()?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now.as_second().try_into().ok()?));
    // TLS has done this already, but does not tell which way it went: not every certificate presented need be on it.
    // The way has at most seven certificates.
    let path = end_entity
        .verify_for_usage(algorithms().all, &roots.roots, others, now, KeyUsage::server_auth(), None, None)
        .ok()?;
    let anchor = path.anchor();
    let anchor_key = Sequence::new(anchor.subject_public_key_info.as_ref().into()).to_der_vec().ok()?;
    let mut chain: Vec<&Cert<'_>> = vec![path.end_entity()];
    chain.extend(path.intermediate_certificates());
    let mut subjects = Vec::with_capacity(chain.len());
    for (index, certificate) in chain.iter().enumerate() {
        let is_anchor = certificate.subject() == anchor.subject.as_ref()
            && certificate.subject_public_key_info().as_ref() == anchor_key;
        if is_anchor {
            // Trusted as it is: nobody is above it.
            continue;
        }
        let (key, signs_lists) = match chain.get(index + 1) {
            Some(issuer) => (issuer.subject_public_key_info().as_ref().to_vec(), signs_lists(issuer)?),
            // What an anchor may do is not known; it is trusted with all.
            None => (anchor_key.clone(), true),
        };
        let issuer = Arc::new(Issuer { name: certificate.issuer().to_vec(), key });
        subjects.extend(subject(certificate, issuer, signs_lists, index == 0)?);
    }
    Some(subjects)
}

/// Whether an authority's certificate lets it sign lists. One that does not say what it is for is for everything.
fn signs_lists(certificate: &Cert<'_>) -> Option<bool> {
    let der = certificate.der();
    let (_, parsed) = X509Certificate::from_der(&der).ok()?;
    Some(parsed.key_usage().ok()?.is_none_or(|usage| usage.value.crl_sign()))
}

/// What to look up about a certificate; nothing if it is short-lived.
fn subject(
    certificate: &Cert<'_>,
    issuer: Arc<Issuer>,
    issuer_signs_lists: bool,
    is_end_entity: bool,
) -> Option<Option<Subject>> {
    let der = certificate.der();
    let (_, parsed) = X509Certificate::from_der(&der).ok()?;
    let validity = parsed.validity();
    if validity.not_after.timestamp().saturating_sub(validity.not_before.timestamp()) <= SHORT_LIVED {
        return Some(None);
    }
    let uris = if issuer_signs_lists { uris(&parsed) } else { Vec::new() };
    let endpoints = uris.iter().filter_map(|uri| Endpoint::parse(uri).ok());
    let places = endpoints.filter(|place| place.transport() == Transport::Http).take(MAX_PLACES).collect();
    let serial = certificate.serial().to_vec();
    Some(Some(Subject { issuer, serial, is_end_entity, uris, places }))
}

/// Where the lists are. Lists that somebody else signs, or that leave out some reasons, prove nothing here.
fn uris(certificate: &X509Certificate<'_>) -> Vec<String> {
    let points = certificate.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::CRLDistributionPoints(points) => Some(&points.points),
        _ => None,
    });
    let points = points.into_iter().flatten();
    let whole = points.filter(|point| point.crl_issuer.is_none() && point.reasons.is_none());
    let names = whole.filter_map(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => Some(names),
        Some(DistributionPointName::NameRelativeToCRLIssuer(_)) | None => None,
    });
    let uris = names.flatten().filter_map(|name| match name {
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        _ => None,
    });
    uris.collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CustomExtension, KeyPair};

    use super::*;

    /// DER of less than 128 bytes.
    fn der(tag: u8, content: &[&[u8]]) -> Vec<u8> {
        let content = content.concat();
        let length = u8::try_from(content.len()).unwrap();
        assert!(length < 128);
        [&[tag, length], &content[..]].concat()
    }

    /// A `DistributionPoint` of a list at this place, which goes on like this.
    fn point(uri: &str, rest: &[u8]) -> Vec<u8> {
        let names = der(0xa0, &[&der(0x86, &[uri.as_bytes()])]);
        der(0x30, &[&der(0xa0, &[&names]), rest])
    }

    #[test]
    fn lists_of_some_reasons_and_of_other_signers_are_not_taken_for_whole_ones() {
        // That a key was compromised is told there, and nothing else.
        let some_reasons = point("http://some.test/", &der(0x81, &[&[6, 0x40]]));
        let name_of_nothing = der(0xa4, &[&der(0x30, &[])]);
        let other_signer = point("http://other.test/", &der(0xa2, &[&name_of_nothing]));
        let whole = point("http://whole.test/", &[]);
        let points = der(0x30, &[&some_reasons, &other_signer, &whole]);
        let mut params = CertificateParams::new(vec!["hooks.test".to_owned()]).unwrap();
        params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 31], points));
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let (_, parsed) = X509Certificate::from_der(certificate.der()).unwrap();
        assert_eq!(uris(&parsed), ["http://whole.test/"]);
    }
}
