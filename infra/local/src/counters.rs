//! What the process did so far, counted: what a benchmark divides by the number of operations. `GET /local/counters`.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::{Json, Router, routing::get};
use serde_json::json;

/// A count that only grows, of the whole process.
#[derive(Debug)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Waits for the disk that somebody waited for. SQLite's own, when it moves its log into the database, come beside them:
/// two for some thousand writes.
pub(crate) static SYNCS: Counter = Counter(AtomicU64::new(0));
/// SQL statements begun.
pub(crate) static STATEMENTS: Counter = Counter(AtomicU64::new(0));
/// Requests answered by the table.
pub(crate) static DYNAMODB: Counter = Counter(AtomicU64::new(0));
/// Requests answered by the bucket.
pub(crate) static S3: Counter = Counter(AtomicU64::new(0));
/// Requests answered by the queues, the long polls of the functions' own pollers among them.
pub(crate) static SQS: Counter = Counter(AtomicU64::new(0));

/// Requests answered by KMS: one for each data key that a process has not kept.
pub(crate) static KMS: Counter = Counter(AtomicU64::new(0));

/// Counts what this connection runs.
pub(crate) fn count_statements(connection: &rusqlite::Connection) {
    use rusqlite::trace::{TraceEvent, TraceEventCodes};
    connection.trace_v2(
        TraceEventCodes::SQLITE_TRACE_STMT,
        Some(|event| {
            if let TraceEvent::Stmt(..) = event {
                STATEMENTS.count();
            }
        }),
    );
}

/// `/local/counters`: `GET` tells them all.
pub(crate) fn router() -> Router {
    Router::new().route("/local/counters", get(all))
}

async fn all() -> Json<serde_json::Value> {
    Json(json!({
        "syncs": SYNCS.get(),
        "statements": STATEMENTS.get(),
        "dynamodb": DYNAMODB.get(),
        "s3": S3.get(),
        "sqs": SQS.get(),
        "kms": KMS.get(),
    }))
}
