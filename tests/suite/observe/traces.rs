//! Traces, as a collector receives them.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message as _;
use serde_json::{Value, json};
use sigpost_tests::exposition::Exposition;
use sigpost_tests::receiver::{Receiver, Reply};
use sigpost_tests::server::Server;
use sigpost_tests::time::{Deadline, now};

use super::{ADMIN, SENDER, SOON, apart, config, event, hanging, publish, serve, subscribe};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// A collector of the test's own.
struct Collector(Receiver);

impl Collector {
    fn start() -> Self {
        Self(Receiver::start().unwrap())
    }

    /// The line of the configuration that names it.
    fn configured(&self) -> String {
        format!("otlp_endpoint = \"{}\"", self.0.url("/base"))
    }

    /// Every span it was sent.
    fn spans(&self) -> Vec<Span> {
        let requests = self.0.requests();
        let bodies = requests.iter().flat_map(|request| {
            assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/base/v1/traces"));
            assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
            ExportTraceServiceRequest::decode(&*request.body).unwrap().resource_spans
        });
        let mut spans = Vec::new();
        for of_resource in bodies {
            let resource = of_resource.resource.unwrap();
            assert_eq!(text(&resource.attributes, "service.name").as_deref(), Some("sigpost"));
            spans.extend(of_resource.scope_spans.into_iter().flat_map(|of_scope| of_scope.spans));
        }
        spans
    }

    /// Waits for so many.
    fn wait_for(&self, count: usize) -> Vec<Span> {
        let found = Deadline::after(SOON).poll(|| Some(self.spans()).filter(|spans| spans.len() >= count));
        found.unwrap_or_else(|| panic!("there are not {count} spans: {:#?}", self.spans()))
    }
}

fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a any_value::Value> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    let AnyValue { value, .. } = found.value.as_ref()?;
    value.as_ref()
}

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    match attribute(attributes, key)? {
        any_value::Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

fn number(attributes: &[KeyValue], key: &str) -> Option<i64> {
    match attribute(attributes, key)? {
        any_value::Value::IntValue(number) => Some(*number),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn traced(id: &str, flags: &str) -> Value {
    let mut event = event(id);
    event["traceparent"] = json!(format!("00-{TRACE}-{PARENT}-{flags}"));
    event
}

fn named<'a>(spans: &'a [Span], name: &'a str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

/// Where a span says that its event was published.
fn linked(span: &Span) -> Vec<(String, String)> {
    span.links.iter().map(|link| (hex(&link.trace_id), hex(&link.span_id))).collect()
}

fn failed(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error)
}

#[test]
fn an_event_is_published_in_its_publishers_trace_and_every_attempt_leads_there() {
    let (collector, receiver) = (Collector::start(), Receiver::start().unwrap());
    let bad = Receiver::start().unwrap();
    bad.otherwise(Reply::status(503));
    let server = serve(config(&collector.configured(), "retry = []"));
    let webhook = subscribe(&server, &receiver.url("/a-path-of-its-own"), &["*"]);
    let failing = subscribe(&server, &bad.url("/another-path"), &["*"]);
    let before = sigpost_tests::time::wall();
    assert_eq!(publish(&server, &[traced("1", "01")]).status, 202);
    let spans = collector.wait_for(3);
    let published = named(&spans, "publish")[0];
    assert_eq!((hex(&published.trace_id), hex(&published.parent_span_id)), (TRACE.into(), PARENT.into()));
    assert_eq!(published.kind(), SpanKind::Consumer);
    assert_eq!(text(&published.attributes, "sigpost.tenant").as_deref(), Some("acme"));
    assert_eq!(text(&published.attributes, "cloudevents.event_type").as_deref(), Some("order.paid"));
    assert!(!failed(published));
    for (webhook, receiver, outcome) in [(&webhook, &receiver, (200, false)), (&failing, &bad, (503, true))] {
        let of =
            |span: &&&Span| text(&span.attributes, "sigpost.webhook").as_deref() == webhook["id"].as_str();
        let attempts = named(&spans, "attempt");
        let span: &Span = attempts.iter().find(of).unwrap();
        assert_eq!(linked(span), [(TRACE.into(), hex(&published.span_id))]);
        assert_ne!(hex(&span.trace_id), TRACE, "it may come days later");
        assert_eq!(span.kind(), SpanKind::Client);
        let message = text(&span.attributes, "sigpost.message_id");
        assert_eq!(message.as_deref(), receiver.requests()[0].header("webhook-id"));
        assert_eq!(number(&span.attributes, "sigpost.attempt"), Some(1));
        assert_eq!(
            (number(&span.attributes, "http.response.status_code"), failed(span)),
            (Some(outcome.0), outcome.1)
        );
        assert_eq!(text(&span.attributes, "error.type").as_deref(), outcome.1.then_some("503"));
        let start = i128::from(span.start_time_unix_nano);
        assert!(start >= before.as_nanosecond() && span.end_time_unix_nano > span.start_time_unix_nano);
    }
    let told: Vec<u8> = collector.0.requests().into_iter().flat_map(|request| request.body).collect();
    let told = String::from_utf8_lossy(&told);
    let secret = webhook["secret"].as_str().unwrap();
    for hidden in ["a-path-of-its-own", "another-path", "amount", "/shop", secret, ADMIN, SENDER] {
        assert!(!told.contains(hidden), "{hidden} was told");
    }
}

#[test]
fn events_without_a_trace_share_a_span_and_only_a_part_of_those_is_recorded() {
    let (collector, receiver) = (Collector::start(), Receiver::start().unwrap());
    let mut server = serve(config(&collector.configured(), "retry = []"));
    subscribe(&server, &receiver.url("/"), &["*"]);
    assert_eq!(publish(&server, &[event("1"), event("2"), event("1")]).status, 202);
    let spans = collector.wait_for(3);
    let published = named(&spans, "publish");
    assert_eq!((spans.len(), published.len()), (3, 1));
    assert_eq!(number(&published[0].attributes, "messaging.batch.message_count"), Some(3));
    assert!(published[0].parent_span_id.is_empty());
    assert!(named(&spans, "attempt").iter().all(|span| span.links.is_empty()));
    // None of them any more, but what was recorded by whoever published; not what they do not record.
    let none = format!("{}\notlp_ratio = 0", collector.configured());
    server.restart_with(&String::from(config(&none, "retry = []"))).unwrap();
    assert_eq!(publish(&server, &[event("3"), traced("4", "01"), traced("5", "00")]).status, 202);
    receiver.wait_for(5, SOON).unwrap();
    server.terminate(SOON).unwrap();
    let spans = collector.wait_for(5).split_off(3);
    assert_eq!((named(&spans, "publish").len(), named(&spans, "attempt").len(), spans.len()), (1, 1, 2));
    assert_eq!(hex(&named(&spans, "publish")[0].trace_id), TRACE);
}

#[test]
fn what_is_left_is_sent_at_the_end_and_a_new_process_still_knows_the_trace() {
    let (collector, receiver) = (Collector::start(), Receiver::start().unwrap());
    receiver.then(Reply::status(503));
    let mut server = serve(config(&collector.configured(), "retry = [\"0s\", \"2s\"]"));
    subscribe(&server, &receiver.url("/"), &["*"]);
    assert_eq!(publish(&server, &[traced("1", "01")]).status, 202);
    receiver.wait_for(1, SOON).unwrap();
    // At once: a batch would have waited for others.
    server.terminate(SOON).unwrap();
    assert_eq!(collector.spans().len(), 2);
    server.restart().unwrap();
    receiver.wait_for(2, Duration::from_secs(60)).unwrap();
    let spans = collector.wait_for(3);
    let last = named(&spans, "attempt").into_iter().find(|span| !failed(span)).unwrap();
    assert_eq!(linked(last), [(TRACE.to_owned(), PARENT.to_owned())]);
    assert_eq!(number(&last.attributes, "sigpost.attempt"), Some(2));
}

#[test]
fn a_collector_that_hangs_or_is_not_there_holds_nothing_up() {
    let (listener, hangs) = hanging();
    for endpoint in [hangs.as_str(), "http://127.0.0.1:9"] {
        let receiver = Receiver::start().unwrap();
        let lines = format!("otlp_endpoint = \"{endpoint}\"\nadmin_listen = \"127.0.0.1:0\"");
        let mut server: Server = serve(config(&lines, "timeout = \"2s\""));
        subscribe(&server, &receiver.url("/"), &["*"]);
        let start = now();
        for batch in 0..12 {
            let events: Vec<_> = (0..1_000).map(|n| traced(&format!("{batch}-{n}"), "01")).collect();
            assert_eq!(publish(&server, &events).status, 202);
        }
        receiver.wait_for(12_000, Duration::from_secs(60)).unwrap();
        let took = start.elapsed();
        assert!(took < Duration::from_secs(60), "{took:?}");
        // More than the queue holds: the others were dropped.
        let figures = apart(&server).get("/metrics").unwrap().text();
        let figures = Exposition::parse(&figures).unwrap();
        let fate = |fate| figures.value("sigpost_spans_total", &[("fate", fate)]);
        assert!(fate("made") >= Some(24_000.0) && fate("sent") == Some(0.0), "{:?}", fate("made"));
        // The deadline of an exchange and two seconds.
        assert!(server.terminate(Duration::from_secs(4)).unwrap().success());
    }
    drop(listener);
}
