//! Replays, and telling what has happened.

use core::sync::atomic::{AtomicU8, Ordering};
use std::collections::BTreeSet;

use super::*;
use crate::domain::{
    AttemptResult, Audience, EndStates, Happening, NewReplay, Replay, ReplayFilter, ReplayQuery, ReplayState,
    WebhookChange,
};
use crate::storage::{Happenings, ReplayStart, Told};

pub(in crate::storage) fn filter(webhook: &Webhook) -> ReplayFilter {
    ReplayFilter {
        tenant: webhook.tenant,
        webhook: webhook.id,
        states: EndStates::MISSED,
        since: None,
        until: None,
        event_types: Vec::new(),
    }
}

fn new_replay(filter: ReplayFilter) -> NewReplay {
    static COUNT: AtomicU8 = AtomicU8::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let created_at = time(100 + i64::from(count));
    NewReplay {
        public_id: PublicId::new(created_at, [count; 10]),
        filter,
        created_by: UserId::new("7").unwrap(),
        created_at,
    }
}

impl<B: Bench> World<B> {
    pub(in crate::storage) async fn replay(&self, filter: ReplayFilter) -> Replay {
        match self.store.create_replay(new_replay(filter)).await.unwrap() {
            ReplayStart::Created(replay) => *replay,
            ReplayStart::Running | ReplayStart::WebhookDeleted => panic!("not made"),
        }
    }

    /// How a replay stands now.
    async fn again(&self, replay: &Replay) -> Replay {
        self.store.replay(self.tenant, replay.public_id).await.unwrap().unwrap()
    }

    /// Lets a replay make everything it has to make, so many at a time.
    pub(in crate::storage) async fn make_all(&self, replay: &Replay, most: u32) -> Vec<Work> {
        self.made().await;
        let mut made = Vec::new();
        for _ in 0..100 {
            let count = self.store.advance_replay(replay.id, most, time(300)).await.unwrap();
            assert!(count <= most);
            let step = self.made().await;
            assert_eq!(step.len(), count as usize);
            made.extend(step);
        }
        made
    }

    /// Events that ended with these statuses, one each.
    pub(in crate::storage) async fn ended_events(&self, webhook: &Webhook, statuses: &[u16]) {
        for (index, status) in statuses.iter().enumerate() {
            let delivery = self.deliver(&format!("{}-{index}", webhook.number), &[webhook]).await[0];
            self.store.settle(ended(delivery, *status)).await.unwrap();
        }
    }
}

fn progress(replay: &Replay) -> (u64, u64, u64, u64, u64) {
    (replay.total, replay.created, replay.pending(), replay.delivered, replay.failed)
}

fn events(works: &[Work]) -> Vec<i64> {
    works.iter().map(|work| work.event.get()).collect()
}

pub(in crate::storage) async fn a_replay_makes_what_was_missed_anew_and_counts_what_becomes_of_it<
    B: Bench,
>() {
    let world = World::<B>::new().await;
    let (webhook, other) = (world.webhook().await, world.webhook().await);
    world.ended_events(&webhook, &[500, 200, 404, 503]).await;
    world.ended_events(&other, &[500]).await;
    let original = world.record(1).await.unwrap();
    assert_eq!(world.store.count_replayable(filter(&webhook)).await.unwrap(), 3);
    let replay = world.replay(filter(&webhook)).await;
    assert_eq!((replay.state, progress(&replay)), (ReplayState::Running, (3, 0, 0, 0, 0)));
    assert_eq!((replay.webhook, &replay.owner), (webhook.public_id, &webhook.owner));
    assert_eq!(replay.filter, filter(&webhook));
    let made = world.make_all(&replay, 2).await;
    assert_eq!(events(&made), [1, 3, 4]);
    let first = &made[0];
    assert_eq!((first.cause, first.attempts_made, &first.body), (Cause::Replay, 0, &None));
    assert_eq!((first.due, first.received_at), (time(300), time(300)), "its age counts anew");
    assert_eq!(first.message_id, original.message_id);
    let body = world.store.body(first.delivery).await.unwrap().unwrap();
    assert_eq!(Some(body.to_bytes()), original.request, "the same bytes");
    let without_bodies = |work| Work { body: None, ..work };
    let pending: Vec<_> = world.pending().await.into_iter().map(without_bodies).collect();
    assert_eq!(pending, made, "a crash now would lose nothing");
    let running = world.store.running_replays().await.unwrap();
    assert_eq!((running[0].id, running[0].tenant, running[0].pending), (replay.id, world.tenant, 3));
    world.store.settle(ended(made[0].delivery, 200)).await.unwrap();
    world.store.settle(ended(made[1].delivery, 500)).await.unwrap();
    assert_eq!(progress(&world.again(&replay).await), (3, 3, 1, 1, 1));
    assert!(world.make_all(&replay, 2).await.is_empty());
    assert_eq!(world.again(&replay).await.state, ReplayState::Running, "one is pending");
    world.store.settle(ended(made[2].delivery, 200)).await.unwrap();
    assert!(world.make_all(&replay, 2).await.is_empty());
    let done = world.again(&replay).await;
    assert_eq!((done.state, done.finished_at), (ReplayState::Done, Some(time(300))));
    assert_eq!(progress(&done), (3, 3, 0, 2, 1));
    assert!(world.store.running_replays().await.unwrap().is_empty());
    world.store.close().await;
}

pub(in crate::storage) async fn a_replay_chooses_by_state_time_and_type<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let publish = async |id: &str, event_type: &str, at| {
        let event_type = event_type.to_owned();
        let new = NewEvent { event_type, received_at: time(at), ..event(world.tenant, id, &[&webhook]) };
        let Published::Accepted { deliveries, .. } = world.publish(new).await else { panic!("new") };
        deliveries[0]
    };
    for (id, (event_type, at, status)) in
        [("a", 10, 500), ("b", 20, 500), ("a", 30, 200), ("a", 40, 500)].into_iter().enumerate()
    {
        let delivery = publish(&id.to_string(), event_type, at).await;
        world.store.settle(ended(delivery, status)).await.unwrap();
    }
    let expired = publish("expired", "c", 50).await;
    let next = Next::End(DeliveryState::Expired);
    world.store.settle(Settlement { delivery: expired, attempt: None, next }).await.unwrap();
    publish("pending", "a", 60).await;
    let count = async |change: &dyn Fn(&mut ReplayFilter)| {
        let mut filter = filter(&webhook);
        change(&mut filter);
        world.store.count_replayable(filter).await.unwrap()
    };
    assert_eq!(count(&|_| ()).await, 4, "what never was attempted too");
    assert_eq!(count(&|filter| filter.states = [DeliveryState::Expired].into_iter().collect()).await, 1);
    assert_eq!(count(&|filter| filter.states = DeliveryState::ALL.into_iter().collect()).await, 5);
    assert_eq!(count(&|filter| filter.since = Some(time(20))).await, 3);
    assert_eq!(count(&|filter| filter.until = Some(time(20))).await, 1);
    assert_eq!(count(&|filter| filter.event_types = vec!["a".into(), "c".into()]).await, 3);
    assert_eq!(count(&|filter| filter.event_types = vec!["z\"".into()]).await, 0);
    let narrow = ReplayFilter {
        since: Some(time(20)),
        until: Some(time(50)),
        event_types: vec!["a".into()],
        ..filter(&webhook)
    };
    let replay = world.replay(narrow.clone()).await;
    assert_eq!((&replay.filter, replay.total), (&narrow, 1));
    assert_eq!(events(&world.make_all(&replay, 10).await), [4]);
    world.store.close().await;
}

pub(in crate::storage) async fn what_has_reached_the_webhook_meanwhile_counts_as_delivered<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    world.ended_events(&webhook, &[500, 500, 500]).await;
    let resend = world.store.create_resend(world.tenant, number(1), time(70)).await.unwrap();
    let Resend::Created { work, .. } = resend else { panic!("shown") };
    world.store.settle(ended(work.delivery, 200)).await.unwrap();
    let replay = world.replay(filter(&webhook)).await;
    let made = world.make_all(&replay, 10).await;
    assert_eq!(events(&made), [2, 3], "neither what a resend has delivered, nor the resend itself");
    world.store.settle(ended(made[0].delivery, 500)).await.unwrap();
    world.store.settle(ended(made[1].delivery, 200)).await.unwrap();
    world.make_all(&replay, 10).await;
    let second = world.replay(filter(&webhook)).await;
    assert_eq!((second.total, events(&world.make_all(&second, 10).await)), (1, vec![2]));
    world.store.cancel_replay(second.id, time(400)).await.unwrap();
    let delivered =
        ReplayFilter { states: [DeliveryState::Delivered].into_iter().collect(), ..filter(&webhook) };
    assert_eq!(world.store.count_replayable(delivered).await.unwrap(), 2);
    world.store.close().await;
}

pub(in crate::storage) async fn a_replay_leaves_what_came_after_it_and_goes_on_after_a_restart<B: Bench>() {
    let mut world = World::<B>::new().await;
    let webhook = world.webhook().await;
    world.ended_events(&webhook, &[500; 7]).await;
    let replay = world.replay(filter(&webhook)).await;
    let later = world.deliver("later", &[&webhook]).await[0];
    world.store.settle(ended(later, 500)).await.unwrap();
    let mut made = BTreeSet::new();
    for _ in 0..4 {
        world.made().await;
        world.store.advance_replay(replay.id, 2, time(300)).await.unwrap();
        for work in world.made().await {
            assert!(made.insert(work.event.get()), "none twice");
            assert!(work.delivery > later);
        }
        world.reopen().await;
    }
    assert_eq!(made, (1..=7).collect());
    assert_eq!(progress(&world.again(&replay).await), (7, 7, 7, 0, 0));
    assert_eq!(world.pending().await.len(), 7);
    world.store.close().await;
}

pub(in crate::storage) async fn steps_of_one_replay_at_the_same_time_make_nothing_twice<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    world.ended_events(&webhook, &[500; 30]).await;
    let replay = world.replay(filter(&webhook)).await;
    world.made().await;
    let steps: Vec<_> = (0..40)
        .map(|_| {
            let (store, id) = (Arc::clone(&world.store), replay.id);
            tokio::spawn(async move { store.advance_replay(id, 3, time(300)).await.unwrap() })
        })
        .collect();
    for step in steps {
        step.await.unwrap();
    }
    let mut made = world.made().await;
    made.extend(world.make_all(&replay, 3).await);
    let mut all = events(&made);
    all.sort_unstable();
    assert_eq!(all, (1..=30).collect::<Vec<_>>());
    assert_eq!(progress(&world.again(&replay).await), (30, 30, 30, 0, 0));
    world.store.close().await;
}

pub(in crate::storage) async fn one_webhook_has_one_running_replay_at_a_time<B: Bench>() {
    let world = World::<B>::new().await;
    let (webhook, other) = (world.webhook().await, world.webhook().await);
    world.ended_events(&webhook, &[500]).await;
    let first = world.replay(filter(&webhook)).await;
    let second = world.store.create_replay(new_replay(filter(&webhook))).await.unwrap();
    assert!(matches!(second, ReplayStart::Running));
    let empty = world.replay(filter(&other)).await;
    assert!(world.make_all(&empty, 1).await.is_empty());
    assert_eq!(world.again(&empty).await.state, ReplayState::Done, "nothing was missed");
    world.store.cancel_replay(first.id, time(400)).await.unwrap().unwrap();
    world.replay(filter(&webhook)).await;
    world.store.close().await;
}

pub(in crate::storage) async fn a_cancelled_replay_makes_nothing_more_and_withdraws_what_is_pending<
    B: Bench,
>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    world.ended_events(&webhook, &[500; 5]).await;
    let waiting = world.deliver("waiting", &[&webhook]).await[0];
    let replay = world.replay(filter(&webhook)).await;
    world.made().await;
    world.store.advance_replay(replay.id, 3, time(300)).await.unwrap();
    let made = world.made().await;
    world.store.settle(ended(made[0].delivery, 200)).await.unwrap();
    assert_eq!(world.store.backlog().of(world.tenant), 3);
    let cancelled = world.store.cancel_replay(replay.id, time(400)).await.unwrap().unwrap();
    assert_eq!(cancelled.withdrawn, [made[1].delivery, made[2].delivery]);
    assert_eq!(world.store.backlog().of(world.tenant), 1, "what is withdrawn waits no more");
    let given_up = cancelled.replay;
    assert_eq!((given_up.state, given_up.finished_at), (ReplayState::Cancelled, Some(time(400))));
    assert_eq!(progress(&given_up), (5, 3, 0, 1, 2));
    assert!(world.make_all(&replay, 3).await.is_empty());
    assert_eq!(world.pending().await[0].delivery, waiting, "what was not of it stays");
    let again = world.store.cancel_replay(replay.id, time(500)).await.unwrap().unwrap();
    assert!(again.withdrawn.is_empty() && again.replay == given_up, "what is over stays as it is");
    assert_eq!(world.store.backlog().of(world.tenant), 1);
    let unknown = crate::domain::ReplayId::new(99);
    assert!(world.store.cancel_replay(unknown, time(500)).await.unwrap().is_none());
    world.store.close().await;
}

pub(in crate::storage) async fn deleting_a_webhook_cancels_its_replay<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    world.ended_events(&webhook, &[500; 5]).await;
    let replay = world.replay(filter(&webhook)).await;
    world.store.advance_replay(replay.id, 3, time(300)).await.unwrap();
    world.delete(&webhook, 350).await;
    assert_eq!(world.store.backlog().of(world.tenant), 0, "each is taken off once");
    let given_up = world.again(&replay).await;
    assert_eq!((given_up.state, progress(&given_up)), (ReplayState::Cancelled, (5, 3, 0, 0, 3)));
    assert!(world.make_all(&replay, 3).await.is_empty());
    let another = world.store.create_replay(new_replay(filter(&webhook))).await.unwrap();
    assert!(matches!(another, ReplayStart::WebhookDeleted));
    world.store.close().await;
}

pub(in crate::storage) async fn replays_are_listed_newest_first_by_owner_and_webhook<B: Bench>() {
    let world = World::<B>::new().await;
    let mine = world.webhook().await;
    let other = world.store.create_webhook(new_webhook(world.tenant, "3", false)).await.unwrap();
    let mut made = Vec::new();
    for webhook in [&mine, &other, &mine] {
        let replay = world.replay(filter(webhook)).await;
        world.make_all(&replay, 1).await;
        made.push(replay.public_id);
    }
    let all = ReplayQuery { tenant: world.tenant, owned_by: None, webhook: None, before: None, limit: 10 };
    let ids = async |query: &ReplayQuery| {
        let page = world.store.replays(query.clone()).await.unwrap();
        page.into_iter().map(|replay| replay.public_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&all).await, [made[2], made[1], made[0]]);
    assert_eq!(ids(&ReplayQuery { limit: 1, ..all.clone() }).await, [made[2]]);
    assert_eq!(ids(&ReplayQuery { before: Some(made[2]), ..all.clone() }).await, [made[1], made[0]]);
    let owned =
        ReplayQuery { owned_by: Some(Owned { by: UserId::new("3").unwrap(), global: true }), ..all.clone() };
    assert_eq!(ids(&owned).await, [made[1]]);
    let global = world.store.create_webhook(new_webhook(world.tenant, "3", true)).await.unwrap();
    let replay = world.replay(filter(&global)).await;
    assert_eq!(replay.audience, Audience::Tenant);
    assert_eq!(ids(&owned).await, [replay.public_id, made[1]]);
    let own = Owned { by: UserId::new("3").unwrap(), global: false };
    assert_eq!(ids(&ReplayQuery { owned_by: Some(own), ..all.clone() }).await, [made[1]]);
    assert_eq!(ids(&ReplayQuery { webhook: Some(mine.id), ..all.clone() }).await, [made[2], made[0]]);
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let elsewhere = world.store.directory().tenant_by_name("other").unwrap().id;
    assert!(ids(&ReplayQuery { tenant: elsewhere, ..all }).await.is_empty());
    assert!(world.store.replay(elsewhere, made[0]).await.unwrap().is_none());
    world.store.close().await;
}

pub(in crate::storage) async fn retention_keeps_what_a_running_replay_sends_and_forgets_replays_that_are_over<
    B: Bench,
>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    world.ended_events(&webhook, &[500, 500]).await;
    let replay = world.replay(filter(&webhook)).await;
    let made = world.make_all(&replay, 10).await;
    world.store.settle(ended(made[0].delivery, 200)).await.unwrap();
    let all = vec![(world.tenant, time(9_000))];
    assert_eq!(world.prune(all.clone(), 100).await, 0);
    assert!(world.store.body(made[0].delivery).await.unwrap().is_some());
    assert!(world.store.body(made[1].delivery).await.unwrap().is_some());
    assert_eq!(progress(&world.again(&replay).await), (2, 2, 1, 1, 0));
    world.store.settle(ended(made[1].delivery, 500)).await.unwrap();
    world.make_all(&replay, 10).await;
    assert_eq!(world.prune(vec![(world.tenant, time(250))], 100).await, 0);
    assert_eq!(progress(&world.again(&replay).await), (2, 2, 0, 1, 1));
    assert_eq!(world.prune(all, 100).await, 2);
    assert!(world.store.replay(world.tenant, replay.public_id).await.unwrap().is_none());
    let second = world.replay(filter(&webhook)).await;
    assert!(second.id > replay.id, "an id is never given again");
    world.store.close().await;
}

pub(in crate::storage) async fn what_a_cancelled_replay_withdraws_is_kept_from_then_on<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    world.ended_events(&webhook, &[500, 500]).await;
    let replay = world.replay(filter(&webhook)).await;
    let made = world.make_all(&replay, 10).await;
    // One is due at once, the other long after.
    let (delivery, next) = (made[0].delivery, Next::Retry { due: time(2_000), tries: 1 });
    world.store.settle(Settlement { delivery, attempt: Some(attempt(1, refused())), next }).await.unwrap();
    world.store.cancel_replay(replay.id, time(800)).await.unwrap();
    assert_eq!(world.prune(vec![(world.tenant, time(800))], 100).await, 0);
    for work in &made {
        assert!(world.store.body(work.delivery).await.unwrap().is_some());
    }
    assert_eq!(world.prune(vec![(world.tenant, time(801))], 100).await, 2);
    world.store.close().await;
}

async fn next(happenings: &mut Happenings) -> Happening {
    let told = tokio::time::timeout(Duration::from_secs(10), happenings.next()).await.expect("told in time");
    match told.expect("the store is open") {
        Told::Happening(happening) => happening,
        Told::Lost(lost) => panic!("{lost} were lost"),
    }
}

pub(in crate::storage) async fn a_listener_is_told_of_every_attempt_once_it_is_durable<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    let mut happenings = world.store.listen();
    let due = time(500);
    let failed =
        Settlement { delivery, attempt: Some(attempt(1, refused())), next: Next::Retry { due, tries: 1 } };
    world.store.settle(failed).await.unwrap();
    let Some(Told::Happening(Happening::Attempt(told))) = happenings.at_hand() else {
        panic!("told before its future resolved")
    };
    assert_eq!((told.tenant, told.webhook, told.delivery), (world.tenant, webhook.id, number(1)));
    assert_eq!((told.made_at, told.cause, told.state), (time(10), Cause::Event, DeliveryState::Pending));
    assert_eq!((told.attempt, told.next_attempt_at), (1, Some(due)));
    let failure = Failure { class: FailureClass::ConnectionRefused, phase: Phase::Connect };
    assert_eq!(told.result, AttemptResult::Failed(failure));
    assert_eq!((told.at, told.duration), (time(21) + told.duration, Duration::from_micros(1_500)));
    let types = world.store.event_types(vec![told.event, crate::domain::EventId::new(99)]).await.unwrap();
    assert_eq!(types.into_iter().collect::<Vec<_>>(), [(told.event, "modelCreated".into())]);
    world.store.settle_later(ended(delivery, 200));
    let Happening::Attempt(told) = next(&mut happenings).await else { panic!("an attempt") };
    assert_eq!((told.state, told.next_attempt_at), (DeliveryState::Delivered, None));
    assert_eq!(told.result, AttemptResult::Answered(200));
    let without = Settlement { delivery, attempt: None, next: Next::End(DeliveryState::Expired) };
    world.store.settle(without).await.unwrap();
    assert!(happenings.at_hand().is_none(), "no attempt was made");
    world.store.close().await;
    assert!(happenings.next().await.is_none(), "there will be no more");
    assert!(world.store.listen().next().await.is_none());
}

pub(in crate::storage) async fn a_listener_is_told_what_becomes_of_webhooks<B: Bench>() {
    let world = World::<B>::new().await;
    let mut happenings = world.store.listen();
    let webhook = world.webhook().await;
    let next = |webhook: &Webhook, state| Webhook { state, ..webhook.next_version(time(50)) };
    let off = WebhookState::Disabled(crate::domain::DisabledReason::ByOwner);
    let disabled = next(&webhook, off);
    world.store.update_webhook(disabled.clone()).await.unwrap();
    world.store.update_webhook(disabled.clone()).await.unwrap();
    let still = next(&disabled, off);
    world.store.update_webhook(still.clone()).await.unwrap();
    world.store.update_webhook(next(&still, WebhookState::Enabled)).await.unwrap();
    world.delete(&webhook, 60).await;
    let mut changes = Vec::new();
    while let Some(told) = happenings.at_hand() {
        let Told::Happening(Happening::Webhook { webhook: about, change }) = told else {
            panic!("a webhook")
        };
        assert_eq!(about.id, webhook.id);
        changes.push(change);
    }
    use WebhookChange::{Changed, Created, Deleted, Disabled};
    assert_eq!(changes, [Created, Disabled, Changed, Changed, Deleted]);
    world.store.close().await;
}

pub(in crate::storage) async fn a_listener_that_is_too_slow_is_told_how_much_it_has_lost<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let (mut slow, mut quick) = (world.store.listen(), world.store.listen());
    let (mut heard, all) = (0, 5_000);
    let events = (0..all).map(|id| event(world.tenant, &id.to_string(), &[&webhook])).collect();
    for published in world.store.publish(events).await.unwrap() {
        let Published::Accepted { deliveries, .. } = published else { panic!("new") };
        world.store.settle_later(ended(deliveries[0], 200));
        while world.store.unsettled() > 500 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        while quick.at_hand().is_some() {
            heard += 1;
        }
    }
    world.settled().await;
    while let Some(told) = quick.at_hand() {
        assert!(matches!(told, Told::Happening(_)));
        heard += 1;
    }
    assert_eq!(heard, all);
    let Some(Told::Lost(lost)) = slow.at_hand() else { panic!("something was lost") };
    let mut rest = 0;
    while let Some(told) = slow.at_hand() {
        assert!(matches!(told, Told::Happening(_)));
        rest += 1;
    }
    assert_eq!(
        (lost + rest, rest < all),
        (all, true),
        "what is held is bounded, and what is lost is counted"
    );
    world.store.close().await;
}
