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
    types(&mut out, "ImmutaEventType", "of Immuta's notifications", IMMUTA, immuta)?;
    types(&mut out, "ImmutaRequestEventType", "of Immuta's Request app", REQUEST, request)?;
    types(&mut out, "GenericEventType", "of the generic webhooks API", GENERIC, generic)?;
    types(&mut out, "QlikEventType", "that Qlik Cloud's webhooks receive", QLIK, qlik)?;
    qlik_data(&mut out)
}

const IMMUTA: &str = "
import type { ImmutaEventType } from 'sigpost';

const REQUESTS: readonly ImmutaEventType[] = ['modelAccessRequested', 'modelAccessUpdated'];

export const isRequest = (type: ImmutaEventType): boolean => REQUESTS.includes(type);
";

const REQUEST: &str = "
import type { ImmutaRequestEventType } from 'sigpost';

type Prefix = 'marketplace.data_product.access_requests';

export type AccessRequestType = Extract<ImmutaRequestEventType, `${Prefix}.${string}`>;
export const first: AccessRequestType = 'marketplace.data_product.access_requests.created';
";

const GENERIC: &str = "
import type { GenericEventType } from 'sigpost';

// No longer compiles when the list gets another type of users.
export const teams: Record<Extract<GenericEventType, `user.${string}`>, string> = {
  'user.created': 'sales',
  'user.updated': 'support',
  'user.deleted': 'billing',
};
";

const QLIK: &str = "
import type { QlikEvent, QlikEventType } from 'sigpost';

const WANTED = new Set<string>(['com.qlik.v1.app.created', 'com.qlik.v1.app.deleted'] satisfies QlikEventType[]);

export const isWanted = ({ type }: QlikEvent): boolean => WANTED.has(type);
";

/// Writes a union of types. Its example, which the package's tests compile, shows what the names are for.
fn types(
    out: &mut impl Write,
    name: &str,
    whose: &str,
    example: &str,
    types: impl Iterator<Item = &'static str>,
) -> io::Result<()> {
    writeln!(out, "\n/**\n * The known event types {whose}.\n *\n * @example\n * ```ts")?;
    for line in example.trim().lines() {
        writeln!(out, "{}", format!(" * {line}").trim_end())?;
    }
    write!(out, " * ```\n */\nexport type {name} =")?;
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
