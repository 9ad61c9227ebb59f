//! `BatchWriteItem` in one commit.
//!
//! The embedded server commits each entry of a batch by itself, and each commit waits for the disk: sixty of them for the
//! words of one mail. A batch promises nothing about what of it is written when; all of it at once is one of its outcomes.
//! So a batch is asked of the server as a transaction, and the answer is made that of a batch.
//!
//! What cannot be asked in this way, and what the server refuses, goes to the server as it came: a transaction that is
//! refused has written nothing, and the refusal is then that of a batch, to the letter.

use axum::{
    body::Bytes,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{CONTENT_TYPE, Front};

/// What `BatchWriteItem` takes at once. A transaction would take more.
const MAX_ENTRIES: usize = 25;
/// What a transaction costs for a write to the table, in writes of a batch. Its writes to indexes cost the same.
const TRANSACTIONAL_FACTOR: f64 = 2.0;

/// Writes a batch in one commit and gives the answer; `None` when it is to be asked of the server as it came. What was
/// written all the same, by a server that did not say so, is written again to no effect.
pub(super) async fn write(front: &Front, headers: &HeaderMap, body: &Bytes) -> Option<Response> {
    let batch: Value = serde_json::from_slice(body).ok()?;
    let transaction = transaction(&batch)?;
    let mut headers = headers.clone();
    headers.insert("x-amz-target", HeaderValue::from_static("DynamoDB_20120810.TransactWriteItems"));
    let (status, _, answer) = super::ask(front, headers, transaction.to_string().into()).await.ok()?;
    if status != StatusCode::OK {
        return None;
    }
    let answer = batch_answer(&batch, &serde_json::from_slice(&answer).ok()?);
    Some(([(header::CONTENT_TYPE, CONTENT_TYPE)], answer.to_string()).into_response())
}

/// The writes of a batch as a transaction; `None` for one that `BatchWriteItem` would refuse and a transaction would not,
/// or that asks for more than a transaction tells.
fn transaction(batch: &Value) -> Option<Value> {
    let tells_capacity = matches!(batch["ReturnConsumedCapacity"].as_str(), None | Some("NONE" | "TOTAL"));
    if !tells_capacity || !batch["ReturnItemCollectionMetrics"].is_null() {
        return None;
    }
    let mut actions = Vec::new();
    for (table, entries) in batch["RequestItems"].as_object()? {
        let entries = entries.as_array().filter(|entries| !entries.is_empty())?;
        for entry in entries {
            let entry = entry.as_object().filter(|entry| entry.len() == 1)?;
            actions.push(match (entry.get("PutRequest"), entry.get("DeleteRequest")) {
                (Some(put), None) => json!({ "Put": { "TableName": table, "Item": put["Item"] } }),
                (None, Some(delete)) => json!({ "Delete": { "TableName": table, "Key": delete["Key"] } }),
                _ => return None,
            });
        }
    }
    let is_small_enough = actions.len() <= MAX_ENTRIES;
    // By index, since only the table's own part is to be taken for what a batch costs.
    is_small_enough.then(|| json!({ "TransactItems": actions, "ReturnConsumedCapacity": "INDEXES" }))
}

fn batch_answer(batch: &Value, answer: &Value) -> Value {
    let mut of_batch = json!({ "UnprocessedItems": {} });
    if batch["ReturnConsumedCapacity"] == "TOTAL" {
        let units = |consumed: &Value| consumed["CapacityUnits"].as_f64().unwrap_or_default();
        let of_table = |consumed: &Value| {
            let in_table = units(&consumed["Table"]);
            let total = units(consumed) - in_table + in_table / TRANSACTIONAL_FACTOR;
            json!({ "TableName": consumed["TableName"], "CapacityUnits": total })
        };
        let tables = answer["ConsumedCapacity"].as_array().into_iter().flatten();
        of_batch["ConsumedCapacity"] = tables.map(of_table).collect();
    }
    of_batch
}
