//! Writes the presets of the core as TypeScript, so that the package's list is the core's.

use std::io::{self, Write};

use sigpost_core::signature::{Part, Scheme, Time};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "// Written by wasm/examples/schemes.rs from the core's presets.\nexport const schemes = {{"
    )?;
    for scheme in Scheme::presets() {
        preset(&mut out, scheme)?;
    }
    writeln!(out, "}} as const;")
}

fn preset(out: &mut impl Write, scheme: &Scheme) -> io::Result<()> {
    writeln!(out, "  {:?}: {{", scheme.name())?;
    // What is as it is unless a scheme says otherwise is not said: every byte of this is in the package.
    let unless = |usual: &str, name: &str| Some(name.to_owned()).filter(|name| name != usual);
    field(out, "header", scheme.signature_header())?;
    for (name, value) in [
        ("algorithm", unless("hmac-sha256", scheme.algorithm().name())),
        ("encoding", unless("hex", scheme.encoding().name())),
        ("body", unless("raw", scheme.body().name())),
        ("key", unless("whole", scheme.key().name())),
    ] {
        value.map_or(Ok(()), |value| field(out, name, &value))?;
    }
    if !scheme.grammar().prefix().is_empty() {
        field(out, "prefix", scheme.grammar().prefix())?;
    }
    if let Some(separator) = scheme.grammar().separator() {
        field(out, "separator", separator.character().encode_utf8(&mut [0; 4]))?;
    }
    let parts: Vec<String> = scheme.parts().iter().map(part).collect();
    if parts != ["'body'"] {
        writeln!(out, "    signed: [{}],", parts.join(", "))?;
    }
    let (timestamp_header, timestamp_prefix) = match scheme.time() {
        Some(Time::Header(name)) => (Some(&**name), None),
        Some(Time::Entry(prefix)) => (None, Some(&**prefix)),
        None => (None, None),
        Some(other) => unreachable!("{other:?} has no name here: give it one"),
    };
    for (name, value) in [
        ("idHeader", scheme.id_header()),
        ("timestampHeader", timestamp_header),
        ("timestampPrefix", timestamp_prefix),
        ("weakerHeader", scheme.weaker_header()),
    ] {
        value.map_or(Ok(()), |value| field(out, name, value))?;
    }
    if let Some(seconds) = scheme.tolerance().filter(|seconds| *seconds != 300) {
        writeln!(out, "    tolerance: {seconds},")?;
    }
    writeln!(out, "  }},")
}

fn part(part: &Part) -> String {
    match part {
        Part::Body => "'body'".to_owned(),
        Part::Id => "'id'".to_owned(),
        Part::Timestamp => "'timestamp'".to_owned(),
        Part::Literal(text) => format!("{{ text: {text:?} }}"),
        other => unreachable!("{other:?} has no name here: give it one"),
    }
}

/// What Rust's `{:?}` writes for printable ASCII, JavaScript reads alike.
fn field(out: &mut impl Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "    {name}: {value:?},")
}
