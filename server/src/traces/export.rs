//! The way to the collector: one connection a batch, bounded in time and size, and counted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as Exporter};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

use crate::causes::causes;
use crate::clock::Clock;
use crate::metrics::IntCounter;

/// How long a collector may take for a batch.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most that is read of its answer.
const ANSWER: usize = 64 * 1024;
/// How often it is said that nothing gets through.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Sends requests from a thread that knows no executor, on the one that there is.
#[derive(Debug)]
pub(super) struct Line {
    executor: Handle,
}

impl Line {
    pub(super) fn new(executor: Handle) -> Self {
        Self { executor }
    }
}

#[async_trait]
impl HttpClient for Line {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sending = self.executor.spawn(async { tokio::time::timeout(PATIENCE, send(request)).await });
        sending.await??
    }
}

async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority().cloned().ok_or("the collector's url has no host")?;
    let host = authority.host().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    parts.headers.insert(header::HOST, authority.as_str().parse()?);
    parts.uri = parts.uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;
    let answer = sender.send_request(Request::from_parts(parts, Full::new(body))).await?;
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, ANSWER).collect().await?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(parts, body))
}

/// Counts what gets through and what does not.
#[derive(Debug)]
pub(super) struct Counted {
    exporter: SpanExporter,
    sent: IntCounter,
    failed: IntCounter,
    complaint: Complaint,
}

/// Says now and then that nothing gets through.
struct Complaint {
    clock: Arc<dyn Clock>,
    /// When (monotonic) it was said last.
    said: Mutex<Option<Duration>>,
}

impl core::fmt::Debug for Complaint {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Complaint").finish_non_exhaustive()
    }
}

impl Complaint {
    fn say(&self, error: &(dyn core::error::Error + 'static)) {
        let now = self.clock.monotonic();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|said| now.saturating_sub(said) >= SAY_EVERY) {
            *said = Some(now);
            tracing::warn!(error = causes(error), "traces do not reach the collector");
        }
    }
}

impl Counted {
    pub(super) fn new(
        exporter: SpanExporter,
        sent: IntCounter,
        failed: IntCounter,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { exporter, sent, failed, complaint: Complaint { clock, said: Mutex::default() } }
    }
}

impl Exporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let exported = self.exporter.export(batch).await;
        match &exported {
            Ok(()) => self.sent.inc_by(spans),
            Err(error) => {
                self.failed.inc_by(spans);
                self.complaint.say(error);
            }
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
