//! The canonicaliser against the program it claims to equal: random documents go to both, and they must agree on which
//! are JSON and on every byte of the result. What Node reads but is too deep for it to write is only accepted here too.
//!
//! `SIGPOST_FUZZ_SEED` and `SIGPOST_FUZZ_COUNT` choose other documents and more of them. A failure names the seed of
//! the one document, which alone brings it back with a count of 1. Each document has a seed of its own, so that
//! a batch may be as long as it likes.

mod documents;

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use sigpost_core::json::canonicalize;
use sigpost_tests::workspace;

use self::documents::Documents;

const SEED: u64 = 0x5165_b057;
const COUNT: u64 = 20_000;
/// Documents under way to Node at a time.
const BATCH: usize = 1_000;
const REMEDY: &str = "install Node 20 or 22 and put it first in PATH";

#[test]
fn random_documents_are_what_node_makes_of_them() {
    let (seed, count) = (setting("SIGPOST_FUZZ_SEED", SEED), setting("SIGPOST_FUZZ_COUNT", COUNT));
    let mut oracle = Oracle::start().unwrap();
    let mut accepted = 0_u64;
    let mut seeds = seed..seed.checked_add(count).expect("seed and count add up to less than 2^64");
    loop {
        let batch: Vec<u64> = seeds.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        let documents: Vec<Vec<u8>> = batch.iter().map(|seed| Documents::new(*seed).document()).collect();
        let answers =
            oracle.ask(&documents).unwrap_or_else(|error| panic!("from seed {}: {error:#}", batch[0]));
        for ((seed, document), answer) in batch.iter().zip(&documents).zip(&answers) {
            compare(document, answer)
                .unwrap_or_else(|error| panic!("SIGPOST_FUZZ_SEED={seed} SIGPOST_FUZZ_COUNT=1: {error:#}"));
        }
        accepted += answers.iter().filter(|answer| **answer != Answer::Refused).fold(0, |sum, _| sum + 1);
    }
    println!("{count} documents from seed {seed}: {accepted} accepted by both, the rest refused by both");
    // A generator that only writes one sort proves nothing.
    assert!(
        count < 1_000 || (accepted > count / 4 && accepted < count / 10 * 9),
        "{accepted} of {count} accepted"
    );
}

#[test]
fn deep_documents_are_what_node_makes_of_them_where_it_can() {
    let shapes = [
        ("[ ", " ]", 0),
        ("{\"a\" : ", "}", 1),
        ("[{\"b\":0,\"1\":", "}]", 2),
        ("{\"a\":0,\"a\":[1.0,", "],\"0\":[]}", 3),
    ];
    let deep = |levels: usize| {
        shapes.map(|(open, close, value)| {
            format!("{}{value}.50{}", open.repeat(levels), close.repeat(levels)).into_bytes()
        })
    };
    let mut oracle = Oracle::start().unwrap();
    let mut ask = |levels| {
        let documents = deep(levels);
        let answers = oracle.ask(&documents).unwrap();
        for (document, answer) in documents.iter().zip(&answers) {
            compare(document, answer).unwrap();
        }
        answers
    };
    // Two levels at once, or array indices, need more of Node's stack.
    assert!(ask(1_200).iter().all(|answer| matches!(answer, Answer::Text(_))));
    assert!(ask(4_000)[..2].iter().all(|answer| matches!(answer, Answer::Text(_))));
    assert!(ask(50_000).iter().all(|answer| *answer == Answer::TooDeep));
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text:?}: no number")))
}

/// What Node makes of a document.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Refused,
    Text(Vec<u8>),
    /// It reads it, but its stack does not suffice to write it.
    TooDeep,
}

/// What both make of a document must be the same, and must stay as it is when it is canonicalised again.
fn compare(document: &[u8], answer: &Answer) -> Result<()> {
    let shown = |bytes: &[u8]| format!("{:?}", String::from_utf8_lossy(bytes));
    let ours = match (canonicalize(document), answer) {
        (Ok(ours), Answer::Text(_) | Answer::TooDeep) => ours,
        (Ok(_), Answer::Refused) => bail!("{}: only Node refuses it", document.escape_ascii()),
        (Err(error), Answer::Refused) => {
            ensure!(error.offset() <= document.len(), "{error} is beyond the document");
            return Ok(());
        }
        (Err(error), _) => bail!("{}: only Node accepts it, here {error}", document.escape_ascii()),
    };
    if let Answer::Text(text) = answer {
        let (ours, node) = (&*ours, &**text);
        let document = document.escape_ascii();
        ensure!(ours == node, "{document}\n  here {}\n  Node {}", shown(ours), shown(node));
    }
    let again = canonicalize(&ours)?;
    ensure!(again == ours, "{} is no fixed point", document.escape_ascii());
    ensure!(matches!(again, std::borrow::Cow::Borrowed(_)), "{} is copied", ours.escape_ascii());
    Ok(())
}

/// Node, answering. Dropping it ends it.
struct Oracle {
    child: Child,
    answers: ChildStdout,
}

impl Oracle {
    fn start() -> Result<Self> {
        let mut child = Command::new("node")
            .arg(workspace::root().join("tests/suite/canonical_oracle.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("node cannot be started: {REMEDY}"))?;
        let answers = child.stdout.take().context("it was piped")?;
        let mut oracle = Self { child, answers };
        let version = String::from_utf8(oracle.frame().context("Node's version")?)?;
        let major: u32 = version.split('.').next().unwrap_or_default().parse()?;
        // V8 of Node 24 and later misreads some keys of one character that are written as an escape.
        ensure!((20..24).contains(&major), "Node {version} is no oracle: {REMEDY}");
        Ok(oracle)
    }

    /// What Node makes of each document.
    fn ask(&mut self, documents: &[Vec<u8>]) -> Result<Vec<Answer>> {
        let mut frames = Vec::new();
        for document in documents {
            frames.extend_from_slice(&u32::try_from(document.len())?.to_le_bytes());
            frames.extend_from_slice(document);
        }
        let mut questions = self.child.stdin.take().context("Node's standard input is closed")?;
        std::thread::scope(|scope| {
            // Beside reading: neither side can hold a whole batch back.
            let writer = scope.spawn(|| questions.write_all(&frames));
            let answers = documents.iter().map(|_| match self.frame()?.split_first() {
                Some((1, text)) => Ok(Answer::Text(text.to_vec())),
                Some((0, [])) => Ok(Answer::Refused),
                Some((2, [])) => Ok(Answer::TooDeep),
                _ => bail!("an answer that is none"),
            });
            let answers: Result<Vec<_>> = answers.collect();
            // Its end says more than that it could not be written to.
            writer.join().expect("writing does not panic").context("writing to Node").and(answers)
        })
        .inspect(|_| self.child.stdin = Some(questions))
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
