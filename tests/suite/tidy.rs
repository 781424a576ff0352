//! The house's rules, held against the working tree. What each rule says, and that it can fail, stands in
//! `src/tidy`.

use sigpost_tests::tidy::{Source, Tree, Violation, arrows, layout, names, report, sizes, words};
use sigpost_tests::workspace;

#[track_caller]
fn holds(violations: &[Violation]) {
    assert!(violations.is_empty(), "{} violations:{}", violations.len(), report(violations));
}

fn sources() -> anyhow::Result<Vec<Source>> {
    let sources = Tree::read(workspace::root())?.sources()?;
    anyhow::ensure!(sources.iter().any(|source| source.path == "server/src/lib.rs"), "the tree was not read");
    Ok(sources)
}

#[test]
fn the_server_follows_the_arrows() {
    holds(&arrows::check_server(&sources().unwrap()));
}

#[test]
fn the_core_uses_no_std() {
    holds(&arrows::check_core(&sources().unwrap()));
}

#[test]
fn packages_depend_along_the_arrows() {
    let metadata = workspace::metadata().unwrap();
    let members: Vec<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let edges = metadata.packages.iter().flat_map(|package| {
        let inner =
            package.dependencies.iter().filter(|dependency| members.contains(&dependency.name.as_str()));
        inner.map(|dependency| (package.name.as_str(), dependency.name.as_str()))
    });
    holds(&layout::check_packages(edges));
}

#[test]
fn the_top_level_and_the_readmes_are_as_fixed() {
    holds(&layout::check_paths(Tree::read(workspace::root()).unwrap().paths()));
}

#[test]
fn functions_and_files_keep_their_size() {
    holds(&sizes::check(&sources().unwrap()));
}

#[test]
fn no_word_of_one_machine_or_of_work_put_off_is_tracked() {
    holds(&words::check(&sources().unwrap()));
}

#[test]
fn names_of_tests_are_sentences() {
    holds(&names::check(&sources().unwrap()));
}
