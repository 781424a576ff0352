//! Who may do what, over every operation of every dialect: one table, asked of the real binary.
//!
//! A row is an operation; its columns are who asks. `own` and `other` are a plain user, about a webhook of its own and
//! about another user's; `stranger` is the admin of another tenant of the same dialect; `inside` and `outside` are the
//! operator, with and without naming the tenant. Where an operation is about no webhook, `own` and `other` are alike.

use core::fmt::Write as _;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::BTreeSet;

use serde_json::{Value, json};
use sigpost_tests::config::Config;
use sigpost_tests::http::{Client, Response};
use sigpost_tests::server::{Launch, Server};

const DIALECTS: [&str; 5] = ["native", "immuta", "immuta-request", "generic", "qlik"];

const OPERATOR: &str = "the-token-of-the-operator";

/// Nobody listens there, so what is sent fails at once.
const NOWHERE: &str = "http://127.0.0.1:9/";

/// Who asks, in the order of the table's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Admin,
    Own,
    Other,
    Sender,
    Stranger,
    Inside,
    Outside,
    Nobody,
}

const EVERYBODY: [Who; 8] =
    [Who::Admin, Who::Own, Who::Other, Who::Sender, Who::Stranger, Who::Inside, Who::Outside, Who::Nobody];

/// An operation: the dialect, method and path as its document has them, what is sent, and what each is answered.
struct Row(&'static str, &'static str, fn() -> Value, [u16; 8]);

fn nothing() -> Value {
    Value::Null
}

fn immuta_new() -> Value {
    json!({ "webhooks": [{ "url": NOWHERE, "name": "n", "global": false, "notificationType": ["ALL_NOTIFICATIONS"],
        "actionType": "triggered" }] })
}

fn request_new() -> Value {
    json!({ "url": NOWHERE })
}

fn generic_new() -> Value {
    json!({ "url": NOWHERE, "events": ["user.created"] })
}

fn qlik_new() -> Value {
    json!({ "url": NOWHERE, "name": "n", "eventTypes": ["com.qlik.v1.app.created"] })
}

fn qlik_own() -> Value {
    json!({ "url": NOWHERE, "name": "n", "level": "user", "eventTypes": ["com.qlik.v1.app.created"] })
}

fn qlik_patch() -> Value {
    json!([{ "op": "replace", "path": "/name", "value": "other" }])
}

fn native_new() -> Value {
    json!({ "url": NOWHERE, "profile": { "dialect": "native", "event_types": ["*"] } })
}

fn native_patch() -> Value {
    json!({ "url": NOWHERE })
}

fn native_replay() -> Value {
    json!({ "webhook": "{id}", "preview": true })
}

/// What is made must be new each time.
fn unused() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("made-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn native_tenant() -> Value {
    json!({ "name": unused(), "dialect": "native" })
}

fn native_user() -> Value {
    json!({ "id": unused(), "roles": ["user"] })
}

fn native_token() -> Value {
    json!({ "user": "{owner}" })
}

fn no_change() -> Value {
    json!({})
}

fn native_event() -> Value {
    json!({ "specversion": "1.0", "id": "1", "source": "/s", "type": "t" })
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    //                                                                      admin own other sender stranger inside outside nobody
    Row("immuta", "GET /webhooks", nothing,                                 [200, 200, 200, 403, 200, 200, 403, 401]),
    Row("immuta", "POST /webhooks", immuta_new,                             [200, 200, 200, 403, 200, 403, 403, 401]),
    Row("immuta", "GET /webhooks/actions", nothing,                         [200, 200, 200, 403, 200, 200, 403, 401]),
    Row("immuta", "GET /webhooks/history", nothing,                         [200, 200, 200, 403, 200, 403, 403, 401]),
    Row("immuta", "POST /webhooks/history/retry/{id}", nothing,             [200, 200, 404, 403, 404, 403, 403, 401]),
    Row("immuta", "GET /webhooks/{id}", nothing,                            [200, 200, 404, 403, 404, 200, 403, 401]),
    Row("immuta", "DELETE /webhooks/{id}", nothing,                         [200, 200, 404, 403, 404, 200, 403, 401]),

    Row("immuta-request", "GET /api/notification/webhook", nothing,         [200, 403, 403, 403, 200, 200, 403, 401]),
    Row("immuta-request", "POST /api/notification/webhook", request_new,    [200, 403, 403, 403, 200, 403, 403, 401]),
    Row("immuta-request", "POST /api/notification/webhook/test", request_new, [200, 403, 403, 403, 200, 403, 403, 401]),
    Row("immuta-request", "GET /api/notification/webhook/{id}", nothing,    [200, 403, 403, 403, 404, 200, 403, 401]),
    Row("immuta-request", "PUT /api/notification/webhook/{id}", request_new, [200, 403, 403, 403, 404, 403, 403, 401]),
    Row("immuta-request", "DELETE /api/notification/webhook/{id}", nothing, [204, 403, 403, 403, 404, 204, 403, 401]),
    Row("immuta-request", "POST /api/notification/webhook/{id}/test", nothing, [200, 403, 403, 403, 404, 403, 403, 401]),
    Row("immuta-request", "GET /api/notification/webhook/{id}/history", nothing, [200, 403, 403, 403, 404, 403, 403, 401]),

    Row("generic", "GET /api/v1/webhooks", nothing,                         [200, 200, 200, 403, 200, 200, 403, 401]),
    Row("generic", "POST /api/v1/webhooks", generic_new,                    [201, 403, 403, 403, 201, 403, 403, 401]),
    Row("generic", "GET /api/v1/webhooks/{webhook_id}", nothing,            [200, 200, 200, 403, 404, 200, 403, 401]),
    Row("generic", "PUT /api/v1/webhooks/{webhook_id}", generic_new,        [200, 403, 403, 403, 404, 403, 403, 401]),
    Row("generic", "DELETE /api/v1/webhooks/{webhook_id}", nothing,         [200, 403, 403, 403, 404, 200, 403, 401]),
    Row("generic", "POST /api/v1/webhooks/{webhook_id}/test", nothing,      [200, 403, 403, 403, 404, 403, 403, 401]),

    Row("qlik", "GET /api/v1/webhooks", nothing,                            [200, 200, 200, 403, 200, 200, 403, 401]),
    Row("qlik", "POST /api/v1/webhooks", qlik_new,                          [201, 403, 403, 403, 201, 403, 403, 401]),
    Row("qlik", "POST /api/v1/webhooks", qlik_own,                          [201, 201, 201, 403, 201, 403, 403, 401]),
    Row("qlik", "GET /api/v1/webhooks/event-types", nothing,                [200, 200, 200, 403, 200, 200, 403, 401]),
    Row("qlik", "GET /api/v1/webhooks/{id}", nothing,                       [200, 200, 404, 403, 404, 200, 403, 401]),
    Row("qlik", "PATCH /api/v1/webhooks/{id}", qlik_patch,                  [204, 204, 404, 403, 404, 403, 403, 401]),
    Row("qlik", "PUT /api/v1/webhooks/{id}", qlik_own,                      [200, 200, 404, 403, 404, 403, 403, 401]),
    Row("qlik", "PUT /api/v1/webhooks/{id}", qlik_new,                      [200, 403, 404, 403, 404, 403, 403, 401]),
    Row("qlik", "DELETE /api/v1/webhooks/{id}", nothing,                    [204, 204, 404, 403, 404, 204, 403, 401]),
    Row("qlik", "GET /api/v1/webhooks/{id}/deliveries", nothing,            [200, 200, 404, 403, 404, 403, 403, 401]),
    Row("qlik", "GET /api/v1/webhooks/{id}/deliveries/{deliveryId}", nothing, [200, 200, 404, 403, 404, 403, 403, 401]),
    Row("qlik", "POST /api/v1/webhooks/{id}/deliveries/{deliveryId}/actions/resend", nothing, [201, 201, 404, 403, 404, 403, 403, 401]),
    Row("qlik", "GET /api/core/webhooks/{id}", nothing,                     [200, 200, 404, 403, 404, 200, 403, 401]),

    Row("native", "POST /v1/events", native_event,                          [202, 403, 403, 202, 202, 403, 403, 401]),
    Row("native", "GET /v1/webhooks", nothing,                              [200, 200, 200, 403, 200, 200, 403, 401]),
    Row("native", "POST /v1/webhooks", native_new,                          [201, 403, 403, 403, 201, 403, 403, 401]),
    Row("native", "POST /v1/webhooks/test", native_new,                     [200, 403, 403, 403, 200, 403, 403, 401]),
    Row("native", "GET /v1/webhooks/{id}", nothing,                         [200, 200, 404, 403, 404, 200, 403, 401]),
    Row("native", "PATCH /v1/webhooks/{id}", native_patch,                  [200, 200, 404, 403, 404, 403, 403, 401]),
    Row("native", "DELETE /v1/webhooks/{id}", nothing,                      [204, 204, 404, 403, 404, 204, 403, 401]),
    Row("native", "POST /v1/webhooks/{id}/secret", nothing,                 [200, 200, 404, 403, 404, 403, 403, 401]),
    Row("native", "DELETE /v1/webhooks/{id}/secret", nothing,               [204, 204, 404, 403, 404, 403, 403, 401]),
    Row("native", "POST /v1/webhooks/{id}/test", nothing,                   [200, 200, 404, 403, 404, 403, 403, 401]),
    Row("native", "GET /v1/webhooks/{id}/deliveries", nothing,              [200, 200, 404, 403, 404, 403, 403, 401]),
    Row("native", "GET /v1/webhooks/{id}/stats", nothing,                   [200, 200, 404, 403, 404, 403, 403, 401]),
    Row("native", "GET /v1/deliveries", nothing,                            [200, 200, 200, 403, 200, 403, 403, 401]),
    Row("native", "GET /v1/deliveries/{delivery}", nothing,                 [200, 200, 404, 403, 404, 403, 403, 401]),
    Row("native", "POST /v1/deliveries/{delivery}/resend", nothing,         [201, 201, 404, 403, 404, 403, 403, 401]),
    Row("native", "POST /v1/replays", native_replay,                        [200, 200, 404, 403, 404, 403, 403, 401]),
    Row("native", "GET /v1/replays", nothing,                               [200, 200, 200, 403, 200, 403, 403, 401]),
    Row("native", "GET /v1/replays/{replay}", nothing,                      [200, 200, 404, 403, 404, 403, 403, 401]),
    Row("native", "DELETE /v1/replays/{replay}", nothing,                   [200, 200, 404, 403, 404, 403, 403, 401]),
    // Whoever may watch is told that it must ask for events by name.
    Row("native", "GET /v1/stream", nothing,                                [406, 406, 406, 403, 406, 403, 403, 401]),
    Row("native", "GET /v1/tenants", nothing,                               [200, 403, 403, 403, 200, 200, 200, 401]),
    Row("native", "POST /v1/tenants", native_tenant,                        [403, 403, 403, 403, 403, 201, 201, 401]),
    Row("native", "GET /v1/tenants/{tenant}", nothing,                      [200, 403, 403, 403, 404, 200, 200, 401]),
    Row("native", "PATCH /v1/tenants/{tenant}", no_change,                  [403, 403, 403, 403, 403, 200, 200, 401]),
    Row("native", "DELETE /v1/tenants/{tenant}", nothing,                   [403, 403, 403, 403, 403, 204, 204, 401]),
    Row("native", "GET /v1/users", nothing,                                 [200, 403, 403, 403, 200, 200, 403, 401]),
    Row("native", "POST /v1/users", native_user,                            [201, 403, 403, 403, 201, 201, 403, 401]),
    Row("native", "GET /v1/users/{user}", nothing,                          [200, 403, 403, 403, 404, 200, 403, 401]),
    Row("native", "PATCH /v1/users/{user}", no_change,                      [200, 403, 403, 403, 404, 200, 403, 401]),
    Row("native", "DELETE /v1/users/{user}", nothing,                       [204, 403, 403, 403, 404, 204, 403, 401]),
    Row("native", "GET /v1/tokens", nothing,                                [200, 200, 200, 403, 200, 200, 403, 401]),
    Row("native", "POST /v1/tokens", native_token,                          [201, 201, 404, 403, 201, 201, 403, 401]),
    Row("native", "GET /v1/tokens/{id}", nothing,                           [200, 200, 404, 403, 404, 200, 403, 401]),
    Row("native", "DELETE /v1/tokens/{id}", nothing,                        [204, 204, 404, 403, 404, 204, 403, 401]),
    Row("native", "GET /v1/audit", nothing,                                 [200, 403, 403, 403, 200, 200, 200, 401]),
    Row("native", "GET /v1/event-types", nothing,                           [200, 200, 200, 403, 200, 200, 403, 401]),
    Row("native", "GET /v1/me", nothing,                                    [200, 200, 200, 200, 200, 200, 200, 401]),
];

/// Two tenants of each dialect, the second with an admin only.
fn config() -> String {
    let mut config = Config::new("rate_limit = false").operator(OPERATOR);
    for dialect in DIALECTS {
        for tenant in [dialect.to_owned(), format!("{dialect}-elsewhere")] {
            let rules = "settings.retry = []\negress = { allow = [\"127.0.0.0/8\"], relaxed_targets = true }";
            config = config.tenant(&tenant, dialect, rules);
            for (id, role) in [(1, "admin"), (2, "user"), (3, "sender"), (4, "user")] {
                config = config.user(&id.to_string(), role, &token(&tenant, id));
            }
        }
    }
    config.into()
}

fn token(tenant: &str, user: u8) -> String {
    format!("the-token-of-{tenant}-{user}")
}

/// A server, and what is asked about in it.
struct World(Server);

impl World {
    fn user(&self, dialect: &str, user: u8) -> Client {
        self.0.client().with_token(&token(dialect, user))
    }

    fn client(&self, dialect: &str, who: Who) -> Client {
        match who {
            Who::Admin => self.user(dialect, 1),
            Who::Own | Who::Other => self.user(dialect, 2),
            Who::Sender => self.user(dialect, 3),
            Who::Stranger => self.user(&format!("{dialect}-elsewhere"), 1),
            Who::Inside => self.0.client().with_token(OPERATOR).with_header("sigpost-tenant", dialect),
            Who::Outside => self.0.client().with_token(OPERATOR),
            Who::Nobody => self.0.client(),
        }
    }

    /// A new webhook that belongs to a user: its id as the native API shows it.
    fn webhook(&self, dialect: &str, owner: u8) -> String {
        let profile = match dialect {
            "native" => json!({ "dialect": "native", "event_types": ["*"] }),
            "immuta" => json!({ "dialect": "immuta", "name": "n", "event_types": ["ALL_NOTIFICATIONS"],
                "action": "triggered" }),
            "immuta-request" => json!({ "dialect": "immuta-request" }),
            "generic" => json!({ "dialect": "generic", "event_types": ["user.created"] }),
            _ => json!({ "dialect": "qlik", "name": "n", "event_types": ["com.qlik.v1.app.created"],
                "level": "user" }),
        };
        let body = json!({ "url": NOWHERE, "secret": null, "owner": owner.to_string(), "profile": profile });
        let made = self.user(dialect, 1).post("/v1/webhooks", &body).unwrap();
        assert_eq!(made.status, 201, "{dialect}: {}", made.text());
        made.json().unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// A delivery of a webhook, by the id that the native API shows.
    fn delivery(&self, dialect: &str, webhook: &str) -> String {
        let tested = self.user(dialect, 1).post(&format!("/v1/webhooks/{webhook}/test"), &json!({})).unwrap();
        assert_eq!(tested.status, 200, "{dialect}: {}", tested.text());
        tested.json().unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// A replay of a webhook.
    fn replay(&self, dialect: &str, webhook: &str) -> String {
        let made = self.user(dialect, 1).post("/v1/replays", &json!({ "webhook": webhook })).unwrap();
        assert_eq!(made.status, 201, "{dialect}: {}", made.text());
        made.json().unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Immuta's number of the newest webhook, or record, of a user.
    fn immuta_number(&self, owner: u8, records: bool) -> String {
        let path = if records { "/webhooks/history?sortField=id" } else { "/webhooks" };
        let answer = self.user("immuta", owner).get(path).unwrap().json().unwrap();
        let newest = if records { &answer["records"][0] } else { answer.as_array().unwrap().last().unwrap() };
        newest["id"].to_string()
    }

    /// The path of something that is made in this folder; `name` is the member that names it.
    fn made(&self, who: Who, dialect: &str, folder: &str, body: &Value, name: &str) -> String {
        let made = self.client(dialect, who).post(folder.trim_end_matches('/'), body).unwrap();
        assert_eq!(made.status, 201, "{folder}: {}", made.text());
        format!("{folder}{}", made.json().unwrap()[name].as_str().unwrap())
    }

    /// Asks, and returns what was answered.
    fn ask(&self, row: &Row, who: Who) -> Response {
        let Row(dialect, operation, body, _) = row;
        let (method, path) = operation.split_once(' ').unwrap();
        let owner = if who == Who::Other { 4 } else { 2 };
        let mut body = body().to_string();
        let mut path = path.to_owned();
        if let Some((folder, name)) = path.split_once('{') {
            match name {
                // The tenant that is asked about is one's own, or for what an admin cannot do to it a new one.
                "tenant}" if method == "GET" => path = format!("{folder}{dialect}"),
                "tenant}" => path = self.made(Who::Outside, dialect, folder, &native_tenant(), "name"),
                "user}" => path = self.made(Who::Admin, dialect, folder, &native_user(), "id"),
                "id}" if folder == "/v1/tokens/" => {
                    let body = json!({ "user": owner.to_string() });
                    path = self.made(Who::Admin, dialect, folder, &body, "id");
                }
                _ => {}
            }
        }
        body = body.replace("{owner}", &owner.to_string());
        if path.contains('{') || body.contains('{') && body.contains("{id}") {
            let id = self.webhook(dialect, owner);
            if path.contains("elivery") || path.contains("retry") {
                let delivery = self.delivery(dialect, &id);
                path = path.replace("{deliveryId}", &delivery).replace("{delivery}", &delivery);
            }
            if path.contains("{replay}") {
                path = path.replace("{replay}", &self.replay(dialect, &id));
            }
            let shown = match *dialect {
                "immuta" => self.immuta_number(owner, path.contains("retry")),
                "generic" => format!("wh_{}", id.replace('-', "")),
                _ => id,
            };
            path = path.replace("{id}", &shown).replace("{webhook_id}", &shown);
            body = body.replace("{id}", &shown);
        }
        let body = if body == "null" { Vec::new() } else { body.into_bytes() };
        let kind = if path == "/v1/events" { "application/cloudevents+json" } else { "application/json" };
        self.client(dialect, who).send(method, &path, &[("content-type", kind)], &body).unwrap()
    }
}

#[test]
fn every_operation_answers_everybody_as_the_table_says() {
    let world = World(Launch::sigpost(config()).unwrap().start().unwrap());
    let mut wrong = String::new();
    for row in TABLE {
        for (who, expected) in EVERYBODY.into_iter().zip(row.3) {
            let answer = world.ask(row, who);
            if answer.status != expected {
                let text: String = answer.text().chars().take(200).collect();
                writeln!(wrong, "{} {} {who:?}: {} for {expected}: {text}", row.0, row.1, answer.status)
                    .unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_operation_of_every_document_stands_in_the_table() {
    let world = World(Launch::sigpost(config()).unwrap().start().unwrap());
    let listed: BTreeSet<(&str, &str)> = TABLE.iter().map(|row| (row.0, row.1)).collect();
    for dialect in DIALECTS {
        let document = world.0.client().get(&format!("/openapi/{dialect}.json")).unwrap().json().unwrap();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                let operation = format!("{} {path}", method.to_uppercase());
                // The same operations under the paths of another release.
                let same = path.strip_prefix("/marketplace").map(str::to_owned);
                let same =
                    same.or_else(|| path.strip_prefix("/api/core").map(|rest| format!("/api/v1{rest}")));
                let same = same.map(|path| format!("{} {path}", method.to_uppercase()));
                let known = |operation: &str| listed.contains(&(dialect, operation));
                let tried = known(&operation) || same.as_deref().is_some_and(known);
                // It is its body that says who asks.
                let exchange = operation == "POST /bim/apikey/authenticate";
                assert!(tried || exchange, "{dialect}: {operation} is not in the table");
            }
        }
    }
}
