//! Publishing, idempotency, and what is pending after it.

use super::*;

pub(in crate::storage) async fn what_was_published_is_pending_with_its_body_also_after_a_restart<B: Bench>() {
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
        assert_eq!(work.message_id, b.message_id(&tenant, number(1), time(10)));
        let body = world.store.body(work.delivery).await.unwrap().unwrap();
        assert_eq!(work.body.as_ref(), Some(&body));
        assert_eq!(body.to_bytes(), "{\"text\":\"1\",\"webhookId\":2}");
        world.reopen().await;
    }
    assert!(world.store.body(DeliveryId::new(1_000)).await.unwrap().is_none());
    world.store.close().await;
}

pub(in crate::storage) async fn what_waits_for_a_webhook_is_read_in_the_order_of_turns_page_by_page<
    B: Bench,
>() {
    let world = World::<B>::new().await;
    let (webhook, other) = (world.webhook().await, world.webhook().await);
    let mut expected = Vec::new();
    for id in 0..5 {
        expected.push(world.deliver(&id.to_string(), &[&webhook, &other]).await[0]);
    }
    let retry = Settlement {
        delivery: expected[1],
        attempt: Some(attempt(1, refused())),
        next: Next::Retry { due: time(500), tries: 1 },
    };
    world.store.settle(retry).await.unwrap();
    let later = expected.remove(1);
    expected.push(later);
    let (mut read, mut next) = (Vec::new(), Some(Turn::FIRST));
    while let Some(from) = next {
        let page = world.waiting(webhook.id, from, 2).await;
        assert!(page.works.len() <= 2 && page.works.iter().all(|work| work.webhook == webhook.id));
        read.extend(page.works.iter().map(|work| work.delivery));
        next = page.next;
    }
    assert_eq!(read, expected);
    let from = Turn { due: time(500), delivery: later };
    assert_eq!(world.waiting(webhook.id, from, 9).await.works.len(), 1);
    assert!(world.waiting(webhook.id, from.next(), 9).await.works.is_empty());
    world.store.close().await;
}

pub(in crate::storage) async fn the_engine_is_told_of_what_is_made<B: Bench>() {
    let world = World::<B>::new().await;
    let (first, second) = (world.webhook().await, world.webhook().await);
    world.deliver("1", &[&first, &second]).await;
    let made = world.made().await;
    assert_eq!(made, world.pending().await, "with bodies, just as the store would answer");
    assert!(made.iter().all(|work| work.body.is_some()));
    world.publish(event(world.tenant, "1", &[&first])).await;
    world.delete(&second, 50).await;
    world.deliver("2", &[&second]).await;
    assert_eq!(world.made().await, [], "neither of what is known nor of what goes nowhere");
    assert!(world.store.arrivals().is_none(), "there is one engine");
    world.store.close().await;
}

pub(in crate::storage) async fn the_backlog_is_counted_also_after_a_restart<B: Bench>() {
    let mut world = World::<B>::new().await;
    let (first, second) = (world.webhook().await, world.webhook().await);
    for id in 0..3 {
        world.deliver(&id.to_string(), &[&first, &second]).await;
    }
    let counts =
        |world: &World<B>| (world.store.backlog().of(world.tenant), world.store.backlog().webhooks().len());
    assert_eq!(counts(&world), (6, 2));
    let made = world.pending().await;
    let of_first = made.iter().filter(|work| work.webhook == first.id);
    for work in of_first {
        world.store.settle(ended(work.delivery, 200)).await.unwrap();
        // Once more changes nothing.
        world.store.settle(ended(work.delivery, 500)).await.unwrap();
    }
    assert_eq!(counts(&world), (3, 1));
    world.reopen().await;
    assert_eq!(counts(&world), (3, 1));
    world.delete(&second, 50).await;
    assert_eq!(counts(&world), (0, 0));
    world.reopen().await;
    assert_eq!(counts(&world), (0, 0));
    world.store.close().await;
}

pub(in crate::storage) async fn the_same_event_again_is_a_duplicate_and_other_content_a_conflict<B: Bench>() {
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

pub(in crate::storage) async fn a_repetition_within_one_call_is_found<B: Bench>() {
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

pub(in crate::storage) async fn a_repetition_is_found_after_a_restart_also_behind_an_event_of_a_clock_that_was_behind<
    B: Bench,
>() {
    let mut world = World::<B>::new().await;
    let at = |id: &str, second| NewEvent { received_at: time(second), ..event(world.tenant, id, &[]) };
    let events = [at("one", 100), at("while the clock was behind", 100 - 90_000), at("three", 101)];
    let again = at("one", 102);
    world.store.publish(events.into()).await.unwrap();
    world.reopen().await;
    let again = world.publish(again).await;
    assert!(matches!(again, Published::Duplicate { .. }), "{again:?}");
    world.store.close().await;
}

pub(in crate::storage) async fn a_repetition_is_found_after_a_restart<B: Bench>() {
    let mut world = World::<B>::new().await;
    let first = event(world.tenant, "1", &[]);
    world.publish(first.clone()).await;
    world.reopen().await;
    assert_eq!(world.publish(first).await, Published::Duplicate { number: number(1) });
    world.store.close().await;
}

pub(in crate::storage) async fn the_same_key_of_another_tenant_is_another_event<B: Bench>() {
    let world = World::<B>::new().await;
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let other = world.store.directory().tenant_by_name("other").unwrap().id;
    world.publish(event(world.tenant, "1", &[])).await;
    let theirs = world.publish(event(other, "1", &[])).await;
    assert!(matches!(theirs, Published::Accepted { number, .. } if number.get() == 1));
    world.store.close().await;
}

pub(in crate::storage) async fn a_call_is_stored_whole_or_not_at_all<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let good = event(world.tenant, "1", &[&webhook]);
    let impossible = event(TenantId::new(999), "2", &[]);
    assert!(world.store.publish(vec![good.clone(), impossible]).await.is_err());
    assert!(world.pending().await.is_empty());
    assert!(matches!(world.publish(good).await, Published::Accepted { number, .. } if number.get() == 1));
    world.store.close().await;
}

pub(in crate::storage) async fn what_an_event_says_of_its_trace_is_told_as_it_came<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let traced = |id: &str, attributes: &str| NewEvent {
        attributes: attributes.into(),
        ..event(world.tenant, id, &[&webhook])
    };
    let events = vec![
        traced("1", r#"{"specversion":"1.0","traceparent":"00-0af7-b7ad-01"}"#),
        traced("2", r#"{"specversion":"1.0","traceparent":7}"#),
        traced("3", r#"{"specversion":"1.0"}"#),
    ];
    world.store.publish(events).await.unwrap();
    let pending = world.pending().await;
    let mut told = Vec::new();
    for work in &pending {
        told.push(world.store.traceparent(work.event).await.unwrap());
    }
    assert_eq!(told, [Some("00-0af7-b7ad-01".to_owned()), None, None]);
    assert_eq!(world.store.traceparent(crate::domain::EventId::new(1_000)).await.unwrap(), None);
}
