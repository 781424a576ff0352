//! Results of attempts.

use super::*;

pub(in crate::storage) async fn a_retry_stays_pending_until_its_time_and_counts_its_attempts<B: Bench>() {
    let mut world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    for count in 1..=2_u32 {
        let due = time(100 * i64::from(count));
        let retry = Settlement {
            delivery,
            attempt: Some(attempt(count, refused())),
            next: Next::Retry { due, tries: 7 },
        };
        world.store.settle(retry).await.unwrap();
        world.reopen().await;
        let pending = world.pending().await;
        assert_eq!((pending[0].attempts_made, pending[0].tries, pending[0].due), (count, 7, due));
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

pub(in crate::storage) async fn a_terminal_delivery_keeps_its_state_and_still_records_attempts<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(delivery, 200)).await.unwrap();
    let late = Settlement {
        delivery,
        attempt: Some(attempt(2, refused())),
        next: Next::Retry { due: time(1_000), tries: 1 },
    };
    world.store.settle(late).await.unwrap();
    assert!(world.pending().await.is_empty());
    assert_eq!(world.record(1).await.unwrap().attempt, attempt(2, refused()));
    world.store.close().await;
}

pub(in crate::storage) async fn a_delivery_may_end_without_an_attempt<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    let expired = Settlement { delivery, attempt: None, next: Next::End(DeliveryState::Expired) };
    world.store.settle(expired).await.unwrap();
    assert!(world.pending().await.is_empty());
    assert!(world.record(1).await.is_none());
    world.store.close().await;
}

pub(in crate::storage) async fn the_result_of_an_unknown_delivery_changes_nothing<B: Bench>() {
    let world = World::<B>::new().await;
    world.store.settle(ended(DeliveryId::new(77), 200)).await.unwrap();
    assert_eq!(world.history().await.total, 0);
    world.store.close().await;
}

pub(in crate::storage) async fn a_result_given_without_waiting_becomes_durable_by_itself<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle_later(ended(delivery, 200));
    world.settled().await;
    assert!(world.pending().await.is_empty());
    assert_eq!(world.history().await.total, 1);
    world.store.close().await;
}

pub(in crate::storage) async fn results_given_without_waiting_survive_closing<B: Bench>() {
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

pub(in crate::storage) async fn an_answer_knows_of_every_result_that_was_given_before<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    for round in 0..50 {
        let delivery = world.deliver(&round.to_string(), &[&webhook]).await[0];
        world.store.settle_later(ended(delivery, 200));
        assert!(world.waiting(webhook.id, Turn::FIRST, 9).await.works.is_empty(), "round {round}");
    }
    world.store.close().await;
}
