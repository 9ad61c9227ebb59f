//! What a change of an item asks workers to do, and the queues their jobs lie on.
//!
//! **How to add a queue.** A variant of [`Queue`] and one of [`Work`] here; in the service's `jobs` what does the job; in
//! `template.yaml` the queue, its URL as a variable and the function that reads it.

use serde::{Deserialize, Serialize};

use crate::{
    DraftId, DraftStatus, HeldId, IdentityId, Message, MessageId, ThreadId, WorkspaceId,
    contact::SenderDecision,
    event::Entity,
    message::{DeliveryStatus, Direction},
    notification::Notification,
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
}

impl Queue {
    /// Every one, in the order in which they are fed: people wait for the first.
    pub const ALL: [Self; 3] = [Self::Send, Self::Notify, Self::Index];

    /// The environment variable with its URL.
    pub const fn url_variable(self) -> &'static str {
        match self {
            Self::Send => "SEND_QUEUE_URL",
            Self::Notify => "NOTIFY_QUEUE_URL",
            Self::Index => "INDEX_QUEUE_URL",
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
}

impl Work {
    /// The queue it lies on.
    pub const fn queue(&self) -> Queue {
        match self {
            Self::Send(_) => Queue::Send,
            Self::Notify(_) => Queue::Notify,
            Self::Index(_) => Queue::Index,
        }
    }
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

impl std::fmt::Debug for SenderDecidedJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SenderDecidedJob(…)")
    }
}

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

impl std::fmt::Debug for AnswerJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnswerJob(…)")
    }
}

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

impl std::fmt::Debug for PromptJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PromptJob(…)")
    }
}

impl std::fmt::Debug for AnswerTo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnswerTo(…)")
    }
}

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
    /// About a draft.
    Draft(NotifyJob),
    /// About a sender.
    Sender(SenderJob),
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

/// Whether a message waits for its first attempt. One that was released by an attempt is still on the queue: its worker
/// reported the record as failed, so SQS brings it back by itself.
fn is_queued(message: &Message) -> bool {
    message.direction == Direction::Outbound
        && message.delivery.as_ref().is_some_and(|d| d.status == DeliveryStatus::Queued && d.attempt_id.is_none())
}
