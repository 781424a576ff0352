//! Measuring contenders against each other in one run: several rounds, in each of which everyone has a turn, so that
//! a machine that slows down slows everybody. Shown are medians with their spread, and ratios taken within rounds.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// How long one turn takes, about.
const TURN: Duration = Duration::from_millis(60);

/// Something to measure: runs its work so many times and says how long that took.
pub struct Contender<'a> {
    name: String,
    run: Box<dyn FnMut(u64) -> Result<Duration> + 'a>,
}

impl<'a> Contender<'a> {
    /// A contender by name.
    pub fn new(name: impl Into<String>, run: impl FnMut(u64) -> Result<Duration> + 'a) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }

    /// A contender that is a function of this process.
    pub fn native<T>(name: impl Into<String>, mut work: impl FnMut() -> T + 'a) -> Self {
        Self::new(name, move |iterations| {
            let start = crate::time::now();
            for _ in 0..iterations {
                std::hint::black_box(work());
            }
            Ok(start.elapsed())
        })
    }
}

/// Nanoseconds per run of one contender, a sample a round.
#[derive(Clone, Debug)]
pub struct Samples {
    /// The contender.
    pub name: String,
    /// Nanoseconds per run, in order of the rounds.
    pub nanoseconds: Vec<f64>,
}

/// What a case showed. The first contender is the one in question; the others are what it is held against.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The case.
    pub case: String,
    /// How many bytes one run works on.
    pub bytes: usize,
    /// A row for each contender.
    pub samples: Vec<Samples>,
}

/// Measures the contenders of one case.
///
/// # Errors
/// When a contender fails.
pub fn measure(
    case: &str,
    bytes: usize,
    rounds: usize,
    mut contenders: Vec<Contender<'_>>,
) -> Result<Outcome> {
    let mut iterations = Vec::new();
    for contender in &mut contenders {
        iterations.push(calibrate(contender)?);
    }
    let names = contenders.iter().map(|contender| contender.name.clone());
    let mut samples: Vec<_> = names.map(|name| Samples { name, nanoseconds: Vec::new() }).collect();
    for round in 0..rounds {
        let count = contenders.len();
        for turn in 0..count {
            // Another one begins each round: no one always runs in another's wake.
            let index = (turn + round) % count;
            let took = (contenders[index].run)(iterations[index])?;
            samples[index].nanoseconds.push(took.as_secs_f64() * 1e9 / float(iterations[index]));
        }
    }
    Ok(Outcome { case: case.to_owned(), bytes, samples })
}

/// How often a contender runs in one turn; the search for it also warms caches and compilers up.
fn calibrate(contender: &mut Contender<'_>) -> Result<u64> {
    let mut iterations = 1;
    loop {
        let took = (contender.run)(iterations)?;
        if took >= TURN {
            return Ok(iterations);
        }
        iterations *= if took * 8 < TURN { 4 } else { 2 };
    }
}

impl Samples {
    /// The median of the rounds.
    #[must_use]
    pub fn median(&self) -> f64 {
        median(&self.nanoseconds)
    }

    /// Half the distance between the quartiles, as a part of the median.
    #[must_use]
    pub fn spread(&self) -> f64 {
        let sorted = sorted(&self.nanoseconds);
        let (low, high) = (sorted[sorted.len() / 4], sorted[sorted.len() - 1 - sorted.len() / 4]);
        (high - low) / 2.0 / self.median()
    }
}

impl Outcome {
    /// How often the first contender runs in the time of one run of the contender `index`: above 1, it is faster.
    #[must_use]
    pub fn speedup(&self, index: usize) -> f64 {
        let pairs = self.samples[0].nanoseconds.iter().zip(&self.samples[index].nanoseconds);
        median(&pairs.map(|(first, other)| other / first).collect::<Vec<_>>())
    }

    fn rows(&self) -> String {
        let mut rows = String::new();
        for (index, samples) in self.samples.iter().enumerate() {
            let (median, spread) = (samples.median(), samples.spread() * 100.0);
            let throughput = float(self.bytes as u64) / median;
            let ratio = if index == 0 { String::new() } else { format!("{:.2}×", self.speedup(index)) };
            let case = if index == 0 { self.case.as_str() } else { "" };
            let name = &samples.name;
            rows.push_str(&format!(
                "{case:32} {name:22} {median:12.0} {spread:6.1}% {throughput:9.3} {ratio:>9}\n"
            ));
        }
        rows
    }

    fn json(&self) -> Value {
        let rows = self.samples.iter().enumerate().map(|(index, samples)| {
            json!({
                "name": samples.name,
                "median_ns": samples.median(),
                "spread": samples.spread(),
                "samples_ns": samples.nanoseconds,
                "first_is_faster_by": self.speedup(index),
            })
        });
        json!({ "case": self.case, "bytes": self.bytes, "contenders": rows.collect::<Vec<_>>() })
    }
}

/// Prints the table and writes the JSON file that `--out FILE` names, if it is given.
///
/// # Errors
/// When the file cannot be written.
#[expect(clippy::print_stdout, reason = "the table is the result")]
pub fn publish(bench: &str, outcomes: &[Outcome]) -> Result<()> {
    println!("{:32} {:22} {:>12} {:>7} {:>9} {:>9}", "case", "", "ns/run", "±", "GB/s", "faster by");
    print!("{}", outcomes.iter().map(Outcome::rows).collect::<String>());
    let mut arguments = std::env::args_os().skip_while(|argument| argument != "--out").skip(1);
    if let Some(path) = arguments.next().map(PathBuf::from) {
        let report =
            json!({ "bench": bench, "cases": outcomes.iter().map(Outcome::json).collect::<Vec<_>>() });
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

fn median(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Exact for every count a benchmark reaches.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A contender that needs this many nanoseconds for a run, and a little more each round.
    fn steady(name: &str, nanoseconds: u64) -> Contender<'static> {
        let mut drift = 0;
        Contender::new(name, move |iterations| {
            drift += 1;
            Ok(Duration::from_nanos(iterations * (nanoseconds + drift)))
        })
    }

    #[test]
    fn medians_and_ratios_are_those_of_the_contenders() {
        let contenders = vec![steady("ours", 1_000_000), steady("theirs", 3_000_000)];
        let outcome = measure("case", 1000, 9, contenders).unwrap();
        assert!((outcome.samples[0].median() / 1e6 - 1.0).abs() < 0.01);
        assert!((outcome.speedup(1) - 3.0).abs() < 0.01);
        assert!(outcome.samples[0].spread() < 0.01);
        assert!(outcome.rows().contains("3.00×"), "{}", outcome.rows());
        assert_eq!(outcome.json()["contenders"][1]["samples_ns"].as_array().map(Vec::len), Some(9));
    }

    #[test]
    fn the_median_of_an_even_count_lies_between() {
        assert!((median(&[4.0, 1.0, 3.0, 2.0]) - 2.5).abs() < 1e-9);
        assert!((median(&[5.0, 1.0, 3.0]) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_contender_that_fails_ends_the_case() {
        let broken = Contender::new("broken", |_| anyhow::bail!("no such document"));
        assert!(measure("case", 1, 3, vec![broken]).is_err());
    }
}
