//! What several commands read: a body from stdin, secrets, headers, a scheme's name.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use sigpost_core::signature::{Scheme, Secret};
use zeroize::Zeroizing;

use super::Failure;

/// The largest body in bytes; larger than any webhook.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Reads a webhook's body from stdin, to its end.
pub(super) fn stdin() -> Result<Vec<u8>, Failure> {
    stdin_within(MAX_BODY)
}

/// Reads stdin to its end, up to so many bytes.
pub(super) fn stdin_within(limit: usize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let mut bounded = std::io::stdin().lock().take(limit as u64 + 1);
    bounded.read_to_end(&mut body).map_err(|error| Failure::of(&error))?;
    if body.len() > limit {
        return Err(Failure::Usage(format!("the body on stdin is larger than {limit} bytes")));
    }
    Ok(body)
}

/// The scheme and the secrets.
#[derive(Args)]
pub(super) struct Signing {
    /// The signature scheme; `sigpost schemes` lists them
    #[arg(long, value_name = "NAME")]
    pub scheme: Vec<String>,
    /// A shared secret; others on this machine may see it in the list of processes, so better use --secret-file
    #[arg(long, value_name = "SECRET")]
    secret: Vec<String>,
    /// A file that holds a shared secret; one newline at its end is not part of it
    #[arg(long, value_name = "FILE")]
    secret_file: Vec<PathBuf>,
}

impl Signing {
    /// The schemes named, at least one.
    pub(super) fn schemes(&self) -> Result<Vec<&'static Scheme>, Failure> {
        if self.scheme.is_empty() {
            return Err(Failure::Usage(format!("name a scheme with --scheme; there are: {}", known())));
        }
        self.scheme
            .iter()
            .map(|name| {
                let scheme = Scheme::preset(name);
                scheme.ok_or_else(|| {
                    Failure::Usage(format!("there is no scheme {name:?}; there are: {}", known()))
                })
            })
            .collect()
    }

    /// The one scheme named.
    pub(super) fn scheme(&self) -> Result<&'static Scheme, Failure> {
        match self.schemes()?.as_slice() {
            [scheme] => Ok(scheme),
            _ => Err(Failure::Usage("name one scheme".into())),
        }
    }

    /// The secrets, newest first, at least one.
    pub(super) fn secrets(&self) -> Result<Vec<Secret>, Failure> {
        let mut secrets =
            self.secret.iter().map(|text| secret(text.as_bytes())).collect::<Result<Vec<_>, _>>()?;
        secrets.extend(secrets_in(&self.secret_file)?);
        if secrets.is_empty() {
            return Err(Failure::Usage("give a secret with --secret-file or --secret".into()));
        }
        Ok(secrets)
    }
}

/// The secrets in files; one newline at the end of each is not part of it.
pub(super) fn secrets_in(files: &[PathBuf]) -> Result<Vec<Secret>, Failure> {
    files.iter().map(|path| secret_in(path)).collect()
}

fn secret_in(path: &Path) -> Result<Secret, Failure> {
    let text = Zeroizing::new(std::fs::read(path).map_err(|error| {
        Failure::Usage(format!("cannot read the secret file {}: {error}", path.display()))
    })?);
    let line = text.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    secret(line.unwrap_or(&text))
}

fn secret(text: &[u8]) -> Result<Secret, Failure> {
    Secret::new(text).map_err(|_| Failure::Usage("a secret must not be empty".into()))
}

fn known() -> String {
    let names: Vec<&str> = Scheme::presets().iter().map(|scheme| scheme.name()).collect();
    names.join(", ")
}

/// Parses `name: value`.
pub(super) fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header is given as 'name: value'")?;
    if name.trim().is_empty() {
        return Err("a header needs a name".into());
    }
    Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
}
