//! `sigpost serve`.

use std::path::PathBuf;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, demo, executor, print, say};
use crate::config::{Config, Overrides, TokenHolder};

/// Run the server
///
/// Prints one JSON line {"listening":"http://…"} on stdout once it accepts connections, and logs on stderr; the
/// environment variable `RUST_LOG` sets how much (for example `RUST_LOG=debug`). SIGTERM and Ctrl-C stop it: it takes
/// nothing new, finishes what is in flight, and exits.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  sigpost serve --demo\n  sigpost serve --config sigpost.toml --listen 127.0.0.1:0"
)]
pub(super) struct Serve {
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The data directory [default: sigpost-data]
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
    /// A PostgreSQL database instead of the data directory (not in this version)
    #[arg(long, value_name = "URL", hide = true)]
    database_url: Option<String>,
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Try it out: a demo tenant with new tokens, a receiver, and lines to paste; only on loopback, and without any
    /// configuration, the environment's included
    #[arg(long, conflicts_with = "config")]
    demo: bool,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self { listen, data, database_url, config: file, demo } = self;
        let overrides = Overrides { listen, data, database_url };
        crate::telemetry::start();
        crate::files::raise_limit();
        if demo {
            return executor()?.block_on(demo::run(overrides));
        }
        let config = Config::load(file.as_deref(), overrides).map_err(|error| Failure::of(&error))?;
        executor()?.block_on(serve(config, |_| ()))
    }
}

const NOBODY: &str = "\
sigpost: there is no tenant and no operator who could make one, so nobody can do anything here. A configuration file for
--config looks like this:

  [[tenant]]
  name = \"acme\"
  dialect = \"immuta\"
    [[tenant.user]]
    id = \"1\"
    name = \"Ada\"
    roles = [\"admin\"]
    token_sha256 = \"…\"      # from `sigpost token`

`sigpost serve --demo` shows a server with everything set up.";

/// Serves until a signal comes; `listening` is told the address first.
pub(super) async fn serve(config: Config, listening: impl FnOnce(&str)) -> Result<(), Failure> {
    // Before anybody is told that the server is there: whoever reads the line below may stop it at once.
    let signals = StopSignals::install().map_err(|error| Failure::of(&error))?;
    let wanted = config.server.listen;
    let listener = TcpListener::bind(wanted).await.map_err(|error| {
        Failure::Failed(format!("cannot listen on {wanted}: {error}; choose another with --listen"))
    })?;
    let address = listener.local_addr().map_err(|error| Failure::of(&error))?;
    let url = format!("http://{address}");
    let operated = config.tokens.values().any(|holder| matches!(holder, TokenHolder::Operator(_)));
    let server = crate::Server::start(config, listener).await.map_err(|error| Failure::of(&error))?;
    if let Some(address) = server.admin_address() {
        tracing::info!(%address, "health and metrics are served apart");
    }
    // Tenants that were made through the API are known only now.
    if !operated && !server.has_tenants() {
        say(NOBODY);
    }
    print(format!("{{\"listening\":\"{url}\"}}\n").as_bytes())?;
    listening(&url);
    let stopped = server.run_until(signals.first()).await;
    stopped.map_err(|error| Failure::of(&error))
}

/// The signals that stop a server: SIGTERM and Ctrl-C.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Takes the signals over from the operating system, which would end the process at once.
    fn install() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn either(&mut self) {
        tokio::select! { _ = self.terminate.recv() => (), _ = self.interrupt.recv() => () }
    }

    /// Resolves at the first signal. A second one ends the process at once.
    async fn first(mut self) {
        self.either().await;
        tracing::info!("stopping: finishing what is in flight");
        tokio::spawn(async move {
            self.either().await;
            say("sigpost: stopped at once");
            std::process::exit(130);
        });
    }
}
