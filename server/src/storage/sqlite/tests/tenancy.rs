//! What was made through the API, as it stands in the database.

use std::collections::BTreeMap;

use rusqlite::params;

use super::*;
use crate::domain::{
    Actor, AuditEntry, AuditOutcome, AuditQuery, Origin, Roles, TokenHash, TokenOwner, User, UserId,
};
use crate::storage::{AuditLog as _, Tenancy as _};

#[tokio::test]
async fn what_the_api_made_and_no_version_writes_is_named() {
    for (change, expected) in [
        ("UPDATE api_tenant SET spec = '{}'", ("api_tenant", "spec")),
        ("UPDATE tenant SET dialect = 'klick' WHERE name = 'made'", ("tenant", "dialect")),
        ("UPDATE api_user SET roles = '[\"operator\"]'", ("api_user", "roles")),
        ("UPDATE api_user SET spaces = 'none'", ("api_user", "spaces")),
        ("UPDATE audit SET outcome = 'maybe'", ("audit", "outcome")),
        ("UPDATE audit SET actor_kind = 'robot'", ("audit", "actor")),
        ("UPDATE audit SET detail = '[]'", ("audit", "detail")),
    ] {
        let world = World::<Directory>::new().await;
        let made = world.store.create_tenant(spec("made"), time(1)).await.unwrap().unwrap();
        let user = User {
            id: UserId::new("1").unwrap(),
            name: "Ada".into(),
            roles: Roles::default(),
            spaces: Vec::new(),
            origin: Origin::Api,
        };
        assert!(world.store.create_user(made.id, user).await.unwrap());
        let entry = AuditEntry {
            at: time(1),
            tenant: None,
            actor: Actor::Operator("ops".into()),
            operation: "tenant.create".into(),
            object: None,
            outcome: AuditOutcome::Done,
            detail: BTreeMap::new(),
        };
        world.store.record_audit(entry).await.unwrap();
        assert_eq!(world.bench.database().execute(change, []).unwrap(), 1, "{change}");
        let applied = world.store.apply_tenants(vec![spec("acme")]).await;
        let read = world.store.audit(AuditQuery { limit: 10, ..AuditQuery::default() }).await;
        let error = applied.err().or(read.err()).expect(change);
        let StoreError::Inconsistent { table, column, row: _ } = error else { panic!("{change}: {error}") };
        assert_eq!((table, column), expected, "{change}");
        world.store.close().await;
    }
}

#[tokio::test]
async fn bearers_of_the_first_layout_live_on_until_they_expire() {
    let clock = Arc::new(MockClock::at(time(0)));
    let directory = TempDir::new().unwrap();
    let mut sql = Connection::open(directory.path().join("sigpost.db")).unwrap();
    let first = refinery::Target::Version(1);
    open::embedded::migrations::runner().set_target(first).run(&mut sql).unwrap();
    sql.execute(
        "INSERT INTO tenant (id, name, uid, dialect, next_webhook, next_event, next_delivery)
         VALUES (1, 'acme', zeroblob(16), 'immuta', 1, 1, 1)",
        [],
    )
    .unwrap();
    sql.execute("UPDATE sequence SET tenant = 2", []).unwrap();
    let (hash, end) = (TokenHash::of("bearer"), time(60));
    let insert = "INSERT INTO token (hash, tenant, user, issued_at, expires_at) VALUES (?1, 1, '2', ?2, ?3)";
    sql.execute(insert, params![hash.as_bytes(), time(0).as_microsecond(), end.as_microsecond()]).unwrap();
    drop(sql);
    let store = SqliteStore::open(options(directory.path(), &clock)).unwrap();
    store.apply_tenants(vec![spec("acme")]).await.unwrap();
    let owner = store.directory().token(&hash, time(59)).unwrap();
    let user = UserId::new("2").unwrap();
    assert_eq!(owner, TokenOwner::User { tenant: TenantId::new(1), user, expires_at: Some(end) });
    assert_eq!(store.directory().token(&hash, end), None);
    assert!(store.directory().api_key(&hash, time(0)).is_none(), "it is no key");
    store.close().await;
}
