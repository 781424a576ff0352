//! Sizes: what one reader can hold. No function over 70 lines, no file over 600 lines before its tests.
//!
//! A function's lines are those between its braces that hold code, as clippy counts them; blank lines and comments
//! are free. An exception says why: `#[expect(clippy::too_many_lines, reason = "…")]` on a Rust function, a line
//! `// tidy: allow-long — reason` in a file.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Item};

use super::references::{attributes, is_for_tests};
use super::{Source, Violation};

/// The longest function, in lines of code.
pub const FUNCTION: usize = 70;
/// The longest file, in lines of any kind, before its tests.
pub const FILE: usize = 600;

const RUST: &[&str] = &["rs"];
const SCRIPT: &[&str] = &["ts", "tsx", "mts", "js", "mjs", "cjs"];

/// Judges the size of every Rust and TypeScript file, and of every function in them.
#[must_use]
pub fn check(sources: &[Source]) -> Vec<Violation> {
    sources.iter().flat_map(|source| [file(source), functions(source)].concat()).collect()
}

fn file(source: &Source) -> Vec<Violation> {
    let excused = source.text.lines().any(|line| {
        let reason = line.trim_start().strip_prefix("// tidy: allow-long");
        reason.is_some_and(|reason| reason.chars().filter(|c| c.is_alphanumeric()).count() >= 8)
    });
    if excused || !(source.has_extension(RUST) || source.has_extension(SCRIPT)) {
        return Vec::new();
    }
    let lines = lines_before_tests(source);
    if lines <= FILE {
        return Vec::new();
    }
    let problem = format!("{lines} lines before its tests, {FILE} at most");
    vec![Violation::new(source, 0, problem, "split it, or say why in a line `// tidy: allow-long — reason`")]
}

fn lines_before_tests(source: &Source) -> usize {
    let all = source.text.lines().count();
    let Ok(file) = syn::parse_file(&source.text) else { return all };
    let tests = file
        .items
        .iter()
        .find(|item| matches!(item, Item::Mod(_)) && attributes(item).iter().any(is_for_tests));
    tests.map_or(all, |tests| tests.span().start().line - 1)
}

fn functions(source: &Source) -> Vec<Violation> {
    let found = if source.has_extension(RUST) {
        match syn::parse_file(&source.text) {
            Ok(file) => rust_functions(&file, &source.text),
            Err(error) => return vec![Violation::unreadable(source, &error)],
        }
    } else if source.has_extension(SCRIPT) {
        script_functions(&source.text)
    } else {
        Vec::new()
    };
    let long = found.into_iter().filter(|function| function.lines > FUNCTION);
    long.map(|function| {
        let problem = format!("`{}` has {} lines, {FUNCTION} at most", function.name, function.lines);
        Violation::new(source, function.line, problem, "split it along what it does")
    })
    .collect()
}

struct Function {
    name: String,
    line: usize,
    lines: usize,
}

fn rust_functions(file: &syn::File, text: &str) -> Vec<Function> {
    struct Functions<'t> {
        text: Vec<&'t str>,
        found: Vec<Function>,
    }
    impl Functions<'_> {
        fn add(&mut self, signature: &syn::Signature, block: &Block, attributes: &[Attribute]) {
            let excused = attributes.iter().any(|attribute| {
                let text = attribute.meta.path().is_ident("expect").then(|| attribute_text(attribute));
                text.is_some_and(|text| text.contains("too_many_lines") && text.contains("reason"))
            });
            if !excused {
                let (open, close) = (block.span().start().line, block.span().end().line);
                let body = self.text.get(open..close.saturating_sub(1)).unwrap_or_default();
                let (name, lines) = (signature.ident.to_string(), code_lines(body));
                self.found.push(Function { name, line: signature.ident.span().start().line, lines });
            }
        }
    }
    impl<'ast> Visit<'ast> for Functions<'_> {
        fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
            self.add(&item.sig, &item.block, &item.attrs);
            visit::visit_item_fn(self, item);
        }
        fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
            self.add(&item.sig, &item.block, &item.attrs);
            visit::visit_impl_item_fn(self, item);
        }
        fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
            if let Some(block) = &item.default {
                self.add(&item.sig, block, &item.attrs);
            }
            visit::visit_trait_item_fn(self, item);
        }
    }
    let mut functions = Functions { text: text.lines().collect(), found: Vec::new() };
    functions.visit_file(file);
    functions.found
}

fn attribute_text(attribute: &Attribute) -> String {
    match &attribute.meta {
        syn::Meta::List(list) => list.tokens.to_string(),
        syn::Meta::Path(_) | syn::Meta::NameValue(_) => String::new(),
    }
}

/// The functions of a script, by its lay-out: a line that opens one, up to the first line as little indented that
/// closes it. Formatted code is always laid out so, and no parser of another language is needed.
fn script_functions(text: &str) -> Vec<Function> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some((name, head)) =
            script_function(line).map(|name| (name, 0)).or_else(|| wrapped(&lines[index..]))
        else {
            continue;
        };
        let first = index + head + 1;
        let indent = indent(line);
        let closes = |other: &&str| other.trim_start().starts_with('}') && self::indent(other) <= indent;
        let end = lines[first..].iter().position(closes).unwrap_or(lines.len() - first);
        found.push(Function { name, line: index + 1, lines: code_lines(&lines[first..first + end]) });
    }
    found
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// A function whose parameters stand on lines of their own: its name, and how many lines its head takes beyond the
/// first. What such a head would be on one line tells whether it is one.
fn wrapped(lines: &[&str]) -> Option<(String, usize)> {
    let (first, rest) = lines.split_first()?;
    let open = first.trim_end().strip_suffix('(')?;
    let last =
        rest.iter().position(|line| line.trim_start().starts_with(')') && indent(line) == indent(first))?;
    let close = rest[last].trim_start();
    Some((script_function(&format!("{open}({close}"))?, last + 1))
}

/// The name of the function that a line opens: `function f(…) {`, `const f = (…) => {`, a method `f(…) {`.
fn script_function(line: &str) -> Option<String> {
    let line = line.trim();
    if !line.ends_with('{') || line.starts_with("//") {
        return None;
    }
    if let Some((_, after)) = line.split_once("function ") {
        return after.split(['(', '<']).next().map(str::to_owned);
    }
    if line.ends_with("=> {") {
        // Only those with a name: a callback is part of the function around it, and a test's body is a function too.
        let (before, _) = line.split_once('=')?;
        return before
            .trim_start_matches("export ")
            .strip_prefix("const ")
            .map(|name| name.trim_end().to_owned());
    }
    let (head, _) = line.split_once('(')?;
    let head = head.split('<').next().unwrap_or(head);
    let name = head.rsplit(' ').next()?;
    let keyword = ["if", "for", "while", "switch", "catch"].contains(&name) || head.starts_with('}');
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_$#".contains(c));
    (is_name && !keyword && !head.contains(['=', '.'])).then(|| name.to_owned())
}

fn code_lines(body: &[&str]) -> usize {
    let code = |line: &&&str| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with("//")
    };
    body.iter().filter(code).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(path: &str, text: &str) -> Vec<String> {
        check(&[Source::new(path, text)]).into_iter().map(|violation| violation.problem).collect()
    }

    fn function(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    work();\n".repeat(lines))
    }

    /// A head, so many lines, and the brace that closes it.
    fn script(head: &str, lines: usize) -> String {
        let indent = if head.starts_with(' ') { "  " } else { "" };
        format!("{head}\n{}{indent}}}\n", "    work();\n".repeat(lines))
    }

    #[test]
    fn a_long_rust_function_is_refused() {
        assert_eq!(violations("a.rs", &function(FUNCTION)), [""; 0]);
        assert_eq!(violations("a.rs", &function(FUNCTION + 1)), ["`long` has 71 lines, 70 at most"]);
        let method = format!("impl A {{\n{}}}\n", function(FUNCTION + 1));
        assert_eq!(violations("a.rs", &method).len(), 1);
    }

    #[test]
    fn comments_and_blank_lines_are_free() {
        let text = function(FUNCTION).replacen("work();\n", "work();\n\n    // why\n", 20);
        assert_eq!(violations("a.rs", &text), [""; 0]);
    }

    #[test]
    fn a_long_function_with_a_reason_is_allowed() {
        let reason = "#[expect(clippy::too_many_lines, reason = \"one table\")]\n";
        assert_eq!(violations("a.rs", &(reason.to_owned() + &function(99))), [""; 0]);
        assert_eq!(
            violations("a.rs", &("#[expect(clippy::too_many_lines)]\n".to_owned() + &function(99))).len(),
            1
        );
    }

    #[test]
    fn a_long_script_function_is_refused() {
        for head in [
            "export async function f(a) {",
            "const f = async (a) => {",
            "  static f(a) {",
            "export default function f() {",
        ] {
            assert_eq!(violations("a.ts", &script(head, FUNCTION + 1)).len(), 1, "{head}");
        }
        assert_eq!(violations("a.ts", &script("if (a) {", FUNCTION + 1)), [""; 0]);
    }

    #[test]
    fn a_long_script_function_with_a_head_of_several_lines_is_refused() {
        for head in [
            "export function f<A>(\n  a: A,\n): Promise<A> {",
            "const f = async (\n  a,\n) => {",
            "  verify<Event = unknown>(\n    a: A,\n  ): Event {",
            "  protected constructor(\n    a: A,\n  ) {",
        ] {
            assert_eq!(violations("a.ts", &script(head, FUNCTION + 1)).len(), 1, "{head}");
            assert_eq!(violations("a.ts", &script(head, FUNCTION)), [""; 0], "{head}");
        }
        for no_function in ["if (\n  a\n) {", "call(\n  a,\n);\n{"] {
            assert_eq!(violations("a.ts", &script(no_function, FUNCTION + 1)), [""; 0]);
        }
    }

    #[test]
    fn a_long_file_is_refused_unless_it_says_why() {
        let long = "// a line\n".repeat(FILE + 1);
        assert_eq!(violations("a.rs", &long).len(), 1);
        assert_eq!(violations("a.ts", &long).len(), 1);
        assert_eq!(violations("a.md", &long), [""; 0]);
        assert_eq!(
            violations("a.rs", &format!("{long}// tidy: allow-long — one table of vectors\n")),
            [""; 0]
        );
        assert_eq!(violations("a.rs", &format!("{long}// tidy: allow-long\n")).len(), 1);
    }

    #[test]
    fn tests_at_the_end_do_not_count() {
        let text =
            format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", "// a\n".repeat(590), "    // b\n".repeat(590));
        assert_eq!(violations("a.rs", &text), [""; 0]);
    }
}
