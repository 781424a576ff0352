//! Opens connections to receivers: a plain one, TLS over it, and the proofs that are asked for.

use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::net::TcpStream;

use super::connection::Stream;
use super::dialer::Dialer;
use super::failure;
use super::policy::Policy;
use super::revocation::Revocation;
use crate::domain::{Endpoint, FailureClass, Host, Transport};

pub(super) struct Connector {
    pub(super) dialer: Arc<Dialer>,
    pub(super) revocation: Revocation,
}

impl Connector {
    /// Opens a connection to an endpoint, TLS included. `deadline` is that of the whole exchange.
    pub(super) async fn connect(
        &self,
        policy: &Arc<Policy>,
        endpoint: &Endpoint,
        deadline: Duration,
    ) -> Result<Box<dyn Stream>, FailureClass> {
        let stream = self.dialer.dial(&policy.egress, endpoint, deadline).await?;
        match endpoint.transport() {
            Transport::Http => Ok(Box::new(stream)),
            Transport::Https => self.secure(policy, endpoint, stream, deadline).await,
        }
    }

    async fn secure(
        &self,
        policy: &Arc<Policy>,
        endpoint: &Endpoint,
        stream: TcpStream,
        deadline: Duration,
    ) -> Result<Box<dyn Stream>, FailureClass> {
        let name = server_name(&endpoint.host())?;
        let connected = policy.tls.connect(name, stream).await;
        let stream = connected.map_err(|error| failure::of_io(&error))?;
        if let Some(roots) = &policy.revocable_under {
            let (_, session) = stream.get_ref();
            let chain = session.peer_certificates().unwrap_or_default();
            self.revocation.check(policy, roots, chain, deadline).await?;
        }
        Ok(Box::new(stream))
    }
}

fn server_name(host: &Host) -> Result<ServerName<'static>, FailureClass> {
    match host {
        Host::Address(address) => Ok(ServerName::IpAddress((*address).into())),
        Host::Name(name) => {
            let name = name.strip_suffix('.').unwrap_or(name).to_owned();
            // A name that cannot stand in a certificate.
            ServerName::try_from(name).map_err(|_| FailureClass::TlsWrongHost)
        }
    }
}
