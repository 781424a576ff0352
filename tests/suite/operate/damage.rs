//! Bits that change on the disk while nobody looks.

use super::*;

/// A tenant whose deliveries have frames around their events, beside the one that has none.
fn two_systems() -> String {
    Config::new("rate_limit = false")
        .tenant(
            "acme",
            "native",
            "egress.allow = [\"127.0.0.0/8\"]\nsettings = { retry = [], event_types = [\"order.paid\"] }",
        )
        .user("1", "admin", ADMIN)
        .user("2", "sender", SENDER)
        .tenant("framed", "immuta", "egress.allow = [\"127.0.0.0/8\"]\nsettings.retry = []")
        .user("1", "admin", FRAMED)
        .into()
}

const FRAMED: &str = "the-token-of-the-framed-tenants-admin";

/// Flips a bit of the only place in the database that holds these bytes.
fn flip(server: &Server, bytes: &[u8]) {
    let path = server.folder().join("data/sigpost.db");
    let mut file = std::fs::read(&path).unwrap();
    let places: Vec<_> = (0..file.len() - bytes.len()).filter(|at| file[*at..].starts_with(bytes)).collect();
    let [place] = places[..] else { panic!("{} places", places.len()) };
    file[place + bytes.len() / 2] ^= 0x01;
    std::fs::write(&path, file).unwrap();
}

/// Switches the webhook of each tenant on or off.
fn switch(server: &Server, webhooks: &[String; 2], enabled: bool) {
    let change = json!({ "enabled": enabled }).to_string();
    for (client, webhook) in admins(server).iter().zip(webhooks) {
        let path = format!("/v1/webhooks/{webhook}");
        let headers = [("content-type", "application/json")];
        let answer = client.send("PATCH", &path, &headers, change.as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// The admins of the two tenants.
fn admins(server: &Server) -> [Client; 2] {
    [admin(server), server.client().with_token(FRAMED)]
}

/// Makes a webhook in each tenant, switched off, and has events wait for them; their ids.
fn waiting(server: &Server, receiver: &Receiver) -> [String; 2] {
    let webhook = create(server, &receiver.url("/native"));
    let framed = json!({
        "url": receiver.url("/framed"),
        "profile": {
            "dialect": "immuta", "name": "a name in frames", "global": true,
            "event_types": ["modelCreated"], "action": "triggered",
        },
    });
    let [_, immuta] = admins(server);
    let made = immuta.post("/v1/webhooks", &framed).unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
    let webhooks = [webhook, made.json().unwrap()["id"].as_str().unwrap().to_owned()];
    switch(server, &webhooks, false);
    for id in ["first", "a body with many bytes", "last"] {
        assert!(publish(&server.client().with_token(SENDER), id));
    }
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "/", "type": "modelCreated",
        "data": { "text": "t", "metadata": {} },
    });
    let headers = [("content-type", "application/cloudevents+json")];
    let answer = immuta.send("POST", "/v1/events", &headers, event.to_string().as_bytes()).unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    webhooks
}

/// Every delivery that the history shows, bodies included.
fn deliveries(client: &Client) -> Vec<Value> {
    let answer = client.get("/v1/deliveries?include=bodies").unwrap();
    assert_eq!(answer.status, 200, "damage does not hide the rest: {}", answer.text());
    let Value::Array(deliveries) = answer.json().unwrap()["deliveries"].take() else { panic!("a list") };
    deliveries
}

#[test]
fn bytes_that_changed_on_the_disk_are_never_sent_and_hold_nothing_up() {
    let mut server = Launch::sigpost(two_systems()).unwrap().start().unwrap();
    let receiver = Receiver::start().unwrap();
    let webhooks = waiting(&server, &receiver);
    server.terminate(SOON).unwrap();
    flip(&server, br#""data":{"order":"a body with many bytes"}"#);
    flip(&server, br#","webhookId":1,"webhookName":"a name in frames"}"#);
    server.restart().unwrap();
    switch(&server, &webhooks, true);

    let [native, immuta] = admins(&server);
    let ended = || (deliveries(&native).len() == 3 && deliveries(&immuta).len() == 1).then_some(());
    Deadline::after(SOON).poll(ended).expect("each delivery comes to an end");
    let ids = arrived(&receiver.requests());
    assert_eq!(ids, ["first", "last"].map(String::from).into(), "what was damaged is not sent");
    for (client, damaged) in [(&native, 1), (&immuta, 0)] {
        let delivery = &deliveries(client)[damaged];
        assert_eq!(
            (&delivery["state"], &delivery["failure"]["class"]),
            (&json!("exhausted"), &json!("local"))
        );
        let request = &delivery["request"];
        assert_eq!((&request["body_damaged"], &request["body"]), (&json!(true), &Value::Null));
        let resend = format!("/v1/deliveries/{}/resend", delivery["id"].as_str().unwrap());
        let answer = client.post(&resend, &json!({})).unwrap();
        assert_eq!(answer.status, 500, "nor is it when somebody asks for it");
    }
    let old = immuta.get("/webhooks/history?includeGlobal=true").unwrap();
    assert_eq!(old.status, 200, "{}", old.text());
    assert_eq!(old.json().unwrap()["records"][0]["request"], Value::Null);
    let log = server.stderr();
    for place in [
        "inconsistent data in event_data.checksum, row 2",
        "inconsistent data in delivery.frame_checksum, row 4",
    ] {
        assert!(log.contains(place), "{log}");
    }
}
