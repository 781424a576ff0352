//! Whether a receiver's certificates have been revoked.
//!
//! # Theory
//! A certificate names places where its issuer publishes lists of what it has revoked. They are fetched like anything
//! that a tenant's webhooks make this server fetch: through the guard, under the tenant's policy. It happens after
//! TLS has proven who the receiver is, so that only places which a trusted authority has signed are ever asked.
//!
//! Guarantees:
//! - A chain is good only if every certificate below the trust anchor is valid for ten days or less, or stands under
//!   its issuer on a list that is signed by this very issuer, in force now, and about this certificate; and is not
//!   named by it. Whatever cannot be found out is refused.
//! - A list is at most 20 MiB and comes over plain http, without redirects: its signature is what makes it good, and
//!   checking another certificate in order to get it would have no end.
//! - However many exchanges need a list, it is fetched once; and again after [`MAX_AGE`], or when it is out of date.
//!   If that fails, the old one serves as long as it is in force.
//! - Chains, places per certificate, fetches under way, lists kept and their memory are all bounded.
//!
//! Not guaranteed: that what an authority revoked within [`MAX_AGE`] is known here.

mod cache;
mod chain;
mod list;

use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::crypto::{WebPkiSupportedAlgorithms, ring};
use rustls_pki_types::CertificateDer;

use self::cache::Lists;
use self::chain::Subject;
use super::dialer::Dialer;
use super::policy::Policy;
use crate::clock::Clock;
use crate::domain::FailureClass;

/// How long a list is used before it is asked for again, and a connection before it must be proven again.
pub(super) const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// Checks the certificates of receivers.
pub(super) struct Revocation {
    lists: Lists,
    clock: Arc<dyn Clock>,
}

impl Revocation {
    pub(super) fn new(dialer: Arc<Dialer>, clock: Arc<dyn Clock>) -> Self {
        Self { lists: Lists::new(dialer, Arc::clone(&clock)), clock }
    }

    /// Checks a chain as it was presented, the receiver's own certificate first. It may take half of the exchange's
    /// deadline: a list that does not come is a refusal with a name, before it is a timeout.
    pub(super) async fn check(
        &self,
        policy: &Arc<Policy>,
        roots: &RootCertStore,
        chain: &[CertificateDer<'_>],
        deadline: Duration,
    ) -> Result<(), FailureClass> {
        let unknown = FailureClass::TlsRevocationUnknown;
        let subjects = chain::subjects(chain, roots, self.clock.now()).ok_or(unknown)?;
        let budget = deadline / 2;
        let checking = async {
            for subject in &subjects {
                self.check_one(policy, subject, budget).await?;
            }
            Ok(())
        };
        tokio::time::timeout(budget, checking).await.unwrap_or(Err(unknown))
    }

    /// The first list that says anything about a certificate decides. None of its places may use up the time of the
    /// next.
    async fn check_one(
        &self,
        policy: &Arc<Policy>,
        subject: &Subject,
        budget: Duration,
    ) -> Result<(), FailureClass> {
        let places = u32::try_from(subject.places.len()).unwrap_or(u32::MAX);
        for place in &subject.places {
            let getting = self.lists.get(policy, &subject.issuer, place);
            let got = tokio::time::timeout(budget / places.max(1), getting).await;
            let Ok(Some(list)) = got else { continue };
            match list.revokes(subject) {
                Some(false) => return Ok(()),
                Some(true) => return Err(FailureClass::TlsRevoked),
                None => {}
            }
        }
        Err(FailureClass::TlsRevocationUnknown)
    }
}

/// With what certificates and lists may be signed.
fn algorithms() -> WebPkiSupportedAlgorithms {
    ring::default_provider().signature_verification_algorithms
}
