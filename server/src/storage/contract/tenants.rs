//! Tenants and webhooks.

use super::*;
use crate::domain::head::Shown;
use crate::storage::Update;

pub(in crate::storage) async fn a_tenant_keeps_its_id_and_its_random_name_over_restarts<B: Bench>() {
    let mut world = World::<B>::new().await;
    let before = world.store.directory().tenant(world.tenant).unwrap();
    world.reopen().await;
    assert_eq!(world.store.directory().tenant(world.tenant).unwrap(), before);
    assert_ne!(before.uid.as_bytes(), &[0; 16]);
    world.store.close().await;
}

pub(in crate::storage) async fn a_tenant_that_is_no_longer_configured_disappears_and_can_come_back<
    B: Bench,
>() {
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

pub(super) fn assert_same(a: &Webhook, b: &Webhook) {
    assert_eq!((a.id, a.number, a.tenant, &a.owner), (b.id, b.number, b.tenant, &b.owner));
    assert_eq!((&a.created_by, &a.updated_by), (&b.created_by, &b.updated_by));
    assert_eq!(a.secrets_since, b.secrets_since);
    assert_eq!(a.public_id, b.public_id);
    assert_eq!((a.endpoint.as_given(), a.state, a.version), (b.endpoint.as_given(), b.state, b.version));
    assert_eq!((&a.profile, a.created_at, a.updated_at), (&b.profile, b.created_at, b.updated_at));
    let bytes = |webhook: &Webhook| webhook.secrets.current().map(|secret| secret.as_bytes().to_vec());
    assert_eq!(bytes(a), bytes(b));
}

pub(in crate::storage) async fn a_webhook_reads_back_as_it_was_made_also_after_a_restart<B: Bench>() {
    let mut world = World::<B>::new().await;
    let made = world.webhook().await;
    let unsigned = NewWebhook { secrets: Secrets::default(), ..new_webhook(world.tenant, "3", true) };
    let unsigned = world.store.create_webhook(unsigned).await.unwrap();
    assert_eq!((made.number, made.version, made.created_at), (number(1), 1, time(0)));
    assert_same(&world.store.directory().webhook(made.id).unwrap(), &made);
    world.reopen().await;
    let directory = world.store.directory();
    assert_same(&directory.webhook(made.id).unwrap(), &made);
    assert_same(&directory.webhook_by_number(world.tenant, unsigned.number).unwrap(), &unsigned);
    assert_same(&directory.webhook_by_public_id(world.tenant, made.public_id).unwrap(), &made);
    assert_eq!(directory.webhooks_of(world.tenant).len(), 2);
    world.store.close().await;
}

pub(in crate::storage) async fn encrypted_headers_survive_a_restart_and_end_with_their_webhook<B: Bench>() {
    let mut world = World::<B>::new().await;
    let new = new_webhook_with_secrets(world.tenant);
    let made = world.store.create_webhook(new.clone()).await.unwrap();
    assert_eq!(made.profile, new.profile);
    world.reopen().await;
    let webhook = world.store.directory().webhook(made.id).unwrap();
    assert_eq!(webhook.profile, new.profile);
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(delivery, 200)).await.unwrap();
    let deleted = world.delete(&made, 50).await.unwrap();
    let record = world.record(1).await.unwrap();
    assert!(record.webhook_deleted);
    for gone in [deleted, record.webhook] {
        let Profile::Qlik(profile) = &gone.profile else { panic!("another system") };
        assert_eq!(profile.encrypted_header_names().collect::<Vec<_>>(), ["Authorization", "X-Key"]);
        assert_eq!((profile.encrypted_headers().count(), profile.headers().len()), (0, 1));
    }
    // History tells what was sent, but no secret.
    let headers = record.sent.unwrap().headers;
    let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    assert_eq!(header("x-team"), Some(Shown::Value("blue".into())));
    assert_eq!((header("authorization"), header("x-key")), (Some(Shown::Omitted), Some(Shown::Omitted)));
    assert_eq!(header("user-agent"), Some(Shown::Value("Qlik Webhook".into())));
    world.store.close().await;
}

pub(in crate::storage) async fn a_change_replaces_encrypted_headers_and_takes_them_away<B: Bench>() {
    let mut world = World::<B>::new().await;
    let mut webhook = world.store.create_webhook(new_webhook_with_secrets(world.tenant)).await.unwrap();
    let other = |value: &str| qlik::EncryptedHeader {
        name: "X-Other".into(),
        value: qlik::HeaderSecret::new(value.into()),
    };
    for (headers, reopens) in [(vec![other("1")], true), (vec![other("2")], false), (vec![], true)] {
        let Profile::Qlik(profile) = &webhook.profile else { panic!("another system") };
        let change = qlik::Change { encrypted_headers: Some(headers.clone()), ..qlik::Change::default() };
        let endpoint = &webhook.endpoint;
        let mut next = webhook.next_version(time(20));
        next.profile =
            Profile::Qlik(profile.apply(change, endpoint, endpoint, &Settings::default()).unwrap());
        let expected = next.profile.clone();
        assert!(matches!(world.store.update_webhook(next).await.unwrap(), Update::Done(_)));
        if reopens {
            world.reopen().await;
        }
        webhook = world.store.directory().webhook(webhook.id).unwrap();
        assert_eq!(webhook.profile, expected);
        assert_eq!(webhook.profile.encrypted_headers().count(), headers.len());
    }
    world.store.close().await;
}

pub(in crate::storage) async fn numbers_are_counted_per_tenant_and_never_given_twice<B: Bench>() {
    let mut world = World::<B>::new().await;
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let other = world.store.directory().tenant_by_name("other").unwrap().id;
    let webhook = world.webhook().await;
    let theirs = world.store.create_webhook(new_webhook(other, "2", false)).await.unwrap();
    assert_eq!((webhook.number, theirs.number), (number(1), number(1)));
    assert_ne!(webhook.id, theirs.id);
    let first = world.deliver("1", &[&webhook]).await;
    world.store.settle(ended(first[0], 200)).await.unwrap();
    world.delete(&webhook, 50).await.unwrap();
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 10).await, 1);
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

pub(in crate::storage) async fn a_deleted_webhook_is_gone_and_its_number_stays_taken<B: Bench>() {
    let mut world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let deleted = world.delete(&webhook, 50).await.unwrap();
    assert_eq!((deleted.id, deleted.version, deleted.updated_at), (webhook.id, 2, time(50)));
    assert!(!deleted.secrets.sign());
    assert!(world.store.directory().webhook(webhook.id).is_none());
    assert!(world.delete(&webhook, 51).await.is_none());
    world.reopen().await;
    assert!(world.store.directory().webhook_by_number(world.tenant, webhook.number).is_none());
    assert_eq!(world.webhook().await.number, number(2));
    world.store.close().await;
}

pub(in crate::storage) async fn deleting_a_webhook_cancels_what_is_pending_for_it_and_nothing_else<
    B: Bench,
>() {
    let world = World::<B>::new().await;
    let (gone, kept) = (world.webhook().await, world.webhook().await);
    let deliveries = world.deliver("1", &[&gone, &kept]).await;
    world.delete(&gone, 50).await;
    let pending: Vec<_> = world.pending().await.into_iter().map(|work| work.delivery).collect();
    assert_eq!(pending, [deliveries[1]]);
    // Its attempt was under way: it is recorded, the delivery stays cancelled.
    let late = Settlement {
        delivery: deliveries[0],
        attempt: Some(attempt(1, answered(503))),
        next: Next::Retry { due: time(60), tries: 1 },
    };
    world.store.settle(late).await.unwrap();
    assert_eq!(world.pending().await.len(), 1);
    world.store.close().await;
}

pub(in crate::storage) async fn a_delivery_to_a_webhook_deleted_meanwhile_is_over_from_the_start<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let event = event(world.tenant, "1", &[&webhook]);
    world.delete(&webhook, 50).await;
    assert!(
        matches!(world.publish(event).await, Published::Accepted { deliveries, .. } if deliveries.len() == 1)
    );
    assert!(world.pending().await.is_empty());
    world.store.close().await;
}

pub(in crate::storage) async fn another_tenants_webhook_cannot_be_deleted<B: Bench>() {
    let world = World::<B>::new().await;
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let other = world.store.directory().tenant_by_name("other").unwrap().id;
    let webhook = world.webhook().await;
    let theirs = Webhook { tenant: other, ..Webhook::clone(&webhook) };
    assert!(matches!(world.store.delete_webhook(&theirs, time(50)).await.unwrap(), Update::Gone));
    assert!(world.store.directory().webhook(webhook.id).is_some());
    world.store.close().await;
}
