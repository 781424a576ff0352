//! A tenant's rules for leaving, made ready for use.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_rustls::TlsConnector;

use super::unproven::Unproven;
use crate::domain::{Egress, Tenant, TenantId};

/// Names a policy. Tenants with equal rules share one; any difference, even in the file a certificate comes from,
/// makes another, and connections are never shared between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::delivery) struct PolicyId(u64);

#[cfg(test)]
impl PolicyId {
    pub(super) const fn test(id: u64) -> Self {
        Self(id)
    }
}

/// What a tenant's connections obey.
pub(in crate::delivery) struct Policy {
    pub(super) id: PolicyId,
    pub(super) egress: Egress,
    pub(super) tls: TlsConnector,
    /// The authorities under which revocation is checked, if it is.
    pub(super) revocable_under: Option<Arc<RootCertStore>>,
}

#[cfg(test)]
impl Policy {
    /// One that allows these connections, whoever is at their other end.
    pub(super) fn test(egress: Egress) -> Self {
        Self { id: PolicyId::test(1), egress, tls: unproven(), revocable_under: None }
    }
}

/// A tenant's certification authorities cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaFileError {
    /// The file cannot be read, or is not PEM.
    #[error("ca_file {path} cannot be read as PEM")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rustls_pki_types::pem::Error,
    },
    /// The file has no certificate.
    #[error("ca_file {path} contains no certificate")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A certificate in the file cannot be used as an authority.
    #[error("ca_file {path} contains a certificate that cannot be used as an authority")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rustls::Error,
    },
}

/// All policies in use.
pub(in crate::delivery) struct Policies {
    roots: Arc<RootCertStore>,
    plain: TlsConnector,
    compiled: Mutex<Compiled>,
}

/// What a receiver must prove. Part of a policy, so that no connection with less proof is ever used by a webhook that
/// wants more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::delivery) enum Proof {
    /// Nothing.
    Waived,
    /// Who it is.
    Required,
    /// Who it is, and that none of the certificates that say so has been revoked.
    Unrevoked,
}

#[derive(Default)]
struct Compiled {
    by_tenant: HashMap<(TenantId, Proof), (Arc<Tenant>, Arc<Policy>)>,
    made: u64,
}

impl Policies {
    /// Loads the certification authorities that the system trusts.
    pub(in crate::delivery) fn new() -> Self {
        let loaded = rustls_native_certs::load_native_certs();
        for error in &loaded.errors {
            tracing::warn!(%error, "a certification authority of the system cannot be loaded");
        }
        let mut roots = RootCertStore::empty();
        let (usable, _) = roots.add_parsable_certificates(loaded.certs);
        if usable == 0 {
            tracing::warn!("the system trusts no certification authority: https only works with a ca_file");
        }
        let roots = Arc::new(roots);
        let plain = proven(&roots);
        Self { roots, plain, compiled: Mutex::default() }
    }

    /// The policy of a tenant's webhooks, as it is configured now.
    ///
    /// # Errors
    /// [`CaFileError`] when its authorities cannot be loaded.
    pub(in crate::delivery) fn of(
        &self,
        tenant: &Arc<Tenant>,
        proof: Proof,
    ) -> Result<Arc<Policy>, CaFileError> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, policy)) = compiled.by_tenant.get(&(tenant.id, proof))
            && Arc::ptr_eq(known, tenant)
        {
            return Ok(Arc::clone(policy));
        }
        let same = compiled
            .by_tenant
            .iter()
            .find(|((_, known), (_, policy))| *known == proof && policy.egress == tenant.egress);
        let policy = match same {
            Some((_, (_, policy))) => Arc::clone(policy),
            None => {
                let (tls, revocable_under) = self.tls(proof, tenant.egress.ca_file.as_deref())?;
                compiled.made += 1;
                let (id, egress) = (PolicyId(compiled.made), tenant.egress.clone());
                Arc::new(Policy { id, egress, tls, revocable_under })
            }
        };
        compiled.by_tenant.insert((tenant.id, proof), (Arc::clone(tenant), Arc::clone(&policy)));
        Ok(policy)
    }

    /// Forgets all but these tenants.
    pub(in crate::delivery) fn retain(&self, stays: impl Fn(TenantId) -> bool) {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        compiled.by_tenant.retain(|(tenant, _), _| stays(*tenant));
    }

    #[cfg(test)]
    pub(in crate::delivery) fn len(&self) -> usize {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner).by_tenant.len()
    }

    /// How sessions are made, and under which authorities revocation is checked, if it is.
    fn tls(
        &self,
        proof: Proof,
        ca_file: Option<&Path>,
    ) -> Result<(TlsConnector, Option<Arc<RootCertStore>>), CaFileError> {
        let roots = || match ca_file {
            None => Ok(Arc::clone(&self.roots)),
            Some(path) => with_authorities((*self.roots).clone(), path).map(Arc::new),
        };
        match (proof, ca_file) {
            (Proof::Waived, _) => Ok((unproven(), None)),
            (Proof::Required, None) => Ok((self.plain.clone(), None)),
            (Proof::Required, Some(_)) => Ok((proven(&roots()?), None)),
            // Of its own: no session made without the check is resumed under it.
            (Proof::Unrevoked, _) => {
                let roots = roots()?;
                Ok((proven(&roots), Some(roots)))
            }
        }
    }
}

/// Whether deliveries could be made under the certification authorities in a file.
///
/// # Errors
/// [`CaFileError`] when they could not.
pub fn check_authorities(path: &Path) -> Result<(), CaFileError> {
    with_authorities(RootCertStore::empty(), path).map(drop)
}

fn with_authorities(mut roots: RootCertStore, path: &Path) -> Result<RootCertStore, CaFileError> {
    let read_error = |source| CaFileError::Read { path: path.to_owned(), source };
    let certificates = CertificateDer::pem_file_iter(path).map_err(read_error)?;
    let mut count = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(read_error)?;
        roots
            .add(certificate)
            .map_err(|source| CaFileError::Certificate { path: path.to_owned(), source })?;
        count += 1;
    }
    if count == 0 { Err(CaFileError::Empty { path: path.to_owned() }) } else { Ok(roots) }
}

fn connector(
    verifying: impl FnOnce(
        ConfigBuilder<ClientConfig, WantsVerifier>,
    ) -> ConfigBuilder<ClientConfig, WantsClientCert>,
) -> TlsConnector {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the ring provider supports the default protocol versions");
    let mut config = verifying(builder).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    TlsConnector::from(Arc::new(config))
}

/// Takes receivers that are certified under these authorities.
fn proven(roots: &Arc<RootCertStore>) -> TlsConnector {
    connector(|config| config.with_root_certificates(Arc::clone(roots)))
}

/// Encrypts, but to whom nobody knows: what `verifyTls: false` asks for.
fn unproven() -> TlsConnector {
    connector(|config| config.dangerous().with_custom_certificate_verifier(Arc::new(Unproven::new())))
}
