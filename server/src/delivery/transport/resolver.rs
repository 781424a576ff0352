//! Names to addresses.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use async_trait::async_trait;
use hickory_resolver::config::{
    LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::Name;
use hickory_resolver::{Resolver, TokioResolver};

/// Looks names up.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of a fully qualified name (no search domains), given without a final dot. An answer without
    /// addresses means the same as [`ResolveError::NotFound`]. The caller sets the time limit.
    ///
    /// # Errors
    /// [`ResolveError`] says whether the name, the name service or this machine is at fault.
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, ResolveError>;
}

/// Why there are no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name service says that there are none.
    #[error("the name has no address")]
    NotFound,
    /// The name service did not say.
    #[error("the name service failed")]
    Failed,
    /// It could not be asked, which is nobody's fault but ours.
    #[error("no name server can be spoken to")]
    NotAsked,
}

/// The system's name servers and hosts file.
pub struct SystemResolver(TokioResolver);

/// Names whose answers are kept: about as many receivers as one machine serves in the lifetime of an answer.
const CACHED_NAMES: u64 = 4_096;
/// An answer is kept for its own lifetime, up to this: a receiver that moves is found again soon.
const MAX_TTL: Duration = Duration::from_secs(300);
/// That a name does not exist is believed for this long at the most: names are often made just after the webhook.
const MAX_NEGATIVE_TTL: Duration = Duration::from_secs(10);
/// One question to one name server. Two of them, and a second round, fit into the budget of one attempt.
const QUERY_TIMEOUT: Duration = Duration::from_secs(2);
/// Questions under way on one connection to a name server.
const ACTIVE_QUERIES: usize = 1_024;

impl SystemResolver {
    /// Reads the system's configuration. Without one it asks a name server on this machine, as the C library does.
    ///
    /// # Errors
    /// When the resolver cannot be set up.
    pub fn new() -> Result<Self, Box<dyn core::error::Error + Send + Sync>> {
        let mut builder = TokioResolver::builder_tokio().unwrap_or_else(|error| {
            tracing::warn!(%error, "no name server is configured; asking 127.0.0.1");
            let local = NameServerConfig::udp_and_tcp(Ipv4Addr::LOCALHOST.into());
            let config = ResolverConfig::from_name_servers(vec![local]);
            Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        });
        bound(builder.options_mut());
        Ok(Self(builder.build()?))
    }
}

fn bound(options: &mut ResolverOpts) {
    options.timeout = QUERY_TIMEOUT;
    options.attempts = 1;
    // Every address is vetted, so every address must be known.
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.use_hosts_file = ResolveHosts::Always;
    options.cache_size = CACHED_NAMES;
    options.positive_max_ttl = Some(MAX_TTL);
    options.negative_max_ttl = Some(MAX_NEGATIVE_TTL);
    options.max_active_requests = ACTIVE_QUERIES;
}

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let mut name = Name::from_ascii(name).map_err(|_| ResolveError::NotFound)?;
        name.set_fqdn(true);
        match self.0.lookup_ip(name).await {
            Ok(answer) => Ok(answer.iter().collect()),
            Err(error) => Err(classify(&error)),
        }
    }
}

fn classify(error: &NetError) -> ResolveError {
    use hickory_resolver::net::{DnsError, NoRecords};
    use hickory_resolver::proto::op::ResponseCode;
    match error {
        // "No such name" and "no such record" are answers; SERVFAIL and REFUSED are not.
        NetError::Dns(DnsError::NoRecordsFound(NoRecords {
            response_code: ResponseCode::NXDomain | ResponseCode::NoError,
            ..
        })) => ResolveError::NotFound,
        // No name server could be spoken to, for want of file descriptors or of a network, or because it is down.
        NetError::Io(_) | NetError::NoConnections => ResolveError::NotAsked,
        _ => ResolveError::Failed,
    }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::config::ConnectionConfig;

    use super::*;

    #[tokio::test]
    async fn a_name_service_that_cannot_be_spoken_to_is_told_from_one_that_fails() {
        // Nobody listens there. That no socket can be made for want of file descriptors is told as the same.
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut connection = ConnectionConfig::tcp();
        connection.port = closed;
        let server = NameServerConfig::new(Ipv4Addr::LOCALHOST.into(), true, vec![connection]);
        let config = ResolverConfig::from_name_servers(vec![server]);
        let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
        bound(builder.options_mut());
        let resolver = SystemResolver(builder.build().unwrap());
        assert_eq!(resolver.resolve("hooks.test").await, Err(ResolveError::NotAsked));
        assert_eq!(classify(&NetError::Timeout), ResolveError::Failed);
    }
}
