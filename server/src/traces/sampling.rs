//! Which spans are recorded.

use opentelemetry::trace::{Link, SpanKind, TraceContextExt as _, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// As its parent is, else as what it links to is, else a part of all.
#[derive(Clone, Debug)]
pub(super) struct Sampling {
    others: Sampler,
}

impl Sampling {
    pub(super) fn new(ratio: f64) -> Self {
        Self { others: Sampler::TraceIdRatioBased(ratio) }
    }
}

impl ShouldSample for Sampling {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let parent_is = parent.filter(|parent| parent.has_active_span());
        let parent_is = parent_is.map(|parent| parent.span().span_context().is_sampled());
        let link_is = links.first().map(|link| link.span_context.is_sampled());
        let decision = match parent_is.or(link_is) {
            Some(true) => SamplingDecision::RecordAndSample,
            Some(false) => SamplingDecision::Drop,
            None => return self.others.should_sample(None, trace_id, name, kind, attributes, links),
        };
        SamplingResult { decision, attributes: Vec::new(), trace_state: TraceState::default() }
    }
}
