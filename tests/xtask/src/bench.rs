//! `cargo xtask bench [NAME]`: one benchmark of `tests/benches`, optimised as what is shipped.

use anyhow::{Context as _, Result, bail};
use xshell::cmd;

use crate::output::Output;
use crate::project::Project;
use crate::setup;
use crate::steps::{Steps, say};

const PACKAGE: &str = "sigpost-tests";

/// Runs the benchmark, or lists those there are. The benchmark writes its table and its JSON itself.
pub(crate) fn bench(project: &Project, steps: &mut Steps, output: &Output, name: Option<&str>) -> Result<()> {
    let names = names(project);
    let Some(name) = name else {
        return names.iter().try_for_each(|name| output.line(name));
    };
    if !names.iter().any(|known| known == name) {
        bail!("there is no benchmark `{name}`; there are: {}", names.join(", "));
    }
    setup::for_serve(project, steps)?;
    let sh = &project.shell;
    let json = project.target.join("bench").join(format!("{name}.json"));
    let table = steps.run(&format!("benchmark {name}"), || {
        sh.create_dir(project.target.join("bench"))?;
        Ok(cmd!(sh, "cargo bench -p {PACKAGE} --bench {name} -- --out {json}").read()?)
    })?;
    output.line(&table)?;
    let written =
        std::fs::metadata(&json).with_context(|| format!("the benchmark wrote no {}", json.display()))?;
    say(&format!("{} ({} bytes)", json.display(), written.len()));
    Ok(())
}

/// The names of the benchmarks, as cargo knows them.
fn names(project: &Project) -> Vec<String> {
    let package = project.metadata.packages.iter().find(|package| package.name == PACKAGE);
    let targets = package.map(|package| package.targets.as_slice()).unwrap_or_default();
    targets.iter().filter(|target| target.is_bench()).map(|target| target.name.clone()).collect()
}
