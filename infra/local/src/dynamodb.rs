//! The table: an embedded DynamoDB with a front that can be told to fail.
//!
//! What an operation means, its conditions, its errors and its price are [`dynoxide`]'s, which is held against AWS's own by
//! its authors. How it lies on disk is ours to say: one connection writes, others read beside it, what is written together
//! shares a sync ([`group_commit`](crate::group_commit)), and the stream is only as long as its readers need it.

mod batch;
mod expiry;
mod operations;
mod readers;
mod stream;
#[cfg(test)]
mod tests;
mod tokens;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    response::{IntoResponse, Response},
};
use dynoxide::{
    DynoxideError,
    actions::{self, vector_lifecycle::VectorIndexLifecycle},
    auth_material::{self, AuthMaterial},
    storage::Storage,
};
use http::{HeaderMap, StatusCode, Uri, header};
use serde_json::{Value, json};

use self::{
    operations::{Need, need, now, request},
    readers::Readers,
    stream::Stream,
    tokens::Tokens,
};
use crate::{
    counters,
    faults::{Faults, Service},
    group_commit::{Answered, Connection, Watch, Writer},
    template::Table,
};

pub use stream::StreamReader;

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
/// The largest request DynamoDB takes, in bytes.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
/// How many pages (4 KiB) the log may have before a commit moves them into the database, which syncs both.
const LOG_PAGES: u32 = 8_000;
/// SQLite keeps this much of the file in the memory of the connection that writes, in KiB.
const CACHE_KIB: i64 = 32 * 1024;
const CACHED_STATEMENTS: usize = 256;

/// Why the table could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file, or the operation, was refused.
    #[error("the table's file refused: {0}")]
    Database(#[from] DynoxideError),
    /// The file was refused by SQLite.
    #[error("the table's file cannot be used: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file's log cannot be synced.
    #[error("the log of the table's file could not be opened or synced")]
    Log(#[from] std::io::Error),
    /// The template's definition is none.
    #[error("the template's table cannot be made: {0}")]
    Definition(#[from] serde_json::Error),
    /// The folder was written with another template.
    #[error("the table in this folder has other keys or indexes than template.yaml; use another folder or delete it")]
    Other,
    /// The file's path is not UTF-8.
    #[error("the path of the table's file is not UTF-8")]
    Path,
    /// The work was cut short by the end of the process, or because the disk did not take it.
    #[error("the work on the table was cut short")]
    CutShort,
}

/// The embedded DynamoDB, holding the one table of the template, and whatever others its clients make.
pub struct DynamoDb {
    writer: Writer<Storage>,
    readers: Readers,
    table: Table,
    stream_arn: String,
    stream: Arc<Stream>,
    /// Only the writer's thread uses it.
    tokens: Arc<Mutex<Tokens>>,
}

/// One record of the stream: its sequence number, and the record as Lambda gives it to functions.
#[derive(Debug, Clone)]
pub struct StreamRecord {
    /// Grows with every record.
    pub sequence_number: String,
    /// As in `Records[]` of the event.
    pub json: Value,
}

impl Watch for Arc<Stream> {
    fn committed(&self) -> i64 {
        Stream::committed(self)
    }

    fn synced(&self, committed: i64) {
        self.sync(committed);
    }
}

impl Connection for Storage {
    fn total_changes(&self) -> u64 {
        self.conn().total_changes()
    }

    fn recover(&self) {
        self.conn().recover();
    }
}

/// Opens the file with what all connections have in common.
fn open(path: &Path) -> Result<Storage, TableError> {
    let storage = Storage::new(path.to_str().ok_or(TableError::Path)?)?;
    let connection = storage.conn();
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(storage)
}

impl DynamoDb {
    /// Opens the file, and makes the table as the template defines it if it is not there yet.
    pub async fn open(file: &Path, table: &Table) -> Result<Arc<Self>, TableError> {
        let (file, table) = (file.to_owned(), table.clone());
        let opened = tokio::task::spawn_blocking(move || Self::open_blocking(&file, table));
        opened.await.map_err(|_| TableError::CutShort)?.map(Arc::new)
    }

    fn open_blocking(file: &Path, table: Table) -> Result<Self, TableError> {
        let storage = open(file)?;
        let connection = storage.conn();
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        let stream_arn = define(&storage, &table)?;
        if let Some(attribute) = &table.ttl_attribute {
            expiry::index(connection, &table.id, attribute)?;
        }
        let stream = Arc::new(Stream::default());
        stream.open(connection, &table.id)?;
        counters::count_statements(connection);
        let readers = Readers::open(file)?;
        let writer = Writer::start(storage, file, Arc::clone(&stream))?;
        Ok(Self { writer, readers, table, stream_arn, stream, tokens: Arc::default() })
    }

    /// Name of the table.
    pub fn table(&self) -> &str {
        &self.table.id
    }

    /// ARN of the table's stream.
    pub fn stream_arn(&self) -> &str {
        &self.stream_arn
    }

    /// Performs one operation; its answer is on disk when this returns.
    async fn perform(&self, operation: &str, body: Bytes) -> Result<String, DynoxideError> {
        let cut_short = |error: TableError| match error {
            TableError::Database(error) => error,
            other => DynoxideError::InternalServerError(other.to_string()),
        };
        match need(operation) {
            None => Err(DynoxideError::UnsupportedCapability(operation.to_owned())),
            Some(Need::Read) => {
                self.readers.read(|storage| operations::perform(storage, operation, &body)).map_err(cut_short)
            }
            Some(need) => {
                // The same transaction asked again is not written again, and may come while the first waits for the disk.
                let answered = if operation == "TransactWriteItems" { Answered::AfterSync } else { Answered::Synced };
                let (operation, tokens) = (operation.to_owned(), Arc::clone(&self.tokens));
                let performed = self.write(answered, move |storage| match operation.as_str() {
                    "TransactWriteItems" => {
                        tokens.lock().unwrap_or_else(PoisonError::into_inner).transact(storage, &body)
                    }
                    operation => operations::perform(storage, operation, &body),
                });
                let performed = performed.await.map_err(cut_short);
                if need == Need::Define {
                    self.readers.redefined();
                }
                performed
            }
        }
    }

    /// Writes, and takes note of where the stream ends afterwards.
    async fn write<T: Send + 'static>(
        &self,
        answered: Answered,
        work: impl FnOnce(&Storage) -> Result<T, DynoxideError> + Send + 'static,
    ) -> Result<T, TableError> {
        let (stream, table) = (Arc::clone(&self.stream), self.table.id.clone());
        let written = self.writer.run(answered, move |storage| {
            let before = storage.conn().total_changes();
            let done = work(storage)?;
            if storage.conn().total_changes() != before {
                stream.commit(storage.conn(), &table)?;
            }
            Ok::<_, DynoxideError>(done)
        });
        Ok(written.await.ok_or(TableError::CutShort)??)
    }

    /// A place in the stream after the record of this sequence number; at its beginning when `None`. Records are kept until
    /// all such places have passed them.
    pub fn stream_reader(&self, after: Option<&str>) -> StreamReader {
        self.stream.reader(after)
    }

    /// At most `limit` records of the stream after the one of this sequence number; from its beginning when `None`. Only
    /// what is on disk: what follows from a record must not outlive it.
    pub fn records(&self, after: Option<&str>, limit: usize) -> Result<Vec<StreamRecord>, TableError> {
        self.readers.read(|storage| self.stream.records(storage.conn(), &self.table.id, &self.stream_arn, after, limit))
    }

    /// Takes note that a reader is done with everything up to this record, and deletes what no reader needs any more.
    pub async fn passed(&self, reader: &StreamReader, sequence_number: &str) -> Result<(), TableError> {
        let Some(passed) = self.stream.passed(reader, sequence_number) else { return Ok(()) };
        loop {
            let table = self.table.id.clone();
            // Nobody is told that they are gone, so nobody waits for the disk.
            let trimmed =
                self.writer.run(Answered::Committed, move |storage| stream::trim(storage.conn(), &table, passed));
            if !trimmed.await.ok_or(TableError::CutShort)?? {
                return Ok(());
            }
        }
    }

    /// Deletes what has expired by this time, as DynamoDB does in the background. How many items.
    pub async fn expire(&self, now_seconds: i64) -> Result<usize, TableError> {
        let Some(attribute) = self.table.ttl_attribute.clone() else { return Ok(0) };
        let mut expired = 0;
        loop {
            let (table, attribute) = (self.table.id.clone(), attribute.clone());
            let some = self
                .write(Answered::Synced, move |storage| expiry::delete_some(storage, &table, &attribute, now_seconds));
            let (deleted, more) = some.await?;
            expired += deleted;
            if !more {
                return Ok(expired);
            }
        }
    }
}

/// Makes the table if it is not there. Gives the ARN of its stream.
fn define(storage: &Storage, table: &Table) -> Result<String, TableError> {
    let name = table.id.as_str();
    let ask = |value: Value| value.to_string().into_bytes();
    let by_name = json!({ "TableName": name });
    let describe = || -> Result<Value, TableError> {
        let described = now(actions::describe_table::execute(
            storage,
            request(&ask(by_name.clone()))?,
            &VectorIndexLifecycle::new(),
        ))?;
        Ok(serde_json::to_value(described)?)
    };
    if storage.list_table_names()?.iter().any(|known| known == name) {
        if shape(&describe()?["Table"]) != shape(&Value::Object(table.definition.clone())) {
            return Err(TableError::Other);
        }
    } else {
        let mut definition = table.definition.clone();
        definition.insert("TableName".to_owned(), json!(name));
        now(actions::create_table::execute(storage, request(&ask(Value::Object(definition)))?))?;
        if let Some(attribute) = &table.ttl_attribute {
            let specification = json!({ "AttributeName": attribute, "Enabled": true });
            let update = json!({ "TableName": name, "TimeToLiveSpecification": specification });
            now(actions::update_time_to_live::execute(storage, request(&ask(update))?))?;
        }
    }
    Ok(describe()?["Table"]["LatestStreamArn"].as_str().unwrap_or_default().to_owned())
}

/// What makes two tables the same to the product: keys, and keys of the indexes.
fn shape(definition: &Value) -> Value {
    let keys = |owner: &Value| {
        let part = |key: &Value| json!([key["AttributeName"], key["KeyType"]]);
        owner["KeySchema"].as_array().into_iter().flatten().map(part).collect::<Vec<_>>()
    };
    let mut indexes: Vec<_> = definition["GlobalSecondaryIndexes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|index| json!([index["IndexName"], keys(index)]))
        .collect();
    indexes.sort_by_key(ToString::to_string);
    json!([keys(definition), indexes])
}

/// The front: what clients talk to.
pub struct Front {
    /// The embedded DynamoDB.
    pub dynamodb: Arc<DynamoDb>,
    /// What it is told to do wrong.
    pub faults: Arc<Faults>,
}

/// The DynamoDB endpoint.
pub fn router(front: Front) -> Router {
    Router::new().fallback(answer).layer(DefaultBodyLimit::max(MAX_BODY_BYTES)).with_state(Arc::new(front))
}

async fn answer(State(front): State<Arc<Front>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let operation = text("x-amz-target").and_then(|target| target.rsplit('.').next()).unwrap_or_default();
    counters::DYNAMODB.count();
    let effect = async {
        let signed = AuthMaterial {
            authorization: text("authorization"),
            query: uri.query().unwrap_or_default(),
            has_date_header: headers.contains_key("x-amz-date") || headers.contains_key(header::DATE),
        };
        if let Some(refusal) = auth_material::validate(signed) {
            return json_response(StatusCode::BAD_REQUEST, refusal);
        }
        match front.dynamodb.perform(operation, body).await {
            Ok(answer) => json_response(StatusCode::OK, answer),
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                if status.is_server_error() {
                    tracing::error!(%error, operation, "the table refused");
                }
                json_response(status, error.to_json())
            }
        }
    };
    front.faults.strike(Service::Dynamodb, operation, throttled, effect).await
}

fn throttled() -> Response {
    let message = "The level of configured provisioned throughput for the table was exceeded.";
    let code = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
    json_response(StatusCode::BAD_REQUEST, json!({ "__type": code, "message": message }).to_string())
}

fn json_response(status: StatusCode, body: String) -> Response {
    let request_id = uuid::Uuid::from_bytes(crate::ses::random()).simple().to_string().to_ascii_uppercase();
    let headers = [(header::CONTENT_TYPE.as_str(), CONTENT_TYPE), ("x-amzn-requestid", request_id.as_str())];
    (status, headers, Body::from(body)).into_response()
}
