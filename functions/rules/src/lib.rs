//! `RulesQueue`: carries out the rules that wait for an event.

use actionlayer_domain::work::RuleJob;
use actionlayer_runtime::work_off;
use actionlayer_service::App;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::Error;

/// Works off a batch, one job after the other. Names those that are to come again.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse, Error> {
    Ok(work_off::<RuleJob>(app, event).await)
}
