//! The canonicaliser against the program it claims to equal: random documents go to both, and they must agree on which
//! are JSON and on every byte of the result. What Node reads but is too deep for it to write is only accepted here too.

use std::borrow::Cow;
use std::fmt;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};

use anyhow::{Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sigpost_core::json::{Error, Reason};

use super::documents::Documents;
use super::oracle::{Answer, Oracle};

/// Documents under way to one Node at a time.
const BATCH: u64 = 1_000;

/// Up to this length in bytes, every part of a document is tried for itself.
const SMALL: usize = 80;

/// What is compared with Node: [`sigpost_core::json::canonicalize`], or one that is wrong, to see it found.
pub type Canonicalize = fn(&[u8]) -> Result<Cow<'_, [u8]>, Error>;

/// Which documents, and how many Nodes answer at a time.
///
/// Each document has a seed of its own, counted up from the first, so that it can be brought back alone.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The seed of the first document.
    pub seed: u64,
    /// How many documents there are.
    pub documents: u64,
    /// How many Nodes answer, each for a thread of its own.
    pub nodes: usize,
}

/// What became of the documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Accepted by both, with the same result.
    pub accepted: u64,
    /// Refused by both.
    pub refused: u64,
}

impl Tally {
    /// All documents that both agreed on.
    #[must_use]
    pub const fn documents(&self) -> u64 {
        self.accepted + self.refused
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.refused += other.refused;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accepted, refused } = self;
        write!(f, "{} documents: {accepted} accepted by both, {refused} refused by both", self.documents())
    }
}

/// A document that the two disagree on. Its text is the whole report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The seed that brings it back.
    pub seed: u64,
    /// The document.
    pub document: Vec<u8>,
    /// What is left of it when everything goes that can go without the two agreeing.
    pub smallest: Vec<u8>,
    /// What they disagree on, and both answers.
    pub problem: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, problem, .. } = self;
        writeln!(f, "mismatch: {problem}")?;
        writeln!(f, "  document  {}", STANDARD.encode(&self.document))?;
        writeln!(f, "  smallest  {}", STANDARD.encode(&self.smallest))?;
        writeln!(f, "            {}", self.smallest.escape_ascii())?;
        write!(f, "  again     cargo xtask fuzz --seed {seed} --documents 1")
    }
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was agreed on.
    pub tally: Tally,
    /// The first that was not, which ends the run.
    pub mismatch: Option<Mismatch>,
}

/// Compares until the documents are through, `go_on` says no, or one is a mismatch. `go_on` is asked every thousand
/// documents or so.
///
/// # Errors
/// When Node cannot be started or ends.
pub fn run(plan: Plan, canonicalize: Canonicalize, mut go_on: impl FnMut(&Tally) -> bool) -> Result<Outcome> {
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut outcome = Outcome { tally: Tally::default(), mismatch: None };
    std::thread::scope(|scope| {
        let (sender, batches) = mpsc::channel();
        for _ in 0..plan.nodes {
            let worker = Worker { plan, canonicalize, next: &next, stop: &stop, batches: sender.clone() };
            scope.spawn(move || worker.work());
        }
        drop(sender);
        for batch in batches {
            let judged = batch.inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            outcome.tally += judged.tally;
            outcome.mismatch = outcome.mismatch.take().or(judged.mismatch);
            if outcome.mismatch.is_some() || !go_on(&outcome.tally) {
                stop.store(true, Ordering::Relaxed);
            }
        }
        Ok(outcome)
    })
}

/// One Node and who asks it.
struct Worker<'a> {
    plan: Plan,
    canonicalize: Canonicalize,
    /// How many documents somebody has taken.
    next: &'a AtomicU64,
    stop: &'a AtomicBool,
    batches: Sender<Result<Outcome>>,
}

impl Worker<'_> {
    fn work(&self) {
        let mut oracle = match Oracle::start() {
            Ok(oracle) => oracle,
            Err(error) => return self.send(Err(error)),
        };
        while !self.stop.load(Ordering::Relaxed) {
            let first = self.next.fetch_add(BATCH, Ordering::Relaxed);
            if first >= self.plan.documents {
                break;
            }
            let last = self.plan.documents.min(first + BATCH);
            let seeds: Vec<u64> = (first..last).map(|place| self.plan.seed.wrapping_add(place)).collect();
            self.send(judge_all(&mut oracle, &seeds, self.canonicalize));
        }
    }

    fn send(&self, batch: Result<Outcome>) {
        // Nobody listens any more when another worker failed.
        let _ = self.batches.send(batch);
    }
}

fn judge_all(oracle: &mut Oracle, seeds: &[u64], canonicalize: Canonicalize) -> Result<Outcome> {
    let documents: Vec<Vec<u8>> = seeds.iter().map(|seed| Documents::new(*seed).document()).collect();
    let answers = oracle.ask(&documents)?;
    let mut outcome = Outcome { tally: Tally::default(), mismatch: None };
    for ((seed, document), answer) in seeds.iter().zip(documents).zip(answers) {
        if let Err(error) = judge(&document, &answer, canonicalize) {
            let problem = error.to_string();
            let smallest = minimise(document.clone(), |candidate| {
                let answer = oracle.ask(&[candidate.to_vec()])?.remove(0);
                Ok(judge(candidate, &answer, canonicalize).is_err())
            })?;
            outcome.mismatch = Some(Mismatch { seed: *seed, document, smallest, problem });
            break;
        }
        match answer {
            Answer::Refused | Answer::NotUtf8 => outcome.tally.refused += 1,
            Answer::Text(_) | Answer::TooDeep => outcome.tally.accepted += 1,
        }
    }
    Ok(outcome)
}

/// What both make of a document must be the same, and must stay as it is when it is canonicalised again.
///
/// # Errors
/// What they disagree on, and both answers.
pub fn judge(document: &[u8], answer: &Answer, canonicalize: Canonicalize) -> Result<()> {
    let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let ours = match (canonicalize(document), answer) {
        (Ok(ours), Answer::Text(_) | Answer::TooDeep) => ours,
        (Ok(ours), Answer::Refused | Answer::NotUtf8) => {
            bail!("only Node refuses it\n  here      {}\n  Node      {answer:?}", shown(&ours))
        }
        (Err(error), Answer::Refused | Answer::NotUtf8) => {
            ensure!(error.offset() <= document.len(), "refused here at a place beyond the document: {error}");
            let same = (error.reason() == Reason::InvalidUtf8) == (*answer == Answer::NotUtf8);
            ensure!(same, "refused for another reason\n  here      {error}\n  Node      {answer:?}");
            return Ok(());
        }
        (Err(error), Answer::Text(text)) => {
            bail!("only Node accepts it\n  here      {error}\n  Node      {}", shown(text))
        }
        (Err(error), Answer::TooDeep) => {
            bail!("only Node reads it\n  here      {error}\n  Node      {answer:?}")
        }
    };
    if let Answer::Text(text) = answer {
        let same = *ours == **text;
        ensure!(same, "another result\n  here      {}\n  Node      {}", shown(&ours), shown(text));
    }
    let again = canonicalize(&ours)?;
    ensure!(again == ours, "no fixed point\n  once      {}\n  twice     {}", shown(&ours), shown(&again));
    ensure!(matches!(again, Cow::Borrowed(_)), "copied though canonical\n  here      {}", shown(&ours));
    Ok(())
}

/// Takes away whatever can go while `fails` holds: a half, a quarter, and so on to the single byte. Small pieces are
/// tried at every place, because characters and escapes begin anywhere. What is small by then is still inside the
/// brackets that belong together; so at last the shortest part that fails by itself is looked for.
fn minimise(mut smallest: Vec<u8>, mut fails: impl FnMut(&[u8]) -> Result<bool>) -> Result<Vec<u8>> {
    let mut piece = smallest.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at < smallest.len() {
            let end = smallest.len().min(at + piece);
            let candidate = [&smallest[..at], &smallest[end..]].concat();
            if fails(&candidate)? {
                smallest = candidate;
            } else {
                at += if piece > 8 { piece } else { 1 };
            }
        }
        piece /= 2;
    }
    if smallest.len() <= SMALL {
        for length in 1..smallest.len() {
            for part in smallest.windows(length) {
                if fails(part)? {
                    return Ok(part.to_vec());
                }
            }
        }
    }
    Ok(smallest)
}

#[cfg(test)]
mod tests {
    use sigpost_core::json::canonicalize;

    use super::*;

    fn plan(documents: u64, nodes: usize) -> Plan {
        Plan { seed: 1, documents, nodes }
    }

    /// Right, but for numbers that end in zeros.
    fn without_zeros(text: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
        let right = canonicalize(text)?;
        let at = right.windows(2).position(|two| two == b"00");
        Ok(at.map_or(right.clone(), |at| [&right[..at], &right[at + 2..]].concat().into()))
    }

    #[test]
    fn a_canonicaliser_that_is_wrong_is_found_out_with_a_small_document() {
        let outcome = run(plan(20_000, 1), without_zeros, |_| true).unwrap();
        let mismatch = outcome.mismatch.expect("it is wrong");
        assert!(outcome.tally.documents() < 20_000);
        assert!(mismatch.smallest.len() <= 5, "{mismatch}");
        let again =
            run(Plan { seed: mismatch.seed, documents: 1, nodes: 1 }, without_zeros, |_| true).unwrap();
        assert_eq!(again.mismatch.map(|again| again.document), Some(mismatch.document.clone()));
        let report = mismatch.to_string();
        assert!(report.contains(&STANDARD.encode(&mismatch.document)), "{report}");
        assert!(
            report.contains(&format!("cargo xtask fuzz --seed {} --documents 1", mismatch.seed)),
            "{report}"
        );
    }

    #[test]
    fn a_run_ends_when_it_is_told_to() {
        let outcome = run(plan(u64::MAX, 2), canonicalize, |tally| tally.documents() < 2_000).unwrap();
        assert!(outcome.mismatch.is_none());
        assert!((2_000..10_000).contains(&outcome.tally.documents()), "{}", outcome.tally);
    }

    #[test]
    fn each_way_to_disagree_is_a_mismatch() {
        let text = |text: &[u8]| Answer::Text(text.to_vec());
        for (document, answer) in [
            (&b"1"[..], Answer::Refused),
            (b"1", Answer::NotUtf8),
            (b"1", text(b"2")),
            (b"[", text(b"[]")),
            (b"[", Answer::TooDeep),
            (b"[", Answer::NotUtf8),
            (b"\xff", Answer::Refused),
        ] {
            assert!(judge(document, &answer, canonicalize).is_err(), "{}", document.escape_ascii());
        }
        for (document, answer) in [
            (&b"1.0"[..], text(b"1")),
            (b"[[]]", Answer::TooDeep),
            (b"[", Answer::Refused),
            (b"\xff", Answer::NotUtf8),
        ] {
            assert!(judge(document, &answer, canonicalize).is_ok(), "{}", document.escape_ascii());
        }
        let spaced: Canonicalize = |text| Ok([text, b" "].concat().into());
        assert!(judge(b"1", &text(b"1 "), spaced).unwrap_err().to_string().contains("no fixed point"));
        let copied: Canonicalize = |text| canonicalize(text).map(|text| Cow::Owned(text.into_owned()));
        assert!(judge(b"1", &text(b"1"), copied).unwrap_err().to_string().contains("copied"));
    }

    #[test]
    fn what_does_not_matter_is_taken_away() {
        let fails = |text: &[u8]| Ok(text.contains(&b'x') && text.contains(&b'y'));
        assert_eq!(minimise(b"some x and then y, and more".to_vec(), fails).unwrap(), b"xy");
        // No single piece can go from this, but its middle fails by itself.
        let fails = |text: &[u8]| Ok([&b"[[x]]"[..], b"[x]", b"x"].contains(&text));
        assert_eq!(minimise(b"[[x]]".to_vec(), fails).unwrap(), b"x");
    }
}
