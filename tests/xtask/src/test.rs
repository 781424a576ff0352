//! `cargo xtask test`: every check and every test there is. `.ci/run` calls exactly this.
//!
//! Whatever builds for this machine asks for the whole workspace, so that cargo settles on one set of features and
//! compiles each dependency once; only the small core is built again, alone, to prove that it needs nobody else.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use xshell::cmd;

use crate::project::Project;
use crate::steps::Steps;
use crate::{lint, npm, pages, setup};

/// Runs everything; stops at the first step that fails.
pub(crate) fn test(project: &Project, steps: &mut Steps) -> Result<()> {
    let setup::TestTools { chromium, schemathesis } = setup::for_test(project, steps)?;
    project.shell.set_var("SIGPOST_CHROMIUM", chromium);
    project.shell.set_var("SIGPOST_SCHEMATHESIS", schemathesis);
    fuzz_lock(project, steps)?;
    // Before the rest, since the server embeds them: built later, they would have it compiled twice.
    let package = steps.run("npm package", || npm::npm(&project.shell, &project.root))?;
    pages::pages(project, steps)?;
    lint::code(project, steps)?;
    rust(project, steps, &package)?;
    lint::docs(project, steps)?;
    core_alone(project, steps)?;
    scripts(project, steps, "package tests", "wasm/js", &package, 1)?;
    scripts(project, steps, "tests of the pages' parts", "www", &package, 1)?;
    scripts(project, steps, "packaging tests", "tests/packaging", &package, 1)?;
    scripts(project, steps, "adapter tests", "tests/adapters", &package, 1)?;
    scripts(project, steps, "client tests", "tests/clients", &package, 1)?;
    scripts(project, steps, "end-to-end tests", "tests/e2e", &package, 1)?;
    // Each of these waits for a browser more than it works.
    scripts(project, steps, "tests of the pages", "tests/pages", &package, 2)?;
    steps.summary();
    Ok(())
}

/// The Rust tests, over a binary and a package that are built by now.
fn rust(project: &Project, steps: &mut Steps, package: &Path) -> Result<()> {
    let sh = &project.shell;
    steps.run("build", || Ok(cmd!(sh, "cargo build --workspace --bins --tests").run()?))?;
    let binary = project.program("debug", "sigpost");
    ensure!(binary.is_file(), "cargo built no {}", binary.display());
    steps.run("tests", || {
        let run = cmd!(sh, "cargo nextest run --workspace --no-tests fail");
        Ok(run.env("SIGPOST_BIN", &binary).env("SIGPOST_NPM", package).run()?)
    })?;
    steps.run("examples in documentation", || Ok(cmd!(sh, "cargo test --quiet --workspace --doc").run()?))
}

/// The core where there is no std, and with each set of features it offers.
fn core_alone(project: &Project, steps: &mut Steps) -> Result<()> {
    let sh = &project.shell;
    steps.run("core without std", || {
        Ok(cmd!(sh, "cargo build -p sigpost-core --target thumbv7em-none-eabi --no-default-features")
            .run()?)
    })?;
    let core = project.metadata.packages.iter().find(|package| package.name == "sigpost-core");
    if core.is_some_and(|core| !core.features.is_empty()) {
        for features in ["--no-default-features", "--all-features"] {
            let name = format!("core {features}");
            steps.run(&name, || Ok(cmd!(sh, "cargo nextest run -p sigpost-core {features}").run()?))?;
        }
    }
    Ok(())
}

/// The lock of the targets for libFuzzer, a workspace that nothing else here builds, is of the core as it is.
fn fuzz_lock(project: &Project, steps: &mut Steps) -> Result<()> {
    let sh = &project.shell;
    steps.run("lock of the fuzz targets", || {
        Ok(cmd!(sh, "cargo fetch --locked --manifest-path tests/fuzz/Cargo.toml").run()?)
    })
}

/// The tests below a folder that Node runs, so many files at once: those named `*.test.mjs`, or with another ending of a
/// script.
fn scripts(
    project: &Project,
    steps: &mut Steps,
    name: &str,
    folder: &str,
    package: &Path,
    at_once: u8,
) -> Result<()> {
    let sh = &project.shell;
    let at_once = at_once.to_string();
    let files: Vec<PathBuf> = project.files(folder, is_test)?;
    steps.run(name, || {
        ensure!(!files.is_empty(), "no file below {folder} is named like a test (*.test.mjs)");
        let binary = project.program("debug", "sigpost");
        let run = cmd!(sh, "node --test --test-concurrency {at_once} {files...}");
        Ok(run.env("SIGPOST_BIN", binary).env("SIGPOST_NPM", package).run()?)
    })
}

fn is_test(name: &str) -> bool {
    [".test.mjs", ".test.cjs", ".test.js"].iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scripts_named_like_tests_are_tests() {
        assert!(is_test("receiver.test.mjs") && is_test("a.test.cjs"));
        assert!(!is_test("receiver.mjs") && !is_test("test.mjs.map"));
    }
}
