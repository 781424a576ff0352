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
    // Every address that is known is vetted, and no other is dialled.
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
    use std::sync::{Arc, Mutex};

    use hickory_resolver::config::ConnectionConfig;
    use hickory_resolver::proto::op::{Message, MessageType, Query, ResponseCode};
    use hickory_resolver::proto::rr::rdata::{A, SOA};
    use hickory_resolver::proto::rr::{RData, Record, RecordType};
    use tokio::net::UdpSocket;

    use super::*;

    /// Of a zone whose names come and go seldom.
    const DAY: u32 = 24 * 60 * 60;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    /// A name server on this machine.
    struct NameServer {
        port: u16,
        zone: Arc<Mutex<Zone>>,
    }

    /// What it knows, what it says of the rest, and what it was asked.
    struct Zone {
        names: Vec<Name>,
        otherwise: ResponseCode,
        asked: Vec<Name>,
    }

    impl NameServer {
        async fn start(names: &[&str], otherwise: ResponseCode) -> Self {
            let names = names.iter().copied().map(name).collect();
            let zone = Arc::new(Mutex::new(Zone { names, otherwise, asked: Vec::new() }));
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let port = socket.local_addr().unwrap().port();
            let serving = Arc::clone(&zone);
            tokio::spawn(async move {
                let mut packet = [0; 512];
                while let Ok((length, from)) = socket.recv_from(&mut packet).await {
                    let answer = serving.lock().unwrap().answer(&packet[..length]);
                    let _ = socket.send_to(&answer, from).await;
                }
            });
            Self { port, zone }
        }

        fn make(&self, made: &str) {
            self.zone.lock().unwrap().names.push(name(made));
        }

        /// Asks this server in the ways of the system's resolver, or as they are changed.
        fn resolver(&self, change: impl FnOnce(&mut ResolverOpts)) -> SystemResolver {
            let mut connection = ConnectionConfig::udp();
            connection.port = self.port;
            resolver(connection, change)
        }
    }

    impl Zone {
        fn answer(&mut self, question: &[u8]) -> Vec<u8> {
            let mut message = Message::from_vec(question).unwrap();
            message.metadata.message_type = MessageType::Response;
            let query: Query = message.queries[0].clone();
            self.asked.push(query.name().clone());
            if self.names.contains(query.name()) {
                if query.query_type() == RecordType::A {
                    let here = RData::A(A(Ipv4Addr::LOCALHOST));
                    message.add_answer(Record::from_rdata(query.name().clone(), DAY, here));
                }
            } else {
                message.metadata.response_code = self.otherwise;
                let soa = SOA::new(name("ns.test."), name("root.test."), 1, 0, 0, 0, DAY);
                message.add_authority(Record::from_rdata(name("test."), DAY, RData::SOA(soa)));
            }
            message.to_vec().unwrap()
        }
    }

    /// Asks as a machine does that has a domain, and whose name server nobody vouches for.
    fn resolver(connection: ConnectionConfig, change: impl FnOnce(&mut ResolverOpts)) -> SystemResolver {
        let server = NameServerConfig::new(Ipv4Addr::LOCALHOST.into(), false, vec![connection]);
        let search = vec![name("search.test.")];
        let config = ResolverConfig::from_parts(Some(name("domain.test.")), search, vec![server]);
        let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
        bound(builder.options_mut());
        change(builder.options_mut());
        SystemResolver(builder.build().unwrap())
    }

    #[tokio::test]
    async fn that_a_name_does_not_exist_is_believed_for_a_while_whatever_its_zone_says_and_not_for_long() {
        const HERE: [IpAddr; 1] = [IpAddr::V4(Ipv4Addr::LOCALHOST)];
        let server = NameServer::start(&[], ResponseCode::NXDomain).await;
        let believing = server.resolver(|_| {});
        // The clock of what is kept is the machine's, so that a tenth of the time has to do.
        let hasty = server.resolver(|options| {
            options.negative_max_ttl = options.negative_max_ttl.map(|longest| longest / 10);
        });
        for resolver in [&believing, &hasty] {
            assert_eq!(resolver.resolve("hooks.test").await, Err(ResolveError::NotFound));
        }
        server.make("hooks.test.");
        assert_eq!(believing.resolve("hooks.test").await, Err(ResolveError::NotFound), "it is asked again");
        let found = async {
            while hasty.resolve("hooks.test").await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), found).await.expect("it is believed for too long");
        assert_eq!(hasty.resolve("hooks.test").await, Ok(HERE.to_vec()));
    }

    #[tokio::test]
    async fn no_domain_of_this_machine_is_put_behind_a_name() {
        let others = ["hooks.test.domain.test.", "hooks.test.search.test.", "hooks.search.test."];
        let server = NameServer::start(&others, ResponseCode::NXDomain).await;
        let resolver = server.resolver(|_| {});
        for (asking, asked) in [("hooks.test", "hooks.test."), ("hooks", "hooks.")] {
            assert_eq!(resolver.resolve(asking).await, Err(ResolveError::NotFound), "{asking}");
            let all = std::mem::take(&mut server.zone.lock().unwrap().asked);
            assert!(!all.is_empty() && all.iter().all(|one| *one == name(asked)), "{all:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_there_is_nothing_is_told_from_none() {
        for (code, error) in [
            (ResponseCode::NXDomain, ResolveError::NotFound),
            (ResponseCode::NoError, ResolveError::NotFound),
            (ResponseCode::ServFail, ResolveError::Failed),
            (ResponseCode::Refused, ResolveError::Failed),
        ] {
            let server = NameServer::start(&[], code).await;
            assert_eq!(server.resolver(|_| {}).resolve("hooks.test").await, Err(error), "{code}");
        }
    }

    #[tokio::test]
    async fn a_name_service_that_cannot_be_spoken_to_is_told_from_one_that_fails() {
        // Nobody listens there. That no socket can be made for want of file descriptors is told as the same.
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut connection = ConnectionConfig::tcp();
        connection.port = closed;
        let resolver = resolver(connection, |_| {});
        assert_eq!(resolver.resolve("hooks.test").await, Err(ResolveError::NotAsked));
        assert_eq!(classify(&NetError::Timeout), ResolveError::Failed);
    }
}
