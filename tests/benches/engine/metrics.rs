//! Reading the server's metrics once a second, as an operator has it done.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use sigpost_tests::server::Server;

const EVERY: Duration = Duration::from_secs(1);

/// Somebody who reads them, until it is stopped or dropped.
pub(crate) struct Scrape {
    /// Dropped to stop it.
    _stop: Sender<()>,
    thread: JoinHandle<Result<()>>,
}

impl Scrape {
    /// Begins to read those of a server that is running, at once.
    pub(crate) fn start(server: &Server) -> Result<Self> {
        let client = server.apart()?;
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::spawn(move || {
            loop {
                let answer = client.get("/metrics")?;
                ensure!(answer.status == 200, "/metrics: {} {}", answer.status, answer.text());
                if stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    return Ok(());
                }
            }
        });
        Ok(Self { _stop: stop, thread })
    }

    /// Ends it. They were read all the time, or it is an error.
    pub(crate) fn stop(self) -> Result<()> {
        let Self { _stop: stop, thread } = self;
        drop(stop);
        thread.join().map_err(|_| anyhow!("reading the metrics has panicked"))?
    }
}
