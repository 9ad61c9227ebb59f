//! Connections that read beside the one that writes, and never wait for it or for the disk's syncs (WAL).

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use dynoxide::{DynoxideError, storage::Storage};

use super::TableError;
use crate::counters;

/// More than there are cores: one that waits for the file's pages holds up nobody.
const CONNECTIONS: usize = 4;
/// SQLite keeps this much of the file in the memory of each connection, in KiB; the rest is in the page cache.
const CACHE_KIB: i64 = 8 * 1024;

/// The connections.
pub(super) struct Readers {
    path: PathBuf,
    connections: Vec<Mutex<Reader>>,
    next: AtomicUsize,
    /// Counts changes of what tables there are, which a connection remembers.
    definitions: AtomicU64,
}

struct Reader {
    storage: Storage,
    /// Which definitions it remembers.
    definitions: u64,
}

impl Readers {
    pub(super) fn open(path: &Path) -> Result<Self, TableError> {
        let open = |_| Ok(Mutex::new(Reader { storage: open(path)?, definitions: 0 }));
        Ok(Self {
            path: path.to_owned(),
            connections: (0..CONNECTIONS).map(open).collect::<Result<_, TableError>>()?,
            next: AtomicUsize::new(0),
            definitions: AtomicU64::new(0),
        })
    }

    /// Tells that there are other tables now, or the same with other settings.
    pub(super) fn redefined(&self) {
        self.definitions.fetch_add(1, Ordering::AcqRel);
    }

    /// Reads what is committed. Does not block for longer than it reads.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Storage) -> Result<T, DynoxideError>) -> Result<T, TableError> {
        let mut reader = self.free();
        let definitions = self.definitions.load(Ordering::Acquire);
        if reader.definitions != definitions {
            *reader = Reader { storage: open(&self.path)?, definitions };
        }
        Ok(read(&reader.storage)?)
    }

    fn free(&self) -> MutexGuard<'_, Reader> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for offset in 0..CONNECTIONS {
            match self.connections[(first + offset) % CONNECTIONS].try_lock() {
                Ok(reader) => return reader,
                // A read that panicked has changed nothing.
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.connections[first % CONNECTIONS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(path: &Path) -> Result<Storage, TableError> {
    let storage = super::open(path)?;
    let connection = storage.conn();
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "query_only", true)?;
    counters::count_statements(connection);
    Ok(storage)
}
