//! `BatchWriteItem` in one commit.
//!
//! The library commits each entry of a batch by itself. A batch promises nothing about what of it is written when; all of
//! it at once is one of its outcomes. So a batch is written as a transaction, and the answer is made that of a batch.
//!
//! What cannot be asked in this way, and what is refused, is written as a batch: a transaction that is refused has written
//! nothing, and the refusal is then that of a batch, to the letter.

use dynoxide::{
    DynoxideError,
    actions::{
        batch_write_item::{self, BatchWriteItemRequest, WriteRequest},
        transact_write_items::{self, TransactDelete, TransactPut, TransactWriteItem, TransactWriteItemsRequest},
    },
    storage::Storage,
};
use serde_json::{Value, json};

use super::operations::{answer, now, request};

/// What `BatchWriteItem` takes at once. A transaction would take more.
const MAX_ENTRIES: usize = 25;
/// What a transaction costs for a write to the table, in writes of a batch. Its writes to indexes cost the same.
const TRANSACTIONAL_FACTOR: f64 = 2.0;

/// Writes a batch.
pub(super) fn write(storage: &Storage, body: &[u8]) -> Result<String, DynoxideError> {
    let batch: BatchWriteItemRequest = request(body)?;
    let total = batch.return_consumed_capacity.as_deref() == Some("TOTAL");
    if let Some(transaction) = transaction(&batch)
        && let Ok(written) = now(transact_write_items::execute(storage, transaction))
    {
        let mut of_batch = json!({ "UnprocessedItems": {} });
        if total {
            of_batch["ConsumedCapacity"] = consumed(&answer(written.consumed_capacity)?)?;
        }
        return Ok(of_batch.to_string());
    }
    answer(now(batch_write_item::execute(storage, batch))?)
}

/// The writes of a batch as a transaction; `None` for one that `BatchWriteItem` would refuse and a transaction would not,
/// or that asks for more than a transaction tells.
fn transaction(batch: &BatchWriteItemRequest) -> Option<TransactWriteItemsRequest> {
    let tells_capacity = matches!(batch.return_consumed_capacity.as_deref(), None | Some("NONE" | "TOTAL"));
    if !tells_capacity || batch.return_item_collection_metrics.is_some() {
        return None;
    }
    let mut actions = Vec::new();
    for (table_name, entries) in &batch.request_items {
        if entries.is_empty() {
            return None;
        }
        for entry in entries {
            actions.push(action(table_name, entry)?);
        }
    }
    (actions.len() <= MAX_ENTRIES).then(|| TransactWriteItemsRequest {
        transact_items: actions,
        // By index, since only the table's own part is to be taken for what a batch costs.
        return_consumed_capacity: Some("INDEXES".to_owned()),
        ..TransactWriteItemsRequest::default()
    })
}

fn action(table_name: &str, entry: &WriteRequest) -> Option<TransactWriteItem> {
    let table_name = table_name.to_owned();
    match (&entry.put_request, &entry.delete_request) {
        (Some(put), None) => Some(TransactWriteItem {
            put: Some(TransactPut { table_name, item: put.item.clone(), ..TransactPut::default() }),
            ..TransactWriteItem::default()
        }),
        (None, Some(delete)) => Some(TransactWriteItem {
            delete: Some(TransactDelete { table_name, key: delete.key.clone(), ..TransactDelete::default() }),
            ..TransactWriteItem::default()
        }),
        _ => None,
    }
}

/// What a batch consumed, given what the transaction did.
fn consumed(of_transaction: &str) -> Result<Value, DynoxideError> {
    let of_transaction: Value = request(of_transaction.as_bytes())?;
    let units = |consumed: &Value| consumed["CapacityUnits"].as_f64().unwrap_or_default();
    let of_table = |consumed: &Value| {
        let in_table = units(&consumed["Table"]);
        let total = units(consumed) - in_table + in_table / TRANSACTIONAL_FACTOR;
        json!({ "TableName": consumed["TableName"], "CapacityUnits": total })
    };
    Ok(of_transaction.as_array().into_iter().flatten().map(of_table).collect())
}
