//! `sigpost sign`.

use clap::Args;
use sigpost_core::signature::{SignInput, Signer};

use super::input::{Signing, stdin};
use super::{Failure, print};
use crate::clock::{Clock as _, SystemClock};

/// Sign a body from stdin: print the headers to send with it
///
/// The body is signed as it is, byte for byte; send exactly those bytes.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  sigpost sign --scheme immuta --secret-file s < body.json\n  sigpost sign --scheme standard-webhooks --secret-file s --id msg_1 < body.json"
)]
pub(super) struct Sign {
    #[command(flatten)]
    signing: Signing,
    /// The message id, for schemes that sign one
    #[arg(long)]
    id: Option<String>,
    /// The time in seconds since 1970, for schemes that sign one [default: now]
    #[arg(long)]
    timestamp: Option<i64>,
}

impl Sign {
    pub(super) fn run(self) -> Result<(), Failure> {
        let scheme = self.signing.scheme()?;
        let secrets = self.signing.secrets()?;
        let [secret] = secrets.as_slice() else {
            return Err(Failure::Usage("give one secret: a body is signed with one".into()));
        };
        let body = stdin()?;
        let timestamp = self.timestamp.unwrap_or_else(|| SystemClock::new().now().as_second());
        let input = SignInput { body: &body, id: self.id.as_deref(), timestamp: Some(timestamp) };
        let signer = Signer::new(scheme, secret).map_err(|error| Failure::Usage(error.to_string()))?;
        let headers = signer.sign(input).map_err(|error| Failure::Usage(error.to_string()))?;
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        print(lines.as_bytes())
    }
}
