//! The notify worker: `NotifyQueue` → approvers.
//!
//! **Job.** Give each message of a batch to [`notify_approvers`](actionlayer_service::notify::notify_approvers) and
//! report those to be delivered again.
//!
//! **Must never know.** Who approves, and over which channel.

use actionlayer_domain::event::NotifyJob;
use actionlayer_runtime::sqs_batch;
use actionlayer_service::{App, notify::notify_approvers};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::Error;

/// Handles a batch of [`NotifyJob`]s.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse, Error> {
    Ok(sqs_batch(event, |job: NotifyJob| async move { notify_approvers(app, &job).await }).await)
}
