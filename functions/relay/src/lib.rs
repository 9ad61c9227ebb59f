//! The table's stream: what follows from every change.

use actionlayer_runtime::relay_batch;
use actionlayer_service::App;
use aws_lambda_events::{event::dynamodb::Event, streams::DynamoDbEventResponse};
use lambda_runtime::Error;

/// Works off a batch, in order; names the change to go on from.
pub async fn handle(app: &App, event: Event) -> Result<DynamoDbEventResponse, Error> {
    Ok(relay_batch(app, event).await)
}
