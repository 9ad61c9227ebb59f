//! The bodies of the messages on the queues.

use serde::{Deserialize, Serialize};

use crate::{
    DraftId, EventId, HeldId, IdentityId, MessageId, RuleId, ThreadId, Timestamp, WebhookDeliveryId, WebhookId,
    WorkspaceId,
    account::AccountMailJob,
    channel::ChannelKind,
    contact::SenderDecision,
    notification::Notification,
    rule::{RuleEvent, ThreadThen},
};

/// The body of a message on the rules queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleJob {
    pub event: RuleEvent,
    /// The thread as the event left it; none where the stream did not bring it along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadThen>,
}

/// The body of a message on the webhook queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookJob {
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

/// The body of a message on the notify queue that is about something that was switched off by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchedOffJob {
    pub workspace_id: WorkspaceId,
    pub disabled_webhook_id: WebhookId,
}

/// The body of a message on the notify queue: a rule was switched off by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleOffJob {
    pub workspace_id: WorkspaceId,
    pub disabled_rule_id: RuleId,
}

/// The body of a message on the notify queue: somebody asked for the workspace to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeletionNoticeJob {
    pub workspace_id: WorkspaceId,
    /// When they did: one that was asked for since is told of by a job of its own.
    pub deletion_requested_at: Timestamp,
}

/// The body of a message on the notify queue: a channel of an identity cannot be written to any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokenChannelJob {
    pub workspace_id: WorkspaceId,
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
    pub workspace_id: WorkspaceId,
    pub matched_rule_id: RuleId,
    pub event_id: EventId,
    /// The addresses, channels and chats that are still to be told; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub still_to_tell: Vec<String>,
}

/// The body of a message on the notify queue that is about a sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderJob {
    pub workspace_id: WorkspaceId,
    /// The identity whose approvers are told.
    pub identity_id: IdentityId,
    /// Held mail of the sender; its id names them.
    pub held_id: HeldId,
}

/// The body of a message on the notify queue: the hour in which new senders were gathered is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldDigestJob {
    pub workspace_id: WorkspaceId,
    /// The identity whose approvers are told.
    pub gathering_identity_id: IdentityId,
}

/// The body of a message on the notify queue: messages about a sender say what was decided.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderDecidedJob {
    pub workspace_id: WorkspaceId,
    /// The identity whose approvers were told.
    pub identity_id: IdentityId,
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
    pub workspace_id: WorkspaceId,
    pub message_id: MessageId,
}

/// See [`IndexJob::Part`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexPart {
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
    pub workspace_id: WorkspaceId,
    /// The outbound message.
    pub message_id: MessageId,
}

/// The body of a message on the notify queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyJob {
    pub workspace_id: WorkspaceId,
    pub draft_id: DraftId,
    /// The version to be shown; another version by then needs no telling.
    pub version: u32,
    /// Somebody asked for it: approvers who were told of this version are told again.
    #[serde(default)]
    pub again: bool,
    /// It had to wait in line somewhere, and may have a place there still.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waited: bool,
    /// The channels and chats, by their ids, in which approvers are still to be told again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub still_again_in: Vec<String>,
}

impl NotifyJob {
    /// The first of its kind; `again` as there.
    pub const fn new(workspace_id: WorkspaceId, draft_id: DraftId, version: u32, again: bool) -> Self {
        Self { workspace_id, draft_id, version, again, waited: false, still_again_in: Vec::new() }
    }
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
    pub workspace_id: WorkspaceId,
    pub prompt_about: DraftId,
    /// The version that was shown.
    pub version: u32,
    pub bot_id: i64,
    pub chat_id: i64,
    /// The message whose button was pressed.
    pub message_id: i64,
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
    /// About the new senders of an hour.
    HeldDigest(HeldDigestJob),
    /// About the deletion of the workspace.
    Deletion(DeletionNoticeJob),
}
