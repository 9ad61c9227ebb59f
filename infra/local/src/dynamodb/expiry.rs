//! Time to live: what has expired is deleted, as DynamoDB does in the background.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html>

use dynoxide::{
    DynoxideError, Item,
    actions::delete_item::{self, DeleteItemRequest},
    storage::Storage,
};
use rusqlite::Connection;

use super::{
    operations::{key_of, now},
    stream,
};

/// How many items are deleted at once, while writes wait.
const AT_ONCE: u32 = 25;
/// DynamoDB leaves alone what expired more than five years ago: such a number is hardly a time.
const OLDEST_SECONDS: i64 = 5 * 365 * 86_400;

/// An attribute's value as SQL, and a name for the index over it. The attribute's name comes from the template.
fn expiry(attribute: &str) -> String {
    format!("CAST(json_extract(item_json, '$.\"{attribute}\".N') AS INTEGER)")
}

/// Finds what has expired without looking at the rest.
pub(super) fn index(connection: &Connection, table: &str, attribute: &str) -> rusqlite::Result<()> {
    let expiry = expiry(attribute);
    connection.execute_batch(&format!(
        "CREATE INDEX IF NOT EXISTS \"{table}::expiry\" ON \"{table}\" ({expiry}) WHERE {expiry} IS NOT NULL"
    ))
}

/// Deletes a few items that have expired. How many, and whether there may be more.
pub(super) fn delete_some(
    storage: &Storage,
    table: &str,
    attribute: &str,
    now_seconds: i64,
) -> Result<(usize, bool), DynoxideError> {
    let Some(definition) = storage.get_table_metadata(table)? else { return Ok((0, false)) };
    let expiry = expiry(attribute);
    let mut statement = storage.conn().prepare_cached(&format!(
        "SELECT item_json FROM \"{table}\" WHERE {expiry} IS NOT NULL AND {expiry} <= ?1 AND {expiry} > ?2
         ORDER BY {expiry} LIMIT ?3"
    ))?;
    let bounds = rusqlite::params![now_seconds, now_seconds - OLDEST_SECONDS, AT_ONCE];
    let expired: Vec<String> = statement.query_map(bounds, |row| row.get(0))?.collect::<Result<_, _>>()?;
    let more = expired.len() == AT_ONCE as usize;
    let deleted = expired.len();
    for item in expired {
        let item =
            serde_json::from_str(&item).map_err(|error| DynoxideError::InternalServerError(error.to_string()))?;
        delete(storage, table, key_of(&definition, item)?)?;
        stream::mark_expired(storage.conn(), table)?;
    }
    Ok((deleted, more))
}

fn delete(storage: &Storage, table: &str, key: Item) -> Result<(), DynoxideError> {
    let request = DeleteItemRequest { table_name: table.to_owned(), key, ..DeleteItemRequest::default() };
    now(delete_item::execute(storage, request)).map(drop)
}
