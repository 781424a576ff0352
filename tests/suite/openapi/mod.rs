//! The documents against the running server: every path with every method, and what schemathesis makes of them.
//!
//! Which documents there are is read from `server/openapi`, where a test of the server keeps them as they are served. A
//! new dialect is tested as soon as its document is there.

mod conformance;
mod routes;

use serde_json::{Map, Value};
use sigpost_tests::config::Config;
use sigpost_tests::http::{Client, Response};
use sigpost_tests::server::{Launch, Server};
use sigpost_tests::workspace;

/// A document as the server serves it.
struct Document {
    dialect: String,
    json: Value,
}

/// One operation of a document, or one that is none.
struct Operation<'a> {
    method: &'static str,
    /// What stands before the path.
    base: &'a str,
    path: &'a str,
    /// What the document says of it.
    documented: Option<&'a Value>,
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Names of the documents that are checked in.
fn dialects() -> Vec<String> {
    let files = std::fs::read_dir(workspace::root().join("server/openapi")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.map(|name| name.trim_end_matches(".json").to_owned()).collect();
    names.sort();
    assert!(names.iter().any(|name| name == "native"), "{names:?}");
    names
}

/// The hosts of the documents' examples: nothing leaves this machine.
const HOSTS: &str = r#"{ "hooks.example.com" = "127.0.0.1" }"#;

const OPERATOR: &str = "the-token-of-the-operator";

/// An operator, and one tenant of each dialect, named after it, with an admin.
fn serve(rate_limit: bool) -> Server {
    let mut config = Config::new(&format!("rate_limit = {rate_limit}")).operator(OPERATOR);
    for dialect in dialects() {
        let rules = format!(
            "egress = {{ allow = [\"127.0.0.0/8\"], relaxed_targets = true, hosts = {HOSTS} }}\n\
             settings = {{ retry = [], timeout = \"1s\", event_types = [\"order.paid\"] }}"
        );
        config = config.tenant(&dialect, &dialect, &rules).user("1", "admin", &token(&dialect));
    }
    Launch::sigpost(config).unwrap().start().unwrap()
}

fn token(dialect: &str) -> String {
    format!("token-of-{dialect}-admin")
}

fn admin(server: &Server, dialect: &str) -> Client {
    server.client().with_token(&token(dialect))
}

/// All documents, fetched without a token.
fn documents(server: &Server) -> Vec<Document> {
    let fetch = |dialect: String| {
        let answer = server.client().get(&format!("/openapi/{dialect}.json")).unwrap();
        assert_eq!(answer.status, 200, "{dialect}: {}", answer.text());
        Document { json: answer.json().unwrap(), dialect }
    };
    dialects().into_iter().map(fetch).collect()
}

impl Document {
    /// Where the paths begin: at the root, unless the document names other servers.
    fn bases(&self) -> Vec<&str> {
        let Some(servers) = self.json["servers"].as_array() else { return vec![""] };
        servers.iter().map(|server| server["url"].as_str().unwrap().trim_end_matches('/')).collect()
    }

    /// Every path with every method, at every server.
    fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let paths = self.json["paths"].as_object().unwrap();
        assert!(!paths.is_empty(), "{}", self.dialect);
        self.bases().into_iter().flat_map(move |base| {
            paths.iter().flat_map(move |(path, item)| {
                METHODS.map(|method| Operation {
                    method,
                    base,
                    path,
                    documented: item.get(method.to_lowercase()),
                })
            })
        })
    }

    fn documented(&self) -> impl Iterator<Item = Operation<'_>> {
        self.operations().filter(|operation| operation.documented.is_some())
    }

    /// Asserts that an answer has the form of this dialect's errors: the one it documents for requests without a token.
    fn assert_error(&self, answer: &Response, what: &str) {
        let mut form = self.documented().filter_map(|operation| {
            operation.documented?.pointer("/responses/401/content")?.as_object()?.iter().next()
        });
        let (media_type, content) = form.next().unwrap();
        assert_eq!(answer.header("content-type"), Some(media_type.as_str()), "{what}: {}", answer.text());
        let schema = match content["schema"]["$ref"].as_str() {
            Some(reference) => self.json.pointer(reference.trim_start_matches('#')).unwrap(),
            None => &content["schema"],
        };
        let body = answer.json().unwrap_or_else(|error| panic!("{what}: {error}"));
        let has = |name: &Value| body.get(name.as_str().unwrap()).is_some();
        assert!(schema["required"].as_array().unwrap().iter().all(has), "{what}: {body}");
    }
}

impl Operation<'_> {
    /// The path with values that name nothing.
    fn filled(&self, item: &Map<String, Value>) -> String {
        let mut path = self.path.to_owned();
        let parameters = item.values().filter_map(|operation| operation["parameters"].as_array()).flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "path") {
            let schema = &parameter["schema"];
            let value = match (schema["type"].as_str(), schema["format"].as_str()) {
                (Some("integer"), _) => "999999",
                (_, Some("uuid")) => "018bcfe5-6800-7fff-bfff-ffffffffffff",
                _ => "nothing",
            };
            path = path.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap()), value);
        }
        assert!(!path.contains('{'), "{path}: a parameter is not documented");
        path
    }

    fn send(&self, client: &Client, document: &Document) -> Response {
        let path = self.filled(document.json["paths"][self.path].as_object().unwrap());
        client.send(self.method, &format!("{}{path}", self.base), &[], b"").unwrap()
    }

    fn is_one_of(&self, list: &[(&str, &str)]) -> bool {
        list.contains(&(self.method, self.path))
    }

    /// Whether it is for operators only: it changes what tenants there are.
    fn is_for_operators(&self) -> bool {
        self.path.starts_with("/v1/tenants") && !self.reads()
    }

    /// Somebody who has the right to it, for all that the document says.
    fn caller(&self, server: &Server, document: &Document) -> Client {
        if self.is_for_operators() {
            server.client().with_token(OPERATOR)
        } else {
            admin(server, &document.dialect)
        }
    }

    fn reads(&self) -> bool {
        self.method == "GET"
    }

    fn name(&self) -> String {
        format!("{} {}{}", self.method, self.base, self.path)
    }
}
