//! The app's own document, and values held against its schemas.

use super::*;

pub(super) struct Documented(Value);

impl Documented {
    pub(super) fn read() -> Self {
        let path = sigpost_tests::workspace::root().join("tests/fixtures/immuta-request.openapi.json");
        Self(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.0.pointer(reference.trim_start_matches('#')).unwrap(),
            None => schema,
        }
    }

    /// The value has the members of a schema, each of its type, none besides, and none missing that is required or,
    /// unless it is in `absent`, only named.
    #[track_caller]
    pub(super) fn assert(&self, schema: &str, value: &Value, absent: &[&str]) {
        let schema = self.0.pointer(&format!("/components/schemas/{schema}")).unwrap();
        let mut wrong = Vec::new();
        self.compare("", schema, value, absent, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}: {value}");
    }

    fn compare(&self, place: &str, schema: &Value, value: &Value, absent: &[&str], wrong: &mut Vec<String>) {
        let schema = self.resolve(schema);
        let fits = match schema["type"].as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "number" => value.is_number(),
            other => panic!("{other} is no type that the document has"),
        };
        let allowed = schema["enum"].as_array().is_none_or(|values| values.contains(value));
        if !fits || !allowed {
            wrong.push(format!("{place} is {value}, which is no {schema}"));
        }
        for (index, element) in value.as_array().into_iter().flatten().enumerate() {
            self.compare(&format!("{place}[{index}]"), &schema["items"], element, absent, wrong);
        }
        let (Some(named), Some(members)) = (schema["properties"].as_object(), value.as_object()) else {
            return;
        };
        for (name, schema) in named {
            match members.get(name) {
                Some(value) => self.compare(&format!("{place}.{name}"), schema, value, absent, wrong),
                None if absent.contains(&name.as_str()) => {}
                None => wrong.push(format!("{place}.{name} is missing")),
            }
        }
        wrong.extend(
            members
                .keys()
                .filter(|name| !named.contains_key(*name))
                .map(|name| format!("{place}.{name} is not documented")),
        );
    }
}

#[test]
fn our_document_has_every_operation_parameter_and_status_of_the_apps_own() {
    let Documented(theirs) = Documented::read();
    let server = serve("");
    let ours = server.client().get("/openapi/immuta-request.json").unwrap().json().unwrap();
    let servers: Vec<_> =
        ours["servers"].as_array().unwrap().iter().map(|s| s["url"].as_str().unwrap()).collect();
    assert_eq!(servers, ["/", "/marketplace"]);
    let mut operations = 0;
    for (path, item) in theirs["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            let own = &ours["paths"][path][method];
            assert_eq!(own["operationId"], operation["operationId"], "{name}");
            for status in operation["responses"].as_object().unwrap().keys() {
                assert!(own["responses"].get(status).is_some(), "{name}: {status}");
            }
            let parameters = |of: &Value| {
                let all = of["parameters"].as_array().cloned().unwrap_or_default();
                let mut names: Vec<_> =
                    all.iter().map(|p| format!("{} {} {}", p["in"], p["name"], p["required"])).collect();
                names.sort();
                names
            };
            assert_eq!(parameters(own), parameters(operation), "{name}");
            assert_eq!(own.get("requestBody").is_some(), operation.get("requestBody").is_some(), "{name}");
            operations += 1;
        }
    }
    let own = ours["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|item| item.as_object().unwrap().len())
        .sum::<usize>();
    assert_eq!((operations, own), (8, 8));
    for (name, schema) in theirs["components"]["schemas"].as_object().unwrap() {
        let called = match name.as_str() {
            "PaginatedWebhookHistory" => "History",
            "WebhookTestResult" => "TestResult",
            name => name,
        };
        let own = &ours["components"]["schemas"][called]["properties"];
        let names = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(own), names(&schema["properties"]), "{name}");
    }
}
