//! Where SES's two sides hand things on: received mail to the ingest function, events of sent mail to their queue.

use std::error::Error;

use async_trait::async_trait;
use serde_json::Value;

use super::async_invocations::AsyncInvocations;
use crate::{ses::FeedbackSink, smtp::ReceiptSink};

/// SES invokes the receiving function asynchronously.
pub(super) struct Receipts(pub(super) AsyncInvocations);

#[async_trait]
impl ReceiptSink for Receipts {
    async fn accept(&self, event: Value) -> Result<(), Box<dyn Error + Send + Sync>> {
        let id = event["Records"][0]["ses"]["mail"]["messageId"].as_str().unwrap_or_default().to_owned();
        Ok(self.0.accept(id, &event).await?)
    }
}

/// SES publishes events to a topic whose subscription is a queue, with raw delivery: the message is the event.
pub(super) struct EventQueue {
    pub(super) client: aws_sdk_sqs::Client,
    pub(super) url: String,
}

#[async_trait]
impl FeedbackSink for EventQueue {
    async fn publish(&self, event: Value) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.client.send_message().queue_url(&self.url).message_body(event.to_string()).send().await?;
        Ok(())
    }
}
