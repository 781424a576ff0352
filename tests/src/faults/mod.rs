//! What goes wrong, done on purpose to the real binary over real sockets and files, each with the figures it has to
//! reach.
//!
//! Every trial publishes events that carry their numbers, does its harm, lets the server recover, and ends with the
//! [reckoning](crate::load::balance): what was acknowledged has arrived or ended visibly, by id; what came twice is
//! counted. A trial is short in the tests and long in `cargo xtask faults`. In short the harm is smaller, and what a busy
//! machine adds to a few measurements is allowed for: `hang`, `dead`, `parked`, `back` and `together` have looser limits then,
//! which `tests/README.md` tells.

mod answers;
mod back;
mod beside;
mod canaries;
mod clock;
mod dead;
mod disguises;
mod early;
mod files;
mod full;
mod hang;
mod kill;
mod names;
mod nameserver;
mod order;
mod parked;
mod poison;
mod rig;
mod search;
mod shim;
mod stop;
mod sync;
mod together;

pub use order::{Deed, Order};
pub use shim::Shim;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

/// How much harm is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// As much as the tests have time for.
    Short,
    /// As much as is asked for.
    Long,
}

/// One kind of harm.
#[derive(Clone, Copy)]
pub struct Fault {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is done.
    pub about: &'static str,
    run: fn(&mut Trial) -> Result<()>,
}

/// All there are.
pub const FAULTS: &[Fault] = &[
    Fault {
        name: "kill",
        about: "kill -9 at random moments under load: 10 times, 200 when long",
        run: kill::run,
    },
    Fault { name: "stop", about: "SIGTERM under load: 2 times, 20 when long", run: stop::run },
    Fault {
        name: "answers",
        about: "answers without end, head or measure: 50 of each kind at once, 200 when long",
        run: answers::run,
    },
    Fault {
        name: "full",
        about: "a disk that fills up under load, with and without kill -9; when long a small file system too, as root",
        run: full::run,
    },
    Fault { name: "sync", about: "an fsync that fails under load: once, 12 times when long", run: sync::run },
    Fault {
        name: "files",
        about: "256 open files for 1,000 slow endpoints; when long 512 for 2,000",
        run: files::run,
    },
    Fault {
        name: "hang",
        about: "30 of 100 endpoints hang at 600 events a second; when long 100 of 1,000 at 2,000",
        run: hang::run,
    },
    Fault {
        name: "dead",
        about: "a tenant with 200 dead webhooks beside one with a healthy one; when long 1,000",
        run: dead::run,
    },
    Fault {
        name: "parked",
        about: "30,000 deliveries for one endpoint that hangs; when long a million, and then the tenant's limit",
        run: parked::run,
    },
    Fault {
        name: "back",
        about: "an endpoint that comes back to 2,500 deliveries, 50,000 when long",
        run: back::run,
    },
    Fault {
        name: "together",
        about: "3,000 deliveries that fail together at one endpoint, 1,200 at 600; when long 10,000 each",
        run: together::run,
    },
    Fault {
        name: "clock",
        about: "a wall clock that jumps an hour ahead and back while retries wait",
        run: clock::run,
    },
    Fault {
        name: "clock-restart",
        about: "a wall clock that is an hour behind when the server starts again",
        run: clock::restarted,
    },
    Fault {
        name: "canaries",
        about: "secrets, encrypted headers and tokens, looked for in logs, files, answers and memory",
        run: canaries::run,
    },
    Fault {
        name: "dark",
        about: "a name service that says nothing, for 60 endpoints and 3 s; when long for 100 and 30 s",
        run: names::dark,
    },
    Fault {
        name: "turning",
        about: "names that turn from open to forbidden addresses, that are slow, and that are not there",
        run: names::turning,
    },
    Fault {
        name: "disguises",
        about: "forbidden addresses in every spelling, at creation and at delivery, and redirects to them",
        run: disguises::run,
    },
    Fault {
        name: "early",
        about: "receivers that answer before they have read, and read on, stay or close",
        run: early::run,
    },
    Fault {
        name: "poison",
        about: "odd settings and payloads, and bodies that were damaged on the disk",
        run: poison::run,
    },
];

/// The fault of this name.
///
/// # Errors
/// When there is none; the error lists those there are.
pub fn find(name: &str) -> Result<&'static Fault> {
    FAULTS.iter().find(|fault| fault.name == name).with_context(|| {
        let names: Vec<&str> = FAULTS.iter().map(|fault| fault.name).collect();
        format!("there is no fault `{name}`; there are: {}", names.join(", "))
    })
}

impl Fault {
    /// Does the harm and says what came of it; `tell` is told how it goes.
    ///
    /// # Errors
    /// When something happened that has no figure: a server that does not start, an answer that should not have come.
    pub fn run(&self, extent: Extent, tell: fn(&str)) -> Result<Trial> {
        let mut trial = Trial { name: self.name, extent, tell, figures: Vec::new() };
        (self.run)(&mut trial).with_context(|| format!("fault `{}`", self.name))?;
        Ok(trial)
    }
}

/// One run of a fault, and what it showed.
pub struct Trial {
    name: &'static str,
    extent: Extent,
    tell: fn(&str),
    figures: Vec<Figure>,
}

/// What a trial showed, and what it had to.
#[derive(Clone, Debug)]
pub struct Figure {
    what: String,
    reached: f64,
    unit: &'static str,
    /// At most this; without it, the figure is only told.
    most: Option<f64>,
}

impl Figure {
    fn is_met(&self) -> bool {
        self.most.is_none_or(|most| self.reached <= most)
    }

    fn amount(&self, value: f64) -> String {
        let text = if value.fract() == 0.0 || value >= 1_000.0 {
            format!("{value:.0}")
        } else {
            format!("{value:.2}")
        };
        format!("{text}{}", self.unit)
    }

    fn line(&self) -> String {
        let target = self.most.map(|most| format!("at most {}", self.amount(most))).unwrap_or_default();
        let met = if self.is_met() { "" } else { "  NOT MET" };
        format!("{:48} {:>14}  {target}{met}", self.what, self.amount(self.reached))
    }
}

impl Trial {
    /// One or the other, by the extent.
    fn pick<T>(&self, short: T, long: T) -> T {
        match self.extent {
            Extent::Short => short,
            Extent::Long => long,
        }
    }

    fn say(&self, text: &str) {
        (self.tell)(text);
    }

    /// A figure that may be this high at most.
    fn at_most(&mut self, what: &str, reached: f64, unit: &'static str, most: f64) {
        self.add(Figure { what: what.to_owned(), reached, unit, most: Some(most) });
    }

    /// A count that has to be zero.
    fn none(&mut self, what: &str, count: usize) {
        self.at_most(what, float(count), "", 0.0);
    }

    /// A figure without a target.
    fn note(&mut self, what: &str, reached: f64, unit: &'static str) {
        self.add(Figure { what: what.to_owned(), reached, unit, most: None });
    }

    fn add(&mut self, figure: Figure) {
        self.say(&format!("  {}", figure.line()));
        self.figures.push(figure);
    }

    /// Whether every figure is what it has to be.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.figures.iter().all(Figure::is_met)
    }

    /// Whether every figure is what it has to be.
    ///
    /// # Errors
    /// Shows all figures when one is not.
    pub fn ensure_met(&self) -> Result<()> {
        ensure!(self.is_met(), "the fault `{}` did more harm than it may:\n{}", self.name, self.table());
        Ok(())
    }

    /// The figures, a line each.
    #[must_use]
    pub fn table(&self) -> String {
        self.figures.iter().map(|figure| format!("{:14} {}\n", self.name, figure.line())).collect()
    }

    /// The figures, for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let figures = self.figures.iter().map(|figure| {
            json!({
                "what": figure.what, "reached": figure.reached, "unit": figure.unit.trim(),
                "at_most": figure.most, "met": figure.is_met(),
            })
        });
        json!({
            "fault": self.name, "extent": self.pick("short", "long"), "met": self.is_met(),
            "figures": figures.collect::<Vec<_>>(),
        })
    }
}

/// Exact for every count here.
fn float(count: usize) -> f64 {
    float_64(count as u64)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn float_64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_beyond_its_target_is_no_success_and_is_shown() {
        let fault = Fault {
            name: "test",
            about: "nothing",
            run: |trial| {
                trial.note("time to be back", 0.25, " s");
                trial.at_most("answers that took too long", 3.0, "", f64::from(trial.pick(3, 2)));
                Ok(())
            },
        };
        fault.run(Extent::Short, |_| ()).unwrap().ensure_met().unwrap();
        let failed = fault.run(Extent::Long, |_| ()).unwrap();
        let shown = failed.ensure_met().unwrap_err().to_string();
        assert!(shown.contains("0.25 s") && shown.contains("at most 2  NOT MET"), "{shown}");
        assert_eq!(failed.json()["figures"][1]["met"], false);
    }

    #[test]
    fn names_are_unique_and_one_that_is_not_there_is_told_those_that_are() {
        for (index, fault) in FAULTS.iter().enumerate() {
            assert!(FAULTS[..index].iter().all(|other| other.name != fault.name), "{}", fault.name);
        }
        assert!(find("none").err().unwrap().to_string().contains("kill"));
    }
}
