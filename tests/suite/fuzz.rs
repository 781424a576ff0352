//! The long fuzz as a person runs it: progress, result, exit code, Ctrl-C.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Signal, kill_process};
use sigpost_tests::process::Process;
use sigpost_tests::workspace;

fn fuzz(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_differential-fuzz"));
    command.args(arguments);
    command
}

/// With another `node` first in PATH: this Node, run on a changed oracle.
fn with_oracle(folder: &Path, from: &str, to: &str, arguments: &[&str]) -> Output {
    let oracle = std::fs::read_to_string(workspace::root().join("tests/src/fuzz/oracle.mjs")).unwrap();
    assert!(oracle.contains(from), "{from}");
    std::fs::write(folder.join("oracle.mjs"), oracle.replace(from, to)).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let node =
        std::env::split_paths(&path).map(|folder| folder.join("node")).find(|node| node.is_file()).unwrap();
    let script = format!("#!/bin/sh\nexec '{}' '{}'\n", node.display(), folder.join("oracle.mjs").display());
    std::fs::write(folder.join("node"), script).unwrap();
    Command::new("chmod").arg("+x").arg(folder.join("node")).status().unwrap();
    let path =
        std::env::join_paths([folder.to_owned()].into_iter().chain(std::env::split_paths(&path))).unwrap();
    fuzz(arguments).env("PATH", path).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn documents_that_both_agree_on_end_in_a_line_of_figures() {
    let output = fuzz(&["--documents", "1500", "--seed", "3"]).output().unwrap();
    let line = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(line.starts_with("1500 documents: ") && line.trim_end().ends_with(", seed 3"), "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
}

#[test]
fn a_mismatch_is_exit_code_1_with_the_document_both_answers_and_its_seed() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--documents", "1500", "--seed", "3"];
    let output =
        with_oracle(folder.path(), "JSON.stringify(value)", "JSON.stringify(value, null, 1)", &arguments);
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{report}{}", text(&output.stderr));
    let field = |name: &str| {
        let line = report.lines().find_map(|line| line.trim_start().strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name}: {report}")).trim().to_owned()
    };
    let smallest = STANDARD.decode(field("smallest ")).unwrap();
    assert!(smallest.len() <= 20, "{report}");
    let document = STANDARD.decode(field("document ")).unwrap();
    assert!(document.len() >= smallest.len() && field("here ") != field("Node "), "{report}");
    let again = field("again ");
    let seed =
        again.strip_prefix("cargo xtask fuzz --seed ").and_then(|rest| rest.strip_suffix(" --documents 1"));
    seed.unwrap_or_else(|| panic!("{again}")).parse::<u64>().unwrap();
}

#[test]
fn a_node_that_misreads_json_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--documents", "10", "--seed", "3"];
    let output = with_oracle(folder.path(), "process.versions.node", "'24.9.0'", &arguments);
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(error.contains("Node 24.9.0 is no oracle") && error.contains("install Node 20 or 22"), "{error}");
}

#[test]
fn ctrl_c_ends_it_with_the_figures_so_far() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("stderr");
    let mut process = Process::spawn(fuzz(&["--seconds", "600", "--seed", "3"]), &log).unwrap();
    let started = sigpost_tests::time::Deadline::after(Duration::from_secs(20));
    started.poll(|| process.stderr().contains("Ctrl-C").then_some(())).expect("it starts");
    let id = i32::try_from(process.id()).ok().and_then(Pid::from_raw).unwrap();
    kill_process(id, Signal::INT).unwrap();
    let line = process.next_line(Duration::from_secs(60)).unwrap();
    assert!(line.contains(" documents: ") && line.ends_with(", seed 3"), "{line}");
    assert!(process.wait(Duration::from_secs(20)).unwrap().success());
}
