//! What a change of an item asks workers to do, and the queues their jobs lie on.
//!
//! **How to add a queue.** A variant of [`Queue`] and one of [`Work`] here; in the service's `jobs` what does the job; in
//! `template.yaml` the queue, its URL as a variable and the function that reads it.

mod jobs;

use serde::Serialize;

pub use jobs::{
    AnswerJob, AnswerTo, BrokenChannelJob, DeletionNoticeJob, HeldDigestJob, IndexJob, IndexMessage, IndexPart,
    IndexPlaces, NotifyJob, NotifyWork, PromptJob, RuleJob, RuleNoticeJob, RuleOffJob, SendJob, SenderDecidedJob,
    SenderJob, SwitchedOffJob, WebhookJob,
};

use crate::{
    DraftStatus, Message, Webhook, WebhookDelivery,
    event::Entity,
    message::{DeliveryStatus, Direction},
    webhook::WebhookDeliveryState,
};

/// A queue that the relay feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// Mail that is to leave.
    Send,
    /// People who are to be told.
    Notify,
    /// Words that threads are to be found by. Anybody who writes makes work here, so that nothing else may wait for it.
    Index,
    /// Endpoints that something is to be delivered to.
    Webhook,
    /// Events that rules wait for.
    Rules,
}

impl Queue {
    /// Every one, in the order in which they are fed: people wait for the first.
    pub const ALL: [Self; 5] = [Self::Send, Self::Notify, Self::Rules, Self::Webhook, Self::Index];

    /// The environment variable with its URL.
    pub const fn url_variable(self) -> &'static str {
        match self {
            Self::Send => "SEND_QUEUE_URL",
            Self::Notify => "NOTIFY_QUEUE_URL",
            Self::Index => "INDEX_QUEUE_URL",
            Self::Webhook => "WEBHOOK_QUEUE_URL",
            Self::Rules => "RULES_QUEUE_URL",
        }
    }
}

/// A job for a worker; as JSON, the body of a message on its queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Work {
    /// Hand a queued message to SES.
    Send(SendJob),
    /// Tell approvers.
    Notify(NotifyWork),
    /// Make a thread found.
    Index(IndexJob),
    /// Make the deliveries that are due at an endpoint.
    Webhook(WebhookJob),
    /// Carry out the rules that wait for an event.
    Rules(RuleJob),
}

impl Work {
    /// The queue it lies on.
    pub const fn queue(&self) -> Queue {
        match self {
            Self::Send(_) => Queue::Send,
            Self::Notify(_) => Queue::Notify,
            Self::Index(_) => Queue::Index,
            Self::Webhook(_) => Queue::Webhook,
            Self::Rules(_) => Queue::Rules,
        }
    }
}

/// As many deliveries as one job names: what one read takes.
const MAX_NAMED: usize = 100;

/// Several jobs for one endpoint made one.
pub fn merged(jobs: Vec<Work>) -> Vec<Work> {
    let mut merged: Vec<Work> = Vec::with_capacity(jobs.len());
    for job in jobs {
        let Work::Webhook(job) = job else {
            merged.push(job);
            continue;
        };
        let earlier = merged.iter_mut().find_map(|earlier| match earlier {
            Work::Webhook(earlier) if earlier.webhook_id == job.webhook_id => {
                (earlier.delivery_ids.len() + job.delivery_ids.len() <= MAX_NAMED).then_some(earlier)
            }
            _ => None,
        });
        match earlier {
            Some(earlier) => {
                earlier.delivery_ids.extend(job.delivery_ids);
                earlier.requested |= job.requested;
                earlier.renewed |= job.renewed;
            }
            None => merged.push(Work::Webhook(job)),
        }
    }
    merged
}

/// What follows from a change. Both images of one item, either of which may be missing (created, removed).
pub fn work(old: Option<&Entity>, new: Option<&Entity>) -> Option<Work> {
    if let (Some(Entity::SenderNotice(notice)), None) = (old, new) {
        // Somebody decided: messages about the sender say so.
        return notice.decision.clone().map(|decision| {
            Work::Notify(NotifyWork::SenderDecided(SenderDecidedJob {
                workspace_id: notice.workspace_id,
                identity_id: notice.identity_id,
                from_email: notice.from_email.clone(),
                notifications: notice.notifications.clone(),
                decision,
            }))
        });
    }
    match (old, new?) {
        (_, Entity::Thread(_) | Entity::Held(_) | Entity::Contact(_) | Entity::Suppression(_) | Entity::Domain(_)) => {
            None
        }
        // Made once for each sender and identity, and changed only by the worker.
        (None, Entity::SenderNotice(notice)) => Some(Work::Notify(NotifyWork::Sender(SenderJob {
            workspace_id: notice.workspace_id,
            identity_id: notice.identity_id,
            held_id: notice.held_id,
        }))),
        (Some(_), Entity::SenderNotice(_)) => None,
        (old, Entity::Delivery(delivery)) => {
            let pends = |delivery: &WebhookDelivery| delivery.state == WebhookDeliveryState::Pending;
            let pended = matches!(old, Some(Entity::Delivery(old)) if pends(old));
            (pends(delivery) && !pended).then(|| {
                Work::Webhook(WebhookJob {
                    delivery_ids: vec![delivery.id],
                    requested: delivery.requested,
                    ..WebhookJob::wake(delivery.workspace_id, delivery.webhook_id)
                })
            })
        }
        (Some(Entity::Rule(old)), Entity::Rule(rule)) => {
            (old.active && rule.switched_off.is_some() && !rule.active).then_some(Work::Notify(NotifyWork::RuleOff(
                RuleOffJob { workspace_id: rule.workspace_id, disabled_rule_id: rule.id },
            )))
        }
        (_, Entity::Rule(_)) => None,
        (old, Entity::RuleRun(run)) => {
            let notified = matches!(old, Some(Entity::RuleRun(old)) if old.notifies());
            (run.notifies() && !notified).then_some(Work::Notify(NotifyWork::RuleNotice(RuleNoticeJob {
                workspace_id: run.event.workspace_id,
                matched_rule_id: run.rule_id,
                event_id: run.event.event_id,
                still_to_tell: Vec::new(),
            })))
        }
        (Some(Entity::Webhook(old)), Entity::Webhook(webhook)) => of_webhook(old, webhook),
        (_, Entity::Webhook(_)) => None,
        (None, Entity::Erasure(erasure)) => Some(Work::Notify(NotifyWork::Deletion(DeletionNoticeJob {
            workspace_id: erasure.workspace_id,
            deletion_requested_at: erasure.requested_at,
        }))),
        (Some(_), Entity::Erasure(_)) => None,
        (old, Entity::Message(message)) => {
            let was_queued = matches!(old, Some(Entity::Message(old)) if is_queued(old));
            (is_queued(message) && !was_queued)
                .then_some(Work::Send(SendJob { workspace_id: message.workspace_id, message_id: message.id }))
        }
        (old, Entity::Draft(draft)) => {
            let old = match old {
                Some(Entity::Draft(old)) => Some(old),
                _ => None,
            };
            let is_news = old.is_none_or(|old| old.version != draft.version) && draft.status == DraftStatus::Pending;
            // Messages that can be changed say how it stands now.
            let is_shown = draft.notifications.iter().any(|told| told.posted.is_some());
            let is_reminded = old.is_some_and(|old| old.remind_at.is_some())
                && draft.remind_at.is_none()
                && draft.status == DraftStatus::Pending;
            let looks_different = is_shown && old.is_some_and(|old| old.face() != draft.face());
            (is_news || looks_different || is_reminded).then_some(Work::Notify(NotifyWork::Draft(NotifyJob::new(
                draft.workspace_id,
                draft.id,
                draft.version,
                is_reminded && !is_news,
            ))))
        }
    }
}

/// A webhook that was switched off by itself is told of; one that was switched on or leads elsewhere starts afresh.
fn of_webhook(old: &Webhook, webhook: &Webhook) -> Option<Work> {
    let (workspace_id, id) = (webhook.workspace_id, webhook.id);
    if old.active && webhook.disabled.is_some() && !webhook.active {
        let job = SwitchedOffJob { workspace_id, disabled_webhook_id: id };
        return Some(Work::Notify(NotifyWork::SwitchedOff(job)));
    }
    (webhook.active && (!old.active || old.url != webhook.url))
        .then(|| Work::Webhook(WebhookJob { renewed: true, ..WebhookJob::wake(workspace_id, id) }))
}

/// Whether a message waits for its first attempt. One that was released by an attempt is still on the queue: its worker
/// reported the record as failed, so SQS brings it back by itself.
fn is_queued(message: &Message) -> bool {
    message.direction == Direction::Outbound
        && message.delivery.as_ref().is_some_and(|d| d.status == DeliveryStatus::Queued && d.attempt_id.is_none())
}
