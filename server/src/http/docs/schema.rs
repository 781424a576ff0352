//! A schema in words: what kind of value it is, and its members as a table.

use serde_json::Value;

use super::page::{add, escaped, members, prose, table, text};

/// How deep objects inside objects are followed; named ones are links and do not count.
const DEPTH: usize = 8;

/// The anchor of a schema that has a name.
pub(super) fn id(name: &str) -> String {
    format!("body-{name}")
}

/// What kind of value a schema describes, as a piece of HTML.
pub(super) fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#{}\">{}</a>", escaped(&id(name)), escaped(name));
    }
    for (several, word) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        if let Some(all) = schema[several].as_array() {
            return all.iter().map(kind).collect::<Vec<_>>().join(word);
        }
    }
    let mut kind = match &schema["type"] {
        Value::String(name) => type_name(name, schema),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str).map(|name| type_name(name, schema));
            names.collect::<Vec<_>>().join(" or ")
        }
        _ => "any value".to_owned(),
    };
    for bound in bounds(schema) {
        kind.push_str("<br><span class=\"faint\">");
        kind.push_str(&bound);
        kind.push_str("</span>");
    }
    kind
}

fn type_name(name: &str, schema: &Value) -> String {
    match (name, schema["format"].as_str()) {
        ("array", _) => format!("array of {}", kind(&schema["items"])),
        (name, Some(format)) => format!("{} ({})", escaped(name), escaped(format)),
        (name, None) => escaped(name),
    }
}

/// What a value must keep to, each in a few words.
fn bounds(schema: &Value) -> Vec<String> {
    let mut bounds = Vec::new();
    let code = |value: &Value| {
        let shown = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        format!("<code>{}</code>", escaped(&shown))
    };
    if let Some(values) = schema["enum"].as_array() {
        bounds.push(format!("one of {}", values.iter().map(code).collect::<Vec<_>>().join(", ")));
    }
    for (name, words) in [
        ("const", "always "),
        ("minimum", "at least "),
        ("maximum", "at most "),
        ("minLength", "characters, at least "),
        ("maxLength", "characters, at most "),
        ("minItems", "elements, at least "),
        ("maxItems", "elements, at most "),
        ("pattern", "matches "),
        ("default", "default "),
    ] {
        if let Some(value) = schema.get(name) {
            bounds.push(format!("{words}{}", code(value)));
        }
    }
    if let Some(example) = schema["examples"].as_array().and_then(|all| all.first()) {
        bounds.push(format!("for example {}", code(example)));
    }
    bounds
}

/// A schema with its description, and the members of its objects.
pub(super) fn fields(page: &mut String, schema: &Value) {
    alternatives(page, schema, 0);
}

fn alternatives(page: &mut String, schema: &Value, depth: usize) {
    page.push_str(&prose(text(schema, "description")));
    for (several, words) in
        [("oneOf", "One of these:"), ("anyOf", "Any of these:"), ("allOf", "All of these:")]
    {
        let Some(all) = schema[several].as_array().filter(|_| depth < DEPTH) else { continue };
        add(page, format_args!("<p>{words}</p>\n<ul>\n"));
        for one in all {
            page.push_str("<li>");
            alternatives(page, one, depth + 1);
            page.push_str("</li>\n");
        }
        page.push_str("</ul>\n");
        return;
    }
    if members(&schema["properties"]).next().is_none() {
        add(page, format_args!("<p>{}</p>\n", kind(schema)));
        return;
    }
    table(page, &["Member", "Type", "Meaning"], |page| rows(page, "", schema, depth));
    if schema["additionalProperties"] == false {
        page.push_str("<p class=\"faint\">Other members are refused.</p>\n");
    }
}

fn rows(page: &mut String, parent: &str, schema: &Value, depth: usize) {
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    for (name, member) in members(&schema["properties"]) {
        let path = if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") };
        let needed = if required(name) { "" } else { " <span class=\"faint\">optional</span>" };
        add(
            page,
            format_args!(
                "<tr><td><code>{}</code>{needed}</td><td>{}</td><td>{}</td></tr>\n",
                escaped(&path),
                kind(member),
                prose(text(member, "description"))
            ),
        );
        if depth < DEPTH {
            rows(page, &path, member, depth + 1);
        }
    }
}
