//! Attackers and accidents at the HTTP boundary: a clear error in the dialect's form, never a 5xx, nothing lost.

use super::*;

/// Every answer below 500, and in its dialect's form.
fn refused(answer: &Response, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    let body = answer.json().unwrap_or_else(|error| panic!("{what}: {error}"));
    if answer.header("content-type") == Some("application/problem+json") {
        assert!(body["title"].is_string() && body["detail"].is_string(), "{what}: {body}");
    } else {
        assert_eq!(keys(&body), ["statusCode", "error", "message"], "{what}");
    }
}

#[test]
fn malformed_json_is_refused_with_its_place() {
    let server = serve("");
    let deep = format!("{{\"webhooks\":{}{}}}", "[".repeat(100), "]".repeat(100));
    let bomb = "[".repeat(500_000);
    let cases: [&[u8]; 11] = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{\"webhooks\":{}}",
        b"{\"webhooks\":[],}",
        b"{\"webhooks\":[],\"webhooks\":[]}",
        b"\xef\xbb\xbf{\"webhooks\":[]}",
        b"{\"webhooks\":[\"\xff\"]}",
        b"{\"webhooks\":[[[[}",
        bomb.as_bytes(),
    ];
    for body in cases {
        let what = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        refused(&client(&server, ADMIN).send("POST", "/webhooks", &[], body).unwrap(), 400, &what);
    }
    let answer = client(&server, ADMIN).send("POST", "/webhooks", &[], b"{\"webhooks\":[,]}").unwrap();
    assert!(answer.text().contains("offset 13"), "{}", answer.text());
    let headers = [("content-type", "application/cloudevents+json")];
    for body in [&b"{"[..], b"[]", b"{\"id\":\"1\",\"id\":\"2\"}", deep.as_bytes(), bomb.as_bytes(), b"\xff"]
    {
        let answer = client(&server, SENDER).send("POST", "/v1/events", &headers, body).unwrap();
        refused(&answer, 400, &String::from_utf8_lossy(&body[..body.len().min(60)]));
    }
}

#[test]
fn a_body_over_one_mebibyte_is_413_and_the_server_goes_on() {
    let server = serve("");
    for size in [(1 << 20) + 1, 5 << 20] {
        let body = vec![b' '; size];
        refused(&client(&server, ADMIN).send("POST", "/webhooks", &[], &body).unwrap(), 413, "webhooks");
    }
    let body = vec![b' '; (1 << 20) + 1];
    refused(&client(&server, ADMIN).send("POST", "/webhooks", &[], &body).unwrap(), 413, "webhooks");
    let headers = [("content-type", "application/cloudevents+json")];
    refused(&client(&server, SENDER).send("POST", "/v1/events", &headers, &body).unwrap(), 413, "events");
    assert_eq!(client(&server, ADMIN).get("/webhooks").unwrap().status, 200);
}

#[test]
fn absurd_query_values_are_400_by_name() {
    let server = serve("");
    for (query, name) in [
        ("pageSize=0", "pageSize"),
        ("pageSize=1001", "pageSize"),
        ("pageSize=-1", "pageSize"),
        ("pageSize=1e2", "pageSize"),
        ("pageSize=99999999999999999999", "pageSize"),
        ("pageSize=", "pageSize"),
        ("offset=-1", "offset"),
        ("offset=+1", "offset"),
        ("offset=99999999999999999999", "offset"),
        ("sortField=secret", "sortField"),
        ("sortField=id;drop%20table", "sortField"),
        ("sortOrder=up", "sortOrder"),
        ("sortOrder=ASC", "sortOrder"),
        ("successOrFailure=maybe", "successOrFailure"),
        ("includeUser=1", "includeUser"),
        ("includeGlobal=yes", "includeGlobal"),
        ("notificationType=", "notificationType"),
        ("nobodyKnows=1", "nobodyKnows"),
        ("offset=1&offset=2", "offset"),
    ] {
        let answer = client(&server, ADMIN).get(&format!("/webhooks/history?{query}")).unwrap();
        refused(&answer, 400, query);
        assert!(answer.text().contains(name), "{query}: {}", answer.text());
    }
    // Far away is empty, not wrong.
    assert_eq!(history(&server, ADMIN, "?offset=9223372036854775807")["records"], json!([]));
}

#[test]
fn absurd_ids_and_paths_are_refused_in_the_dialects_form() {
    let server = serve("");
    let admin = client(&server, ADMIN);
    for (path, status) in [
        ("/webhooks/0", 404),
        ("/webhooks/99999999999999999999999", 404),
        ("/webhooks/-1", 400),
        ("/webhooks/1.0", 400),
        ("/webhooks/abc", 400),
        ("/webhooks/%FF", 400),
        ("/webhooks/1/2", 404),
        ("/webhooks/", 404),
        ("/bim/none", 404),
        ("/nothing", 404),
        ("/v1/nothing", 404),
    ] {
        refused(&admin.get(path).unwrap(), status, path);
    }
    for (method, path) in [
        ("PUT", "/webhooks"),
        ("PATCH", "/webhooks/1"),
        ("POST", "/webhooks/1"),
        ("GET", "/webhooks/history/retry/1"),
        ("DELETE", "/webhooks/actions"),
        ("GET", "/bim/apikey/authenticate"),
        ("GET", "/v1/events"),
    ] {
        let answer = admin.send(method, path, &[], b"").unwrap();
        refused(&answer, 405, &format!("{method} {path}"));
        assert!(answer.header("allow").is_some(), "{method} {path}");
    }
}

#[test]
fn other_media_types_are_refused_where_they_say_something_else() {
    let server = serve("");
    for content_type in ["application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense"] {
        let body = event("1", "modelCreated", &json!({})).to_string();
        let answer = client(&server, SENDER)
            .send("POST", "/v1/events", &[("content-type", content_type)], body.as_bytes())
            .unwrap();
        refused(&answer, 415, content_type);
    }
}

#[test]
fn raw_nonsense_on_the_socket_ends_with_an_answer_or_a_closed_connection() {
    let server = serve("");
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(100_000));
    let headers = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(5_000));
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /webhooks HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"POST /webhooks HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
        long.as_bytes(),
        headers.as_bytes(),
    ] {
        // A connection that is closed without a word is an answer too.
        if let Ok(answer) = server.client().raw(bytes) {
            let text = String::from_utf8_lossy(&answer);
            assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{text}");
        }
    }
    assert_eq!(server.client().get("/healthz").unwrap().status, 200);
    assert_eq!(server.client().get("/readyz").unwrap().status, 200);
}

#[test]
fn a_client_that_is_refused_before_its_body_has_arrived_can_go_on_using_its_connection() {
    use std::io::{Read as _, Write as _};
    let server = serve("");
    let address = server.base().trim_start_matches("http://").to_owned();
    let mut connection = std::net::TcpStream::connect(&address).unwrap();
    connection.set_read_timeout(Some(SOON)).unwrap();
    // Nobody may, nobody has such a path, nobody takes such a method: none of them is read.
    for (head, status) in [
        ("POST /webhooks", 401),
        ("POST /nowhere", 404),
        ("PUT /webhooks", 405),
        ("POST /v1/events", 401),
        ("POST /api/v1/webhooks", 401),
    ] {
        write!(connection, "{head} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 5\r\n\r\n").unwrap();
        std::thread::sleep(Duration::from_millis(50));
        connection.write_all(b"hello").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut byte = [0];
            connection.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answer}");
        // The shared path answers with an object in an object.
        connection.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let _ = connection.read(&mut [0; 1_024]);
        connection.set_read_timeout(Some(SOON)).unwrap();
    }
    // One that never sends what it has promised is answered all the same.
    write!(connection, "POST /webhooks HTTP/1.1\r\nhost: {address}\r\ncontent-length: 5\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[test]
fn errors_tell_nothing_of_other_tenants() {
    let server = serve("");
    create(&server, ADMIN, &entry("https://private.example.com/"));
    let mine = client(&server, STRANGER).get("/webhooks/1").unwrap();
    let none = client(&server, STRANGER).get("/webhooks/2").unwrap();
    assert_eq!((mine.status, &mine.body), (none.status, &none.body));
    assert!(!mine.text().contains("private"));
}

#[test]
fn secrets_and_tokens_are_nowhere_in_logs_or_files() {
    let (mut server, receiver) =
        (Launch::sigpost(config("")).unwrap().environment("RUST_LOG", "trace").start().unwrap(), receiver());
    receiver.then(sigpost_tests::receiver::Reply::status(500));
    let mut hook = entry(&receiver.url("/path-with-a-credential"));
    hook["secret"] = json!("canary-of-a-secret");
    create(&server, ADMIN, &hook);
    accept(&server, "1");
    wait_for_history(&server, ADMIN, "", 1);
    server.terminate(SOON).unwrap();
    let mut files = vec![server.stderr().into_bytes()];
    for file in std::fs::read_dir(server.folder().join("data")).unwrap() {
        files.push(std::fs::read(file.unwrap().path()).unwrap());
    }
    for canary in ["canary-of-a-secret", ADMIN, SENDER] {
        let found =
            files.iter().any(|file| file.windows(canary.len()).any(|window| window == canary.as_bytes()));
        assert!(!found, "{canary}");
    }
    let log = String::from_utf8_lossy(&files[0]);
    assert!(!log.contains("path-with-a-credential"), "{log}");
}
