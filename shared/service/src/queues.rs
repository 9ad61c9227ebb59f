//! The queues the relay feeds.

use aws_sdk_sqs::{error::ProvideErrorMetadata, types::SendMessageBatchRequestEntry};
use serde::Serialize;

use actionlayer_domain::event::{NotifyWork, SendJob};

use crate::ServiceError;

/// SQS takes this many messages in one request.
const BATCH: usize = 10;

/// The work queues.
#[derive(Debug, Clone)]
pub struct Queues {
    client: aws_sdk_sqs::Client,
    send_queue_url: String,
    notify_queue_url: String,
}

impl Queues {
    /// The queues at these URLs.
    pub const fn new(client: aws_sdk_sqs::Client, send_queue_url: String, notify_queue_url: String) -> Self {
        Self { client, send_queue_url, notify_queue_url }
    }

    /// Queues messages for sending.
    pub async fn put_sends(&self, jobs: &[SendJob]) -> Result<(), ServiceError> {
        self.put(&self.send_queue_url, jobs).await
    }

    /// Queues approvers to be told.
    pub async fn put_notifications(&self, jobs: &[NotifyWork]) -> Result<(), ServiceError> {
        self.put(&self.notify_queue_url, jobs).await
    }

    /// All of them, or an error: then some may be queued all the same, and the caller puts all of them again. Workers
    /// claim before they act, so twice does no harm and none would.
    async fn put<J: Serialize + Sync>(&self, queue_url: &str, jobs: &[J]) -> Result<(), ServiceError> {
        let upstream = |code: &str| ServiceError::Upstream { service: "sqs", code: code.to_owned() };
        for chunk in jobs.chunks(BATCH) {
            let mut entries = Vec::with_capacity(chunk.len());
            for (i, job) in chunk.iter().enumerate() {
                let body = serde_json::to_string(job).map_err(|_| upstream("unserializable"))?;
                let entry = SendMessageBatchRequestEntry::builder().id(i.to_string()).message_body(body);
                entries.push(entry.build().map_err(|_| upstream("incomplete_entry"))?);
            }
            let answer = self
                .client
                .send_message_batch()
                .queue_url(queue_url)
                .set_entries(Some(entries))
                .send()
                .await
                .map_err(|e| upstream(e.code().unwrap_or("no_answer")))?;
            // A batch that was accepted may still have refused entries.
            if let Some(refused) = answer.failed().first() {
                return Err(upstream(refused.code()));
            }
        }
        Ok(())
    }
}
