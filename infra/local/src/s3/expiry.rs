//! What S3 does by itself: deletes objects when their time is over, by the lifecycle rules of the template.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use rusqlite::params;

use super::{
    BucketError,
    objects::{ObjectError, Objects},
};
use crate::{clock::LocalClock, state::State, template::Expiration};

/// S3 looks once a day, and this machine more often: its clock may be advanced.
const EVERY_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// How many objects go at once.
const BATCH: u32 = 1_000;

/// The bucket's rules.
#[derive(Debug)]
pub(crate) struct Expiry {
    objects: Objects,
    rules: Vec<Expiration>,
    looked_at_ms: AtomicI64,
}

impl Expiry {
    pub(crate) async fn open(
        state: State,
        clock: Arc<LocalClock>,
        folder: &Path,
        bucket: &str,
        rules: Vec<Expiration>,
    ) -> Result<Self, BucketError> {
        let objects = Objects::open(state, clock, folder, bucket).await?;
        Ok(Self { objects, rules, looked_at_ms: AtomicI64::new(i64::MIN) })
    }

    /// Deletes what has expired by now, once an hour; gives how many objects that were.
    pub(crate) async fn run(&self, now_ms: i64) -> Result<usize, ExpiryError> {
        let looked_at = self.looked_at_ms.load(Ordering::Relaxed);
        if looked_at != i64::MIN && now_ms.saturating_sub(looked_at) < EVERY_MS {
            return Ok(0);
        }
        let mut deleted = 0;
        for rule in &self.rules {
            for key in self.objects.older(rule, now_ms - i64::from(rule.days) * DAY_MS, BATCH).await? {
                self.objects.delete(key).await?;
                deleted += 1;
            }
        }
        self.looked_at_ms.store(now_ms, Ordering::Relaxed);
        Ok(deleted)
    }
}

/// Why objects could not be deleted.
#[derive(Debug, thiserror::Error)]
#[error("the bucket could not be tidied")]
pub(crate) struct ExpiryError(#[from] ObjectError);

impl Objects {
    /// Tags an object; `false` when there is none of that key.
    pub(super) async fn tag(&self, key: String, tags: Vec<(String, String)>) -> Result<bool, ObjectError> {
        let Some(object) = self.head(key).await? else { return Ok(false) };
        let mut headers = object.headers;
        headers.tags = Some(tags.into_iter().collect());
        let headers = serde_json::to_string(&headers).unwrap_or_default();
        self.state()
            .call(move |tx| {
                let changed =
                    tx.execute("UPDATE s3_objects SET headers = ?2 WHERE key = ?1", params![object.key, headers])?;
                Ok(changed == 1)
            })
            .await
    }

    /// Keys that a rule is about, of objects last put at that time or before.
    async fn older(&self, rule: &Expiration, put_by_ms: i64, limit: u32) -> Result<Vec<String>, ObjectError> {
        let prefix = rule.prefix.clone();
        let (tag, value) = rule.tag.clone().unzip();
        self.state()
            .call(move |tx| {
                let mut statement = tx.prepare_cached(
                    "SELECT key FROM s3_objects
                     WHERE key >= ?1 AND substr(key, 1, length(?1)) = ?1 AND modified_ms <= ?2
                       AND (?3 IS NULL OR json_extract(headers, '$.tags.' || ?3) = ?4)
                     ORDER BY key LIMIT ?5",
                )?;
                let keys = statement.query_map(params![prefix, put_by_ms, tag, value, limit], |row| row.get(0))?;
                Ok(keys.collect::<Result<_, _>>()?)
            })
            .await
    }
}
