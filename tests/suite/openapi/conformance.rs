//! schemathesis, which makes requests from a document, good and bad ones, and compares the answers with it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use sigpost_tests::receiver::Receiver;
use sigpost_tests::time::Deadline;

use super::*;

/// What every answer is held against: no 5xx, and nothing that is not documented.
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// How many requests are made up for an operation, beside the examples and the edges of its schemas.
const EXAMPLES: &str = "15";

/// Operations that no made-up request gets through to: a replay names a webhook in its body, and a stream never ends, so
/// it wants its media type to be asked for by name.
const BEYOND_MAKING_UP: &[(&str, &str)] = &[
    ("POST", "/v1/replays"),
    ("GET", "/v1/replays/{replay}"),
    ("DELETE", "/v1/replays/{replay}"),
    ("GET", "/v1/stream"),
];

#[test]
fn answers_are_as_documented_whatever_is_asked() {
    let program = schemathesis();
    let (server, receiver) = (serve(false), Receiver::start().unwrap());
    let documents = documents(&server);
    for document in &documents {
        deliver(&server, &document.dialect, &receiver.url("/"));
    }
    let delivered = || (receiver.requests().len() >= documents.len()).then_some(());
    Deadline::after(Duration::from_secs(20)).poll(delivered).expect("each dialect has a delivery to show");
    let known: Vec<_> = documents.iter().map(|document| given(&server, &document.dialect)).collect();
    let (program, base, folder) = (&*program, server.base(), server.folder());
    std::thread::scope(|scope| {
        let runs: Vec<_> = documents
            .iter()
            .zip(&known)
            .flat_map(|known| [Caller::Admin, Caller::Operator].map(|caller| (known, caller)))
            .filter(|((document, _), caller)| caller.operations(document).next().is_some())
            .map(|((document, settings), caller)| {
                scope.spawn(move || conforms(program, base, folder, document, caller, settings))
            })
            .collect();
        for run in runs {
            run.join().unwrap();
        }
    });
}

/// The program, in a virtual environment of its own.
fn schemathesis() -> PathBuf {
    let path = std::env::var_os("SIGPOST_SCHEMATHESIS").map(PathBuf::from);
    let path = path.filter(|path| path.is_file());
    path.expect("SIGPOST_SCHEMATHESIS names no file: `cargo xtask test` sets it, or see tests/README.md")
}

/// Makes a webhook through the API that is open to all, and has something delivered to it, so that there is something
/// to read.
fn deliver(server: &Server, dialect: &str, url: &str) {
    let admin = admin(server, dialect);
    let mut profile = json!({ "dialect": dialect, "event_types": ["order.paid"] });
    let more = match dialect {
        "native" | "qlik" => json!({ "name": "hook" }),
        "immuta" => json!({ "name": "hook", "global": true, "action": "triggered" }),
        "immuta-request" => {
            profile.as_object_mut().unwrap().remove("event_types");
            json!({})
        }
        "generic" => json!({}),
        other => panic!("say here what a webhook of {other} needs"),
    };
    profile.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = admin.post("/v1/webhooks", &json!({ "url": url, "profile": profile })).unwrap();
    assert_eq!(made.status, 201, "{dialect}: {}", made.text());
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "/test", "type": "order.paid",
        "data": { "text": "Paid.", "metadata": {} },
    });
    let headers = [("content-type", "application/cloudevents+json")];
    let answer = admin.send("POST", "/v1/events", &headers, event.to_string().as_bytes()).unwrap();
    assert_eq!(answer.status, 202, "{dialect}: {}", answer.text());
}

/// What is said of parameters that nobody can make up, as settings: of Qlik's deliveries there is no list but that of a
/// webhook, and the newest webhooks, which are listed first, have none.
fn given(server: &Server, dialect: &str) -> String {
    if dialect != "qlik" {
        return String::new();
    }
    let found = || {
        let page = admin(server, dialect).get("/v1/deliveries").unwrap().json().unwrap();
        let delivery = page["deliveries"].get(0)?;
        Some((delivery["id"].as_str()?.to_owned(), delivery["webhook"].as_str()?.to_owned()))
    };
    let (delivery, webhook) =
        Deadline::after(Duration::from_secs(20)).poll(found).expect("what was delivered is in the history");
    format!(
        "[[operations]]\ninclude-path-regex = \"deliveryId\"\n\
         parameters = {{ \"path.id\" = \"{webhook}\", \"path.deliveryId\" = \"{delivery}\" }}\n"
    )
}

/// Who makes the requests of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Admin,
    Operator,
}

impl Caller {
    /// What it has the right to.
    fn operations(self, document: &Document) -> impl Iterator<Item = Operation<'_>> {
        let is_mine = move |operation: &Operation<'_>| {
            // The tool keeps to the first server.
            operation.base.is_empty() && operation.path.starts_with(TENANTS) == (self == Self::Operator)
        };
        document.documented().filter(is_mine)
    }
}

/// The paths that an operator is to try.
const TENANTS: &str = "/v1/tenants";

fn conforms(program: &Path, base: &str, folder: &Path, document: &Document, caller: Caller, settings: &str) {
    let dialect = &document.dialect;
    // It leaves files where it runs.
    let folder = folder.join(format!("schemathesis-{dialect}-{caller:?}"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("schemathesis.toml"), settings).unwrap();
    let mut run = Command::new(program);
    run.arg("run").arg(format!("{base}/openapi/{dialect}.json"));
    let (token, mine) = match caller {
        Caller::Admin => (token(dialect), "--exclude-path-regex"),
        Caller::Operator => (OPERATOR.to_owned(), "--include-path-regex"),
    };
    run.args(["--header", &format!("Authorization: Bearer {token}")]);
    run.args([mine, &format!("^{TENANTS}")]);
    run.args(["--checks", CHECKS, "--max-examples", EXAMPLES, "--generation-deterministic"]);
    run.args(["--report", "json", "--report-json-path", "report.json", "--no-color"]);
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        run.env_remove(proxy);
    }
    let output = run.env("NO_PROXY", "127.0.0.1").current_dir(&folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{dialect}: {said}{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&std::fs::read(folder.join("report.json")).unwrap()).unwrap();
    let tested =
        (&report["operations"]["tested"], &report["complete"], &report["test_cases"]["with_failures"]);
    assert_eq!(
        tested,
        (&json!(caller.operations(document).count()), &json!(true), &json!(0)),
        "{dialect}: {said}"
    );
    let reachable = |operation: &Operation<'_>| {
        !operation.is_one_of(routes::PUBLIC) && !operation.is_one_of(BEYOND_MAKING_UP)
    };
    for operation in caller.operations(document).filter(reachable) {
        let phases = report["valid_rates"][operation.name()].as_object().unwrap();
        let accepted: u64 = phases.values().filter_map(|phase| phase["accepted"].as_u64()).sum();
        assert!(
            accepted > 0,
            "{dialect}: no request of {} was accepted: give its document an example",
            operation.name()
        );
    }
}
