//! The notify worker: `NotifyQueue` → approvers.
//!
//! **Job.** Give each message of a batch to [`notify`](actionlayer_service::notify::notify) and
//! report those to be delivered again.
//!
//! **Must never know.** Who approves, and over which channel.

use actionlayer_domain::event::NotifyWork;
use actionlayer_runtime::sqs_batch;
use actionlayer_service::{App, notify};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::Error;

/// Handles a batch of [`NotifyWork`].
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse, Error> {
    Ok(sqs_batch(event, |work: NotifyWork| async move { notify::notify(app, &work).await }).await)
}
