//! `WebhookQueue`: delivers events to the endpoints of webhooks.

use actionlayer_domain::work::WebhookJob;
use actionlayer_runtime::work_off_at_once;
use actionlayer_service::App;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::Error;

/// Works off a batch, all jobs at once: one may wait 15 seconds for an endpoint. Names those that are to come again.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse, Error> {
    Ok(work_off_at_once::<WebhookJob>(app, event).await)
}
