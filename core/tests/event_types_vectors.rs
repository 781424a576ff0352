//! The catalogues against `tests/vectors/event-types`, which was put together from the systems' documents.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use sigpost_core::notification::catalogue::EventType;
use sigpost_core::notification::{generic, immuta, immuta_request, qlik};

fn file(system: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/event-types");
    let file: Value =
        serde_json::from_slice(&std::fs::read(folder.join(system).with_extension("json")).unwrap()).unwrap();
    assert!(file["source"].is_string(), "{system} does not say where it comes from");
    file
}

/// The recorded types by their names.
fn recorded(file: &Value) -> BTreeMap<String, Value> {
    let types = file["types"].as_array().unwrap();
    let named: BTreeMap<_, _> =
        types.iter().map(|one| (one["name"].as_str().unwrap().to_owned(), one.clone())).collect();
    assert_eq!(named.len(), types.len(), "a type is recorded twice");
    named
}

/// Ours by their names.
fn ours<'a, T: 'a>(
    types: impl IntoIterator<Item = &'a T>,
    about: impl Fn(&T) -> (&'static str, Value),
) -> BTreeMap<String, Value> {
    types.into_iter().map(about).map(|(name, value)| (name.to_owned(), value)).collect()
}

#[test]
fn immutas_types_stand_in_the_lists_that_name_them() {
    let file = file("immuta");
    let mut recorded = recorded(&file);
    let changed = |saas: bool| -> Vec<String> {
        let types = recorded.values().filter(|one| one["saas"] == saas && one["saas2026"] == !saas);
        types.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(changed(false), ["automaticDomainAssignmentFailure"]);
    let gone = ["globalPolicyApprovalRescinded", "globalPolicyApproved", "globalPolicyChangeRequested"];
    assert_eq!(changed(true), gone);
    recorded.values_mut().for_each(|one| drop(one.as_object_mut().unwrap().remove("saas2026")));
    let ours = ours(immuta::NOTIFICATION_TYPES, |known| {
        let name = known.about.name;
        (name, json!({ "name": name, "saas": known.saas, "v2024_3": known.v2024_3 }))
    });
    assert_eq!(ours, recorded);
    assert_eq!(json!(immuta::ACTIONS_2024_3), file["actions2024_3"]);
    let example = file["actionsSaas"].as_array().unwrap();
    let saas: Vec<&str> = immuta::actions_saas().take(example.len()).collect();
    assert_eq!(json!(saas), file["actionsSaas"]);
}

#[test]
fn qliks_types_have_the_aliases_and_levels_of_their_documents() {
    let ours = ours(qlik::EVENT_TYPES, |known| {
        let name = known.about.name;
        let levels = known.levels.map(|levels| levels.iter().map(|level| level.as_str()).collect::<Vec<_>>());
        let value =
            json!({ "name": name, "alias": known.alias, "levels": levels, "filterable": known.filterable });
        (name, value)
    });
    assert_eq!(ours, recorded(&file("qlik")));
}

#[test]
fn the_other_catalogues_have_the_names_of_their_documents() {
    let name = |known: &EventType| (known.name, json!({ "name": known.name }));
    assert_eq!(ours(generic::EVENT_TYPES, name), recorded(&file("generic")));
    assert_eq!(ours(immuta_request::EVENT_TYPES, name), recorded(&file("immuta-request")));
}
