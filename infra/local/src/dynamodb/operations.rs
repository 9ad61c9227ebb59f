//! The operations, as their requests come in and their answers go out.

use dynoxide::{
    DynoxideError, Item,
    actions::{self, vector_lifecycle::VectorIndexLifecycle},
    storage::{Storage, TableMetadata},
};
use futures_util::FutureExt as _;
use serde::{Serialize, de::DeserializeOwned};

/// What an operation needs of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// To see it as it is.
    Read,
    /// To change items.
    Write,
    /// To change what tables there are.
    Define,
}

/// What the operation needs; `None` for one that is not played.
pub(super) fn need(operation: &str) -> Option<Need> {
    Some(match operation {
        "GetItem" | "BatchGetItem" | "TransactGetItems" | "Query" | "Scan" | "DescribeTable" | "ListTables"
        | "DescribeTimeToLive" | "ListTagsOfResource" | "ListStreams" | "DescribeStream" | "GetShardIterator"
        | "GetRecords" => Need::Read,
        "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems" => Need::Write,
        "CreateTable" | "UpdateTable" | "DeleteTable" | "UpdateTimeToLive" | "TagResource" | "UntagResource" => {
            Need::Define
        }
        _ => return None,
    })
}

/// Performs an operation whose request says all there is to know; those with more to them are in modules of their own.
pub(super) fn perform(storage: &Storage, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    macro_rules! act {
        ($action:ident) => {
            answer(now(actions::$action::execute(storage, request(body)?))?)
        };
        ($action:ident, $indexes:expr) => {
            answer(now(actions::$action::execute(storage, request(body)?, $indexes))?)
        };
    }
    // Of indexes over vectors that are being made; there are none.
    let indexes = &VectorIndexLifecycle::new();
    match operation {
        "GetItem" => act!(get_item),
        "BatchGetItem" => act!(batch_get_item),
        "TransactGetItems" => at_one_moment(storage, || act!(transact_get_items)),
        "Query" => act!(query),
        "Scan" => act!(scan),
        "PutItem" => act!(put_item),
        "UpdateItem" => act!(update_item),
        "DeleteItem" => act!(delete_item),
        "BatchWriteItem" => super::batch::write(storage, body),
        "CreateTable" => act!(create_table),
        "UpdateTable" => act!(update_table, indexes),
        "DeleteTable" => act!(delete_table, indexes),
        "DescribeTable" => act!(describe_table, indexes),
        "ListTables" => act!(list_tables),
        "UpdateTimeToLive" => act!(update_time_to_live),
        "DescribeTimeToLive" => act!(describe_time_to_live),
        "TagResource" => act!(tag_resource),
        "UntagResource" => act!(untag_resource),
        "ListTagsOfResource" => act!(list_tags_of_resource),
        "ListStreams" => act!(list_streams),
        "DescribeStream" => act!(describe_stream),
        "GetShardIterator" => act!(get_shard_iterator),
        "GetRecords" => act!(get_records),
        unknown => Err(DynoxideError::UnsupportedCapability(unknown.to_owned())),
    }
}

/// What the library does on a connection of ours never waits.
pub(super) fn now<T>(action: impl Future<Output = Result<T, DynoxideError>>) -> Result<T, DynoxideError> {
    let waited = || Err(DynoxideError::InternalServerError("the table's work waited for something".to_owned()));
    action.now_or_never().unwrap_or_else(waited)
}

/// Reads a request. What it refuses is told as DynamoDB does: a field that is missing is invalid, one of another type cannot
/// be read. The library marks what its own types refuse.
pub(super) fn request<T: DeserializeOwned>(body: &[u8]) -> Result<T, DynoxideError> {
    serde_json::from_slice(body).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        for marker in ["VALIDATION:", "VALIDATION_REQUEST:", "VALIDATION_AS_READ:"] {
            if let Some(reason) = message.strip_prefix(marker) {
                return DynoxideError::ValidationException(reason.to_owned());
            }
        }
        for marker in ["SERIALIZATION:", "SERIALIZATION_AS_READ:"] {
            if let Some(reason) = message.strip_prefix(marker) {
                return DynoxideError::SerializationException(reason.to_owned());
            }
        }
        let is_invalid = ["missing field", "unknown variant", "invalid type: null", "Supplied AttributeValue"]
            .iter()
            .any(|refusal| message.contains(refusal));
        if is_invalid {
            DynoxideError::ValidationException(message.to_owned())
        } else {
            DynoxideError::SerializationException(message.to_owned())
        }
    })
}

pub(super) fn answer(answer: impl Serialize) -> Result<String, DynoxideError> {
    serde_json::to_string(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// Reads as of one moment, whatever is written meanwhile.
fn at_one_moment<T>(storage: &Storage, read: impl FnOnce() -> Result<T, DynoxideError>) -> Result<T, DynoxideError> {
    storage.conn().execute_batch("BEGIN")?;
    let found = read();
    storage.conn().execute_batch("COMMIT")?;
    found
}

/// What of an item is its key.
pub(super) fn key_of(table: &TableMetadata, mut item: Item) -> Result<Item, DynoxideError> {
    #[derive(serde::Deserialize)]
    struct Element {
        #[serde(rename = "AttributeName")]
        name: String,
    }
    let elements: Vec<Element> = request(table.key_schema.as_bytes())?;
    item.retain(|name, _| elements.iter().any(|element| element.name == *name));
    Ok(item)
}
