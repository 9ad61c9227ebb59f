//! From a queue to a function.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>

use std::{collections::HashSet, sync::Arc, time::Duration};

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::invoke::Functions;

/// How long one receive waits for messages; the most SQS allows.
const WAIT_SECONDS: i32 = 20;
/// SQS hands out this many messages at once.
const MAX_RECEIVE: u32 = 10;
/// Lambda starts with this many pollers.
const DEFAULT_POLLERS: u32 = 5;
/// Pause after a receive that failed.
const PAUSE: Duration = Duration::from_millis(200);

/// A queue and the function that works it off.
#[derive(Clone)]
pub(crate) struct QueueMapping {
    pub(crate) client: aws_sdk_sqs::Client,
    pub(crate) functions: Arc<Functions>,
    pub(crate) function: String,
    pub(crate) queue_url: String,
    pub(crate) queue_arn: String,
    pub(crate) region: String,
    pub(crate) batch_size: u32,
    pub(crate) max_concurrency: Option<u32>,
    pub(crate) reports_failures: bool,
}

impl QueueMapping {
    /// Polls until `stop`; a batch under way is finished first.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let pollers = self.max_concurrency.unwrap_or(DEFAULT_POLLERS);
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..pollers {
            let (mapping, stop) = (self.clone(), stop.clone());
            running.spawn(async move { mapping.poll(&stop).await });
        }
        running.join_all().await;
    }

    async fn poll(&self, stop: &CancellationToken) {
        loop {
            let received = tokio::select! {
                () = stop.cancelled() => return,
                received = self.receive() => received,
            };
            match received {
                Ok(messages) if messages.is_empty() => {}
                Ok(messages) => self.work_off(messages).await,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        function = self.function,
                        "receive failed"
                    );
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn receive(&self) -> Result<Vec<Message>, aws_sdk_sqs::Error> {
        let size = i32::try_from(self.batch_size.min(MAX_RECEIVE)).unwrap_or(1);
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.queue_url)
            .max_number_of_messages(size)
            .wait_time_seconds(WAIT_SECONDS)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await?;
        Ok(answer.messages.unwrap_or_default())
    }

    async fn work_off(&self, messages: Vec<Message>) {
        let records: Vec<_> = messages.iter().map(|message| self.record(message)).collect();
        let failed = match self.functions.invoke(&self.function, json!({ "Records": records })).await {
            Ok(answer) if self.reports_failures => failed_of(&answer),
            Ok(_) => Some(HashSet::new()),
            Err(error) => {
                tracing::warn!(%error, function = self.function, messages = messages.len(), "batch failed");
                None
            }
        };
        // What failed is left alone: it becomes visible again, and in the end goes to the dead-letter queue.
        let Some(failed) = failed else { return };
        let handles: Vec<_> = messages
            .into_iter()
            .filter(|message| !message.message_id().is_some_and(|id| failed.contains(id)))
            .filter_map(|message| message.receipt_handle)
            .collect();
        self.delete(&handles).await;
    }

    async fn delete(&self, handles: &[String]) {
        let entry = |(index, handle): (usize, &String)| {
            DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(handle).build().ok()
        };
        let entries: Vec<_> = handles.iter().enumerate().filter_map(entry).collect();
        if entries.is_empty() {
            return;
        }
        let deleted =
            self.client.delete_message_batch().queue_url(&self.queue_url).set_entries(Some(entries)).send().await;
        if let Err(error) = deleted {
            // They are delivered again; functions are made for that.
            tracing::warn!(error = &error as &dyn std::error::Error, function = self.function, "delete failed");
        }
    }

    /// A message as the function gets it.
    fn record(&self, message: &Message) -> Value {
        let attributes: Map<_, _> = message
            .attributes()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str().to_owned(), Value::from(value.as_str())))
            .collect();
        let custom: Map<_, _> = message
            .message_attributes()
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let value = json!({ "dataType": value.data_type(), "stringValue": value.string_value() });
                (name.clone(), value)
            })
            .collect();
        json!({
            "messageId": message.message_id(),
            "receiptHandle": message.receipt_handle(),
            "body": message.body(),
            "attributes": attributes,
            "messageAttributes": custom,
            "md5OfBody": message.md5_of_body(),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue_arn,
            "awsRegion": self.region,
        })
    }
}

/// The messages that failed; `None` when the answer names none properly, which fails them all.
fn failed_of(answer: &Value) -> Option<HashSet<String>> {
    // An empty answer and an empty list mean success (AWS: "Implementing partial batch responses").
    let failures = match answer.get("batchItemFailures") {
        None | Some(Value::Null) => return Some(HashSet::new()),
        Some(failures) => failures.as_array()?,
    };
    let id = |failure: &Value| failure["itemIdentifier"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
    failures.iter().map(id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_answer_fails_what_it_names_and_a_garbled_one_everything() {
        assert_eq!(failed_of(&json!({})), Some(HashSet::new()));
        assert_eq!(failed_of(&Value::Null), Some(HashSet::new()));
        assert_eq!(failed_of(&json!({"batchItemFailures": []})), Some(HashSet::new()));
        assert_eq!(
            failed_of(&json!({"batchItemFailures": [{"itemIdentifier": "a"}]})),
            Some(HashSet::from(["a".to_owned()]))
        );
        for garbled in [
            json!({"batchItemFailures": 1}),
            json!({"batchItemFailures": [{"itemIdentifier": ""}]}),
            json!({"batchItemFailures": [{}]}),
        ] {
            assert_eq!(failed_of(&garbled), None, "{garbled}");
        }
    }
}
