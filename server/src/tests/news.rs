//! What the engine finds out about webhooks, told to those who ask.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Receiver, Running, SOON, Skewed, config, get, until};
use crate::clock::{Clock, SystemClock};
use crate::domain::{DisabledReason, Webhook, WebhookState};
use crate::rng::SystemRng;
use crate::storage::sqlite::{KeySource, Options, SqliteStore, SystemFreeSpace};
use crate::storage::{Store as _, Update};

const FAILING: &str = "sigpost.webhook.failing";
const DISABLED: &str = "sigpost.webhook.disabled";

fn start(directory: &TempDir, clock: &Arc<Skewed>) -> Running {
    Running::start(directory, Arc::clone(clock) as Arc<dyn Clock>, Arc::new(SystemRng))
}

/// How many deliveries of a webhook have been attempted.
fn attempts(server: &Running, webhook: &Value) -> usize {
    let path = format!("/v1/webhooks/{}/deliveries", webhook["id"].as_str().unwrap());
    let page: Value = serde_json::from_str(&get(server.main, &path).unwrap().1).unwrap();
    page["deliveries"].as_array().unwrap().len()
}

/// Waits until so many have been, and no more.
fn attempted(server: &Running, webhook: &Value, count: usize) {
    until("attempts have ended", SOON, || attempts(server, webhook) >= count);
    assert_eq!(attempts(server, webhook), count, "of {webhook}");
}

/// The entries of the audit log that tell what the server itself has done.
fn audited(server: &Running) -> Vec<Value> {
    let log = get(server.main, "/v1/audit?operation=webhook.switch_off").unwrap().1;
    let log: Value = serde_json::from_str(&log).unwrap();
    log["entries"].as_array().unwrap().clone()
}

#[test]
fn a_webhook_that_fails_for_a_while_is_told_of_once_and_neither_to_itself_nor_by_its_own_news() {
    let (directory, clock, receiver) = (TempDir::new().unwrap(), Skewed::new(), Receiver::start());
    let server = start(&directory, &clock);
    server.subscribe(&receiver.url, &[FAILING, DISABLED]);
    // Both ask to be told of each other, and of themselves, and nobody listens at either.
    let dead = server.subscribe("http://127.0.0.1:9/", &["*", FAILING]);
    let also = server.subscribe("http://127.0.0.1:9/also", &[FAILING]);
    for (id, count) in [("1", 1), ("2", 2), ("3", 3)] {
        assert_eq!(server.publish(id).unwrap().0, 202);
        attempted(&server, &dead, count);
        clock.set_forward(Duration::from_secs(200));
    }
    until("it is told", SOON, || !receiver.bodies().is_empty());
    let told = &receiver.bodies()[0];
    assert_eq!((told["type"].as_str(), told["source"].as_str()), (Some(FAILING), Some("/sigpost")));
    assert_eq!((&told["subject"], &told["data"]["webhook"]), (&dead["id"], &dead["id"]));
    assert_eq!(told["data"]["failures"], json!(3));
    // To the other one that is dead too, which fails by it, and not to itself.
    attempted(&server, &also, 1);
    attempted(&server, &dead, 3);
    // It goes on failing, and both go on being told nothing more of it.
    for id in ["4", "5", "6"] {
        assert_eq!(server.publish(id).unwrap().0, 202);
        clock.set_forward(Duration::from_secs(2_000));
    }
    attempted(&server, &dead, 6);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(receiver.bodies().len(), 1, "{:#?}", receiver.bodies());
    assert_eq!((attempts(&server, &dead), attempts(&server, &also)), (6, 1));
    // Five days later the server gives up, and says so.
    clock.set_forward(Duration::from_secs(5 * 24 * 60 * 60));
    for id in 7..12 {
        assert_eq!(server.publish(&id.to_string()).unwrap().0, 202);
        clock.set_forward(Duration::from_secs(24 * 60 * 60));
        if receiver.bodies().len() == 1 {
            std::thread::sleep(Duration::from_millis(500));
        }
    }
    until("it is told", SOON, || receiver.bodies().len() == 2);
    let told = &receiver.bodies()[1];
    assert_eq!((&told["type"], &told["data"]["webhook"]), (&json!(DISABLED), &dead["id"]));
    assert_eq!(told["data"]["reason"], json!("failing"));
    let entries = audited(&server);
    assert_eq!((entries.len(), &entries[0]["object"]["id"]), (1, &dead["id"]));
    server.stop();
}

/// Switches a webhook off as the engine does, and tells nobody.
fn switch_off(directory: &TempDir, clock: &Arc<Skewed>, webhook: &Value) {
    let options = Options {
        directory: directory.path().join("sigpost-data"),
        master_key: KeySource::Generated,
        clock: Arc::new(SystemClock::new()),
        rng: Arc::new(SystemRng),
        min_free: 0,
        space: Arc::new(SystemFreeSpace),
    };
    let now = clock.now();
    let work = async {
        let store = SqliteStore::open(options).unwrap();
        store.apply_tenants(config(directory.path()).tenants).await.unwrap();
        let tenant = store.directory().tenant_by_name("acme").unwrap().id;
        let webhooks = store.directory().webhooks_of(tenant);
        let found =
            webhooks.iter().find(|known| known.public_id.to_string() == webhook["id"].as_str().unwrap());
        let off = Webhook {
            state: WebhookState::Disabled(DisabledReason::Gone),
            ..found.unwrap().next_version(now)
        };
        assert!(matches!(store.update_webhook(off).await, Ok(Update::Done(_))));
        store.close().await;
    };
    tokio::runtime::Runtime::new().unwrap().block_on(work);
}

#[test]
fn what_was_switched_off_and_not_told_before_a_crash_is_told_by_the_next_start_once() {
    let (directory, clock, receiver) = (TempDir::new().unwrap(), Skewed::new(), Receiver::start());
    let server = start(&directory, &clock);
    server.subscribe(&receiver.url, &[DISABLED]);
    let other = server.subscribe("http://127.0.0.1:9/", &["*"]);
    server.stop();
    switch_off(&directory, &clock, &other);
    for _ in 0..2 {
        let server = start(&directory, &clock);
        until("it is told", SOON, || !receiver.bodies().is_empty());
        std::thread::sleep(Duration::from_millis(300));
        let entries = audited(&server);
        assert_eq!((entries.len(), receiver.bodies().len()), (1, 1));
        let by = json!({ "kind": "server", "id": "sigpost" });
        assert_eq!((&entries[0]["actor"], &entries[0]["detail"]), (&by, &json!({ "reason": "gone" })));
        server.stop();
    }
    assert_eq!(receiver.bodies()[0]["data"], json!({ "webhook": other["id"], "name": "", "reason": "gone" }));
}
