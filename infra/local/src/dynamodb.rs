//! The table: an embedded DynamoDB behind a front that can be told to fail and that tells when something was written.

mod batch;
#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    response::{IntoResponse, Response},
};
use dynoxide::{
    Database,
    actions::{
        describe_stream::DescribeStreamRequest, get_records::GetRecordsRequest,
        get_shard_iterator::GetShardIteratorRequest,
    },
};
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::sync::CancellationToken;

use crate::{
    faults::{Faults, Service},
    template::Table,
};

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
/// The largest request DynamoDB takes, in bytes.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Why the table could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file, or the operation, was refused.
    #[error("the table's file refused: {0}")]
    Database(#[from] dynoxide::DynoxideError),
    /// The template's definition is none.
    #[error("the template's table cannot be made: {0}")]
    Definition(#[from] serde_json::Error),
    /// The folder was written with another template.
    #[error("the table in this folder has other keys or indexes than template.yaml; use another folder or delete it")]
    Other,
    /// The file's path is not UTF-8.
    #[error("the path of the table's file is not UTF-8")]
    Path,
    /// The work was cut short by the end of the process.
    #[error("the work on the table was cut short")]
    CutShort,
}

/// The embedded DynamoDB, holding the one table.
pub struct DynamoDb {
    database: Database,
    table: String,
    stream_arn: String,
    /// Rung after every request that may have written.
    written: Notify,
}

/// One record of the stream: its sequence number, and the record as Lambda gives it to functions.
#[derive(Debug, Clone)]
pub struct StreamRecord {
    /// Grows with every record.
    pub sequence_number: String,
    /// As in `Records[]` of the event.
    pub json: Value,
}

impl DynamoDb {
    /// Opens the file, and makes the table as the template defines it if it is not there yet.
    pub async fn open(file: &Path, table: &Table) -> Result<Arc<Self>, TableError> {
        let path = file.to_str().ok_or(TableError::Path)?.to_owned();
        let table = table.clone();
        blocking(move || Self::open_blocking(&path, &table)).await.map(Arc::new)
    }

    fn open_blocking(path: &str, table: &Table) -> Result<Self, TableError> {
        let database = Database::new(path)?;
        let name = table.id.as_str();
        if database.list_tables(request(json!({}))?)?.table_names.iter().any(|known| known == name) {
            let made = serde_json::to_value(database.describe_table(request(json!({ "TableName": name }))?)?)?;
            if shape(&made["Table"]) != shape(&Value::Object(table.definition.clone())) {
                return Err(TableError::Other);
            }
        } else {
            let mut definition = table.definition.clone();
            definition.insert("TableName".to_owned(), json!(name));
            database.create_table(request(Value::Object(definition))?)?;
            if let Some(attribute) = &table.ttl_attribute {
                let specification = json!({ "AttributeName": attribute, "Enabled": true });
                let update = json!({ "TableName": name, "TimeToLiveSpecification": specification });
                database.update_time_to_live(request(update)?)?;
            }
        }
        let described = serde_json::to_value(database.describe_table(request(json!({ "TableName": name }))?)?)?;
        let stream_arn = described["Table"]["LatestStreamArn"].as_str().unwrap_or_default().to_owned();
        Ok(Self { database, table: name.to_owned(), stream_arn, written: Notify::new() })
    }

    /// Name of the table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// ARN of the table's stream.
    pub fn stream_arn(&self) -> &str {
        &self.stream_arn
    }

    /// Waits until something may have been written since the last call.
    pub async fn written(&self) {
        self.written.notified().await;
    }

    /// At most `limit` records of the stream after the one of this sequence number; from its beginning when `None`.
    pub async fn records(
        self: &Arc<Self>,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<StreamRecord>, TableError> {
        let this = Arc::clone(self);
        blocking(move || this.records_blocking(after.as_deref(), limit)).await
    }

    fn records_blocking(&self, after: Option<&str>, limit: usize) -> Result<Vec<StreamRecord>, TableError> {
        let describe = DescribeStreamRequest { stream_arn: self.stream_arn.clone(), ..Default::default() };
        let mut records = Vec::new();
        for shard in self.database.describe_stream(describe)?.stream_description.shards {
            let iterator = self.database.get_shard_iterator(GetShardIteratorRequest {
                stream_arn: self.stream_arn.clone(),
                shard_id: shard.shard_id,
                shard_iterator_type: if after.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" }.to_owned(),
                sequence_number: after.map(str::to_owned),
            })?;
            let shard_iterator = iterator.shard_iterator.unwrap_or_default();
            let found = self.database.get_records(GetRecordsRequest { shard_iterator, limit: Some(limit) })?;
            for record in found.records {
                let sequence_number = record.dynamodb.sequence_number.clone();
                let mut json = serde_json::to_value(record)?;
                json["eventSourceARN"] = json!(self.stream_arn);
                records.push(StreamRecord { sequence_number, json });
            }
        }
        Ok(records)
    }

    /// Deletes what has expired, as DynamoDB does in the background.
    pub async fn expire(self: &Arc<Self>) -> Result<usize, TableError> {
        let this = Arc::clone(self);
        let expired = blocking(move || Ok(this.database.sweep_ttl()?)).await?;
        if expired > 0 {
            self.written.notify_one();
        }
        Ok(expired)
    }

    /// Serves the embedded server itself, without the front, until `stop`.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, stop: CancellationToken) {
        let served =
            dynoxide::server::serve_with_shutdown(listener, self.database.clone(), stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(error, "the table's server ended");
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TableError> + Send + 'static,
) -> Result<T, TableError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| TableError::CutShort)?
}

fn request<T: DeserializeOwned>(body: Value) -> Result<T, TableError> {
    Ok(serde_json::from_value(body)?)
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
    /// Reaches the embedded server.
    pub client: reqwest::Client,
    /// URL of the embedded server.
    pub server: String,
}

/// The DynamoDB endpoint.
pub fn router(front: Front) -> Router {
    Router::new().fallback(answer).layer(DefaultBodyLimit::max(MAX_BODY_BYTES)).with_state(Arc::new(front))
}

async fn answer(State(front): State<Arc<Front>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let writes = !["Get", "BatchGet", "TransactGet", "Query", "Scan", "Describe", "List"]
        .iter()
        .any(|reading| operation.starts_with(reading));
    let effect = async {
        let written = match operation.as_str() {
            "BatchWriteItem" => batch::write(&front, &headers, &body).await,
            _ => None,
        };
        let response = match written {
            Some(response) => response,
            None => forward(&front, headers, body).await,
        };
        if writes {
            front.dynamodb.written.notify_one();
        }
        response
    };
    front.faults.strike(Service::Dynamodb, &operation, throttled, effect).await
}

async fn forward(front: &Front, headers: HeaderMap, body: Bytes) -> Response {
    match ask(front, headers, body).await {
        Ok(answer) => answer.into_response(),
        Err(error) => {
            tracing::error!(%error, "the table's server did not answer");
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "The table's server did not answer.")
        }
    }
}

/// Asks the embedded server.
async fn ask(
    front: &Front,
    mut headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, HeaderMap, Bytes), reqwest::Error> {
    headers.remove(header::HOST);
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::CONNECTION);
    let answer = front.client.post(&front.server).headers(headers).body(body).send().await?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await?;
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::CONNECTION);
    Ok((status, headers, body))
}

fn throttled() -> Response {
    let message = "The level of configured provisioned throughput for the table was exceeded.";
    refusal(StatusCode::BAD_REQUEST, "ProvisionedThroughputExceededException", message)
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": message });
    (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], Body::from(body.to_string())).into_response()
}
