//! `sigpost explain`.

use clap::Args;
use sigpost_core::signature::{Effort, Explanation, Question, Verdict, explain};

use super::input::{Signing, header, secrets_in, stdin};
use super::{Failure, print};
use crate::clock::{Clock as _, SystemClock};

/// Say why a signature does not match: exit 0 if it does, 1 if not
///
/// Give the request's headers with -H and its body on stdin, as your program has it. Each mistake that is named is
/// proven: with it undone, the signature is right. Nothing is sent anywhere.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  sigpost explain --scheme qlik --secret-file s -H 'qlik-signature: …' < body.json\n  sigpost explain --scheme github --secret-file s --other-secret-file t -H 'x-hub-signature-256: …' -H 'content-length: 20' < body"
)]
pub(super) struct Explain {
    #[command(flatten)]
    signing: Signing,
    /// A file that holds the secret of another webhook, which may have been confused with this one's
    #[arg(long, value_name = "FILE")]
    other_secret_file: Vec<std::path::PathBuf>,
    /// A header of the request; give all of them, content-length and content-encoding too
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// The time to judge ages by, in seconds since 1970 [default: now]
    #[arg(long)]
    now: Option<i64>,
}

impl Explain {
    pub(super) fn run(self) -> Result<(), Failure> {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let explanation = explain(Question {
            scheme: self.signing.scheme()?,
            secrets: &self.signing.secrets()?,
            other_secrets: &secrets_in(&self.other_secret_file)?,
            headers: &headers,
            body: &stdin()?,
            now: self.now.unwrap_or_else(|| SystemClock::new().now().as_second()),
            effort: Effort::default(),
        });
        print(text(&explanation).as_bytes())?;
        if explanation.verdict == Verdict::Genuine { Ok(()) } else { Err(Failure::No) }
    }
}

fn text(explanation: &Explanation) -> String {
    let Explanation { verdict, mistakes, hints, exhausted } = explanation;
    let mut text = match verdict {
        Verdict::Genuine => return "genuine\n".into(),
        Verdict::Refused(error) => format!("not genuine: {error} ({})\n", error.code()),
        Verdict::Key(error) => format!("not genuine: {error} (invalid_secret)\n"),
    };
    for mistake in mistakes {
        text += &format!("  {mistake} ({})\n    {}\n", mistake.code(), mistake.fix());
    }
    for hint in hints {
        text += &format!("  perhaps: {hint} ({})\n", hint.code());
    }
    if mistakes.is_empty() {
        text += "  none of the known mistakes makes it match: most likely the secret is another one, or the request is forged\n";
    }
    if *exhausted {
        text += "  not everything was tried: the body or a header is too large for that\n";
    }
    text
}
