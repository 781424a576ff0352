//! Secrets at rest: sealed, each in its place, and erased.

use super::*;
use crate::storage::contract::new_webhook_with_secrets;

#[tokio::test]
async fn a_secret_is_nowhere_in_the_files() {
    let world = World::<Directory>::new().await;
    let webhook = world.store.create_webhook(new_webhook_with_secrets(world.tenant)).await.unwrap();
    let deliveries = world.deliver("1", &[&webhook]).await;
    world.store.settle(ended(deliveries[0], 200)).await.unwrap();
    let holds = |name: &str, bytes: &[u8]| {
        let file = std::fs::read(world.bench.path.path().join(name)).unwrap();
        file.windows(bytes.len()).any(|window| window == bytes)
    };
    let mut secrets = vec![webhook.secrets.current().unwrap().as_bytes().to_vec()];
    secrets.extend(webhook.profile.encrypted_headers().map(|header| header.value.reveal().into()));
    // What a value is called when it stands in JSON.
    secrets.push(br#"a \"quoted\" k3y"#.to_vec());
    assert_eq!(secrets.len(), 4);
    let encodings: Vec<_> = secrets
        .iter()
        .flat_map(|secret| {
            use base64::Engine;
            let base64 = base64::engine::general_purpose::STANDARD_NO_PAD.encode(secret);
            [secret.clone(), hex::encode(secret).into_bytes(), base64.into_bytes()]
        })
        .collect();
    for bytes in &encodings {
        assert!(!holds("sigpost.db", bytes) && !holds("sigpost.db-wal", bytes));
    }
    for told in [&b"hooks.example.com"[..], b"Authorization", b"blue"] {
        assert!(holds("sigpost.db-wal", told), "the search finds what is there");
    }
    world.store.close().await;
    assert!(holds("sigpost.db", b"hooks.example.com"));
    for bytes in &encodings {
        assert!(!holds("sigpost.db", bytes));
    }
}

#[tokio::test]
async fn of_a_rotation_neither_secret_is_in_the_files_and_the_retired_one_is_erased() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let old = webhook.secrets.current().unwrap().as_bytes();
    let new = b"the secret that is to come";
    let (secret, activate_at, retire_at) = (Secret::new(*new).unwrap(), time(150), time(160));
    let mut next = webhook.next_version(time(140));
    next.secrets = next.secrets.rotate(Rotation { secret, activate_at, retire_at }, time(140)).unwrap();
    world.store.update_webhook(next.clone()).await.unwrap();
    let sealed = |column: &str| -> Option<Vec<u8>> {
        let query = format!("SELECT {column} FROM webhook");
        world.bench.database().query_row(&query, [], |row| row.get(0)).unwrap()
    };
    let (sealed_old, sealed_new) = (sealed("secret_sealed").unwrap(), sealed("next_secret_sealed").unwrap());
    assert!(sealed_old.len() > old.len() && sealed_new.len() > new.len());
    let holds = |name: &str, bytes: &[u8]| {
        let file = std::fs::read(world.bench.path.path().join(name)).unwrap();
        file.windows(bytes.len()).any(|window| window == bytes)
    };
    for bytes in [old, &new[..]] {
        for text in [bytes.to_vec(), hex::encode(bytes).into_bytes()] {
            assert!(!holds("sigpost.db", &text) && !holds("sigpost.db-wal", &text));
        }
    }
    let mut settled = next.next_version(time(170));
    settled.secrets = next.secrets.settled(time(170)).unwrap();
    world.store.update_webhook(settled).await.unwrap();
    assert_eq!(sealed("next_secret_sealed"), None);
    world.store.close().await;
    assert!(!holds("sigpost.db", old) && !holds("sigpost.db", new));
    assert!(!holds("sigpost.db", &sealed_old) && !holds("sigpost.db", &sealed_new), "sealed or not");
}

#[tokio::test]
async fn deleting_a_webhook_erases_its_sealed_secrets() {
    let world = World::<Directory>::new().await;
    let webhook = world.store.create_webhook(new_webhook_with_secrets(world.tenant)).await.unwrap();
    let sealed = |column: &str| -> Option<Vec<u8>> {
        let select = format!("SELECT {column} FROM webhook");
        world.bench.database().query_row(&select, [], |row| row.get(0)).unwrap()
    };
    let columns = ["secret_sealed", "encrypted_headers_sealed"];
    let before = columns.map(|column| sealed(column).unwrap());
    world.delete(&webhook, 50).await;
    assert_eq!(columns.map(sealed), [None, None]);
    world.store.close().await;
    let file = std::fs::read(world.bench.path.path().join("sigpost.db")).unwrap();
    for sealed in before {
        assert!(!file.windows(sealed.len()).any(|window| window == sealed));
    }
}

#[tokio::test]
async fn encrypted_headers_that_are_missing_or_anothers_are_named() {
    let copy = "UPDATE webhook SET encrypted_headers_sealed =
        (SELECT encrypted_headers_sealed FROM webhook WHERE id = 2) WHERE id = 1";
    let swap = "UPDATE webhook SET encrypted_headers_sealed = secret_sealed WHERE id = 1";
    for change in [copy, swap, "UPDATE webhook SET encrypted_headers_sealed = NULL WHERE id = 1"] {
        let world = World::<Directory>::new().await;
        for _ in 0..2 {
            world.store.create_webhook(new_webhook_with_secrets(world.tenant)).await.unwrap();
        }
        world.store.close().await;
        world.bench.database().execute(change, []).unwrap();
        let error = opening(world.bench.options());
        let column = "encrypted_headers_sealed";
        assert!(
            matches!(error, OpenError::Store(StoreError::Inconsistent { table: "webhook", column: c, row: 1 }) if c == column),
            "{error}"
        );
    }
}
