//! Batches of the table's stream. They are worked off in order; when one change cannot be, it is named: the stream then
//! goes on from it, and nothing after it is lost or overtakes it.

use actionlayer_domain::measures::Measures;
use actionlayer_service::{App, change::Change, relay::relay};
use actionlayer_store::{StoreError, stream};
use aws_lambda_events::{
    event::dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};

use crate::{RecordOutcome, metrics, run_record};

/// Gives a batch of changes to [`relay`].
pub async fn relay_batch(app: &App, event: Event) -> DynamoDbEventResponse {
    let (mut changes, mut unread) = (Vec::new(), None);
    for record in event.records {
        let sequence_number = record.change.sequence_number.clone().unwrap_or_default();
        match change(record) {
            Ok(change) => changes.push((sequence_number, change)),
            Err(error) => {
                tracing::error!(%error, sequence_number, "a change cannot be read");
                unread = Some(sequence_number);
                break;
            }
        }
    }
    let all: Vec<Change> = changes.iter().map(|(_, change)| change.clone()).collect();
    let (mut measures, now) = (Measures::default(), app.now());
    if run_record(relay(app, &all)).await == RecordOutcome::Failed {
        // Relaying twice does no harm, so the one that fails is found by trying each.
        for (sequence_number, change) in changes {
            if run_record(relay(app, std::slice::from_ref(&change))).await == RecordOutcome::Failed {
                // What comes again is counted then.
                metrics::publish(&measures, now);
                return failed_at(sequence_number);
            }
            take(&mut measures, &change);
        }
    } else {
        for change in &all {
            take(&mut measures, change);
        }
    }
    metrics::publish(&measures, now);
    unread.map_or_else(DynamoDbEventResponse::default, failed_at)
}

fn take(measures: &mut Measures, change: &Change) {
    measures.take(change.old.as_ref(), change.new.as_ref(), change.revision);
}

fn failed_at(sequence_number: String) -> DynamoDbEventResponse {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence_number);
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures.push(failure);
    response
}

fn change(record: EventRecord) -> Result<Change, StoreError> {
    let entity = |image: serde_dynamo::Item| if image.is_empty() { Ok(None) } else { stream::entity(image) };
    let (old, new) = (entity(record.change.old_image)?, entity(record.change.new_image)?);
    let revision = new.as_ref().or(old.as_ref()).map_or(0, |(_, revision)| *revision);
    let (old, new) = (old.map(|(entity, _)| entity), new.map(|(entity, _)| entity));
    Ok(Change { old, new, revision })
}
