//! Certificates that may have been revoked: real TLS, real lists, served by a real host.

use std::path::PathBuf;

use http::Request;
use http_body_util::Full;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope, DnType, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::receiver::{Receiver, Reply};
use super::*;
use crate::clock::MockClock;
use crate::delivery::transport::Keep;

const DAY: u64 = 24 * 60 * 60;
const INTERMEDIATE: u64 = 500;
const LEAF: u64 = 700;

/// The real time, which TLS goes by, as the clock of this program shows it until a test moves it.
fn today() -> Timestamp {
    SystemClock::new().now()
}

/// A moment so many seconds after another.
macro_rules! seconds_after {
    ($time:expr, $seconds:expr) => {{
        let since = u64::try_from($time.as_second()).unwrap() + $seconds;
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(since)
    }};
}

type Shelf = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// Two authorities, one under the other, and the host of their lists.
struct Pki {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    host: Receiver,
    shelf: Shelf,
    _folder: tempfile::TempDir,
    ca_file: PathBuf,
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn points(uris: &[String]) -> Vec<CrlDistributionPoint> {
    if uris.is_empty() { Vec::new() } else { vec![CrlDistributionPoint { uris: uris.to_vec() }] }
}

/// Serves what lies on the shelf, and 404 for what does not.
async fn host(shelf: &Shelf) -> Receiver {
    let shelf = Arc::clone(shelf);
    Receiver::start(move |_, request| {
        let path = request.head.split(' ').nth(1).unwrap();
        match shelf.lock().unwrap().get(path) {
            Some(list) => answer(list),
            None => Reply::status("404 Not Found"),
        }
    })
    .await
}

fn answer(list: &[u8]) -> Reply {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", list.len());
    Reply::Send([head.as_bytes(), list].concat())
}

impl Pki {
    /// With good lists of both.
    async fn new() -> Self {
        let shelf = Shelf::default();
        let host = host(&shelf).await;
        Self::with_host(host, shelf)
    }

    fn with_host(host: Receiver, shelf: Shelf) -> Self {
        let root = CertifiedIssuer::self_signed(authority("root"), KeyPair::generate().unwrap()).unwrap();
        let mut params = authority("intermediate");
        params.serial_number = Some(INTERMEDIATE.into());
        params.crl_distribution_points = points(&[format!("http://{}/root", host.address)]);
        let intermediate = CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &root).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, root.pem()).unwrap();
        let pki = Self { root, intermediate, host, shelf, _folder: folder, ca_file };
        pki.publish("/root", list(&pki.root, &[]));
        pki.publish("/intermediate", list(&pki.intermediate, &[]));
        pki
    }

    fn publish(&self, path: &str, list: Vec<u8>) {
        self.shelf.lock().unwrap().insert(path.to_owned(), list);
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host.address)
    }

    fn fetched(&self, path: &str) -> usize {
        let wanted = format!("GET {path} HTTP/1.1\r\n");
        self.host.requests().iter().filter(|request| request.head.starts_with(&wanted)).count()
    }

    /// A receiver certified by the intermediate.
    async fn receiver(&self) -> Receiver {
        self.receiver_with(|_| {}).await
    }

    async fn receiver_at(&self, uris: &[String]) -> Receiver {
        self.receiver_with(|params| params.crl_distribution_points = points(uris)).await
    }

    async fn receiver_with(&self, change: impl FnOnce(&mut CertificateParams)) -> Receiver {
        let key = KeyPair::generate().unwrap();
        let mut params = leaf(&[self.url("/intermediate")]);
        change(&mut params);
        let certificate = params.signed_by(&key, &self.intermediate).unwrap();
        let chain = vec![certificate.der().clone(), self.intermediate.der().clone()];
        serve(chain, &key).await
    }
}

fn leaf(uris: &[String]) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "leaf");
    params.serial_number = Some(LEAF.into());
    params.crl_distribution_points = points(uris);
    params
}

async fn serve(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Receiver {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let tls = TlsAcceptor::from(Arc::new(config));
    Receiver::listen("127.0.0.1:0", Some(tls), |_, _| Reply::status("200 OK")).await
}

fn list_params(revoked: &[u64]) -> CertificateRevocationListParams {
    let revoked = revoked.iter().map(|serial| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: rcgen::date_time_ymd(2020, 1, 1),
        reason_code: None,
        invalidity_date: None,
    });
    CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2020, 1, 1),
        next_update: seconds_after!(today(), DAY),
        crl_number: 1.into(),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    }
}

/// A list that is in force for a day.
fn list(issuer: &Issuer<'_, KeyPair>, revoked: &[u64]) -> Vec<u8> {
    list_params(revoked).signed_by(issuer).unwrap().der().to_vec()
}

/// What makes exchanges, with a clock that stands still.
struct Bench {
    transport: Transport,
    policies: Policies,
    tenant: Arc<Tenant>,
    clock: Arc<MockClock>,
}

impl Bench {
    fn new(pki: &Pki) -> Self {
        Self::with(pki, egress(&["127.0.0.0/8"]))
    }

    fn with(pki: &Pki, egress: Egress) -> Self {
        let clock = Arc::new(MockClock::at(today()));
        let transport =
            Transport::new(Arc::<TestResolver>::default(), Guard::default(), Arc::clone(&clock) as _, 8);
        let egress = Egress { ca_file: Some(pki.ca_file.clone()), ..egress };
        let tenant = Arc::new(tenant(1, egress, Settings::default()));
        Self { transport, policies: Policies::new(), tenant, clock }
    }

    async fn exchange(&self, proof: Proof, receiver: &Receiver, deadline: Duration) -> Outcome {
        let policy = self.policies.of(&self.tenant, proof).unwrap();
        let endpoint = Endpoint::parse(&format!("https://{}/hook", receiver.address)).unwrap();
        let request = Request::post("/hook").header("host", endpoint.authority());
        let request = request.body(Full::new("secret".into())).unwrap();
        self.transport.exchange(&policy, &endpoint, request, Keep::History, deadline).await.outcome
    }

    /// An exchange with a receiver that must not be revoked.
    async fn send(&self, receiver: &Receiver) -> Outcome {
        self.exchange(Proof::Unrevoked, receiver, Duration::from_secs(4)).await
    }

    async fn is_unknown(&self, receiver: &Receiver) {
        let outcome = self.send(receiver).await;
        assert_eq!(outcome, failed(FailureClass::TlsRevocationUnknown, Phase::Connect));
        untouched(receiver).await;
    }

    async fn is_revoked(&self, receiver: &Receiver) {
        assert_eq!(self.send(receiver).await, failed(FailureClass::TlsRevoked, Phase::Connect));
        untouched(receiver).await;
    }
}

/// Nothing of a request has reached the receiver.
async fn untouched(receiver: &Receiver) {
    while receiver.open() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!((receiver.bytes(), receiver.requests().len()), (0, 0));
    assert!(receiver.connections() > 0, "it was tried");
}

#[tokio::test]
async fn a_receiver_whose_certificates_are_on_no_list_is_delivered_to() {
    let pki = Pki::new().await;
    let receiver = pki.receiver().await;
    let bench = Bench::new(&pki);
    assert_eq!(status_of(&bench.send(&receiver).await), 200);
    assert_eq!(receiver.requests()[0].body, b"secret");
    assert_eq!((pki.fetched("/root"), pki.fetched("/intermediate")), (1, 1));
}

#[tokio::test]
async fn a_revoked_receiver_gets_not_a_byte() {
    let pki = Pki::new().await;
    pki.publish("/intermediate", list(&pki.intermediate, &[1, LEAF, 100_000]));
    Bench::new(&pki).is_revoked(&pki.receiver().await).await;
}

#[tokio::test]
async fn a_receiver_under_a_revoked_authority_gets_not_a_byte() {
    let pki = Pki::new().await;
    pki.publish("/root", list(&pki.root, &[INTERMEDIATE]));
    Bench::new(&pki).is_revoked(&pki.receiver().await).await;
}

#[tokio::test]
async fn a_long_list_is_looked_through() {
    let pki = Pki::new().await;
    let mut revoked: Vec<u64> = (10_000..25_000).rev().collect();
    pki.publish("/intermediate", list(&pki.intermediate, &revoked));
    let receiver = pki.receiver().await;
    assert_eq!(status_of(&Bench::new(&pki).send(&receiver).await), 200);
    revoked.insert(7_777, LEAF);
    pki.publish("/intermediate", list(&pki.intermediate, &revoked));
    Bench::new(&pki).is_revoked(&pki.receiver().await).await;
}

#[tokio::test]
async fn a_list_that_another_key_signed_proves_nothing() {
    let pki = Pki::new().await;
    // The same name, another key.
    let params = authority("intermediate");
    let other = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    for forged in [list(&other, &[]), list(&other, &[LEAF]), list(&pki.root, &[])] {
        pki.publish("/intermediate", forged);
        Bench::new(&pki).is_unknown(&pki.receiver().await).await;
    }
}

#[tokio::test]
async fn a_list_that_was_changed_proves_nothing() {
    let pki = Pki::new().await;
    let good = list(&pki.intermediate, &[LEAF]);
    let at = good.windows(4).position(|bytes| bytes == [2, 2, 2, 0xbc]).unwrap();
    let mut changed = good.clone();
    changed[at + 3] ^= 1;
    let half = good[..good.len() / 2].to_vec();
    for bad in [changed, half, Vec::new(), b"<html>".to_vec(), [&good[..], b"x"].concat()] {
        pki.publish("/intermediate", bad);
        Bench::new(&pki).is_unknown(&pki.receiver().await).await;
    }
}

#[tokio::test]
async fn a_list_that_is_not_in_force_proves_nothing() {
    let pki = Pki::new().await;
    let old =
        CertificateRevocationListParams { next_update: rcgen::date_time_ymd(2020, 2, 1), ..list_params(&[]) };
    let early = CertificateRevocationListParams {
        this_update: seconds_after!(today(), DAY),
        next_update: seconds_after!(today(), 2 * DAY),
        ..list_params(&[])
    };
    for params in [old, early] {
        pki.publish("/intermediate", params.signed_by(&pki.intermediate).unwrap().der().to_vec());
        Bench::new(&pki).is_unknown(&pki.receiver().await).await;
    }
    assert_eq!(pki.fetched("/intermediate"), 2, "once each: it is not asked for over and over");
}

#[tokio::test]
async fn an_authority_that_may_not_sign_lists_proves_nothing_by_them() {
    let pki = Pki::new().await;
    let mut params = authority("limited");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.crl_distribution_points = points(&[pki.url("/root")]);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &pki.root).unwrap();
    // It signs one all the same.
    params.key_usages.push(KeyUsagePurpose::CrlSign);
    let limited = Issuer::new(params, key);
    pki.publish("/limited", list(&limited, &[]));
    let key = KeyPair::generate().unwrap();
    let own = leaf(&[pki.url("/limited")]).signed_by(&key, &limited).unwrap();
    let receiver = serve(vec![own.der().clone(), certificate.der().clone()], &key).await;
    Bench::new(&pki).is_unknown(&receiver).await;
}

#[tokio::test]
async fn a_list_is_only_about_the_certificates_it_says_it_is_about() {
    let pki = Pki::new().await;
    let receiver = pki.receiver().await;
    let scoped = |uri: String, scope| {
        let distribution_point = CrlDistributionPoint { uris: vec!["http://x.test/".to_owned(), uri] };
        let issuing_distribution_point = Some(CrlIssuingDistributionPoint { distribution_point, scope });
        let params = CertificateRevocationListParams { issuing_distribution_point, ..list_params(&[]) };
        params.signed_by(&pki.intermediate).unwrap().der().to_vec()
    };
    let own = pki.url("/intermediate");
    pki.publish("/intermediate", scoped(own.clone(), Some(CrlScope::UserCertsOnly)));
    assert_eq!(status_of(&Bench::new(&pki).send(&receiver).await), 200);
    pki.publish("/intermediate", scoped(own.clone(), None));
    assert_eq!(status_of(&Bench::new(&pki).send(&receiver).await), 200);
    // Another of many lists that one issuer signs, put in the place of the right one.
    pki.publish("/intermediate", scoped(pki.url("/other"), None));
    Bench::new(&pki).is_unknown(&pki.receiver().await).await;
    pki.publish("/intermediate", scoped(own, Some(CrlScope::CaCertsOnly)));
    Bench::new(&pki).is_unknown(&pki.receiver().await).await;
}

#[tokio::test]
async fn a_certificate_that_names_no_place_is_refused_unless_it_is_short_lived() {
    let pki = Pki::new().await;
    Bench::new(&pki).is_unknown(&pki.receiver_at(&[]).await).await;
    let lasting = |seconds: u64| {
        move |params: &mut CertificateParams| {
            params.crl_distribution_points = Vec::new();
            params.not_before = seconds_after!(today(), 0) - Duration::from_secs(60);
            params.not_after = params.not_before + Duration::from_secs(seconds);
        }
    };
    let short = pki.receiver_with(lasting(10 * DAY)).await;
    assert_eq!(status_of(&Bench::new(&pki).send(&short).await), 200);
    let longer = pki.receiver_with(lasting(10 * DAY + 1)).await;
    Bench::new(&pki).is_unknown(&longer).await;
    // The authority above it is looked up all the same.
    pki.publish("/root", list(&pki.root, &[INTERMEDIATE]));
    Bench::new(&pki).is_revoked(&pki.receiver_with(lasting(10 * DAY)).await).await;
}

#[tokio::test]
async fn only_plain_http_is_asked_and_the_next_place_where_one_fails() {
    let pki = Pki::new().await;
    let good = pki.url("/intermediate");
    let https = good.replace("http://", "https://");
    let ldap = good.replace("http://", "ldap://");
    Bench::new(&pki).is_unknown(&pki.receiver_at(&[https.clone(), ldap.clone()]).await).await;
    assert_eq!(pki.fetched("/intermediate"), 0);
    let receiver = pki.receiver_at(&[https, ldap, pki.url("/nowhere"), good.clone()]).await;
    assert_eq!(status_of(&Bench::new(&pki).send(&receiver).await), 200);
    // Four places are looked at, not more.
    let mut many: Vec<String> = (0..4).map(|number| pki.url(&format!("/nowhere{number}"))).collect();
    many.push(good);
    Bench::new(&pki).is_unknown(&pki.receiver_at(&many).await).await;
}

#[tokio::test]
async fn a_list_is_never_fetched_from_where_the_tenant_may_not_go() {
    let pki = Pki::new().await;
    let list = list(&pki.intermediate, &[]);
    let private = Receiver::listen("127.0.0.2:0", None, move |_, _| answer(&list)).await;
    let receiver = pki.receiver_at(&[private.url()]).await;
    Bench::with(&pki, egress(&["127.0.0.1/32"])).is_unknown(&receiver).await;
    assert_eq!(private.connections(), 0);
    // Only the policy was in the way.
    let open = Bench::with(&pki, egress(&["127.0.0.1/32", "127.0.0.2/32"]));
    assert_eq!(status_of(&open.send(&receiver).await), 200);
}

#[tokio::test]
async fn a_redirect_to_a_list_is_not_followed() {
    let pki = Pki::new().await;
    let target = pki.url("/intermediate");
    let elsewhere = Receiver::start(move |_, _| {
        Reply::text(&format!("HTTP/1.1 302 Elsewhere\nlocation: {target}\ncontent-length: 0\n\n"))
    })
    .await;
    Bench::new(&pki).is_unknown(&pki.receiver_at(&[elsewhere.url()]).await).await;
    assert_eq!((elsewhere.requests().len(), pki.fetched("/intermediate")), (1, 0));
}

#[tokio::test]
async fn a_list_without_end_is_cut_at_the_bound() {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = [&b"10000\r\n"[..], &[b'x'; 65_536], b"\r\n"].concat();
    let flood = Receiver::start(move |_, _| Reply::Flood(head.to_vec(), chunk.clone())).await;
    let pki = Pki::new().await;
    let receiver = pki.receiver_at(&[flood.url()]).await;
    let deadline = Duration::from_secs(20);
    let (outcome, took) = timed(Bench::new(&pki).exchange(Proof::Unrevoked, &receiver, deadline)).await;
    assert_eq!(outcome, failed(FailureClass::TlsRevocationUnknown, Phase::Connect));
    assert!(took < deadline / 2, "it is the size that ends it: {took:?}");
    untouched(&receiver).await;
}

#[tokio::test]
async fn a_host_of_lists_that_hangs_does_not_outlast_the_deadline() {
    let hanging = Receiver::start(|_, _| Reply::Hang).await;
    let pki = Pki::new().await;
    let receiver = pki.receiver_at(&[hanging.url()]).await;
    let bench = Bench::new(&pki);
    let deadline = Duration::from_secs(2);
    let (outcome, took) = timed(bench.exchange(Proof::Unrevoked, &receiver, deadline)).await;
    assert_eq!(outcome, failed(FailureClass::TlsRevocationUnknown, Phase::Connect));
    assert!((deadline / 2..deadline).contains(&took), "{took:?}");
    untouched(&receiver).await;
    // Another place is still asked in time.
    let receiver = pki.receiver_at(&[hanging.url(), pki.url("/intermediate")]).await;
    let outcome = bench.exchange(Proof::Unrevoked, &receiver, deadline).await;
    assert_eq!(status_of(&outcome), 200);
    assert_eq!(hanging.requests().len(), 1, "the fetch under way is joined");
    // Nothing goes on once the engine is gone.
    drop(bench);
    while hanging.open() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn fifty_exchanges_fetch_one_list_once() {
    let shelf = Shelf::default();
    let slow = Arc::clone(&shelf);
    let host = Receiver::start(move |_, request| {
        let path = request.head.split(' ').nth(1).unwrap();
        let Reply::Send(mut bytes) = answer(&slow.lock().unwrap()[path]) else { unreachable!() };
        let rest = bytes.split_off(bytes.len() - 20);
        Reply::Drip(bytes, rest)
    })
    .await;
    let pki = Pki::with_host(host, shelf);
    let (good, bench) = (Arc::new(pki.receiver().await), Arc::new(Bench::new(&pki)));
    let mut sending = JoinSet::new();
    for _ in 0..50 {
        let (receiver, bench) = (Arc::clone(&good), Arc::clone(&bench));
        sending.spawn(async move {
            let deadline = Duration::from_secs(20);
            status_of(&bench.exchange(Proof::Unrevoked, &receiver, deadline).await)
        });
    }
    assert_eq!(sending.join_all().await, [200; 50]);
    assert!(good.connections() > 1, "they came at once");
    assert_eq!((pki.fetched("/root"), pki.fetched("/intermediate")), (1, 1));
}

#[tokio::test]
async fn a_list_is_kept_for_an_hour_and_the_old_one_serves_while_it_is_in_force() {
    let pki = Pki::new().await;
    let receiver = pki.receiver().await;
    let bench = Bench::new(&pki);
    assert_eq!(status_of(&bench.send(&receiver).await), 200);
    bench.clock.advance(Duration::from_secs(59 * 60));
    assert_eq!(status_of(&bench.send(&receiver).await), 200);
    assert_eq!((receiver.connections(), pki.fetched("/intermediate")), (2, 1));
    bench.clock.advance(Duration::from_secs(2 * 60));
    assert_eq!(status_of(&bench.send(&receiver).await), 200);
    assert_eq!(pki.fetched("/intermediate"), 2);
    // From now on there is no list to be had.
    pki.shelf.lock().unwrap().clear();
    bench.clock.advance(Duration::from_secs(20 * 60 * 60));
    assert_eq!(status_of(&bench.send(&receiver).await), 200);
    assert_eq!(pki.fetched("/intermediate"), 3);
    bench.clock.advance(Duration::from_secs(4 * 60 * 60));
    let outcome = bench.send(&receiver).await;
    assert_eq!(outcome, failed(FailureClass::TlsRevocationUnknown, Phase::Connect));
    assert_eq!(receiver.requests().len(), 4);
}

#[tokio::test]
async fn what_is_revoked_meanwhile_is_known_within_the_hour() {
    let pki = Pki::new().await;
    let receiver = pki.receiver().await;
    let bench = Bench::new(&pki);
    assert_eq!(status_of(&bench.send(&receiver).await), 200);
    pki.publish("/intermediate", list(&pki.intermediate, &[LEAF]));
    // A connection that never rests is opened anew all the same.
    let step = Duration::from_millis(3_900);
    let mut sent = 1;
    let last = loop {
        bench.clock.advance(step);
        match bench.send(&receiver).await {
            Outcome::Response { status: 200, .. } => sent += 1,
            other => break other,
        }
        assert!(sent < 1_000, "it is never noticed");
    };
    assert_eq!(last, failed(FailureClass::TlsRevoked, Phase::Connect));
    assert_eq!((receiver.connections(), receiver.requests().len()), (2, sent));
    assert!(sent > 900, "{sent}");
}

#[tokio::test]
async fn a_failed_fetch_is_remembered_for_a_while() {
    let pki = Pki::new().await;
    pki.shelf.lock().unwrap().remove("/intermediate");
    let receiver = pki.receiver().await;
    let bench = Bench::new(&pki);
    for _ in 0..3 {
        bench.is_unknown(&receiver).await;
    }
    assert_eq!(pki.fetched("/intermediate"), 1);
    pki.publish("/intermediate", list(&pki.intermediate, &[]));
    bench.clock.advance(Duration::from_secs(11));
    assert_eq!(status_of(&bench.send(&receiver).await), 200);
}

#[tokio::test]
async fn who_does_not_ask_is_delivered_to_and_shares_no_connection_with_who_does() {
    let pki = Pki::new().await;
    let good = pki.receiver().await;
    let bench = Bench::new(&pki);
    let deadline = Duration::from_secs(4);
    for proof in [Proof::Required, Proof::Unrevoked, Proof::Required, Proof::Unrevoked] {
        assert_eq!(status_of(&bench.exchange(proof, &good, deadline).await), 200);
    }
    assert_eq!(good.connections(), 2);
    pki.publish("/intermediate", list(&pki.intermediate, &[LEAF]));
    let (revoked, bench) = (pki.receiver().await, Bench::new(&pki));
    assert_eq!(status_of(&bench.exchange(Proof::Required, &revoked, deadline).await), 200);
    // Its connection is idle now, and its TLS session could be resumed.
    assert_eq!(bench.send(&revoked).await, failed(FailureClass::TlsRevoked, Phase::Connect));
    assert_eq!(status_of(&bench.exchange(Proof::Required, &revoked, deadline).await), 200);
    assert_eq!((revoked.requests().len(), revoked.connections()), (2, 2));
}

#[tokio::test]
async fn a_list_fetched_under_one_policy_is_not_used_under_another() {
    let pki = Pki::new().await;
    let receiver = pki.receiver().await;
    let mut bench = Bench::new(&pki);
    assert_eq!(status_of(&bench.send(&receiver).await), 200);
    let mut egress = egress(&["127.0.0.0/8", "10.0.0.0/8"]);
    egress.ca_file = Some(pki.ca_file.clone());
    bench.tenant = Arc::new(tenant(2, egress, Settings::default()));
    assert_eq!(status_of(&bench.send(&receiver).await), 200);
    assert_eq!(pki.fetched("/intermediate"), 2);
}

#[tokio::test]
async fn certificates_that_do_not_belong_to_the_chain_are_not_looked_up() {
    let pki = Pki::new().await;
    let stranger = CertifiedIssuer::self_signed(authority("stranger"), KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = leaf(&[pki.url("/intermediate")]).signed_by(&key, &pki.intermediate).unwrap();
    let chain = [own.der(), stranger.der(), pki.intermediate.der(), pki.root.der()].map(Clone::clone);
    let receiver = serve(chain.to_vec(), &key).await;
    assert_eq!(status_of(&Bench::new(&pki).send(&receiver).await), 200);
}
