//! The npm package: the WebAssembly modules of one crate, and the TypeScript around them.
//!
//! ```text
//! cargo (profile wasm, one feature) ─▶ wasm-bindgen ─▶ wasm-opt ─▶ src/generated/NAME.wasm ┐
//! cargo (examples) ─▶ src/generated/{schemes,events,mistakes}.ts ──────────────────────────┴─▶ build.mjs ─▶ dist/
//! ```

use std::ffi::OsString;
use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use wasm_bindgen_cli_support::Bindgen;
use xshell::{Shell, cmd};

use crate::panics;

/// The features of the crate, each a module, and how far it is optimised, by the compiler and then by wasm-opt.
/// Verifying spends its time in the hash functions, which the profile optimises for speed whatever is said here;
/// canonicalising spends it in code of our own.
pub(crate) const MODULES: [(&str, &str, &str); 4] =
    [("verify", "z", "-O3"), ("sha512", "z", "-O3"), ("canonical", "s", "-O4"), ("explain", "z", "-Oz")];

/// What the core knows as data and names, each an example of the crate that writes TypeScript.
const LISTS: [&str; 3] = ["schemes", "events", "mistakes"];

const TARGET: &str = "wasm32-unknown-unknown";

/// What the modules may use of WebAssembly: what every supported runtime has. One by one, since `--all-features`
/// makes a module that Node 20 refuses.
const WASM_FEATURES: [&str; 6] = [
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-multivalue",
];

/// What wasm-bindgen adds for values of JavaScript's, of which none crosses. Without these exports wasm-opt drops all
/// that belongs to them, and the modules import nothing but, one of them, the host's text of a number.
const UNUSED: [&str; 4] =
    ["__wbindgen_start", "__wbindgen_externrefs", "__abort_handler", "__instance_terminated"];

/// Builds the npm package and returns the folder that `npm install FOLDER` takes.
pub(crate) fn npm(sh: &Shell, root: &Path) -> Result<PathBuf> {
    let js = root.join("wasm/js");
    ensure!(js.join("node_modules").is_dir(), "run `npm ci` in {}: its tools are missing", js.display());
    let generated = js.join("src/generated");
    sh.remove_path(&generated)?;
    sh.create_dir(&generated)?;
    for (module, level, after) in MODULES {
        build(sh, module, (level, after), &generated)
            .with_context(|| format!("building the module `{module}`"))?;
    }
    for list in LISTS {
        let written = cmd!(sh, "cargo run --quiet -p sigpost-wasm --example {list}").read()?;
        sh.write_file(generated.join(format!("{list}.ts")), written + "\n")?;
    }
    let script = js.join("build.mjs");
    cmd!(sh, "node {script}").run()?;
    Ok(js.join("dist"))
}

/// One module: compiled, its border described, made small.
fn build(sh: &Shell, module: &str, (level, after): (&str, &str), generated: &Path) -> Result<()> {
    let flags = flags(sh)?;
    let compile = cmd!(
        sh,
        "cargo build -p sigpost-wasm --lib --profile wasm --target {TARGET} --no-default-features --features {module}
         --message-format json-render-diagnostics"
    );
    let compile = compile.env("CARGO_ENCODED_RUSTFLAGS", flags);
    let messages = compile.env("CARGO_PROFILE_WASM_OPT_LEVEL", level).read()?;
    let compiled = artifact(&messages).context("cargo named no .wasm file")?;
    let name = format!("{module}_border");
    let mut bindgen = Bindgen::new();
    // Of what this target writes, only the module and the types of its exports are used: everything that crosses is a
    // number, for which no glue is needed.
    bindgen.input_path(&compiled).out_name(&name).bundler(true)?.typescript(true);
    bindgen.remove_name_section(true).remove_producers_section(true);
    let mut output = bindgen.generate_output()?;
    for unused in UNUSED {
        output
            .wasm_mut()
            .exports
            .remove(unused)
            .with_context(|| format!("the module exports no {unused}"))?;
    }
    panics::silence(output.wasm_mut());
    let raw = generated.join(format!("{module}.raw.wasm"));
    sh.write_file(&raw, output.wasm_mut().emit_wasm())?;
    let scratch = generated.join("bindgen");
    output.emit(&scratch)?;
    sh.copy_file(
        scratch.join(format!("{name}_bg.wasm.d.ts")),
        generated.join(format!("{module}_border.d.ts")),
    )?;
    sh.remove_path(&scratch)?;
    let optimizer = generated.join("../../node_modules/binaryen/bin/wasm-opt");
    let small = generated.join(format!("{module}.wasm"));
    cmd!(
        sh,
        "node {optimizer} {raw} -o {small} {after} --strip-debug --strip-producers --strip-target-features"
    )
    .args(WASM_FEATURES)
    .run()?;
    Ok(sh.remove_path(&raw)?)
}

/// How the compiler is called, as cargo wants it when paths may hold spaces. Build scripts are not compiled with these,
/// since a target is named.
fn flags(sh: &Shell) -> Result<OsString> {
    let home = match (sh.var_os("CARGO_HOME").map(PathBuf::from), std::env::home_dir()) {
        (Some(home), _) => home,
        (None, Some(home)) => home.join(".cargo"),
        (None, None) => bail!("neither CARGO_HOME nor a home folder is known"),
    };
    // SHA-256 has an implementation for SIMD, which is chosen when it is compiled.
    let mut flags = OsString::from("-Ctarget-feature=+simd128");
    // A panic names its file; that of a dependency lies on the machine of whoever builds, below the name of a registry.
    // Neither is anybody's business, and the same sources are to make the same module. The last that fits counts.
    let registries = sh.read_dir(home.join("registry/src")).unwrap_or_default();
    for folder in iter::once(home).chain(registries) {
        flags.push("\x1f--remap-path-prefix=");
        flags.push(folder);
        flags.push("=cargo");
    }
    Ok(flags)
}

/// The module that cargo made, by its messages.
fn artifact(messages: &str) -> Option<PathBuf> {
    let parsed = cargo_metadata::Message::parse_stream(messages.as_bytes());
    let artifacts = parsed.filter_map(|message| match message {
        Ok(cargo_metadata::Message::CompilerArtifact(artifact)) => Some(artifact),
        _ => None,
    });
    let files =
        artifacts.filter(|artifact| artifact.target.name == "sigpost_wasm").flat_map(|found| found.filenames);
    files
        .map(cargo_metadata::camino::Utf8PathBuf::into_std_path_buf)
        .find(|file| file.extension().is_some_and(|e| e == "wasm"))
}
