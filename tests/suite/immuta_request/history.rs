//! The history of a webhook.

use super::*;

#[test]
fn deliveries_are_told_as_documented_with_the_id_that_was_delivered() {
    let (server, documented) = (serve("retry = []\ntimeout = \"1s\""), Documented::read());
    let receiver = receiver();
    let made = create(&server, &json!({ "url": receiver.url("/") }));
    for (reply, id) in [
        (Reply::status(202).into(), "1"),
        (Reply::status(500).into(), "2"),
        (sigpost_tests::receiver::Answer::Hang, "3"),
    ] {
        receiver.then(reply);
        publish(&server, id);
        wait_for_history(&server, &made, id.parse().unwrap());
    }
    let page = history(&server, &made, "");
    documented.assert("PaginatedWebhookHistory", &page, &[]);
    let told: Vec<_> = page["data"].as_array().unwrap().iter().rev().collect();
    let expected = [
        ("SUCCESS", 202, "the receiver answered 202"),
        ("FAILED", 500, "the receiver answered 500"),
        ("FAILED", 0, "no complete answer came in time"),
    ];
    for ((request, told), (status, code, message)) in receiver.requests().iter().zip(&told).zip(expected) {
        assert_eq!(
            (&told["status"], &told["httpStatusCode"], &told["message"]),
            (&json!(status), &json!(code), &json!(message))
        );
        assert_eq!(told["deliveryId"], request.json().unwrap()["deliveryId"]);
        assert_eq!(told["webhookId"], made["id"]);
        let time = told["createdAt"].as_str().unwrap();
        assert!(time.len() == 24 && time.ends_with('Z') && time.as_bytes()[19] == b'.', "{time}");
    }
    let by_marketplace = format!("/marketplace{}/history", path(&made));
    assert_eq!(client(&server, ADMIN).get(&by_marketplace).unwrap().json().unwrap(), page);
}

#[test]
fn a_delivery_that_is_still_to_be_tried_again_has_failed_so_far() {
    let server = serve("retry = [\"0s\", \"1h\"]");
    let receiver = receiver();
    receiver.then(Reply::status(503));
    let made = create(&server, &json!({ "url": receiver.url("/") }));
    publish(&server, "1");
    let failed = wait_for_history(&server, &made, 1)["data"][0].clone();
    assert_eq!((&failed["status"], &failed["httpStatusCode"]), (&json!("FAILED"), &json!(503)));
    assert_eq!(receiver.requests().len(), 1, "the next attempt is due in an hour");
}

#[test]
fn a_history_is_paged_by_offset_and_limit_the_newest_first() {
    let server = serve("");
    let receiver = receiver();
    let made = create(&server, &json!({ "url": receiver.url("/") }));
    let other = create(&server, &json!({ "url": receiver.url("/other") }));
    let empty = json!({
        "data": [],
        "meta": { "offset": 0, "limit": 10, "totalCount": 0, "pageCount": 0, "currentPage": 1, "totalPages": 0 },
    });
    assert_eq!(history(&server, &made, ""), empty);
    for id in 1..=23 {
        publish(&server, &id.to_string());
    }
    let all = wait_for_history(&server, &made, 23)["data"].as_array().unwrap().clone();
    wait_for_history(&server, &other, 23);
    assert!(all.iter().all(|delivery| delivery["webhookId"] == made["id"]));
    let times: Vec<_> = all.iter().map(|delivery| delivery["createdAt"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    for (query, offset, limit, current, pages) in [
        ("", 0, 10, 1, 3),
        ("?offset=0&limit=10", 0, 10, 1, 3),
        ("?offset=20", 20, 10, 3, 3),
        ("?limit=1", 0, 1, 1, 23),
        ("?limit=100", 0, 100, 1, 1),
        ("?offset=5&limit=5", 5, 5, 2, 5),
        ("?offset=7&limit=5", 7, 5, 2, 5),
        ("?offset=23", 23, 10, 3, 3),
        ("?offset=1000", 1_000, 10, 101, 3),
    ] {
        let page = history(&server, &made, query);
        let shown: Vec<_> = all.iter().skip(offset).take(limit).cloned().collect();
        let meta = json!({
            "offset": offset, "limit": limit, "totalCount": 23, "pageCount": shown.len(),
            "currentPage": current, "totalPages": pages,
        });
        assert_eq!(page, json!({ "data": shown, "meta": meta }), "{query}");
    }
    for (query, message) in [
        ("limit=0", "limit must be a number from 1 to 100"),
        ("limit=101", "limit must be"),
        ("limit=", "limit must be"),
        ("limit=ten", "limit must be"),
        ("offset=-1", "offset must be 0 or more"),
        ("offset=1.5", "offset must be"),
        ("offset=9223372036854775808", "offset must be"),
        ("offset=1&offset=2", "offset is given twice"),
        ("page=1", "\"page\" is not known"),
    ] {
        let answer = client(&server, ADMIN).get(&format!("{}/history?{query}", path(&made))).unwrap();
        refused(&answer, 400, "Bad Request", message);
    }
    let furthest = history(&server, &made, "?offset=9223372036854775807");
    assert_eq!((&furthest["data"], &furthest["meta"]["totalCount"]), (&json!([]), &json!(23)));
}
