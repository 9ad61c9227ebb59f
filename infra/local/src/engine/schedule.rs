//! What `EventBridge` does: invokes a function again and again, by the engine's clock.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    clock::LocalClock,
    dynamodb::DynamoDb,
    invoke::{Functions, InvokeError},
    s3::Expiry,
    ses::timestamps,
    sqs::ACCOUNT_ID,
};

/// A function on a schedule.
#[derive(Clone)]
pub(crate) struct Sweep {
    pub(super) functions: Arc<Functions>,
    pub(super) dynamodb: Arc<DynamoDb>,
    pub(super) expiry: Arc<Expiry>,
    pub(super) clock: Arc<LocalClock>,
    pub(super) function: String,
    pub(super) every_seconds: u32,
}

impl Sweep {
    /// Invokes it now.
    pub(crate) async fn run_once(&self) -> Result<Value, InvokeError> {
        let event = json!({
            "version": "0",
            "id": uuid::Uuid::from_bytes(crate::ses::random()).to_string(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT_ID,
            "time": timestamps::iso8601(self.clock.now_ms()),
            "region": super::REGION,
            "resources": [format!("arn:aws:events:{}:{ACCOUNT_ID}:rule/{}", super::REGION, self.function)],
            "detail": {},
        });
        self.functions.invoke(&self.function, event).await
    }

    /// Invokes it for ever. Time that was skipped counts once.
    pub(crate) async fn run(self) {
        loop {
            let due_ms = self.clock.now_ms() + i64::from(self.every_seconds) * 1000;
            self.clock.sleep_until(due_ms).await;
            if let Err(error) = self.run_once().await {
                tracing::error!(%error, function = self.function, "scheduled invocation failed");
            }
            // DynamoDB does this by itself, at about this pace.
            if let Err(error) = self.dynamodb.expire(self.clock.now_ms() / 1000).await {
                tracing::error!(%error, "expired items could not be deleted");
            }
            // And S3 this.
            if let Err(error) = self.expiry.run(self.clock.now_ms()).await {
                tracing::error!(%error, "expired objects could not be deleted");
            }
        }
    }
}
