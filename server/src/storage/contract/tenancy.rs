//! Tenants, users and tokens that are made through the API, and the audit log.

use super::*;

/// A token of this text for this user, which never expires.
pub(super) fn issued<B: Bench>(world: &World<B>, text: &str, user: &str) -> IssuedToken {
    let mut random = [0; 10];
    random.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    IssuedToken {
        hash: TokenHash::of(text),
        public_id: PublicId::new(world.clock.now(), random),
        tenant: world.tenant,
        user: UserId::new(user).unwrap(),
        name: format!("for {text}"),
        exchanged_for: None,
        issued_at: world.clock.now(),
        expires_at: None,
    }
}

fn user(id: &str, origin: Origin) -> User {
    User {
        id: UserId::new(id).unwrap(),
        name: format!("user {id}"),
        roles: [Role::Admin, Role::Sender].into_iter().collect(),
        spaces: vec!["s1".into()],
        origin,
    }
}

/// The tenant `acme` with these users, as the configuration declares it.
fn acme(users: &[User]) -> TenantSpec {
    let users = users.iter().map(|user| (user.id.clone(), user.clone())).collect();
    TenantSpec { users, ..spec("acme") }
}

fn other() -> TenantSpec {
    let policy = crate::domain::EgressPolicy::new(vec!["10.0.0.0/8".parse().unwrap()]);
    let settings =
        Settings { timeout: Duration::from_secs(3), standard_webhooks: false, ..Settings::default() };
    let egress = Egress { policy, relaxed_targets: true, ..Egress::default() };
    TenantSpec { dialect: DialectId::Qlik, egress, settings, ..spec("other") }
}

fn id(text: &str) -> UserId {
    UserId::new(text).unwrap()
}

pub(in crate::storage) async fn a_tenant_made_through_the_api_is_there_like_a_configured_one_also_after_a_restart<
    B: Bench,
>() {
    let mut world = World::<B>::new().await;
    let made = world.store.create_tenant(other(), time(5)).await.unwrap().unwrap();
    assert_eq!((made.origin, made.created_at, made.users.len()), (Origin::Api, Some(time(5)), 0));
    assert_eq!((&made.egress, &made.settings), (&other().egress, &other().settings));
    assert!(world.store.create_tenant(other(), time(6)).await.unwrap().is_none(), "the name is taken");
    assert!(
        world.store.create_tenant(spec("acme"), time(6)).await.unwrap().is_none(),
        "so is a configured one"
    );
    let webhook = world.store.create_webhook(new_webhook(made.id, "2", false)).await.unwrap();
    world.store.create_user(made.id, user("u1", Origin::Api)).await.unwrap();
    for _ in 0..2 {
        let directory = world.store.directory();
        let found = directory.tenant_by_name("other").unwrap();
        assert_eq!((found.id, found.uid, found.created_at), (made.id, made.uid, Some(time(5))));
        assert_eq!((&found.egress, &found.settings), (&made.egress, &made.settings));
        assert_eq!(found.users[&id("u1")], user("u1", Origin::Api));
        assert_eq!(directory.tenant(world.tenant).unwrap().origin, Origin::File);
        assert_same(&directory.webhook(webhook.id).unwrap(), &webhook);
        world.reopen().await;
    }
    world.store.close().await;
}

pub(in crate::storage) async fn a_tenant_made_through_the_api_yields_to_a_configured_one_of_the_same_name<
    B: Bench,
>() {
    let world = World::<B>::new().await;
    let made = world.store.create_tenant(other(), time(5)).await.unwrap().unwrap();
    world.store.create_user(made.id, user("u1", Origin::Api)).await.unwrap();
    let configured = TenantSpec { settings: Settings::default(), ..other() };
    world.store.apply_tenants(vec![spec("acme"), configured]).await.unwrap();
    let found = world.store.directory().tenant_by_name("other").unwrap();
    assert_eq!((found.id, found.origin, &found.settings), (made.id, Origin::File, &Settings::default()));
    assert!(found.has(&id("u1")), "its users stay");
    assert!(!world.store.delete_tenant(made.id, time(6)).await.unwrap());
    world.store.apply_tenants(vec![spec("acme")]).await.unwrap();
    let found = world.store.directory().tenant_by_name("other").unwrap();
    assert_eq!((found.origin, &found.settings), (Origin::Api, &other().settings));
    // Configured with another dialect, it is refused as any tenant is.
    let native = TenantSpec { dialect: DialectId::Native, ..other() };
    let error = world.store.apply_tenants(vec![native]).await.unwrap_err();
    assert!(matches!(error, StoreError::DialectChanged { .. }), "{error}");
    world.store.close().await;
}

pub(in crate::storage) async fn a_changed_tenant_is_another_version_at_once_and_after_a_restart<B: Bench>() {
    let mut world = World::<B>::new().await;
    let made = world.store.create_tenant(other(), time(5)).await.unwrap().unwrap();
    world.store.create_user(made.id, user("u1", Origin::Api)).await.unwrap();
    let before = world.store.directory().tenant(made.id).unwrap();
    let settings = Settings { timeout: Duration::from_secs(9), ..Settings::default() };
    assert!(world.store.update_tenant(made.id, Egress::default(), settings.clone()).await.unwrap());
    let after = world.store.directory().tenant(made.id).unwrap();
    assert!(!Arc::ptr_eq(&before, &after), "whoever prepared something for the old one sees it");
    for _ in 0..2 {
        let found = world.store.directory().tenant(made.id).unwrap();
        assert_eq!((&found.egress, &found.settings), (&Egress::default(), &settings));
        assert!(found.has(&id("u1")));
        world.reopen().await;
    }
    world.store.close().await;
}

pub(in crate::storage) async fn a_deleted_tenant_is_gone_with_its_people_and_its_webhooks_wait_for_its_return<
    B: Bench,
>() {
    let mut world = World::<B>::new().await;
    let made = world.store.create_tenant(other(), time(5)).await.unwrap().unwrap();
    world.store.create_user(made.id, user("2", Origin::Api)).await.unwrap();
    let token = IssuedToken { tenant: made.id, ..issued(&world, "t", "2") };
    world.store.issue_token(token.clone()).await.unwrap();
    let webhook = world.store.create_webhook(new_webhook(made.id, "2", false)).await.unwrap();
    world.publish(event(made.id, "1", &[&webhook])).await;
    assert!(world.store.delete_tenant(made.id, time(6)).await.unwrap());
    assert!(!world.store.delete_tenant(made.id, time(7)).await.unwrap());
    assert!(!world.store.update_tenant(made.id, Egress::default(), Settings::default()).await.unwrap());
    assert!(!world.store.create_user(made.id, user("3", Origin::Api)).await.unwrap());
    for _ in 0..2 {
        let directory = world.store.directory();
        assert!(directory.tenant(made.id).is_none() && directory.tenant_by_name("other").is_none());
        assert_eq!(directory.token(&token.hash, world.clock.now()), None);
        assert!(world.pending().await.is_empty(), "its deliveries wait");
        world.reopen().await;
    }
    let again = world.store.create_tenant(other(), time(8)).await.unwrap().unwrap();
    assert_eq!((again.id, again.created_at, again.users.len()), (made.id, Some(time(8)), 0));
    assert_eq!(world.store.directory().webhooks_of(made.id).len(), 1);
    assert_eq!(world.pending().await.len(), 1);
    world.store.create_user(made.id, user("2", Origin::Api)).await.unwrap();
    assert_eq!(world.store.directory().token(&token.hash, world.clock.now()), None, "its tokens are gone");
    world.store.close().await;
}

pub(in crate::storage) async fn a_tenants_dialect_outlives_the_tenant<B: Bench>() {
    let world = World::<B>::new().await;
    let made = world.store.create_tenant(other(), time(5)).await.unwrap().unwrap();
    world.store.delete_tenant(made.id, time(6)).await.unwrap();
    let native = TenantSpec { dialect: DialectId::Native, ..other() };
    let error = world.store.create_tenant(native, time(7)).await.unwrap_err();
    assert!(matches!(&error, StoreError::DialectChanged { stored, .. } if stored == "qlik"), "{error}");
    assert!(world.store.directory().tenant_by_name("other").is_none());
    world.store.close().await;
}

pub(in crate::storage) async fn what_the_configuration_declares_cannot_be_changed_here<B: Bench>() {
    let world = World::<B>::new().await;
    let ada = user("1", Origin::File);
    world.store.apply_tenants(vec![acme(core::slice::from_ref(&ada))]).await.unwrap();
    let before = world.store.directory().tenant(world.tenant).unwrap();
    let settings = Settings { standard_webhooks: false, ..Settings::default() };
    assert!(!world.store.update_tenant(world.tenant, Egress::default(), settings).await.unwrap());
    assert!(!world.store.delete_tenant(world.tenant, time(5)).await.unwrap());
    assert!(
        !world.store.create_user(world.tenant, User { name: "Eve".into(), ..ada.clone() }).await.unwrap()
    );
    assert!(
        !world.store.update_user(world.tenant, User { name: "Eve".into(), ..ada.clone() }).await.unwrap()
    );
    assert!(!world.store.delete_user(world.tenant, ada.id).await.unwrap());
    assert_eq!(world.store.directory().tenant(world.tenant).unwrap(), before);
    world.store.close().await;
}

pub(in crate::storage) async fn users_are_added_changed_and_deleted_beside_the_configured_ones<B: Bench>() {
    let mut world = World::<B>::new().await;
    let grace = user("2", Origin::Api);
    assert!(world.store.create_user(world.tenant, grace.clone()).await.unwrap());
    assert!(!world.store.create_user(world.tenant, grace.clone()).await.unwrap());
    let changed = User { name: "Grace".into(), roles: [Role::User].into_iter().collect(), ..grace.clone() };
    assert!(world.store.update_user(world.tenant, changed.clone()).await.unwrap());
    let token = issued(&world, "t", "2");
    world.store.issue_token(token.clone()).await.unwrap();
    for _ in 0..2 {
        let tenant = world.store.directory().tenant(world.tenant).unwrap();
        assert_eq!(tenant.users, BTreeMap::from([(grace.id.clone(), changed.clone())]));
        world.reopen().await;
    }
    assert!(world.store.delete_user(world.tenant, grace.id.clone()).await.unwrap());
    assert!(!world.store.delete_user(world.tenant, grace.id.clone()).await.unwrap());
    assert!(!world.store.update_user(world.tenant, changed).await.unwrap());
    for _ in 0..2 {
        assert!(world.store.directory().tenant(world.tenant).unwrap().users.is_empty());
        assert_eq!(world.store.directory().token(&token.hash, world.clock.now()), None);
        world.reopen().await;
    }
    world.store.close().await;
}

pub(in crate::storage) async fn a_user_that_is_configured_later_hides_the_one_made_here<B: Bench>() {
    let world = World::<B>::new().await;
    let (made, configured) = (user("2", Origin::Api), User { name: "Ada".into(), ..user("2", Origin::File) });
    world.store.create_user(world.tenant, made.clone()).await.unwrap();
    let found =
        |world: &World<B>| world.store.directory().tenant(world.tenant).unwrap().users[&id("2")].clone();
    world.store.apply_tenants(vec![acme(core::slice::from_ref(&configured))]).await.unwrap();
    assert_eq!(found(&world), configured);
    assert!(!world.store.delete_user(world.tenant, id("2")).await.unwrap());
    world.store.apply_tenants(vec![acme(&[])]).await.unwrap();
    assert_eq!(found(&world), made);
    world.store.close().await;
}

pub(in crate::storage) async fn a_new_user_has_no_tokens_of_an_earlier_one_of_its_id<B: Bench>() {
    let mut world = World::<B>::new().await;
    // Declared by the file at first, and then no more.
    world.store.apply_tenants(vec![acme(&[user("2", Origin::File)])]).await.unwrap();
    world.store.issue_token(issued(&world, "endless", "2")).await.unwrap();
    world.store.issue_token(issued(&world, "others", "3")).await.unwrap();
    world.store.apply_tenants(vec![acme(&[])]).await.unwrap();
    assert!(world.store.create_user(world.tenant, user("2", Origin::Api)).await.unwrap());
    for _ in 0..2 {
        let tokens = world.store.directory().tokens_of(world.tenant, time(100));
        let users: Vec<_> = tokens.iter().map(|token| token.user.as_str()).collect();
        assert_eq!(users, ["3"]);
        // Who is there already keeps them.
        world.store.issue_token(issued(&world, "new", "2")).await.unwrap();
        assert!(!world.store.create_user(world.tenant, user("2", Origin::Api)).await.unwrap());
        let tokens = world.store.directory().tokens_of(world.tenant, time(100));
        assert_eq!(tokens.len(), 2);
        let own = tokens.iter().find(|token| token.user.as_str() == "2").unwrap();
        assert!(world.store.revoke_token(world.tenant, own.id).await.unwrap());
        world.reopen().await;
    }
    world.store.close().await;
}

pub(in crate::storage) async fn commands_of_one_commit_see_what_those_before_them_did<B: Bench>() {
    let world = World::<B>::new().await;
    let store = &world.store;
    let [a, b] = ["a", "b"].map(|id| user(id, Origin::Api));
    let made = store.create_tenant(other(), time(5)).await.unwrap().unwrap();
    let changed = User { name: "changed".into(), ..a.clone() };
    // Polled together, in this order: most of it lands in one transaction.
    let (one, two, three, four, five, six) = tokio::join!(
        store.create_user(made.id, a.clone()),
        store.create_user(made.id, b.clone()),
        store.create_user(made.id, a.clone()),
        store.update_user(made.id, changed.clone()),
        store.update_tenant(made.id, Egress::default(), Settings::default()),
        store.delete_user(made.id, b.id.clone()),
    );
    let answers = [one, two, three, four, five, six].map(Result::unwrap);
    assert_eq!(answers, [true, true, false, true, true, true]);
    let tenant = store.directory().tenant(made.id).unwrap();
    assert_eq!(tenant.users, BTreeMap::from([(a.id.clone(), changed)]));
    assert_eq!(tenant.egress, Egress::default());
    let (gone, late) = tokio::join!(store.delete_tenant(made.id, time(6)), store.create_user(made.id, b));
    assert_eq!((gone.unwrap(), late.unwrap()), (true, false));
    let (first, second) =
        tokio::join!(store.create_tenant(other(), time(7)), store.create_tenant(other(), time(8)));
    assert_eq!((first.unwrap().is_some(), second.unwrap().is_some()), (true, false));
    store.close().await;
}

pub(in crate::storage) async fn a_revoked_token_takes_the_bearers_exchanged_for_it_along<B: Bench>() {
    let mut world = World::<B>::new().await;
    let (key, kept) = (issued(&world, "key", "2"), issued(&world, "kept", "2"));
    let bearer = IssuedToken { exchanged_for: Some(key.public_id), ..issued(&world, "bearer", "2") };
    for token in [&key, &kept, &bearer] {
        world.store.issue_token(token.clone()).await.unwrap();
    }
    let now = world.clock.now();
    let directory = world.store.directory();
    assert_eq!(directory.api_key(&key.hash, now).unwrap().id, key.public_id);
    assert_eq!(directory.api_key(&bearer.hash, now), None, "a bearer cannot renew itself");
    let count = |exchanged| directory.count_issued(world.tenant, &id("2"), exchanged, now);
    assert_eq!((count(false), count(true)), (2, 1));
    let another = world.store.create_tenant(other(), time(5)).await.unwrap().unwrap();
    assert!(!world.store.revoke_token(another.id, key.public_id).await.unwrap(), "another tenant's");
    assert!(world.store.revoke_token(world.tenant, key.public_id).await.unwrap());
    assert!(!world.store.revoke_token(world.tenant, key.public_id).await.unwrap());
    for _ in 0..2 {
        let known =
            [&key, &kept, &bearer].map(|token| world.store.directory().token(&token.hash, now).is_some());
        assert_eq!(known, [false, true, false]);
        world.reopen().await;
    }
    world.store.close().await;
}

pub(in crate::storage) async fn a_token_shows_whose_and_what_it_is_and_when_it_was_used<B: Bench>() {
    let mut world = World::<B>::new().await;
    let token = issued(&world, "t", "2");
    world.store.issue_token(token.clone()).await.unwrap();
    let file = TokenHash::of("a configured token");
    let configured = |world: &World<B>| {
        let owner = TokenOwner::User { tenant: world.tenant, user: id("1"), expires_at: None };
        world.store.directory().set_configured_tokens([(file, owner)].into());
    };
    configured(&world);
    assert_eq!(world.store.directory().unsaved_token_uses(), []);
    world.clock.advance(Duration::from_secs(5));
    let used = world.clock.now();
    for hash in [&token.hash, &file, &TokenHash::of("unknown")] {
        world.store.directory().note_token_use(hash, used);
    }
    let uses = world.store.directory().unsaved_token_uses();
    assert_eq!(uses.len(), 2);
    world.store.save_token_uses(uses).await.unwrap();
    assert_eq!(world.store.directory().unsaved_token_uses(), [], "once is enough");
    for _ in 0..2 {
        let shown = world.store.directory().tokens_of(world.tenant, used);
        let of = |origin| shown.iter().find(|token| token.origin == origin).unwrap();
        let made = of(TokenOrigin::Api);
        assert_eq!((made.id, &made.user, made.name.as_deref()), (token.public_id, &id("2"), Some("for t")));
        assert_eq!((made.created_at, made.last_used_at), (Some(token.issued_at), Some(used)));
        let declared = of(TokenOrigin::File);
        assert_eq!((&declared.user, &declared.name, declared.last_used_at), (&id("1"), &None, Some(used)));
        assert_eq!(shown.len(), 2);
        world.reopen().await;
        configured(&world);
    }
    world.store.close().await;
}

fn entry(second: i64, tenant: Option<TenantId>, actor: Actor, operation: &'static str) -> AuditEntry {
    AuditEntry {
        at: time(second),
        tenant,
        actor,
        operation: operation.into(),
        object: Some(AuditObject { kind: "webhook".into(), id: second.to_string() }),
        outcome: AuditOutcome::Done,
        detail: BTreeMap::from([("changed".into(), "„url“".to_owned())]),
    }
}

pub(in crate::storage) async fn the_audit_log_is_read_newest_first_in_pages_and_by_what_is_asked<B: Bench>() {
    let mut world = World::<B>::new().await;
    let made = world.store.create_tenant(other(), time(0)).await.unwrap().unwrap();
    let (ada, ops) = (Actor::User(id("1")), Actor::Operator("ops".into()));
    let refused = AuditEntry {
        outcome: AuditOutcome::Refused,
        object: None,
        detail: BTreeMap::new(),
        ..entry(4, None, ops.clone(), "tenant.delete")
    };
    let entries = [
        entry(1, Some(world.tenant), ada.clone(), "webhook.create"),
        entry(2, Some(made.id), ops.clone(), "webhook.delete"),
        entry(3, Some(world.tenant), ada, "webhook.delete"),
        refused,
    ];
    for entry in &entries {
        world.store.record_audit(entry.clone()).await.unwrap();
    }
    world.store.delete_tenant(made.id, time(5)).await.unwrap();
    world.reopen().await;
    let all = AuditQuery { limit: 100, ..AuditQuery::default() };
    let found = world.store.audit(all.clone()).await.unwrap();
    let names: Vec<_> = found.iter().map(|record| record.tenant_name.as_deref()).collect();
    assert_eq!(names, [None, Some("acme"), Some("other"), Some("acme")], "also of one that is gone");
    let mut read: Vec<_> = found.iter().map(|record| record.entry.clone()).collect();
    read.reverse();
    assert_eq!(read, entries);
    let seconds = async |query: AuditQuery| -> Vec<i64> {
        let records = world.store.audit(query).await.unwrap();
        records.iter().map(|record| (record.entry.at - time(0)).get_seconds()).collect()
    };
    let cursor = Some(found[1].sequence);
    assert_eq!(seconds(AuditQuery { limit: 2, ..all.clone() }).await, [4, 3]);
    assert_eq!(seconds(AuditQuery { before: cursor, ..all.clone() }).await, [2, 1]);
    assert_eq!(seconds(AuditQuery { tenant: Some(world.tenant), ..all.clone() }).await, [3, 1]);
    assert_eq!(seconds(AuditQuery { tenant: Some(world.tenant), before: cursor, ..all.clone() }).await, [1]);
    let between = AuditQuery { since: Some(time(2)), until: Some(time(4)), ..all.clone() };
    assert_eq!(seconds(between).await, [3, 2]);
    assert_eq!(seconds(AuditQuery { actor: Some("ops".into()), ..all.clone() }).await, [4, 2]);
    let deleted = AuditQuery { operation: Some("webhook.delete".into()), ..all };
    assert_eq!(seconds(deleted).await, [3, 2]);
    world.store.close().await;
}

pub(in crate::storage) async fn the_audit_log_is_pruned_from_its_old_end<B: Bench>() {
    let world = World::<B>::new().await;
    for second in 1..=5 {
        let entry = entry(second, None, Actor::Operator("ops".into()), "tenant.create");
        world.store.record_audit(entry).await.unwrap();
    }
    assert_eq!(world.store.prune_audit(time(4), 2).await.unwrap(), 2, "so many at a time");
    assert_eq!(world.store.prune_audit(time(4), 2).await.unwrap(), 1);
    assert_eq!(world.store.prune_audit(time(4), 2).await.unwrap(), 0);
    let query = AuditQuery { limit: 100, ..AuditQuery::default() };
    let left = world.store.audit(query).await.unwrap();
    assert_eq!(left.iter().map(|record| record.entry.at).collect::<Vec<_>>(), [time(5), time(4)]);
    world.store.close().await;
}
