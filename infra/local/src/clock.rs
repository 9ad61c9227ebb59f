//! The engine's clock: the machine's, plus an offset that tests and the curious may advance.
//!
//! Everything timed in the engine (visibility, delays, schedules, the functions' own clock) reads it, so that fifteen
//! minutes can pass at once. The offset is kept with the state: a message due "in an hour" stays due when it was due,
//! whether or not the engine restarted since.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actionlayer_domain::{ports::Clock, time::Timestamp};
use axum::{
    Json, Router,
    body::Bytes,
    extract,
    response::{IntoResponse, Response},
    routing::get,
};
use http::StatusCode;
use rusqlite::OptionalExtension;
use serde::Deserialize;
use tokio::sync::Notify;

use crate::state::{State, StateError};

/// The machine's clock plus an offset that only grows.
#[derive(Debug)]
pub struct LocalClock {
    state: State,
    offset_ms: AtomicI64,
    advanced: Notify,
}

impl LocalClock {
    /// A clock with the offset the state was left with. Call on a tokio runtime.
    pub async fn open(state: State) -> Result<Arc<Self>, StateError> {
        state.define(
            "CREATE TABLE IF NOT EXISTS clock (only INTEGER PRIMARY KEY CHECK (only = 1), offset_ms INTEGER)",
        )?;
        let offset_ms: Option<i64> = state
            .call(|tx| {
                Ok::<_, StateError>(tx.query_row("SELECT offset_ms FROM clock", [], |row| row.get(0)).optional()?)
            })
            .await?;
        Ok(Arc::new(Self { state, offset_ms: AtomicI64::new(offset_ms.unwrap_or(0)), advanced: Notify::new() }))
    }

    /// Milliseconds since the Unix epoch.
    #[allow(clippy::disallowed_methods, reason = "here is where time comes in")]
    pub fn now_ms(&self) -> i64 {
        let machine = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        i64::try_from(machine).unwrap_or(i64::MAX).saturating_add(self.offset_ms.load(Ordering::SeqCst))
    }

    /// Lets time pass at once; wakes whoever waits in [`Self::sleep_until`]. Durable when it returns.
    pub async fn advance(&self, by: Duration) -> Result<(), StateError> {
        let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.state
            .call(move |tx| {
                tx.execute(
                    "INSERT INTO clock VALUES (1, ?1) ON CONFLICT DO UPDATE SET offset_ms = offset_ms + ?1",
                    [by_ms],
                )?;
                Ok::<_, StateError>(())
            })
            .await?;
        self.offset_ms.fetch_add(by_ms, Ordering::SeqCst);
        self.advanced.notify_waiters();
        Ok(())
    }

    /// Waits until this clock shows `due_ms`, however it gets there.
    pub async fn sleep_until(&self, due_ms: i64) {
        loop {
            // Listening begins before the clock is read, so that an advance in between is not missed.
            let mut advanced = std::pin::pin!(self.advanced.notified());
            advanced.as_mut().enable();
            let Ok(left_ms @ 1..) = u64::try_from(due_ms.saturating_sub(self.now_ms())) else { return };
            tokio::select! {
                () = advanced => {}
                () = tokio::time::sleep(Duration::from_millis(left_ms)) => {}
            }
        }
    }
}

impl Clock for LocalClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.now_ms())
    }
}

/// `POST /local/clock`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u32,
}

/// `/local/clock`: `GET` shows the time, `POST {"advance_seconds":N}` advances it; both answer `{"now":…}`.
pub fn router(clock: Arc<LocalClock>) -> Router {
    Router::new().route("/local/clock", get(show).post(advance)).with_state(clock)
}

async fn show(extract::State(clock): extract::State<Arc<LocalClock>>) -> Response {
    Json(serde_json::json!({ "now": clock.now() })).into_response()
}

async fn advance(extract::State(clock): extract::State<Arc<LocalClock>>, body: Bytes) -> Response {
    let order: Advance = match serde_json::from_slice(&body) {
        Ok(order) => order,
        Err(error) => {
            let (status, code) = if error.is_data() {
                (StatusCode::UNPROCESSABLE_ENTITY, "validation_error")
            } else {
                (StatusCode::BAD_REQUEST, "invalid_json")
            };
            return (status, Json(serde_json::json!({ "error": code, "message": error.to_string() }))).into_response();
        }
    };
    match clock.advance(Duration::from_secs(order.advance_seconds.into())).await {
        Ok(()) => show(extract::State(clock)).await,
        Err(error) => {
            tracing::error!(%error, "the clock could not be advanced");
            let body = serde_json::json!({ "error": "internal_error", "message": "the clock could not be advanced" });
            (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_time_is_advanced_and_the_offset_survives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sqlite");
        let clock = LocalClock::open(State::open(&path).unwrap()).await.unwrap();
        let started_ms = clock.now_ms();
        let sleeper = {
            let clock = clock.clone();
            tokio::spawn(async move { clock.sleep_until(started_ms + 3_600_000).await })
        };
        clock.advance(Duration::from_mins(30)).await.unwrap();
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_mins(30)).await.unwrap();
        tokio::time::timeout(Duration::from_secs(5), sleeper).await.unwrap().unwrap();
        drop(clock);

        let clock = LocalClock::open(State::open(&path).unwrap()).await.unwrap();
        assert!(clock.now_ms() >= started_ms + 3_600_000);
    }
}
