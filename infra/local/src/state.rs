//! The engine's own durable state: one SQLite file, `engine.sqlite`.
//!
//! Every module of the engine that must survive `kill -9` (queues, outbox, zones, …) keeps its tables here, creates them
//! itself through [`State::define`] and owns them alone. What must agree is written in one transaction inside one
//! [`State::call`]. A commit is on disk when the call returns; what comes at once shares a sync
//! ([`group_commit`](crate::group_commit)). What may be done again after a power cut, such as handing out a message, is
//! written with [`State::call_soon`], which waits for no disk.

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::{
    counters,
    group_commit::{Answered, Unwatched, Writer},
};

/// Why the engine's state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another engine runs on the same folder; two of them would both work off its queues.
    #[error("the state file is in use by another engine")]
    InUse,
    /// SQLite refused: disk full, file damaged, a statement of ours at fault.
    #[error("the state file could not be read or written: {0}")]
    Sqlite(rusqlite::Error),
    /// The file's log cannot be synced.
    #[error("the state file's log could not be opened or synced")]
    Log(#[from] std::io::Error),
    /// The work was cut short because the process is shutting down, because it panicked, or because the disk did not take
    /// it; whether it is on disk is unknown.
    #[error("the work on the state file was cut short")]
    CutShort,
}

impl From<rusqlite::Error> for StateError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse,
            _ => Self::Sqlite(error),
        }
    }
}

/// How many pages (4 KiB) the log may have before a commit moves them into the database, which syncs both.
const LOG_PAGES: u32 = 4_000;
/// The engine has some sixty statements.
const CACHED_STATEMENTS: usize = 128;

/// A handle to the state file; clones share one connection. The file is released when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct State {
    writer: Arc<Writer<Connection>>,
}

impl State {
    /// Opens the file, creating it where there is none, and locks it for this process until the last clone is dropped.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let connection = Connection::open(path)?;
        // A second engine is told so at once; within this one, callers queue for the writer, never for the file.
        connection.busy_timeout(Duration::ZERO)?;
        // Set before WAL: SQLite then keeps the file to itself for good, and a second engine fails here at once.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // The writer syncs the log itself.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        // The exclusive lock is taken by the first access, not by the pragma; a write takes it whole.
        connection.execute_batch("BEGIN EXCLUSIVE; COMMIT;")?;
        counters::count_statements(&connection);
        Ok(Self { writer: Arc::new(Writer::start(connection, path, Unwatched)?) })
    }

    /// Creates a module's tables: statements of the form `CREATE … IF NOT EXISTS`. Blocks; for start-up.
    pub fn define(&self, schema: &'static str) -> Result<(), StateError> {
        let defined = self.writer.run_blocking(|connection| connection.execute_batch(schema));
        Ok(defined.ok_or(StateError::CutShort)??)
    }

    /// Runs `work` in one transaction on the writer's thread; committed when `work` returns `Ok`, rolled back otherwise. On
    /// disk when this returns. Goes on to its end even when the caller stops waiting.
    pub async fn call<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StateError> + Send + 'static,
        F: FnOnce(&rusqlite::Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        self.run(Answered::Synced, work).await
    }

    /// Like [`Self::call`], but does not wait for the disk: a power cut in the next moments may undo it, the end of the
    /// process does not.
    pub async fn call_soon<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StateError> + Send + 'static,
        F: FnOnce(&rusqlite::Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        self.run(Answered::Committed, work).await
    }

    async fn run<T, E, F>(&self, answered: Answered, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StateError> + Send + 'static,
        F: FnOnce(&rusqlite::Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        let done = self.writer.run(answered, move |connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StateError::from)?;
            let value = work(&transaction)?;
            transaction.commit().map_err(StateError::from)?;
            Ok(value)
        });
        done.await.unwrap_or_else(|| Err(StateError::CutShort.into()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn count(transaction: &rusqlite::Transaction<'_>) -> Result<i64, StateError> {
        Ok(transaction.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn a_failed_call_leaves_nothing_and_a_finished_one_survives_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sqlite");
        let state = State::open(&path).unwrap();
        state.define("CREATE TABLE IF NOT EXISTS t (n INTEGER)").unwrap();
        state.call(|tx| Ok::<_, StateError>(tx.execute("INSERT INTO t VALUES (1)", [])?)).await.unwrap();
        let refused: Result<(), StateError> = state
            .call(|tx| {
                tx.execute("INSERT INTO t VALUES (2)", [])?;
                Err(StateError::CutShort)
            })
            .await;
        assert!(matches!(refused, Err(StateError::CutShort)));
        drop(state);

        let state = State::open(&path).unwrap();
        assert_eq!(state.call(count).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_panic_in_one_call_does_not_spoil_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("engine.sqlite")).unwrap();
        state.define("CREATE TABLE IF NOT EXISTS t (n INTEGER)").unwrap();
        let panicked: Result<(), StateError> = state
            .call(|tx| {
                tx.execute("INSERT INTO t VALUES (1)", [])?;
                panic!("on purpose")
            })
            .await;
        assert!(matches!(panicked, Err(StateError::CutShort)));
        assert_eq!(state.call(count).await.unwrap(), 0);
    }

    #[test]
    fn a_second_engine_on_the_same_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.sqlite");
        let first = State::open(&path).unwrap();
        assert!(matches!(State::open(&path), Err(StateError::InUse)));
        drop(first);
        assert!(State::open(&path).is_ok());
    }
}
