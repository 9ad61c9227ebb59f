//! `IndexQueue`: makes threads found by the words of their messages.

use actionlayer_domain::work::IndexJob;
use actionlayer_runtime::work_off;
use actionlayer_service::App;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::Error;

/// Works off a batch; names the records that are to come again.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse, Error> {
    Ok(work_off::<IndexJob>(app, event).await)
}
