//! The queues in SQLite. Times are milliseconds of the engine's clock.
//!
//! A message is one row. `visible_ms` alone says when it may be received next, so a delay, a visibility timeout and a
//! restart in the middle of either are the same thing.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{
    error::SqsError,
    message::{MessageAttributes, Receipt},
    queue::{QueueName, Settings},
};

pub(super) const SCHEMA: &str = "
    -- AUTOINCREMENT: a queue or message never gets the number of a deleted one, so old receipt handles stay old.
    CREATE TABLE IF NOT EXISTS sqs_queues (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        settings TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        modified_ms INTEGER NOT NULL,
        purged_ms INTEGER
    );
    CREATE TABLE IF NOT EXISTS sqs_messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        queue_id INTEGER NOT NULL REFERENCES sqs_queues (id) ON DELETE CASCADE,
        message_id TEXT NOT NULL,
        body TEXT NOT NULL,
        attributes TEXT NOT NULL,
        sent_ms INTEGER NOT NULL,
        visible_ms INTEGER NOT NULL,
        received_ms INTEGER,
        first_received_ms INTEGER,
        receive_count INTEGER NOT NULL DEFAULT 0,
        dead_letter_source_arn TEXT,
        is_duplicate INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX IF NOT EXISTS sqs_messages_due ON sqs_messages (queue_id, visible_ms, seq);
    CREATE INDEX IF NOT EXISTS sqs_messages_age ON sqs_messages (queue_id, sent_ms);
";

/// A queue as stored.
pub(super) struct Queue {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) settings: Settings,
    pub(super) created_ms: i64,
    pub(super) modified_ms: i64,
    pub(super) purged_ms: Option<i64>,
}

/// The queue of this name, if there is one.
pub(super) fn find_queue(tx: &Transaction<'_>, name: &QueueName) -> Result<Option<Queue>, SqsError> {
    let row = tx
        .query_row(
            "SELECT id, name, settings, created_ms, modified_ms, purged_ms FROM sqs_queues WHERE name = ?1",
            [name.as_str()],
            |row| {
                let settings: String = row.get(2)?;
                Ok((row.get(0)?, row.get(1)?, settings, row.get(3)?, row.get(4)?, row.get(5)?))
            },
        )
        .optional()?;
    let Some((id, name, settings, created_ms, modified_ms, purged_ms)) = row else { return Ok(None) };
    let settings = serde_json::from_str(&settings).map_err(SqsError::StoredRow)?;
    Ok(Some(Queue { id, name, settings, created_ms, modified_ms, purged_ms }))
}

/// The queue of this name, or `QueueDoesNotExist`.
pub(super) fn queue(tx: &Transaction<'_>, name: &QueueName) -> Result<Queue, SqsError> {
    find_queue(tx, name)?.ok_or(SqsError::QueueDoesNotExist)
}

pub(super) fn create_queue(
    tx: &Transaction<'_>,
    name: &QueueName,
    settings: &Settings,
    now_ms: i64,
) -> Result<(), SqsError> {
    let settings = serde_json::to_string(settings).map_err(SqsError::StoredRow)?;
    tx.execute(
        "INSERT INTO sqs_queues (name, settings, created_ms, modified_ms) VALUES (?1, ?2, ?3, ?3)",
        params![name.as_str(), settings, now_ms],
    )?;
    Ok(())
}

pub(super) fn set_queue(tx: &Transaction<'_>, queue_id: i64, settings: &Settings, now_ms: i64) -> Result<(), SqsError> {
    let settings = serde_json::to_string(settings).map_err(SqsError::StoredRow)?;
    tx.execute(
        "UPDATE sqs_queues SET settings = ?2, modified_ms = ?3 WHERE id = ?1",
        params![queue_id, settings, now_ms],
    )?;
    Ok(())
}

/// Its messages go with it.
pub(super) fn delete_queue(tx: &Transaction<'_>, queue_id: i64) -> Result<(), SqsError> {
    tx.execute("DELETE FROM sqs_queues WHERE id = ?1", [queue_id])?;
    Ok(())
}

pub(super) fn purge_queue(tx: &Transaction<'_>, queue_id: i64, now_ms: i64) -> Result<(), SqsError> {
    tx.execute("DELETE FROM sqs_messages WHERE queue_id = ?1", [queue_id])?;
    tx.execute("UPDATE sqs_queues SET purged_ms = ?2 WHERE id = ?1", [queue_id, now_ms])?;
    Ok(())
}

/// Up to `limit` names that begin with `prefix` and come after `after`, in order.
pub(super) fn queue_names(
    tx: &Transaction<'_>,
    prefix: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, SqsError> {
    let mut statement = tx.prepare_cached(
        "SELECT name FROM sqs_queues WHERE substr(name, 1, length(?1)) = ?1 AND name > ?2 ORDER BY name LIMIT ?3",
    )?;
    let names = statement.query_map(params![prefix, after, limit], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// How many messages may be received now, are in flight, and are delayed.
pub(super) struct Counts {
    pub(super) visible: i64,
    pub(super) in_flight: i64,
    pub(super) delayed: i64,
}

pub(super) fn counts(tx: &Transaction<'_>, queue_id: i64, now_ms: i64) -> Result<Counts, SqsError> {
    Ok(tx.query_row(
        "SELECT count(*) FILTER (WHERE visible_ms <= ?2),
                count(*) FILTER (WHERE visible_ms > ?2 AND received_ms IS NOT NULL),
                count(*) FILTER (WHERE visible_ms > ?2 AND received_ms IS NULL)
         FROM sqs_messages WHERE queue_id = ?1",
        [queue_id, now_ms],
        |row| Ok(Counts { visible: row.get(0)?, in_flight: row.get(1)?, delayed: row.get(2)? }),
    )?)
}

/// Drops what is older than the queue keeps messages. Age counts from the sending, also in a dead-letter queue.
pub(super) fn expire(tx: &Transaction<'_>, queue: &Queue, now_ms: i64) -> Result<(), SqsError> {
    let oldest_ms = now_ms - i64::from(queue.settings.retention_s) * 1000;
    tx.prepare_cached("DELETE FROM sqs_messages WHERE queue_id = ?1 AND sent_ms <= ?2")?
        .execute([queue.id, oldest_ms])?;
    Ok(())
}

/// Stores a message that becomes visible after the delay.
pub(super) fn insert(
    tx: &Transaction<'_>,
    queue_id: i64,
    message_id: &str,
    body: &str,
    attributes: &MessageAttributes,
    (sent_ms, delay_s): (i64, u32),
) -> Result<(), SqsError> {
    let attributes = serde_json::to_string(attributes).map_err(SqsError::StoredRow)?;
    tx.prepare_cached(
        "INSERT INTO sqs_messages (queue_id, message_id, body, attributes, sent_ms, visible_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![queue_id, message_id, body, attributes, sent_ms, sent_ms + i64::from(delay_s) * 1000])?;
    Ok(())
}

/// A message as stored.
pub(super) struct StoredMessage {
    pub(super) seq: i64,
    pub(super) message_id: String,
    pub(super) body: String,
    pub(super) attributes: MessageAttributes,
    pub(super) sent_ms: i64,
    pub(super) first_received_ms: Option<i64>,
    pub(super) receive_count: i64,
    pub(super) dead_letter_source_arn: Option<String>,
    pub(super) is_duplicate: bool,
}

/// Which of the visible messages come first.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    OldestFirst,
    NewestFirst,
}

/// Up to `limit` messages that may be received now.
pub(super) fn visible(
    tx: &Transaction<'_>,
    queue_id: i64,
    now_ms: i64,
    order: Order,
    limit: usize,
) -> Result<Vec<StoredMessage>, SqsError> {
    let direction = match order {
        Order::OldestFirst => "visible_ms, seq",
        Order::NewestFirst => "visible_ms DESC, seq DESC",
    };
    let mut statement = tx.prepare_cached(&format!(
        "SELECT seq, message_id, body, attributes, sent_ms, first_received_ms, receive_count, dead_letter_source_arn,
                is_duplicate
         FROM sqs_messages WHERE queue_id = ?1 AND visible_ms <= ?2 ORDER BY {direction} LIMIT ?3"
    ))?;
    let mut rows = statement.query(params![queue_id, now_ms, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        messages.push(stored(row)?);
    }
    Ok(messages)
}

fn stored(row: &Row<'_>) -> Result<StoredMessage, SqsError> {
    let attributes: String = row.get(3)?;
    Ok(StoredMessage {
        seq: row.get(0)?,
        message_id: row.get(1)?,
        body: row.get(2)?,
        attributes: serde_json::from_str(&attributes).map_err(SqsError::StoredRow)?,
        sent_ms: row.get(4)?,
        first_received_ms: row.get(5)?,
        receive_count: row.get(6)?,
        dead_letter_source_arn: row.get(7)?,
        is_duplicate: row.get(8)?,
    })
}

/// When the next message that is hidden now becomes visible.
pub(super) fn next_visible_ms(tx: &Transaction<'_>, queue_id: i64, now_ms: i64) -> Result<Option<i64>, SqsError> {
    Ok(tx
        .prepare_cached("SELECT min(visible_ms) FROM sqs_messages WHERE queue_id = ?1 AND visible_ms > ?2")?
        .query_row([queue_id, now_ms], |row| row.get(0))?)
}

/// Marks a message as received once more and hides it.
pub(super) fn mark_received(tx: &Transaction<'_>, seq: i64, now_ms: i64, timeout_s: u32) -> Result<(), SqsError> {
    tx.prepare_cached(
        "UPDATE sqs_messages SET receive_count = receive_count + 1, received_ms = ?2,
                first_received_ms = coalesce(first_received_ms, ?2), visible_ms = ?3
         WHERE seq = ?1",
    )?
    .execute([seq, now_ms, now_ms + i64::from(timeout_s) * 1000])?;
    Ok(())
}

/// A second row of the same message, visible at once and independent of the first: deleting one leaves the other.
pub(super) fn duplicate(tx: &Transaction<'_>, seq: i64, now_ms: i64) -> Result<(), SqsError> {
    tx.execute(
        "INSERT INTO sqs_messages (queue_id, message_id, body, attributes, sent_ms, visible_ms, received_ms,
                                   first_received_ms, receive_count, dead_letter_source_arn, is_duplicate)
         SELECT queue_id, message_id, body, attributes, sent_ms, ?2, received_ms,
                first_received_ms, receive_count, dead_letter_source_arn, 1
         FROM sqs_messages WHERE seq = ?1",
        [seq, now_ms],
    )?;
    Ok(())
}

/// Moves a message to a dead-letter queue. Its age and its receives, which are counted "across all queues", go along.
pub(super) fn bury(
    tx: &Transaction<'_>,
    seq: i64,
    dead_letters_id: i64,
    source_arn: &str,
    now_ms: i64,
) -> Result<(), SqsError> {
    tx.execute(
        "UPDATE sqs_messages SET queue_id = ?2, dead_letter_source_arn = ?3, visible_ms = ?4,
                received_ms = NULL, first_received_ms = NULL
         WHERE seq = ?1",
        params![seq, dead_letters_id, source_arn, now_ms],
    )?;
    Ok(())
}

/// Deletes the message of any of its deliveries; one already gone is no error.
pub(super) fn delete(tx: &Transaction<'_>, receipt: Receipt) -> Result<(), SqsError> {
    tx.prepare_cached("DELETE FROM sqs_messages WHERE seq = ?1 AND queue_id = ?2")?
        .execute([receipt.seq, receipt.queue_id])?;
    Ok(())
}

/// The state of one delivery.
pub(super) struct Delivery {
    pub(super) visible_ms: i64,
    pub(super) received_ms: i64,
}

/// The delivery, while the message exists and was not received again since.
pub(super) fn delivery(tx: &Transaction<'_>, receipt: Receipt) -> Result<Option<Delivery>, SqsError> {
    Ok(tx
        .query_row(
            "SELECT visible_ms, received_ms FROM sqs_messages
             WHERE seq = ?1 AND queue_id = ?2 AND receive_count = ?3 AND received_ms IS NOT NULL",
            [receipt.seq, receipt.queue_id, receipt.receive_count],
            |row| Ok(Delivery { visible_ms: row.get(0)?, received_ms: row.get(1)? }),
        )
        .optional()?)
}

pub(super) fn set_visible(tx: &Transaction<'_>, seq: i64, visible_ms: i64) -> Result<(), SqsError> {
    tx.execute("UPDATE sqs_messages SET visible_ms = ?2 WHERE seq = ?1", [seq, visible_ms])?;
    Ok(())
}
