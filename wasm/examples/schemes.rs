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
    field(out, "name", scheme.name())?;
    field(out, "header", scheme.signature_header())?;
    field(out, "algorithm", scheme.algorithm().name())?;
    field(out, "encoding", scheme.encoding().name())?;
    if !scheme.grammar().prefix().is_empty() {
        field(out, "prefix", scheme.grammar().prefix())?;
    }
    if let Some(separator) = scheme.grammar().separator() {
        field(out, "separator", separator.character().encode_utf8(&mut [0; 4]))?;
    }
    let parts: Vec<String> = scheme.parts().iter().map(part).collect();
    writeln!(out, "    signed: [{}],", parts.join(", "))?;
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
    scheme.tolerance().map_or(Ok(()), |seconds| writeln!(out, "    tolerance: {seconds},"))?;
    field(out, "body", scheme.body().name())?;
    field(out, "key", scheme.key().name())?;
    field(out, "replay", scheme.replay().name())?;
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
