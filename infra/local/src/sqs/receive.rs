//! `ReceiveMessage`: long polling, visibility, redrive, and the faults of delivery.

use std::{collections::BTreeMap, future, pin::pin, sync::Arc, time::Duration};

use rusqlite::Transaction;
use tokio::time::Instant;

use super::{
    Sqs,
    error::SqsError,
    message::{self, Receipt, selects},
    messages::in_range,
    queue::{QueueName, VISIBILITY_TIMEOUT_S, WAIT_TIME_S},
    store::{self, Order, Queue, StoredMessage},
    wire::{ReceiveMessage, Received, ReceivedMessage},
};
use crate::faults::{FaultKind, Faults, Service};

/// The system attributes that can be asked for and this engine has.
const SYSTEM_ATTRIBUTES: [&str; 5] = [
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "DeadLetterQueueSourceArn",
];
/// Those of FIFO queues and of parameters we refuse on the way in: known, never there.
const ABSENT_ATTRIBUTES: [&str; 4] = ["SequenceNumber", "MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader"];

/// What a receive is to return.
struct Asked {
    name: QueueName,
    max: usize,
    visibility_s: Option<u32>,
    system: Vec<String>,
    attributes: Vec<String>,
}

/// One look at a queue.
struct Look {
    messages: Vec<ReceivedMessage>,
    /// The dead-letter queue, if some went there: its receivers may be waiting.
    buried_in: Option<QueueName>,
    /// When it is worth looking again, if nothing happens before.
    next_visible_ms: Option<i64>,
    wait_time_s: u32,
}

impl Sqs {
    /// Returns as soon as there is a message, or empty when the wait is over. Waits for an event, never in a loop.
    pub(super) async fn receive_message(&self, request: ReceiveMessage) -> Result<Received, SqsError> {
        let wait_time = request.wait_time_seconds;
        let wait_time_s = wait_time
            .map(|wait| in_range("WaitTimeSeconds", wait, &WAIT_TIME_S, "Must be >= 0 and <= 20, if provided."))
            .transpose()?;
        let asked = Arc::new(asked(request)?);
        let bell = self.bells.of(&asked.name);
        let started = Instant::now();
        loop {
            // Listening begins before the look, so that what is sent in between is not missed.
            let mut changed = pin!(bell.notified());
            changed.as_mut().enable();
            let found = self.look(asked.clone()).await?;
            if let Some(dead_letters) = &found.buried_in {
                self.bells.ring(dead_letters);
            }
            if found.messages.len() >= asked.max {
                // There may be more than one receiver takes.
                bell.notify_one();
            }
            let wait = Duration::from_secs(wait_time_s.unwrap_or(found.wait_time_s).into());
            if !found.messages.is_empty() || started.elapsed() >= wait {
                return Ok(Received { messages: found.messages });
            }
            let next_visible = async {
                match found.next_visible_ms {
                    Some(due_ms) => self.clock.sleep_until(due_ms).await,
                    None => future::pending().await,
                }
            };
            tokio::select! {
                () = changed => {}
                () = next_visible => {}
                () = tokio::time::sleep_until(started + wait) => {}
            }
        }
    }

    async fn look(&self, asked: Arc<Asked>) -> Result<Look, SqsError> {
        let now_ms = self.clock.now_ms();
        let faults = self.faults.clone();
        let region = self.region.clone();
        self.state
            .call_soon(move |tx| {
                let queue = store::queue(tx, &asked.name)?;
                store::expire(tx, &queue, now_ms)?;
                let source_arn = super::arn(&region, &queue.name);
                let (messages, buried) = take(tx, &queue, &source_arn, &asked, &faults, now_ms)?;
                let next_visible_ms = store::next_visible_ms(tx, queue.id, now_ms)?;
                let policy = queue.settings.redrive.as_ref().filter(|_| buried);
                let buried_in = policy.and_then(|policy| QueueName::of_arn(&policy.dead_letter_target_arn));
                Ok(Look { messages, buried_in, next_visible_ms, wait_time_s: queue.settings.wait_time_s })
            })
            .await
    }
}

fn asked(request: ReceiveMessage) -> Result<Asked, SqsError> {
    let name = QueueName::of_url(&request.queue_url)?;
    let max = request.max_number_of_messages.unwrap_or(1);
    let max = in_range("MaxNumberOfMessages", max, &(1..=10), "Must be between 1 and 10, if provided.")?;
    let reason = "VisibilityTimeout must be an integer between 0 and 43200.";
    let visibility_s = request
        .visibility_timeout
        .map(|timeout| in_range("VisibilityTimeout", timeout, &VISIBILITY_TIMEOUT_S, reason))
        .transpose()?;
    let mut system = request.attribute_names;
    system.extend(request.message_system_attribute_names);
    for name in &system {
        if name != "All" && !SYSTEM_ATTRIBUTES.contains(&name.as_str()) && !ABSENT_ATTRIBUTES.contains(&name.as_str()) {
            return Err(SqsError::InvalidAttributeName(name.clone()));
        }
    }
    Ok(Asked { name, max: max as usize, visibility_s, system, attributes: request.message_attribute_names })
}

/// Takes up to `asked.max` visible messages; those received too often go to the dead-letter queue instead.
fn take(
    tx: &Transaction<'_>,
    queue: &Queue,
    source_arn: &str,
    asked: &Asked,
    faults: &Faults,
    now_ms: i64,
) -> Result<(Vec<ReceivedMessage>, bool), SqsError> {
    let dead_letters = dead_letters(tx, queue)?;
    let visibility_s = asked.visibility_s.unwrap_or(queue.settings.visibility_timeout_s);
    let mut order = Order::OldestFirst;
    let mut messages = Vec::new();
    // With a visibility timeout of zero, what was just taken is visible again.
    let mut taken = Vec::new();
    let mut buried = false;
    loop {
        let mut candidates = store::visible(tx, queue.id, now_ms, order, asked.max)?;
        candidates.retain(|stored| !taken.contains(&stored.seq));
        candidates.truncate(asked.max - messages.len());
        let mut buried_now = false;
        let reordered = matches!(order, Order::OldestFirst)
            && !candidates.is_empty()
            && faults.take(Service::Sqs, "ReceiveMessage", &[FaultKind::Reorder]).is_some();
        if reordered {
            order = Order::NewestFirst;
            continue;
        }
        for stored in candidates {
            match dead_letters {
                Some((dead_letters_id, max_receive_count)) if stored.receive_count >= max_receive_count => {
                    store::bury(tx, stored.seq, dead_letters_id, source_arn, now_ms)?;
                    buried_now = true;
                }
                _ => {
                    taken.push(stored.seq);
                    store::mark_received(tx, stored.seq, now_ms, visibility_s)?;
                    if !stored.is_duplicate
                        && faults.take(Service::Sqs, "ReceiveMessage", &[FaultKind::DuplicateDelivery]).is_some()
                    {
                        store::duplicate(tx, stored.seq, now_ms)?;
                    }
                    messages.push(delivered(queue.id, stored, asked, now_ms)?);
                }
            }
        }
        buried |= buried_now;
        if !buried_now || messages.len() >= asked.max {
            return Ok((messages, buried));
        }
    }
}

/// The dead-letter queue's id and after how many receives a message goes there; none while that queue does not exist.
fn dead_letters(tx: &Transaction<'_>, queue: &Queue) -> Result<Option<(i64, i64)>, SqsError> {
    let Some(policy) = &queue.settings.redrive else { return Ok(None) };
    let Some(name) = QueueName::of_arn(&policy.dead_letter_target_arn) else { return Ok(None) };
    Ok(store::find_queue(tx, &name)?.map(|found| (found.id, i64::from(policy.max_receive_count))))
}

/// The message as its receiver sees it.
fn delivered(queue_id: i64, stored: StoredMessage, asked: &Asked, now_ms: i64) -> Result<ReceivedMessage, SqsError> {
    let receive_count = stored.receive_count + 1;
    let receipt = Receipt { queue_id, seq: stored.seq, receive_count };
    let known = [
        Some(super::SENDER_ID.to_owned()),
        Some(stored.sent_ms.to_string()),
        Some(receive_count.to_string()),
        Some(stored.first_received_ms.unwrap_or(now_ms).to_string()),
        stored.dead_letter_source_arn,
    ];
    let mut attributes = BTreeMap::new();
    for (name, value) in SYSTEM_ATTRIBUTES.into_iter().zip(known) {
        if asked.system.iter().any(|wanted| wanted == "All" || wanted == name) {
            attributes.extend(value.map(|value| (name, value)));
        }
    }
    let mut message_attributes = stored.attributes;
    message_attributes.retain(|name, _| selects(&asked.attributes, name));
    Ok(ReceivedMessage {
        message_id: stored.message_id,
        receipt_handle: receipt.to_handle(),
        md5_of_body: message::md5_of_body(&stored.body),
        md5_of_attributes: message::md5_of_attributes(&message_attributes)?,
        body: stored.body,
        attributes,
        message_attributes,
    })
}
