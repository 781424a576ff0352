//! What every backend must do, told by tests. A backend runs them all by [`contract!`] with a [`Bench`] of its own.

use core::future::Future;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use sigpost_core::signature::Secret;

use super::{Resend, Store, StoreError};
use crate::clock::{Clock, MockClock};
use crate::domain::profile::immuta;
use crate::domain::{
    Attempt, Cause, DeliveryId, DeliveryState, DialectId, Egress, Endpoint, Failure, FailureClass,
    Fingerprint, Frame, HistoryFilter, HistoryOrder, HistoryPage, HistoryQuery, IssuedToken, NewDelivery,
    NewEvent, NewWebhook, Next, Number, Outcome, Phase, Profile, Published, Record, Settings, Settlement,
    SortField, SortOrder, TenantId, TenantSpec, Timestamp, TokenHash, TokenOwner, UserId, Webhook, Work,
};

/// A place where a backend keeps its data, to be opened again and again.
pub(super) trait Bench: Send + Sync {
    type Store: Store;

    /// A new, empty place.
    fn new(clock: Arc<MockClock>) -> Self;

    /// Opens the store there.
    fn open(&self) -> impl Future<Output = Self::Store> + Send;
}

/// A store with one tenant and the means to make things in it.
pub(super) struct World<B: Bench> {
    pub(super) bench: B,
    pub(super) clock: Arc<MockClock>,
    pub(super) store: Arc<B::Store>,
    pub(super) tenant: TenantId,
}

pub(super) fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(super) fn number(number: i64) -> Number {
    Number::new(number).unwrap()
}

pub(super) fn spec(name: &str) -> TenantSpec {
    TenantSpec {
        name: name.into(),
        dialect: DialectId::Immuta,
        egress: Egress::default(),
        settings: Settings::default(),
        users: BTreeMap::new(),
    }
}

pub(super) fn new_webhook(tenant: TenantId, owner: &str, global: bool) -> NewWebhook {
    NewWebhook {
        tenant,
        owner: UserId::new(owner).unwrap(),
        endpoint: Endpoint::parse("https://hooks.example.com/in?x=1").unwrap(),
        secret: Some(Secret::new(*b"a secret for signing").unwrap()),
        profile: Profile::Immuta(immuta::Immuta::restore(immuta::Parts {
            name: "audit \"log\"".into(),
            global,
            notifications: vec!["modelCreated".into(), "modelDeleted".into()],
            action: immuta::ActionType::Triggered,
        })),
        created_at: time(0),
    }
}

pub(super) fn frame(tail: &str) -> Frame {
    Frame { head: Bytes::new(), cut: 1, tail: Bytes::copy_from_slice(tail.as_bytes()) }
}

pub(super) fn event(tenant: TenantId, id: &str, to: &[&Webhook]) -> NewEvent {
    NewEvent {
        tenant,
        source: "/source".into(),
        id: id.into(),
        event_type: "modelCreated".into(),
        attributes: "{\"specversion\":\"1.0\"}".into(),
        data: Bytes::from(format!("{{\"text\":\"{id}\"}}")),
        fingerprint: Fingerprint([1; 32]),
        received_at: time(10),
        deliveries: to
            .iter()
            .map(|webhook| NewDelivery {
                webhook: webhook.id,
                frame: frame(&format!(",\"webhookId\":{}}}", webhook.number)),
            })
            .collect(),
    }
}

pub(super) fn attempt(number: u32, outcome: Outcome) -> Attempt {
    Attempt {
        number,
        started_at: time(20 + i64::from(number)),
        duration: Duration::from_micros(1_500),
        webhook_version: 1,
        outcome,
    }
}

pub(super) fn answered(status: u16) -> Outcome {
    Outcome::Response { status, body: Bytes::from_static(b"answer") }
}

pub(super) fn refused() -> Outcome {
    Outcome::Failed(Failure { class: FailureClass::ConnectionRefused, phase: Phase::Connect })
}

pub(super) fn ended(delivery: DeliveryId, status: u16) -> Settlement {
    let state =
        if (200..300).contains(&status) { DeliveryState::Delivered } else { DeliveryState::Exhausted };
    Settlement { delivery, attempt: Some(attempt(1, answered(status))), next: Next::End(state) }
}

pub(super) fn everything(tenant: TenantId) -> HistoryQuery {
    HistoryQuery {
        filter: HistoryFilter {
            tenant,
            owned_by: Some(UserId::new("2").unwrap()),
            global: true,
            event_type: None,
            success: None,
        },
        order: HistoryOrder { field: SortField::Id, order: SortOrder::Ascending },
        offset: 0,
        limit: 100,
    }
}

pub(super) fn numbers(page: &HistoryPage) -> Vec<i64> {
    page.records.iter().map(|record| record.number.get()).collect()
}

impl<B: Bench> World<B> {
    pub(super) async fn new() -> Self {
        let clock = Arc::new(MockClock::at(time(100)));
        let bench = B::new(Arc::clone(&clock));
        let store = Arc::new(bench.open().await);
        store.apply_tenants(vec![spec("acme")]).await.unwrap();
        let tenant = store.directory().tenant_by_name("acme").unwrap().id;
        Self { bench, clock, store, tenant }
    }

    /// Stops the store and opens it again, with its tenant.
    pub(super) async fn reopen(&mut self) {
        self.store.close().await;
        self.store = Arc::new(self.bench.open().await);
        self.store.apply_tenants(vec![spec("acme")]).await.unwrap();
    }

    pub(super) async fn webhook(&self) -> Arc<Webhook> {
        self.store.create_webhook(new_webhook(self.tenant, "2", false)).await.unwrap()
    }

    pub(super) async fn publish(&self, event: NewEvent) -> Published {
        self.store.publish(vec![event]).await.unwrap().remove(0)
    }

    /// Publishes an event to these webhooks and returns its deliveries.
    pub(super) async fn deliver(&self, id: &str, to: &[&Webhook]) -> Vec<DeliveryId> {
        match self.publish(event(self.tenant, id, to)).await {
            Published::Accepted { deliveries, .. } => deliveries,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn pending(&self) -> Vec<Work> {
        self.store.pending(None, 1_000).await.unwrap()
    }

    pub(super) async fn history(&self) -> HistoryPage {
        self.store.history(everything(self.tenant)).await.unwrap()
    }

    async fn record(&self, number: i64) -> Option<Record> {
        self.store.record(self.tenant, self::number(number)).await.unwrap()
    }

    /// Waits until every result given so far is durable.
    pub(super) async fn settled(&self) {
        while self.store.unsettled() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Runs the suite for a backend.
macro_rules! contract {
    ($bench:ty) => {
        contract!($bench:
            a_tenant_keeps_its_id_and_its_random_name_over_restarts
            a_tenant_that_is_no_longer_configured_disappears_and_can_come_back
            a_webhook_reads_back_as_it_was_made_also_after_a_restart
            numbers_are_counted_per_tenant_and_never_given_twice
            a_deleted_webhook_is_gone_and_its_number_stays_taken
            deleting_a_webhook_cancels_what_is_pending_for_it_and_nothing_else
            a_delivery_to_a_webhook_deleted_meanwhile_is_over_from_the_start
            another_tenants_webhook_cannot_be_deleted
            what_was_published_is_pending_with_its_body_also_after_a_restart
            pending_work_is_read_in_pages
            the_same_event_again_is_a_duplicate_and_other_content_a_conflict
            a_repetition_within_one_call_is_found
            a_repetition_is_found_after_a_restart
            the_same_key_of_another_tenant_is_another_event
            a_call_is_stored_whole_or_not_at_all
            a_retry_stays_pending_until_its_time_and_counts_its_attempts
            a_terminal_delivery_keeps_its_state_and_still_records_attempts
            a_delivery_may_end_without_an_attempt
            the_result_of_an_unknown_delivery_changes_nothing
            a_result_given_without_waiting_becomes_durable_by_itself
            results_given_without_waiting_survive_closing
            a_record_appears_with_its_first_attempt_and_shows_the_latest
            every_failure_reads_back_as_it_was_recorded
            history_is_filtered_by_owner_and_global
            history_is_filtered_by_type_and_success
            history_is_sorted_by_every_field_in_both_directions
            history_is_counted_before_it_is_paged
            history_outlives_its_webhook
            another_tenants_records_are_not_there
            a_resend_is_a_new_delivery_with_the_same_bytes_and_message_id
            only_records_that_are_shown_can_be_resent
            a_record_of_a_deleted_webhook_cannot_be_resent
            pruning_deletes_what_is_old_and_over
            pruning_keeps_an_event_that_was_sent_again
            pruning_is_bounded_and_goes_on_where_it_stopped
            an_issued_token_works_until_it_expires_also_after_a_restart
            a_closed_store_refuses_everything
            reading_does_not_wait_for_writing
        );
    };
    ($bench:ty: $($test:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::storage::contract::$test::<$bench>().await;
            }
        )*
    };
}
pub(super) use contract;

pub(super) async fn a_tenant_keeps_its_id_and_its_random_name_over_restarts<B: Bench>() {
    let mut world = World::<B>::new().await;
    let before = world.store.directory().tenant(world.tenant).unwrap();
    world.reopen().await;
    assert_eq!(world.store.directory().tenant(world.tenant).unwrap(), before);
    assert_ne!(before.uid.as_bytes(), &[0; 16]);
    world.store.close().await;
}

pub(super) async fn a_tenant_that_is_no_longer_configured_disappears_and_can_come_back<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    world.deliver("1", &[&webhook]).await;
    world.store.apply_tenants(vec![spec("other")]).await.unwrap();
    assert!(world.store.directory().tenant(world.tenant).is_none());
    assert!(world.store.directory().tenant_by_name("acme").is_none());
    assert!(world.pending().await.is_empty(), "its deliveries wait");
    world.store.apply_tenants(vec![spec("other"), spec("acme")]).await.unwrap();
    assert_eq!(world.store.directory().tenant_by_name("acme").unwrap().id, world.tenant);
    assert_eq!(world.pending().await.len(), 1);
    world.store.close().await;
}

fn assert_same(a: &Webhook, b: &Webhook) {
    assert_eq!((a.id, a.number, a.tenant, &a.owner), (b.id, b.number, b.tenant, &b.owner));
    assert_eq!((a.endpoint.as_given(), a.state, a.version), (b.endpoint.as_given(), b.state, b.version));
    assert_eq!((&a.profile, a.created_at, a.updated_at), (&b.profile, b.created_at, b.updated_at));
    let bytes = |webhook: &Webhook| webhook.secret.as_ref().map(|secret| secret.as_bytes().to_vec());
    assert_eq!(bytes(a), bytes(b));
}

pub(super) async fn a_webhook_reads_back_as_it_was_made_also_after_a_restart<B: Bench>() {
    let mut world = World::<B>::new().await;
    let made = world.webhook().await;
    let unsigned = NewWebhook { secret: None, ..new_webhook(world.tenant, "3", true) };
    let unsigned = world.store.create_webhook(unsigned).await.unwrap();
    assert_eq!((made.number, made.version, made.created_at), (number(1), 1, time(0)));
    assert_same(&world.store.directory().webhook(made.id).unwrap(), &made);
    world.reopen().await;
    let directory = world.store.directory();
    assert_same(&directory.webhook(made.id).unwrap(), &made);
    assert_same(&directory.webhook_by_number(world.tenant, unsigned.number).unwrap(), &unsigned);
    assert_eq!(directory.webhooks_of(world.tenant).len(), 2);
    world.store.close().await;
}

pub(super) async fn numbers_are_counted_per_tenant_and_never_given_twice<B: Bench>() {
    let mut world = World::<B>::new().await;
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let other = world.store.directory().tenant_by_name("other").unwrap().id;
    let webhook = world.webhook().await;
    let theirs = world.store.create_webhook(new_webhook(other, "2", false)).await.unwrap();
    assert_eq!((webhook.number, theirs.number), (number(1), number(1)));
    assert_ne!(webhook.id, theirs.id);
    let first = world.deliver("1", &[&webhook]).await;
    world.store.settle(ended(first[0], 200)).await.unwrap();
    world.store.delete_webhook(world.tenant, webhook.number, time(50)).await.unwrap().unwrap();
    assert_eq!(world.store.prune(vec![(world.tenant, time(1_000))], 10).await.unwrap(), 1);
    world.reopen().await;
    let webhook = world.webhook().await;
    assert_eq!(webhook.number, number(2));
    let Published::Accepted { number: event_number, deliveries, .. } =
        world.publish(event(world.tenant, "2", &[&webhook])).await
    else {
        panic!("a new event")
    };
    assert_eq!(event_number, number(2));
    assert!(deliveries[0] > first[0]);
    world.store.settle(ended(deliveries[0], 200)).await.unwrap();
    assert_eq!(numbers(&world.history().await), [2]);
    world.store.close().await;
}

pub(super) async fn a_deleted_webhook_is_gone_and_its_number_stays_taken<B: Bench>() {
    let mut world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let deleted = world.store.delete_webhook(world.tenant, webhook.number, time(50)).await.unwrap().unwrap();
    assert_eq!((deleted.id, deleted.version, deleted.updated_at), (webhook.id, 2, time(50)));
    assert!(deleted.secret.is_none());
    assert!(world.store.directory().webhook(webhook.id).is_none());
    assert!(world.store.delete_webhook(world.tenant, webhook.number, time(51)).await.unwrap().is_none());
    world.reopen().await;
    assert!(world.store.directory().webhook_by_number(world.tenant, webhook.number).is_none());
    assert_eq!(world.webhook().await.number, number(2));
    world.store.close().await;
}

pub(super) async fn deleting_a_webhook_cancels_what_is_pending_for_it_and_nothing_else<B: Bench>() {
    let world = World::<B>::new().await;
    let (gone, kept) = (world.webhook().await, world.webhook().await);
    let deliveries = world.deliver("1", &[&gone, &kept]).await;
    world.store.delete_webhook(world.tenant, gone.number, time(50)).await.unwrap();
    let pending: Vec<_> = world.pending().await.into_iter().map(|work| work.delivery).collect();
    assert_eq!(pending, [deliveries[1]]);
    // Its attempt was under way: it is recorded, the delivery stays cancelled.
    let late = Settlement {
        delivery: deliveries[0],
        attempt: Some(attempt(1, answered(503))),
        next: Next::Retry { due: time(60) },
    };
    world.store.settle(late).await.unwrap();
    assert_eq!(world.pending().await.len(), 1);
    world.store.close().await;
}

pub(super) async fn a_delivery_to_a_webhook_deleted_meanwhile_is_over_from_the_start<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let event = event(world.tenant, "1", &[&webhook]);
    world.store.delete_webhook(world.tenant, webhook.number, time(50)).await.unwrap();
    assert!(
        matches!(world.publish(event).await, Published::Accepted { deliveries, .. } if deliveries.len() == 1)
    );
    assert!(world.pending().await.is_empty());
    world.store.close().await;
}

pub(super) async fn another_tenants_webhook_cannot_be_deleted<B: Bench>() {
    let world = World::<B>::new().await;
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let other = world.store.directory().tenant_by_name("other").unwrap().id;
    let webhook = world.webhook().await;
    assert!(world.store.delete_webhook(other, webhook.number, time(50)).await.unwrap().is_none());
    assert!(world.store.directory().webhook(webhook.id).is_some());
    world.store.close().await;
}

pub(super) async fn what_was_published_is_pending_with_its_body_also_after_a_restart<B: Bench>() {
    let mut world = World::<B>::new().await;
    let (a, b) = (world.webhook().await, world.webhook().await);
    let deliveries = world.deliver("1", &[&a, &b]).await;
    let tenant = world.store.directory().tenant(world.tenant).unwrap();
    for _ in 0..2 {
        let pending = world.pending().await;
        assert_eq!(pending.iter().map(|work| work.delivery).collect::<Vec<_>>(), deliveries);
        let work = &pending[1];
        assert_eq!((work.tenant, work.webhook, work.cause), (world.tenant, b.id, Cause::Event));
        assert_eq!((work.received_at, work.due, work.attempts_made), (time(10), time(10), 0));
        assert_eq!(work.message_id, b.message_id(&tenant, number(1)));
        assert_eq!(work.body, None);
        let body = world.store.body(work.delivery).await.unwrap().unwrap();
        assert_eq!(body.to_bytes(), "{\"text\":\"1\",\"webhookId\":2}");
        world.reopen().await;
    }
    assert!(world.store.body(DeliveryId::new(1_000)).await.unwrap().is_none());
    world.store.close().await;
}

pub(super) async fn pending_work_is_read_in_pages<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let mut expected = Vec::new();
    for id in 0..5 {
        expected.extend(world.deliver(&id.to_string(), &[&webhook]).await);
    }
    let (mut read, mut after) = (Vec::new(), None);
    loop {
        let page = world.store.pending(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.delivery);
        read.extend(page.iter().map(|work| work.delivery));
    }
    assert_eq!(read, expected);
    world.store.close().await;
}

pub(super) async fn the_same_event_again_is_a_duplicate_and_other_content_a_conflict<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let first = event(world.tenant, "1", &[&webhook]);
    assert!(matches!(world.publish(first.clone()).await, Published::Accepted { .. }));
    assert_eq!(world.publish(first.clone()).await, Published::Duplicate { number: number(1) });
    let other = NewEvent { fingerprint: Fingerprint([2; 32]), ..first.clone() };
    assert_eq!(world.publish(other).await, Published::Conflict);
    assert_eq!(world.pending().await.len(), 1);
    for new in [NewEvent { id: "2".into(), ..first.clone() }, NewEvent { source: "/2".into(), ..first }] {
        assert!(matches!(world.publish(new).await, Published::Accepted { .. }));
    }
    world.store.close().await;
}

pub(super) async fn a_repetition_within_one_call_is_found<B: Bench>() {
    let world = World::<B>::new().await;
    let first = event(world.tenant, "1", &[]);
    let other = NewEvent { fingerprint: Fingerprint([2; 32]), ..first.clone() };
    let next = event(world.tenant, "2", &[]);
    let answers = world.store.publish(vec![first.clone(), first, other, next]).await.unwrap();
    assert!(matches!(answers[0], Published::Accepted { number, .. } if number.get() == 1));
    assert_eq!(answers[1..3], [Published::Duplicate { number: number(1) }, Published::Conflict]);
    assert!(matches!(answers[3], Published::Accepted { number, .. } if number.get() == 2));
    world.store.close().await;
}

pub(super) async fn a_repetition_is_found_after_a_restart<B: Bench>() {
    let mut world = World::<B>::new().await;
    let first = event(world.tenant, "1", &[]);
    world.publish(first.clone()).await;
    world.reopen().await;
    assert_eq!(world.publish(first).await, Published::Duplicate { number: number(1) });
    world.store.close().await;
}

pub(super) async fn the_same_key_of_another_tenant_is_another_event<B: Bench>() {
    let world = World::<B>::new().await;
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let other = world.store.directory().tenant_by_name("other").unwrap().id;
    world.publish(event(world.tenant, "1", &[])).await;
    let theirs = world.publish(event(other, "1", &[])).await;
    assert!(matches!(theirs, Published::Accepted { number, .. } if number.get() == 1));
    world.store.close().await;
}

pub(super) async fn a_call_is_stored_whole_or_not_at_all<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let good = event(world.tenant, "1", &[&webhook]);
    let impossible = event(TenantId::new(999), "2", &[]);
    assert!(world.store.publish(vec![good.clone(), impossible]).await.is_err());
    assert!(world.pending().await.is_empty());
    assert!(matches!(world.publish(good).await, Published::Accepted { number, .. } if number.get() == 1));
    world.store.close().await;
}

pub(super) async fn a_retry_stays_pending_until_its_time_and_counts_its_attempts<B: Bench>() {
    let mut world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    for count in 1..=2_u32 {
        let due = time(100 * i64::from(count));
        let retry =
            Settlement { delivery, attempt: Some(attempt(count, refused())), next: Next::Retry { due } };
        world.store.settle(retry).await.unwrap();
        world.reopen().await;
        let pending = world.pending().await;
        assert_eq!((pending[0].attempts_made, pending[0].due), (count, due));
    }
    let success = Settlement {
        delivery,
        attempt: Some(attempt(3, answered(204))),
        next: Next::End(DeliveryState::Delivered),
    };
    world.store.settle(success).await.unwrap();
    assert!(world.pending().await.is_empty());
    world.store.close().await;
}

pub(super) async fn a_terminal_delivery_keeps_its_state_and_still_records_attempts<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(delivery, 200)).await.unwrap();
    let late =
        Settlement { delivery, attempt: Some(attempt(2, refused())), next: Next::Retry { due: time(1_000) } };
    world.store.settle(late).await.unwrap();
    assert!(world.pending().await.is_empty());
    assert_eq!(world.record(1).await.unwrap().attempt, attempt(2, refused()));
    world.store.close().await;
}

pub(super) async fn a_delivery_may_end_without_an_attempt<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    let expired = Settlement { delivery, attempt: None, next: Next::End(DeliveryState::Expired) };
    world.store.settle(expired).await.unwrap();
    assert!(world.pending().await.is_empty());
    assert!(world.record(1).await.is_none());
    world.store.close().await;
}

pub(super) async fn the_result_of_an_unknown_delivery_changes_nothing<B: Bench>() {
    let world = World::<B>::new().await;
    world.store.settle(ended(DeliveryId::new(77), 200)).await.unwrap();
    assert_eq!(world.history().await.total, 0);
    world.store.close().await;
}

pub(super) async fn a_result_given_without_waiting_becomes_durable_by_itself<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle_later(ended(delivery, 200));
    world.settled().await;
    assert!(world.pending().await.is_empty());
    assert_eq!(world.history().await.total, 1);
    world.store.close().await;
}

pub(super) async fn results_given_without_waiting_survive_closing<B: Bench>() {
    let mut world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let mut deliveries = Vec::new();
    for id in 0..50 {
        deliveries.extend(world.deliver(&id.to_string(), &[&webhook]).await);
    }
    for delivery in deliveries {
        world.store.settle_later(ended(delivery, 200));
    }
    world.reopen().await;
    assert!(world.pending().await.is_empty());
    assert_eq!(world.history().await.total, 50);
    world.store.close().await;
}

pub(super) async fn a_record_appears_with_its_first_attempt_and_shows_the_latest<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    assert!(world.record(1).await.is_none());
    assert_eq!(world.history().await.total, 0);
    for (count, outcome) in [(1, refused()), (2, answered(500)), (3, answered(200))] {
        let attempt = attempt(count, outcome);
        let settlement =
            Settlement { delivery, attempt: Some(attempt.clone()), next: Next::Retry { due: time(500) } };
        world.store.settle(settlement).await.unwrap();
        let record = world.record(1).await.unwrap();
        assert_eq!((record.delivery, record.number, record.event_number), (delivery, number(1), number(1)));
        assert_eq!((record.event_type.as_str(), record.webhook_deleted), ("modelCreated", false));
        assert_same(&record.webhook, &webhook);
        assert_eq!(record.request, "{\"text\":\"1\",\"webhookId\":1}");
        assert_eq!(record.created_at, time(10));
        assert_eq!(record.updated_at, attempt.started_at + attempt.duration);
        assert_eq!(record.attempt, attempt);
        assert_eq!(world.history().await.records[0].attempt, attempt);
    }
    world.store.close().await;
}

pub(super) async fn every_failure_reads_back_as_it_was_recorded<B: Bench>() {
    use FailureClass as C;
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    let classes = [
        C::Timeout,
        C::DnsNotFound,
        C::DnsFailed,
        C::EgressDenied,
        C::ConnectionRefused,
        C::ConnectionReset,
        C::Unreachable,
        C::TlsCertificateExpired,
        C::TlsWrongHost,
        C::TlsUnknownIssuer,
        C::TlsHandshake,
        C::InvalidResponse,
        C::Local,
    ];
    for class in classes {
        for phase in [Phase::Connect, Phase::Exchange] {
            let attempt = attempt(1, Outcome::Failed(Failure { class, phase }));
            let settlement =
                Settlement { delivery, attempt: Some(attempt.clone()), next: Next::Retry { due: time(500) } };
            world.store.settle(settlement).await.unwrap();
            assert_eq!(world.record(1).await.unwrap().attempt, attempt);
        }
    }
    world.store.close().await;
}

/// Three webhooks (user 2's, user 2's global one, user 3's global one) with a record each, numbered 1 to 3.
async fn three_records<B: Bench>() -> (World<B>, [Arc<Webhook>; 3]) {
    let world = World::<B>::new().await;
    let make = |owner, global| world.store.create_webhook(new_webhook(world.tenant, owner, global));
    let webhooks =
        [make("2", false).await.unwrap(), make("2", true).await.unwrap(), make("3", true).await.unwrap()];
    for (delivery, status) in
        world.deliver("1", &[&webhooks[0], &webhooks[1], &webhooks[2]]).await.into_iter().zip([200, 404, 299])
    {
        world.store.settle(ended(delivery, status)).await.unwrap();
    }
    (world, webhooks)
}

pub(super) async fn history_is_filtered_by_owner_and_global<B: Bench>() {
    let (world, _) = three_records::<B>().await;
    let user = |id| UserId::new(id);
    for (owned_by, global, expected) in [
        (user("2"), false, vec![1, 2]),
        (user("2"), true, vec![1, 2, 3]),
        (user("3"), false, vec![3]),
        (user("3"), true, vec![2, 3]),
        (None, true, vec![2, 3]),
        (None, false, vec![]),
        (user("4"), false, vec![]),
    ] {
        let mut query = everything(world.tenant);
        query.filter.owned_by.clone_from(&owned_by);
        query.filter.global = global;
        let page = world.store.history(query).await.unwrap();
        assert_eq!(numbers(&page), expected, "{owned_by:?} {global}");
        assert_eq!(page.total, u64::try_from(expected.len()).unwrap());
    }
    world.store.close().await;
}

pub(super) async fn history_is_filtered_by_type_and_success<B: Bench>() {
    let (world, webhooks) = three_records::<B>().await;
    let deleted = NewEvent { event_type: "modelDeleted".into(), ..event(world.tenant, "2", &[&webhooks[0]]) };
    let Published::Accepted { deliveries, .. } = world.publish(deleted).await else { panic!("new") };
    let failed = Settlement {
        delivery: deliveries[0],
        attempt: Some(attempt(1, refused())),
        next: Next::Retry { due: time(500) },
    };
    world.store.settle(failed).await.unwrap();
    for (event_type, success, expected) in [
        (None, Some(true), vec![1, 3]),
        (None, Some(false), vec![2, 4]),
        (Some("modelDeleted"), None, vec![4]),
        (Some("modelCreated"), Some(false), vec![2]),
        (Some("modelDeleted"), Some(true), vec![]),
        (Some("nothing"), None, vec![]),
    ] {
        let mut query = everything(world.tenant);
        query.filter.event_type = event_type.map(Into::into);
        query.filter.success = success;
        let page = world.store.history(query).await.unwrap();
        assert_eq!(numbers(&page), expected, "{event_type:?} {success:?}");
        assert_eq!(page.total, u64::try_from(expected.len()).unwrap());
    }
    world.store.close().await;
}

pub(super) async fn history_is_sorted_by_every_field_in_both_directions<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    // number → made at, ended at, outcome, type
    let rows = [
        (30, 5, answered(404), "b"),
        (10, 9, refused(), "a"),
        (20, 1, answered(500), "b"),
        (20, 7, answered(200), "c"),
    ];
    for (index, (made, ended, outcome, event_type)) in rows.into_iter().enumerate() {
        let event = NewEvent {
            event_type: event_type.into(),
            received_at: time(made),
            ..event(world.tenant, &index.to_string(), &[&webhook])
        };
        let Published::Accepted { deliveries, .. } = world.publish(event).await else { panic!("new") };
        let attempt = Attempt { started_at: time(100 + ended), ..attempt(1, outcome) };
        let settlement = Settlement {
            delivery: deliveries[0],
            attempt: Some(attempt),
            next: Next::End(DeliveryState::Exhausted),
        };
        world.store.settle(settlement).await.unwrap();
    }
    for (field, ascending) in [
        (SortField::Id, [1, 2, 3, 4]),
        (SortField::CreatedAt, [2, 3, 4, 1]),
        (SortField::UpdatedAt, [3, 1, 4, 2]),
        (SortField::Status, [4, 1, 2, 3]),
        (SortField::EventType, [2, 1, 3, 4]),
    ] {
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let mut expected = ascending;
            if order == SortOrder::Descending {
                expected.reverse();
            }
            let query = HistoryQuery { order: HistoryOrder { field, order }, ..everything(world.tenant) };
            assert_eq!(numbers(&world.store.history(query).await.unwrap()), expected, "{field:?} {order:?}");
        }
    }
    world.store.close().await;
}

pub(super) async fn history_is_counted_before_it_is_paged<B: Bench>() {
    let (world, _) = three_records::<B>().await;
    for (offset, limit, expected) in
        [(0, 2, vec![1, 2]), (2, 2, vec![3]), (3, 2, vec![]), (1, 1, vec![2]), (u64::MAX, 1, vec![])]
    {
        let page =
            world.store.history(HistoryQuery { offset, limit, ..everything(world.tenant) }).await.unwrap();
        assert_eq!((page.total, numbers(&page)), (3, expected), "{offset} {limit}");
    }
    world.store.close().await;
}

pub(super) async fn history_outlives_its_webhook<B: Bench>() {
    let (mut world, webhooks) = three_records::<B>().await;
    world.store.delete_webhook(world.tenant, webhooks[0].number, time(60)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(numbers(&world.history().await), [1, 2, 3]);
        let record = world.record(1).await.unwrap();
        assert!(record.webhook_deleted && record.webhook.secret.is_none());
        assert_eq!((record.webhook.number, &record.webhook.profile), (number(1), &webhooks[0].profile));
        assert_eq!(record.request, "{\"text\":\"1\",\"webhookId\":1}");
        world.reopen().await;
    }
    world.store.close().await;
}

pub(super) async fn another_tenants_records_are_not_there<B: Bench>() {
    let (world, _) = three_records::<B>().await;
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let other = world.store.directory().tenant_by_name("other").unwrap().id;
    assert_eq!(world.store.history(everything(other)).await.unwrap().total, 0);
    assert!(world.store.record(other, number(1)).await.unwrap().is_none());
    assert!(matches!(world.store.create_resend(other, number(1), time(70)).await.unwrap(), Resend::NoRecord));
    world.store.close().await;
}

pub(super) async fn a_resend_is_a_new_delivery_with_the_same_bytes_and_message_id<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let original = world.deliver("1", &[&webhook]).await[0];
    let message_id = world.pending().await[0].message_id.clone();
    world.store.settle(ended(original, 500)).await.unwrap();
    let Resend::Created { work, number: record } =
        world.store.create_resend(world.tenant, number(1), time(70)).await.unwrap()
    else {
        panic!("a record that is shown")
    };
    assert_eq!((record, work.cause, work.attempts_made), (number(2), Cause::Resend, 0));
    assert_eq!((work.due, work.received_at, &work.message_id), (time(70), time(10), &message_id));
    assert_eq!(work.body.as_ref().unwrap().to_bytes(), "{\"text\":\"1\",\"webhookId\":1}");
    assert_eq!(world.store.body(work.delivery).await.unwrap(), work.body);
    let pending = world.pending().await;
    assert_eq!(pending, [Work { body: None, ..(*work).clone() }]);
    assert!(world.record(2).await.is_none(), "not shown before its attempt");
    world.store.settle(ended(work.delivery, 200)).await.unwrap();
    let records = world.history().await;
    assert_eq!(numbers(&records), [1, 2]);
    assert_eq!((records.records[1].event_number, records.records[1].created_at), (number(1), time(70)));
    world.store.close().await;
}

pub(super) async fn only_records_that_are_shown_can_be_resent<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    world.deliver("1", &[&webhook]).await;
    for absent in [1, 2, i64::MAX] {
        let resend = world.store.create_resend(world.tenant, number(absent), time(70)).await.unwrap();
        assert!(matches!(resend, Resend::NoRecord), "{absent}");
    }
    world.store.close().await;
}

pub(super) async fn a_record_of_a_deleted_webhook_cannot_be_resent<B: Bench>() {
    let (world, webhooks) = three_records::<B>().await;
    world.store.delete_webhook(world.tenant, webhooks[0].number, time(60)).await.unwrap();
    let resend = world.store.create_resend(world.tenant, number(1), time(70)).await.unwrap();
    assert!(matches!(resend, Resend::WebhookDeleted));
    world.store.close().await;
}

pub(super) async fn pruning_deletes_what_is_old_and_over<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let old = |id: &str, to: &[&Webhook]| event(world.tenant, id, to);
    let Published::Accepted { deliveries: over, .. } = world.publish(old("over", &[&webhook])).await else {
        panic!("new")
    };
    for count in 1..=3 {
        let settlement = Settlement {
            delivery: over[0],
            attempt: Some(attempt(count, refused())),
            next: if count < 3 {
                Next::Retry { due: time(500) }
            } else {
                Next::End(DeliveryState::Exhausted)
            },
        };
        world.store.settle(settlement).await.unwrap();
    }
    world.publish(old("nobody's", &[])).await;
    let waiting = world.deliver("waiting", &[&webhook]).await;
    let young = NewEvent { received_at: time(1_000), ..event(world.tenant, "young", &[&webhook]) };
    let Published::Accepted { deliveries: young, .. } = world.publish(young).await else { panic!("new") };
    world.store.settle(ended(young[0], 200)).await.unwrap();
    assert_eq!(world.store.prune(vec![(world.tenant, time(1_000))], 100).await.unwrap(), 2);
    assert_eq!(world.store.prune(vec![(world.tenant, time(1_000))], 100).await.unwrap(), 0);
    assert!(world.store.body(over[0]).await.unwrap().is_none());
    assert_eq!(world.pending().await[0].delivery, waiting[0]);
    assert_eq!(numbers(&world.history().await), [3]);
    // What was pending can go once it is over.
    world.store.settle(ended(waiting[0], 200)).await.unwrap();
    assert_eq!(world.store.prune(vec![(world.tenant, time(1_000))], 100).await.unwrap(), 1);
    // A key whose event is gone is free again.
    assert!(matches!(world.publish(old("over", &[])).await, Published::Accepted { .. }));
    world.store.close().await;
}

pub(super) async fn pruning_keeps_an_event_that_was_sent_again<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let original = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(original, 500)).await.unwrap();
    let resend = world.store.create_resend(world.tenant, number(1), time(2_000)).await.unwrap();
    let Resend::Created { work, .. } = resend else { panic!("shown") };
    world.store.settle(ended(work.delivery, 200)).await.unwrap();
    assert_eq!(world.store.prune(vec![(world.tenant, time(1_000))], 100).await.unwrap(), 0);
    assert_eq!(numbers(&world.history().await), [2], "the first delivery is gone, the second has its bytes");
    assert_eq!(world.store.prune(vec![(world.tenant, time(3_000))], 100).await.unwrap(), 1);
    assert_eq!(world.history().await.total, 0);
    world.store.close().await;
}

pub(super) async fn pruning_is_bounded_and_goes_on_where_it_stopped<B: Bench>() {
    let world = World::<B>::new().await;
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let other = world.store.directory().tenant_by_name("other").unwrap().id;
    for id in 0..5 {
        world.publish(event(world.tenant, &id.to_string(), &[])).await;
        world.publish(event(other, &id.to_string(), &[])).await;
    }
    let before = vec![(world.tenant, time(1_000))];
    let mut deleted = Vec::new();
    for _ in 0..4 {
        deleted.push(world.store.prune(before.clone(), 2).await.unwrap());
    }
    assert_eq!(deleted, [2, 2, 1, 0]);
    assert_eq!(
        world.store.prune(vec![(other, time(1_000))], 10).await.unwrap(),
        5,
        "the other tenant's stayed"
    );
    world.store.close().await;
}

pub(super) async fn an_issued_token_works_until_it_expires_also_after_a_restart<B: Bench>() {
    let mut world = World::<B>::new().await;
    let token = |text: &str, seconds| IssuedToken {
        hash: TokenHash::of(text),
        tenant: world.tenant,
        user: UserId::new("2").unwrap(),
        issued_at: world.clock.now(),
        expires_at: world.clock.now() + Duration::from_secs(seconds),
    };
    let (long, short) = (token("long", 3_600), token("short", 60));
    world.store.issue_token(long).await.unwrap();
    world.store.issue_token(short).await.unwrap();
    let owner =
        |world: &World<B>, text: &str| world.store.directory().token(&TokenHash::of(text), world.clock.now());
    let expected = Some(TokenOwner::User { tenant: world.tenant, user: UserId::new("2").unwrap() });
    for _ in 0..2 {
        assert_eq!(owner(&world, "long"), expected);
        assert_eq!(owner(&world, "short"), expected);
        assert_eq!(owner(&world, "unknown"), None);
        world.reopen().await;
    }
    world.clock.advance(Duration::from_secs(60));
    for _ in 0..2 {
        assert_eq!((owner(&world, "long"), owner(&world, "short")), (expected.clone(), None));
        world.reopen().await;
    }
    world.store.close().await;
}

pub(super) async fn a_closed_store_refuses_everything<B: Bench>() {
    let world = World::<B>::new().await;
    world.store.check().await.unwrap();
    world.store.close().await;
    world.store.close().await;
    let stopped = |error| matches!(error, StoreError::Stopped);
    assert!(stopped(world.store.publish(vec![event(world.tenant, "1", &[])]).await.unwrap_err()));
    assert!(stopped(world.store.settle(ended(DeliveryId::new(1), 200)).await.unwrap_err()));
    let created = world.store.create_webhook(new_webhook(world.tenant, "2", false)).await;
    assert!(created.is_err_and(stopped));
    assert!(stopped(world.store.check().await.unwrap_err()));
    assert!(stopped(world.store.pending(None, 1).await.unwrap_err()));
    world.store.settle_later(ended(DeliveryId::new(1), 200));
    assert_eq!(world.store.unsettled(), 0);
}

pub(super) async fn reading_does_not_wait_for_writing<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let publishers: Vec<_> = (0..64)
        .map(|publisher| {
            let (store, webhook, tenant) = (Arc::clone(&world.store), Arc::clone(&webhook), world.tenant);
            tokio::spawn(async move {
                for count in 0..20 {
                    let event = event(tenant, &format!("{publisher}-{count}"), &[&webhook]);
                    let answer = store.publish(vec![event]).await.unwrap().remove(0);
                    let Published::Accepted { deliveries, .. } = answer else { panic!("new") };
                    store.settle_later(ended(deliveries[0], 200));
                }
            })
        })
        .collect();
    let mut seen = 0;
    while publishers.iter().any(|publisher| !publisher.is_finished()) {
        let page = world.store.history(everything(world.tenant)).await.unwrap();
        assert!(page.total >= seen, "history only grows");
        seen = page.total;
        world.pending().await;
    }
    for publisher in publishers {
        publisher.await.unwrap();
    }
    world.settled().await;
    let page = world.history().await;
    assert_eq!(page.total, 64 * 20);
    assert_eq!(numbers(&page), (1..=100).collect::<Vec<_>>());
    assert!(world.pending().await.is_empty());
    world.store.close().await;
}
