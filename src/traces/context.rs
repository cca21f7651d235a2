//! Where a span stands in a trace, by W3C Trace Context: read from callers, and kept with work that is done later.
//! Without an exporter all of it is nothing.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{Span as _, TraceContextExt as _, Tracer as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, dispatcher};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::traces::export::Backdating;

const HEADER: &str = "traceparent";

/// The place of the span that is entered now.
pub fn current() -> Option<String> {
    let context = Span::current().context();
    if !context.span().span_context().is_valid() {
        return None;
    }
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.remove(HEADER)
}

/// Makes a span that nothing was done in yet the child of a place. One that cannot be read is left alone.
pub fn follow(span: &Span, traceparent: &str) {
    let parent = read(traceparent);
    if parent.span().span_context().is_valid() {
        // It fails where nothing keeps traces, and where the span began already.
        let _ = span.set_parent(parent);
    }
}

/// Gives a span another name, now that it is known what it is about.
pub fn rename(span: &Span, name: impl FnOnce() -> String) {
    let context = span.context();
    let span = context.span();
    if span.is_recording() {
        span.update_name(name());
    }
}

/// Tells of something that lies in the past as a span below a place: it began and ended at these milliseconds since
/// 1970.
pub fn tell_of_the_past(name: &'static str, traceparent: &str, from_ms: i64, to_ms: i64) {
    let parent = read(traceparent);
    dispatcher::get_default(|dispatch| {
        let Some(Backdating(tracer)) = dispatch.downcast_ref::<Backdating>() else {
            return;
        };
        let builder = tracer.span_builder(name).with_start_time(moment(from_ms));
        let mut span = tracer.build_with_context(builder, &parent);
        span.end_with_timestamp(moment(to_ms));
    });
}

fn read(traceparent: &str) -> Context {
    let carrier = HashMap::from([(HEADER.to_owned(), traceparent.to_owned())]);
    TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier)
}

fn moment(ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_place_in_a_trace_is_read() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(read(good).span().span_context().is_valid());
        for bad in ["", "00-0-0-01", "nothing", &good[..40]] {
            assert!(!read(bad).span().span_context().is_valid(), "{bad}");
        }
    }

    #[test]
    fn without_an_exporter_there_is_no_place() {
        assert_eq!(current(), None);
        tell_of_the_past("queue wait", "nothing", 0, 1);
    }
}
