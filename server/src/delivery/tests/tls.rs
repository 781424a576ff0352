//! TLS, with certificates made on the spot.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use super::receiver::{Receiver, Reply};
use super::*;
use crate::domain::profile::immuta_request::{self, ImmutaRequest};
use crate::domain::profile::qlik::{self, Level, Origin, Qlik};

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    _folder: tempfile::TempDir,
    file: PathBuf,
}

impl Authority {
    fn new() -> Self {
        Self::named("authority")
    }

    /// Of two authorities with one name it is the signature that tells them apart, which is another failure.
    fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, issuer.pem()).unwrap();
        Self { issuer, _folder: folder, file }
    }

    fn issue(&self, params: &CertificateParams) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        acceptor(certificate.der().clone(), &key)
    }
}

fn acceptor(certificate: rustls_pki_types::CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).unwrap()
}

async fn receiver(tls: TlsAcceptor) -> Receiver {
    Receiver::listen("127.0.0.1:0", Some(tls), |_, _| Reply::status("200 OK")).await
}

fn world(ca_file: Option<PathBuf>) -> World {
    let mut egress = egress(&["127.0.0.0/8"]);
    for name in ["hooks.test", "other.test"] {
        egress.hosts.insert(name.to_owned(), loopback());
    }
    World::start(Plan { egress: Egress { ca_file, ..egress }, ..Plan::default() })
}

async fn probe(world: &World, host: &str, receiver: &Receiver) -> Outcome {
    world.probe(&format!("https://{host}:{}/", receiver.address.port())).await
}

#[tokio::test]
async fn a_certificate_of_the_tenants_own_authority_is_trusted() {
    let authority = Authority::new();
    let receiver = receiver(authority.issue(&params(&["hooks.test", "127.0.0.1"]))).await;
    let world = world(Some(authority.file.clone()));
    for host in ["hooks.test", "hooks.test.", "127.0.0.1"] {
        assert_eq!(status_of(&probe(&world, host, &receiver).await), 200, "{host}");
    }
    assert_eq!(status_of(&probe(&world, "hooks.test", &receiver).await), 200);
    assert_eq!(receiver.connections(), 3, "one connection for each spelling of the host");
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_told_apart() {
    let authority = Authority::new();
    let trusting = world(Some(authority.file.clone()));
    let failed = |class| failed(class, Phase::Connect);

    let mut expired = params(&["hooks.test"]);
    expired.not_before = rcgen::date_time_ymd(2020, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let receiver_expired = receiver(authority.issue(&expired)).await;
    let outcome = probe(&trusting, "hooks.test", &receiver_expired).await;
    assert_eq!(outcome, failed(FailureClass::TlsCertificateExpired));

    let mut early = params(&["hooks.test"]);
    early.not_before = rcgen::date_time_ymd(2999, 1, 1);
    early.not_after = rcgen::date_time_ymd(3000, 1, 1);
    let receiver_early = receiver(authority.issue(&early)).await;
    let outcome = probe(&trusting, "hooks.test", &receiver_early).await;
    assert_eq!(outcome, failed(FailureClass::TlsCertificateExpired));

    let good = receiver(authority.issue(&params(&["hooks.test"]))).await;
    assert_eq!(probe(&trusting, "other.test", &good).await, failed(FailureClass::TlsWrongHost));
    assert_eq!(probe(&trusting, "127.0.0.1", &good).await, failed(FailureClass::TlsWrongHost));
    assert_eq!(probe(&world(None), "hooks.test", &good).await, failed(FailureClass::TlsUnknownIssuer));
    assert!(good.requests().is_empty());
}

#[tokio::test]
async fn self_signed_certificates_have_an_unknown_issuer() {
    let key = KeyPair::generate().unwrap();
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let mut params = params(&["hooks.test"]);
        params.is_ca = is_ca;
        let certificate = params.self_signed(&key).unwrap();
        let receiver = receiver(acceptor(certificate.der().clone(), &key)).await;
        let outcome = probe(&world(None), "hooks.test", &receiver).await;
        assert_eq!(outcome, failed(FailureClass::TlsUnknownIssuer, Phase::Connect));
    }
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_fails_the_handshake() {
    // It takes the greeting for a request and answers in plain text.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1_024]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        tokio::time::sleep(Duration::from_secs(30)).await;
    });
    let outcome = world(None).probe(&url).await;
    assert_eq!(outcome, failed(FailureClass::TlsHandshake, Phase::Connect));
}

#[tokio::test]
async fn a_connection_without_tls_is_not_lent_to_an_exchange_with_it_nor_the_other_way_round() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    // It takes whatever comes for a request.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                while stream.read(&mut [0; 4_096]).await.is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
                }
            });
        }
    });
    let plain = world(None);
    assert_eq!(status_of(&plain.probe(&format!("http://{address}/")).await), 200);
    let outcome = plain.probe(&format!("https://{address}/")).await;
    assert_eq!(outcome, failed(FailureClass::TlsHandshake, Phase::Connect));

    let authority = Authority::new();
    let receiver = receiver(authority.issue(&params(&["127.0.0.1"]))).await;
    let secure = world(Some(authority.file.clone()));
    assert_eq!(status_of(&probe(&secure, "127.0.0.1", &receiver).await), 200);
    let outcome = secure.probe(&format!("http://{}/", receiver.address)).await;
    assert!(matches!(outcome, Outcome::Failed(Failure { phase: Phase::Exchange, .. })), "{outcome:?}");
    assert_eq!((receiver.requests().len(), receiver.connections()), (1, 2));
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_given_up_at_the_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let (outcome, took) = timed(world(None).probe(&url)).await;
    assert_eq!(outcome, failed(FailureClass::Timeout, Phase::Connect));
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn authorities_that_cannot_be_used_are_found_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let start = |content: Option<&str>| {
        let path = folder.path().join("ca.pem");
        match content {
            Some(content) => std::fs::write(&path, content).unwrap(),
            None => _ = std::fs::remove_file(&path),
        }
        let egress = Egress { ca_file: Some(path), ..Egress::default() };
        let Err(EngineError::CaFile { tenant, source }) =
            World::try_start(Plan { egress, ..Plan::default() }, Arc::default(), 1).map(|_| ())
        else {
            panic!("it started")
        };
        assert_eq!(tenant, "tenant-1");
        source
    };
    assert!(matches!(start(None), CaFileError::Read { .. }));
    assert!(matches!(start(Some("")), CaFileError::Empty { .. }));
    assert!(matches!(start(Some("no PEM at all")), CaFileError::Empty { .. }));
    let broken = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    assert!(matches!(start(Some(broken)), CaFileError::Read { .. }));
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(start(Some(garbage)), CaFileError::Certificate { .. }));
}

#[tokio::test]
async fn a_webhook_that_waives_proof_reaches_anybody_and_shares_no_connection_with_one_that_does_not() {
    let key = KeyPair::generate().unwrap();
    let certificate = params(&["elsewhere.test"]).self_signed(&key).unwrap();
    let receiver = receiver(acceptor(certificate.der().clone(), &key)).await;
    let world = world(None);
    let url = format!("https://hooks.test:{}/", receiver.address.port());
    let trusting = Profile::ImmutaRequest(ImmutaRequest::new(immuta_request::Parts { verify_tls: false }));
    let waived = world.change(&world.webhook(&url), |webhook| webhook.profile = trusting);
    let outcome = world.attempt(world.durable(&waived)).await.outcome;
    assert_eq!(status_of(&outcome), 200);
    // Its connection is idle now; a webhook that wants proof does not get it.
    assert_eq!(
        probe(&world, "hooks.test", &receiver).await,
        failed(FailureClass::TlsUnknownIssuer, Phase::Connect)
    );
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn a_connection_that_was_proven_is_not_lent_to_one_that_asks_for_other_proof_or_none() {
    let authority = Authority::new();
    let receiver = receiver(authority.issue(&params(&["hooks.test"]))).await;
    let world = world(Some(authority.file.clone()));
    assert_eq!(status_of(&probe(&world, "hooks.test", &receiver).await), 200);
    // A tenant that trusts somebody else, or nobody of its own.
    let first = (*world.store.directory().tenant(TENANT).unwrap()).clone();
    let stranger = Authority::named("stranger");
    let trusting = |id, ca_file: Option<PathBuf>| {
        tenant(id, Egress { ca_file, ..first.egress.clone() }, Settings::default())
    };
    let others = [trusting(2, Some(stranger.file.clone())), trusting(3, None)];
    let all = others.into_iter().chain([first.clone()]).map(Arc::new).collect();
    world.store.directory().test_set_tenants(all);
    let url = format!("https://hooks.test:{}/", receiver.address.port());
    for tenant in [2, 3] {
        let webhook = world.webhook_of(TenantId::new(tenant), &url);
        let outcome = world.attempt(world.durable(&webhook)).await.outcome;
        assert_eq!(outcome, failed(FailureClass::TlsUnknownIssuer, Phase::Connect), "tenant {tenant}");
    }
    assert_eq!(receiver.requests().len(), 1);
    // One that waives proof connects anew.
    let before = receiver.connections();
    let waiving = Profile::ImmutaRequest(ImmutaRequest::new(immuta_request::Parts { verify_tls: false }));
    let waived = world.change(&world.webhook(&url), |webhook| webhook.profile = waiving);
    assert_eq!(status_of(&world.attempt(world.durable(&waived)).await.outcome), 200);
    assert_eq!(receiver.connections(), before + 1);
}

fn qlik(check_revocation: bool) -> Profile {
    let parts = qlik::Parts {
        name: "hook".into(),
        description: None,
        event_types: vec!["com.qlik.v1.app.created".into()],
        level: Level::Tenant,
        filter: None,
        headers: Vec::new(),
        encrypted_headers: Vec::new(),
        cloud_events: true,
        check_revocation,
        origin: Origin::Api,
    };
    Profile::Qlik(Qlik::new(parts, &Settings::default()).unwrap())
}

#[tokio::test]
async fn a_qlik_webhook_that_asks_for_it_refuses_a_receiver_of_which_nobody_knows_whether_it_was_revoked() {
    let authority = Authority::new();
    // Its certificate names no list of the revoked.
    let receiver = receiver(authority.issue(&params(&["hooks.test"]))).await;
    let world = world(Some(authority.file.clone()));
    let plain = world.webhook(&format!("https://hooks.test:{}/", receiver.address.port()));
    for (check, expected) in [(false, 1), (true, 1), (false, 2)] {
        let webhook = world.change(&plain, |webhook| webhook.profile = qlik(check));
        let outcome = world.attempt(world.durable(&webhook)).await.outcome;
        if check {
            assert_eq!(outcome, failed(FailureClass::TlsRevocationUnknown, Phase::Connect));
        } else {
            assert_eq!(status_of(&outcome), 200);
        }
        assert_eq!(receiver.requests().len(), expected);
    }
}
