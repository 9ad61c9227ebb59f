//! The table's stream: its records in order, until everybody who reads it has passed them.
//!
//! AWS keeps records for 24 hours. Here those that every reader is done with go at once, so that the stream is as long as
//! what is still to be done and not as long as the day. The last record always stays: the next one's number is made from it.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use dynoxide::DynoxideError;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::{Value, json};

use tokio::sync::watch;

use super::StreamRecord;

/// Sequence numbers are told with this added: 21 digits, as DynamoDB's are.
const OFFSET: i128 = 100_000_000_000_000_000_000;
/// The library numbers a record one above the greatest there is, and asks for that at every write.
const INDEX: &str = "CREATE INDEX IF NOT EXISTS \"_stream_records::sequence\"
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";
/// How many records go at once.
const TRIMMED: u32 = 1_000;

/// Where its readers are, and how far it is on disk.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// What each reader is done with.
    readers: Mutex<Vec<i64>>,
    committed: AtomicI64,
    /// Also the bell: who waits for more of the stream waits for this to grow.
    synced: watch::Sender<i64>,
}

/// A place in the stream. Records are kept until every reader has passed them.
#[derive(Debug)]
pub struct StreamReader {
    index: usize,
    synced: watch::Receiver<i64>,
}

impl StreamReader {
    /// Waits until there is more in the stream than at the last call.
    pub async fn more(&mut self) {
        if self.synced.changed().await.is_err() {
            // The table is closed: there will never be more.
            std::future::pending::<()>().await;
        }
    }
}

impl Stream {
    /// Readies the table's records, and takes all there are for synced.
    pub(super) fn open(&self, connection: &Connection, table: &str) -> rusqlite::Result<()> {
        connection.execute_batch(INDEX)?;
        self.commit(connection, table)?;
        self.sync(self.committed());
        Ok(())
    }

    /// Takes note of what is committed now.
    pub(super) fn commit(&self, connection: &Connection, table: &str) -> rusqlite::Result<()> {
        let last: Option<i64> = connection
            .prepare_cached("SELECT max(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1")?
            .query_row([table], |row| row.get(0))?;
        self.committed.fetch_max(last.unwrap_or(0), Ordering::AcqRel);
        Ok(())
    }

    /// The number of the last record that is committed.
    pub(super) fn committed(&self) -> i64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Takes note that everything up to this number is on disk, and tells who waits for it.
    pub(super) fn sync(&self, committed: i64) {
        self.synced.send_if_modified(|synced| {
            let more = committed > *synced;
            *synced = (*synced).max(committed);
            more
        });
    }

    /// A new reader, done with everything up to this number; with nothing when `None`.
    pub(super) fn reader(&self, after: Option<&str>) -> StreamReader {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.push(after.and_then(stored).unwrap_or(0));
        StreamReader { index: readers.len() - 1, synced: self.synced.subscribe() }
    }

    /// Takes note that this reader is done with everything up to this number. Gives what all of them are done with.
    pub(super) fn passed(&self, reader: &StreamReader, sequence_number: &str) -> Option<i64> {
        let number = stored(sequence_number)?;
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let place = readers.get_mut(reader.index)?;
        *place = (*place).max(number);
        readers.iter().copied().min()
    }

    /// At most `limit` records after this number, from the beginning when `None`; only what is on disk.
    pub(super) fn records(
        &self,
        connection: &Connection,
        table: &str,
        stream_arn: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StreamRecord>, DynoxideError> {
        let synced = *self.synced.borrow();
        let after = after.and_then(stored).unwrap_or(0);
        if after >= synced {
            return Ok(Vec::new());
        }
        let mut statement = connection.prepare_cached(
            "SELECT CAST(sequence_number AS INTEGER), event_name, keys_json, new_image, old_image, created_at,
                    user_identity, event_id
             FROM _stream_records
             WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) > ?2
               AND CAST(sequence_number AS INTEGER) <= ?3
             ORDER BY CAST(sequence_number AS INTEGER) LIMIT ?4",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![table, after, synced, limit])?;
        let mut records = Vec::new();
        while let Some(row) = rows.next()? {
            records.push(record(row, stream_arn)?);
        }
        Ok(records)
    }
}

/// Deletes records up to this number, but for the last one, a piece at a time. Whether there are more.
pub(super) fn trim(connection: &Connection, table: &str, passed: i64) -> rusqlite::Result<bool> {
    let trimmed = connection
        .prepare_cached(
            "DELETE FROM _stream_records WHERE id IN (
                 SELECT id FROM _stream_records
                 WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) <= ?2
                   AND CAST(sequence_number AS INTEGER) <
                       (SELECT max(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1)
                 LIMIT ?3)",
        )?
        .execute(params![table, passed, TRIMMED])?;
    Ok(trimmed == TRIMMED as usize)
}

/// Says of the last record that the table's time to live was its cause, as DynamoDB does.
pub(super) fn mark_expired(connection: &Connection, table: &str) -> rusqlite::Result<()> {
    let by_dynamodb = json!({ "type": "Service", "principalId": "dynamodb.amazonaws.com" }).to_string();
    let last: Option<i64> = connection
        .prepare_cached("SELECT max(id) FROM _stream_records WHERE table_name = ?1")?
        .query_row([table], |row| row.get(0))
        .optional()?
        .flatten();
    connection
        .prepare_cached("UPDATE _stream_records SET user_identity = ?2 WHERE id = ?1 AND event_name = 'REMOVE'")?
        .execute(params![last, by_dynamodb])?;
    Ok(())
}

/// A record as Lambda gives it to functions.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>
fn record(row: &Row<'_>, stream_arn: &str) -> Result<StreamRecord, DynoxideError> {
    let number: i64 = row.get(0)?;
    let sequence_number = told(number);
    let image = |column: usize| -> Result<Option<Value>, DynoxideError> {
        let text: Option<String> = row.get(column)?;
        text.map(|text| read(&text)).transpose()
    };
    let keys_json: String = row.get(2)?;
    let mut change = json!({
        "SequenceNumber": sequence_number,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
        "ApproximateCreationDateTime": row.get::<_, f64>(5)?,
        "SizeBytes": keys_json.len() + length(row, 3)? + length(row, 4)?,
    });
    // Moved in, not named in `json!`, which would copy them.
    change["Keys"] = read(&keys_json)?;
    for (name, column) in [("NewImage", 3), ("OldImage", 4)] {
        if let Some(image) = image(column)? {
            change[name] = image;
        }
    }
    let mut json = json!({
        "eventID": row.get::<_, Option<String>>(7)?.unwrap_or_else(|| number.to_string()),
        "eventName": row.get::<_, String>(1)?,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": crate::engine::REGION,
        "eventSourceARN": stream_arn,
    });
    json["dynamodb"] = change;
    if let Some(identity) = row.get::<_, Option<String>>(6)? {
        json["userIdentity"] = read(&identity)?;
    }
    Ok(StreamRecord { sequence_number, json })
}

fn length(row: &Row<'_>, column: usize) -> rusqlite::Result<usize> {
    Ok(row.get_ref(column)?.as_str_or_null()?.map_or(0, str::len))
}

fn read(text: &str) -> Result<Value, DynoxideError> {
    serde_json::from_str(text).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

fn told(number: i64) -> String {
    (OFFSET + i128::from(number.max(0))).to_string()
}

fn stored(sequence_number: &str) -> Option<i64> {
    i64::try_from(sequence_number.parse::<i128>().ok()?.checked_sub(OFFSET)?).ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_was_told() {
        for number in [1, 1_761_000_000_000_000, i64::MAX] {
            assert_eq!(told(number).len(), 21);
            assert_eq!(stored(&told(number)), Some(number));
        }
        for never_told in ["", "5", "abc", "100000000000000000000", "999999999999999999999999999999999999999"] {
            assert_eq!(stored(never_told), None, "{never_told}");
        }
    }

    #[test]
    fn what_the_slowest_reader_has_passed_all_have() {
        let stream = Stream::default();
        let (one, other) = (stream.reader(None), stream.reader(Some(&told(2))));
        assert_eq!(stream.passed(&other, &told(9)), Some(0));
        assert_eq!(stream.passed(&one, &told(4)), Some(4));
        assert_eq!(stream.passed(&one, &told(20)), Some(9));
        assert_eq!(stream.passed(&other, &told(3)), Some(9), "nobody goes back");
    }
}
