//! Logs: one JSON object per line, which `CloudWatch` reads by field.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _};

/// Starts logging to standard output, at most one line per thing worth knowing. There is no filter language to parse:
/// it would cost a regular-expression engine at every cold start. A second call changes nothing.
pub fn init_telemetry() {
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_max_level(LevelFilter::INFO)
        .finish()
        // It logs every request and what a client says of itself; the boundary's one line is enough.
        .with(Targets::new().with_default(LevelFilter::INFO).with_target("rmcp", LevelFilter::ERROR));
    // Refused only when there is a subscriber already, as under a test.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
