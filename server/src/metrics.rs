//! Figures for Prometheus: how they are made, and how they are read.
//!
//! Whoever has something to tell keeps a [`Metrics`] of its own and gives it out to be read; nothing is global. Counting is
//! a few atomic additions, whether or not anybody reads, and what is held does not grow: a histogram is its buckets, not
//! what was put into them. What would cost something to keep up to date is computed when it is read.
//!
//! No figure has a tenant, a webhook or anything else that comes from outside as a label: labels are words of this
//! program, so there are as many series as there were at the start, and whoever may read them learns nobody's secrets.
//!
//! ```
//! use sigpost_server::metrics::{Metrics, render};
//! let metrics = Metrics::default();
//! let [good, _bad] = metrics.counters("apples_total", "Apples looked at.", "class", ["good", "bad"]);
//! good.inc();
//! assert!(render(&[metrics]).unwrap().contains("apples_total{class=\"good\"} 1\n"));
//! ```

use prometheus::core::{Collector, Desc};
use prometheus::{GaugeVec, HistogramOpts, IntCounterVec, Opts, TextEncoder, proto};

pub use prometheus::{Histogram, IntCounter, IntGauge};

/// The media type of what [`render`] writes.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A set of figures. Cheap to clone; clones are the same set.
///
/// Each function makes a figure and adds it to the set. Each panics when a name is not one for Prometheus or is in the set
/// already: names are constants of this program, so that any start of a server tells.
#[derive(Clone, Debug, Default)]
pub struct Metrics(prometheus::Registry);

impl Metrics {
    /// Counts what happens; the name ends in `_total`.
    #[must_use]
    pub fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.add(IntCounter::new(name, help))
    }

    /// Counts what happens by class: a counter for each value of the label.
    #[must_use]
    pub fn counters<const N: usize>(
        &self,
        name: &str,
        help: &str,
        label: &str,
        values: [&str; N],
    ) -> [IntCounter; N] {
        let counters = self.add(IntCounterVec::new(Opts::new(name, help), &[label]));
        values.map(|value| counters.with_label_values(&[value]))
    }

    /// How many of something there are.
    #[must_use]
    pub fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.add(IntGauge::new(name, help))
    }

    /// How large things are, in classes with these upper bounds.
    #[must_use]
    pub fn histogram(&self, name: &str, help: &str, bounds: &[f64]) -> Histogram {
        self.add(Histogram::with_opts(HistogramOpts::new(name, help).buckets(bounds.to_vec())))
    }

    /// What is looked up when it is read; left out while there is no value. It may block.
    ///
    /// # Panics
    /// See [`Metrics`].
    pub fn computed(&self, name: &str, help: &str, value: impl Fn() -> Option<f64> + Send + Sync + 'static) {
        let gauges = GaugeVec::new(Opts::new(name, help), &[]).expect(CONSTANT);
        let compute = Box::new(move |gauges: &GaugeVec| match value() {
            Some(value) => gauges.with_label_values::<&str>(&[]).set(value),
            None => gauges.reset(),
        });
        self.register(Computed { gauges, compute });
    }

    /// The same by class: a value for each of the label's.
    ///
    /// # Panics
    /// See [`Metrics`].
    pub fn computed_by<const N: usize>(
        &self,
        name: &str,
        help: &str,
        label: &str,
        values: [&'static str; N],
        compute: impl Fn() -> [f64; N] + Send + Sync + 'static,
    ) {
        let gauges = GaugeVec::new(Opts::new(name, help), &[label]).expect(CONSTANT);
        let compute = Box::new(move |gauges: &GaugeVec| {
            for (label, value) in values.into_iter().zip(compute()) {
                gauges.with_label_values(&[label]).set(value);
            }
        });
        self.register(Computed { gauges, compute });
    }

    fn add<C: Collector + Clone + 'static>(&self, made: prometheus::Result<C>) -> C {
        let made = made.expect(CONSTANT);
        self.register(made.clone());
        made
    }

    fn register(&self, collector: impl Collector + 'static) {
        self.0.register(Box::new(collector)).expect(CONSTANT);
    }
}

const CONSTANT: &str = "names are constants of this program, and each is given once";

/// Gauges that are set when they are read.
struct Computed<F> {
    gauges: GaugeVec,
    compute: F,
}

impl<F: Fn(&GaugeVec) + Send + Sync> Collector for Computed<F> {
    fn desc(&self) -> Vec<&Desc> {
        self.gauges.desc()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        (self.compute)(&self.gauges);
        self.gauges.collect()
    }
}

/// Everything in these sets, as Prometheus reads it. It may block.
///
/// # Errors
/// When something cannot be written in that form, which would be a defect of this program.
pub fn render(sets: &[Metrics]) -> Result<String, prometheus::Error> {
    let mut text = String::new();
    for Metrics(set) in sets {
        TextEncoder::new().encode_utf8(&set.gather(), &mut text)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn what_is_computed_is_looked_up_each_time_and_left_out_while_there_is_nothing() {
        let metrics = Metrics::default();
        let there = Arc::new(AtomicBool::new(true));
        let look = Arc::clone(&there);
        metrics.computed("depth", "How deep it is.", move || look.load(Ordering::SeqCst).then_some(2.5));
        metrics.computed_by("places", "Where they are.", "place", ["here", "there"], || [1.0, 2.0]);
        let text = render(core::slice::from_ref(&metrics)).unwrap();
        let expected = "# HELP depth How deep it is.\n# TYPE depth gauge\ndepth 2.5\n# HELP places Where they are.\n\
                        # TYPE places gauge\nplaces{place=\"here\"} 1\nplaces{place=\"there\"} 2\n";
        assert_eq!(text, expected);
        there.store(false, Ordering::SeqCst);
        assert!(!render(&[metrics]).unwrap().contains("depth"));
    }

    #[test]
    #[should_panic(expected = "each is given once")]
    fn a_name_is_given_once() {
        let metrics = Metrics::default();
        let _ = metrics.gauge("one", "One.");
        let _ = metrics.gauge("one", "Another.");
    }
}
