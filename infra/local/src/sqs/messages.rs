//! The operations on messages, but for receiving them.
//!
//! A message that was sent is on disk when that is answered. What SQS may forget as well, that a message was received,
//! deleted or hidden (it delivers at least once), waits for no disk: a power cut in the next moments delivers it again.

use std::ops::RangeInclusive;

use rusqlite::Transaction;

use super::{
    MAXIMUM_BYTES, Sqs,
    error::SqsError,
    message::{self, Measured, Receipt},
    queue::{DELAY_S, QueueName, VISIBILITY_TIMEOUT_S},
    random_uuid, store,
    wire::{Batch, BatchEntry, BatchResult, ChangeMessageVisibility, DeleteMessage, Done, Outgoing, SendMessage, Sent},
};

impl Sqs {
    pub(super) async fn send_message(&self, request: SendMessage) -> Result<Sent, SqsError> {
        let name = QueueName::of_url(&request.queue_url)?;
        let (queue, now_ms) = (name.clone(), self.clock.now_ms());
        let sent = self.state.call(move |tx| send(tx, &store::queue(tx, &name)?, &request.message, now_ms)).await?;
        self.bells.ring(&queue);
        Ok(sent)
    }

    pub(super) async fn send_message_batch(&self, batch: Batch<Outgoing>) -> Result<BatchResult<Sent>, SqsError> {
        let name = QueueName::of_url(&batch.queue_url)?;
        batch.check("SendMessageBatch")?;
        // Whatever else is wrong with an entry, its bytes count.
        let sent = batch.entries.iter().map(|entry| size(&entry.entry)).sum();
        let limit = MAXIMUM_BYTES as usize;
        if sent > limit {
            return Err(SqsError::BatchRequestTooLong { limit, sent });
        }
        let (sent_to, now_ms) = (name.clone(), self.clock.now_ms());
        let result = self
            .state
            .call(move |tx| {
                let queue = store::queue(tx, &name)?;
                let mut result = BatchResult::new();
                for BatchEntry { id, entry } in batch.entries {
                    result.file(id, send(tx, &queue, &entry, now_ms))?;
                }
                Ok::<_, SqsError>(result)
            })
            .await?;
        self.bells.ring(&sent_to);
        Ok(result)
    }

    pub(super) async fn delete_message(&self, request: DeleteMessage) -> Result<Done, SqsError> {
        let name = QueueName::of_url(&request.queue_url)?;
        self.state.call_soon(move |tx| delete(tx, &store::queue(tx, &name)?, &request)).await
    }

    pub(super) async fn delete_message_batch(
        &self,
        batch: Batch<DeleteMessage>,
    ) -> Result<BatchResult<Done>, SqsError> {
        let name = QueueName::of_url(&batch.queue_url)?;
        batch.check("DeleteMessageBatch")?;
        self.state
            .call_soon(move |tx| {
                let queue = store::queue(tx, &name)?;
                let mut result = BatchResult::new();
                for BatchEntry { id, entry } in batch.entries {
                    result.file(id, delete(tx, &queue, &entry))?;
                }
                Ok(result)
            })
            .await
    }

    pub(super) async fn change_message_visibility(&self, request: ChangeMessageVisibility) -> Result<Done, SqsError> {
        let name = QueueName::of_url(&request.queue_url)?;
        let (queue, now_ms) = (name.clone(), self.clock.now_ms());
        let changed = move |tx: &Transaction<'_>| change_visibility(tx, &store::queue(tx, &name)?, &request, now_ms);
        let done = self.state.call_soon(changed).await?;
        self.bells.ring_all(&queue);
        Ok(done)
    }

    pub(super) async fn change_message_visibility_batch(
        &self,
        batch: Batch<ChangeMessageVisibility>,
    ) -> Result<BatchResult<Done>, SqsError> {
        let name = QueueName::of_url(&batch.queue_url)?;
        batch.check("ChangeMessageVisibilityBatch")?;
        let (changed, now_ms) = (name.clone(), self.clock.now_ms());
        let result = self
            .state
            .call_soon(move |tx| {
                let queue = store::queue(tx, &name)?;
                let mut result = BatchResult::new();
                for BatchEntry { id, entry } in batch.entries {
                    result.file(id, change_visibility(tx, &queue, &entry, now_ms))?;
                }
                Ok::<_, SqsError>(result)
            })
            .await?;
        self.bells.ring_all(&changed);
        Ok(result)
    }
}

/// The size of an entry that counts against the batch: its body and attributes; a malformed one counts its body.
fn size(entry: &Outgoing) -> usize {
    message::measure(&entry.message_body, &entry.message_attributes)
        .map_or(entry.message_body.len(), |measured| measured.bytes)
}

fn send(tx: &Transaction<'_>, queue: &store::Queue, message: &Outgoing, now_ms: i64) -> Result<Sent, SqsError> {
    if !message.message_system_attributes.is_empty() {
        return Err(SqsError::UnsupportedOperation("The parameter MessageSystemAttributes".to_owned()));
    }
    if message.message_group_id.is_some() {
        return Err(SqsError::UnsupportedOperation("The parameter MessageGroupId".to_owned()));
    }
    if let Some(id) = &message.message_deduplication_id {
        return Err(SqsError::InvalidParameter {
            parameter: "MessageDeduplicationId",
            value: id.clone(),
            reason: "The request include parameter that is not valid for this queue type.",
        });
    }
    let delay_s = match message.delay_seconds {
        None => queue.settings.delay_s,
        Some(delay) => in_range("DelaySeconds", delay, &DELAY_S, "DelaySeconds must be >= 0 and <= 900.")?,
    };
    let Measured { bytes, md5_of_body, md5_of_attributes } =
        message::measure(&message.message_body, &message.message_attributes)?;
    let limit = queue.settings.maximum_message_bytes as usize;
    if bytes > limit {
        return Err(SqsError::MessageTooLong(limit));
    }
    let message_id = random_uuid()?;
    store::insert(tx, queue.id, &message_id, &message.message_body, &message.message_attributes, (now_ms, delay_s))?;
    Ok(Sent { message_id, md5_of_body, md5_of_attributes })
}

fn delete(tx: &Transaction<'_>, queue: &store::Queue, request: &DeleteMessage) -> Result<Done, SqsError> {
    store::delete(tx, Receipt::of_handle(&request.receipt_handle, queue.id)?)?;
    Ok(Done {})
}

fn change_visibility(
    tx: &Transaction<'_>,
    queue: &store::Queue,
    request: &ChangeMessageVisibility,
    now_ms: i64,
) -> Result<Done, SqsError> {
    let timeout = request.visibility_timeout.ok_or(SqsError::MissingParameter("VisibilityTimeout"))?;
    let reason = "VisibilityTimeout must be an integer between 0 and 43200.";
    let timeout_s = in_range("VisibilityTimeout", timeout, &VISIBILITY_TIMEOUT_S, reason)?;
    let receipt = Receipt::of_handle(&request.receipt_handle, queue.id)?;
    let Some(delivery) = store::delivery(tx, receipt)? else {
        return Err(SqsError::InvalidParameter {
            parameter: "ReceiptHandle",
            value: request.receipt_handle.clone(),
            reason: "Message does not exist or is not available for visibility timeout change.",
        });
    };
    if delivery.visible_ms <= now_ms {
        return Err(SqsError::MessageNotInflight);
    }
    let visible_ms = now_ms + i64::from(timeout_s) * 1000;
    if visible_ms - delivery.received_ms > i64::from(*VISIBILITY_TIMEOUT_S.end()) * 1000 {
        return Err(SqsError::InvalidParameter {
            parameter: "VisibilityTimeout",
            value: timeout_s.to_string(),
            reason: "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].",
        });
    }
    store::set_visible(tx, receipt.seq, visible_ms)?;
    Ok(Done {})
}

/// A number of the request that must lie in a range.
pub(super) fn in_range(
    parameter: &'static str,
    value: i64,
    range: &RangeInclusive<u32>,
    reason: &'static str,
) -> Result<u32, SqsError> {
    let number = u32::try_from(value).ok().filter(|number| range.contains(number));
    number.ok_or_else(|| SqsError::InvalidParameter { parameter, value: value.to_string(), reason })
}
