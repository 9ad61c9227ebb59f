//! The requests and answers of each operation, as the SQS API reference names their members.
//!
//! As in AWS, members unknown to an operation are passed over and absent ones are judged by the operation itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{error::SqsError, message::MessageAttributes};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct CreateQueue {
    pub(super) queue_name: String,
    pub(super) attributes: BTreeMap<String, String>,
    #[serde(rename = "tags")]
    pub(super) tags: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GetQueueUrl {
    pub(super) queue_name: String,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    pub(super) owner_account_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ListQueues {
    pub(super) queue_name_prefix: String,
    pub(super) max_results: Option<i64>,
    pub(super) next_token: Option<String>,
}

/// `DeleteQueue`, `PurgeQueue`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct OfQueue {
    pub(super) queue_url: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct GetQueueAttributes {
    pub(super) queue_url: String,
    pub(super) attribute_names: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct SetQueueAttributes {
    pub(super) queue_url: String,
    pub(super) attributes: BTreeMap<String, String>,
}

/// What to send: `SendMessage` itself, and one entry of a batch.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Outgoing {
    pub(super) message_body: String,
    pub(super) delay_seconds: Option<i64>,
    pub(super) message_attributes: MessageAttributes,
    pub(super) message_system_attributes: serde_json::Map<String, serde_json::Value>,
    pub(super) message_group_id: Option<String>,
    pub(super) message_deduplication_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct SendMessage {
    pub(super) queue_url: String,
    #[serde(flatten)]
    pub(super) message: Outgoing,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ReceiveMessage {
    pub(super) queue_url: String,
    pub(super) attribute_names: Vec<String>,
    pub(super) message_system_attribute_names: Vec<String>,
    pub(super) message_attribute_names: Vec<String>,
    pub(super) max_number_of_messages: Option<i64>,
    pub(super) visibility_timeout: Option<i64>,
    pub(super) wait_time_seconds: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct DeleteMessage {
    pub(super) queue_url: String,
    pub(super) receipt_handle: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ChangeMessageVisibility {
    pub(super) queue_url: String,
    pub(super) receipt_handle: String,
    pub(super) visibility_timeout: Option<i64>,
}

/// A batch: every entry has an id and what its single operation has, but for the queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch<T> {
    #[serde(default)]
    pub(super) queue_url: String,
    #[serde(default = "Vec::new")]
    pub(super) entries: Vec<BatchEntry<T>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchEntry<T> {
    #[serde(default)]
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) entry: T,
}

impl<T> Batch<T> {
    /// Refuses the whole batch for its shape. `operation` as the error names it.
    pub(super) fn check(&self, operation: &'static str) -> Result<(), SqsError> {
        if self.entries.is_empty() {
            return Err(SqsError::EmptyBatchRequest(operation));
        }
        if self.entries.len() > 10 {
            return Err(SqsError::TooManyEntriesInBatchRequest(self.entries.len()));
        }
        for (index, BatchEntry { id, .. }) in self.entries.iter().enumerate() {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            if !(1..=80).contains(&id.len()) || !id.bytes().all(allowed) {
                return Err(SqsError::InvalidBatchEntryId);
            }
            if self.entries[..index].iter().any(|earlier| earlier.id == *id) {
                return Err(SqsError::BatchEntryIdsNotDistinct(id.clone()));
            }
        }
        Ok(())
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct QueueUrl {
    pub(super) queue_url: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct QueueUrls {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct QueueAttributes {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) attributes: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Sent {
    pub(super) message_id: String,
    #[serde(rename = "MD5OfMessageBody")]
    pub(super) md5_of_body: String,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    pub(super) md5_of_attributes: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Received {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) messages: Vec<ReceivedMessage>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReceivedMessage {
    pub(super) message_id: String,
    pub(super) receipt_handle: String,
    #[serde(rename = "MD5OfBody")]
    pub(super) md5_of_body: String,
    pub(super) body: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) attributes: BTreeMap<&'static str, String>,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    pub(super) md5_of_attributes: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) message_attributes: MessageAttributes,
}

/// The answer of an operation that has nothing to say.
#[derive(Debug, Serialize)]
pub(super) struct Done {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchResult<T> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) successful: Vec<Succeeded<T>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) failed: Vec<Failed>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Succeeded<T> {
    id: String,
    #[serde(flatten)]
    result: T,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Failed {
    id: String,
    sender_fault: bool,
    code: &'static str,
    message: String,
}

impl<T> BatchResult<T> {
    pub(super) const fn new() -> Self {
        Self { successful: Vec::new(), failed: Vec::new() }
    }

    /// Files one entry's outcome; an engine's fault fails the whole request instead.
    pub(super) fn file(&mut self, id: String, outcome: Result<T, SqsError>) -> Result<(), SqsError> {
        match outcome {
            Ok(result) => self.successful.push(Succeeded { id, result }),
            Err(error) if error.is_sender_fault() => {
                self.failed.push(Failed { id, sender_fault: true, code: error.code(), message: error.to_string() });
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
