//! The history by its other filters and by cursor, and deliveries that somebody tries a webhook out with.

use super::*;
use crate::domain::Cursor;

/// The records of everybody's webhooks that meet these conditions.
async fn found<B: Bench>(world: &World<B>, narrow: impl FnOnce(&mut HistoryFilter)) -> Vec<i64> {
    let mut query = everything(world.tenant);
    query.filter.scope = Scope::Tenant;
    narrow(&mut query.filter);
    let page = world.store.history(query).await.unwrap();
    assert_eq!(page.total, page.records.len() as u64);
    numbers(&page)
}

pub(in crate::storage) async fn history_is_filtered_by_webhook_state_cause_and_time<B: Bench>() {
    let (world, webhooks) = three_records::<B>().await;
    // 4: retried later, made at 50. 5: sent again, made at 70. 6: a test, made at 80.
    let late = NewEvent { received_at: time(50), ..event(world.tenant, "2", &[&webhooks[0]]) };
    let Published::Accepted { deliveries, .. } = world.publish(late).await else { panic!("new") };
    let retried = Settlement {
        delivery: deliveries[0],
        attempt: Some(attempt(1, refused())),
        next: Next::Retry { due: time(500), tries: 1 },
    };
    world.store.settle(retried).await.unwrap();
    let again = world.store.create_resend(world.tenant, number(2), time(70)).await.unwrap();
    let test = NewEvent { received_at: time(80), ..event(world.tenant, "3", &[&webhooks[2]]) };
    let test = world.store.create_test(test).await.unwrap();
    for made in [again, test] {
        let Resend::Created { work, .. } = made else { panic!("made") };
        world.store.settle(ended(work.delivery, 200)).await.unwrap();
    }
    let webhook = |index: usize| Scope::Webhook(webhooks[index].id);
    for (index, expected) in [(0, vec![1, 4]), (1, vec![2, 5]), (2, vec![3, 6])] {
        assert_eq!(found(&world, |filter| filter.scope = webhook(index)).await, expected);
    }
    for (state, expected) in [
        (DeliveryState::Pending, vec![4]),
        (DeliveryState::Delivered, vec![1, 3, 5, 6]),
        (DeliveryState::Exhausted, vec![2]),
        (DeliveryState::Cancelled, vec![]),
        (DeliveryState::Expired, vec![]),
    ] {
        assert_eq!(found(&world, |filter| filter.state = Some(state)).await, expected, "{state:?}");
    }
    for (cause, expected) in [
        (Cause::Event, vec![1, 2, 3, 4]),
        (Cause::Resend, vec![5]),
        (Cause::Test, vec![6]),
        (Cause::Replay, vec![]),
    ] {
        assert_eq!(found(&world, |filter| filter.cause = Some(cause)).await, expected, "{cause:?}");
    }
    for (since, until, expected) in [
        (Some(50), None, vec![4, 5, 6]),
        (Some(51), None, vec![5, 6]),
        (None, Some(70), vec![1, 2, 3, 4]),
        (Some(10), Some(11), vec![1, 2, 3]),
        (Some(70), Some(70), vec![]),
    ] {
        let times = |filter: &mut HistoryFilter| {
            (filter.since, filter.until) = (since.map(time), until.map(time));
        };
        assert_eq!(found(&world, times).await, expected, "{since:?} {until:?}");
    }
    let several = |filter: &mut HistoryFilter| {
        filter.scope = webhook(0);
        filter.state = Some(DeliveryState::Delivered);
        filter.success = Some(true);
        filter.until = Some(time(50));
    };
    assert_eq!(found(&world, several).await, [1]);
    world.delete(&webhooks[0], 90).await;
    assert_eq!(found(&world, |filter| filter.state = Some(DeliveryState::Cancelled)).await, [4]);
    assert_eq!(found(&world, |filter| filter.scope = webhook(0)).await, [1, 4], "it outlives its webhook");
    world.store.close().await;
}

/// Seven records of which the second, fifth and sixth failed.
async fn seven<B: Bench>() -> World<B> {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    for (index, status) in [200, 500, 204, 299, 404, 300, 200].into_iter().enumerate() {
        let delivery = world.deliver(&index.to_string(), &[&webhook]).await[0];
        world.store.settle(ended(delivery, status)).await.unwrap();
    }
    world
}

fn cursor(record: &Record) -> Cursor {
    Cursor { success: record.attempt.outcome.is_success(), number: record.number }
}

async fn page<B: Bench>(world: &World<B>, order: HistoryOrder, position: Position) -> HistoryPage {
    let query = HistoryQuery { order, position, limit: 3, ..everything(world.tenant) };
    world.store.history(query).await.unwrap()
}

pub(in crate::storage) async fn cursors_lead_through_the_history_both_ways<B: Bench>() {
    let world = seven::<B>().await;
    for (field, ascending) in
        [(SortField::Id, [1, 2, 3, 4, 5, 6, 7]), (SortField::Success, [2, 5, 6, 1, 3, 4, 7])]
    {
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let mut expected = ascending;
            if order == SortOrder::Descending {
                expected.reverse();
            }
            let order = HistoryOrder { field, order };
            let first = page(&world, order, Position::After(None)).await;
            let second = page(&world, order, Position::After(Some(cursor(&first.records[2])))).await;
            let third = page(&world, order, Position::After(Some(cursor(&second.records[2])))).await;
            let forward = [numbers(&first), numbers(&second), numbers(&third)].concat();
            assert_eq!(forward, expected, "{order:?}");
            assert_eq!([first.more, second.more, third.more], [true, true, false], "{order:?}");
            let behind = page(&world, order, Position::After(Some(cursor(&third.records[0])))).await;
            assert!(behind.records.is_empty() && !behind.more);
            // And back, page by page, each in the order that was asked for.
            let back = page(&world, order, Position::Before(cursor(&third.records[0]))).await;
            assert_eq!((numbers(&back), back.more), (numbers(&second), true), "{order:?}");
            let start = page(&world, order, Position::Before(cursor(&back.records[0]))).await;
            assert_eq!((numbers(&start), start.more), (numbers(&first), false), "{order:?}");
            let before = page(&world, order, Position::Before(cursor(&start.records[0]))).await;
            assert!(before.records.is_empty() && !before.more);
        }
    }
    world.store.close().await;
}

pub(in crate::storage) async fn a_cursor_stays_a_place_when_its_record_is_deleted<B: Bench>() {
    let world = seven::<B>().await;
    let order = HistoryOrder { field: SortField::Id, order: SortOrder::Descending };
    let first = page(&world, order, Position::After(None)).await;
    let place = cursor(&first.records[2]);
    let webhook = Arc::clone(&first.records[0].webhook);
    // All seven are pruned; three come after them.
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 100).await, 7);
    for id in ["a", "b", "c"] {
        let delivery = world.deliver(id, &[&webhook]).await[0];
        world.store.settle(ended(delivery, 200)).await.unwrap();
    }
    assert!(page(&world, order, Position::After(Some(place))).await.records.is_empty());
    assert_eq!(numbers(&page(&world, order, Position::Before(place)).await), [10, 9, 8]);
    world.store.close().await;
}

pub(in crate::storage) async fn a_test_is_a_delivery_with_a_cause_of_its_own<B: Bench>() {
    let mut world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let tried = event(world.tenant, "test", &[&webhook]);
    let Resend::Created { work, number: record } = world.store.create_test(tried.clone()).await.unwrap()
    else {
        panic!("the webhook is there")
    };
    let tenant = world.store.directory().tenant(world.tenant).unwrap();
    assert_eq!((record, work.cause, work.attempts_made), (number(1), Cause::Test, 0));
    assert_eq!((work.due, &work.message_id), (time(10), &webhook.message_id(&tenant, number(1), time(10))));
    assert_eq!(work.body.as_ref().unwrap().to_bytes(), "{\"text\":\"test\",\"webhookId\":1}");
    assert_eq!(world.store.body(work.delivery).await.unwrap(), work.body);
    assert!(world.record(1).await.is_none(), "not shown before its attempt");
    world.store.settle(ended(work.delivery, 500)).await.unwrap();
    for _ in 0..2 {
        let record = world.record(1).await.unwrap();
        assert_eq!((record.cause, record.state), (Cause::Test, DeliveryState::Exhausted));
        assert_eq!(record.public_id.delivery_number(&tenant.uid), Some(number(1)));
        let activity = world.store.directory().activity(webhook.id);
        assert_eq!((activity.failures, activity.failing_since), (0, None), "it says nothing of its health");
        assert!(activity.last_attempt_at.is_some());
        // So that the counts are written whatever the clock says.
        world.store.stats(webhook.id, time(0), time(1)).await.unwrap();
        world.reopen().await;
    }
    world.delete(&webhook, 50).await;
    let again = NewEvent { id: "again".into(), ..tried };
    assert!(matches!(world.store.create_test(again).await.unwrap(), Resend::WebhookDeleted));
    world.store.close().await;
}
