//! Lists and single webhooks.

use super::*;

#[test]
fn a_webhook_and_a_list_are_shown_as_documented_with_the_secret_masked() {
    let server = serve("retry = []");
    let receiver = receiver();
    let body = json!({
        "url": receiver.url("/webhooks/user-events"), "events": ["user.created", "user.updated", "user.deleted"],
        "description": "User events webhook for CRM integration",
    });
    let made = client(&server, ADMIN).post(ROOT, &body).unwrap().json().unwrap()["data"].clone();
    let example = json!({ "data": {
        "id": "wh_123456",
        "url": "https://example.com/webhooks/user-events",
        "events": ["user.created", "user.updated", "user.deleted"],
        "status": "active",
        "created_at": "2023-03-15T08:30:00Z",
        "updated_at": "2023-05-10T11:45:22Z",
        "last_triggered": "2023-06-20T14:22:10Z",
        "secret": "whsec_••••••••••••••••••••••••••••••",
        "description": "User events webhook for CRM integration",
    } });
    let list_example = json!({
        "data": [{
            "id": "wh_123456",
            "url": "https://example.com/webhooks/user-events",
            "events": ["user.created", "user.updated", "user.deleted"],
            "status": "active",
            "created_at": "2023-03-15T08:30:00Z",
            "last_triggered": "2023-06-20T14:22:10Z",
        }],
        "meta": { "total": 12, "page": 1, "limit": 20, "pages": 1 },
    });
    let user = client(&server, USER);
    let read = |path: &str| user.get(path).unwrap().json().unwrap();
    let never = "nothing has been sent to it yet";
    like(&example, &read(&path(&made)), &[("data.last_triggered", never)]);
    like(&list_example, &read(ROOT), &[("data[].last_triggered", never)]);

    publish(&server, "1", "user.created");
    receiver.wait_for(1, SOON).unwrap();
    let shown = wait_until(&server, &made, |webhook| !webhook["last_triggered"].is_null());
    like(&example, &read(&path(&made)), &[]);
    like(&list_example, &read(ROOT), &[]);
    assert_time(&shown["last_triggered"]);
    assert_eq!(shown["secret"], example["data"]["secret"]);
    for member in ["id", "url", "events", "status", "created_at", "last_triggered"] {
        assert_eq!(read(ROOT)["data"][0][member], shown[member]);
    }
    assert!(!user.get(ROOT).unwrap().text().contains("whsec_"));
}

#[test]
fn a_webhook_without_description_or_secret_shows_null() {
    let server = serve("");
    let made = create(&server, SOMEWHERE, &["user.created"]);
    assert_eq!(made["description"], Value::Null);
    // Only the native API makes one without a secret.
    let body = json!({
        "url": SOMEWHERE, "secret": null, "profile": { "dialect": "generic", "event_types": ["user.created"] },
    });
    assert_eq!(client(&server, ADMIN).post("/v1/webhooks", &body).unwrap().status, 201);
    let list = client(&server, ADMIN).get(ROOT).unwrap().json().unwrap();
    let shown = get(&server, &list["data"][1]);
    assert_eq!((&shown["secret"], &shown["description"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_list_is_paged_and_filtered() {
    let server = serve("");
    let admin = client(&server, ADMIN);
    let mut ids = Vec::new();
    for n in 0..23 {
        let events: &[&str] = if n % 2 == 0 { &["user.created"] } else { &["data.created", "user.deleted"] };
        let made = create(&server, SOMEWHERE, events);
        if n < 3 {
            assert_eq!(put(&admin, &path(&made), &json!({ "status": "inactive" })).status, 200);
        }
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    let list = |query: &str| {
        let answer = admin.get(&format!("{ROOT}{query}")).unwrap();
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        let body = answer.json().unwrap();
        let shown = body["data"].as_array().unwrap().iter().map(|webhook| {
            let id = webhook["id"].as_str().unwrap();
            ids.iter().position(|known| known == id).unwrap()
        });
        (shown.collect::<Vec<_>>(), body["meta"].clone())
    };
    let meta = |total: u32, page: u32, limit: u32, pages: u32| json!({ "total": total, "page": page, "limit": limit, "pages": pages });
    assert_eq!(list(""), ((0..20).collect(), meta(23, 1, 20, 2)));
    assert_eq!(list("?page=2"), ((20..23).collect(), meta(23, 2, 20, 2)));
    assert_eq!(list("?page=3"), (vec![], meta(23, 3, 20, 2)));
    assert_eq!(list("?page=2147483647&limit=100"), (vec![], meta(23, 2_147_483_647, 100, 1)));
    assert_eq!(list("?limit=1&page=23"), (vec![22], meta(23, 23, 1, 23)));
    assert_eq!(list("?limit=100"), ((0..23).collect(), meta(23, 1, 100, 1)));
    assert_eq!(list("?status=inactive"), (vec![0, 1, 2], meta(3, 1, 20, 1)));
    assert_eq!(list("?status=active&limit=5"), (vec![3, 4, 5, 6, 7], meta(20, 1, 5, 4)));
    assert_eq!(list("?event=user.deleted&limit=3&page=2"), (vec![7, 9, 11], meta(11, 2, 3, 4)));
    assert_eq!(list("?event=user.created&status=inactive"), (vec![0, 2], meta(2, 1, 20, 1)));
    assert_eq!(list("?event=nobody.knows"), (vec![], meta(0, 1, 20, 0)));
    for (query, message) in [
        ("page=0", "page must be a number from 1"),
        ("page=2147483648", "page must be"),
        ("page=-1", "page must be"),
        ("page=1.0", "page must be"),
        ("page=", "page must be"),
        ("limit=0", "limit must be a number from 1 to 100"),
        ("limit=101", "limit must be"),
        ("limit=ten", "limit must be"),
        ("status=ACTIVE", "status must be active or inactive"),
        ("status=", "status must be"),
        ("event=", "event must be"),
        ("page=1&page=2", "page is given twice"),
        ("offset=1", "\"offset\" is not known"),
    ] {
        let answer = admin.get(&format!("{ROOT}?{query}")).unwrap();
        refused(&answer, 400, "bad_request", message);
    }
}
