//! Node, as the one who knows what `JSON.stringify(JSON.parse(document))` is.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, anyhow, bail, ensure};

use crate::workspace;

const REMEDY: &str = "install Node 20 or 22 and put it first in PATH";

/// What Node makes of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `JSON.parse` throws.
    Refused,
    /// The bytes are no UTF-8. `JSON.parse` never sees such: it takes text, and a decoder that does not refuse them puts
    /// U+FFFD in their place, which is another text. So the oracle decodes strictly, as the core does.
    NotUtf8,
    /// What `JSON.stringify` writes.
    Text(Vec<u8>),
    /// It reads the document, but its stack does not suffice to write it.
    TooDeep,
}

/// Node, answering. Dropping it ends it.
pub struct Oracle {
    child: Child,
    answers: ChildStdout,
    version: String,
}

impl Oracle {
    /// Starts the first Node in PATH.
    ///
    /// # Errors
    /// When there is none, or one that misreads JSON.
    pub fn start() -> Result<Self> {
        let mut child = Command::new("node")
            .arg(workspace::root().join("tests/src/fuzz/oracle.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C is for whoever asks: what is under way is still answered.
            .process_group(0)
            .spawn()
            .with_context(|| format!("node cannot be started: {REMEDY}"))?;
        let answers = child.stdout.take().context("it was piped")?;
        let mut oracle = Self { child, answers, version: String::new() };
        oracle.version = String::from_utf8(oracle.frame().context("Node's version")?)?;
        ensure_sound(&oracle.version)?;
        Ok(oracle)
    }

    /// The version of Node, such as `22.1.0`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What Node makes of each document.
    ///
    /// # Errors
    /// When Node ends or answers in another form; never because of a document.
    pub fn ask(&mut self, documents: &[Vec<u8>]) -> Result<Vec<Answer>> {
        let mut frames = Vec::new();
        for document in documents {
            frames.extend_from_slice(&u32::try_from(document.len())?.to_le_bytes());
            frames.extend_from_slice(document);
        }
        let mut questions = self.child.stdin.take().context("Node's standard input is closed")?;
        std::thread::scope(|scope| {
            // Beside reading: neither side can hold a whole batch back.
            let writer = scope.spawn(|| questions.write_all(&frames));
            let answers: Result<Vec<_>> = documents.iter().map(|_| self.answer()).collect();
            // Its end says more than that it could not be written to.
            let written = writer.join().map_err(|_| anyhow!("writing to Node panicked"))?;
            written.context("writing to Node").and(answers)
        })
        .inspect(|_| self.child.stdin = Some(questions))
    }

    fn answer(&mut self) -> Result<Answer> {
        Ok(match self.frame()?.split_first() {
            Some((0, [])) => Answer::Refused,
            Some((1, text)) => Answer::Text(text.to_vec()),
            Some((2, [])) => Answer::TooDeep,
            Some((3, [])) => Answer::NotUtf8,
            _ => bail!("an answer that is none"),
        })
    }

    fn frame(&mut self) -> Result<Vec<u8>> {
        let mut length = [0; 4];
        self.answers.read_exact(&mut length).context("Node ended")?;
        let mut frame = vec![0; usize::try_from(u32::from_le_bytes(length))?];
        self.answers.read_exact(&mut frame).context("Node ended within an answer")?;
        Ok(frame)
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether that version of Node reads JSON as it should.
fn ensure_sound(version: &str) -> Result<()> {
    let major: u32 = version.split('.').next().unwrap_or_default().parse().context("Node's version")?;
    ensure!(major >= 20, "Node {version} is too old to be the oracle: {REMEDY}");
    ensure!(
        major < 24,
        "Node {version} is no oracle: from 24 on, V8's JSON.parse misreads some keys of one character that are written \
         as an escape. {REMEDY}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_misreads_json_is_no_oracle_and_the_error_says_what_to_do() {
        for sound in ["20.0.0", "22.23.3", "23.1.0"] {
            assert!(ensure_sound(sound).is_ok(), "{sound}");
        }
        for unsound in ["24.0.0", "26.9.0", "18.20.1"] {
            let error = ensure_sound(unsound).unwrap_err().to_string();
            assert!(error.contains(unsound) && error.contains("install Node 20 or 22"), "{error}");
        }
        assert!(ensure_sound("").is_err());
    }
}
