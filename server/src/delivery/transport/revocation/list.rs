//! A list of revoked certificates, read and proven.

use rustls_pki_types::SubjectPublicKeyInfoDer;
use webpki::{BorrowedCertRevocationList, CertRevocationList, RawPublicKeyEntity};
use x509_parser::asn1_rs::Any;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use super::algorithms;
use super::chain::{Issuer, Subject};
use crate::domain::Timestamp;

/// The longest serial number: the standard allows for 20 bytes, and some have a zero in front.
const MAX_SERIAL: usize = 24;

/// What an issuer has revoked. Of each certificate only the number is kept.
#[derive(Debug)]
pub(super) struct List {
    this_update: i64,
    next_update: i64,
    scope: Option<Scope>,
    /// In ascending order.
    revoked: Box<[Serial]>,
}

/// Which certificates a list is about, where it is not about all of its issuer's.
#[derive(Debug, Default, PartialEq, Eq)]
struct Scope {
    only_end_entities: bool,
    only_authorities: bool,
    /// About those that name one of these places.
    uris: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Serial {
    length: u8,
    bytes: [u8; MAX_SERIAL],
}

impl Serial {
    fn new(content: &[u8]) -> Option<Self> {
        let mut bytes = [0; MAX_SERIAL];
        bytes.get_mut(..content.len())?.copy_from_slice(content);
        Some(Self { length: content.len().try_into().ok()?, bytes })
    }
}

/// Why bytes are no list that can be relied on.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadList {
    /// They are no list, or one of a kind that is not known here.
    #[error("it is not a revocation list, or one of a kind that is not supported")]
    Malformed,
    /// Somebody else's.
    #[error("it is another issuer's")]
    OtherIssuer,
    /// The issuer did not sign it.
    #[error("its signature is not the issuer's")]
    Signature,
}

impl From<webpki::Error> for BadList {
    fn from(_: webpki::Error) -> Self {
        Self::Malformed
    }
}

impl List {
    /// Reads a list that this issuer must have signed.
    pub(super) fn read(der: &[u8], issuer: &Issuer) -> Result<Self, BadList> {
        let borrowed = BorrowedCertRevocationList::from_der(der)?;
        let signed = Signed::split(der).ok_or(BadList::Malformed)?;
        signed.verify(&issuer.key)?;
        let mut revoked = Vec::new();
        for certificate in &borrowed {
            revoked.push(Serial::new(certificate?.serial_number).ok_or(BadList::Malformed)?);
        }
        revoked.sort_unstable();
        let (this_update, next_update) = signed.period().ok_or(BadList::Malformed)?;
        let list = CertRevocationList::from(borrowed);
        if list.issuer() != issuer.name {
            return Err(BadList::OtherIssuer);
        }
        let scope = match list.issuing_distribution_point() {
            None => None,
            Some(point) => Some(Scope::read(point).ok_or(BadList::Malformed)?),
        };
        Ok(Self { this_update, next_update, scope, revoked: revoked.into() })
    }

    /// Whether it is in force.
    pub(super) fn is_current(&self, now: Timestamp) -> bool {
        (self.this_update..self.next_update).contains(&now.as_second())
    }

    /// How much memory it takes, about.
    pub(super) fn weight(&self) -> usize {
        size_of::<Self>() + size_of_val::<[Serial]>(&self.revoked)
    }

    /// Whether a certificate of its issuer's is on it; `None` if it is not about this certificate.
    pub(super) fn revokes(&self, subject: &Subject) -> Option<bool> {
        if self.scope.as_ref().is_some_and(|scope| !scope.includes(subject)) {
            return None;
        }
        let serial = Serial::new(&subject.serial)?;
        Some(self.revoked.binary_search(&serial).is_ok())
    }
}

impl Scope {
    /// Reads an `IssuingDistributionPoint`. Parts that would make it anything but a whole list under the issuer's own
    /// name have been refused before.
    fn read(der: &[u8]) -> Option<Self> {
        let mut scope = Self::default();
        let (_, sequence) = Any::from_der(der).ok()?;
        for part in parts(sequence.data) {
            let part = part?;
            match part.tag().0 {
                0 => {
                    let (_, name) = Any::from_der(part.data).ok()?;
                    for name in parts(name.data) {
                        let name = name?;
                        if name.tag().0 == URI {
                            scope.uris.push(core::str::from_utf8(name.data).ok()?.to_owned());
                        }
                    }
                }
                1 => scope.only_end_entities = part.data != [0],
                2 => scope.only_authorities = part.data != [0],
                _ => return None,
            }
        }
        Some(scope)
    }

    fn includes(&self, subject: &Subject) -> bool {
        let kind = if subject.is_end_entity { !self.only_authorities } else { !self.only_end_entities };
        // Without this, one list of many under one name could be put in the place of another.
        kind && self.uris.iter().any(|uri| subject.uris.contains(uri))
    }
}

/// The tag of a URI among general names.
const URI: u32 = 6;

/// The values that stand one after the other; `None` where one is broken, and then no more.
fn parts(mut content: &[u8]) -> impl Iterator<Item = Option<Any<'_>>> {
    core::iter::from_fn(move || {
        if content.is_empty() {
            return None;
        }
        let part = Any::from_der(content).ok();
        content = part.as_ref().map_or(&[], |(rest, _)| *rest);
        Some(part.map(|(_, part)| part))
    })
}

/// The parts of a signed list.
struct Signed<'a> {
    /// What is signed, and its content.
    signed: &'a [u8],
    content: &'a [u8],
    /// The content of the `AlgorithmIdentifier`.
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    fn split(der: &'a [u8]) -> Option<Self> {
        let (_, outer) = Any::from_der(der).ok()?;
        let (rest, content) = Any::from_der(outer.data).ok()?;
        let signed = outer.data.get(..outer.data.len() - rest.len())?;
        let (rest, algorithm) = Any::from_der(rest).ok()?;
        let (_, signature) = Any::from_der(rest).ok()?;
        // A whole number of bytes.
        let signature = signature.data.strip_prefix(&[0])?;
        Some(Self { signed, content: content.data, algorithm: algorithm.data, signature })
    }

    fn verify(&self, key: &[u8]) -> Result<(), BadList> {
        let key = SubjectPublicKeyInfoDer::from(key);
        let key = RawPublicKeyEntity::try_from(&key).map_err(|_| BadList::Signature)?;
        let named =
            algorithms().all.iter().filter(|known| known.signature_alg_id().as_ref() == self.algorithm);
        // One name may stand for several, by the kind of key.
        let verifies = |known: &&dyn rustls_pki_types::SignatureVerificationAlgorithm| {
            key.verify_signature(*known, self.signed, self.signature).is_ok()
        };
        if named.copied().any(|known| verifies(&known)) { Ok(()) } else { Err(BadList::Signature) }
    }

    /// From when until when it is in force, in seconds.
    fn period(&self) -> Option<(i64, i64)> {
        // Version, algorithm and issuer come before.
        let mut rest = self.content;
        for _ in 0..3 {
            (rest, _) = Any::from_der(rest).ok()?;
        }
        let (rest, this_update) = ASN1Time::from_der(rest).ok()?;
        let (_, next_update) = ASN1Time::from_der(rest).ok()?;
        Some((this_update.timestamp(), next_update.timestamp()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl List {
        /// One that is as large as a list with so many numbers.
        pub(in super::super) fn test_with_serials(count: usize) -> Self {
            let serial = Serial { length: 0, bytes: [0; MAX_SERIAL] };
            Self { this_update: 0, next_update: 0, scope: None, revoked: vec![serial; count].into() }
        }
    }

    fn der() -> (Vec<u8>, Issuer) {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let authority = rcgen::CertifiedIssuer::self_signed(params, key).unwrap();
        let certificate = webpki::EndEntityCert::try_from(authority.der()).unwrap();
        let key = certificate.subject_public_key_info().as_ref().to_vec();
        let issuer = Issuer { name: certificate.subject().to_vec(), key };
        let uris = vec!["http://x.test/".to_owned()];
        let params = rcgen::CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2020, 1, 1),
            next_update: rcgen::date_time_ymd(2020, 1, 2),
            crl_number: 1.into(),
            issuing_distribution_point: Some(rcgen::CrlIssuingDistributionPoint {
                distribution_point: rcgen::CrlDistributionPoint { uris },
                scope: Some(rcgen::CrlScope::UserCertsOnly),
            }),
            revoked_certs: [300_u64, 2]
                .map(|serial| rcgen::RevokedCertParams {
                    serial_number: serial.into(),
                    revocation_time: rcgen::date_time_ymd(2020, 1, 1),
                    reason_code: Some(rcgen::RevocationReason::KeyCompromise),
                    invalidity_date: None,
                })
                .to_vec(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        (params.signed_by(&authority).unwrap().der().to_vec(), issuer)
    }

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let (der, issuer) = der();
        let list = List::read(&der, &issuer).unwrap();
        let serials = [&[2][..], &[1, 44]].map(|serial| Serial::new(serial).unwrap());
        assert_eq!(*list.revoked, serials);
        let scope =
            Scope { only_end_entities: true, only_authorities: false, uris: vec!["http://x.test/".into()] };
        assert_eq!(list.scope, Some(scope));
        for (time, current) in [
            ("2019-12-31T23:59:59Z", false),
            ("2020-01-01T00:00:00Z", true),
            ("2020-01-01T23:59:59Z", true),
            ("2020-01-02T00:00:00Z", false),
        ] {
            assert_eq!(list.is_current(time.parse().unwrap()), current, "{time}");
        }
        let other = Issuer { name: b"other".to_vec(), ..issuer };
        assert!(matches!(List::read(&der, &other), Err(BadList::OtherIssuer)));
    }

    proptest! {
        #[test]
        fn a_list_of_which_any_byte_was_changed_is_refused(at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let (mut der, issuer) = der();
            let at = at.index(der.len());
            prop_assume!(der[at] != to);
            der[at] = to;
            prop_assert!(List::read(&der, &issuer).is_err());
        }

        #[test]
        fn no_bytes_at_all_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let issuer = Issuer { name: Vec::new(), key: bytes.clone() };
            prop_assert!(List::read(&bytes, &issuer).is_err());
            if let Some(signed) = Signed::split(&bytes) {
                let _ = (signed.period(), signed.verify(&bytes));
            }
            let _ = Scope::read(&bytes);
        }
    }
}
