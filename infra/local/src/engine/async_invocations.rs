//! Asynchronous invocation: Lambda's own queue in front of a function.
//!
//! What was accepted is on disk and is tried until it succeeded or the retries are used up; then a record of it goes to
//! the on-failure destination, as Lambda sends it. At least once: an invocation cut short by the end of the process is
//! tried again at the next start, and does not count.

use std::{collections::HashSet, sync::Arc};

use rusqlite::params;
use serde_json::{Value, json};
use tokio::{sync::Notify, task::JoinSet};

use super::destinations::Destinations;
use crate::{
    clock::LocalClock,
    invoke::{Functions, InvokeError},
    ses::timestamps,
    state::{State, StateError},
};

/// How many invocations run at once.
const CONCURRENCY: usize = 8;
/// Lambda waits one minute before the first retry and two before the second.
const RETRY_DELAY_MS: i64 = 60_000;

/// How the function is invoked.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// Logical id of the function.
    pub(super) function: String,
    /// How often it is tried again.
    pub(super) retries: u32,
    /// Logical id of the queue told when no try succeeded.
    pub(super) on_failure: Option<String>,
}

/// Pending invocations of one function.
#[derive(Clone)]
pub(super) struct AsyncInvocations {
    state: State,
    clock: Arc<LocalClock>,
    added: Arc<Notify>,
}

#[derive(Debug)]
struct Pending {
    id: String,
    attempts: u32,
    due_ms: i64,
}

impl AsyncInvocations {
    pub(super) fn open(state: State, clock: Arc<LocalClock>) -> Result<Self, StateError> {
        state.define(
            "CREATE TABLE IF NOT EXISTS async_invocation (
                 id TEXT PRIMARY KEY, event TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL);
             CREATE INDEX IF NOT EXISTS async_invocation_due ON async_invocation (due_ms);",
        )?;
        Ok(Self { state, clock, added: Arc::new(Notify::new()) })
    }

    /// Takes an invocation over. One id is kept once while it is pending.
    pub(super) async fn accept(&self, id: String, event: &Value) -> Result<(), StateError> {
        let (event, now_ms) = (event.to_string(), self.clock.now_ms());
        self.state
            .call(move |tx| {
                tx.execute(
                    "INSERT OR IGNORE INTO async_invocation (id, event, due_ms) VALUES (?1, ?2, ?3)",
                    params![id, event, now_ms],
                )?;
                Ok::<_, StateError>(())
            })
            .await?;
        self.added.notify_one();
        Ok(())
    }

    /// Works off what is due, for ever.
    pub(super) async fn work(self, functions: Arc<Functions>, destinations: Destinations, target: Target) {
        let mut running: JoinSet<String> = JoinSet::new();
        let mut under_way: HashSet<String> = HashSet::new();
        loop {
            let has_room = under_way.len() < CONCURRENCY;
            // Those under way are pending still, and may come first.
            let limit = if has_room { CONCURRENCY + under_way.len() } else { 0 };
            let pending = match self.pending(limit).await {
                Ok(pending) => pending,
                Err(error) => {
                    tracing::error!(%error, "pending invocations could not be read");
                    Vec::new()
                }
            };
            let mut next_due_ms = None;
            for invocation in pending {
                if under_way.contains(&invocation.id) || under_way.len() >= CONCURRENCY {
                    continue;
                }
                if invocation.due_ms > self.clock.now_ms() {
                    next_due_ms = Some(invocation.due_ms);
                    break;
                }
                under_way.insert(invocation.id.clone());
                let (this, functions) = (self.clone(), Arc::clone(&functions));
                let (destinations, target) = (destinations.clone(), target.clone());
                running.spawn(async move {
                    let id = invocation.id.clone();
                    this.invoke(invocation, &functions, &destinations, &target).await;
                    id
                });
            }
            tokio::select! {
                () = self.added.notified(), if has_room => {}
                () = self.clock.sleep_until(next_due_ms.unwrap_or(i64::MAX)), if next_due_ms.is_some() => {}
                Some(finished) = running.join_next() => match finished {
                    Ok(id) => _ = under_way.remove(&id),
                    // Which one panicked is not known: all are looked at again.
                    Err(_) => under_way.clear(),
                },
            }
        }
    }

    async fn invoke(&self, invocation: Pending, functions: &Functions, destinations: &Destinations, target: &Target) {
        let event = match self.event(invocation.id.clone()).await {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(%error, "a pending invocation could not be read");
                return;
            }
        };
        let answer = functions.invoke(&target.function, event.clone()).await;
        let attempts = invocation.attempts + 1;
        let stored = match answer {
            Ok(_) => self.remove(invocation.id).await,
            Err(error) if attempts <= target.retries => {
                tracing::warn!(%error, function = target.function, attempts, "invocation failed, will be retried");
                let due_ms = self.clock.now_ms() + RETRY_DELAY_MS * i64::from(attempts);
                self.postpone(invocation.id, attempts, due_ms).await
            }
            Err(error) => {
                tracing::error!(%error, function = target.function, attempts, "invocation given up");
                let record = self.record(&invocation.id, &event, attempts, &error, target);
                match &target.on_failure {
                    Some(queue) if !destinations.put(queue, &record).await => {
                        let due_ms = self.clock.now_ms() + RETRY_DELAY_MS;
                        self.postpone(invocation.id, invocation.attempts, due_ms).await
                    }
                    _ => self.remove(invocation.id).await,
                }
            }
        };
        if let Err(error) = stored {
            tracing::error!(%error, "the outcome of an invocation could not be stored, it will be repeated");
        }
    }

    /// What Lambda sends to an on-failure destination.
    fn record(&self, id: &str, event: &Value, attempts: u32, error: &InvokeError, target: &Target) -> Value {
        json!({
            "version": "1.0",
            "timestamp": timestamps::iso8601(self.clock.now_ms()),
            "requestContext": {
                "requestId": id,
                "functionArn": super::function_arn(&target.function),
                "condition": "RetriesExhausted",
                "approximateInvokeCount": attempts,
            },
            "requestPayload": event,
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "responsePayload": { "errorMessage": error.to_string() },
        })
    }

    async fn pending(&self, limit: usize) -> Result<Vec<Pending>, StateError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.state
            .call(move |tx| {
                let mut statement =
                    tx.prepare_cached("SELECT id, attempts, due_ms FROM async_invocation ORDER BY due_ms LIMIT ?1")?;
                let rows = statement.query_map(params![limit], |row| {
                    Ok(Pending { id: row.get(0)?, attempts: row.get(1)?, due_ms: row.get(2)? })
                })?;
                Ok::<_, StateError>(rows.collect::<Result<_, _>>()?)
            })
            .await
    }

    async fn event(&self, id: String) -> Result<Value, StateError> {
        self.state
            .call(move |tx| {
                let mut statement = tx.prepare_cached("SELECT event FROM async_invocation WHERE id = ?1")?;
                let event: String = statement.query_row(params![id], |row| row.get(0))?;
                // The very text that was stored.
                Ok::<_, StateError>(serde_json::from_str(&event).unwrap_or_default())
            })
            .await
    }

    async fn remove(&self, id: String) -> Result<(), StateError> {
        // Not waited for: should it be lost, the function is invoked again, and functions are made for that.
        self.state
            .call_soon(move |tx| {
                tx.execute("DELETE FROM async_invocation WHERE id = ?1", params![id])?;
                Ok(())
            })
            .await
    }

    async fn postpone(&self, id: String, attempts: u32, due_ms: i64) -> Result<(), StateError> {
        self.state
            .call(move |tx| {
                tx.execute(
                    "UPDATE async_invocation SET attempts = ?2, due_ms = ?3 WHERE id = ?1",
                    params![id, attempts, due_ms],
                )?;
                Ok(())
            })
            .await
    }
}

#[cfg(test)]
#[path = "async_invocations_tests.rs"]
mod tests;
