//! `sigpost listen`: a receiver that says of every delivery whether it is genuine.

use core::convert::Infallible;
use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use clap::Args;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use sigpost_core::signature::{Scheme, Secret, Verifier};
use tokio::net::TcpListener;

use super::input::Signing;
use super::verify::{pairs, verifier};
use super::{Failure, executor, print, say};
use crate::clock::{Clock, SystemClock};

/// Receive webhooks and say of each whether it is genuine
///
/// Answers 200 to a delivery that verifies by every scheme given, and 401 to any other. Several schemes may be given:
/// an Immuta webhook carries immuta, immuta-sha1 and standard-webhooks.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  sigpost listen --scheme immuta --scheme standard-webhooks --secret-file s --port 9000"
)]
pub(super) struct Listen {
    #[command(flatten)]
    signing: Signing,
    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 9000)]
    port: u16,
}

/// The largest delivery in bytes.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// How long a sender may take for a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

impl Listen {
    pub(super) fn run(self) -> Result<(), Failure> {
        let verifiers = verifiers(&self.signing.schemes()?, &self.signing.secrets()?)?;
        executor()?.block_on(async move {
            let wanted = SocketAddr::from(([127, 0, 0, 1], self.port));
            let listener = TcpListener::bind(wanted).await.map_err(|error| {
                Failure::Failed(format!("cannot listen on {wanted}: {error}; choose another with --port"))
            })?;
            let address = listener.local_addr().map_err(|error| Failure::of(&error))?;
            print(format!("{{\"listening\":\"http://{address}\"}}\n").as_bytes())?;
            say("waiting for deliveries; Ctrl-C stops");
            receive(listener, verifiers).await;
            Ok(())
        })
    }
}

/// A verifier for each scheme.
pub(super) fn verifiers(
    schemes: &[&'static Scheme],
    secrets: &[Secret],
) -> Result<Vec<(&'static Scheme, Verifier)>, Failure> {
    schemes.iter().map(|scheme| Ok((*scheme, verifier(scheme, secrets)?))).collect()
}

/// Receives for ever.
pub(super) async fn receive(listener: TcpListener, verifiers: Vec<(&'static Scheme, Verifier)>) {
    let receiver = Arc::new(Receiver { verifiers, clock: SystemClock::new() });
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let receiver = Arc::clone(&receiver);
        let service = service_fn(move |request| {
            let receiver = Arc::clone(&receiver);
            async move { Ok::<_, Infallible>(receiver.delivery(request).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

struct Receiver {
    verifiers: Vec<(&'static Scheme, Verifier)>,
    clock: SystemClock,
}

impl Receiver {
    async fn delivery(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
            return answer(StatusCode::PAYLOAD_TOO_LARGE);
        };
        let body = body.to_bytes();
        let now = self.clock.now();
        let mut report = format!(
            "\n{} {} {}  {} bytes\n",
            now.strftime("%H:%M:%S%.3f"),
            parts.method,
            parts.uri.path().escape_debug(),
            body.len()
        );
        let genuine = self.judge(&parts.headers, &body, now.as_second(), &mut report);
        report.push_str("  ");
        report.extend(String::from_utf8_lossy(&body).chars().take(2_000).flat_map(printable));
        say(&report);
        answer(if genuine { StatusCode::OK } else { StatusCode::UNAUTHORIZED })
    }

    fn judge(&self, headers: &HeaderMap, body: &[u8], now: i64, report: &mut String) -> bool {
        let mut genuine = true;
        for (scheme, verifier) in &self.verifiers {
            let line = match verifier.verify(pairs(headers), body, now) {
                Ok(_) => format!("  genuine      {}\n", scheme.name()),
                Err(error) => {
                    genuine = false;
                    format!("  NOT GENUINE  {}: {error} ({})\n", scheme.name(), error.code())
                }
            };
            report.push_str(&line);
        }
        genuine
    }
}

/// What a stranger sent must not control the terminal.
fn printable(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}

fn answer(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    response
}
