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
async fn deleting_a_webhook_erases_its_sealed_secrets() {
    let world = World::<Directory>::new().await;
    let webhook = world.store.create_webhook(new_webhook_with_secrets(world.tenant)).await.unwrap();
    let sealed = |column: &str| -> Option<Vec<u8>> {
        let select = format!("SELECT {column} FROM webhook");
        world.bench.database().query_row(&select, [], |row| row.get(0)).unwrap()
    };
    let columns = ["secret_sealed", "encrypted_headers_sealed"];
    let before = columns.map(|column| sealed(column).unwrap());
    world.store.delete_webhook(world.tenant, webhook.number, time(50)).await.unwrap();
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
