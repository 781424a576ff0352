//! Sending again, retention, tokens, and the store as a whole.

use super::*;

pub(in crate::storage) async fn a_resend_is_a_new_delivery_with_the_same_bytes_and_message_id<B: Bench>() {
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
    assert!(world.pending().await.is_empty(), "whoever asked for it attempts it");
    assert!(world.record(2).await.is_none(), "not shown before its attempt");
    world.store.settle(ended(work.delivery, 200)).await.unwrap();
    let records = world.history().await;
    assert_eq!(numbers(&records), [1, 2]);
    assert_eq!((records.records[1].event_number, records.records[1].created_at), (number(1), time(70)));
    world.store.close().await;
}

pub(in crate::storage) async fn what_somebody_attempts_by_itself_waits_only_once_it_was_left_behind<
    B: Bench,
>() {
    let mut world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let original = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(original, 500)).await.unwrap();
    world.made().await;
    let resend = world.store.create_resend(world.tenant, number(1), time(70)).await.unwrap();
    let Resend::Created { work, .. } = resend else { panic!("a record that is shown") };
    let test = world.store.create_test(event(world.tenant, "test", &[&webhook])).await.unwrap();
    assert!(matches!(test, Resend::Created { .. }));
    assert_eq!((world.made().await, world.pending().await), (vec![], vec![]));
    world.reopen().await;
    let left: Vec<_> = world.pending().await;
    let causes: Vec<_> = left.iter().map(|work| work.cause).collect();
    assert_eq!(causes, [Cause::Resend, Cause::Test]);
    assert_eq!((left[0].delivery, &left[0].message_id), (work.delivery, &work.message_id));
    world.store.close().await;
}

pub(in crate::storage) async fn only_records_that_are_shown_can_be_resent<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    world.deliver("1", &[&webhook]).await;
    for absent in [1, 2, i64::MAX] {
        let resend = world.store.create_resend(world.tenant, number(absent), time(70)).await.unwrap();
        assert!(matches!(resend, Resend::NoRecord), "{absent}");
    }
    world.store.close().await;
}

pub(in crate::storage) async fn a_record_of_a_deleted_webhook_cannot_be_resent<B: Bench>() {
    let (world, webhooks) = three_records::<B>().await;
    world.delete(&webhooks[0], 60).await;
    let resend = world.store.create_resend(world.tenant, number(1), time(70)).await.unwrap();
    assert!(matches!(resend, Resend::WebhookDeleted));
    world.store.close().await;
}

pub(in crate::storage) async fn pruning_deletes_what_is_old_and_over<B: Bench>() {
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
                Next::Retry { due: time(500), tries: 1 }
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
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 100).await, 2);
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 100).await, 0);
    assert!(world.store.body(over[0]).await.unwrap().is_none());
    assert_eq!(world.pending().await[0].delivery, waiting[0]);
    assert_eq!(numbers(&world.history().await), [3]);
    // What was pending can go once it is over.
    world.store.settle(ended(waiting[0], 200)).await.unwrap();
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 100).await, 1);
    // A key whose event is gone is free again.
    assert!(matches!(world.publish(old("over", &[])).await, Published::Accepted { .. }));
    world.store.close().await;
}

pub(in crate::storage) async fn pruning_keeps_an_event_that_was_sent_again<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let original = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(original, 500)).await.unwrap();
    let resend = world.store.create_resend(world.tenant, number(1), time(2_000)).await.unwrap();
    let Resend::Created { work, .. } = resend else { panic!("shown") };
    world.store.settle(ended(work.delivery, 200)).await.unwrap();
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 100).await, 0);
    assert_eq!(numbers(&world.history().await), [2], "the first delivery is gone, the second has its bytes");
    assert_eq!(world.prune(vec![(world.tenant, time(3_000))], 100).await, 1);
    assert_eq!(world.history().await.total, 0);
    world.store.close().await;
}

pub(in crate::storage) async fn pruning_is_bounded_and_goes_on_where_it_stopped<B: Bench>() {
    let world = World::<B>::new().await;
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let other = world.store.directory().tenant_by_name("other").unwrap().id;
    for id in 0..5 {
        world.publish(event(world.tenant, &id.to_string(), &[])).await;
        world.publish(event(other, &id.to_string(), &[])).await;
    }
    let before = Arc::new([(world.tenant, time(1_000))].into_iter().collect());
    let mut deleted = Vec::new();
    for _ in 0..4 {
        deleted.push(world.store.prune(Arc::clone(&before), Walk::On, 2).await.unwrap().events);
    }
    assert_eq!(deleted, [2, 2, 1, 0]);
    assert_eq!(world.prune(vec![(other, time(1_000))], 10).await, 5, "the other tenant's stayed");
    world.store.close().await;
}

pub(in crate::storage) async fn an_issued_token_works_until_it_expires_also_after_a_restart<B: Bench>() {
    let mut world = World::<B>::new().await;
    let token = |text: &str, seconds| IssuedToken {
        expires_at: Some(world.clock.now() + Duration::from_secs(seconds)),
        ..issued(&world, text, "2")
    };
    let (long, short) = (token("long", 3_600), token("short", 60));
    let (long_end, short_end) = (long.expires_at, short.expires_at);
    world.store.issue_token(long).await.unwrap();
    world.store.issue_token(short).await.unwrap();
    let owner =
        |world: &World<B>, text: &str| world.store.directory().token(&TokenHash::of(text), world.clock.now());
    let expected = |world: &World<B>, expires_at| {
        Some(TokenOwner::User { tenant: world.tenant, user: UserId::new("2").unwrap(), expires_at })
    };
    for _ in 0..2 {
        assert_eq!(owner(&world, "long"), expected(&world, long_end));
        assert_eq!(owner(&world, "short"), expected(&world, short_end));
        assert_eq!(owner(&world, "unknown"), None);
        world.reopen().await;
    }
    world.clock.advance(Duration::from_secs(60));
    for _ in 0..2 {
        assert_eq!((owner(&world, "long"), owner(&world, "short")), (expected(&world, long_end), None));
        world.reopen().await;
    }
    world.store.close().await;
}

pub(in crate::storage) async fn one_tenants_long_retention_does_not_keep_anothers_history<B: Bench>() {
    let world = World::<B>::new().await;
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let other = world.store.directory().tenant_by_name("other").unwrap().id;
    let kept = (0..2_500).map(|id| event(other, &id.to_string(), &[])).collect();
    world.store.publish(kept).await.unwrap();
    world.publish(event(world.tenant, "old", &[])).await;
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 100).await, 1);
    world.store.close().await;
}

pub(in crate::storage) async fn a_closed_store_refuses_everything<B: Bench>() {
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
    world.store.settle_later(ended(DeliveryId::new(1), 200));
    assert_eq!(world.store.unsettled(), 0);
}

pub(in crate::storage) async fn reading_does_not_wait_for_writing<B: Bench>() {
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
