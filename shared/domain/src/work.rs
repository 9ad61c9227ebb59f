//! What a change of an item asks workers to do, and the queues their jobs lie on.
//!
//! **How to add a queue.** A variant of [`Queue`] and one of [`Work`] here; in the service's `jobs` what does the job; in
//! `template.yaml` the queue, its URL as a variable and the function that reads it.

use serde::{Deserialize, Serialize};

use crate::{
    DraftId, DraftStatus, EventId, HeldId, IdentityId, Message, MessageId, RuleId, ThreadId, Webhook, WebhookDelivery,
    WebhookDeliveryId, WebhookId, WorkspaceId,
    account::AccountMailJob,
    channel::ChannelKind,
    contact::SenderDecision,
    event::Entity,
    message::{DeliveryStatus, Direction},
    notification::Notification,
    rule::{RuleEvent, ThreadThen},
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

/// The body of a message on the rules queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleJob {
    /// The event.
    pub event: RuleEvent,
    /// The thread as the event left it; none where the stream did not bring it along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadThen>,
}

/// The body of a message on the webhook queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookJob {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The webhook whose endpoint it is.
    pub webhook_id: WebhookId,
    /// Deliveries that just came to be: the list of those that are pending may not have them yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivery_ids: Vec<WebhookDeliveryId>,
    /// A person asked for one of them: the endpoint is tried even while it is given a rest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requested: bool,
    /// The webhook was switched on, or leads elsewhere: its endpoint starts afresh.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renewed: bool,
    /// Another worker had the endpoint when this came the last time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waited: bool,
}

impl WebhookJob {
    /// See whether something is due.
    pub const fn wake(workspace_id: WorkspaceId, webhook_id: WebhookId) -> Self {
        Self { workspace_id, webhook_id, delivery_ids: Vec::new(), requested: false, renewed: false, waited: false }
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

/// The body of a message on the notify queue that is about something that was switched off by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchedOffJob {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The webhook.
    pub disabled_webhook_id: WebhookId,
}

/// The body of a message on the notify queue: a rule was switched off by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleOffJob {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The rule.
    pub disabled_rule_id: RuleId,
}

/// The body of a message on the notify queue: a channel of an identity cannot be written to any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokenChannelJob {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The identity.
    pub identity_id: IdentityId,
    /// The channel's kind.
    pub broken_channel: ChannelKind,
    /// The channel's or chat's id.
    pub place: String,
}

/// The body of a message on the notify queue: a rule asks for somebody to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleNoticeJob {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The rule that matched.
    pub matched_rule_id: RuleId,
    /// At which event.
    pub event_id: EventId,
}

/// The body of a message on the notify queue that is about a sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderJob {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The identity whose approvers are told.
    pub identity_id: IdentityId,
    /// Held mail of the sender; its id names them.
    pub held_id: HeldId,
}

/// The body of a message on the notify queue: messages about a sender say what was decided.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderDecidedJob {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The identity whose approvers were told.
    pub identity_id: IdentityId,
    /// The sender.
    pub from_email: String,
    /// Where they were told.
    pub notifications: Vec<Notification>,
    /// What was decided.
    pub decision: SenderDecision,
}

debug_without_content!(SenderDecidedJob);

/// The body of a message on the index queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IndexJob {
    /// A message that took place: its thread is found by its words.
    Message(IndexMessage),
    /// A thread that became part of another, which is found by its words from now on.
    Part(IndexPart),
    /// Places in lists that the relay could not enter or leave at once.
    Places(IndexPlaces),
}

/// See [`IndexJob::Message`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexMessage {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The message.
    pub message_id: MessageId,
}

/// See [`IndexJob::Part`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexPart {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The thread that became part of another.
    pub thread_id: ThreadId,
    /// It, and what was part of it before.
    pub thread_ids: Vec<ThreadId>,
    /// How many of their messages were moved by earlier jobs.
    pub done: u32,
}

/// See [`IndexJob::Places`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexPlaces {
    /// Partition key, sort key, and whether there is to be an entry.
    pub places: Vec<(String, String, bool)>,
}

/// The body of a message on the send queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendJob {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The outbound message.
    pub message_id: MessageId,
}

/// The body of a message on the notify queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyJob {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The draft.
    pub draft_id: DraftId,
    /// The version to be shown; another version by then needs no telling.
    pub version: u32,
    /// Somebody asked for it: approvers who were told of this version are told again.
    #[serde(default)]
    pub again: bool,
}

/// The body of a message on the notify queue: an answer to one person who pressed a button.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerJob {
    /// How they are reached.
    pub answer_to: AnswerTo,
    /// What they are told.
    pub sentence: String,
}

debug_without_content!(AnswerJob);

/// How somebody is reached who pressed a button.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerTo {
    /// Slack's response URL.
    SlackResponse(String),
}

/// The body of a message on the notify queue: a question that is answered by a reply in Telegram.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptJob {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The draft.
    pub prompt_about: DraftId,
    /// The version that was shown.
    pub version: u32,
    /// The bot.
    pub bot_id: i64,
    /// The chat.
    pub chat_id: i64,
    /// The message whose button was pressed.
    pub message_id: i64,
    /// The topic.
    pub topic_id: Option<i64>,
    /// Who pressed.
    pub user_id: i64,
    /// The new text is asked for; otherwise the reason.
    pub edit: bool,
    /// Where they change a text that is too long for a message: a page of their own, if nobody else reads the chat.
    pub page: Option<String>,
}

debug_without_content!(PromptJob);

debug_without_content!(AnswerTo);

/// The body of a message on the notify queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum NotifyWork {
    /// To somebody who pressed a button.
    Answer(AnswerJob),
    /// To somebody who is to reply.
    Prompt(PromptJob),
    /// About a sender, of whom somebody decided.
    SenderDecided(SenderDecidedJob),
    /// To somebody who is to get a link to their account.
    Account(AccountMailJob),
    /// About a draft.
    Draft(NotifyJob),
    /// About a sender.
    Sender(SenderJob),
    /// About something that was switched off by itself.
    SwitchedOff(SwitchedOffJob),
    /// About a rule that was switched off by itself.
    RuleOff(RuleOffJob),
    /// Because a rule says so.
    RuleNotice(RuleNoticeJob),
    /// About a channel that broke.
    BrokenChannel(BrokenChannelJob),
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
            })))
        }
        (Some(Entity::Webhook(old)), Entity::Webhook(webhook)) => of_webhook(old, webhook),
        (_, Entity::Webhook(_)) => None,
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
            (is_news || looks_different || is_reminded).then_some(Work::Notify(NotifyWork::Draft(NotifyJob {
                workspace_id: draft.workspace_id,
                draft_id: draft.id,
                version: draft.version,
                again: is_reminded && !is_news,
            })))
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
