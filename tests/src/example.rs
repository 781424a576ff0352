//! An answer held against an example of a document: the same members, of the same types, and `null` only where the
//! example has it. Values are not compared.

use serde_json::Value;

/// A place where an answer may differ from the example, and the reason. Places are written as `data[].name`.
pub type Exception<'a> = (&'a str, &'a str);

/// What is different. Each element of an array is held against the example's first. An exception that nothing needed is
/// told too, so that none outlives its reason.
///
/// ```
/// use serde_json::json;
/// use sigpost_tests::example::differences;
/// let example = json!({ "data": [{ "id": 1, "name": "a" }], "next": null });
/// let answer = json!({ "data": [{ "id": "1", "name": "b" }, { "id": 2 }], "next": null });
/// assert_eq!(differences(&example, &answer, &[]), [
///     "data[].id is text, in the example it is a number",
///     "data[].name is missing",
/// ]);
/// assert_eq!(differences(&example, &example, &[("next", "never needed")]), ["next is excepted in vain"]);
/// ```
#[must_use]
pub fn differences(example: &Value, answer: &Value, exceptions: &[Exception<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    compare("", example, answer, &mut found);
    let mut told: Vec<String> = Vec::new();
    for (place, difference) in &found {
        let line = format!("{place} {difference}");
        if !exceptions.iter().any(|(excepted, _)| excepted == place) && !told.contains(&line) {
            told.push(line);
        }
    }
    let vain = exceptions.iter().filter(|(excepted, _)| found.iter().all(|(place, _)| place != excepted));
    told.extend(vain.map(|(excepted, _)| format!("{excepted} is excepted in vain")));
    told
}

fn compare(place: &str, example: &Value, answer: &Value, found: &mut Vec<(String, String)>) {
    match (example, answer) {
        (Value::Object(example), Value::Object(answer)) => {
            let inside =
                |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
            for (name, value) in example {
                match answer.get(name) {
                    Some(answer) => compare(&inside(name), value, answer, found),
                    None => found.push((inside(name), "is missing".to_owned())),
                }
            }
            let more = answer.keys().filter(|name| !example.contains_key(*name));
            found.extend(more.map(|name| (inside(name), "is not in the example".to_owned())));
        }
        (Value::Array(example), Value::Array(answer)) => {
            let Some(example) = example.first() else { return };
            for answer in answer {
                compare(&format!("{place}[]"), example, answer, found);
            }
        }
        _ if kind(example) != kind(answer) => {
            let difference = format!("is {}, in the example it is {}", kind(answer), kind(example));
            found.push((place.to_owned(), difference));
        }
        _ => {}
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_added_or_of_another_type_is_told_once_with_its_place() {
        let example = json!({ "a": { "b": [{ "c": 1 }] }, "d": null });
        for (answer, expected) in [
            (json!({ "a": { "b": [{ "c": 2 }, { "c": 3 }] }, "d": null }), vec![]),
            (json!({ "a": { "b": [] }, "d": null }), vec![]),
            (
                json!({ "a": { "b": [{ "c": "x" }, { "c": "y" }] }, "d": null }),
                vec!["a.b[].c is text, in the example it is a number"],
            ),
            (
                json!({ "a": { "b": [{ "c": 1, "e": 1 }] } }),
                vec!["a.b[].e is not in the example", "d is missing"],
            ),
            (
                json!({ "a": [], "d": false }),
                vec![
                    "a is an array, in the example it is an object",
                    "d is true or false, in the example it is null",
                ],
            ),
        ] {
            assert_eq!(differences(&example, &answer, &[]), expected, "{answer}");
        }
    }

    #[test]
    fn an_exception_covers_its_place_and_no_other() {
        let (example, answer) = (json!({ "a": 1, "b": 1 }), json!({ "a": null, "b": null }));
        let left = differences(&example, &answer, &[("a", "may be null")]);
        assert_eq!(left, ["b is null, in the example it is a number"]);
    }
}
