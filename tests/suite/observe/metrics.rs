//! `/metrics` on the admin listener: what is told, that it moves, and what it never tells.

use std::time::Duration;

use serde_json::json;
use sigpost_tests::exposition::Exposition;
use sigpost_tests::http::Client;
use sigpost_tests::receiver::{Receiver, Reply};
use sigpost_tests::time::Deadline;

use super::{ADMIN, SENDER, SOON, admin, apart, config, event, hanging, publish, serve, subscribe};

const APART: &str = "admin_listen = \"127.0.0.1:0\"";

fn scrape(apart: &Client) -> (String, Exposition) {
    let answer = apart.get("/metrics").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = answer.text();
    let read = Exposition::parse(&text).unwrap_or_else(|error| panic!("{error:#}\n{text}"));
    (text, read)
}

/// A name, labels and a value.
type Sample<'a> = (&'a str, &'a [(&'a str, &'a str)], f64);

/// Scrapes until these samples have these values.
fn reach(apart: &Client, expected: &[Sample<'_>]) {
    let mut last = String::new();
    let reached = Deadline::after(SOON).poll(|| {
        let (text, read) = scrape(apart);
        last = text;
        expected.iter().all(|(name, labels, value)| read.value(name, labels) == Some(*value)).then_some(())
    });
    assert!(reached.is_some(), "{expected:?} are not reached:\n{last}");
}

#[test]
fn every_figure_is_there_from_the_start_with_help_and_a_unit_in_its_name() {
    let server = serve(config(APART, ""));
    let (text, read) = scrape(&apart(&server));
    let names: Vec<_> = read.families().iter().map(|family| family.name.as_str()).collect();
    let expected = [
        "sigpost_build_info",
        "sigpost_dedupe_keys",
        "sigpost_dedupe_window_seconds",
        "sigpost_store_commit_operations",
        "sigpost_store_commit_seconds",
        "sigpost_store_free_bytes",
        "sigpost_store_size_bytes",
        "sigpost_store_unsettled_results",
        "sigpost_attempt_seconds",
        "sigpost_attempts_in_flight",
        "sigpost_attempts_total",
        "sigpost_deliveries_waiting",
        "sigpost_dispatcher_silent_seconds",
        "sigpost_first_attempt_delay_seconds",
        "sigpost_oldest_runnable_age_seconds",
        "sigpost_webhooks_disabled_total",
        "sigpost_events_total",
    ];
    assert_eq!(names, expected, "{text}");
    assert_eq!(read.value("sigpost_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), Some(1.0));
    assert_eq!(read.value("sigpost_dedupe_window_seconds", &[]), Some(86_400.0));
    let silent = read.value("sigpost_dispatcher_silent_seconds", &[]).unwrap();
    assert!((0.0..5.0).contains(&silent), "{silent}");
    for name in ["sigpost_store_free_bytes", "sigpost_store_size_bytes", "sigpost_store_commit_seconds_count"]
    {
        assert!(read.value(name, &[]).unwrap() > 0.0, "{name}\n{text}");
    }
}

#[test]
fn figures_move_with_what_happens() {
    let server = serve(config(APART, "timeout = \"2s\", retry = [\"0s\", \"1h\"]"));
    let apart = apart(&server);
    let (good, bad) = (Receiver::start().unwrap(), Receiver::start().unwrap());
    bad.otherwise(Reply::status(503));
    let (listener, hangs) = hanging();
    subscribe(&server, &good.url("/"), &["*"]);
    subscribe(&server, &bad.url("/"), &["*"]);
    subscribe(&server, "http://127.0.0.1:9/", &["*"]);
    let off = subscribe(&server, &good.url("/off"), &["*"]);
    let path = format!("/v1/webhooks/{}", off["id"].as_str().unwrap());
    let switched =
        admin(&server).send("PATCH", &path, &[], json!({ "enabled": false }).to_string().as_bytes());
    assert_eq!(switched.unwrap().status, 200);
    let mut other = event("1");
    other["data"] = json!({ "amount": 2 });
    let answer = publish(&server, &[event("1"), event("1"), other, json!({ "id": "3" }), event("2")]);
    assert_eq!(answer.status, 202, "{}", answer.text());
    let class = |class: &'static str| -> [(&'static str, &'static str); 1] { [("class", class)] };
    let result = |result: &'static str| -> [(&'static str, &'static str); 1] { [("result", result)] };
    let place = |place: &'static str| -> [(&'static str, &'static str); 1] { [("place", place)] };
    reach(
        &apart,
        &[
            ("sigpost_events_total", &result("accepted"), 2.0),
            ("sigpost_events_total", &result("duplicate"), 1.0),
            ("sigpost_events_total", &result("conflict"), 1.0),
            ("sigpost_events_total", &result("invalid"), 1.0),
            ("sigpost_events_total", &result("refused"), 0.0),
            ("sigpost_attempts_total", &class("success"), 2.0),
            ("sigpost_attempts_total", &class("server-error"), 2.0),
            ("sigpost_attempts_total", &class("connection-refused"), 2.0),
            ("sigpost_attempts_total", &class("timeout"), 0.0),
            ("sigpost_attempt_seconds_count", &[], 6.0),
            ("sigpost_first_attempt_delay_seconds_count", &[], 6.0),
            ("sigpost_attempts_in_flight", &[], 0.0),
            ("sigpost_deliveries_waiting", &place("runnable"), 0.0),
            ("sigpost_deliveries_waiting", &place("scheduled"), 4.0),
            ("sigpost_deliveries_waiting", &place("parked"), 2.0),
            ("sigpost_oldest_runnable_age_seconds", &[], 0.0),
            ("sigpost_store_unsettled_results", &[], 0.0),
            ("sigpost_dedupe_keys", &[], 2.0),
        ],
    );
    let before = scrape(&apart).1;
    subscribe(&server, &hangs, &["*"]);
    assert_eq!(publish(&server, &[event("4")]).status, 202);
    reach(&apart, &[("sigpost_attempts_in_flight", &[], 1.0)]);
    reach(
        &apart,
        &[("sigpost_attempts_total", &class("timeout"), 1.0), ("sigpost_attempts_in_flight", &[], 0.0)],
    );
    drop(listener);
    let after = scrape(&apart).1;
    let grown = |name: &str| after.value(name, &[]).unwrap() - before.value(name, &[]).unwrap();
    // It took the two seconds of the deadline, in their class and in the sum.
    assert!(
        (2.0..5.0).contains(&grown("sigpost_attempt_seconds_sum")),
        "{}",
        grown("sigpost_attempt_seconds_sum")
    );
    assert!(grown("sigpost_store_commit_seconds_count") >= 2.0);
    assert!(grown("sigpost_store_commit_operations_sum") >= 5.0, "a webhook, an event and results");
    assert!(grown("sigpost_store_commit_seconds_sum") > 0.0);
}

#[test]
fn a_webhook_that_the_server_switches_off_is_counted() {
    let server = serve(config(APART, "retry = [\"0s\"]"));
    let apart = apart(&server);
    let gone = Receiver::start().unwrap();
    gone.otherwise(Reply::status(410));
    subscribe(&server, &gone.url("/"), &["*"]);
    for id in ["1", "2"] {
        assert_eq!(publish(&server, &[event(id)]).status, 202);
        gone.wait_for(1, SOON).unwrap();
    }
    reach(
        &apart,
        &[
            ("sigpost_webhooks_disabled_total", &[("reason", "gone")], 1.0),
            ("sigpost_webhooks_disabled_total", &[("reason", "failing")], 0.0),
            ("sigpost_attempts_total", &[("class", "gone")], 2.0),
        ],
    );
}

#[test]
fn nothing_of_any_tenant_is_told_and_the_main_listener_tells_nothing() {
    let server = serve(config(APART, "timeout = \"2s\""));
    let apart = apart(&server);
    let receiver = Receiver::start().unwrap();
    let made = subscribe(&server, &receiver.url("/a-path-of-its-own"), &["*"]);
    assert_eq!(publish(&server, &[event("an-id-of-its-own")]).status, 202);
    let request = receiver.wait_for(1, SOON).unwrap().remove(0);
    let message = request.header("webhook-id").unwrap().to_owned();
    std::thread::sleep(Duration::from_secs(1));
    let (text, _) = scrape(&apart);
    let secret = made["secret"].as_str().unwrap();
    let host = receiver.address().to_string();
    for told in [
        "acme",
        "a-path-of-its-own",
        "an-id-of-its-own",
        "order.paid",
        "/shop",
        "127.0.0.1",
        &host,
        &message,
        secret,
        ADMIN,
        SENDER,
        made["id"].as_str().unwrap(),
    ] {
        assert!(!text.contains(told), "{told} stands in\n{text}");
    }
    assert_eq!(server.client().get("/metrics").unwrap().status, 404);
    assert_eq!(admin(&server).get("/metrics").unwrap().status, 404, "not for an admin either");
    assert_eq!(apart.get("/v1/webhooks").unwrap().status, 404, "and the other way round");
}
