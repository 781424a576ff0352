//! Traces: what was published and attempted when, sent to a collector of the operator's (OTLP over HTTP, protobuf).
//!
//! # Theory
//! An event that comes with a `traceparent` has a span `publish` in that trace; those of a request that come without
//! share one of their own. Every attempt is a span `attempt` of its own, for it may come days later, with a link to the
//! span its event was published in, or after a restart to the one that the event came with.
//!
//! Whether a span is recorded follows whoever asked first: what the event came with, else a part of all, as configured.
//!
//! Guarantees: nobody waits for a collector. Spans are put into a bounded queue, from which a thread of its own sends
//! them in batches; what finds it full is dropped and counted. At the end what is left is sent, for as long as it is
//! given.
//!
//! Spans hold names of tenants, ids, types of events and outcomes; no url, header, body, secret or token.
//!
//! Without a collector there is no [`Tracer`], and whoever would use one has nothing to do.

mod export;
mod sampling;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    Link, Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags,
    TraceId, TraceState, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, Span};

use self::export::{Counted, Line};
use self::sampling::Sampling;
use crate::clock::Clock;
use crate::domain::{Attempt, Outcome, Tenant, Timestamp, TraceContext, Webhook, Work};
use crate::metrics::{IntCounter, Metrics};

/// Spans that wait to be sent. More are dropped.
const QUEUE: usize = 8_192;
/// Spans that are sent at a time, and how long the first of them waits for others.
const BATCH: usize = 512;
const BATCH_DELAY: Duration = Duration::from_secs(2);

/// Where spans go, and which.
#[derive(Clone, Debug, PartialEq)]
pub struct Collector {
    /// The base of the collector's OTLP paths, by `http`; spans go to `v1/traces` below it.
    pub endpoint: url::Url,
    /// Which part of what comes without a trace is recorded: 0 is none, 1 all.
    pub ratio: f64,
}

/// Makes spans. Cheap to clone.
#[derive(Clone)]
pub struct Tracer {
    spans: Spans,
    provider: SdkTracerProvider,
    metrics: Metrics,
}

/// Where spans begin.
#[derive(Clone)]
struct Spans {
    tracer: SdkTracer,
    made: IntCounter,
}

impl Spans {
    fn begin(&self, builder: SpanBuilder, parent: &Context) -> Span {
        let span = builder.start_with_context(&self.tracer, parent);
        if span.span_context().is_sampled() {
            self.made.inc();
        }
        span
    }
}

/// Why no spans can be sent.
#[derive(Debug, thiserror::Error)]
#[error("the exporter of traces cannot be set up")]
pub struct TracerError(#[from] ExporterBuildError);

impl Tracer {
    /// Begins to send to a collector, which need not be there. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`TracerError`] when the endpoint cannot be used.
    pub fn start(collector: &Collector, clock: Arc<dyn Clock>) -> Result<Self, TracerError> {
        let Collector { endpoint, ratio } = collector;
        let metrics = Metrics::default();
        let [made, sent, failed] = metrics.counters(
            "sigpost_spans_total",
            "Spans of traces: made, sent to the collector, failed to be. Made that are neither wait or were dropped.",
            "fate",
            ["made", "sent", "failed"],
        );
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Line::new(tokio::runtime::Handle::current()))
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/')))
            .build()?;
        let exporter = Counted::new(exporter, sent, failed, clock);
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(BATCH_DELAY)
            .build();
        let of_this_program = [
            KeyValue::new("service.name", "sigpost"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ];
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build())
            .with_sampler(Sampling::new(*ratio))
            .with_resource(Resource::builder_empty().with_attributes(of_this_program).build())
            .build();
        Ok(Self { spans: Spans { tracer: provider.tracer("sigpost"), made }, provider, metrics })
    }

    /// What becomes of spans.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Sends what is left, for so long at the most. Nothing is sent afterwards.
    pub async fn stop(self, within: Duration) {
        let provider = self.provider.clone();
        let stopping = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(within));
        // Whatever else goes wrong, there is nobody to tell it to.
        if !matches!(tokio::time::timeout(within, stopping).await, Ok(Ok(Ok(())))) {
            tracing::warn!("not all traces could be sent before the end");
        }
    }

    /// Somebody publishes.
    #[must_use]
    pub fn publishing(&self, tenant: &Tenant, at: Timestamp) -> Publishing {
        let tenant = tenant.name.clone().into();
        Publishing { begin: self.spans.clone(), tenant, at, spans: Vec::new(), others: 0, done: false }
    }

    /// An attempt has ended. `published` is where its event was, if that is known.
    pub fn attempted(
        &self,
        work: &Work,
        tenant: &Tenant,
        webhook: &Webhook,
        attempt: &Attempt,
        published: Option<TraceContext>,
    ) {
        let Attempt { number, started_at, duration, outcome, webhook_version: _ } = attempt;
        let mut attributes = vec![
            text("sigpost.tenant", tenant.name.clone()),
            text("sigpost.webhook", webhook.public_id.to_string()),
            text("sigpost.message_id", work.message_id.as_str().to_owned()),
            text("sigpost.cause", work.cause.as_str()),
            KeyValue::new("sigpost.attempt", i64::from(*number)),
        ];
        match outcome {
            Outcome::Response { status, .. } => {
                attributes.push(KeyValue::new("http.response.status_code", i64::from(*status)));
                if !outcome.is_success() {
                    attributes.push(text("error.type", status.to_string()));
                }
            }
            Outcome::Failed(failure) => attributes.push(text("error.type", failure.class.as_str())),
        }
        let links = published.map(|context| Link::with_context(span_context(context))).into_iter();
        let builder = SpanBuilder::from_name("attempt")
            .with_kind(SpanKind::Client)
            .with_start_time(SystemTime::from(*started_at))
            .with_links(links.collect())
            .with_attributes(attributes);
        let mut span = self.spans.begin(builder, &Context::new());
        if !outcome.is_success() {
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(SystemTime::from(*started_at) + *duration);
    }
}

/// The spans of one request that publishes. They end with it, as failed if it did not come to its end.
pub struct Publishing {
    begin: Spans,
    tenant: Arc<str>,
    at: Timestamp,
    spans: Vec<Span>,
    /// Events that come without a trace.
    others: u32,
    done: bool,
}

impl Publishing {
    /// An event of this type is published, which came with this `traceparent`. Returns the span it is published in, if it
    /// came with any.
    pub fn event(&mut self, event_type: &str, traceparent: Option<&str>) -> Option<TraceContext> {
        let Some(parent) = traceparent.and_then(TraceContext::parse) else {
            self.others += 1;
            return None;
        };
        let parent = Context::new().with_remote_span_context(span_context(parent));
        let builder = self.builder(1).with_attributes([
            text("sigpost.tenant", self.tenant.to_string()),
            text("cloudevents.event_type", event_type.to_owned()),
        ]);
        let span = self.begin.begin(builder, &parent);
        let context = span.span_context();
        let (trace_id, span_id) = (context.trace_id().to_bytes(), context.span_id().to_bytes());
        let published = TraceContext { trace_id, span_id, sampled: context.is_sampled() };
        self.spans.push(span);
        Some(published)
    }

    /// All of it is durable.
    pub fn done(mut self) {
        self.done = true;
    }

    fn builder(&self, events: u32) -> SpanBuilder {
        SpanBuilder::from_name("publish")
            .with_kind(SpanKind::Consumer)
            .with_start_time(SystemTime::from(self.at))
            .with_attributes([
                text("sigpost.tenant", self.tenant.to_string()),
                KeyValue::new("messaging.batch.message_count", i64::from(events)),
            ])
    }
}

impl Drop for Publishing {
    fn drop(&mut self) {
        if self.others > 0 {
            let span = self.begin.begin(self.builder(self.others), &Context::new());
            self.spans.push(span);
        }
        for mut span in self.spans.drain(..) {
            if !self.done {
                span.set_status(Status::error(""));
            }
            span.end();
        }
    }
}

fn text(key: &'static str, value: impl Into<Cow<'static, str>>) -> KeyValue {
    KeyValue::new(key, Value::from(value.into()))
}

fn span_context(context: TraceContext) -> SpanContext {
    let TraceContext { trace_id, span_id, sampled } = context;
    let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let (trace_id, span_id) = (TraceId::from_bytes(trace_id), SpanId::from_bytes(span_id));
    SpanContext::new(trace_id, span_id, flags, true, TraceState::default())
}
