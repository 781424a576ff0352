//! Writes the core's catalogues of event types as TypeScript, so that the package's names are the core's.

use std::io::{self, Write};

use sigpost_core::notification::{generic, immuta, immuta_request, qlik};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "// Written by wasm/examples/events.rs from the core's catalogues.")?;
    // What subscribes to every type is the type of no event.
    let immuta = immuta::NOTIFICATION_TYPES.iter().map(|known| known.about.name);
    let immuta = immuta.filter(|name| *name != immuta::ALL_NOTIFICATIONS);
    let request = immuta_request::EVENT_TYPES.iter().map(|known| known.name);
    let generic = generic::EVENT_TYPES.iter().map(|known| known.name);
    let qlik = qlik::EVENT_TYPES.iter().map(|known| known.about.name);
    types(&mut out, "ImmutaEventType", "of Immuta's notifications", immuta)?;
    types(&mut out, "ImmutaRequestEventType", "of Immuta's Request app", request)?;
    types(&mut out, "GenericEventType", "of the generic webhooks API", generic)?;
    types(&mut out, "QlikEventType", "that Qlik Cloud's webhooks receive", qlik)?;
    qlik_data(&mut out)
}

fn types(
    out: &mut impl Write,
    name: &str,
    whose: &str,
    types: impl Iterator<Item = &'static str>,
) -> io::Result<()> {
    write!(out, "\n/** The known event types {whose}. */\nexport type {name} =")?;
    for known in types {
        // What Rust's `{:?}` writes for printable ASCII, TypeScript reads alike.
        write!(out, "\n  | {known:?}")?;
    }
    writeln!(out, ";")
}

/// What a webhook's filter may ask of an event's data, its data has: text.
fn qlik_data(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "\n/** What is known of the data of Qlik's events, by type. */\nexport interface QlikData {{"
    )?;
    for known in qlik::EVENT_TYPES.iter().filter(|known| !known.filterable.is_empty()) {
        writeln!(out, "  readonly {:?}: {{", known.about.name)?;
        for path in known.filterable {
            match path.strip_prefix("data.") {
                Some(member) if !member.contains('.') => writeln!(out, "    readonly {member:?}: string;")?,
                _ => unreachable!("{path} is no member of data: give it a type"),
            }
        }
        writeln!(out, "  }};")?;
    }
    writeln!(out, "}}")
}
