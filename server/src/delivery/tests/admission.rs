//! What holds up publishing before the engine has heard of it: over the store that tells it, and not one in memory.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tempfile::TempDir;
use tokio::runtime::Builder;

use super::*;
use crate::domain::{DisabledReason, Fingerprint, NewDelivery, NewEvent, NewWebhook, TenantSpec};
use crate::rng::SystemRng;
use crate::storage::sqlite::{KeySource, Options, SqliteStore, SystemFreeSpace};

/// A store with a tenant and a webhook that is switched off, so that nothing of what is made has to be sent.
async fn store(directory: &TempDir) -> (Arc<SqliteStore>, Arc<Webhook>) {
    let options = Options {
        directory: directory.path().to_owned(),
        master_key: KeySource::Generated,
        clock: Arc::new(SystemClock::new()),
        rng: Arc::new(SystemRng),
        min_free: 0,
        space: Arc::new(SystemFreeSpace),
    };
    let store = Arc::new(SqliteStore::open(options).unwrap());
    let Tenant { name, dialect, egress, settings, users, .. } = tenant(1, egress(&[]), Settings::default());
    store
        .apply_tenants(vec![TenantSpec { name: name.clone(), dialect, egress, settings, users }])
        .await
        .unwrap();
    let tenant = store.directory().tenant_by_name(&name).unwrap().id;
    let Webhook { public_id, owner, created_by, endpoint, secrets, profile, created_at, .. } =
        webhook(1, tenant, "http://127.0.0.1:9/");
    let state = WebhookState::Disabled(DisabledReason::ByOwner);
    let off =
        NewWebhook { public_id, tenant, owner, created_by, endpoint, secrets, state, profile, created_at };
    let webhook = store.create_webhook(off).await.unwrap();
    (store, webhook)
}

fn event(id: usize, webhook: &Webhook) -> NewEvent {
    NewEvent {
        tenant: webhook.tenant,
        source: "/test".into(),
        id: id.to_string(),
        event_type: "order.paid".into(),
        attributes: "{}".into(),
        data: "{}".into(),
        fingerprint: Fingerprint([1; 32]),
        received_at: SystemClock::new().now(),
        deliveries: vec![NewDelivery { webhook: webhook.id, frame: Frame::default().into() }],
        trace: Traced::Unknown,
    }
}

#[test]
fn what_is_durable_and_the_engine_has_not_taken_in_yet_holds_up_publishing_until_it_has() {
    let directory = TempDir::new().unwrap();
    let aside = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (store, webhook) = aside.block_on(store(&directory));
    // The engine goes on only while this thread runs it.
    let here = Builder::new_current_thread().enable_all().build().unwrap();
    let parts = EngineParts {
        store: Arc::clone(&store) as Arc<dyn Store>,
        clock: Arc::new(SystemClock::new()),
        rng: Arc::new(NoJitter),
        own_listeners: Vec::new(),
        log_attempts: LogAttempts::default(),
        findings: Findings::open().0,
        tracer: None,
    };
    let limits = Limits { runnable: 10, ..Limits::default() };
    let engine = here.block_on(async { Engine::start_with(parts, Arc::<TestResolver>::default(), limits) });
    let dispatcher = engine.as_ref().unwrap().dispatcher();
    let admitted_at_once = || {
        let admission = dispatcher.admit(webhook.tenant, 1);
        here.block_on(async {
            let mut admission = pin!(admission);
            let at_once = poll_fn(|cx| Poll::Ready(admission.as_mut().poll(cx).is_ready())).await;
            (at_once, at_once || admission.await.is_ok())
        })
    };
    for (made, at_once) in [(9, true), (10, false)] {
        let events = (0..made).map(|id| event(100 * made + id, &webhook)).collect();
        aside.block_on(store.publish(events)).unwrap();
        assert_eq!(admitted_at_once(), (at_once, true), "{made} are made");
        // It hears of them.
        here.block_on(async { tokio::time::sleep(Duration::from_millis(100)).await });
    }
    drop(engine);
    aside.block_on(store.close());
}
