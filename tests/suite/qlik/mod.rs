//! Qlik's dialect, driven from outside: the real binary, real sockets. Examples are those of Qlik's page "Webhooks".

mod deliveries;
mod documented;
mod levels;
mod list;
mod patch;
mod webhooks;

use std::time::Duration;

use serde_json::{Value, json};
use sigpost_tests::config::Config;
use sigpost_tests::example::{Exception, differences};
use sigpost_tests::http::{Client, Response};
use sigpost_tests::receiver::Receiver;
use sigpost_tests::server::{Launch, Server};
use sigpost_tests::time::Deadline;

/// Long enough for anything that should happen at once on a busy machine.
const SOON: Duration = Duration::from_secs(20);

const V1: &str = "/api/v1/webhooks";
const CORE: &str = "/api/core/webhooks";
const SOMEWHERE: &str = "https://hooks.example.com/in";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

const ADA: &str = "the-token-of-ada-the-admin";
const BOB: &str = "the-token-of-bob-the-user";
const CAT: &str = "the-token-of-cat-the-user";
const PUB: &str = "the-token-of-the-sender";
const STRANGER: &str = "the-token-of-another-tenants-admin";
const FOREIGNER: &str = "the-token-of-another-systems-admin";
const OPERATOR: &str = "the-token-of-the-operator";

/// Two of Qlik's tenants and a generic one. Links lead to `https://hooks.test`, where nobody is asked.
fn config(server: &str, egress: &str, settings: &str) -> String {
    let egress = format!("[tenant.egress]\nallow = [\"127.0.0.0/8\"]\n{egress}");
    let mut config = Config::new(&format!("public_url = \"https://hooks.test/\"\n{server}"))
        .operator(OPERATOR)
        .tenant("acme", "qlik", &format!("{egress}\n[tenant.settings]\n{settings}"));
    for (id, role, token) in
        [("ada", "admin", ADA), ("bob", "user", BOB), ("cat", "user", CAT), ("pub", "sender", PUB)]
    {
        config = config.user(id, role, token).lines(format_args!("spaces = [\"space-of-{id}\"]"));
    }
    for (system, token) in [("qlik", STRANGER), ("generic", FOREIGNER)] {
        config = config.tenant(&format!("other-{system}"), system, "").user("ada", "admin", token);
    }
    config.into()
}

fn start(config: &str) -> Server {
    Launch::sigpost(config).unwrap().start().unwrap()
}

/// Plain http and addresses are allowed, and nothing is retried.
fn serve(settings: &str) -> Server {
    let settings = format!("retry = []\n{settings}");
    start(&config("rate_limit = false", "relaxed_targets = true", &settings))
}

fn client(server: &Server, token: &str) -> Client {
    server.client().with_token(token)
}

fn receiver() -> Receiver {
    Receiver::start().unwrap()
}

fn send(client: &Client, method: &str, path: &str, body: &Value) -> Response {
    let headers = [("content-type", "application/json")];
    client.send(method, path, &headers, body.to_string().as_bytes()).unwrap()
}

/// A webhook to create, with what is said besides.
fn hook(more: &Value) -> Value {
    let mut body = json!({ "name": "hook", "url": SOMEWHERE, "eventTypes": ["com.qlik.v1.app.created"] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// Creates a webhook.
#[track_caller]
fn create(server: &Server, token: &str, more: &Value) -> Value {
    let answer = client(server, token).post(CORE, &hook(more)).unwrap();
    assert_eq!(answer.status, 201, "{more}: {}", answer.text());
    answer.json().unwrap()
}

fn path(webhook: &Value) -> String {
    format!("{CORE}/{}", webhook["id"].as_str().unwrap())
}

#[track_caller]
fn get(server: &Server, path: &str) -> Value {
    let answer = client(server, ADA).get(path).unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json().unwrap()
}

/// Publishes as the sender, with these attributes besides; it must be accepted.
#[track_caller]
fn publish(server: &Server, id: &str, event_type: &str, more: &Value) -> Value {
    let mut event = json!({
        "specversion": "1.0", "id": id, "source": "com.qlik/engine", "type": event_type,
        "time": "2026-11-21T09:30:00Z", "data": { "id": "app-1", "name": "Sales" },
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let headers = [("content-type", "application/cloudevents+json")];
    let answer =
        client(server, PUB).send("POST", "/v1/events", &headers, event.to_string().as_bytes()).unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    event
}

/// Waits until a webhook has so many deliveries; the newest first.
#[track_caller]
fn deliveries(server: &Server, webhook: &Value, count: usize) -> Vec<Value> {
    let path = format!("{}/deliveries?limit=100", path(webhook));
    let found = Deadline::after(SOON).poll(|| {
        let data = get(server, &path)["data"].as_array().unwrap().clone();
        (data.len() >= count).then_some(data)
    });
    found.unwrap_or_else(|| panic!("there are not {count} deliveries: {}", get(server, &path)))
}

/// An error in Qlik's form, of this status, that mentions something.
#[track_caller]
fn refused(answer: &Response, status: u16, mentions: &str) -> Value {
    assert_eq!(answer.status, status, "{mentions}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"), "{mentions}");
    let body = answer.json().unwrap();
    let example = json!({
        "errors": [{ "code": "HTTP-400", "title": "Bad Request", "detail": "why" }],
        "traceId": "0123456789abcdef0123456789abcdef",
    });
    assert_eq!(differences(&example, &body, &[]), [""; 0], "{body}");
    assert_eq!(body["errors"][0]["code"], format!("HTTP-{status}"), "{body}");
    assert!(body["errors"][0]["detail"].as_str().unwrap().contains(mentions), "{mentions}: {body}");
    let trace = body["traceId"].as_str().unwrap();
    assert!(trace.len() == 32 && trace.bytes().all(|b| b.is_ascii_hexdigit()), "{trace}");
    body
}

/// The answer has the example's members, but for the exceptions.
#[track_caller]
fn like(example: &Value, answer: &Value, exceptions: &[Exception<'_>]) {
    assert_eq!(differences(example, answer, exceptions), [""; 0], "{answer}");
}

fn names(list: &Value) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

/// Where a link leads, on the server under test.
fn follow(link: &Value) -> Option<String> {
    let href = link["href"].as_str()?;
    Some(href.strip_prefix("https://hooks.test").unwrap().to_owned())
}
