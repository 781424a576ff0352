//! How webhooks did, counted.

use sigpost_tests::receiver::Reply;

use super::*;

fn sum(stats: &Value, member: &str) -> u64 {
    stats["steps"].as_array().unwrap().iter().map(|step| step[member].as_u64().unwrap()).sum()
}

#[test]
fn attempts_are_counted_by_step_with_how_long_they_took_also_over_a_restart() {
    let (mut server, receiver) = (serve(), receiver());
    let made = create(&server, "native", &receiver.url("/"), &json!({}));
    let other = create(&server, "native", "http://127.0.0.1:9/", &json!({ "enabled": false }));
    let at = format!("{}/stats", path(&made));
    let read = |server: &Server, query: &str| {
        body(&client(server, "native", "admin").get(&format!("{at}{query}")).unwrap(), 200)
    };
    let empty = read(&server, "");
    assert_eq!((&empty["step"], empty["steps"].as_array().unwrap().len()), (&json!("1h"), 25));
    assert_eq!((sum(&empty, "succeeded"), sum(&empty, "failed")), (0, 0));
    let nothing = json!({ "p50": null, "p95": null, "p99": null, "mean": null });
    assert!(empty["steps"].as_array().unwrap().iter().all(|step| step["latency"] == nothing));
    let quiet = json!({
        "last_attempt_at": null, "last_success_at": null, "failing_since": null, "failures": 0,
    });
    assert_eq!(empty["activity"], quiet);
    let slow = Duration::from_millis(60);
    for (id, status) in [200, 204, 500, 404, 200].into_iter().enumerate() {
        receiver.then(Reply::status(status).after(slow));
        assert_eq!(publish(&server, "native", &event(&id.to_string())).status, 202);
        receiver.wait_for(id + 1, SOON).unwrap();
        listed(&client(&server, "native", "admin"), id + 1);
    }
    receiver.then(Reply::status(503));
    assert_eq!(publish(&server, "native", &event("last")).status, 202);
    listed(&client(&server, "native", "admin"), 6);
    let before = read(&server, "?step=5m");
    assert_eq!(before["steps"].as_array().unwrap().len() / 288, 1, "a day of five minutes");
    assert_eq!((sum(&before, "succeeded"), sum(&before, "failed")), (3, 3));
    let steps = before["steps"].as_array().unwrap();
    let busy = steps.iter().rev().find(|step| step["succeeded"] != 0 || step["failed"] != 0).unwrap();
    let latency = &busy["latency"];
    for part in ["p50", "p95", "p99"] {
        let millis = latency[part].as_u64().unwrap();
        assert!(
            [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000].contains(&millis),
            "{latency}"
        );
    }
    assert!(latency["p99"].as_u64() >= Some(100), "60 ms are at most 100: {latency}");
    assert!(latency["mean"].as_f64().unwrap() > 1.0, "{latency}");
    let activity = &before["activity"];
    assert_eq!(activity["failures"], 1);
    assert_eq!(activity["failing_since"], activity["last_attempt_at"]);
    assert!(activity["last_success_at"].as_str() < activity["last_attempt_at"].as_str());
    let (since, until) = (before["since"].as_str().unwrap(), before["until"].as_str().unwrap());
    assert!(steps[0]["start"] == since && steps.last().unwrap()["start"].as_str().unwrap() < until);
    // Sums do not depend on the step, nor on a restart.
    server.terminate(SOON).unwrap();
    server.restart().unwrap();
    for step in ["5m", "15m", "1h", "6h", "1d"] {
        let again = read(&server, &format!("?step={step}&since={since}&until={until}"));
        assert_eq!((sum(&again, "succeeded"), sum(&again, "failed")), (3, 3), "{step}");
        assert_eq!(&again["activity"], activity, "{step}");
    }
    let theirs = client(&server, "native", "admin").get(&format!("{}/stats", path(&other))).unwrap();
    assert_eq!(sum(&body(&theirs, 200), "failed"), 0);
    let long_ago = read(&server, "?since=2026-01-01T00:00:00Z&until=2026-01-08T00:00:00Z&step=5m");
    assert_eq!((long_ago["steps"].as_array().unwrap().len(), sum(&long_ago, "failed")), (2_016, 0));
}

#[test]
fn what_is_no_stretch_of_time_is_refused_by_name() {
    let server = serve();
    let made = create(&server, "native", "http://127.0.0.1:9/", &json!({}));
    let at = format!("{}/stats", path(&made));
    let admin = client(&server, "native", "admin");
    for (query, name) in [
        ("step=2h", "step"),
        ("since=yesterday", "since"),
        ("until=", "until"),
        ("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "since"),
        ("since=2026-01-01T00:00:00Z&until=2026-01-08T00:05:00Z&step=5m", "2016"),
        ("since=0001-01-01T00:00:00Z&step=1d", "2016"),
        ("step=1h&step=1h", "step"),
        ("limit=5", "limit"),
    ] {
        let answer = admin.get(&format!("{at}?{query}")).unwrap();
        refused(&answer, 400, None, query);
        assert!(answer.text().contains(name), "{query}: {}", answer.text());
    }
    refused(&client(&server, "native", "user").get(&at).unwrap(), 404, None, "another's");
    refused(&client(&server, "native", "sender").get(&at).unwrap(), 403, None, "sender");
    refused(&client(&server, "qlik", "admin").get(&at).unwrap(), 404, None, "another tenant's");
    refused(&admin.get("/v1/webhooks/none/stats").unwrap(), 404, None, "no id");
}
