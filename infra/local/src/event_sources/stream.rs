//! From the table's stream to a function.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>
//!
//! In order, at least once. How far it got is on disk: after a restart it goes on from there, and what was under way is
//! given again.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use rusqlite::{OptionalExtension as _, params};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    dynamodb::{DynamoDb, StreamRecord},
    engine::Destinations,
    event_sources::pattern::passes,
    invoke::Functions,
    state::{State, StateError},
};

/// Pause after the checkpoint or the stream could not be read.
const PAUSE: Duration = Duration::from_secs(1);
/// Pauses between tries double from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How far each mapping got.
#[derive(Clone)]
pub(crate) struct Checkpoints {
    state: State,
}

impl Checkpoints {
    pub(crate) fn open(state: State) -> Result<Self, StateError> {
        state.define(
            "CREATE TABLE IF NOT EXISTS stream_checkpoint (function TEXT PRIMARY KEY, sequence_number TEXT NOT NULL)",
        )?;
        Ok(Self { state })
    }

    async fn get(&self, function: String) -> Result<Option<String>, StateError> {
        self.state
            .call(move |tx| {
                let sql = "SELECT sequence_number FROM stream_checkpoint WHERE function = ?1";
                Ok(tx.query_row(sql, params![function], |row| row.get(0)).optional()?)
            })
            .await
    }

    async fn set(&self, function: String, sequence_number: String) -> Result<(), StateError> {
        // Not waited for: should it be lost, the records are given again.
        self.state
            .call_soon(move |tx| {
                tx.execute(
                    "INSERT INTO stream_checkpoint (function, sequence_number) VALUES (?1, ?2)
                     ON CONFLICT (function) DO UPDATE SET sequence_number = excluded.sequence_number",
                    params![function, sequence_number],
                )?;
                Ok(())
            })
            .await
    }
}

/// The stream and the function that is told of every change.
pub(crate) struct StreamMapping {
    pub(crate) dynamodb: Arc<DynamoDb>,
    pub(crate) functions: Arc<Functions>,
    pub(crate) destinations: Destinations,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) function: String,
    pub(crate) batch_size: usize,
    pub(crate) max_retries: Option<u32>,
    pub(crate) bisect: bool,
    pub(crate) reports_failures: bool,
    pub(crate) on_failure: Option<String>,
    /// What the function is told of.
    pub(crate) patterns: Vec<Value>,
}

/// Records given together, and how often that failed.
struct Batch {
    records: Vec<StreamRecord>,
    failures: u32,
}

impl StreamMapping {
    /// Polls until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut after = loop {
            match self.checkpoints.get(self.function.clone()).await {
                Ok(after) => break after,
                Err(error) => tracing::error!(%error, "the stream's checkpoint could not be read"),
            }
            tokio::time::sleep(PAUSE).await;
        };
        let mut reader = self.dynamodb.stream_reader(after.as_deref());
        loop {
            let records = match self.dynamodb.records(after.as_deref(), self.batch_size) {
                Ok(records) => records,
                Err(error) => {
                    tracing::error!(%error, "the stream could not be read");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let Some(last) = records.last() else {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = reader.more() => continue,
                }
            };
            let passed = last.sequence_number.clone();
            let told = records.into_iter().filter(|record| passes(&self.patterns, &record.json)).collect();
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.work_off(told) => {}
            }
            if let Err(error) = self.dynamodb.passed(&reader, &passed).await {
                tracing::error!(%error, "the stream could not be trimmed");
            }
            after = Some(passed);
        }
    }

    /// Gives the records to the function until all are done or given up.
    async fn work_off(&self, records: Vec<StreamRecord>) {
        let mut batches: VecDeque<Batch> = VecDeque::new();
        if !records.is_empty() {
            batches.push_back(Batch { records, failures: 0 });
        }
        while let Some(mut batch) = batches.pop_front() {
            let done = self.invoke(&batch.records).await;
            if done > 0 {
                self.checkpoint(&batch.records[done - 1]).await;
            }
            if done == batch.records.len() {
                continue;
            }
            // Some progress is a new start for the rest.
            batch.failures = if done > 0 { 1 } else { batch.failures + 1 };
            batch.records.drain(..done);
            if self.max_retries.is_some_and(|retries| batch.failures > retries) {
                self.give_up(&batch).await;
                continue;
            }
            tokio::time::sleep(pause(batch.failures)).await;
            if self.bisect && done == 0 && batch.records.len() > 1 {
                let rest = batch.records.split_off(batch.records.len() / 2);
                batches.push_front(Batch { records: rest, failures: batch.failures });
            }
            batches.push_front(batch);
        }
    }

    /// How many records from the front are done.
    async fn invoke(&self, records: &[StreamRecord]) -> usize {
        let event = json!({ "Records": records.iter().map(|record| &record.json).collect::<Vec<_>>() });
        match self.functions.invoke(&self.function, event).await {
            Ok(answer) if self.reports_failures => done_before_failure(&answer, records),
            Ok(_) => records.len(),
            Err(error) => {
                tracing::warn!(%error, function = self.function, records = records.len(), "batch failed");
                0
            }
        }
    }

    async fn checkpoint(&self, record: &StreamRecord) {
        if let Err(error) = self.checkpoints.set(self.function.clone(), record.sequence_number.clone()).await {
            tracing::error!(%error, "the stream's checkpoint could not be stored, records will be repeated");
        }
    }

    /// Tells the on-failure destination where in the stream the records are, as Lambda does, and goes on behind them.
    async fn give_up(&self, batch: &Batch) {
        let (Some(first), Some(last)) = (batch.records.first(), batch.records.last()) else { return };
        tracing::error!(function = self.function, records = batch.records.len(), "records given up");
        let record = json!({
            "requestContext": {
                "functionArn": crate::engine::function_arn(&self.function),
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": batch.failures,
            },
            "version": "1.0",
            "DDBStreamBatchInfo": {
                "startSequenceNumber": first.sequence_number,
                "endSequenceNumber": last.sequence_number,
                "batchSize": batch.records.len(),
                "streamArn": self.dynamodb.stream_arn(),
            },
        });
        if let Some(queue) = &self.on_failure {
            while !self.destinations.put(queue, &record).await {
                tokio::time::sleep(LONGEST_PAUSE).await;
            }
        }
        self.checkpoint(last).await;
    }
}

/// Everything from the first record named on is given again; an answer that names none properly fails all.
fn done_before_failure(answer: &Value, records: &[StreamRecord]) -> usize {
    let failures = match answer.get("batchItemFailures") {
        None | Some(Value::Null) => return records.len(),
        Some(failures) => failures.as_array(),
    };
    let position = |failure: &Value| {
        let named = failure["itemIdentifier"].as_str();
        records.iter().position(|record| Some(record.sequence_number.as_str()) == named).unwrap_or(0)
    };
    failures.map_or(0, |failures| failures.iter().map(position).min().unwrap_or(records.len()))
}

fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_done_up_to_the_first_that_failed() {
        let records: Vec<_> =
            ["1", "2", "3"].map(|number| StreamRecord { sequence_number: number.to_owned(), json: Value::Null }).into();
        let failed = |ids: &[&str]| {
            let failures: Vec<_> = ids.iter().map(|id| json!({ "itemIdentifier": id })).collect();
            done_before_failure(&json!({ "batchItemFailures": failures }), &records)
        };
        assert_eq!(failed(&[]), 3);
        assert_eq!(failed(&["2"]), 1);
        assert_eq!(failed(&["3", "2"]), 1);
        assert_eq!(failed(&["1"]), 0);
        assert_eq!(failed(&["unheard of"]), 0);
        assert_eq!(done_before_failure(&json!({}), &records), 3);
        assert_eq!(done_before_failure(&json!({"batchItemFailures": "all"}), &records), 0);
    }

    #[test]
    fn pauses_grow_to_a_bound() {
        assert_eq!(pause(1), FIRST_PAUSE);
        assert_eq!(pause(2), FIRST_PAUSE * 2);
        assert_eq!(pause(100), LONGEST_PAUSE);
    }
}
