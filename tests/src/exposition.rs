//! Prometheus' text format (version 0.0.4), read by its rules: whatever breaks one is an error.
//!
//! ```
//! use sigpost_tests::exposition::Exposition;
//! let text = "# HELP apples_total Apples.\n# TYPE apples_total counter\napples_total{class=\"good\"} 3\n";
//! let read = Exposition::parse(text).unwrap();
//! assert_eq!(read.value("apples_total", &[("class", "good")]), Some(3.0));
//! ```

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};

/// The labels of a sample, by name.
pub type Labels = BTreeMap<String, String>;

/// What was told at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposition {
    families: Vec<Family>,
}

/// All that is told of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// What it is, in words.
    pub help: String,
    /// What it is, for programs.
    pub kind: Kind,
    /// Its samples: name, labels, value. Those of a histogram end in `_bucket`, `_sum` and `_count`.
    pub samples: Vec<(String, Labels, f64)>,
}

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It counts by class.
    Histogram,
}

impl Exposition {
    /// Reads it.
    ///
    /// # Errors
    /// The rule that is broken, and the line that breaks it.
    pub fn parse(text: &str) -> Result<Self> {
        ensure!(text.ends_with('\n'), "the last line has no end");
        let mut families: Vec<Family> = Vec::new();
        let mut help: Option<(String, String)> = None;
        for line in text.lines() {
            let at = || format!("in the line {line:?}");
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, words) = rest.split_once(' ').with_context(at)?;
                ensure!(help.is_none() && !words.is_empty(), "a stray or empty HELP {}", at());
                help = Some((name.to_owned(), words.to_owned()));
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').with_context(at)?;
                let (helped, help) = help.take().with_context(|| format!("no HELP before {}", at()))?;
                ensure!(helped == name && is_name(name, true), "another name or a bad one {}", at());
                ensure!(families.iter().all(|known| known.name != name), "twice: {}", at());
                let kind = kind_of(kind).with_context(at)?;
                families.push(Family { name: name.to_owned(), help, kind, samples: Vec::new() });
            } else {
                let sample = sample(line).with_context(at)?;
                let family = families.last_mut().with_context(at)?;
                ensure!(help.is_none() && family.takes(&sample.0), "a sample of another metric {}", at());
                family.samples.push(sample);
            }
        }
        ensure!(help.is_none(), "a HELP without anything");
        let read = Self { families };
        read.families.iter().try_for_each(Family::check)?;
        Ok(read)
    }

    /// Every metric, in order.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// The value of the sample with exactly these labels.
    #[must_use]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Labels = labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let mut samples = self.families.iter().flat_map(|family| &family.samples);
        samples.find(|(known, with, _)| known == name && *with == labels).map(|(_, _, value)| *value)
    }
}

impl Family {
    fn takes(&self, sample: &str) -> bool {
        match self.kind {
            Kind::Counter | Kind::Gauge => sample == self.name,
            Kind::Histogram => {
                let part = sample.strip_prefix(&self.name);
                part.is_some_and(|part| ["_bucket", "_sum", "_count"].contains(&part))
            }
        }
    }

    fn check(&self) -> Result<()> {
        let Self { name, samples, .. } = self;
        let told: BTreeSet<_> = samples.iter().map(|(name, labels, _)| (name, labels)).collect();
        ensure!(!samples.is_empty() && told.len() == samples.len(), "{name} has no samples, or one twice");
        match self.kind {
            Kind::Gauge => {}
            Kind::Counter => {
                ensure!(name.ends_with("_total"), "{name} is a counter");
                ensure!(samples.iter().all(|(_, _, value)| *value >= 0.0), "{name} is below zero");
            }
            Kind::Histogram => self.check_histogram()?,
        }
        Ok(())
    }

    /// Every class holds what the smaller ones hold, and the last, which has no bound, holds all.
    fn check_histogram(&self) -> Result<()> {
        let name = &self.name;
        let of = |suffix: &str| -> Vec<(&Labels, f64)> {
            let full = format!("{name}{suffix}");
            let found = self.samples.iter().filter(|(name, ..)| *name == full);
            found.map(|(_, labels, value)| (labels, *value)).collect()
        };
        for (labels, count) in of("_count") {
            ensure!(!labels.contains_key("le"), "{name}_count has a bound");
            let mut before = (f64::NEG_INFINITY, 0.0);
            for (with, held) in of("_bucket") {
                let mut rest = with.clone();
                let bound = rest.remove("le").with_context(|| format!("{name}_bucket has no bound"))?;
                if rest != *labels {
                    continue;
                }
                let now = (number(&bound)?, held);
                ensure!(now.0 > before.0 && now.1 >= before.1, "{name} goes down at {bound}");
                before = now;
            }
            ensure!(before.0 == f64::INFINITY, "{name} has no class without a bound");
            ensure!((before.1 - count).abs() < 0.5, "{name} holds {} of {count}", before.1);
            ensure!(of("_sum").iter().any(|(with, _)| *with == labels), "{name} has no sum");
        }
        ensure!(!of("_count").is_empty(), "{name} has no count");
        Ok(())
    }
}

fn kind_of(word: &str) -> Result<Kind> {
    Ok(match word {
        "counter" => Kind::Counter,
        "gauge" => Kind::Gauge,
        "histogram" => Kind::Histogram,
        other => bail!("{other:?} is no kind that is expected"),
    })
}

fn is_name(text: &str, of_metric: bool) -> bool {
    let fits = |c: char| c.is_ascii_alphabetic() || c == '_' || (of_metric && c == ':');
    text.starts_with(fits) && text.chars().all(|c| fits(c) || c.is_ascii_digit())
}

fn number(text: &str) -> Result<f64> {
    match text {
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        _ => text.parse().with_context(|| format!("{text:?} is no number")),
    }
}

fn sample(line: &str) -> Result<(String, Labels, f64)> {
    let end = line.find(['{', ' ']).context("no value")?;
    let (name, mut rest) = line.split_at(end);
    ensure!(is_name(name, true), "{name:?} is no name");
    let mut labels = Labels::new();
    if let Some(mut inside) = rest.strip_prefix('{') {
        rest = loop {
            if let Some(after) = inside.strip_prefix('}') {
                break after;
            }
            let (label, after) = inside.split_once("=\"").context("a label without a value")?;
            ensure!(is_name(label, false), "{label:?} is no label");
            let (value, after) = quoted(after)?;
            ensure!(labels.insert(label.to_owned(), value).is_none(), "{label} twice");
            let ends = after.starts_with('}').then_some(after);
            inside = after.strip_prefix(',').or(ends).context("labels run together")?;
        };
    }
    let value = rest.strip_prefix(' ').context("no space before the value")?;
    Ok((name.to_owned(), labels, number(value)?))
}

/// Text up to the quote that ends it, and what follows.
fn quoted(text: &str) -> Result<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => value.push(match characters.next().map(|(_, escaped)| escaped) {
                Some('n') => '\n',
                Some(same @ ('\\' | '"')) => same,
                _ => bail!("an unknown escape"),
            }),
            other => value.push(other),
        }
    }
    bail!("a value without an end")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# HELP a_total One.\n# TYPE a_total counter\na_total{x=\"a\\\"\\\\\\n,}\",y=\"\"} 1\n\
                        a_total{x=\"b\",y=\"\"} 2e3\n\
                        # HELP h Two.\n# TYPE h histogram\nh_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 9\nh_count 3\n\
                        # HELP g Three.\n# TYPE g gauge\ng -0.25\n";

    #[test]
    fn what_follows_the_rules_is_read() {
        let read = Exposition::parse(GOOD).unwrap();
        assert_eq!(read.value("a_total", &[("x", "a\"\\\n,}"), ("y", "")]), Some(1.0));
        assert_eq!(read.value("h_bucket", &[("le", "0.5")]), Some(1.0));
        assert_eq!((read.value("g", &[]), read.value("g", &[("x", "")])), (Some(-0.25), None));
        assert_eq!(read.families().len(), 3);
    }

    #[test]
    fn what_breaks_a_rule_is_refused() {
        for (from, to) in [
            ("g -0.25\n", "g -0.25"),
            ("g -0.25\n", ""),
            ("g -0.25\n", "g -0.25\ng 1\n"),
            ("g -0.25\n", "g much\n"),
            ("g -0.25\n", "g{x=\"1\"y=\"2\"} 1\n"),
            ("g -0.25\n", "g{x=\"1} 1\n"),
            ("g -0.25\n", "other 1\n"),
            ("g -0.25\n", "g -0.25\n# HELP g Again.\n# TYPE g gauge\ng{x=\"\"} 1\n"),
            ("# HELP g Three.\n", ""),
            ("# HELP g Three.\n", "# HELP other Three.\n"),
            ("gauge", "untyped"),
            ("y=\"\"} 2e3", "y=\"\"} -1"),
            ("h_bucket{le=\"+Inf\"} 3\n", ""),
            ("h_count 3", "h_count 4"),
            ("le=\"0.5\"} 1", "le=\"0.5\"} 4"),
            ("h_sum 9\n", ""),
        ] {
            let bad = GOOD.replacen(from, to, 1);
            assert!(Exposition::parse(&bad).is_err(), "{from:?} became {to:?}");
        }
        assert!(Exposition::parse(&GOOD.replace("a_total", "a")).is_err(), "counters end in _total");
    }
}
