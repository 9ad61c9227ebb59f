//! The feedback worker: `FeedbackQueue` → what became of a mail.
//!
//! **Job.** Give each SES event of a batch to [`settle`](actionlayer_service::settle::settle) and report those to be
//! delivered again. The events come over SNS with raw delivery: the body is the event itself.
//!
//! **Must never know.** What an event means for a message or a draft.

use actionlayer_runtime::sqs_batch;
use actionlayer_service::{
    App,
    settle::{SesEvent, settle},
};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::Error;

/// Handles a batch of SES events.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse, Error> {
    Ok(sqs_batch(event, |event: SesEvent| async move { settle(app, &event).await }).await)
}
