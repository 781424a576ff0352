//! The targets of `tests/fuzz`, without a fuzzer: each with its seeds and with texts made of them. What libFuzzer would
//! find in hours is not found here; that a target has rotted, or asserts what is not so, is.

use std::fs;

use sigpost_tests::fuzz::documents::Documents;
use sigpost_tests::fuzz::targets::{TARGETS, Target};
use sigpost_tests::workspace;

/// Texts made of the seeds of one target.
const VARIANTS: u64 = 3_000;

fn hold(name: &str) {
    let target = target(name);
    let seeds = (target.seeds)().unwrap();
    assert!(seeds.len() > 50, "{name} has only {} seeds", seeds.len());
    for seed in &seeds {
        (target.run)(seed);
    }
    for (number, seed) in (0..VARIANTS).zip(seeds.iter().cycle()) {
        (target.run)(&Documents::new(number).made_of(seed));
    }
}

fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).unwrap()
}

#[test]
fn what_the_canonicaliser_guarantees_holds_for_texts_made_of_the_vectors() {
    hold("canonicalize");
    for seed in 0..VARIANTS / 3 {
        (target("canonicalize").run)(&Documents::new(seed).document());
    }
}

#[test]
fn mistakes_with_requests_made_of_the_vectors_are_named_and_none_is_made_up() {
    hold("explain");
}

#[test]
fn filters_made_of_the_vectors_are_printed_as_they_are_read() {
    hold("filter");
}

#[test]
fn no_headers_made_of_the_vectors_are_accepted_or_misjudged() {
    hold("headers");
}

#[test]
fn what_is_signed_verifies_and_nothing_else_does_for_messages_made_of_the_vectors() {
    hold("verify");
}

#[test]
fn every_target_has_a_program_for_libfuzzer_and_every_program_a_target() {
    let folder = workspace::root().join("tests/fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let mut programs = Vec::new();
    for entry in fs::read_dir(folder.join("fuzz_targets")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(&format!("sigpost_tests::fuzz::targets::{name}(input)")), "{text}");
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "{name} is not in Cargo.toml"
        );
        programs.push(name);
    }
    programs.sort();
    let mut names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    names.sort_unstable();
    assert_eq!(programs, names);
}

#[test]
fn seeds_are_written_a_file_each() {
    let folder = tempfile::tempdir().unwrap();
    for target in TARGETS {
        let count = target.write_seeds(&folder.path().join(target.name)).unwrap();
        assert_eq!(fs::read_dir(folder.path().join(target.name)).unwrap().count(), count);
    }
}
