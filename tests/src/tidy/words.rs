//! Words that do not belong in a tracked file: places of one machine, registries of one network, work put off, tests
//! switched off.

use syn::visit::{self, Visit};

use super::{Source, Violation};

/// Folders that exist on one machine only, at the start of an absolute path. Split, so that this file passes itself.
const PLACES: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/tmp", "/wt"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// Where packages come from is the user's own setting; pages about packages may be linked.
const REGISTRIES: &[&str] = &[
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("files.", "pythonhosted.org"),
    concat!("pypi.org", "/simple"),
    concat!("arti", "factory"),
    concat!("--index", "-url"),
    concat!("replace", "-with"),
];

/// Tests that are switched off or that switch others off, in a script.
const SCRIPT: &[&str] = &[concat!(".sk", "ip("), concat!(".on", "ly("), concat!(".to", "do(")];

/// Judges every text: no machine paths, no registry hosts, nothing put off, no test switched off.
#[must_use]
pub fn check(sources: &[Source]) -> Vec<Violation> {
    sources.iter().flat_map(|source| [lines(source), macros(source)].concat()).collect()
}

fn lines(source: &Source) -> Vec<Violation> {
    let script = source.has_extension(&["ts", "tsx", "mts", "js", "mjs", "cjs"]);
    let mut violations = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        let mut add = |problem: String, remedy| {
            violations.push(Violation::new(source, index + 1, problem, remedy));
        };
        if let Some(place) = PLACES.iter().find(|place| names_place(line, place)) {
            add(
                format!("`{place}` exists on one machine only"),
                "find the place at run time, or leave it out",
            );
        }
        if let Some(host) = REGISTRIES.iter().find(|host| line.contains(**host)) {
            add(
                format!("`{host}` is the user's own setting"),
                "leave it out; .npmrc keeps it out of lock files",
            );
        }
        if let Some(word) = SCRIPT.iter().find(|word| script && line.contains(**word)) {
            add(format!("`{word}` switches tests off"), "make the test pass, or remove it");
        }
        if line.trim_start().starts_with("//") && line.contains(concat!("```ig", "nore")) {
            add(
                "an example that is never compiled".to_owned(),
                "make it compile (`no_run`), or call it `text`",
            );
        }
    }
    violations
}

/// Whether a line names the place as the start of an absolute path, and not in the middle of another one or of a url.
fn names_place(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || "._-~)}".contains(c)))
    })
}

fn macros(source: &Source) -> Vec<Violation> {
    struct Finder<'s>(&'s Source, Vec<Violation>);
    impl<'ast> Visit<'ast> for Finder<'_> {
        fn visit_macro(&mut self, call: &'ast syn::Macro) {
            if let Some(name) =
                call.path.segments.last().filter(|s| s.ident == "todo" || s.ident == "unimplemented")
            {
                let problem = format!("`{}!`: work put off", name.ident);
                self.1.push(Violation::new(
                    self.0,
                    name.ident.span().start().line,
                    problem,
                    "do it, or leave it out",
                ));
            }
            visit::visit_macro(self, call);
        }
        fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
            if let Some(name) = attribute.path().get_ident().filter(|name| *name == "ignore") {
                let line = name.span().start().line;
                let problem = "a test that is switched off";
                self.1.push(Violation::new(self.0, line, problem, "make the test pass, or remove it"));
            }
            visit::visit_attribute(self, attribute);
        }
    }
    let mut finder = Finder(source, Vec::new());
    if source.has_extension(&["rs"]) {
        match syn::parse_file(&source.text) {
            Ok(file) => finder.visit_file(&file),
            Err(error) => return vec![Violation::unreadable(source, &error)],
        }
    }
    finder.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check(&[Source::new(path, text)]).len()
    }

    #[test]
    fn a_place_of_one_machine_is_refused() {
        for place in PLACES {
            assert_eq!(count("README.md", &format!("see {place}x")), 1, "{place}");
            assert_eq!(count("a.toml", &format!("path=\"{place}x\"")), 1, "{place}");
            assert_eq!(count("a.md", &format!("https://example.com{place}x")), 0, "{place}");
        }
    }

    #[test]
    fn a_registry_is_refused_and_a_page_about_a_package_is_not() {
        for host in REGISTRIES {
            assert_eq!(
                count("package-lock.json", &format!("\"resolved\": \"https://{host}/a.tgz\"")),
                1,
                "{host}"
            );
        }
        assert_eq!(
            count("README.md", "https://crates.io/crates/hmac https://www.npmjs.com/package/binaryen"),
            0
        );
        assert_eq!(
            count("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\""),
            0
        );
    }

    #[test]
    fn work_put_off_is_refused() {
        assert_eq!(count("a.rs", "fn f() { todo!() }"), 1);
        assert_eq!(count("a.rs", "fn f() { if a { core::unimplemented!(\"later\"); } }"), 1);
        assert_eq!(count("a.rs", "const WORD: &str = \"todo!\";"), 0);
    }

    #[test]
    fn a_test_switched_off_is_refused() {
        assert_eq!(count("a.rs", "#[test] #[ignore = \"slow\"] fn t() {}"), 1);
        assert_eq!(count("a.rs", concat!("/// ```ig", "nore\n/// a\n/// ```\nfn f() {}")), 1);
        for word in SCRIPT {
            assert_eq!(count("a.test.mjs", &format!("test{word}'name', f);")), 1, "{word}");
        }
        assert_eq!(count("a.rs", &format!("fn f() {{ x{}1); }}", SCRIPT[0])), 0);
    }
}
