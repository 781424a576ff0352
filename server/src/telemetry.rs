//! Logs: lines for people on a terminal, JSON for machines elsewhere; always on stderr.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Starts logging. `RUST_LOG` sets what is logged; by default everything from `info` up.
pub(crate) fn start() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let base = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start, as in tests, keeps the first.
    let _ = if std::io::stderr().is_terminal() {
        base.with_target(false).try_init()
    } else {
        base.json().flatten_event(true).try_init()
    };
}
