//! A small world that survives `kill -9`: one value in memory, written whole with every change.

use std::sync::Arc;

use rusqlite::{OptionalExtension as _, params};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::Mutex;

use crate::state::{State, StateError};

/// A value and its row.
pub(crate) struct Kept<T> {
    state: State,
    name: &'static str,
    value: Arc<Mutex<T>>,
}

impl<T: Serialize + DeserializeOwned + Send + 'static> Kept<T> {
    /// Opens it; `fresh` where there is none yet.
    pub(crate) async fn open(state: State, name: &'static str, fresh: impl FnOnce() -> T) -> Result<Self, StateError> {
        state.define("CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, json TEXT NOT NULL);")?;
        let json: Option<String> = state
            .call(move |tx| {
                let found = tx.query_row("SELECT json FROM kept WHERE name = ?1", params![name], |row| row.get(0));
                Ok::<_, StateError>(found.optional()?)
            })
            .await?;
        let value = json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_else(fresh);
        Ok(Self { state, name, value: Arc::new(Mutex::new(value)) })
    }

    /// Looks at it.
    pub(crate) async fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&*self.value.lock().await)
    }

    /// Changes it, and returns once the end of this process could not undo the change.
    pub(crate) async fn change<R>(&self, work: impl FnOnce(&mut T) -> R) -> Result<R, StateError> {
        let mut value = self.value.lock().await;
        let result = work(&mut value);
        let (name, json) = (self.name, serde_json::to_string(&*value).unwrap_or_default());
        self.state
            .call_soon(move |tx| {
                let sql = "INSERT INTO kept (name, json) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET json = ?2";
                tx.execute(sql, params![name, json])?;
                Ok::<_, StateError>(())
            })
            .await?;
        Ok(result)
    }
}
