//! What an exchange makes of good and of bad receivers.

use http_body_util::Full;

use super::receiver::{Receiver, Reply};
use super::*;
use crate::delivery::transport::Keep;
use crate::domain::profile::qlik;

#[tokio::test]
async fn a_request_says_what_it_is_and_carries_the_body_unchanged() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let work = world.durable(&world.webhook(&receiver.url()));
    let attempt = world.attempt(work.clone()).await;
    assert_eq!((status_of(&attempt.outcome), body_of(&attempt.outcome)), (200, &b"ok"[..]));
    assert_eq!((attempt.number, attempt.webhook_version), (1, 1));
    let request = &receiver.requests()[0];
    assert!(request.head.starts_with("POST /hook?x=1 HTTP/1.1\r\n"));
    assert_eq!(request.header("host"), Some(receiver.address.to_string().as_str()));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    let agent = concat!("sigpost/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.header("user-agent"), Some(agent));
    assert_eq!(request.header("webhook-id"), Some(work.message_id.as_str()));
    assert!(request.header("webhook-timestamp").is_some());
    assert_eq!(request.body, "{\"text\":\"héllo\",\"n\":1}".as_bytes());
}

/// What a webhook is made of that adds these headers, plain and encrypted ones.
fn parts<E>(plain: &[(&str, &str)], encrypted_headers: Vec<E>) -> qlik::Parts<E> {
    qlik::Parts {
        name: "q".into(),
        description: None,
        event_types: vec!["com.qlik.app.created".into()],
        level: qlik::Level::Tenant,
        filter: None,
        headers: plain
            .iter()
            .map(|(name, value)| qlik::Header { name: (*name).into(), value: (*value).into() })
            .collect(),
        encrypted_headers,
        cloud_events: true,
        check_revocation: false,
        origin: qlik::Origin::Api,
    }
}

fn adding(world: &World, url: &str, plain: &[(&str, &str)], encrypted: &[(&str, &str)]) -> Arc<Webhook> {
    let encrypted = encrypted.iter().map(|(name, value)| qlik::EncryptedHeader {
        name: (*name).into(),
        value: qlik::HeaderSecret::new((*value).into()),
    });
    let parts = parts(plain, encrypted.collect());
    let profile = Profile::Qlik(qlik::Qlik::new(parts, &Settings::default()).unwrap());
    world.change(&world.webhook(url), |webhook| webhook.profile = profile)
}

#[tokio::test]
async fn a_request_carries_the_headers_its_webhook_adds_and_still_what_is_ours() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let plain = [("X-Team", "blue \"1\""), ("ACCEPT", "application/vnd.github+json"), ("x-none", "")];
    let webhook =
        adding(&world, &receiver.url(), &plain, &[("Authorization", "Bearer hush"), ("x-key", "k")]);
    assert_eq!(status_of(&world.attempt(world.durable(&webhook)).await.outcome), 200);
    let request = &receiver.requests()[0];
    for (name, value) in [
        ("x-team", "blue \"1\""),
        ("x-none", ""),
        ("authorization", "Bearer hush"),
        ("x-key", "k"),
        ("accept", "application/vnd.github+json"),
        ("host", receiver.address.to_string().as_str()),
        ("content-type", "application/json"),
        ("content-length", request.body.len().to_string().as_str()),
        ("accept-encoding", "identity"),
        ("user-agent", "Qlik Webhook"),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
    assert!(request.header("qlik-signature").is_some() && request.header("webhook-signature").is_some());
    // The next version of the webhook sends its own.
    let changed = adding(&world, &receiver.url(), &[("x-team", "red")], &[]).profile.clone();
    let webhook = world.change(&webhook, |webhook| webhook.profile = changed);
    assert_eq!(status_of(&world.attempt(world.durable(&webhook)).await.outcome), 200);
    let request = &receiver.requests()[1];
    assert_eq!((request.header("x-team"), request.header("authorization")), (Some("red"), None));
    assert_eq!(request.header("accept"), Some("*/*"));
}

#[tokio::test]
async fn what_is_ours_stays_ours_also_where_a_stored_webhook_names_it() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let names = [
        "Host",
        "CONTENT-TYPE",
        "user-agent",
        "accept-encoding",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "qlik-signature",
    ];
    // What is stored was accepted once, by whatever rules.
    let stored = qlik::Qlik::restore(parts(&names.map(|name| (name, "theirs")), Vec::new())).unwrap();
    let webhook = world.change(&world.webhook(&receiver.url()), |webhook| {
        webhook.profile = Profile::Qlik(stored);
    });
    assert_eq!(status_of(&world.attempt(world.durable(&webhook)).await.outcome), 200);
    let request = &receiver.requests()[0];
    for name in names {
        assert!(request.header(name).is_some_and(|value| value != "theirs"), "{name}: {}", request.head);
    }
}

#[tokio::test]
async fn every_header_a_request_has_of_its_own_is_closed_to_its_webhook() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let webhook = adding(&world, &receiver.url(), &[], &[]);
    assert_eq!(status_of(&world.attempt(world.durable(&webhook)).await.outcome), 200);
    let head = receiver.requests()[0].head.clone();
    let names = head.lines().skip(1).filter_map(|line| line.split_once(": ")).map(|(name, _)| name);
    let names: Vec<_> = names.filter(|name| *name != "accept").collect();
    assert!(names.len() > 6, "{head}");
    let Profile::Qlik(profile) = &webhook.profile else { panic!("another system") };
    for name in names {
        let header = qlik::Header { name: name.to_ascii_uppercase(), value: "x".into() };
        let change = qlik::Change { headers: Some(vec![header]), ..qlik::Change::default() };
        let refused = profile.apply(change, &webhook.endpoint, &webhook.endpoint, &Settings::default());
        assert!(matches!(refused, Err(qlik::Invalid::Headers(qlik::BadHeaders::Reserved(_)))), "{name}");
    }
}

#[tokio::test]
async fn other_statuses_are_answers_too_and_redirects_are_not_followed() {
    let elsewhere = Receiver::ok().await;
    let location = elsewhere.url();
    let receiver = Receiver::start(move |number, _| match number {
        0 => Reply::status("500 Oops"),
        1 => Reply::text(&format!("HTTP/1.1 307 Elsewhere\nlocation: {location}\ncontent-length: 0\n\n")),
        _ => Reply::text("HTTP/1.1 204 Fine\n\n"),
    })
    .await;
    let world = World::with_loopback();
    for status in [500, 307, 204] {
        assert_eq!(status_of(&world.probe(&receiver.url()).await), status);
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_receiver_that_hangs_is_given_up_at_the_deadline() {
    let receiver = Receiver::start(|_, _| Reply::Hang).await;
    let world = World::with_loopback();
    let (outcome, took) = timed(world.probe(&receiver.url())).await;
    assert_eq!(outcome, failed(FailureClass::Timeout, Phase::Exchange));
    assert!((Duration::from_secs(2)..Duration::from_secs(3)).contains(&took), "{took:?}");
    world.store.until("the connection is closed", |_| receiver.open() == 0).await;
}

#[tokio::test]
async fn a_body_that_drips_does_not_outlast_the_deadline() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n".to_vec();
    let receiver = Receiver::start(move |_, _| Reply::Drip(head.clone(), vec![b'x'; 5_000])).await;
    let world = World::with_loopback();
    let (outcome, took) = timed(world.probe(&receiver.url())).await;
    assert_eq!(outcome, failed(FailureClass::Timeout, Phase::Exchange));
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn a_head_that_drips_does_not_outlast_the_deadline() {
    let head = b"HTTP/1.1 200 OK\r\n".to_vec();
    let receiver = Receiver::start(move |_, _| Reply::Drip(head.clone(), vec![b'x'; 5_000])).await;
    let world = World::with_loopback();
    let (outcome, took) = timed(world.probe(&receiver.url())).await;
    assert_eq!(outcome, failed(FailureClass::Timeout, Phase::Exchange));
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn nobody_listening_is_a_refusal() {
    let address = Receiver::ok().await.address;
    // The receiver is dropped: its port is free again.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let outcome = World::with_loopback().probe(&format!("http://{address}/")).await;
    assert_eq!(outcome, failed(FailureClass::ConnectionRefused, Phase::Connect));
}

#[tokio::test]
async fn a_connection_closed_before_or_within_the_answer_is_a_reset() {
    for cut in ["", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"] {
        let receiver = Receiver::start(move |_, _| Reply::SendThenClose(cut.into())).await;
        let outcome = World::with_loopback().probe(&receiver.url()).await;
        assert_eq!(outcome, failed(FailureClass::ConnectionReset, Phase::Exchange), "{cut:?}");
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_bound_and_the_connection_closed() {
    for head in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n",
        "HTTP/1.1 404 No\r\ncontent-length: 10000000000\r\n\r\n",
    ] {
        let receiver = Receiver::start(move |_, _| Reply::Flood(head.into(), vec![b'x'; 65_536])).await;
        let world = World::with_loopback();
        let outcome = world.probe(&receiver.url()).await;
        let kept = if status_of(&outcome) == 200 { 512 } else { 4_096 };
        assert_eq!(body_of(&outcome), vec![b'x'; kept]);
        world.store.until("the flood ends", |_| receiver.open() == 0).await;
    }
}

#[tokio::test]
async fn whoever_wants_all_of_an_answer_gets_what_is_read_of_it() {
    let receiver = Receiver::start(|number, _| {
        let (status, length) = [("200 OK", 10_000), ("500 Oops", 10_000), ("200 OK", 70_000)][number];
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n");
        Reply::Send([head.into_bytes(), vec![b'x'; length]].concat())
    })
    .await;
    for kept in [10_000, 10_000, 65_536] {
        assert_eq!(body_of(&ask(&receiver, Keep::All).await), vec![b'x'; kept]);
    }
}

/// Makes one exchange of which so much is wanted.
async fn ask(receiver: &Receiver, keep: Keep) -> Outcome {
    let clock = Arc::new(SystemClock::new());
    let transport = Transport::new(Arc::<TestResolver>::default(), Guard::default(), clock, 8);
    let tenant = Arc::new(tenant(1, egress(&["127.0.0.0/8"]), Settings::default()));
    let policy = Policies::new().of(&tenant, Proof::Required).unwrap();
    let endpoint = Endpoint::parse(&receiver.url()).unwrap();
    let request = http::Request::post(endpoint.target()).body(Full::new("".into())).unwrap();
    transport.exchange(&policy, &endpoint, request, keep, Duration::from_secs(2)).await.outcome
}

#[tokio::test]
async fn no_more_than_sixty_four_kib_of_an_answer_are_read_whatever_is_wanted_of_it() {
    for head in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 4194304\r\n\r\n",
        "HTTP/1.1 500 Oops\r\ncontent-length: 4194304\r\n\r\n",
    ] {
        // Nothing follows the first: whoever wants to read on waits for it until the deadline.
        for length in [65_536, 4_194_304] {
            let answer = [head.as_bytes(), &vec![b'x'; length]].concat();
            let receiver = Receiver::start(move |_, _| Reply::Send(answer.clone())).await;
            let all = ask(&receiver, Keep::All).await;
            assert_eq!(body_of(&all), vec![b'x'; 65_536], "{length} bytes after {head:?}");
            let some = ask(&receiver, Keep::History).await;
            let kept = if status_of(&some) == 200 { 512 } else { 4_096 };
            assert_eq!(body_of(&some), vec![b'x'; kept], "{length} bytes after {head:?}");
        }
    }
}

#[tokio::test]
async fn a_head_beyond_the_bounds_is_no_answer() {
    let long = format!("HTTP/1.1 200 OK\nx: {}\ncontent-length: 0\n\n", "y".repeat(33_000));
    let many = format!("HTTP/1.1 200 OK\n{}content-length: 0\n\n", "x: y\n".repeat(100));
    for head in [long, many] {
        let receiver = Receiver::start(move |_, _| Reply::text(&head)).await;
        let outcome = World::with_loopback().probe(&receiver.url()).await;
        assert_eq!(outcome, failed(FailureClass::InvalidResponse, Phase::Exchange));
    }
    let flood = Receiver::start(|_, _| {
        Reply::Flood(
            b"HTTP/1.1 200 OK\r\n".to_vec(),
            b"x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".to_vec(),
        )
    })
    .await;
    let world = World::with_loopback();
    let (outcome, took) = timed(world.probe(&flood.url())).await;
    assert_eq!(outcome, failed(FailureClass::InvalidResponse, Phase::Exchange));
    assert!(took < Duration::from_secs(2), "{took:?}");
    world.store.until("the flood ends", |_| flood.open() == 0).await;
}

#[tokio::test]
async fn interim_answers_without_end_are_no_answer_and_a_few_are_fine() {
    let interim = "HTTP/1.1 103 Early Hints\nlink: </a>\n\n";
    let endless = interim.replace('\n', "\r\n").into_bytes();
    let flood = Receiver::start(move |_, _| Reply::Flood(Vec::new(), endless.clone())).await;
    let world = World::with_loopback();
    let (outcome, took) = timed(world.probe(&flood.url())).await;
    assert_eq!(outcome, failed(FailureClass::InvalidResponse, Phase::Exchange));
    assert!(took < Duration::from_secs(1), "{took:?}");
    world.store.until("the flood ends", |_| flood.open() == 0).await;
    let few = format!("{}HTTP/1.1 200 OK\ncontent-length: 0\n\n", interim.repeat(50));
    let receiver = Receiver::start(move |_, _| Reply::text(&few)).await;
    assert_eq!(status_of(&world.probe(&receiver.url()).await), 200);
}

#[tokio::test]
async fn chunks_that_are_mostly_frame_are_cut_at_the_bound_and_small_ones_are_fine() {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let flood = Receiver::start({
        let head = head.clone();
        move |_, _| Reply::Flood(head.clone(), b"00000000000000000001\r\nx\r\n".repeat(100))
    })
    .await;
    let world = World::with_loopback();
    let outcome = world.probe(&flood.url()).await;
    assert_eq!((status_of(&outcome), body_of(&outcome).len()), (200, 512));
    world.store.until("the flood ends", |_| flood.open() == 0).await;
    let small = [&head[..], &b"1\r\nx\r\n".repeat(20_000), b"0\r\n\r\n"].concat();
    let receiver = Receiver::start(move |_, _| Reply::Send(small.clone())).await;
    let outcome = world.probe(&receiver.url()).await;
    assert_eq!((status_of(&outcome), body_of(&outcome).len()), (200, 512));
    // It was read to its end, so the connection stands.
    world.probe(&receiver.url()).await;
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn a_head_within_the_bounds_is_fine() {
    let long = format!("HTTP/1.1 200 OK\nx: {}\ncontent-length: 0\n\n", "y".repeat(30_000));
    let many = format!("HTTP/1.1 200 OK\n{}content-length: 0\n\n", "x: y\n".repeat(98));
    for head in [long, many] {
        let receiver = Receiver::start(move |_, _| Reply::text(&head)).await;
        assert_eq!(status_of(&World::with_loopback().probe(&receiver.url()).await), 200);
    }
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_said_to_be_invalid() {
    for nonsense in ["220 mail.example.com ESMTP\r\n", "\u{0}\u{1}\u{2}\u{3}\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"]
    {
        let receiver = Receiver::start(move |_, _| Reply::Send(nonsense.into())).await;
        let outcome = World::with_loopback().probe(&receiver.url()).await;
        assert_eq!(outcome, failed(FailureClass::InvalidResponse, Phase::Exchange), "{nonsense:?}");
    }
    let chunks = "HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\nnot a length\n";
    let receiver = Receiver::start(move |_, _| Reply::text(chunks)).await;
    let outcome = World::with_loopback().probe(&receiver.url()).await;
    assert_eq!(outcome, failed(FailureClass::InvalidResponse, Phase::Exchange));
}

#[tokio::test]
async fn the_headers_of_an_answer_are_kept_up_to_the_bound() {
    let long = "y".repeat(2_048);
    let head = format!(
        "HTTP/1.1 302 Elsewhere\nSet-Cookie: a=b\nX-Long: {long}\nset-cookie: c=d\nServer: caf\u{e9}\ncontent-length: 0\n\n"
    );
    let receiver = Receiver::start(move |_, _| Reply::text(&head)).await;
    let Outcome::Response { headers, .. } = World::with_loopback().probe(&receiver.url()).await else {
        panic!("it was answered")
    };
    let expected =
        [("set-cookie", "a=b"), ("set-cookie", "c=d"), ("server", "caf\u{e9}"), ("content-length", "0")];
    assert_eq!(headers.iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_compressed_body_is_kept_as_it_came() {
    // The beginning of a gzip stream; what it would unpack to does not matter, it is never unpacked.
    let packed = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xed, 0xc1];
    let head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 12\r\n\r\n";
    let answer = [&head[..], &packed].concat();
    let receiver = Receiver::start(move |_, _| Reply::Send(answer.clone())).await;
    let outcome = World::with_loopback().probe(&receiver.url()).await;
    assert_eq!(body_of(&outcome), packed);
}

#[tokio::test]
async fn one_connection_serves_many_deliveries() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    for _ in 0..30 {
        assert_eq!(status_of(&world.probe(&receiver.url()).await), 200);
    }
    assert_eq!((receiver.requests().len(), receiver.connections()), (30, 1));
}

#[tokio::test]
async fn a_chunked_answer_leaves_the_connection_usable() {
    let chunked = "HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n3\nabc\n0\n\n";
    let receiver = Receiver::start(move |_, _| Reply::text(chunked)).await;
    let world = World::with_loopback();
    for _ in 0..3 {
        assert_eq!(body_of(&world.probe(&receiver.url()).await), b"abc");
    }
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn connections_are_shared_under_equal_policies_and_never_under_different_ones() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let same = tenant(2, egress(&["127.0.0.0/8"]), Settings::default());
    let wider = tenant(3, egress(&["127.0.0.0/8", "10.0.0.0/8"]), Settings::default());
    let mut named = egress(&["127.0.0.0/8"]);
    named.hosts.insert("hooks.test".to_owned(), loopback());
    let named = tenant(4, named, Settings::default());
    let first = (*world.store.directory().tenant(TENANT).unwrap()).clone();
    let all = [first, same, wider, named].map(Arc::new).to_vec();
    world.store.directory().test_set_tenants(all);
    let mut connections = Vec::new();
    for tenant in 1..=4 {
        let webhook = world.webhook_of(TenantId::new(tenant), &receiver.url());
        assert_eq!(status_of(&world.attempt(world.durable(&webhook)).await.outcome), 200);
        connections.push(receiver.connections());
    }
    assert_eq!(connections, [1, 1, 2, 3]);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_replaced() {
    let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec();
    let receiver = Receiver::start(move |_, _| Reply::SendThenClose(ok.clone())).await;
    let world = World::with_loopback();
    for _ in 0..5 {
        assert_eq!(status_of(&world.probe(&receiver.url()).await), 200);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!((receiver.requests().len(), receiver.connections()), (5, 5));
}

#[tokio::test]
async fn a_request_that_may_have_arrived_is_not_sent_again_behind_our_back() {
    let receiver = Receiver::start(|number, _| match number {
        0 => Reply::status("200 OK"),
        _ => Reply::Close,
    })
    .await;
    let world = World::with_loopback();
    assert_eq!(status_of(&world.probe(&receiver.url()).await), 200);
    let outcome = world.probe(&receiver.url()).await;
    assert_eq!(outcome, failed(FailureClass::ConnectionReset, Phase::Exchange));
    assert_eq!((receiver.requests().len(), receiver.connections()), (2, 1));
}

#[tokio::test]
async fn idle_connections_are_closed_after_a_while() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    world.probe(&receiver.url()).await;
    assert_eq!(receiver.open(), 1);
    world.store.until("the idle connection is closed", |_| receiver.open() == 0).await;
}

/// What a hasty receiver does once it has answered.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    Reads,
    Stays,
    Closes,
}

/// A receiver that answers once it has seen some of a request; how many connections it has taken.
async fn hasty(status: u16, then: Then) -> (String, Arc<AtomicUsize>) {
    hasty_after(|| (), status, then).await
}

/// The same, once something else is done.
async fn hasty_after(
    first: impl Fn() + Send + 'static,
    status: u16,
    then: Then,
) -> (String, Arc<AtomicUsize>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 1_024]).await;
            first();
            let answer = format!("HTTP/1.1 {status} Early\r\ncontent-length: 0\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
            match then {
                Then::Reads => {
                    let mut rest = vec![0; 1 << 20];
                    tokio::spawn(
                        async move { while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {} },
                    );
                }
                Then::Stays => kept.push(stream),
                Then::Closes => drop(stream),
            }
        }
    });
    (url, connections)
}

#[tokio::test]
async fn a_receiver_that_answers_before_it_has_read_is_heard() {
    for status in [200, 413, 500] {
        for then in [Then::Reads, Then::Stays, Then::Closes] {
            let (url, connections) = hasty(status, then).await;
            let world = World::with_loopback();
            let webhook = world.webhook(&url);
            for number in 1..=2 {
                let (attempt, took) = timed(world.attempt(large(number, &webhook))).await;
                assert_eq!(status_of(&attempt.outcome), status, "{then:?} {number}");
                assert!(took < Duration::from_millis(1_800), "{status} {then:?} {took:?}");
                // This receiver takes all that follows for the rest of the first request.
                if (status, then) == (200, Then::Reads) {
                    break;
                }
                let number = usize::try_from(number).unwrap();
                assert_eq!(connections.load(Ordering::SeqCst), number, "{status} {then:?}");
            }
        }
    }
}

/// Work of more bytes than the operating system takes from us when nobody reads.
fn large(number: i64, webhook: &Webhook) -> Work {
    let body = Body { data: vec![b' '; 32 << 20].into(), frame: Frame::default() };
    Work { body: Some(body), ..work(number, webhook) }
}

#[tokio::test]
async fn an_early_success_counts_however_little_of_the_deadline_is_left() {
    // When it answers, all of the deadline is over by the clock that counts what is left.
    let clock = Arc::new(Leaping::default());
    let leaping = Arc::clone(&clock);
    let (url, _) = hasty_after(move || leaping.leap(), 200, Then::Stays).await;
    let mut plan = Plan { clock, ..Plan::default() };
    plan.settings.timeout = Duration::from_secs(60);
    let world = World::start(plan);
    let webhook = world.webhook(&url);
    // Each that goes on writing takes a second, however fast the machine; of those that do not, one is faster, however
    // slow it is.
    let mut fastest = Duration::MAX;
    for number in 1..=10 {
        let (attempt, took) = timed(world.attempt(large(number, &webhook))).await;
        assert_eq!(status_of(&attempt.outcome), 200);
        fastest = fastest.min(took);
        if fastest < Duration::from_secs(1) {
            break;
        }
    }
    assert!(fastest < Duration::from_secs(1), "{fastest:?}");
}

#[tokio::test]
async fn a_receiver_that_reads_on_when_it_has_taken_the_event_gets_all_of_it() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let receiver = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = stream.read(&mut [0; 1_024]).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 Early\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut piece = vec![0; 1 << 20];
        while read < 32 << 20 {
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(more) => read += more,
            }
        }
        read
    });
    let world = World::with_loopback();
    let webhook = world.webhook(&url);
    assert_eq!(status_of(&world.attempt(large(1, &webhook)).await.outcome), 200);
    let read = receiver.await.unwrap();
    assert!(read >= 32 << 20, "{read} bytes");
}

#[tokio::test]
async fn no_more_connections_are_kept_idle_than_the_bound_says() {
    let plan = Plan { limits: Limits { idle: 2, ..Limits::default() }, ..Plan::default() };
    let world = World::start(plan);
    let mut receivers = Vec::new();
    for _ in 0..4 {
        let receiver = Receiver::ok().await;
        world.probe(&receiver.url()).await;
        receivers.push(receiver);
    }
    let open = || receivers.iter().map(Receiver::open).collect::<Vec<_>>();
    world.store.until("those beyond the bound are closed", |_| open() == [1, 1, 0, 0]).await;
}

#[tokio::test]
async fn every_url_that_can_be_a_webhook_can_be_sent_to() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let ascii: String = (0x21..0x7f).map(char::from).filter(|c| !"?#\\".contains(*c)).collect();
    for path in [ascii.clone(), format!("?{ascii}"), "é/ü?ß=ö".to_owned(), "%00%zz".to_owned()] {
        let outcome = world.probe(&format!("http://{}/{path}", receiver.address)).await;
        assert_eq!(status_of(&outcome), 200, "{path}");
    }
}
