//! `sigpost doctor`: looks a deployment over and changes nothing. Each check says one line.

mod configuration;
mod database;
mod disk;
mod finding;

use std::sync::Arc;

use clap::Args;

use self::finding::{Finding, Report, Verdict, worst};
use super::place::Place;
use super::{Failure, print, report};
use crate::causes::Causes;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Overrides};
use crate::storage::sqlite::SystemFreeSpace;
use crate::storage::sqlite::examine::Examiner;

/// Check a deployment: configuration, disk, clock, keys, database
///
/// It looks, and changes nothing that is stored; a server may run meanwhile. Every check says one line: ok, warning or
/// problem, what was found, and what to do. Exits with 0, or with 1 if there is any problem. The whole database is
/// read, which takes a while if it is large; how far it is stands on stderr.
#[derive(Args)]
#[command(after_help = "Examples:
  sigpost doctor --config sigpost.toml
  sigpost doctor --config sigpost.toml --json | jq '.checks[] | select(.verdict != \"ok\")'")]
pub(super) struct Doctor {
    #[command(flatten)]
    place: Place,
    /// Write one JSON object instead of lines
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self { place, json } = self;
        let mut findings = Vec::new();
        let mut failed = Ok(());
        examine(&place, &mut |finding: Finding| {
            if !json && failed.is_ok() {
                failed = print(format!("{}\n", finding.line()).as_bytes());
            }
            findings.push(finding);
        });
        failed?;
        let verdict = worst(&findings);
        if json {
            let report = Report { verdict, checks: &findings };
            let mut text = serde_json::to_vec(&report).map_err(|error| Failure::of(&error))?;
            text.push(b'\n');
            print(&text)?;
        }
        if verdict == Verdict::Problem { Err(Failure::No) } else { Ok(()) }
    }
}

/// Checks everything, and tells each finding when it has it.
fn examine(place: &Place, found: &mut dyn FnMut(Finding)) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let overrides = Overrides { data: place.data.clone(), ..Overrides::default() };
    let config = match Config::load(place.config.as_deref(), overrides) {
        Ok(config) => config,
        Err(error) => {
            let remedy = "correct it, and look again: where the data is cannot be told until then";
            return found(Finding::problem("configuration", chain(&error), remedy));
        }
    };
    configuration::check(place.config.as_deref(), &config).into_iter().for_each(&mut *found);
    let (data, key) = (&config.server.data, &config.server.master_key);
    found(disk::directory(data));
    if !data.is_dir() {
        return found(database::clock(clock.now(), None));
    }
    let examiner = Examiner::open(data);
    let reusable = match &examiner {
        Ok(Some(examiner)) => examiner.reusable().unwrap_or(0),
        _ => 0,
    };
    found(disk::space(data, &SystemFreeSpace, reusable, config.server.min_free));
    found(disk::latency(data, &*clock));
    match examiner {
        Ok(Some(mut examiner)) => {
            let tell = report::on_stderr(Arc::clone(&clock));
            database::check(&mut examiner, data, key, &config.tenants, clock.now(), &tell, found);
        }
        Ok(None) => {
            found(database::clock(clock.now(), None));
            found(Finding::ok("database", "there is none yet: the first start makes it"));
        }
        Err(error) => {
            found(database::clock(clock.now(), None));
            found(database::unreadable("database", &error));
        }
    }
}

/// An error with all its causes.
fn chain(error: &(dyn core::error::Error + 'static)) -> String {
    Causes(error).to_string()
}
