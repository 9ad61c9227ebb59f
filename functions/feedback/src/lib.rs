//! `FeedbackQueue`: what became of a mail.

use actionlayer_runtime::work_off;
use actionlayer_service::{App, outbound::settle::SesEvent};
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::Error;

/// Works off a batch; names the records that are to come again.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse, Error> {
    Ok(work_off::<SesEvent>(app, event).await)
}
