//! Writes to one SQLite file: one after the other on a thread of their own, and what waits together shares one sync.
//!
//! The connection commits with `synchronous = NORMAL`: a commit is in the write-ahead log, but nobody waited for the disk.
//! A second thread syncs the log and answers everything that was committed before it began; what is committed meanwhile is
//! answered by the next sync. So an answer means the same as with `synchronous = FULL`, that the write survives a power
//! cut, while eight writers that come at once wait for one sync or two and not for eight. (SQLite recovers a log up to its
//! last whole commit, so a log of which the end was lost holds a state that the file really had.)
//! <https://www.sqlite.org/wal.html>, <https://www.sqlite.org/pragma.html#pragma_synchronous>

use std::{
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::mpsc,
    thread,
};

use tokio::sync::oneshot;

use crate::counters;

/// A connection that a [`Writer`] can own.
pub(crate) trait Connection: Send + 'static {
    /// Rows changed through it so far.
    fn total_changes(&self) -> u64;

    /// Rolls back what a panic may have left open.
    fn recover(&self);
}

impl Connection for rusqlite::Connection {
    fn total_changes(&self) -> u64 {
        rusqlite::Connection::total_changes(self)
    }

    fn recover(&self) {
        if !self.is_autocommit() {
            // Refused only when there is nothing to roll back.
            _ = self.execute_batch("ROLLBACK");
        }
    }
}

/// Who is told how far the disk got.
pub(crate) trait Watch: Send + 'static {
    /// What has been committed by now; called before a sync.
    fn committed(&self) -> i64;

    /// That everything up to this is on disk; called after the sync, before those who wait for it are answered.
    fn synced(&self, committed: i64);
}

/// For a file that nobody watches.
pub(crate) struct Unwatched;

impl Watch for Unwatched {
    fn committed(&self) -> i64 {
        0
    }

    fn synced(&self, _: i64) {}
}

/// When a write is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// Once it is on disk. Work that changed nothing is answered at once.
    Synced,
    /// Once it is on disk, and after a sync even when it changed nothing: it may tell of a write that waits for one.
    AfterSync,
    /// Once it is committed: it survives the end of the process, and a power cut only if a sync came after it.
    Committed,
}

type Reply = Box<dyn FnOnce() + Send>;
/// Gives the reply, and whether it has to wait for the disk; nothing when the work panicked.
type Job<C> = Box<dyn FnOnce(&mut C) -> Option<(Reply, bool)> + Send>;

/// A file's one writer. Dropping it ends its threads, once what was asked of it is done, and closes the connection.
#[derive(Debug)]
pub(crate) struct Writer<C> {
    jobs: Option<mpsc::Sender<Job<C>>>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl<C: Connection> Writer<C> {
    /// Takes the connection over. `file` is its database; its log must be there.
    pub(crate) fn start(connection: C, file: &Path, watch: impl Watch) -> io::Result<Self> {
        let mut log_path = file.as_os_str().to_owned();
        log_path.push("-wal");
        let log = File::options().read(true).write(true).open(log_path)?;
        // What a process before this one left committed is seen from now on, so it has to be on disk from now on.
        sync(&log)?;
        let (jobs, asked) = mpsc::channel();
        let (committed, unsynced) = mpsc::channel();
        let writer =
            thread::Builder::new().name("writer".to_owned()).spawn(move || write(connection, &asked, &committed))?;
        let syncer =
            thread::Builder::new().name("syncer".to_owned()).spawn(move || sync_all(&log, &unsynced, &watch))?;
        Ok(Self { jobs: Some(jobs), threads: vec![writer, syncer] })
    }

    /// Does `work` after all that was asked before. Goes on to its end even when the caller stops waiting. `None` when it
    /// panicked, or when the disk refused to sync: then whether it is on disk is unknown, and nothing is written any more.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        answered: Answered,
        work: impl FnOnce(&mut C) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        // Nobody may be waiting any more.
        self.ask(answered, work, move |value| _ = reply.send(value))?;
        answer.await.ok()
    }

    /// The same on a thread that may block, answered once it is committed.
    pub(crate) fn run_blocking<T: Send + 'static>(&self, work: impl FnOnce(&mut C) -> T + Send + 'static) -> Option<T> {
        let (reply, answer) = mpsc::channel();
        self.ask(Answered::Committed, work, move |value| _ = reply.send(value))?;
        answer.recv().ok()
    }

    fn ask<T: Send + 'static>(
        &self,
        answered: Answered,
        work: impl FnOnce(&mut C) -> T + Send + 'static,
        reply: impl FnOnce(T) + Send + 'static,
    ) -> Option<()> {
        let job: Job<C> = Box::new(move |connection| {
            let before = connection.total_changes();
            let done = catch_unwind(AssertUnwindSafe(|| work(connection)));
            connection.recover();
            let wrote = connection.total_changes() != before;
            let waits = match answered {
                Answered::Synced => wrote,
                Answered::AfterSync => true,
                Answered::Committed => false,
            };
            let value = done.ok()?;
            Some((Box::new(move || reply(value)) as Reply, waits))
        });
        self.jobs.as_ref()?.send(job).ok()
    }
}

impl<C> Drop for Writer<C> {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A job may hold the last handle to the file it writes.
            if thread.thread().id() != thread::current().id() {
                _ = thread.join();
            }
        }
    }
}

fn write<C: Connection>(mut connection: C, asked: &mpsc::Receiver<Job<C>>, committed: &mpsc::Sender<Reply>) {
    while let Ok(job) = asked.recv() {
        let Some((reply, waits)) = job(&mut connection) else { continue };
        if !waits {
            reply();
        } else if committed.send(reply).is_err() {
            // The other thread ends only when the disk refused; then nothing is written any more.
            return;
        }
    }
}

fn sync_all(log: &File, unsynced: &mpsc::Receiver<Reply>, watch: &impl Watch) {
    while let Ok(first) = unsynced.recv() {
        let replies: Vec<Reply> = std::iter::once(first).chain(unsynced.try_iter()).collect();
        let committed = watch.committed();
        if let Err(error) = sync(log) {
            // After a failed sync the kernel may have dropped the pages: a second one that succeeds would prove nothing.
            tracing::error!(%error, "the disk did not take what was written; nothing is written any more");
            return;
        }
        watch.synced(committed);
        for reply in replies {
            reply();
        }
    }
}

fn sync(log: &File) -> io::Result<()> {
    counters::SYNCS.count();
    log.sync_data()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn open(folder: &tempfile::TempDir) -> Writer<rusqlite::Connection> {
        let file = folder.path().join("t.sqlite");
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "synchronous", "NORMAL").unwrap();
        connection.execute_batch("CREATE TABLE IF NOT EXISTS t (n INTEGER)").unwrap();
        Writer::start(connection, &file, Unwatched).unwrap()
    }

    #[tokio::test]
    async fn writes_that_wait_together_are_all_answered_and_all_there() {
        let folder = tempfile::tempdir().unwrap();
        let writer = Arc::new(open(&folder));
        let mut waiting = tokio::task::JoinSet::new();
        for n in 0..200 {
            let writer = Arc::clone(&writer);
            waiting.spawn(async move {
                let write = move |c: &mut rusqlite::Connection| c.execute("INSERT INTO t VALUES (?1)", [n]).unwrap();
                writer.run(Answered::Synced, write).await.unwrap()
            });
        }
        assert_eq!(waiting.join_all().await.len(), 200);
        drop(writer);
        let count = open(&folder)
            .run(Answered::Synced, |c| c.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap())
            .await;
        assert_eq!(count, Some(200));
    }

    #[tokio::test]
    async fn a_panic_leaves_nothing_and_spoils_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let writer = open(&folder);
        let panicked = writer
            .run(Answered::Synced, |c| {
                c.execute_batch("BEGIN; INSERT INTO t VALUES (1)").unwrap();
                panic!("on purpose")
            })
            .await;
        assert_eq!(panicked, None::<()>);
        let count = writer
            .run(Answered::Synced, |c| c.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap())
            .await;
        assert_eq!(count, Some(0));
    }
}
