//! What a command needs before it starts: installed where cargo, rustup, npm and, as root, apt-get can do it, asked for
//! where only the user can. Nothing that is missing is passed over in silence.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use xshell::cmd;

use crate::project::Project;
use crate::steps::{Steps, say};

/// The oldest Node that builds everything here: what builds the pages needs it. The package itself runs on any Node 20.
const NODE: (u32, u32) = (20, 19);
/// Where the benchmarks are, and what only they are held against.
pub(crate) const BENCHES: &str = "tests/benches";
const TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "thumbv7em-none-eabi"];
const LOCK: &str = "package-lock.json";
/// What Chromium is called on one system or another.
const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// What building the npm package needs.
pub(crate) fn for_npm(project: &Project, steps: &mut Steps) -> Result<()> {
    steps.run("set-up", || {
        rust_targets(project)?;
        node(project)?;
        npm_packages(project)
    })
}

/// What asking Node needs. Which versions of it are any good for that, the fuzz itself says.
pub(crate) fn for_fuzz(project: &Project, steps: &mut Steps) -> Result<()> {
    steps.run("set-up", || node(project))
}

/// What building and running the server, package included, needs.
pub(crate) fn for_serve(project: &Project, steps: &mut Steps) -> Result<()> {
    for_npm(project, steps)?;
    steps.run("C compiler", || c_compiler(project))
}

/// The programs that tests run.
pub(crate) struct TestTools {
    /// A browser.
    pub(crate) chromium: PathBuf,
    /// What makes requests from the documents.
    pub(crate) schemathesis: PathBuf,
}

/// What the tests need: all of the above, and what only they use.
pub(crate) fn for_test(project: &Project, steps: &mut Steps) -> Result<TestTools> {
    for_serve(project, steps)?;
    steps.run("test tools", || {
        python(project)?;
        let tools = TestTools { chromium: chromium(project)?, schemathesis: schemathesis(project)? };
        redis(project)?;
        curl(project)?;
        cargo_tool(project, "nextest", "cargo-nextest")?;
        Ok(tools)
    })
}

/// A subcommand of cargo, installed from its sources if it is missing. That takes minutes, once.
pub(crate) fn cargo_tool(project: &Project, command: &str, package: &str) -> Result<()> {
    let sh = &project.shell;
    if cmd!(sh, "cargo {command} --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
        say(&format!("{package} is missing: installing it, once, which takes some minutes"));
        cmd!(sh, "cargo install --locked {package}").run().with_context(|| {
            format!(
                "installing {package} failed: install it by hand and make sure cargo's bin folder is in PATH"
            )
        })?;
    }
    Ok(())
}

fn rust_targets(project: &Project) -> Result<()> {
    let sh = &project.shell;
    let listed = cmd!(sh, "rustup target list --installed").quiet().read();
    let listed = listed.context("rustup does not run: install Rust through https://rustup.rs")?;
    for target in TARGETS.iter().filter(|target| !listed.lines().any(|line| line.trim() == **target)) {
        cmd!(sh, "rustup target add {target}").run()?;
    }
    Ok(())
}

/// What compiles SQLite.
pub(crate) fn c_compiler(project: &Project) -> Result<()> {
    let sh = &project.shell;
    let compiler = sh.var("CC").unwrap_or_else(|_| "cc".to_owned());
    let program = compiler.split_whitespace().next().unwrap_or("cc");
    let found = cmd!(sh, "{program} --version").quiet().ignore_stdout().ignore_stderr().run();
    found.with_context(|| {
        format!("no C compiler ({program}), which SQLite needs: `apt install gcc`, `xcode-select --install`, or set CC")
    })
}

fn node(project: &Project) -> Result<()> {
    let sh = &project.shell;
    let version = cmd!(sh, "node --version").quiet().read();
    let (major, minor) = NODE;
    let version = version.with_context(|| {
        format!("no node in PATH: install Node {major}.{minor} or later, https://nodejs.org")
    })?;
    ensure!(
        node_version(&version).is_some_and(|version| version >= NODE),
        "node is {version}, but {major}.{minor} or later is needed: https://nodejs.org"
    );
    cmd!(sh, "npm --version").quiet().ignore_stdout().run().context("no npm in PATH: it comes with Node")
}

fn node_version(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim().strip_prefix('v')?.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

fn python(project: &Project) -> Result<()> {
    let sh = &project.shell;
    let found = cmd!(sh, "python3 --version").quiet().ignore_stdout().run();
    found.context(
        "no python3 in PATH, which the tests need: `apt install python3 python3-venv`, or https://python.org",
    )
}

/// schemathesis in the versions that are pinned, in a virtual environment among the builds. A change of the pins makes a
/// new one.
fn schemathesis(project: &Project) -> Result<PathBuf> {
    let sh = &project.shell;
    let requirements = project.root.join("tests/conformance/requirements.txt");
    let environment = project.target.join("python");
    let (program, record) = (environment.join("bin/schemathesis"), environment.join("installed.txt"));
    let wanted = sh.read_file(&requirements)?;
    if program.is_file() && std::fs::read_to_string(&record).is_ok_and(|installed| installed == wanted) {
        return Ok(program);
    }
    say("schemathesis is missing or of other versions: installing it, once");
    // What an earlier try left is of no use.
    sh.remove_path(&environment)?;
    let complete =
        || cmd!(sh, "python3 -c").arg("import ensurepip, venv").quiet().ignore_stderr().run().is_ok();
    if !complete() {
        let by_hand = "install it (`apt install python3-venv`)";
        install_on_debian(project, "python3 with venv", "python3-venv", by_hand)?;
        ensure!(complete(), "python3-venv is installed, but python3 makes no virtual environment: {by_hand}");
    }
    cmd!(sh, "python3 -m venv {environment}").run()?;
    let python = environment.join("bin/python");
    let quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--only-binary", ":all:"];
    let installed = cmd!(sh, "{python} -m pip install {quiet...} --requirement {requirements}").run();
    installed.context("installing schemathesis failed: is the network there?")?;
    ensure!(program.is_file(), "pip installed no {}", program.display());
    sh.write_file(&record, &wanted)?;
    Ok(program)
}

/// The Chromium that `SIGPOST_CHROMIUM` names, else one in PATH, else, as root on Debian, one installed now.
fn chromium(project: &Project) -> Result<PathBuf> {
    let sh = &project.shell;
    // Some that are there only say how to install them: what counts is that it runs.
    let runs = |program: &PathBuf| {
        let version = cmd!(sh, "{program} --version").quiet().ignore_stderr().read();
        version.is_ok_and(|version| version.contains("Chrom"))
    };
    if let Some(named) = sh.var_os("SIGPOST_CHROMIUM").map(PathBuf::from) {
        let good = named.is_file() && runs(&named);
        ensure!(good, "SIGPOST_CHROMIUM names {}, which is not the path of a Chromium", named.display());
        return Ok(named);
    }
    let path = sh.var_os("PATH").unwrap_or_default();
    let find = || in_path(&path, &CHROMIUM).into_iter().find(runs);
    if let Some(found) = find() {
        return Ok(found);
    }
    let by_hand = "install Chromium or Chrome (`apt install chromium`), or name one in SIGPOST_CHROMIUM";
    install_on_debian(project, "Chromium", "chromium", by_hand)?;
    find().with_context(|| format!("chromium is installed, but does not run: {by_hand}"))
}

/// The Redis that the tests start, each on a port of its own.
fn redis(project: &Project) -> Result<()> {
    program(project, "redis-server", "install it (`apt install redis-server`, `brew install redis`)")
}

/// What the lines of other people's documents are run with.
fn curl(project: &Project) -> Result<()> {
    program(project, "curl", "install it (`apt install curl`)")
}

/// A program in PATH that runs, whose package on Debian has its name.
fn program(project: &Project, name: &str, by_hand: &str) -> Result<()> {
    let sh = &project.shell;
    let runs = || cmd!(sh, "{name} --version").quiet().ignore_stdout().ignore_stderr().run().is_ok();
    if runs() {
        return Ok(());
    }
    install_on_debian(project, name, name, by_hand)?;
    ensure!(runs(), "{name} is installed, but does not run: {by_hand}");
    Ok(())
}

/// Installs a program that is missing, as root on Debian; elsewhere an error says how the user can.
fn install_on_debian(project: &Project, program: &str, package: &str, by_hand: &str) -> Result<()> {
    let sh = &project.shell;
    let path = sh.var_os("PATH").unwrap_or_default();
    ensure!(
        rustix::process::geteuid().is_root() && !in_path(&path, &["apt-get"]).is_empty(),
        "no {program} in PATH that runs, and not root on Debian, where it would be installed now: {by_hand}"
    );
    say(&format!("{program} is missing: installing it, once"));
    let install = |arguments: &[&str]| {
        let run = cmd!(sh, "apt-get {arguments...}").env("DEBIAN_FRONTEND", "noninteractive").run();
        run.with_context(|| format!("installing {program} failed: is the network there? If it is, {by_hand}"))
    };
    // A fresh machine knows no packages yet.
    install(&["update"])?;
    install(&["install", "-y", "--no-install-recommends", package])
}

/// Every file in the folders of `path` that has one of the names; the first name comes first.
fn in_path(path: &OsStr, names: &[&str]) -> Vec<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(path).collect();
    let candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.filter(|candidate| candidate.is_file()).collect()
}

/// Installs what the locks name of all that is built and tested.
fn npm_packages(project: &Project) -> Result<()> {
    let benches = project.root.join(BENCHES);
    for part in ["wasm", "www", "tests"] {
        for lock in project.files(part, |name| name == LOCK)? {
            if !lock.starts_with(&benches) {
                npm_ci(project, &lock)?;
            }
        }
    }
    Ok(())
}

/// Installs what only the benchmarks need.
pub(crate) fn npm_packages_of_benches(project: &Project) -> Result<()> {
    project.files(BENCHES, |name| name == LOCK)?.iter().try_for_each(|lock| npm_ci(project, lock))
}

/// Installs what a lock names, unless that is what was installed last.
fn npm_ci(project: &Project, lock: &Path) -> Result<()> {
    let folder = lock.parent().context("a lock file stands in a folder")?;
    if is_newer(lock, &folder.join("node_modules/.package-lock.json"))? {
        let sh = &project.shell;
        let _folder = sh.push_dir(folder);
        let installed = cmd!(sh, "npm ci").run();
        installed
            .with_context(|| format!("`npm ci` in {} failed: is the network there?", folder.display()))?;
    }
    Ok(())
}

/// Whether `lock` is newer than the record npm writes last; a record that is missing is older than everything.
fn is_newer(lock: &Path, record: &Path) -> Result<bool> {
    let changed = |path: &Path| path.metadata().and_then(|metadata| metadata.modified());
    match changed(record) {
        Ok(installed) => Ok(changed(lock)? > installed),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => bail!("reading {}: {error}", record.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_node_is_read() {
        assert_eq!(node_version("v20.20.2\n"), Some((20, 20)));
        assert!(node_version("v20.9.0") < Some(NODE) && node_version("v22.1.0") > Some(NODE));
        assert_eq!(node_version("20.1"), None);
    }

    #[test]
    fn programs_are_found_in_any_folder_of_path_and_the_first_name_comes_first() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = std::env::join_paths([here.join("missing"), here.join("src"), here.to_owned()]).unwrap();
        let found = in_path(&path, &["Cargo.toml", "chromium", "src", "setup.rs"]);
        assert_eq!(found, [here.join("Cargo.toml"), here.join("src/setup.rs")]);
        assert!(in_path(OsStr::new(""), &["chromium"]).is_empty());
    }

    #[test]
    fn packages_never_installed_are_out_of_date() {
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert!(is_newer(&lock, Path::new("node_modules/.package-lock.json")).unwrap());
        assert!(!is_newer(&lock, &lock).unwrap());
    }
}
