//! `/v1/stream`: server-sent events over real sockets.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc;

use sigpost_tests::receiver::{Answer, Reply};
use sigpost_tests::time::{Deadline, now};

use super::*;

/// A connection on which a stream was asked for.
struct Watch {
    status: u16,
    headers: String,
    reader: BufReader<TcpStream>,
}

impl Watch {
    /// Asks, and reads the head of the answer.
    fn open(server: &Server, token: &str, query: &str) -> Self {
        let address = server.base().trim_start_matches("http://");
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(SOON)).unwrap();
        let request = format!(
            "GET /v1/stream{query} HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n\
             authorization: Bearer {token}\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).unwrap();
        let mut reader = BufReader::new(socket);
        let mut headers = String::new();
        while !headers.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut headers).unwrap() > 0, "{headers}");
        }
        let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, headers, reader }
    }

    /// The next chunk of the body; none at its end, or when the connection was cut.
    fn chunk(&mut self) -> Option<String> {
        let mut size = String::new();
        self.reader.read_line(&mut size).ok().filter(|read| *read > 0)?;
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        self.reader.read_exact(&mut chunk).ok()?;
        chunk.truncate(size);
        Some(String::from_utf8(chunk).unwrap()).filter(|chunk| !chunk.is_empty())
    }

    /// Reads on in a thread; each event as its name and data. Comments are passed over.
    fn events(mut self) -> mpsc::Receiver<(String, Value)> {
        assert_eq!(self.status, 200, "{}", self.headers);
        assert_eq!(self.chunk().unwrap(), ": open\n\n");
        let (found, events) = mpsc::channel();
        std::thread::spawn(move || {
            let mut text = String::new();
            while let Some(chunk) = self.chunk() {
                text += &chunk;
                while let Some(end) = text.find("\n\n") {
                    let event: String = text.drain(..end + 2).collect();
                    let Some(event) = event.strip_prefix("event: ") else { continue };
                    let (name, data) = event.split_once("\ndata: ").unwrap();
                    let data = serde_json::from_str(data.trim_end()).unwrap();
                    if found.send((name.to_owned(), data)).is_err() {
                        return;
                    }
                }
            }
        });
        events
    }
}

fn next(events: &mpsc::Receiver<(String, Value)>) -> (String, Value) {
    events.recv_timeout(SOON).expect("an event comes")
}

fn next_attempt(events: &mpsc::Receiver<(String, Value)>) -> Value {
    let (name, data) = next(events);
    assert_eq!(name, "attempt", "{data}");
    data
}

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

#[test]
fn attempts_and_webhooks_are_told_while_they_happen() {
    let toml = config().replace("retry = []", "retry = [\"0s\", \"1h\"]");
    let server = Launch::sigpost(toml).unwrap().start().unwrap();
    let receiver = receiver();
    let watch = Watch::open(&server, &token("native", "admin"), "");
    for header in ["content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no"] {
        assert!(watch.headers.contains(header), "{}", watch.headers);
    }
    let events = watch.events();
    let webhook = id(&create(&server, "native", &receiver.url("/"), &json!({})));
    assert_eq!(next(&events), ("webhook".into(), json!({ "webhook": webhook, "change": "created" })));
    receiver.then(Reply::status(503));
    assert_eq!(publish(&server, "native", &event("1")).status, 202);
    let failed = next_attempt(&events);
    for (member, value) in [
        ("webhook", json!(webhook)),
        ("event_type", json!("order.paid")),
        ("cause", json!("event")),
        ("state", json!("pending")),
        ("attempt", json!(1)),
        ("status", json!(503)),
        ("failure", Value::Null),
    ] {
        assert_eq!(failed[member], value, "{member}: {failed}");
    }
    assert!(failed["next_attempt_at"].as_str() > failed["at"].as_str(), "{failed}");
    assert!(failed["duration_ms"].is_f64() && failed["delivery"].is_string(), "{failed}");
    receiver.then(Answer::Close);
    assert_eq!(publish(&server, "native", &event("2")).status, 202);
    let cut = next_attempt(&events);
    assert_eq!(
        (&cut["status"], &cut["failure"]),
        (&Value::Null, &json!({ "class": "connection-reset", "phase": "exchange" })),
        "{cut}"
    );
    assert_eq!(publish(&server, "native", &event("3")).status, 202);
    let taken = next_attempt(&events);
    assert_eq!((&taken["state"], &taken["next_attempt_at"]), (&json!("delivered"), &Value::Null));
    assert_ne!(taken["delivery"], cut["delivery"]);
    client(&server, "native", "admin").delete(&format!("/v1/webhooks/{webhook}")).unwrap();
    assert_eq!(next(&events), ("webhook".into(), json!({ "webhook": webhook, "change": "deleted" })));
}

#[test]
fn a_stream_tells_only_what_its_holder_may_know_and_asks_for() {
    let (server, receiver) = (serve(), receiver());
    let own = json!({
        "url": receiver.url("/own"),
        "profile": { "dialect": "immuta", "name": "own", "event_types": ["order.paid"], "action": "received" },
    });
    let own = client(&server, "immuta", "user").post("/v1/webhooks", &own).unwrap().json().unwrap();
    let (own, first) = (id(&own), id(&create(&server, "immuta", &receiver.url("/1"), &json!({}))));
    let second = id(&create(&server, "immuta", &receiver.url("/2"), &json!({})));
    let admin = Watch::open(&server, &token("immuta", "admin"), "").events();
    let narrow = Watch::open(&server, &token("immuta", "admin"), &format!("?webhook={second}")).events();
    let user = Watch::open(&server, &token("immuta", "user"), "").events();
    let stranger = Watch::open(&server, &token("native", "admin"), "").events();
    let paid = |id: &str| {
        let mut event = event(id);
        event["data"]["metadata"]["targetUser"] = json!(2);
        event["data"]["metadata"]["actionBy"] = json!(1);
        event
    };
    assert_eq!(publish(&server, "immuta", &paid("1")).status, 202);
    let webhooks = |events: &mpsc::Receiver<(String, Value)>, count: usize| {
        let mut webhooks: Vec<_> =
            (0..count).map(|_| next_attempt(events)["webhook"].as_str().unwrap().to_owned()).collect();
        webhooks.sort();
        webhooks
    };
    let global = [first, second.clone()];
    let arrived = receiver.wait_for(3, SOON).unwrap();
    let mut of_admin = webhooks(&admin, arrived.len());
    of_admin.retain(|webhook| *webhook != own);
    assert_eq!(of_admin, global);
    assert_eq!(webhooks(&narrow, 1), [second]);
    // The next thing that each of them is told is about what it may know.
    let mine = format!("/v1/webhooks/{own}");
    assert_eq!(client(&server, "immuta", "user").delete(&mine).unwrap().status, 204);
    let told: Vec<_> =
        std::iter::from_fn(|| Some(next(&user)).filter(|(name, _)| name == "attempt")).collect();
    assert_eq!(told.iter().map(|(_, data)| &data["webhook"]).collect::<Vec<_>>(), [&json!(own)]);
    let theirs = id(&create(&server, "native", "http://127.0.0.1:9/", &json!({})));
    assert_eq!(next(&stranger).1, json!({ "webhook": theirs, "change": "created" }));
    assert!(narrow.try_recv().is_err() && user.try_recv().is_err());
}

#[test]
fn a_stream_that_may_not_be_is_refused() {
    let server = serve();
    let webhook = id(&create(&server, "native", "http://127.0.0.1:9/", &json!({})));
    let admin = token("native", "admin");
    for (token, query, status) in [
        (token("native", "sender"), String::new(), 403),
        (OPERATOR.to_owned(), String::new(), 403),
        ("nobody's".to_owned(), String::new(), 401),
        (admin.clone(), "?webhook=1".to_owned(), 400),
        (token("generic", "admin"), format!("?webhook={webhook}"), 404),
        (token("native", "user"), format!("?webhook={webhook}"), 404),
        (admin.clone(), "?colour=red".to_owned(), 400),
    ] {
        assert_eq!(Watch::open(&server, &token, &query).status, status, "{query}");
    }
    let admin = client(&server, "native", "admin");
    for accept in [&[][..], &[("accept", "*/*")], &[("accept", "application/json")]] {
        let answer = admin.send("GET", "/v1/stream", accept, b"").unwrap();
        assert_eq!(answer.status, 406, "{accept:?}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
}

#[test]
fn one_user_has_sixteen_streams_at_the_most_and_a_closed_one_makes_room() {
    let server = serve();
    let (admin, user) = (token("native", "admin"), token("native", "user"));
    let mut open: Vec<_> = (0..16).map(|_| Watch::open(&server, &admin, "")).collect();
    assert!(open.iter().all(|watch| watch.status == 200));
    let refused = Watch::open(&server, &admin, "");
    assert_eq!(refused.status, 429);
    assert!(refused.headers.contains("retry-after: "), "{}", refused.headers);
    assert_eq!(Watch::open(&server, &user, "").status, 200, "another's");
    open.pop();
    let again = || Some(Watch::open(&server, &admin, "")).filter(|watch| watch.status == 200);
    assert!(Deadline::after(SOON).poll(again).is_some());
}

#[test]
fn a_client_that_does_not_read_is_told_how_much_it_has_missed_and_holds_nobody_up() {
    let (mut server, receiver) = (serve(), receiver());
    let long = "t".repeat(500);
    create(&server, "native", &receiver.url("/"), &json!({}));
    let slow = Watch::open(&server, &token("native", "admin"), "");
    let deaf = Watch::open(&server, &token("native", "admin"), "");
    let quick = Watch::open(&server, &token("native", "admin"), "").events();
    let (mut published, mut told) = (0, 0);
    // More than the sockets between us hold, and more than the server holds for whoever is behind.
    let all = 16_000;
    while published < all {
        let events: Vec<_> = (0..500)
            .map(|n| {
                let id = format!("event-{published}-{n}");
                json!({ "specversion": "1.0", "id": id, "source": "/shop", "type": long })
            })
            .collect();
        let headers = [("content-type", "application/cloudevents-batch+json")];
        let body = Value::from(events).to_string();
        let sender = client(&server, "native", "sender");
        let answer = sender.send("POST", "/v1/events", &headers, body.as_bytes()).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.text());
        published += 500;
        while told < published {
            next_attempt(&quick);
            told += 1;
        }
    }
    let events = slow.events();
    let (mut attempts, mut dropped) = (0, 0);
    while attempts + dropped < all {
        match next(&events) {
            (name, _) if name == "attempt" => attempts += 1,
            (name, data) => {
                assert_eq!(name, "lagged");
                dropped += data["dropped"].as_u64().unwrap();
            }
        }
    }
    assert_eq!(attempts + dropped, all);
    assert!(dropped > 0 && attempts > 2_000, "{attempts} told, {dropped} dropped");
    // Nor does one that never reads: neither a proper stop nor the others.
    let began = now();
    assert!(server.terminate(Duration::from_secs(15)).unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    drop(deaf);
}

#[test]
fn a_server_with_open_streams_stops_at_once_and_ends_them() {
    let mut server = serve();
    let watches: Vec<_> =
        (0..3).map(|_| Watch::open(&server, &token("native", "admin"), "").events()).collect();
    let began = now();
    assert!(server.terminate(Duration::from_secs(5)).unwrap().success());
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    for watch in watches {
        assert!(matches!(watch.recv_timeout(SOON), Err(mpsc::RecvTimeoutError::Disconnected)));
    }
}

#[test]
fn replays_are_told_as_what_they_are() {
    let (server, receiver) = (serve(), receiver());
    receiver.then(Reply::status(500));
    let webhook = id(&create(&server, "native", &receiver.url("/"), &json!({})));
    let events = Watch::open(&server, &token("native", "admin"), &format!("?webhook={webhook}")).events();
    assert_eq!(publish(&server, "native", &event("1")).status, 202);
    assert_eq!(next_attempt(&events)["state"], "exhausted");
    let replay =
        client(&server, "native", "admin").post("/v1/replays", &json!({ "webhook": webhook })).unwrap();
    assert_eq!(replay.status, 201, "{}", replay.text());
    let again = next_attempt(&events);
    assert_eq!((&again["cause"], &again["state"]), (&json!("replay"), &json!("delivered")));
}
