//! The operations on queues.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rusqlite::Transaction;

use super::{
    ACCOUNT_ID, Sqs,
    error::SqsError,
    queue::{QueueName, Setting, Settings},
    store,
    wire::{
        CreateQueue, Done, GetQueueAttributes, GetQueueUrl, ListQueues, OfQueue, QueueAttributes, QueueUrl, QueueUrls,
        SetQueueAttributes,
    },
};

/// How long a second `PurgeQueue` is refused.
const PURGE_PAUSE_MS: i64 = 60_000;
/// `ListQueues` returns at most this many at once.
const PAGE: i64 = 1000;

impl Sqs {
    /// Creates the queue, or finds it with the very attributes asked for.
    pub(super) async fn create_queue(&self, request: CreateQueue, host: &str) -> Result<QueueUrl, SqsError> {
        if !request.tags.is_empty() {
            return Err(SqsError::UnsupportedOperation("Tagging".to_owned()));
        }
        let name = QueueName::parse(&request.queue_name)?;
        let queue_url = url(host, name.as_str());
        let now_ms = self.clock.now_ms();
        self.state
            .call(move |tx| {
                if let Some(existing) = store::find_queue(tx, &name)? {
                    return match existing.settings.with(&request.attributes)? {
                        (_, Some(attribute)) => Err(SqsError::QueueNameExists { attribute }),
                        (_, None) => Ok(()),
                    };
                }
                let (settings, _) = Settings::default().with(&request.attributes)?;
                check_dead_letters(tx, &settings)?;
                store::create_queue(tx, &name, &settings, now_ms)
            })
            .await?;
        Ok(QueueUrl { queue_url })
    }

    pub(super) async fn delete_queue(&self, request: OfQueue) -> Result<Done, SqsError> {
        let name = QueueName::of_url(&request.queue_url)?;
        let deleted = name.clone();
        self.state.call(move |tx| store::delete_queue(tx, store::queue(tx, &name)?.id)).await?;
        // Whoever polls it learns at once that it is gone.
        self.bells.ring_all(&deleted);
        Ok(Done {})
    }

    pub(super) async fn get_queue_url(&self, request: GetQueueUrl, host: &str) -> Result<QueueUrl, SqsError> {
        let name = QueueName::parse(&request.queue_name)?;
        if request.owner_account_id.is_some_and(|account| account != ACCOUNT_ID) {
            return Err(SqsError::QueueDoesNotExist);
        }
        let queue = self.state.call(move |tx| store::queue(tx, &name)).await?;
        Ok(QueueUrl { queue_url: url(host, &queue.name) })
    }

    pub(super) async fn list_queues(&self, request: ListQueues, host: &str) -> Result<QueueUrls, SqsError> {
        let invalid =
            |parameter, value: String| SqsError::InvalidParameter { parameter, value, reason: "Out of range." };
        let limit = match request.max_results {
            None => PAGE,
            Some(limit @ 1..=PAGE) => limit,
            Some(limit) => return Err(invalid("MaxResults", limit.to_string())),
        };
        let after = match request.next_token {
            None => String::new(),
            Some(token) => BASE64_URL_SAFE_NO_PAD
                .decode(&token)
                .ok()
                .and_then(|name| String::from_utf8(name).ok())
                .ok_or_else(|| invalid("NextToken", token))?,
        };
        let prefix = request.queue_name_prefix;
        let names = self.state.call(move |tx| store::queue_names(tx, &prefix, &after, limit)).await?;
        // As in AWS, there is a next page only for those who asked for pages.
        let full = i64::try_from(names.len()).is_ok_and(|count| count == limit);
        let next_token = match names.last() {
            Some(last) if full && request.max_results.is_some() => Some(BASE64_URL_SAFE_NO_PAD.encode(last)),
            _ => None,
        };
        Ok(QueueUrls { queue_urls: names.iter().map(|name| url(host, name)).collect(), next_token })
    }

    pub(super) async fn get_queue_attributes(&self, request: GetQueueAttributes) -> Result<QueueAttributes, SqsError> {
        let name = QueueName::of_url(&request.queue_url)?;
        let now_ms = self.clock.now_ms();
        let (queue, counts) = self
            .state
            .call(move |tx| {
                let queue = store::queue(tx, &name)?;
                store::expire(tx, &queue, now_ms)?;
                let counts = store::counts(tx, queue.id, now_ms)?;
                Ok::<_, SqsError>((queue, counts))
            })
            .await?;
        let mut all = BTreeMap::from([
            ("QueueArn", self.arn(&queue.name)),
            ("CreatedTimestamp", (queue.created_ms / 1000).to_string()),
            ("LastModifiedTimestamp", (queue.modified_ms / 1000).to_string()),
            ("ApproximateNumberOfMessages", counts.visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
        ]);
        for setting in Setting::ALL {
            all.extend(queue.settings.shown(setting).map(|value| (setting.name(), value)));
        }
        let mut attributes = BTreeMap::new();
        for asked in &request.attribute_names {
            match all.get_key_value(asked.as_str()) {
                _ if asked == "All" => attributes.clone_from(&all),
                Some((name, value)) => drop(attributes.insert(*name, value.clone())),
                // A setting that is not set is left out; anything else is unknown.
                None => drop(Setting::named(asked)?),
            }
        }
        Ok(QueueAttributes { attributes })
    }

    pub(super) async fn set_queue_attributes(&self, request: SetQueueAttributes) -> Result<Done, SqsError> {
        let name = QueueName::of_url(&request.queue_url)?;
        let now_ms = self.clock.now_ms();
        self.state
            .call(move |tx| {
                let queue = store::queue(tx, &name)?;
                let (settings, _) = queue.settings.with(&request.attributes)?;
                check_dead_letters(tx, &settings)?;
                store::set_queue(tx, queue.id, &settings, now_ms)
            })
            .await?;
        Ok(Done {})
    }

    pub(super) async fn purge_queue(&self, request: OfQueue) -> Result<Done, SqsError> {
        let name = QueueName::of_url(&request.queue_url)?;
        let now_ms = self.clock.now_ms();
        self.state
            .call(move |tx| {
                let queue = store::queue(tx, &name)?;
                if queue.purged_ms.is_some_and(|purged_ms| now_ms - purged_ms < PURGE_PAUSE_MS) {
                    return Err(SqsError::PurgeQueueInProgress(queue.name));
                }
                store::purge_queue(tx, queue.id, now_ms)
            })
            .await?;
        Ok(Done {})
    }
}

fn url(host: &str, name: &str) -> String {
    format!("http://{host}/{ACCOUNT_ID}/{name}")
}

/// A redrive policy must name a queue that exists.
fn check_dead_letters(tx: &Transaction<'_>, settings: &Settings) -> Result<(), SqsError> {
    let Some(policy) = &settings.redrive else { return Ok(()) };
    let exists = match QueueName::of_arn(&policy.dead_letter_target_arn) {
        Some(name) => store::find_queue(tx, &name)?.is_some(),
        None => false,
    };
    if exists {
        return Ok(());
    }
    Err(SqsError::InvalidParameter {
        parameter: "RedrivePolicy",
        value: settings.shown(Setting::RedrivePolicy).unwrap_or_default(),
        reason: "Dead letter target does not exist.",
    })
}
