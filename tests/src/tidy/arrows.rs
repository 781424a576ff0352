//! Which module may see which: the arrows of the architecture, as tables.
//!
//! `core ← domain ← storage traits ← backends`; `domain, storage traits ← app ← dialects ← http`;
//! `core, domain, storage traits ← delivery`. Delivery and dialects never see each other.

use super::references::{self, Reference, References};
use super::{Source, Violation};

/// A module of the server, and the modules of the server that it may name. Itself is always allowed. The longest row
/// that covers a module counts, for the one that names as for the one that is named; `*` is one folder of any name.
struct Arrow {
    module: &'static str,
    sees: &'static [&'static str],
}

const ARROWS: &[Arrow] = &[
    Arrow { module: "domain", sees: &[] },
    Arrow { module: "causes", sees: &[] },
    Arrow { module: "metrics", sees: &[] },
    Arrow { module: "traces", sees: &["domain", "metrics", "causes", "clock"] },
    Arrow { module: "storage", sees: &["domain", "metrics"] },
    Arrow { module: "storage::sqlite", sees: &["storage", "domain", "metrics", "causes", "clock", "rng"] },
    Arrow { module: "storage::postgres", sees: &["storage", "domain", "metrics", "causes", "clock", "rng"] },
    Arrow {
        module: "app",
        sees: &["app::ports", "storage", "domain", "metrics", "traces", "causes", "clock", "rng"],
    },
    Arrow { module: "app::ports", sees: &["app", "storage", "domain"] },
    Arrow {
        module: "delivery",
        sees: &["app::ports", "storage", "domain", "metrics", "traces", "causes", "clock", "rng"],
    },
    Arrow { module: "dialects", sees: &["dialects::*", "dialects::shared", "app", "app::ports", "domain"] },
    Arrow { module: "dialects::shared", sees: &["app", "app::ports", "domain"] },
    Arrow { module: "dialects::*", sees: &["dialects::shared", "app", "app::ports", "domain"] },
    Arrow {
        module: "http",
        sees: &[
            "dialects",
            "dialects::*",
            "dialects::shared",
            "app",
            "app::ports",
            "domain",
            "metrics",
            "causes",
            "clock",
        ],
    },
];

/// Modules that put the parts together and may see them all. The crate root is the empty name.
const WIRING: &[&str] = &["", "main", "wiring", "config", "clock", "rng", "cli", "files", "housekeeping"];

/// What only some modules of the server may name, and which; nobody else does.
const RESERVED: &[(&str, &[&str])] = &[
    // A dialect registers its handlers through `utoipa_axum::routes!`: one without a document has no way in.
    ("axum::routing", &["http"]),
    ("utoipa", &["dialects", "http"]),
    ("utoipa_axum", &["dialects"]),
    ("axum", &["dialects", "http", "cli", "wiring", "main"]),
    ("opentelemetry", &["traces"]),
    ("opentelemetry_http", &["traces"]),
    ("opentelemetry_otlp", &["traces"]),
    ("opentelemetry_sdk", &["traces"]),
    ("prometheus", &["metrics"]),
    ("rusqlite", &["storage"]),
    ("refinery", &["storage"]),
    ("tokio_postgres", &["storage"]),
    ("deadpool_postgres", &["storage"]),
    ("std::env", &["config"]),
];

/// What the domain, which only thinks, never names: whatever does input, output, or waits.
const NOT_IN_DOMAIN: &[&str] = &[
    "axum",
    "clap",
    "figment",
    "getrandom",
    "hickory_resolver",
    "http",
    "http_body_util",
    "hyper",
    "hyper_util",
    "refinery",
    "rusqlite",
    "rustls",
    "std::fs",
    "std::process",
    "std::thread",
    "tokio",
    "tokio_rustls",
    "tower",
    "tracing",
];

const SERVER: &str = "server/src/";
const CORE: &str = "core/src/";

/// Judges every file of `server/src` against the arrows.
#[must_use]
pub fn check_server(sources: &[Source]) -> Vec<Violation> {
    judge(sources, SERVER, |source, module, references| {
        let mut violations = Vec::new();
        for reference in &references.paths {
            violations.extend(inner(source, module, reference));
            violations.extend(outer(source, module, reference));
        }
        if !covers("storage", module) {
            let statements = references.literals.iter().filter(|literal| is_sql(&literal.text));
            violations.extend(statements.map(|literal| {
                Violation::new(
                    source,
                    literal.line,
                    "SQL outside storage/",
                    "move the statement behind a storage trait",
                )
            }));
        }
        violations
    })
}

/// Whether a text is a statement of SQL, however it is written. Prose that begins with the same word is not.
fn is_sql(text: &str) -> bool {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let is = |start: &str, then: &str| text.strip_prefix(start).is_some_and(|rest| rest.contains(then));
    is("select ", " from ")
        || is("select ", "(")
        || is("with ", " as (")
        || is("insert into ", "")
        || is("insert or ", " into ")
        || is("replace into ", "")
        || is("update ", " set ")
        || is("delete from ", "")
        || is("pragma ", "")
        || is("vacuum", "")
        || is("begin;", "")
        || ["begin", "begin immediate", "begin exclusive", "commit", "rollback"].contains(&text.as_str())
        || ["create ", "alter ", "drop "].iter().any(|verb| {
            [" table ", " index ", " trigger ", " view "]
                .iter()
                .any(|object| text.starts_with(verb) && text.contains(object))
        })
}

/// Judges every file of `core/src`: no `std` outside tests.
#[must_use]
pub fn check_core(sources: &[Source]) -> Vec<Violation> {
    judge(sources, CORE, |source, _, references| {
        let uses = references.paths.iter().filter(|reference| reference.path[0] == "std");
        uses.map(|reference| {
            let problem = format!("`{}` in a crate that is no_std", reference.path.join("::"));
            Violation::new(source, reference.line, problem, "use core or alloc, or take it as a parameter")
        })
        .collect()
    })
}

/// Reads the files below `folder`, drops those that are test modules, and judges the rest.
fn judge(
    sources: &[Source],
    folder: &str,
    rule: impl Fn(&Source, &[String], &References) -> Vec<Violation>,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut read = Vec::new();
    for source in sources.iter().filter(|source| source.has_extension(&["rs"])) {
        let Some(path) = source.path.strip_prefix(folder) else { continue };
        let module = references::module_of(path);
        match references::read(&module, &source.text) {
            Ok(references) => read.push((source, module, references)),
            Err(error) => violations.push(Violation::unreadable(source, &error)),
        }
    }
    let tests: Vec<Vec<String>> = read.iter().flat_map(|(_, _, found)| found.test_modules.clone()).collect();
    for (source, module, references) in &read {
        if !tests.iter().any(|test| module.starts_with(test)) {
            violations.extend(rule(source, module, references));
        }
    }
    violations
}

/// A reference from one module of the server to another.
fn inner(source: &Source, module: &[String], reference: &Reference) -> Option<Violation> {
    let (root, target) = reference.path.split_first()?;
    if WIRING.iter().any(|wiring| is_wiring(wiring, module)) || (root != "crate" && root != "sigpost_server")
    {
        return None;
    }
    let Some(from) = row(module) else {
        let problem = format!("module `{}` is in no row of the arrows", module.join("::"));
        return Some(Violation::new(
            source,
            reference.line,
            problem,
            "give it a row in tests/src/tidy/arrows.rs",
        ));
    };
    let allowed = match row(target) {
        Some(to) if to.module == from.module => same_module(from.module, module, target),
        Some(to) => from.sees.contains(&to.module),
        None => target.first().is_some_and(|first| from.sees.contains(&first.as_str())),
    };
    (!allowed).then(|| {
        let problem = format!("{} must not see `{}`", module.join("::"), reference.path.join("::"));
        Violation::new(source, reference.line, problem, "follow the arrows: declare a port, or move the code")
    })
}

/// A reference to another crate.
fn outer(source: &Source, module: &[String], reference: &Reference) -> Option<Violation> {
    let starts = |name: &str| name.split("::").zip(&reference.path).all(|(a, b)| a == b);
    let reserved = RESERVED.iter().find(|(name, _)| starts(name));
    let misplaced = reserved.is_some_and(|(_, owners)| !owners.iter().any(|owner| covers(owner, module)));
    let worldly = covers("domain", module) && NOT_IN_DOMAIN.iter().any(|name| starts(name));
    // Names that come with all of a crate cannot be followed.
    let everything = reference.path.len() == 2 && reference.path[1] == "*" && reference.path[0] != "crate";
    (misplaced || worldly || everything).then(|| {
        let problem = format!("`{}` in module `{}`", reference.path.join("::"), module.join("::"));
        Violation::new(
            source,
            reference.line,
            problem,
            "use it only where tests/src/tidy/arrows.rs reserves it",
        )
    })
}

fn is_wiring(wiring: &str, module: &[String]) -> bool {
    if wiring.is_empty() { module.is_empty() } else { covers(wiring, module) }
}

fn row(module: &[String]) -> Option<&'static Arrow> {
    ARROWS
        .iter()
        .filter(|arrow| covers(arrow.module, module))
        // The longest row wins, and a name wins over `*`.
        .max_by_key(|arrow| (arrow.module.split("::").count(), !arrow.module.contains('*')))
}

/// Two modules of one row are one module unless `*` made them so: then their names must be equal.
fn same_module(row: &str, module: &[String], target: &[String]) -> bool {
    let depth = row.split("::").count();
    !row.contains('*') || module.iter().take(depth).eq(target.iter().take(depth))
}

fn covers(pattern: &str, module: &[String]) -> bool {
    let pattern: Vec<&str> = pattern.split("::").collect();
    module.len() >= pattern.len()
        && pattern.iter().zip(module).all(|(part, name)| *part == "*" || part == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(path: &str, text: &str) -> Vec<Violation> {
        check_server(&[Source::new(format!("{SERVER}{path}"), text)])
    }

    #[track_caller]
    fn refused(path: &str, text: &str) {
        assert_eq!(server(path, text).len(), 1, "{path}: {text}");
    }

    #[track_caller]
    fn allowed(path: &str, text: &str) {
        assert_eq!(server(path, text), [], "{path}: {text}");
    }

    #[test]
    fn a_path_against_the_arrows_is_refused() {
        refused("domain/webhook.rs", "use crate::storage::Store;");
        refused("domain/webhook.rs", "use crate::clock::Clock;");
        refused("storage/mod.rs", "mod sqlite; pub use sqlite::Store;");
        refused("storage/mod.rs", "use crate::clock::Clock;");
        refused("storage/sqlite/mod.rs", "use crate::storage::postgres::Pool;");
        refused("storage/sqlite/mod.rs", "use crate::app::Error;");
        refused("app/events.rs", "use crate::storage::sqlite::Store;");
        refused("app/events.rs", "use crate::delivery::Driver;");
        refused("app/events.rs", "use super::super::http::Limits;");
        refused("delivery/driver.rs", "use crate::app::events::publish;");
        refused("delivery/driver.rs", "use crate::dialects::immuta;");
        refused("delivery/driver.rs", "use crate::storage; fn f() { storage::sqlite::open() }");
        refused("dialects/immuta/mod.rs", "use crate::delivery::Driver;");
        refused("dialects/immuta/mod.rs", "use crate::storage::Webhooks;");
        refused("dialects/immuta/mod.rs", "use crate::dialects::qlik::Error;");
        refused("dialects/immuta/mod.rs", "fn f() { crate::config::load() }");
        refused("dialects/shared/mod.rs", "use crate::dialects::qlik::Error;");
        refused("http/mod.rs", "use crate::storage::Store;");
        refused("http/mod.rs", "use crate::delivery::Driver;");
        refused("helpers.rs", "use crate::domain::Webhook;");
    }

    #[test]
    fn a_path_along_the_arrows_is_allowed() {
        allowed("domain/profile/mod.rs", "use crate::domain::Event; use sigpost_core::json;");
        allowed("storage/webhooks.rs", "use crate::domain::Webhook;");
        allowed(
            "storage/sqlite/writer.rs",
            "use rusqlite::Connection; use super::super::Store; use crate::clock::Clock;",
        );
        allowed(
            "app/events.rs",
            "use crate::{app::ports::Dispatcher, clock::Clock, domain::Event, rng::Rng, storage::Store};",
        );
        allowed(
            "delivery/driver.rs",
            "use crate::app::ports::Probe; use crate::storage::Deliveries; use tokio::time;",
        );
        allowed(
            "dialects/immuta/routes.rs",
            "use super::dto::Webhook; use crate::{app, dialects::shared, domain::Id}; use axum::Router;",
        );
        allowed("dialects/mod.rs", "pub mod immuta; use immuta::routes;");
        allowed("http/mod.rs", "use crate::{app::App, dialects::immuta, domain::Tenant}; use axum::Router;");
        allowed("wiring.rs", "use crate::{delivery::Driver, storage::sqlite::Store};");
        allowed("main.rs", "use sigpost_server::cli;");
        allowed("lib.rs", "pub mod domain; pub use domain::Webhook;");
        allowed("config/mod.rs", "use std::env;");
    }

    #[test]
    fn a_crate_outside_its_place_is_refused() {
        refused("domain/webhook.rs", "use tokio::sync::mpsc;");
        refused("domain/webhook.rs", "use hyper::Uri;");
        refused("app/events.rs", "use axum::Json;");
        refused("dialects/immuta/routes.rs", "use axum::routing::get;");
        refused(
            "dialects/immuta/routes.rs",
            "fn f() { axum::Router::new().route(\"/\", axum::routing::get(f)) }",
        );
        refused("domain/webhook.rs", "use utoipa::ToSchema;");
        refused("http/mod.rs", "use utoipa_axum::routes;");
        refused("delivery/driver.rs", "fn f() { rusqlite::Connection::open(p); }");
        refused("http/mod.rs", "fn f() { std::env::var(\"HOME\"); }");
        refused("wiring.rs", "use rusqlite::Connection;");
    }

    #[test]
    fn sql_outside_storage_is_refused() {
        let query = "const Q: &str = \"\n SELECT id FROM webhook\";";
        refused("app/events.rs", query);
        allowed("storage/sqlite/reads.rs", query);
        allowed("app/events.rs", "const MESSAGE: &str = \"Select a webhook\";");
    }

    #[test]
    fn what_only_tests_build_may_see_everything() {
        allowed("delivery/driver.rs", "#[cfg(test)] mod tests { use crate::storage::sqlite::Store; }");
        let sources = [
            Source::new("server/src/delivery/mod.rs", "#[cfg(test)] mod tests;"),
            Source::new("server/src/delivery/tests.rs", "use crate::storage::sqlite::Store;"),
        ];
        assert_eq!(check_server(&sources), []);
    }

    #[test]
    fn the_core_names_no_std_outside_its_tests() {
        let core = |text: &str| check_core(&[Source::new("core/src/json/mod.rs", text)]);
        assert_eq!(core("use std::time::Duration;").len(), 1);
        assert_eq!(core("fn f() -> std::string::String { x }").len(), 1);
        assert_eq!(core("extern crate std;").len(), 1);
        assert_eq!(core("#[cfg(test)] extern crate std; use core::time::Duration;"), []);
    }

    #[test]
    fn a_file_that_is_not_rust_is_reported() {
        assert!(
            server("domain/webhook.rs", "fn (").iter().all(|violation| violation.problem.contains("parse"))
        );
        refused("domain/webhook.rs", "fn (");
    }
}
