//! A document as a page: one file of text and style, readable without a script, a network or a mouse.
//!
//! Everything that comes from the document goes through [`escaped`], although it is our own: a description may hold any
//! sign.

use core::fmt::Write as _;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::schema;

const STYLE: &str = include_str!("page.css");

/// The style as a content security policy names it.
pub(super) fn style_hash() -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(STYLE)))
}

/// The page of a dialect's document.
pub(super) fn render(name: &str, document: &Value) -> String {
    let info = &document["info"];
    let (title, operations) = (escaped(text(info, "title")), operations(document));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#operations\">To the operations</a>\n<header>\n<h1>{title}</h1>\n\
         <p class=\"faint\">Version {version} · <a href=\"/openapi/{name}.json\">the OpenAPI document</a></p>\n{about}\n\
         </header>\n<div class=\"columns\">\n",
        version = escaped(text(info, "version")),
        name = escaped(name),
        about = prose(text(info, "description")),
    );
    navigation(&mut page, &operations);
    page.push_str("<main id=\"operations\">\n");
    for (tag, operations) in &operations {
        add(&mut page, format_args!("<section>\n<h2>{}</h2>\n", escaped(tag)));
        for operation in operations {
            article(&mut page, operation);
        }
        page.push_str("</section>\n");
    }
    bodies(&mut page, document);
    page.push_str("</main>\n</div>\n</body>\n</html>\n");
    page
}

/// Writing to a `String` cannot fail.
pub(super) fn add(page: &mut String, text: core::fmt::Arguments<'_>) {
    let _ = page.write_fmt(text);
}

/// An operation and where it stands.
struct Operation<'a> {
    method: String,
    path: &'a str,
    body: &'a Value,
}

impl Operation<'_> {
    fn id(&self) -> String {
        format!("operation-{}", text(self.body, "operationId"))
    }
}

/// The operations by their first tag.
fn operations(document: &Value) -> BTreeMap<&str, Vec<Operation<'_>>> {
    let mut by_tag: BTreeMap<&str, Vec<Operation<'_>>> = BTreeMap::new();
    for (path, item) in members(&document["paths"]) {
        for (method, body) in members(item).filter(|(_, body)| body["responses"].is_object()) {
            let tag = body["tags"][0].as_str().unwrap_or("operations");
            by_tag.entry(tag).or_default().push(Operation { method: method.to_uppercase(), path, body });
        }
    }
    by_tag
}

fn navigation(page: &mut String, operations: &BTreeMap<&str, Vec<Operation<'_>>>) {
    page.push_str("<nav aria-label=\"Operations\">\n");
    for (tag, operations) in operations {
        add(page, format_args!("<h2>{}</h2>\n<ul>\n", escaped(tag)));
        for operation in operations {
            add(
                page,
                format_args!(
                    "<li><a href=\"#{}\">{}</a><br><code>{} {}</code></li>\n",
                    escaped(&operation.id()),
                    escaped(text(operation.body, "summary")),
                    escaped(&operation.method),
                    escaped(operation.path)
                ),
            );
        }
        page.push_str("</ul>\n");
    }
    page.push_str("<p><a href=\"#bodies\">Bodies</a></p>\n</nav>\n");
}

fn article(page: &mut String, operation: &Operation<'_>) {
    let Operation { method, path, body } = operation;
    let id = operation.id();
    add(
        page,
        format_args!(
            "<article id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h3 id=\"{id}-title\">{}</h3>\n\
             <p><code class=\"method\">{}</code> <code>{}</code></p>\n{}\n",
            escaped(text(body, "summary")),
            escaped(method),
            escaped(path),
            prose(text(body, "description")),
            id = escaped(&id),
        ),
    );
    let open =
        body["security"].as_array().is_none_or(|all| all.iter().all(|one| members(one).next().is_none()));
    page.push_str(if open { "<p>Needs no token.</p>\n" } else { "<p>Needs a bearer token.</p>\n" });
    parameters(page, body);
    if let Some((_, content)) = members(body).find(|(name, _)| *name == "requestBody") {
        page.push_str("<h4>Body</h4>\n");
        page.push_str(&prose(text(content, "description")));
        for (media_type, content) in members(&content["content"]) {
            add(page, format_args!("<p><code>{}</code>: ", escaped(media_type)));
            add(page, format_args!("{}</p>\n", schema::kind(&content["schema"])));
            if let Some(example) = content.get("example") {
                add(page, format_args!("<pre><code>{}</code></pre>\n", escaped(&format!("{example:#}"))));
            }
        }
    }
    answers(page, body);
    page.push_str("</article>\n");
}

fn parameters(page: &mut String, operation: &Value) {
    let Some(parameters) = operation["parameters"].as_array().filter(|all| !all.is_empty()) else { return };
    page.push_str("<h4>Parameters</h4>\n");
    table(page, &["Name", "In", "Type", "Meaning"], |page| {
        for parameter in parameters {
            let needed =
                if parameter["required"] == true { "" } else { " <span class=\"faint\">optional</span>" };
            add(
                page,
                format_args!(
                    "<tr><td><code>{}</code>{needed}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                    escaped(text(parameter, "name")),
                    escaped(text(parameter, "in")),
                    schema::kind(&parameter["schema"]),
                    prose(text(parameter, "description"))
                ),
            );
        }
    });
}

fn answers(page: &mut String, operation: &Value) {
    page.push_str("<h4>Answers</h4>\n");
    table(page, &["Status", "Meaning", "Body", "Headers"], |page| {
        for (status, answer) in members(&operation["responses"]) {
            let bodies = members(&answer["content"]).map(|(media_type, content)| {
                format!("{}<br><code>{}</code>", schema::kind(&content["schema"]), escaped(media_type))
            });
            let headers = members(&answer["headers"]).map(|(name, header)| {
                format!("<code>{}</code> {}", escaped(name), inline(text(header, "description")))
            });
            let (bodies, headers): (Vec<_>, Vec<_>) = (bodies.collect(), headers.collect());
            add(
                page,
                format_args!(
                    "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                    escaped(status),
                    prose(text(answer, "description")),
                    bodies.join("<br>"),
                    headers.join("<br>")
                ),
            );
        }
    });
}

/// The schemas that have a name.
fn bodies(page: &mut String, document: &Value) {
    page.push_str("<section id=\"bodies\">\n<h2>Bodies</h2>\n");
    for (name, schema) in members(&document["components"]["schemas"]) {
        add(
            page,
            format_args!(
                "<article id=\"{id}\">\n<h3>{}</h3>\n",
                escaped(name),
                id = escaped(&schema::id(name))
            ),
        );
        schema::fields(page, schema);
        page.push_str("</article>\n");
    }
    page.push_str("</section>\n");
}

/// A table with a row of headings; one that is too wide scrolls by itself.
pub(super) fn table(page: &mut String, headings: &[&str], rows: impl FnOnce(&mut String)) {
    page.push_str("<div class=\"scroll\"><table>\n<thead><tr>");
    for heading in headings {
        add(page, format_args!("<th scope=\"col\">{heading}</th>"));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    rows(page);
    page.push_str("</tbody>\n</table></div>\n");
}

/// The members of an object, of anything else none.
pub(super) fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

pub(super) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// Paragraphs, with what stands in backquotes as code.
pub(super) fn prose(text: &str) -> String {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>", inline(paragraph))).collect()
}

fn inline(text: &str) -> String {
    let mut parts = escaped(text);
    // A backquote without its partner is a backquote.
    while let Some((before, rest)) = parts.split_once('`') {
        let Some((code, after)) = rest.split_once('`') else { break };
        parts = format!("{before}<code>{code}</code>{after}");
    }
    parts
}

/// Text as it may stand between tags and in the value of an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
