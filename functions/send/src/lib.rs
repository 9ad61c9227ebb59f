//! The send worker: `SendQueue` → SES.
//!
//! **Job.** Give each message of a batch to [`deliver`](actionlayer_service::deliver::deliver) and report those to be
//! delivered again.
//!
//! **Must never know.** What makes a send allowed, and how SES is asked.

use actionlayer_domain::event::SendJob;
use actionlayer_runtime::sqs_batch;
use actionlayer_service::{App, deliver::deliver};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::Error;

/// Handles a batch of [`SendJob`]s.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse, Error> {
    Ok(sqs_batch(event, |job: SendJob| async move { deliver(app, &job).await }).await)
}
