//! Names, addresses and the guard.

use super::receiver::{Receiver, Reply};
use super::*;

fn plan(name: &str, answer: Answer) -> Plan {
    Plan { resolver: TestResolver::with(name, answer), ..Plan::default() }
}

async fn probe_name(answer: Answer) -> (Outcome, Duration) {
    let world = World::start(plan("hooks.test", answer));
    timed(world.probe("http://hooks.test/")).await
}

#[tokio::test]
async fn a_name_is_looked_up_without_its_final_dot() {
    let receiver = Receiver::ok().await;
    let port = receiver.address.port();
    let world = World::start(plan("hooks.test", Answer::Addresses(vec![vec![loopback()]])));
    for name in ["hooks.test", "HOOKS.test", "hooks.test."] {
        assert_eq!(status_of(&world.probe(&format!("http://{name}:{port}/")).await), 200, "{name}");
    }
    let host = format!("hooks.test:{port}");
    assert_eq!(receiver.requests()[0].header("host"), Some(host.as_str()));
}

#[tokio::test]
async fn a_name_without_addresses_and_a_name_service_that_fails_are_told_apart() {
    let connect = |class| failed(class, Phase::Connect);
    let none = Answer::Addresses(vec![Vec::new()]);
    assert_eq!(probe_name(none).await.0, connect(FailureClass::DnsNotFound));
    let not_found = Answer::Error(ResolveError::NotFound);
    assert_eq!(probe_name(not_found).await.0, connect(FailureClass::DnsNotFound));
    assert_eq!(probe_name(Answer::Error(ResolveError::Failed)).await.0, connect(FailureClass::DnsFailed));
    assert_eq!(probe_name(Answer::Error(ResolveError::NotAsked)).await.0, connect(FailureClass::Local));
}

#[tokio::test]
async fn a_name_service_that_never_answers_ends_within_its_budget() {
    let (outcome, took) = probe_name(Answer::Never).await;
    assert_eq!(outcome, failed(FailureClass::DnsFailed, Phase::Connect));
    // Half of the deadline of 2 s.
    assert!((Duration::from_millis(950)..Duration::from_millis(1_500)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn attempts_that_begin_together_ask_for_their_name_once() {
    let resolver = TestResolver::with("hooks.test", Answer::Never);
    let world = Arc::new(World::start(Plan { resolver: Arc::clone(&resolver), ..Plan::default() }));
    let mut probing = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let world = Arc::clone(&world);
        probing.spawn(async move { world.probe("http://hooks.test/").await });
    }
    let silent = failed(FailureClass::DnsFailed, Phase::Connect);
    assert!(probing.join_all().await.iter().all(|outcome| *outcome == silent));
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn fixed_names_are_not_looked_up_but_vetted_all_the_same() {
    let receiver = Receiver::ok().await;
    let port = receiver.address.port();
    let mut egress = egress(&["127.0.0.1/32"]);
    egress.hosts.insert("hooks.test".to_owned(), loopback());
    egress.hosts.insert("closed.test".to_owned(), [127, 0, 0, 2].into());
    let world = World::start(Plan { egress, ..plan("hooks.test", Answer::Panic) });
    assert_eq!(status_of(&world.probe(&format!("http://hooks.test:{port}/")).await), 200);
    let denied = failed(FailureClass::EgressDenied, Phase::Connect);
    assert_eq!(world.probe(&format!("http://closed.test:{port}/")).await, denied);
}

#[tokio::test]
async fn a_name_that_turns_to_a_forbidden_address_is_never_connected_to() {
    let ok = || Reply::SendThenClose(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec());
    let open = Receiver::listen("127.0.0.2:0", None, move |_, _| ok()).await;
    let port = open.address.port();
    let closed = Receiver::listen(&format!("127.0.0.1:{port}"), None, |_, _| Reply::status("200 OK")).await;
    let answers = vec![vec![[127, 0, 0, 2].into()], vec![loopback()]];
    let egress = egress(&["127.0.0.2/32"]);
    let world = World::start(Plan { egress, ..plan("flip.test", Answer::Addresses(answers)) });
    let url = format!("http://flip.test:{port}/");
    assert_eq!(status_of(&world.probe(&url).await), 200);
    tokio::time::sleep(Duration::from_millis(50)).await;
    for _ in 0..50 {
        assert_eq!(world.probe(&url).await, failed(FailureClass::EgressDenied, Phase::Connect));
    }
    assert_eq!((open.connections(), closed.connections()), (1, 0));
}

#[tokio::test]
async fn one_forbidden_address_among_the_answers_spoils_them_all() {
    let receiver = Receiver::ok().await;
    let answers = vec![vec![loopback(), [10, 0, 0, 1].into()]];
    let world = World::start(plan("mixed.test", Answer::Addresses(answers)));
    let outcome = world.probe(&format!("http://mixed.test:{}/", receiver.address.port())).await;
    assert_eq!(outcome, failed(FailureClass::EgressDenied, Phase::Connect));
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_refuses() {
    let receiver = Receiver::ok().await;
    let answers = vec![vec![[127, 0, 0, 9].into(), loopback()]];
    let world = World::start(plan("two.test", Answer::Addresses(answers)));
    let outcome = world.probe(&format!("http://two.test:{}/", receiver.address.port())).await;
    assert_eq!(status_of(&outcome), 200);
}

/// A listener with no room for one more connection: whoever connects waits. What it holds must stay.
fn full_listener(address: &str) -> (SocketAddr, Vec<std::net::TcpStream>, std::net::TcpListener) {
    use rustix::net::{AddressFamily, SocketType, bind, listen, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &address.parse::<SocketAddr>().unwrap()).unwrap();
    listen(&socket, 0).unwrap();
    let listener = std::net::TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    let soon = Duration::from_millis(100);
    let held = std::iter::from_fn(|| std::net::TcpStream::connect_timeout(&address, soon).ok()).collect();
    (address, held, listener)
}

#[tokio::test]
async fn an_address_that_swallows_leaves_time_for_the_next() {
    let (silent, _held, _listener) = full_listener("127.0.0.9:0");
    let port = silent.port();
    let receiver = Receiver::listen(&format!("127.0.0.1:{port}"), None, |_, _| Reply::status("200 OK")).await;
    let answers = vec![vec![silent.ip(), loopback()]];
    let world = World::start(plan("two.test", Answer::Addresses(answers)));
    let (outcome, took) = timed(world.probe(&format!("http://two.test:{port}/"))).await;
    assert_eq!((status_of(&outcome), receiver.connections()), (200, 1));
    // A third of the deadline of 2 s.
    assert!((Duration::from_millis(600)..Duration::from_millis(1_500)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn no_spelling_of_a_private_address_gets_past_the_guard() {
    let receiver = Receiver::listen("127.0.0.1:0", None, |_, _| Reply::status("200 OK")).await;
    let port = receiver.address.port();
    let world = World::start(Plan { egress: Egress::default(), ..Plan::default() });
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "10.0.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "127.0.0.1.",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "a.localhost",
        "①②⑦.0.0.1",
    ] {
        let outcome = world.probe(&format!("http://{host}:{port}/")).await;
        assert_eq!(outcome, failed(FailureClass::EgressDenied, Phase::Connect), "{host}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn localhost_is_this_machine_where_loopback_is_open() {
    let receiver = Receiver::ok().await;
    // Only its IPv4 half is open; its IPv6 half spoils nothing. Nobody is asked.
    let world = World::start(plan("localhost", Answer::Panic));
    let outcome = world.probe(&format!("http://localhost:{}/", receiver.address.port())).await;
    assert_eq!(status_of(&outcome), 200);
}

#[tokio::test]
async fn our_own_listeners_are_never_called() {
    let receiver = Receiver::ok().await;
    let port = receiver.address.port();
    for own in [receiver.address, SocketAddr::new([0, 0, 0, 0].into(), port)] {
        let egress = egress(&["0.0.0.0/0", "::/0"]);
        let world = World::start(Plan { egress, own_listeners: vec![own], ..Plan::default() });
        for host in ["127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]"] {
            let outcome = world.probe(&format!("http://{host}:{port}/")).await;
            // Of localhost the other half may be tried, where nobody listens.
            let refused = failed(FailureClass::ConnectionRefused, Phase::Connect);
            let denied = failed(FailureClass::EgressDenied, Phase::Connect);
            assert!(
                outcome == denied || (host == "localhost" && outcome == refused),
                "{own} {host} {outcome:?}"
            );
        }
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn the_systems_resolver_answers_for_the_hosts_file_and_rejects_what_is_no_name() {
    let resolver = SystemResolver::new().unwrap();
    let addresses = resolver.resolve("localhost").await.unwrap();
    assert!(!addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
    assert_eq!(resolver.resolve(&"x".repeat(64)).await, Err(ResolveError::NotFound));
}
