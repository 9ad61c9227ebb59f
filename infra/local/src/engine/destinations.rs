//! The queues that failures are sent to.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

/// Queues by logical id.
#[derive(Debug, Clone)]
pub(crate) struct Destinations {
    client: aws_sdk_sqs::Client,
    urls: Arc<BTreeMap<String, String>>,
}

impl Destinations {
    pub(crate) fn new(client: aws_sdk_sqs::Client, urls: Arc<BTreeMap<String, String>>) -> Self {
        Self { client, urls }
    }

    /// Puts a record on a queue; whether that worked.
    pub(crate) async fn put(&self, queue: &str, record: &Value) -> bool {
        let url = self.urls.get(queue);
        let sent = self.client.send_message().set_queue_url(url.cloned()).message_body(record.to_string()).send().await;
        if let Err(error) = &sent {
            tracing::error!(error = error as &dyn std::error::Error, queue, "a failure could not be recorded");
        }
        sent.is_ok()
    }
}
