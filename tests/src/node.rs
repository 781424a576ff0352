//! The receiver that users run: Node with the built npm package, as `npm install FOLDER` links it, next to an
//! independent implementation (`node:crypto`) that must agree. The program is `e2e/receiver.mjs`.

use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use base64::Engine as _;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::Process;
use crate::workspace;

/// What the receiver is to be.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The secret, as the sender was given it.
    pub secret: String,
    /// The schemes to verify each delivery with, such as `immuta` and `immuta-sha1`; all must agree.
    pub schemes: Vec<String>,
    /// The status of its answers when all is well, 200 if none is given. A delivery that fails is answered 401.
    pub status: Option<u16>,
}

/// What the receiver says of one delivery.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Whether every scheme accepts it, the independent implementation agrees, and one flipped bit is rejected.
    pub ok: bool,
    /// The first code that the package gave for a rejection.
    pub code: Option<String>,
    /// The scheme that rejected it, else the first.
    pub scheme: String,
    /// The headers as Node shows them: names in lower case, values joined.
    pub headers: Value,
    /// The raw body.
    pub body: Vec<u8>,
    /// Per scheme: `{scheme, ok, code, independent, flipped}`; `flipped` is the code that rejects one flipped bit.
    pub results: Vec<Value>,
}

/// A running receiver. Dropping it ends it.
#[derive(Debug)]
pub struct NodeReceiver {
    process: Process,
    base: String,
    // Holds the log of the process until it has ended.
    _folder: TempDir,
}

impl NodeReceiver {
    /// Starts Node with the package that `SIGPOST_NPM` names.
    ///
    /// # Errors
    /// When there is no such folder, or Node does not accept within 20 s.
    pub fn start(options: &Options) -> Result<Self> {
        let package = package()?;
        let folder = TempDir::with_prefix("sigpost-node-").context("making a temporary folder")?;
        let mut node = Command::new("node");
        node.arg(workspace::root().join("tests/e2e/receiver.mjs")).env("SIGPOST_NPM", package);
        // Not as an argument: arguments are visible to everyone on the machine.
        node.env("SIGPOST_SECRET", &options.secret);
        for scheme in &options.schemes {
            node.args(["--scheme", scheme]);
        }
        if let Some(status) = options.status {
            node.args(["--status", &status.to_string()]);
        }
        let mut process = Process::spawn(node, &folder.path().join("stderr.log"))?;
        let base = process.listening(Duration::from_secs(20))?;
        Ok(Self { process, base, _folder: folder })
    }

    /// The url of a path here, `/hook` for example.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The next delivery.
    ///
    /// # Errors
    /// When none comes within `limit`; with what Node wrote to standard error.
    pub fn next(&mut self, limit: Duration) -> Result<Delivery> {
        let line = self.process.next_line(limit)?;
        Delivery::parse(&line).with_context(|| format!("the receiver's line {line:?}"))
    }

    /// Ends it in good order.
    ///
    /// # Errors
    /// When it has not ended within `limit`.
    pub fn stop(mut self, limit: Duration) -> Result<ExitStatus> {
        self.process.terminate(limit)
    }
}

impl Delivery {
    fn parse(line: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(line)?;
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let body = text("bodyBase64").context("no bodyBase64")?;
        Ok(Self {
            ok: value["ok"].as_bool().context("no ok")?,
            code: text("code"),
            scheme: text("scheme").context("no scheme")?,
            headers: value["headers"].clone(),
            body: base64::engine::general_purpose::STANDARD.decode(body).context("bodyBase64")?,
            results: value["results"].as_array().context("no results")?.clone(),
        })
    }
}

/// The folder of the built package.
fn package() -> Result<PathBuf> {
    let folder = std::env::var_os("SIGPOST_NPM").map(PathBuf::from).ok_or_else(|| {
        anyhow!("SIGPOST_NPM is not set: run `cargo xtask test`, or set it to what `cargo xtask npm` prints")
    })?;
    ensure!(folder.join("package.json").is_file(), "SIGPOST_NPM names {}, no package", folder.display());
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_receiver_is_understood() {
        let line = r#"{"ok":false,"code":"mismatch","scheme":"qlik","headers":{"a":"b"},"bodyBase64":"AP8=","results":[{}]}"#;
        let delivery = Delivery::parse(line).unwrap();
        assert_eq!(
            (delivery.ok, delivery.code.as_deref(), delivery.body.as_slice()),
            (false, Some("mismatch"), &[0, 255][..])
        );
        assert_eq!((delivery.headers["a"].as_str(), delivery.results.len()), (Some("b"), 1));
    }

    #[test]
    fn a_line_without_a_verdict_is_refused() {
        assert!(Delivery::parse(r#"{"scheme":"qlik","headers":{},"bodyBase64":"","results":[]}"#).is_err());
        assert!(Delivery::parse("listening").is_err());
    }
}
