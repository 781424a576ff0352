//! The history: filters, orders, pages.

use super::*;
use crate::domain::Cursor;

pub(in crate::storage) async fn a_record_appears_with_its_first_attempt_and_shows_the_latest<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    assert!(world.record(1).await.is_none());
    assert_eq!(world.history().await.total, 0);
    for (count, outcome) in [(1, refused()), (2, answered(500)), (3, answered(200))] {
        let attempt = attempt(count, outcome);
        let settlement = Settlement {
            delivery,
            attempt: Some(attempt.clone()),
            next: Next::Retry { due: time(500), tries: 1 },
        };
        world.store.settle(settlement).await.unwrap();
        let record = world.record(1).await.unwrap();
        assert_eq!((record.delivery, record.number, record.event_number), (delivery, number(1), number(1)));
        assert_eq!((record.event_type.as_str(), record.webhook_deleted), ("modelCreated", false));
        assert_eq!((record.event_source.as_str(), record.event_id.as_str()), ("/source", "1"));
        assert_same(&record.webhook, &webhook);
        assert_eq!(record.request.as_deref(), Some(&b"{\"text\":\"1\",\"webhookId\":1}"[..]));
        assert_eq!(record.created_at, time(10));
        assert_eq!(record.updated_at, attempt.started_at + attempt.duration);
        assert_eq!(record.attempt, attempt);
        assert_eq!(world.history().await.records[0].attempt, attempt);
    }
    world.store.close().await;
}

pub(in crate::storage) async fn every_failure_reads_back_as_it_was_recorded<B: Bench>() {
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
        C::TlsRevoked,
        C::TlsRevocationUnknown,
        C::TlsHandshake,
        C::InvalidResponse,
        C::Local,
    ];
    for class in classes {
        for phase in [Phase::Connect, Phase::Exchange] {
            let attempt = attempt(1, Outcome::Failed(Failure { class, phase }));
            let settlement = Settlement {
                delivery,
                attempt: Some(attempt.clone()),
                next: Next::Retry { due: time(500), tries: 1 },
            };
            world.store.settle(settlement).await.unwrap();
            assert_eq!(world.record(1).await.unwrap().attempt, attempt);
        }
    }
    world.store.close().await;
}

pub(in crate::storage) async fn the_headers_of_an_answer_read_back_as_they_were_kept<B: Bench>() {
    let mut world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    let many = [("x", &[b'y'; 96][..]); 30];
    for headers in [
        ResponseHeaders::EMPTY,
        ResponseHeaders::new([("set-cookie", &b"a=b"[..]), ("set-cookie", b""), ("server", b"\xc3\xa9")]),
        ResponseHeaders::new(many),
    ] {
        let outcome = Outcome::Response { status: 302, headers, body: Bytes::new() };
        let attempt = attempt(1, outcome);
        let settlement = Settlement {
            delivery,
            attempt: Some(attempt.clone()),
            next: Next::Retry { due: time(500), tries: 1 },
        };
        world.store.settle(settlement).await.unwrap();
        assert_eq!(world.record(1).await.unwrap().attempt, attempt);
        world.reopen().await;
        assert_eq!(world.record(1).await.unwrap().attempt, attempt);
    }
    world.store.close().await;
}

/// Three webhooks (user 2's, user 2's global one, user 3's global one) with a record each, numbered 1 to 3.
pub(super) async fn three_records<B: Bench>() -> (World<B>, [Arc<Webhook>; 3]) {
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

pub(in crate::storage) async fn history_is_filtered_by_owner_and_global<B: Bench>() {
    let (world, _) = three_records::<B>().await;
    let all_of = |id| Some(Owned { by: UserId::new(id).unwrap(), global: true });
    let own_of = |id| Some(Owned { by: UserId::new(id).unwrap(), global: false });
    for (owned_by, global, expected) in [
        (all_of("2"), false, vec![1, 2]),
        (all_of("2"), true, vec![1, 2, 3]),
        (all_of("3"), false, vec![3]),
        (all_of("3"), true, vec![2, 3]),
        (own_of("2"), false, vec![1]),
        (own_of("3"), false, vec![]),
        (own_of("2"), true, vec![1, 2, 3]),
        (None, true, vec![2, 3]),
        (None, false, vec![]),
        (all_of("4"), false, vec![]),
    ] {
        let mut query = everything(world.tenant);
        query.filter.scope = Scope::Shares { owned_by: owned_by.clone(), global };
        let page = world.store.history(query).await.unwrap();
        assert_eq!(numbers(&page), expected, "{owned_by:?} {global}");
        assert_eq!(page.total, u64::try_from(expected.len()).unwrap());
    }
    world.store.close().await;
}

pub(in crate::storage) async fn history_is_filtered_by_type_and_success<B: Bench>() {
    let (world, webhooks) = three_records::<B>().await;
    let deleted = NewEvent { event_type: "modelDeleted".into(), ..event(world.tenant, "2", &[&webhooks[0]]) };
    let Published::Accepted { deliveries, .. } = world.publish(deleted).await else { panic!("new") };
    let failed = Settlement {
        delivery: deliveries[0],
        attempt: Some(attempt(1, refused())),
        next: Next::Retry { due: time(500), tries: 1 },
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

pub(in crate::storage) async fn a_page_behind_a_cursor_ends_before_its_bodies_are_too_much<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    for index in 1..=5_u8 {
        let large = NewEvent {
            data: Bytes::from(vec![b'1'; 12 << 20]),
            fingerprint: Fingerprint([index; 32]),
            ..event(world.tenant, &index.to_string(), &[&webhook])
        };
        let Published::Accepted { deliveries, .. } = world.publish(large).await else { panic!("new") };
        world.store.settle(ended(deliveries[0], 200)).await.unwrap();
    }
    let page = async |position| {
        let page = world.store.history(HistoryQuery { position, ..everything(world.tenant) }).await?;
        Ok::<_, StoreError>((numbers(&page), page.more))
    };
    let at = |at| Some(Cursor { success: true, number: number(at) });
    assert_eq!(page(Position::After(None)).await.unwrap(), (vec![1, 2], true));
    assert_eq!(page(Position::After(at(2))).await.unwrap(), (vec![3, 4], true));
    assert_eq!(page(Position::After(at(4))).await.unwrap(), (vec![5], false));
    assert_eq!(page(Position::Before(at(5).unwrap())).await.unwrap(), (vec![3, 4], true));
    assert_eq!(page(Position::Before(at(3).unwrap())).await.unwrap(), (vec![1, 2], false));
    assert!(matches!(page(Position::Offset(0)).await, Err(StoreError::PageTooLarge)));
    assert_eq!(page(Position::Offset(3)).await.unwrap(), (vec![4, 5], false));
    world.store.close().await;
}

pub(in crate::storage) async fn history_is_sorted_by_every_field_in_both_directions<B: Bench>() {
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

pub(in crate::storage) async fn history_is_counted_before_it_is_paged<B: Bench>() {
    let (world, _) = three_records::<B>().await;
    for (offset, limit, expected) in
        [(0, 2, vec![1, 2]), (2, 2, vec![3]), (3, 2, vec![]), (1, 1, vec![2]), (u64::MAX, 1, vec![])]
    {
        let page = world
            .store
            .history(HistoryQuery { position: Position::Offset(offset), limit, ..everything(world.tenant) })
            .await
            .unwrap();
        assert_eq!((page.total, numbers(&page)), (3, expected), "{offset} {limit}");
    }
    world.store.close().await;
}

pub(in crate::storage) async fn history_outlives_its_webhook<B: Bench>() {
    let (mut world, webhooks) = three_records::<B>().await;
    world.delete(&webhooks[0], 60).await;
    for _ in 0..2 {
        assert_eq!(numbers(&world.history().await), [1, 2, 3]);
        let record = world.record(1).await.unwrap();
        assert!(record.webhook_deleted && !record.webhook.secrets.sign());
        assert_eq!((record.webhook.number, &record.webhook.profile), (number(1), &webhooks[0].profile));
        assert_eq!(record.request.as_deref(), Some(&b"{\"text\":\"1\",\"webhookId\":1}"[..]));
        world.reopen().await;
    }
    world.store.close().await;
}

pub(in crate::storage) async fn another_tenants_records_are_not_there<B: Bench>() {
    let (world, _) = three_records::<B>().await;
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let other = world.store.directory().tenant_by_name("other").unwrap().id;
    assert_eq!(world.store.history(everything(other)).await.unwrap().total, 0);
    assert!(world.store.record(other, number(1)).await.unwrap().is_none());
    assert!(matches!(world.store.create_resend(other, number(1), time(70)).await.unwrap(), Resend::NoRecord));
    world.store.close().await;
}
