//! The lay-out of the repository: what stands at its top, that every part explains itself, and which package of the
//! workspace may depend on which.

use std::collections::BTreeSet;

use super::Violation;

/// Everything visible at the top. Names that start with a dot are free.
const TOP: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "core",
    "rust-toolchain.toml",
    "server",
    "tests",
    "wasm",
    "www",
];

/// The parts, each with a README that is also its page.
const PARTS: &[&str] = &["core", "server", "tests", "wasm", "www"];

/// Which package may depend on which of the same workspace, for development too. One that is not listed, on none.
const PACKAGES: &[(&str, &[&str])] = &[
    ("sigpost-wasm", &["sigpost-core"]),
    ("sigpost-server", &["sigpost-core"]),
    ("sigpost-tests", &["sigpost-core", "sigpost-server"]),
];

/// Judges the paths of the repository: the top level is exactly as fixed, and every part has a README.
#[must_use]
pub fn check_paths(paths: &[String]) -> Vec<Violation> {
    let top: BTreeSet<&str> = paths.iter().filter_map(|path| path.split('/').next()).collect();
    let whole = |file: &str, problem: &str, remedy| Violation {
        file: file.to_owned(),
        line: 0,
        problem: problem.to_owned(),
        remedy,
    };
    let mut violations = Vec::new();
    for name in &top {
        if !name.starts_with('.') && !TOP.contains(name) {
            violations.push(whole(
                name,
                "does not belong at the top level",
                "move it into the part it belongs to",
            ));
        }
    }
    for name in TOP.iter().filter(|name| !top.contains(*name)) {
        violations.push(whole(name, "is missing at the top level", "put it back"));
    }
    for part in PARTS {
        let readme = format!("{part}/README.md");
        if !paths.contains(&readme) {
            violations.push(whole(&readme, "is missing", "say what the folder is for and how to use it"));
        }
    }
    violations
}

/// Judges dependencies between packages of the workspace, given as (package, package it depends on).
#[must_use]
pub fn check_packages<'a>(edges: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Violation> {
    let allowed = |from: &str, to: &str| PACKAGES.iter().any(|(name, on)| *name == from && on.contains(&to));
    let wrong = edges.into_iter().filter(|(from, to)| !allowed(from, to));
    wrong
        .map(|(from, to)| Violation {
            file: from.to_owned(),
            line: 0,
            problem: format!("package {from} must not depend on {to}"),
            remedy: "follow the arrows: core ← wasm, core ← server",
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Vec<String> {
        let tops = TOP
            .iter()
            .map(|name| if PARTS.contains(name) { format!("{name}/README.md") } else { (*name).into() });
        tops.chain([".gitignore".to_owned(), ".ci/run".to_owned()]).collect()
    }

    #[test]
    fn the_top_level_is_exactly_as_fixed() {
        assert_eq!(check_paths(&good()), []);
        let mut more = good();
        more.push("scripts/build.sh".to_owned());
        assert_eq!(check_paths(&more).len(), 1);
        let fewer: Vec<_> = good().into_iter().filter(|path| path != "LICENSE-MIT").collect();
        assert_eq!(check_paths(&fewer).len(), 1);
    }

    #[test]
    fn a_part_without_a_readme_is_refused() {
        let paths: Vec<_> =
            good().into_iter().map(|path| path.replace("wasm/README.md", "wasm/Cargo.toml")).collect();
        let violations = check_paths(&paths);
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].file, "wasm/README.md");
    }

    #[test]
    fn a_dependency_against_the_arrows_is_refused() {
        assert_eq!(
            check_packages([("sigpost-server", "sigpost-core"), ("sigpost-wasm", "sigpost-core")]),
            []
        );
        assert_eq!(check_packages([("sigpost-core", "sigpost-server")]).len(), 1);
        assert_eq!(check_packages([("sigpost-wasm", "sigpost-server")]).len(), 1);
        assert_eq!(check_packages([("sigpost-server", "sigpost-tests")]).len(), 1);
    }
}
