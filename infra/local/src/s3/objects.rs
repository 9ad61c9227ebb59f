//! Objects in the engine's state and, when they are long, in files.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use md5::{Digest as _, Md5};
use rusqlite::{OptionalExtension as _, Row, params};

use crate::{
    clock::LocalClock,
    counters,
    state::{State, StateError},
};

/// The longest content that is kept in the state, in bytes: most mails with their headers. What is longer would make the
/// log long that all else waits for.
const LONGEST_KEPT_BYTES: usize = 128 * 1024;
/// `ListObjectsV2` gives at most this many keys at once.
pub(super) const PAGE: u32 = 1_000;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS s3_objects (
        key TEXT PRIMARY KEY,
        size_bytes INTEGER NOT NULL,
        md5_hex TEXT NOT NULL,
        modified_ms INTEGER NOT NULL,
        headers TEXT NOT NULL,
        -- NULL: in the file of that name.
        content BLOB
    );
";

/// What is known of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) key: String,
    pub(super) size_bytes: u64,
    pub(super) md5_hex: String,
    pub(super) modified_ms: i64,
    pub(super) headers: Headers,
}

/// The headers an object was put with, as it is given out again.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(super) struct Headers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<std::collections::BTreeMap<String, String>>,
    /// No headers; they are put beside the object, and lifecycle rules ask for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<std::collections::BTreeMap<String, String>>,
}

/// Why an object could not be put or got.
#[derive(Debug, thiserror::Error)]
pub(super) enum ObjectError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error("a file of the bucket could not be read or written")]
    File(#[from] io::Error),
    #[error("the key cannot be the name of a file")]
    Key,
    #[error("the work on a file was cut short")]
    CutShort,
}

impl From<rusqlite::Error> for ObjectError {
    fn from(error: rusqlite::Error) -> Self {
        Self::State(error.into())
    }
}

/// The objects of the bucket.
#[derive(Debug, Clone)]
pub(super) struct Objects {
    state: State,
    clock: Arc<LocalClock>,
    folder: PathBuf,
}

impl Objects {
    pub(super) const fn state(&self) -> &State {
        &self.state
    }

    /// Opens the bucket. Files of a folder that this table does not know, from before there was one, are taken in.
    pub(super) async fn open(
        state: State,
        clock: Arc<LocalClock>,
        folder: &Path,
        bucket: &str,
    ) -> Result<Self, super::BucketError> {
        let folder = folder.join(bucket);
        std::fs::create_dir_all(&folder)?;
        let is_new = state
            .call(|tx| {
                let known = tx.query_row("SELECT 1 FROM sqlite_schema WHERE name = 's3_objects'", [], |_| Ok(()));
                Ok::<_, StateError>(known.optional()?.is_none())
            })
            .await?;
        state.define(SCHEMA)?;
        let this = Self { state, clock, folder };
        if is_new {
            this.adopt().await?;
        }
        Ok(this)
    }

    async fn adopt(&self) -> Result<(), super::BucketError> {
        let mut folders = vec![self.folder.clone()];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                let path = entry.path();
                if entry.file_type()?.is_dir() {
                    folders.push(path);
                    continue;
                }
                let Some(key) = path.strip_prefix(&self.folder).ok().and_then(Path::to_str) else { continue };
                let modified = entry.metadata()?.modified()?.duration_since(std::time::UNIX_EPOCH);
                let content = std::fs::read(&path)?;
                found.push(Object {
                    key: key.to_owned(),
                    size_bytes: content.len() as u64,
                    md5_hex: hex::encode(Md5::digest(&content)),
                    modified_ms: modified.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
                    headers: Headers::default(),
                });
            }
        }
        let inserted = self.state.call(move |tx| found.iter().try_for_each(|object| Ok(insert(tx, object, None)?)));
        Ok(inserted.await.map_err(|error: StateError| error)?)
    }

    /// Puts an object in place of one of that key, if there is one. On disk when this returns.
    pub(super) async fn put(&self, key: String, headers: Headers, content: Bytes) -> Result<Object, ObjectError> {
        let object = Object {
            size_bytes: content.len() as u64,
            md5_hex: hex::encode(Md5::digest(&content)),
            modified_ms: self.clock.now_ms(),
            key,
            headers,
        };
        let kept = (content.len() <= LONGEST_KEPT_BYTES).then(|| content.clone());
        if kept.is_none() {
            let path = self.path(&object.key)?;
            let folder = self.folder.clone();
            let written = tokio::task::spawn_blocking(move || write(&path, &folder, &content));
            written.await.map_err(|_| ObjectError::CutShort)??;
        }
        self.state
            .call(move |tx| {
                insert(tx, &object, kept.as_deref())?;
                Ok(object)
            })
            .await
    }

    /// What is known of the object, if there is one.
    pub(super) async fn head(&self, key: String) -> Result<Option<Object>, ObjectError> {
        self.state
            .call(move |tx| {
                let mut statement = tx.prepare_cached(
                    "SELECT key, size_bytes, md5_hex, modified_ms, headers FROM s3_objects WHERE key = ?1",
                )?;
                Ok(statement.query_row([key], object).optional()?)
            })
            .await
    }

    /// The object and what it holds, if there is one.
    pub(super) async fn get(&self, key: String) -> Result<Option<(Object, Bytes)>, ObjectError> {
        let found = self
            .state
            .call(move |tx| {
                let mut statement = tx.prepare_cached(
                    "SELECT key, size_bytes, md5_hex, modified_ms, headers, content FROM s3_objects WHERE key = ?1",
                )?;
                let found = statement.query_row([key], |row| Ok((object(row)?, row.get::<_, Option<Vec<u8>>>(5)?)));
                Ok::<_, ObjectError>(found.optional()?)
            })
            .await?;
        match found {
            None => Ok(None),
            Some((object, Some(content))) => Ok(Some((object, content.into()))),
            Some((object, None)) => {
                let path = self.path(&object.key)?;
                let read = tokio::task::spawn_blocking(move || std::fs::read(path));
                let content = read.await.map_err(|_| ObjectError::CutShort)??;
                Ok(Some((object, content.into())))
            }
        }
    }

    /// Deletes the object, if there is one.
    pub(super) async fn delete(&self, key: String) -> Result<(), ObjectError> {
        let path = self.path(&key);
        let was_file = self
            .state
            .call(move |tx| {
                let mut statement =
                    tx.prepare_cached("DELETE FROM s3_objects WHERE key = ?1 RETURNING content IS NULL")?;
                Ok::<_, ObjectError>(statement.query_row([key], |row| row.get::<_, bool>(0)).optional()?)
            })
            .await?;
        match (was_file, path) {
            (Some(true), Ok(path)) => match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Up to `limit` objects whose keys begin with `prefix` and come after `after`, by key.
    pub(super) async fn list(&self, prefix: String, after: String, limit: u32) -> Result<Vec<Object>, ObjectError> {
        self.state
            .call(move |tx| {
                let mut statement = tx.prepare_cached(
                    "SELECT key, size_bytes, md5_hex, modified_ms, headers FROM s3_objects
                     WHERE key > ?2 AND key >= ?1 AND substr(key, 1, length(?1)) = ?1 ORDER BY key LIMIT ?3",
                )?;
                let rows = statement.query_map(params![prefix, after, limit], object)?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// The file of a key. A key that would lead out of the folder has none.
    fn path(&self, key: &str) -> Result<PathBuf, ObjectError> {
        let is_plain = !key.contains('\0') && key.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if is_plain { Ok(self.folder.join(key)) } else { Err(ObjectError::Key) }
    }
}

fn insert(tx: &rusqlite::Transaction<'_>, object: &Object, content: Option<&[u8]>) -> rusqlite::Result<()> {
    let headers = serde_json::to_string(&object.headers).unwrap_or_default();
    tx.prepare_cached(
        "INSERT OR REPLACE INTO s3_objects (key, size_bytes, md5_hex, modified_ms, headers, content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        object.key,
        i64::try_from(object.size_bytes).unwrap_or(i64::MAX),
        object.md5_hex,
        object.modified_ms,
        headers,
        content
    ])?;
    Ok(())
}

fn object(row: &Row<'_>) -> rusqlite::Result<Object> {
    let size_bytes: i64 = row.get(1)?;
    let headers: String = row.get(4)?;
    Ok(Object {
        key: row.get(0)?,
        size_bytes: size_bytes.unsigned_abs(),
        md5_hex: row.get(2)?,
        modified_ms: row.get(3)?,
        // The very text that was stored.
        headers: serde_json::from_str(&headers).unwrap_or_default(),
    })
}

/// Writes a file so that either the old or the new one is there whole, the new one once this returns.
fn write(path: &Path, bucket: &Path, content: &[u8]) -> io::Result<()> {
    let parent = path.parent().unwrap_or(bucket);
    std::fs::create_dir_all(parent)?;
    let mut file = tempfile::NamedTempFile::new_in(bucket)?;
    file.write_all(content)?;
    sync(file.as_file())?;
    file.persist(path).map_err(|error| error.error)?;
    // The name, and the names of folders that may be new.
    for folder in parent.ancestors().take_while(|folder| folder.starts_with(bucket)) {
        sync(&File::open(folder)?)?;
    }
    Ok(())
}

fn sync(file: &File) -> io::Result<()> {
    counters::SYNCS.count();
    file.sync_all()
}
