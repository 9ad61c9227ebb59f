//! `TransactWriteItems` asked twice with one `ClientRequestToken`, as an SDK does when an answer was lost: done once.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::{Duration, Instant},
};

use dynoxide::{
    DynoxideError,
    actions::{
        transact_get_items::{self, TransactGet, TransactGetItem, TransactGetItemsRequest},
        transact_write_items::{self, TransactWriteItem, TransactWriteItemsRequest, TransactWriteItemsResponse},
    },
    storage::Storage,
};
use serde::Deserialize;
use serde_json::Value;

use super::operations::{answer, key_of, now, request};

/// How long DynamoDB remembers a token.
const REMEMBERED: Duration = Duration::from_mins(10);

/// The transactions of the last ten minutes, by token: what was asked, as a digest.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    digests: HashMap<String, u64>,
    /// Oldest first.
    since: VecDeque<(Instant, String)>,
}

#[derive(Deserialize)]
struct Items {
    #[serde(rename = "TransactItems", default)]
    items: Value,
}

impl Tokens {
    /// Writes the transaction, unless it was written before: then only the answer is given.
    pub(super) fn transact(&mut self, storage: &Storage, body: &[u8]) -> Result<String, DynoxideError> {
        let transaction: TransactWriteItemsRequest = request(body)?;
        let Some(token) = transaction.client_request_token.clone() else {
            return answer(now(transact_write_items::execute(storage, transaction))?);
        };
        self.forget();
        let digest = digest(&request::<Items>(body)?.items);
        match self.digests.get(&token) {
            Some(known) if *known == digest => return answer(replay(storage, transaction)?),
            Some(_) => {
                return Err(DynoxideError::IdempotentParameterMismatchException(
                    "An error occurred (IdempotentParameterMismatchException)".to_owned(),
                ));
            }
            None => {}
        }
        let written = now(transact_write_items::execute(storage, transaction))?;
        self.since.push_back((Instant::now(), token.clone()));
        self.digests.insert(token, digest);
        answer(written)
    }

    fn forget(&mut self) {
        while self.since.front().is_some_and(|(since, _)| since.elapsed() >= REMEMBERED) {
            if let Some((_, token)) = self.since.pop_front() {
                self.digests.remove(&token);
            }
        }
    }
}

/// Of equal values the same, in whatever order the members of their objects come.
fn digest(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    match value {
        Value::Null => 0.hash(&mut hasher),
        Value::Bool(value) => (1, value).hash(&mut hasher),
        Value::Number(value) => (2, value.to_string()).hash(&mut hasher),
        Value::String(value) => (3, value).hash(&mut hasher),
        Value::Array(values) => (4, values.iter().map(digest).collect::<Vec<_>>()).hash(&mut hasher),
        Value::Object(members) => {
            let of_member = |(name, value): (&String, &Value)| {
                let mut hasher = DefaultHasher::new();
                (name, digest(value)).hash(&mut hasher);
                hasher.finish()
            };
            (5, members.iter().map(of_member).fold(0, u64::wrapping_add)).hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// The answer to a transaction that was written before: DynamoDB charges for reading its items.
fn replay(
    storage: &Storage,
    transaction: TransactWriteItemsRequest,
) -> Result<TransactWriteItemsResponse, DynoxideError> {
    let mode = transaction.return_consumed_capacity;
    if !matches!(mode.as_deref(), Some("TOTAL" | "INDEXES")) {
        return Ok(TransactWriteItemsResponse::default());
    }
    let items = transaction.transact_items.into_iter().map(|item| read_of(storage, item)).collect::<Result<_, _>>()?;
    let read = TransactGetItemsRequest { transact_items: items, return_consumed_capacity: mode };
    let consumed_capacity = now(transact_get_items::execute(storage, read))?.consumed_capacity;
    Ok(TransactWriteItemsResponse { consumed_capacity, ..TransactWriteItemsResponse::default() })
}

fn read_of(storage: &Storage, item: TransactWriteItem) -> Result<TransactGetItem, DynoxideError> {
    let (table_name, key) = match item {
        TransactWriteItem { put: Some(put), .. } => {
            let Some(table) = storage.get_table_metadata(&put.table_name)? else {
                return Ok(TransactGetItem::default());
            };
            (put.table_name, key_of(&table, put.item)?)
        }
        TransactWriteItem { update: Some(update), .. } => (update.table_name, update.key),
        TransactWriteItem { delete: Some(delete), .. } => (delete.table_name, delete.key),
        TransactWriteItem { condition_check: Some(check), .. } => (check.table_name, check.key),
        _ => Default::default(),
    };
    Ok(TransactGetItem { get: TransactGet { table_name, key, ..TransactGet::default() } })
}
