//! `/v1/webhooks` and the configuration, driven from outside: one tenant of each system, the real binary, a real Node
//! receiver with the built package.

mod audit;
mod changes;
mod config;
mod deliveries;
mod event_types;
mod replays;
mod secret;
mod stats;
mod stream;
mod systems;
mod tenancy;
mod test;
mod webhooks;

use std::time::Duration;

use serde_json::{Value, json};
use sigpost_tests::config::Config;
use sigpost_tests::http::{Client, Response};
use sigpost_tests::receiver::Receiver;
use sigpost_tests::server::{Launch, Server};
use sigpost_tests::time::Deadline;

/// Long enough for anything that should happen at once on a busy machine.
const SOON: Duration = Duration::from_secs(20);

const SYSTEMS: [&str; 5] = ["native", "immuta", "immuta-request", "generic", "qlik"];

const OPERATOR: &str = "the-token-of-the-operator";

/// The token of a system's tenant's user with this role; `other` is another with the role `user`.
fn token(system: &str, role: &str) -> String {
    format!("token-of-{system}-{role}")
}

/// One tenant of each system, named after it, with an admin (1), a user (2), a sender (3) and another user (4).
fn config() -> String {
    let mut config = Config::new("rate_limit = false").operator(OPERATOR);
    for system in SYSTEMS {
        let rules = "egress = { allow = [\"127.0.0.0/8\"], relaxed_targets = true }\n\
                     settings = { retry = [], event_types = [\"order.paid\"] }";
        config = config.tenant(system, system, rules);
        for (id, role, name) in [
            ("1", "admin", "admin"),
            ("2", "user", "user"),
            ("3", "sender", "sender"),
            ("4", "user", "other"),
        ] {
            let spaces = format!("spaces = [\"space-{id}\"]");
            config = config.user(id, role, &token(system, name)).lines(spaces);
        }
    }
    config.into()
}

fn serve() -> Server {
    Launch::sigpost(config()).unwrap().start().unwrap()
}

fn client(server: &Server, system: &str, role: &str) -> Client {
    server.client().with_token(&token(system, role))
}

/// The profile of a webhook that receives every event of [`event`]'s type.
fn profile(system: &str) -> Value {
    match system {
        "native" => json!({ "dialect": "native", "event_types": ["*"] }),
        "immuta" => json!({
            "dialect": "immuta", "name": "hook", "global": true, "event_types": ["order.paid"],
            "action": "triggered",
        }),
        "immuta-request" => json!({ "dialect": "immuta-request" }),
        "generic" => json!({ "dialect": "generic", "event_types": ["order.paid"] }),
        "qlik" => json!({ "dialect": "qlik", "name": "hook", "event_types": ["order.paid"] }),
        other => panic!("{other} is no system"),
    }
}

/// Creates a webhook as the tenant's admin; what was answered.
fn create(server: &Server, system: &str, url: &str, more: &Value) -> Value {
    let mut body = json!({ "url": url, "profile": profile(system) });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = client(server, system, "admin").post("/v1/webhooks", &body).unwrap();
    assert_eq!(answer.status, 201, "{system}: {}", answer.text());
    answer.json().unwrap()
}

fn publish(server: &Server, system: &str, event: &Value) -> Response {
    let headers = [("content-type", "application/cloudevents+json")];
    let sender = client(server, system, "sender");
    sender.send("POST", "/v1/events", &headers, event.to_string().as_bytes()).unwrap()
}

/// An event every system takes.
fn event(id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/shop", "type": "order.paid",
        "time": "2026-11-21T09:30:00Z", "userid": "2",
        "data": { "text": "Paid „€ 1“.", "metadata": { "amount": 1.0, "10": "b", "9": "a" } },
    })
}

fn receiver() -> Receiver {
    Receiver::start().unwrap()
}

fn id(made: &Value) -> String {
    made["id"].as_str().unwrap().to_owned()
}

fn path(webhook: &Value) -> String {
    format!("/v1/webhooks/{}", id(webhook))
}

/// A problem with this status, and the field it names.
fn refused(answer: &Response, status: u16, field: Option<&str>, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
    let body = answer.json().unwrap();
    assert_eq!(body["field"].as_str(), field, "{what}: {body}");
}

/// The body of an answer with this status.
fn body(answer: &Response, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    answer.json().unwrap()
}

fn patch(client: &Client, path: &str, headers: &[(&str, &str)], change: &Value) -> Response {
    client.send("PATCH", path, headers, change.to_string().as_bytes()).unwrap()
}

/// Waits until so many deliveries are listed, and returns them, the newest first and without bodies.
fn listed(admin: &Client, count: usize) -> Vec<Value> {
    let found = Deadline::after(SOON).poll(|| {
        let mut page = body(&admin.get("/v1/deliveries?limit=100").unwrap(), 200);
        let Value::Array(deliveries) = page["deliveries"].take() else { panic!("{page}") };
        (deliveries.len() >= count).then_some(deliveries)
    });
    found.unwrap_or_else(|| panic!("there are not {count} deliveries"))
}

/// A header of a shown request or answer.
fn shown<'a>(part: &'a Value, name: &str) -> Option<&'a Value> {
    part["headers"].as_array().unwrap().iter().find(|header| header["name"] == name)
}

/// The operator, acting in no tenant.
fn operator(server: &Server) -> Client {
    server.client().with_token(OPERATOR)
}

/// The operator, acting in this tenant.
fn inside(server: &Server, tenant: &str) -> Client {
    operator(server).with_header("sigpost-tenant", tenant)
}

/// Creates something at a path; what was answered.
fn make(client: &Client, path: &str, body: &Value) -> Value {
    let answer = client.post(path, body).unwrap();
    assert_eq!(answer.status, 201, "{path} {body}: {}", answer.text());
    answer.json().unwrap()
}

/// Changes something at a path.
fn alter(client: &Client, path: &str, change: &Value) -> Response {
    patch(client, path, &[("content-type", "application/json")], change)
}

/// A problem with this status and of this kind.
fn problem(answer: &Response, status: u16, kind: &str, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
    let body = answer.json().unwrap();
    assert_eq!(body["type"], json!(format!("urn:sigpost:problem:{kind}")), "{what}: {body}");
}
