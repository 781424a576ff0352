//! What waits beside damage, as the engine learns of it.

use super::damage::ruin;
use super::*;
use crate::domain::{DeliveryId, Turn, WebhookId, Work};
use crate::storage::{Page, Wanted};

const EVENTS: usize = 2_000;
/// Turns in a page.
const LIMIT: u32 = 256;

/// So many events, each with a delivery that waits.
pub(super) async fn waiting() -> (World<Directory>, WebhookId) {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let events = (0..EVENTS).map(|id| event(world.tenant, &format!("id-{id:05}"), &[&webhook])).collect();
    world.store.publish(events).await.unwrap();
    (world, webhook.id)
}

/// All that the engine is given.
async fn given(world: &World<Directory>, webhook: WebhookId) -> Vec<Work> {
    let (mut works, mut next) = (Vec::new(), Some(Turn::FIRST));
    while let Some(from) = next {
        let page = world.waiting(webhook, from, LIMIT).await;
        works.extend(page.works);
        next = page.next;
    }
    works
}

fn in_order(works: &[Work]) -> bool {
    works.is_sorted_by(|a, b| (a.due, a.delivery) < (b.due, b.delivery))
}

#[tokio::test]
async fn what_waits_beside_a_damaged_page_of_bodies_is_given_to_the_engine() {
    let (mut world, webhook) = waiting().await;
    world.store.close().await;
    let rows = ruin(&world, "event_data", "{\"text\":\"id-00010\"}");
    world.reopen().await;
    let works = given(&world, webhook).await;
    assert!(works.len() == EVENTS && in_order(&works), "{} of {EVENTS} were given", works.len());
    let mut unread = 0;
    for work in works.iter().filter(|work| work.body.is_none()) {
        unread += usize::from(world.store.body(work.delivery).await.is_err());
    }
    assert_eq!(unread, rows, "that they cannot be read is found by the attempt");
    world.store.close().await;
}

#[tokio::test]
async fn what_waits_on_a_damaged_page_is_passed_over_and_all_else_is_given() {
    for table in ["delivery", "event"] {
        let (mut world, webhook) = waiting().await;
        world.store.close().await;
        let rows = ruin(&world, table, "");
        // The window is over: of recent events every key is looked up when it starts.
        world.clock.advance(Duration::from_secs(3 * 24 * 60 * 60));
        world.reopen().await;
        let works = given(&world, webhook).await;
        assert!(in_order(&works), "{table}");
        assert_eq!(works.len() + rows, EVENTS, "{table}");
        world.store.close().await;
    }
}

#[tokio::test]
async fn what_comes_before_a_damaged_page_of_the_backlog_is_given() {
    let (world, webhook) = waiting().await;
    world.store.close().await;
    ruin(&world, "delivery_waiting", "");
    let sql = world.bench.database();
    let read = |from| {
        // All at once: what comes before the damage is in the same page of the answer.
        let wanted = Wanted { webhook, from, limit: 2_000, ticket: 0 };
        waiting::read(&sql, &wanted, DeliveryId::new(i64::MAX))
    };
    let (mut given, mut next) = (0, Turn::FIRST);
    let error = loop {
        match read(next) {
            Ok(Page { works, next: Some(on) }) => (given, next) = (given + works.len(), on),
            Ok(page) => panic!("{} more were all", page.works.len()),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    assert!((500..1_500).contains(&given), "{given} of {EVENTS} were given");
}

#[tokio::test]
async fn turns_are_read_from_the_backlog_alone() {
    let world = World::<Directory>::new().await;
    let turns = plan(&world.bench.database(), waiting::TURNS);
    let from_index = "SEARCH delivery USING COVERING INDEX delivery_waiting (webhook=? AND due_at>?)";
    assert_eq!(turns, from_index);
}
