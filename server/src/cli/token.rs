//! `sigpost token`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use zeroize::Zeroizing;

use super::{Failure, print};
use crate::domain::TokenHash;
use crate::rng::{Rng, SystemRng};

/// Make a new random token for the configuration
///
/// Prints the token, which is shown only here, and the line that declares it.
#[derive(Args)]
#[command(after_help = "Examples:\n  sigpost token")]
pub(super) struct Token {}

impl Token {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self {} = self;
        let token = generate(&SystemRng);
        let hash = hex::encode(TokenHash::of(&token).as_bytes());
        print(format!("{}\ntoken_sha256 = \"{hash}\"\n", &*token).as_bytes())
    }
}

/// 256 bits of randomness as text.
pub(super) fn generate(rng: &dyn Rng) -> Zeroizing<String> {
    let mut random = Zeroizing::new([0; 32]);
    rng.fill(random.as_mut());
    Zeroizing::new(URL_SAFE_NO_PAD.encode(random.as_ref()))
}
