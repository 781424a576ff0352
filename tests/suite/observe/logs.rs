//! A line for each attempt that failed, and for every attempt if somebody says so.

use serde_json::{Value, json};
use sigpost_tests::receiver::{Receiver, Reply};
use sigpost_tests::server::Server;
use sigpost_tests::time::Deadline;

use super::{ADMIN, SOON, admin, config, event, publish, serve, subscribe};

const FAILED: &str = "attempt failed";
const SUCCEEDED: &str = "attempt succeeded";

/// The lines of the log that say so.
fn lines(server: &Server, message: &str) -> Vec<Value> {
    let log = server.stderr();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["message"] == message).collect()
}

fn until(server: &Server, message: &str, count: usize) -> Vec<Value> {
    let found =
        Deadline::after(SOON).poll(|| Some(lines(server, message)).filter(|found| found.len() >= count));
    found.unwrap_or_else(|| panic!("there are not {count} lines {message:?}"))
}

#[test]
fn each_attempt_that_fails_has_a_line_that_says_whose_it_was_and_why() {
    let server = serve(config("", "retry = [\"0s\", \"1h\"]"));
    let (good, bad) = (Receiver::start().unwrap(), Receiver::start().unwrap());
    bad.otherwise(Reply::status(503).body("the answer"));
    subscribe(&server, &good.url("/a-good-path"), &["*"]);
    let answered = subscribe(&server, &bad.url("/a-bad-path"), &["*"]);
    let refused = subscribe(&server, "http://127.0.0.1:9/a-dead-path", &["*"]);
    assert_eq!(publish(&server, &[event("1")]).status, 202);
    let message = bad.wait_for(1, SOON).unwrap()[0].header("webhook-id").unwrap().to_owned();
    good.wait_for(1, SOON).unwrap();
    let found = until(&server, FAILED, 2);
    let of = |webhook: &Value| found.iter().find(|line| line["webhook"] == webhook["id"]).unwrap();
    let (line, other) = (of(&answered), of(&refused));
    assert_eq!(line["level"], "WARN");
    let named = ["tenant", "message_id", "cause", "attempt", "status", "class", "ended"]
        .map(|name| line[name].clone());
    let expected =
        [json!("acme"), json!(message), json!("event"), json!(1), json!(503), Value::Null, Value::Null];
    assert_eq!(named, expected, "{line}");
    assert!(line["millis"].is_u64() && line["delivery"].is_u64(), "{line}");
    let due: jiff::Timestamp = line["next_attempt"].as_str().unwrap().parse().unwrap();
    assert!(due > sigpost_tests::time::wall(), "{line}");
    assert_eq!(
        ["class", "phase"].map(|name| other[name].as_str()),
        [Some("connection-refused"), Some("connect")]
    );
    assert_eq!(other["status"], Value::Null, "{other}");
    assert_eq!(lines(&server, SUCCEEDED), Vec::<Value>::new());
    let log = server.stderr();
    for secret in ["-path", "the answer", answered["secret"].as_str().unwrap(), ADMIN, "amount"] {
        assert!(!log.contains(secret), "{secret} stands in\n{log}");
    }
}

#[test]
fn what_goes_well_leaves_no_line_where_nobody_says_otherwise() {
    let server = serve(config("", "retry = []"));
    let good = Receiver::start().unwrap();
    subscribe(&server, &good.url("/"), &["*"]);
    let events: Vec<_> = (0..20).map(|id| event(&format!("batch {id}"))).collect();
    let before = server.stderr();
    assert_eq!(publish(&server, &events).status, 202);
    for id in 0..20 {
        assert_eq!(publish(&server, &[event(&id.to_string())]).status, 202);
    }
    good.wait_for(40, SOON).unwrap();
    let delivered = || {
        let page = admin(&server).get("/v1/deliveries?state=delivered&limit=100").ok()?.json().ok()?;
        (page["deliveries"].as_array()?.len() == 40).then_some(())
    };
    Deadline::after(SOON).poll(delivered).expect("all are recorded");
    assert_eq!(server.stderr(), before);
}

#[test]
fn the_last_attempt_says_how_its_delivery_ended_and_tests_have_lines_too() {
    let server = serve(config("", "retry = []"));
    let dead = subscribe(&server, "http://127.0.0.1:9/", &["*"]);
    assert_eq!(publish(&server, &[event("1")]).status, 202);
    let line = until(&server, FAILED, 1).remove(0);
    assert_eq!((line["ended"].as_str(), &line["next_attempt"]), (Some("exhausted"), &Value::Null), "{line}");
    let path = format!("/v1/webhooks/{}/test", dead["id"].as_str().unwrap());
    assert_eq!(admin(&server).post(&path, &json!({})).unwrap().status, 200);
    let line = until(&server, FAILED, 2).remove(1);
    assert_eq!((line["cause"].as_str(), &line["webhook"]), (Some("test"), &dead["id"]), "{line}");
}

#[test]
fn every_attempt_has_a_line_when_somebody_says_so() {
    let server = serve(config("log_attempts = \"all\"", "retry = []"));
    let good = Receiver::start().unwrap();
    let webhook = subscribe(&server, &good.url("/"), &["*"]);
    subscribe(&server, "http://127.0.0.1:9/", &["*"]);
    assert_eq!(publish(&server, &[event("1"), event("2")]).status, 202);
    let found = until(&server, SUCCEEDED, 2);
    for line in &found {
        assert_eq!((&line["level"], &line["webhook"]), (&json!("INFO"), &webhook["id"]));
        assert_eq!((&line["status"], &line["ended"]), (&json!(200), &json!("delivered")), "{line}");
        assert!(line["message_id"].is_string());
    }
    assert_eq!((until(&server, FAILED, 2).len(), found.len()), (2, 2));
}
