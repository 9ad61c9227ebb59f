//! Logs: one JSON object per line, which `CloudWatch` reads by field.

use tracing::Level;

/// Starts logging to standard output, at most one line per thing worth knowing. There is no filter language to parse:
/// it would cost a regular-expression engine at every cold start. A second call changes nothing.
pub fn init_telemetry() {
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_max_level(Level::INFO)
        .finish();
    // Refused only when there is a subscriber already, as under a test.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
