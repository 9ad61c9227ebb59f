//! The queues of the template, made through SQS's own API.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;

use super::EngineError;
use crate::{sqs::Sqs, template::Queue};

/// Makes the queues, or brings them up to the template; gives their URLs by logical id.
pub(super) async fn make(
    client: &aws_sdk_sqs::Client,
    sqs: &Sqs,
    queues: &[Queue],
) -> Result<BTreeMap<String, String>, EngineError> {
    let mut urls = BTreeMap::new();
    // A dead-letter queue must be there before the queue that names it.
    let (ends, sources): (Vec<_>, Vec<_>) = queues.iter().partition(|queue| queue.redrive.is_none());
    for queue in ends.into_iter().chain(sources) {
        let failed =
            |error: aws_sdk_sqs::Error| EngineError::Queue { queue: queue.id.clone(), source: Box::new(error) };
        let url = match client.get_queue_url().queue_name(&queue.id).send().await {
            Ok(known) => known.queue_url,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_queue_does_not_exist()) => {
                client
                    .create_queue()
                    .queue_name(&queue.id)
                    .send()
                    .await
                    .map_err(|error| failed(error.into()))?
                    .queue_url
            }
            Err(error) => return Err(failed(error.into())),
        };
        let url = url.unwrap_or_default();
        let mut attributes: Vec<_> = queue
            .attributes
            .iter()
            .map(|(name, value)| (QueueAttributeName::from(name.as_str()), value.clone()))
            .collect();
        if let Some(redrive) = &queue.redrive {
            let policy = json!({
                "deadLetterTargetArn": sqs.arn(&redrive.dead_letters),
                "maxReceiveCount": redrive.max_receive_count,
            });
            attributes.push((QueueAttributeName::RedrivePolicy, policy.to_string()));
        }
        let mut update = client.set_queue_attributes().queue_url(&url);
        for (name, value) in attributes {
            update = update.attributes(name, value);
        }
        update.send().await.map_err(|error| failed(error.into()))?;
        urls.insert(queue.id.clone(), url);
    }
    Ok(urls)
}
