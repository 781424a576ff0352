//! `cargo xtask lint`: everything that is judged without running it.

use anyhow::Result;
use xshell::cmd;

use crate::npm;
use crate::project::Project;
use crate::setup;
use crate::steps::Steps;

/// Format, clippy, rustdoc, and the dependencies' licences, bans and sources.
pub(crate) fn lint(project: &Project, steps: &mut Steps) -> Result<()> {
    setup::for_serve(project, steps)?;
    code(project, steps)?;
    docs(project, steps)?;
    steps.run("cargo-deny", || setup::cargo_tool(project, "deny", "cargo-deny"))?;
    let sh = &project.shell;
    steps.run("dependencies", || {
        Ok(cmd!(sh, "cargo deny --config .deny.toml check bans licenses sources").run()?)
    })?;
    steps.summary();
    Ok(())
}

/// Format and clippy, for this machine and, where the code is for the browser, for wasm.
pub(crate) fn code(project: &Project, steps: &mut Steps) -> Result<()> {
    let sh = &project.shell;
    steps.run("format", || Ok(cmd!(sh, "cargo fmt --all --check").run()?))?;
    steps.run("clippy", || Ok(cmd!(sh, "cargo clippy --workspace --all-targets -- -D warnings").run()?))?;
    steps.run("clippy, wasm", || {
        // Together, and each module alone, as it is built: what one leaves out another may use.
        let alone = npm::MODULES.map(|(module, ..)| ["--no-default-features", "--features", module]);
        for features in [&[][..]].into_iter().chain(alone.iter().map(AsRef::as_ref)) {
            let package = ["-p", "sigpost-wasm", "--target", "wasm32-unknown-unknown"];
            cmd!(sh, "cargo clippy {package...} {features...} -- -D warnings").run()?;
        }
        Ok(())
    })
}

/// The documentation, without a broken link.
pub(crate) fn docs(project: &Project, steps: &mut Steps) -> Result<()> {
    let sh = &project.shell;
    steps.run("documentation", || {
        Ok(cmd!(sh, "cargo doc --workspace --no-deps").env("RUSTDOCFLAGS", "-D warnings").run()?)
    })
}
