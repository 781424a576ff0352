//! Writes the presets of the core as TypeScript, so that the package's list is the core's.

use std::io::{self, Write};

use sigpost_core::signature::{Algorithm, Encoding, Grammar, KeyForm, Part, Replay, Scheme, SignedBody};

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
    let algorithm = match scheme.algorithm() {
        Algorithm::HmacSha1 => "hmac-sha1",
        Algorithm::HmacSha256 => "hmac-sha256",
        other => unreachable!("{other:?} has no name here: give it one"),
    };
    field(out, "algorithm", algorithm)?;
    let encoding = match scheme.encoding() {
        Encoding::Hex => "hex",
        Encoding::Base64 => "base64",
        other => unreachable!("{other:?} has no name here: give it one"),
    };
    field(out, "encoding", encoding)?;
    match scheme.grammar() {
        Grammar::Bare => {}
        Grammar::Prefixed(prefix) => field(out, "prefix", prefix)?,
        Grammar::Versions(version) => field(out, "version", version)?,
        other => unreachable!("{other:?} has no name here: give it one"),
    }
    let parts: Vec<String> = scheme.parts().iter().map(part).collect();
    writeln!(out, "    signed: [{}],", parts.join(", "))?;
    for (name, header) in [
        ("idHeader", scheme.id_header()),
        ("timestampHeader", scheme.timestamp_header()),
        ("weakerHeader", scheme.weaker_header()),
    ] {
        header.map_or(Ok(()), |header| field(out, name, header))?;
    }
    scheme.tolerance().map_or(Ok(()), |seconds| writeln!(out, "    tolerance: {seconds},"))?;
    let body = match scheme.body() {
        SignedBody::Raw => "raw",
        SignedBody::Canonical => "canonical",
    };
    field(out, "body", body)?;
    let key = match scheme.key() {
        KeyForm::Whole => "whole",
        KeyForm::StandardWebhooks => "standard-webhooks",
    };
    field(out, "key", key)?;
    let replay = match scheme.replay() {
        Replay::Nothing => "nothing",
        Replay::Time => "time",
        Replay::Id => "id",
        Replay::IdAndTime => "id-and-time",
    };
    field(out, "replay", replay)?;
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
