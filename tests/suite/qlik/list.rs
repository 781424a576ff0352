//! `GET …/webhooks`: filters, orders, pages.

use super::*;

/// What a list has, by name.
#[track_caller]
fn listed(server: &Server, token: &str, query: &str) -> Vec<String> {
    let answer = client(server, token).get(&format!("{CORE}?{query}")).unwrap();
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    names(&answer.json().unwrap())
}

/// Five webhooks: `a` and `b` by ada, `c` by ada for bob, `d` and `e` by bob.
fn world() -> Server {
    let server = serve("");
    let reload = ["com.qlik.v1.app.reload.finished", "com.qlik.app.exported"];
    for (token, more) in [
        (ADA, json!({ "name": "a", "url": "https://one.example.com/x", "enabled": true })),
        (
            ADA,
            json!({ "name": "B b", "url": "https://two.example.com/x", "eventTypes": reload, "origin": "automations" }),
        ),
        (ADA, json!({ "name": "c*", "level": "user", "ownerId": "bob", "origin": "management-console" })),
        (BOB, json!({ "name": "d+e", "level": "user", "url": "https://one.example.com/Y", "enabled": true })),
        (BOB, json!({ "name": "\u{c9}", "level": "user", "eventTypes": ["com.qlik.v1.app.exported"] })),
    ] {
        create(&server, token, &more);
    }
    server
}

#[test]
fn every_filter_chooses_and_they_narrow_each_other() {
    let server = world();
    let admin = |query: &str| listed(&server, ADA, &format!("sort=createdAt&{query}"));
    for (query, expected) in [
        ("createdByUserId=ada", "a,B b,c*"),
        ("createdByUserId=nobody", ""),
        ("updatedByUserId=bob", "d+e,\u{c9}"),
        ("ownerId=bob", "c*,d+e,\u{c9}"),
        ("ownerId=ada", ""),
        ("enabled=true", "a,d+e"),
        ("enabled=false", "B b,c*,\u{c9}"),
        ("level=user", "c*,d+e,\u{c9}"),
        ("level=tenant", "a,B b"),
        ("eventTypes=com.qlik.v1.app.created", "a,c*,d+e"),
        ("eventTypes=com.qlik.app.created", "a,c*,d+e"),
        ("eventType=com.qlik.v1.app.exported", "B b,\u{c9}"),
        ("eventTypes=com.qlik.v1.app.reload.finished,com.qlik.v1.app.created", "a,B b,c*,d+e"),
        ("eventTypes=nobody.knows", ""),
        ("origins=api", "a,d+e,\u{c9}"),
        ("origins=automations,management-console", "B b,c*"),
        ("name=A", "a"),
        ("name=b%20B", "B b"),
        ("name=B", ""),
        ("name=b*", "B b"),
        ("name=b%2A", "B b"),
        ("name=*%2B*", "d+e"),
        ("name=%C3%A9", "\u{c9}"),
        ("name=c*", "c*"),
        ("name=*", "a,B b,c*,d+e,\u{c9}"),
        ("url=https://ONE.example.com/*", "a,d+e"),
        ("url=*/y", "d+e"),
        ("url=https://one.example.com", ""),
        ("level=user&enabled=false&name=*", "c*,\u{c9}"),
        ("createdByUserId=ada&ownerId=bob", "c*"),
    ] {
        assert_eq!(admin(query).join(","), expected, "{query}");
    }
    assert_eq!(listed(&server, BOB, "sort=createdAt"), ["c*", "d+e", "\u{c9}"], "what a plain user owns");
    assert_eq!(listed(&server, BOB, "createdByUserId=ada"), ["c*"]);
    assert!(listed(&server, CAT, "").is_empty());
    assert!(listed(&server, STRANGER, "").is_empty());
}

#[test]
fn lists_are_sorted_by_four_members_both_ways_in_both_encodings() {
    let server = world();
    let a = &get(&server, &format!("{CORE}?name=a"))["data"][0];
    let patched = json!([{ "op": "replace", "path": "/description", "value": "newest" }]);
    assert_eq!(send(&client(&server, ADA), "PATCH", &path(a), &patched).status, 204);
    for (member, expected) in [
        ("name", ["B b", "a", "c*", "d+e", "\u{c9}"]),
        ("url", ["c*", "\u{c9}", "d+e", "a", "B b"]),
        ("createdAt", ["a", "B b", "c*", "d+e", "\u{c9}"]),
        ("updatedAt", ["B b", "c*", "d+e", "\u{c9}", "a"]),
    ] {
        let backwards: Vec<_> = expected.iter().copied().rev().collect();
        for rising in ["", "%2B", "+"] {
            assert_eq!(listed(&server, ADA, &format!("sort={rising}{member}")), expected, "{rising}{member}");
        }
        assert_eq!(listed(&server, ADA, &format!("sort=-{member}")), backwards, "-{member}");
    }
    assert_eq!(listed(&server, ADA, ""), listed(&server, ADA, "sort=-createdAt"));
}

#[test]
fn pages_lead_there_and_back_by_absolute_links_that_carry_every_parameter() {
    let server = serve("");
    // Half of them have the same name.
    for n in 0..11 {
        create(&server, ADA, &json!({ "name": if n % 2 == 0 { "same".into() } else { format!("n{n:02}") } }));
    }
    create(&server, ADA, &json!({ "name": "other", "level": "user" }));
    for base in [V1, CORE] {
        for sort in ["%2Bname", "+name", "-name", "url", "-createdAt", "updatedAt"] {
            let query = format!("{base}?sort={sort}&limit=3&level=tenant&name=*");
            let ids = |page: &Value| {
                page["data"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
            };
            let whole = ids(&get(&server, &query.replace("limit=3", "limit=100")));
            assert_eq!(whole.len(), 11);
            let (mut there, mut at) = (Vec::new(), Some(query.clone()));
            let mut last = Value::Null;
            while let Some(path) = at {
                last = get(&server, &path);
                let this = last["links"]["self"]["href"].as_str().unwrap();
                assert!(this.starts_with(&format!("https://hooks.test{base}?")), "{this}");
                assert!(this.contains("limit=3") && this.contains("level=tenant") && this.contains("name=*"));
                assert_eq!(last["links"].get("prev").is_none(), there.is_empty(), "{}", last["links"]);
                there.extend(ids(&last));
                at = follow(&last["links"]["next"]);
            }
            assert_eq!(there, whole, "{sort}");
            let (mut back, mut at) = (ids(&last), follow(&last["links"]["prev"]));
            while let Some(path) = at {
                let page = get(&server, &path);
                assert!(page["links"].get("next").is_some());
                back.splice(0..0, ids(&page));
                at = follow(&page["links"]["prev"]);
            }
            assert_eq!(back, whole, "{sort} back");
        }
    }
    // Older clients take the cursor out of the link.
    let first = get(&server, &format!("{V1}?limit=2"));
    let href = first["links"]["next"]["href"].as_str().unwrap();
    let cursor = href.split("next=").nth(1).unwrap().split('&').next().unwrap();
    let second = get(&server, &format!("{V1}?limit=2&next={cursor}"));
    assert_eq!(get(&server, &follow(&first["links"]["next"]).unwrap())["data"], second["data"]);
}

#[test]
fn a_page_stays_in_its_place_while_webhooks_come_and_go() {
    let server = serve("");
    let made: Vec<_> =
        ["b", "d", "f", "h", "j"].map(|name| create(&server, ADA, &json!({ "name": name }))).into();
    let first = get(&server, &format!("{CORE}?sort=name&limit=2"));
    assert_eq!(names(&first), ["b", "d"]);
    let next = follow(&first["links"]["next"]).unwrap();
    // The last of the page goes, others come on both sides.
    assert_eq!(client(&server, ADA).delete(&path(&made[1])).unwrap().status, 204);
    create(&server, ADA, &json!({ "name": "a" }));
    create(&server, ADA, &json!({ "name": "e" }));
    let second = get(&server, &next);
    assert_eq!(names(&second), ["e", "f"]);
    let back = get(&server, &follow(&second["links"]["prev"]).unwrap());
    assert_eq!(names(&back), ["a", "b"]);
    assert!(back["links"].get("prev").is_none());
    // A page that has become empty still knows the way.
    for webhook in &made[2..] {
        assert_eq!(client(&server, ADA).delete(&path(webhook)).unwrap().status, 204);
    }
    let third = follow(&second["links"]["next"]).unwrap();
    let empty = get(&server, &third);
    assert_eq!((names(&empty).len(), empty["links"].get("next")), (0, None));
    assert_eq!(names(&get(&server, &follow(&empty["links"]["prev"]).unwrap())), ["b", "e"]);
}

#[test]
fn what_a_list_does_not_understand_is_refused_by_name() {
    let server = serve("");
    for name in ["a", "b"] {
        create(&server, ADA, &json!({ "name": name }));
    }
    let cursor = |sort: &str| {
        let page = get(&server, &format!("{CORE}?limit=1&sort={sort}"));
        let href = page["links"]["next"]["href"].as_str().unwrap().to_owned();
        href.split("next=").nth(1).unwrap().to_owned()
    };
    let (by_name, by_time) = (cursor("name"), cursor("-createdAt"));
    for (query, mentions) in [
        ("limit=0", "limit must be a number from 1 to 100"),
        ("limit=101", "limit must be"),
        ("limit=1.5", "limit must be"),
        ("limit=", "limit must be"),
        ("enabled=yes", "enabled must be true or false"),
        ("level=space", "level must be user or tenant"),
        ("sort=owner", "sort must be name, url, createdAt or updatedAt"),
        ("sort=%2B%2Bname", "sort must be"),
        ("sort=", "sort must be"),
        ("origins=mars", "origins must be some of api"),
        ("origins=api,", "origins must be"),
        ("eventTypes=a,,b", "eventTypes must be 1 to 200 event types"),
        ("eventTypes=a&eventType=b", "given already"),
        ("next=x&prev=y", "next and prev exclude each other"),
        ("next=", "next must be what a link"),
        ("prev=AAAA", "prev must be what a link"),
        ("next=%20", "next must be"),
        ("colour=red", "\"colour\" is not known"),
        (&format!("eventTypes={}", ["a"; 201].join(",")), "eventTypes must be 1 to 200"),
        (&format!("name={}", "*".repeat(2_049)), "name must be a text of at most 2048"),
        ("Level=user", "\"Level\" is not known"),
        ("limit=1&limit=2", "limit is given twice"),
        ("eventTypes=a&eventTypes=b", "eventTypes is given twice"),
        (&format!("sort=-name&next={by_name}"), "next must be what a link"),
        (&format!("next={by_name}"), "next must be"),
        (&format!("sort=createdAt&prev={by_time}"), "prev must be"),
        (&format!("next={by_time}A"), "next must be"),
    ] {
        for base in [V1, CORE] {
            refused(&client(&server, ADA).get(&format!("{base}?{query}")).unwrap(), 400, mentions);
        }
    }
    assert_eq!(names(&get(&server, &format!("{CORE}?next={by_time}"))), ["a"]);
}
