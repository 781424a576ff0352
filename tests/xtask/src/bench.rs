//! `cargo xtask bench [NAME]`: one benchmark of `tests/benches`, optimised as what is shipped.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use xshell::cmd;

use crate::output::Output;
use crate::project::Project;
use crate::steps::{Steps, say};
use crate::{npm, setup};

const PACKAGE: &str = "sigpost-tests";
/// The benchmark that is no program of cargo's: Node runs it.
const NPM: &str = "npm";
/// The benchmark of the server as it is shipped.
const ENGINE: &str = "engine";

/// Runs the benchmark, or lists those there are. The benchmark writes its table and its JSON itself.
pub(crate) fn bench(
    project: &Project,
    steps: &mut Steps,
    output: &Output,
    name: Option<&str>,
    arguments: &[OsString],
) -> Result<()> {
    let names = names(project);
    let Some(name) = name else {
        return names.iter().try_for_each(|name| output.line(name));
    };
    if !names.iter().any(|known| known == name) {
        bail!("there is no benchmark `{name}`; there are: {}", names.join(", "));
    }
    let takes_arguments = [NPM, ENGINE].contains(&name);
    ensure!(takes_arguments || arguments.is_empty(), "the benchmark `{name}` takes no arguments");
    project.shell.create_dir(project.target.join("bench"))?;
    let json = project.target.join("bench").join(format!("{name}.json"));
    let table = if name == NPM {
        in_node(project, steps, arguments, &json)?
    } else if name == ENGINE {
        of_engine(project, steps, arguments, &json)?
    } else {
        setup::for_serve(project, steps)?;
        steps.run(&format!("benchmark {name}"), || {
            let sh = &project.shell;
            Ok(cmd!(sh, "cargo bench -p {PACKAGE} --bench {name} -- --out {json}").read()?)
        })?
    };
    output.line(&table)?;
    if is_help(arguments) {
        return Ok(());
    }
    let written =
        std::fs::metadata(&json).with_context(|| format!("the benchmark wrote no {}", json.display()))?;
    say(&format!("{} ({} bytes)", json.display(), written.len()));
    Ok(())
}

/// The npm package, as built now, beside the packages of others, which only this benchmark needs.
fn in_node(project: &Project, steps: &mut Steps, arguments: &[OsString], json: &Path) -> Result<String> {
    let sh = &project.shell;
    let script = project.root.join(setup::BENCHES).join("npm/npm.mjs");
    if is_help(arguments) {
        return Ok(cmd!(sh, "node {script} --help").read()?);
    }
    setup::for_npm(project, steps)?;
    steps.run("packages of others", || setup::npm_packages_of_benches(project))?;
    let package = steps.run("npm package", || npm::npm(sh, &project.root))?;
    steps.run("benchmark npm", || {
        let run = cmd!(sh, "node {script} --out {json} {arguments...}");
        Ok(run.env("SIGPOST_NPM", package).read()?)
    })
}

/// The server, optimised as it is shipped, and beside it one that writes nothing down.
fn of_engine(project: &Project, steps: &mut Steps, arguments: &[OsString], json: &Path) -> Result<String> {
    let sh = &project.shell;
    let bench = cmd!(sh, "cargo bench -p {PACKAGE} --bench {ENGINE} -- --out {json} {arguments...}");
    if is_help(arguments) {
        return Ok(bench.read()?);
    }
    setup::for_serve(project, steps)?;
    let (server, other) = (&project.target, project.target.join("bench/without-storage"));
    steps.run("server", || {
        Ok(cmd!(sh, "cargo build --release -p sigpost-server --bin sigpost --target-dir {server}").run()?)
    })?;
    steps.run("server without storage", || {
        let build = cmd!(sh, "cargo build --release -p sigpost-server --bin sigpost --target-dir {other}");
        Ok(build.args(["--features", "bench-without-storage"]).run()?)
    })?;
    steps.run("benchmark engine", || {
        let bench = bench.env("SIGPOST_BIN", server.join("release/sigpost"));
        Ok(bench.env("SIGPOST_BIN_WITHOUT_STORAGE", other.join("release/sigpost")).read()?)
    })
}

fn is_help(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| argument == "--help")
}

/// The names of the benchmarks, those that cargo knows first.
fn names(project: &Project) -> Vec<String> {
    let package = project.metadata.packages.iter().find(|package| package.name == PACKAGE);
    let targets = package.map(|package| package.targets.as_slice()).unwrap_or_default();
    let of_cargo = targets.iter().filter(|target| target.is_bench()).map(|target| target.name.clone());
    of_cargo.chain([NPM.to_owned()]).collect()
}
