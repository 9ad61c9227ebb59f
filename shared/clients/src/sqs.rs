//! The queues the relay feeds.

use std::{collections::BTreeMap, sync::OnceLock};

use actionlayer_domain::work::{Queue, Work};
use aws_sdk_sqs::{error::ProvideErrorMetadata, types::SendMessageBatchRequestEntry};

use crate::ClientError;

/// SQS takes this many messages in one request.
const BATCH: usize = 10;
/// The longest SQS keeps a message back.
const MAX_DELAY_SECONDS: u32 = 900;

/// The work queues.
#[derive(Debug, Clone)]
pub struct Queues {
    config: aws_sdk_sqs::Config,
    /// Made when it is first asked: a function that asks nothing has none of its code.
    client: OnceLock<aws_sdk_sqs::Client>,
    urls: BTreeMap<Queue, String>,
}

impl Queues {
    /// The queues at these URLs.
    pub const fn new(config: aws_sdk_sqs::Config, urls: BTreeMap<Queue, String>) -> Self {
        Self { config, client: OnceLock::new(), urls }
    }

    fn client(&self) -> &aws_sdk_sqs::Client {
        self.client.get_or_init(|| aws_sdk_sqs::Client::from_conf(self.config.clone()))
    }

    /// Puts every job on its queue. All of them, or an error: then some may be queued all the same, and the caller puts
    /// all of them again. Workers claim before they act, so twice does no harm and none would.
    pub async fn put(&self, work: &[Work]) -> Result<(), ClientError> {
        for queue in Queue::ALL {
            let jobs: Vec<&Work> = work.iter().filter(|work| work.queue() == queue).collect();
            for batch in jobs.chunks(BATCH) {
                self.put_batch(queue, batch, 0).await?;
            }
        }
        Ok(())
    }

    /// Puts one job on its queue, to be seen after so many seconds; SQS takes at most 900.
    pub async fn put_after(&self, work: &Work, seconds: u32) -> Result<(), ClientError> {
        let delay_s = i32::try_from(seconds.min(MAX_DELAY_SECONDS)).unwrap_or_default();
        self.put_batch(work.queue(), &[work], delay_s).await
    }

    async fn put_batch(&self, queue: Queue, batch: &[&Work], delay_s: i32) -> Result<(), ClientError> {
        let error = |code: &str| ClientError { service: "sqs", code: code.to_owned() };
        let mut entries = Vec::with_capacity(batch.len());
        for (i, job) in batch.iter().enumerate() {
            let body = serde_json::to_string(job).map_err(|_| error("unserializable"))?;
            let entry = SendMessageBatchRequestEntry::builder().id(i.to_string()).message_body(body);
            // Without it a queue's own delay holds.
            let entry = entry.set_delay_seconds((delay_s > 0).then_some(delay_s));
            entries.push(entry.build().map_err(|_| error("incomplete_entry"))?);
        }
        let url = self.urls.get(&queue).ok_or_else(|| error("unknown_queue"))?;
        let request = self.client().send_message_batch().queue_url(url).set_entries(Some(entries));
        let answer = request.send().await.map_err(|e| error(e.code().unwrap_or("no_answer")))?;
        // A batch that was accepted may still have refused entries.
        match answer.failed().first() {
            Some(refused) => Err(error(refused.code())),
            None => Ok(()),
        }
    }
}
