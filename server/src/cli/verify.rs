//! `sigpost verify`.

use clap::Args;
use http::HeaderMap;
use sigpost_core::signature::{Scheme, Secret, Verifier};

use super::input::{Signing, header, stdin};
use super::{Failure, print, say};
use crate::clock::{Clock as _, SystemClock};

/// Verify a body from stdin: exit 0 if it is genuine, 1 if not
///
/// Give the request's headers with -H, as curl does. Several secrets may be given, newest first.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  sigpost verify --scheme qlik --secret-file s -H 'qlik-signature: …' < body.json"
)]
pub(super) struct Verify {
    #[command(flatten)]
    signing: Signing,
    /// A header of the request, like 'x-immuta-webhook-signature-sha256: …'
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// The time to judge ages by, in seconds since 1970 [default: now]
    #[arg(long)]
    now: Option<i64>,
}

impl Verify {
    pub(super) fn run(self) -> Result<(), Failure> {
        let verifier = verifier(self.signing.scheme()?, &self.signing.secrets()?)?;
        let body = stdin()?;
        let now = self.now.unwrap_or_else(|| SystemClock::new().now().as_second());
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        match verifier.verify(headers, &body, now) {
            Ok(_) => print(b"genuine\n"),
            Err(error) => {
                say(&format!("not genuine: {error} ({})", error.code()));
                Err(Failure::No)
            }
        }
    }
}

/// A verifier, if the secrets are keys of the scheme.
pub(super) fn verifier(scheme: &Scheme, secrets: &[Secret]) -> Result<Verifier, Failure> {
    Verifier::new(scheme, secrets).map_err(|error| Failure::Usage(error.to_string()))
}

/// A request's headers as the core takes them.
pub(super) fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
}
