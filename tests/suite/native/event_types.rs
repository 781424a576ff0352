//! What webhooks may be subscribed to.

use super::*;

#[test]
fn every_system_lists_its_catalogue_and_the_tenants_own_types() {
    let server = serve();
    for (system, first, count) in [
        ("native", "*", 2),
        ("immuta", "ALL_NOTIFICATIONS", 20),
        ("immuta-request", "", 10),
        ("generic", "user.created", 9),
        ("qlik", "", 20),
    ] {
        let page = body(&client(&server, system, "user").get("/v1/event-types").unwrap(), 200);
        let types = page["event_types"].as_array().unwrap();
        assert!(types.len() >= count, "{system}: {}", types.len());
        assert!(first.is_empty() || types[0]["name"] == first, "{}", types[0]);
        let own = json!({
            "name": "order.paid", "source": "tenant", "title": null, "description": null, "category": null,
            "levels": null,
        });
        assert_eq!(types.last(), Some(&own), "{system}");
        for known in &types[..types.len() - 1] {
            assert_eq!(known["source"], "system", "{known}");
            for member in ["title", "description", "category"] {
                assert!(known[member].as_str().is_some_and(|text| !text.is_empty()), "{known}");
            }
            assert!(system == "qlik" || known["levels"].is_null(), "{known}");
        }
        if system == "qlik" {
            assert!(types.iter().any(|known| known["levels"] == json!(["tenant", "user"])));
            assert!(types.iter().any(|known| known["levels"] == json!(["tenant"])));
        }
        // What is listed can be subscribed to.
        if system != "immuta-request" {
            let mut profile = profile(system);
            let names: Vec<_> = types.iter().take(200).map(|known| known["name"].clone()).collect();
            profile["event_types"] = json!(names);
            create(&server, system, "http://127.0.0.1:9/", &json!({ "secret": null, "profile": profile }));
        }
    }
}

#[test]
fn who_may_not_read_types_is_refused() {
    let server = serve();
    refused(&client(&server, "native", "sender").get("/v1/event-types").unwrap(), 403, None, "sender");
    refused(&server.client().get("/v1/event-types").unwrap(), 401, None, "nobody");
    let admin = client(&server, "native", "admin");
    refused(&admin.get("/v1/event-types?q=x").unwrap(), 400, None, "query");
    refused(&admin.post("/v1/event-types", &json!({})).unwrap(), 405, None, "method");
}
