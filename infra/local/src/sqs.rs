//! The queues: a server that speaks SQS's own protocol, AWS JSON 1.0, with SQS's own semantics.
//!
//! **Job.** Everything that the queues of this system rely on in AWS: visibility timeouts, long polling, delays, batches
//! with a result per entry, redrive to a dead-letter queue, retention, and at-least-once delivery that on request is
//! really more than once or out of order.
//!
//! **Invariants.** What was answered with success is on disk. A message is handed to one receiver until its visibility
//! times out. Signatures are not verified: the server listens on this machine only.
//!
//! **Must never know.** What the messages mean. FIFO queues and administrative operations (tags, permissions, move
//! tasks) are refused by name.

mod error;
mod message;
mod messages;
mod queue;
mod queues;
mod receive;
mod store;
#[cfg(test)]
mod tests;
mod wire;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_TYPE, HOST},
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::Notify;

use self::{error::SqsError, queue::QueueName};
use crate::{
    clock::LocalClock,
    counters,
    faults::{Faults, Service},
    state::{State, StateError},
};

/// The account that owns everything in the engine.
pub const ACCOUNT_ID: &str = "000000000000";

/// Who sent every message; in AWS, the id of the IAM principal.
const SENDER_ID: &str = "AIDAACTIONLAYERLOCAL0";
const CONTENT: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
/// The largest message, and the largest batch altogether, in bytes: 1 MiB ("Amazon SQS message quotas").
const MAXIMUM_BYTES: u32 = 1_048_576;
/// The largest request body, in bytes: a full batch with every character escaped.
const MAXIMUM_REQUEST_BYTES: usize = 8 * 1_048_576;

/// The queues of one engine.
#[derive(Debug)]
pub struct Sqs {
    state: State,
    clock: Arc<LocalClock>,
    faults: Arc<Faults>,
    region: String,
    bells: Bells,
}

impl Sqs {
    /// The queues kept in this state. `region` is the one in their ARNs.
    pub fn open(
        state: State,
        clock: Arc<LocalClock>,
        faults: Arc<Faults>,
        region: &str,
    ) -> Result<Arc<Self>, StateError> {
        state.define(store::SCHEMA)?;
        Ok(Arc::new(Self { state, clock, faults, region: region.to_owned(), bells: Bells::default() }))
    }

    /// The ARN of the queue of this name, whether or not it exists.
    pub fn arn(&self, queue_name: &str) -> String {
        arn(&self.region, queue_name)
    }

    /// The server, to be served at the root of an address of its own.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .fallback(answer)
            .layer(extract::DefaultBodyLimit::max(MAXIMUM_REQUEST_BYTES))
            .with_state(self.clone())
    }

    /// Performs one operation; `host` is the address the client reached us by, for the URLs it gets.
    async fn perform(&self, operation: &str, host: &str, body: &[u8]) -> Result<Vec<u8>, SqsError> {
        match operation {
            "CreateQueue" => encode(&self.create_queue(decode(body)?, host).await?),
            "DeleteQueue" => encode(&self.delete_queue(decode(body)?).await?),
            "GetQueueUrl" => encode(&self.get_queue_url(decode(body)?, host).await?),
            "ListQueues" => encode(&self.list_queues(decode(body)?, host).await?),
            "GetQueueAttributes" => encode(&self.get_queue_attributes(decode(body)?).await?),
            "SetQueueAttributes" => encode(&self.set_queue_attributes(decode(body)?).await?),
            "PurgeQueue" => encode(&self.purge_queue(decode(body)?).await?),
            "SendMessage" => encode(&self.send_message(decode(body)?).await?),
            "SendMessageBatch" => encode(&self.send_message_batch(decode(body)?).await?),
            "ReceiveMessage" => encode(&self.receive_message(decode(body)?).await?),
            "DeleteMessage" => encode(&self.delete_message(decode(body)?).await?),
            "DeleteMessageBatch" => encode(&self.delete_message_batch(decode(body)?).await?),
            "ChangeMessageVisibility" => encode(&self.change_message_visibility(decode(body)?).await?),
            "ChangeMessageVisibilityBatch" => encode(&self.change_message_visibility_batch(decode(body)?).await?),
            unknown => Err(SqsError::UnsupportedOperation(format!("The operation {unknown}"))),
        }
    }
}

/// What long polls wait for: a bell for each queue.
#[derive(Debug, Default)]
struct Bells(Mutex<HashMap<String, Arc<Notify>>>);

impl Bells {
    fn of(&self, queue: &QueueName) -> Arc<Notify> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(queue.as_str().to_owned()).or_default())
    }

    /// A message may have become visible: wakes one of those who wait, or else the next one to come. Should there be more
    /// messages than that one takes, it wakes the next.
    fn ring(&self, queue: &QueueName) {
        self.of(queue).notify_one();
    }

    /// Something else has changed: wakes all who wait.
    fn ring_all(&self, queue: &QueueName) {
        self.of(queue).notify_waiters();
    }
}

fn arn(region: &str, queue_name: &str) -> String {
    format!("arn:aws:sqs:{region}:{ACCOUNT_ID}:{queue_name}")
}

fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsError> {
    serde_json::from_slice(body).map_err(SqsError::Serialization)
}

fn encode<T: Serialize>(answer: &T) -> Result<Vec<u8>, SqsError> {
    serde_json::to_vec(answer).map_err(SqsError::StoredRow)
}

async fn answer(extract::State(sqs): extract::State<Arc<Sqs>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let operation = text("x-amz-target").and_then(|target| target.strip_prefix("AmazonSQS.")).unwrap_or("(none)");
    let host = text(HOST.as_str()).unwrap_or("localhost");
    counters::SQS.count();
    let performed = async {
        match sqs.perform(operation, host, &body).await {
            Ok(answer) => ([(CONTENT_TYPE, CONTENT)], Body::from(answer)).into_response(),
            Err(error) => error.into_response(),
        }
    };
    let mut response =
        sqs.faults.strike(Service::Sqs, operation, || SqsError::RequestThrottled.into_response(), performed).await;
    if let Some(id) = random_uuid().ok().and_then(|id| HeaderValue::try_from(id).ok()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// A random UUID, as SQS gives to messages and requests.
fn random_uuid() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
}
