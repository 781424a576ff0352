//! What a Rust file refers to: the paths it names, resolved as far as syntax allows, and the text of its literals.
//!
//! `crate`, `self` and `super` become paths that start with `crate`; a name that a `use` of the same file brought in
//! is followed; a module that the file declares is a child of its own. Anything else starts with the name of a crate.
//! Test code (`#[cfg(test)]`, `#[test]`) is left out: the rules bind what ships. The tokens inside macro calls are
//! scanned like the rest, since `select!` and `format!` hide as much code as any block.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Lit, Meta, UseTree};

/// A path that a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its segments, the first `crate` or the name of another crate.
    pub path: Vec<String>,
    /// The line it stands on, counted from 1.
    pub line: usize,
}

/// A string literal outside documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// Its value, escapes resolved.
    pub text: String,
    /// The line it starts on, counted from 1.
    pub line: usize,
}

/// All that a file refers to.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// Every path, in order of appearance, duplicates included.
    pub paths: Vec<Reference>,
    /// Every string literal.
    pub literals: Vec<Literal>,
    /// Modules that the file declares for tests only, as paths from the crate without `crate`.
    pub test_modules: Vec<Vec<String>>,
}

/// Reads a file that is the module `module` of its crate; the crate root is the empty path.
///
/// # Errors
/// When the text is not Rust.
pub fn read(module: &[String], text: &str) -> syn::Result<References> {
    let file = syn::parse_file(text)?;
    let mut names = Names { module: module.to_vec(), ..Names::default() };
    names.visit_file(&file);
    let mut reader = Reader { names, found: References::default() };
    if !file.attrs.iter().any(is_for_tests) {
        reader.visit_file(&file);
    }
    Ok(reader.found)
}

/// The module a file is, from its path below the `src` folder of its crate: `a/mod.rs` and `a.rs` are both `a`.
/// `lib.rs` is the root, the empty path; `main.rs` is a crate of its own and is told apart as `main`.
#[must_use]
pub fn module_of(path_in_src: &str) -> Vec<String> {
    let stem = path_in_src.strip_suffix(".rs").unwrap_or(path_in_src);
    let mut module: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") || module == ["lib"] {
        module.pop();
    }
    module
}

/// Whether an attribute keeps its item for test builds only: `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
#[must_use]
pub fn is_for_tests(attribute: &Attribute) -> bool {
    if attribute.path().segments.last().is_some_and(|segment| segment.ident == "test") {
        return true;
    }
    let Meta::List(list) = &attribute.meta else { return false };
    let condition: String = list.tokens.to_string().split_whitespace().collect();
    list.path.is_ident("cfg") && (condition == "test" || condition.starts_with("all(test"))
}

/// The attributes of an item, none for the few kinds that have nothing to say here.
#[must_use]
pub fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// What names mean in a file: those brought in by `use`, and the modules declared in it.
#[derive(Default)]
struct Names {
    module: Vec<String>,
    aliases: BTreeMap<String, Vec<String>>,
    children: BTreeSet<String>,
}

impl Names {
    fn resolve(&self, path: &[String]) -> Vec<String> {
        let Some(first) = path.first() else { return Vec::new() };
        let mut base = vec!["crate".to_owned()];
        let rest = match first.as_str() {
            "crate" => &path[1..],
            "self" => {
                base.extend_from_slice(&self.module);
                &path[1..]
            }
            "super" => {
                let climbs = path.iter().take_while(|segment| *segment == "super").count();
                base.extend_from_slice(&self.module[..self.module.len().saturating_sub(climbs)]);
                &path[climbs..]
            }
            name if self.aliases.contains_key(name) => {
                base.clone_from(&self.aliases[name]);
                &path[1..]
            }
            name if self.children.contains(name) => {
                base.extend_from_slice(&self.module);
                path
            }
            _ => return path.to_vec(),
        };
        base.extend_from_slice(rest);
        base
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for (path, name) in flatten(&item.tree) {
            // `use a::b` names `b`, `use a as b` too; `use a` would name itself and resolve for ever.
            if let Some(name) = name.filter(|name| path.len() > 1 || path[0] != *name) {
                let resolved = self.resolve(&path);
                self.aliases.insert(name, resolved);
            }
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.children.insert(item.ident.to_string());
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }
}

struct Reader {
    names: Names,
    found: References,
}

impl Reader {
    fn refer(&mut self, path: &[String], line: usize) {
        let path = self.names.resolve(path);
        if path.len() > 1 {
            self.found.paths.push(Reference { path, line });
        }
    }

    fn scan(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.flush(&mut path, line);
                        line = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.flush(&mut path, line);
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.scan(group.stream()),
                        TokenTree::Literal(literal) => self.visit_lit(&Lit::new(literal)),
                        TokenTree::Ident(_) | TokenTree::Punct(_) => {}
                    }
                }
            }
        }
        self.flush(&mut path, line);
    }

    fn flush(&mut self, path: &mut Vec<String>, line: usize) {
        if path.len() > 1 {
            self.refer(path, line);
        }
        path.clear();
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !attributes(item).iter().any(is_for_tests) {
            visit::visit_item(self, item);
        } else if let Item::Mod(module) = item {
            let mut path = self.names.module.clone();
            path.push(module.ident.to_string());
            self.found.test_modules.push(path);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.names.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.names.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let line = item.span().start().line;
        for (path, _) in flatten(&item.tree) {
            self.refer(&path, line);
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let path = vec![item.ident.to_string(), "*".to_owned()];
        self.found.paths.push(Reference { path, line: item.ident.span().start().line });
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 {
            self.refer(&segments, path.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.scan(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        self.visit_path(attribute.path());
        if let Meta::List(list) = &attribute.meta {
            self.scan(list.tokens.clone());
        }
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_lit(&mut self, literal: &'ast Lit) {
        if let Lit::Str(text) = literal {
            self.found.literals.push(Literal { text: text.value(), line: text.span().start().line });
        }
    }
}

/// Every path a `use` names, with the name it brings in; a glob brings in none that syntax can tell.
fn flatten(tree: &UseTree) -> Vec<(Vec<String>, Option<String>)> {
    fn walk(tree: &UseTree, prefix: &mut Vec<String>, out: &mut Vec<(Vec<String>, Option<String>)>) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                walk(&path.tree, prefix, out);
                prefix.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| walk(tree, prefix, out)),
            UseTree::Glob(_) => {
                let mut path = prefix.clone();
                path.push("*".to_owned());
                out.push((path, None));
            }
            UseTree::Name(name) => leaf(&name.ident.to_string(), None, prefix, out),
            UseTree::Rename(rename) => {
                leaf(&rename.ident.to_string(), Some(rename.rename.to_string()), prefix, out);
            }
        }
    }
    fn leaf(
        ident: &str,
        rename: Option<String>,
        prefix: &[String],
        out: &mut Vec<(Vec<String>, Option<String>)>,
    ) {
        let mut path = prefix.to_vec();
        if ident != "self" || prefix.is_empty() {
            path.push(ident.to_owned());
        }
        let name = rename.or_else(|| path.last().cloned());
        out.push((path, name));
    }
    let mut out = Vec::new();
    walk(tree, &mut Vec::new(), &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(module: &[&str], text: &str) -> Vec<String> {
        let module: Vec<String> = module.iter().map(ToString::to_string).collect();
        read(&module, text).unwrap().paths.into_iter().map(|reference| reference.path.join("::")).collect()
    }

    #[test]
    fn every_branch_of_a_use_is_a_reference() {
        let found = paths(&[], "use crate::{app::{self, ports::*}, domain as d}; use axum::Router;");
        assert_eq!(found, ["crate::app", "crate::app::ports::*", "crate::domain", "axum::Router"]);
    }

    #[test]
    fn super_and_self_are_resolved_against_the_module() {
        let found = paths(&["app", "events"], "use super::super::http; fn f() { self::g::h(); super::x() }");
        assert_eq!(found, ["crate::http", "crate::app::events::g::h", "crate::app::x"]);
    }

    #[test]
    fn a_name_brought_in_by_use_is_followed() {
        let found = paths(&["app"], "use crate::storage; fn f() { storage::sqlite::open() }");
        assert!(found.contains(&"crate::storage::sqlite::open".to_owned()), "{found:?}");
    }

    #[test]
    fn a_crate_under_another_name_is_followed() {
        let found = paths(&["domain"], "use crate as c; use std as s; fn f() { c::app::g(); s::env::var() }");
        assert_eq!(found, ["crate::app::g", "std::env::var"]);
    }

    #[test]
    fn a_declared_module_is_a_child() {
        let found = paths(&["storage"], "mod sqlite; pub use sqlite::Store;");
        assert_eq!(found, ["crate::storage::sqlite::Store"]);
    }

    #[test]
    fn macro_calls_and_attributes_are_scanned() {
        let found = paths(
            &[],
            "#[derive(serde::Serialize)] struct A; fn f() { select! { x = tokio::time::sleep(y) => {} } }",
        );
        assert_eq!(found, ["serde::Serialize", "tokio::time::sleep"]);
    }

    #[test]
    fn code_for_tests_is_left_out_and_its_modules_are_named() {
        let text = "#[cfg(test)] mod tests; #[cfg(test)] mod more { use axum::Router; } #[test] fn t() { axum::x() }";
        let found = read(&["app".to_owned()], text).unwrap();
        assert_eq!(found.paths, []);
        assert_eq!(found.test_modules, [["app", "tests"], ["app", "more"]]);
    }

    #[test]
    fn literals_are_read_but_documentation_is_not() {
        let found = read(&[], "/// SELECT a FROM b\nfn f() {\n  g(\"one\"); h!(\"two\") }").unwrap();
        let texts: Vec<_> =
            found.literals.iter().map(|literal| (literal.text.as_str(), literal.line)).collect();
        assert_eq!(texts, [("one", 3), ("two", 3)]);
    }

    #[test]
    fn a_file_is_the_module_its_path_says() {
        assert_eq!(module_of("storage/sqlite/mod.rs"), ["storage", "sqlite"]);
        assert_eq!(module_of("clock.rs"), ["clock"]);
        assert_eq!(module_of("lib.rs"), Vec::<String>::new());
        assert_eq!(module_of("main.rs"), ["main"]);
    }
}
