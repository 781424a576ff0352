//! What every backend must do, told by tests. A backend runs them all by [`contract!`] with a [`Bench`] of its own.

use core::future::Future;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use sigpost_core::signature::Secret;
use tokio::sync::Mutex;

mod afterwards;
mod changes;
mod history;
mod publishing;
mod replaying;
mod settling;
mod telling;
mod tenancy;
mod tenants;

use super::{
    Arrival, Arrivals, AuditLog, Page, Pruned, Resend, Store, StoreError, Tenancy, Update, Walk, Wanted,
};
use crate::clock::{Clock, MockClock};
use crate::domain::profile::{immuta, qlik};
use crate::domain::{
    Actor, Attempt, AuditEntry, AuditObject, AuditOutcome, AuditQuery, Cause, DeliveryId, DeliveryState,
    DialectId, Egress, Endpoint, Failure, FailureClass, Fingerprint, Frame, HistoryFilter, HistoryOrder,
    HistoryPage, HistoryQuery, IdMap, IssuedToken, NewDelivery, NewEvent, NewWebhook, Next, Number, Origin,
    Outcome, Owned, Phase, Position, Profile, PublicId, Published, Record, ResponseHeaders, Role, Scope,
    Secrets, Settings, Settlement, SortField, SortOrder, TenantId, TenantSpec, Timestamp, TokenHash,
    TokenOrigin, TokenOwner, Traced, Turn, User, UserId, Webhook, WebhookId, WebhookState, Work,
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
    arrivals: Mutex<Arrivals>,
    tickets: AtomicU64,
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
        public_id: PublicId::new(time(0), [5; 10]),
        tenant,
        owner: UserId::new(owner).unwrap(),
        endpoint: Endpoint::parse("https://hooks.example.com/in?x=1").unwrap(),
        created_by: UserId::new(owner).unwrap(),
        secrets: Secrets::new(Some(Secret::new(*b"a secret for signing").unwrap())),
        state: WebhookState::Enabled,
        profile: Profile::Immuta(immuta::Immuta::restore(immuta::Parts {
            name: "audit \"log\"".into(),
            global,
            notifications: vec!["modelCreated".into(), "modelDeleted".into()],
            action: immuta::ActionType::Triggered,
        })),
        created_at: time(0),
    }
}

/// One that adds encrypted headers to its requests.
pub(super) fn new_webhook_with_secrets(tenant: TenantId) -> NewWebhook {
    let header = |(name, value): (&str, &str)| qlik::EncryptedHeader {
        name: name.into(),
        value: qlik::HeaderSecret::new(value.into()),
    };
    let parts = qlik::Parts {
        name: "reloads".into(),
        description: Some("to the \u{e9}lan".into()),
        event_types: vec!["com.qlik.app.created".into()],
        level: qlik::Level::User,
        filter: Some("( id eq \"a\" )".into()),
        headers: vec![qlik::Header { name: "X-Team".into(), value: "blue".into() }],
        encrypted_headers: [("Authorization", "Bearer 7h3-t0k3n"), ("X-Key", "a \"quoted\" k3y")]
            .map(header)
            .into(),
        cloud_events: false,
        check_revocation: true,
        origin: qlik::Origin::Automations,
    };
    let profile = qlik::Qlik::new(parts, &Settings::default()).unwrap();
    NewWebhook { profile: Profile::Qlik(profile), ..new_webhook(tenant, "2", false) }
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
                frame: frame(&format!(",\"webhookId\":{}}}", webhook.number)).into(),
            })
            .collect(),
        trace: Traced::Unknown,
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
    let lines = [("content-type", &b"text/plain"[..]), ("x-status", b"\xc3\xa9")];
    Outcome::Response { status, headers: ResponseHeaders::new(lines), body: Bytes::from_static(b"answer") }
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
            scope: Scope::Shares {
                owned_by: Some(Owned { by: UserId::new("2").unwrap(), global: true }),
                global: true,
            },
            event_type: None,
            success: None,
            state: None,
            cause: None,
            since: None,
            until: None,
        },
        order: HistoryOrder { field: SortField::Id, order: SortOrder::Ascending },
        position: Position::Offset(0),
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
        Self::over(bench, clock, store, tenant)
    }

    /// A store that was opened already.
    pub(super) fn over(bench: B, clock: Arc<MockClock>, store: Arc<B::Store>, tenant: TenantId) -> Self {
        let arrivals = Mutex::new(store.arrivals().unwrap());
        Self { bench, clock, store, tenant, arrivals, tickets: AtomicU64::new(0) }
    }

    /// Stops the store and opens it again, with its tenant.
    pub(super) async fn reopen(&mut self) {
        self.store.close().await;
        self.store = Arc::new(self.bench.open().await);
        self.store.apply_tenants(vec![spec("acme")]).await.unwrap();
        self.arrivals = Mutex::new(self.store.arrivals().unwrap());
    }

    /// Deletes what is that old, `limit` events at most at a time. How many events it were.
    pub(in crate::storage) async fn prune(&self, before: Vec<(TenantId, Timestamp)>, limit: u32) -> u64 {
        let mut steps = 0;
        let mut step = || {
            steps += 1;
            assert!(steps < 1_000, "no test has as much to delete: this would go on for ever");
        };
        for (tenant, before) in &before {
            while self.store.forget(*tenant, *before, limit).await.unwrap() {
                step();
            }
        }
        let before: Arc<IdMap<_, _>> = Arc::new(before.into_iter().collect());
        let (mut deleted, mut walk) = (0, Walk::Anew);
        loop {
            step();
            let Pruned { events, more } = self.store.prune(Arc::clone(&before), walk, limit).await.unwrap();
            assert!(events <= u64::from(limit));
            deleted += events;
            if !more {
                return deleted;
            }
            walk = Walk::On;
        }
    }

    pub(super) async fn webhook(&self) -> Arc<Webhook> {
        self.store.create_webhook(new_webhook(self.tenant, "2", false)).await.unwrap()
    }

    /// Deletes the newest version of a webhook, if it is still there.
    pub(in crate::storage) async fn delete(&self, webhook: &Webhook, at: i64) -> Option<Arc<Webhook>> {
        let newest = self.store.directory().webhook(webhook.id);
        let newest = newest.as_deref().unwrap_or(webhook);
        match self.store.delete_webhook(newest, time(at)).await.unwrap() {
            Update::Done(deleted) => Some(deleted),
            Update::Gone => None,
            Update::Outdated => panic!("the directory does not show the newest version"),
        }
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

    /// What the store says of a webhook's turns from this one on.
    pub(super) async fn waiting(&self, webhook: WebhookId, from: Turn, limit: u32) -> Page {
        self.asked(webhook, from, limit).await.unwrap()
    }

    /// What the store answers when it is asked for that; `None` when it is to be asked again.
    pub(super) async fn asked(&self, webhook: WebhookId, from: Turn, limit: u32) -> Option<Page> {
        let mut arrivals = self.arrivals.lock().await;
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        self.store.ask_waiting(Wanted { webhook, from, limit, ticket });
        loop {
            match arrivals.recv().await.unwrap() {
                Arrival::Waiting(answer) if answer.wanted.ticket == ticket => return answer.page,
                Arrival::Waiting(_) | Arrival::Made(_) => {}
            }
        }
    }

    /// What is pending of the tenants there are, in the order of ids, as the engine takes it up.
    pub(super) async fn pending(&self) -> Vec<Work> {
        let mut pending = Vec::new();
        for (webhook, tenant) in self.store.backlog().webhooks() {
            if self.store.directory().tenant(tenant).is_some() {
                let mut next = Some(Turn::FIRST);
                while let Some(from) = next {
                    let page = self.waiting(webhook, from, 100).await;
                    pending.extend(page.works);
                    next = page.next;
                }
            }
        }
        pending.sort_by_key(|work| work.delivery);
        pending
    }

    /// What the engine is told of now.
    pub(super) async fn made(&self) -> Vec<Work> {
        let mut arrivals = self.arrivals.lock().await;
        let mut made = Vec::new();
        while let Ok(arrival) = arrivals.try_recv() {
            if let Arrival::Made(works) = arrival {
                made.extend(works);
            }
        }
        made
    }

    pub(super) async fn history(&self) -> HistoryPage {
        self.store.history(everything(self.tenant)).await.unwrap()
    }

    pub(super) async fn record(&self, number: i64) -> Option<Record> {
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
            encrypted_headers_survive_a_restart_and_end_with_their_webhook
            a_change_replaces_encrypted_headers_and_takes_them_away
            numbers_are_counted_per_tenant_and_never_given_twice
            a_deleted_webhook_is_gone_and_its_number_stays_taken
            deleting_a_webhook_cancels_what_is_pending_for_it_and_nothing_else
            a_delivery_to_a_webhook_deleted_meanwhile_is_over_from_the_start
            another_tenants_webhook_cannot_be_deleted
            a_changed_webhook_reads_back_as_it_was_changed_also_after_a_restart
            a_change_of_an_older_version_is_outdated_and_changes_nothing
            of_two_changes_of_one_version_at_once_one_is_done
            a_deleted_webhook_cannot_be_changed
            only_its_newest_version_can_be_deleted_as_that
            a_rotation_survives_a_restart_and_ends_as_it_was_to
            an_attempt_shows_what_its_version_of_the_webhook_sent
            attempts_are_told_in_order_each_with_its_outcome
            one_tenants_short_retention_keeps_what_another_counts_and_sent
            activity_and_counts_are_kept_by_webhook_and_survive_a_restart
            closing_keeps_what_was_counted_last
            switching_a_webhook_on_again_forgives_its_failures
            a_webhook_that_moves_has_not_failed_where_it_is_now
            what_was_published_is_pending_with_its_body_also_after_a_restart
            what_waits_for_a_webhook_is_read_in_the_order_of_turns_page_by_page
            what_an_event_says_of_its_trace_is_told_as_it_came
            an_answer_knows_of_every_result_that_was_given_before
            what_somebody_attempts_by_itself_waits_only_once_it_was_left_behind
            the_engine_is_told_of_what_is_made
            the_backlog_is_counted_also_after_a_restart
            the_same_event_again_is_a_duplicate_and_other_content_a_conflict
            a_repetition_within_one_call_is_found
            a_repetition_is_found_after_a_restart
            a_repetition_is_found_after_a_restart_also_behind_an_event_of_a_clock_that_was_behind
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
            the_headers_of_an_answer_read_back_as_they_were_kept
            history_is_filtered_by_owner_and_global
            history_is_filtered_by_type_and_success
            a_page_behind_a_cursor_ends_before_its_bodies_are_too_much
            history_is_sorted_by_every_field_in_both_directions
            history_is_counted_before_it_is_paged
            history_outlives_its_webhook
            another_tenants_records_are_not_there
            history_is_filtered_by_webhook_state_cause_and_time
            cursors_lead_through_the_history_both_ways
            a_cursor_stays_a_place_when_its_record_is_deleted
            a_test_is_a_delivery_with_a_cause_of_its_own
            a_resend_is_a_new_delivery_with_the_same_bytes_and_message_id
            only_records_that_are_shown_can_be_resent
            a_record_of_a_deleted_webhook_cannot_be_resent
            pruning_deletes_what_is_old_and_over
            pruning_keeps_an_event_that_was_sent_again
            pruning_is_bounded_and_goes_on_where_it_stopped
            an_issued_token_works_until_it_expires_also_after_a_restart
            one_tenants_long_retention_does_not_keep_anothers_history
            a_tenant_made_through_the_api_is_there_like_a_configured_one_also_after_a_restart
            a_tenant_made_through_the_api_yields_to_a_configured_one_of_the_same_name
            a_changed_tenant_is_another_version_at_once_and_after_a_restart
            a_deleted_tenant_is_gone_with_its_people_and_its_webhooks_wait_for_its_return
            a_tenants_dialect_outlives_the_tenant
            what_the_configuration_declares_cannot_be_changed_here
            users_are_added_changed_and_deleted_beside_the_configured_ones
            a_user_that_is_configured_later_hides_the_one_made_here
            a_new_user_has_no_tokens_of_an_earlier_one_of_its_id
            commands_of_one_commit_see_what_those_before_them_did
            a_revoked_token_takes_the_bearers_exchanged_for_it_along
            a_token_shows_whose_and_what_it_is_and_when_it_was_used
            the_audit_log_is_read_newest_first_in_pages_and_by_what_is_asked
            the_audit_log_is_pruned_from_its_old_end
            a_replay_makes_what_was_missed_anew_and_counts_what_becomes_of_it
            a_replay_chooses_by_state_time_and_type
            what_has_reached_the_webhook_meanwhile_counts_as_delivered
            a_replay_leaves_what_came_after_it_and_goes_on_after_a_restart
            steps_of_one_replay_at_the_same_time_make_nothing_twice
            one_webhook_has_one_running_replay_at_a_time
            a_cancelled_replay_makes_nothing_more_and_withdraws_what_is_pending
            deleting_a_webhook_cancels_its_replay
            replays_are_listed_newest_first_by_owner_and_webhook
            what_a_cancelled_replay_withdraws_is_kept_from_then_on
            retention_keeps_what_a_running_replay_sends_and_forgets_replays_that_are_over
            a_listener_is_told_of_every_attempt_once_it_is_durable
            a_listener_is_told_what_becomes_of_webhooks
            a_listener_that_is_too_slow_is_told_how_much_it_has_lost
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

pub(super) use self::{
    afterwards::*, changes::*, history::*, publishing::*, replaying::*, settling::*, telling::*, tenancy::*,
    tenants::*,
};
