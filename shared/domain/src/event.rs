//! What a change of an item means to the world, derived from its old and new image alone.
//!
//! Use cases write state and publish nothing. The table's stream carries both images of every write, and this function
//! says what follows; a write and its consequence cannot come apart, and deriving it twice gives the same answer.

mod derive;
mod kind;
mod log;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use derive::events;
pub use kind::{EventType, UnknownEvent};
pub use log::{EVENT_LIFETIME, Event, EventPayload, Happening};

use crate::{
    Draft, DraftId, DraftStatus, HeldId, IdentityId, Message, MessageId, SendingDomain, Suppression, Thread,
    WorkspaceId,
    contact::{Contact, HeldInbound, SenderNotice},
    message::{DeliveryStatus, Direction},
};

/// An entity as the stream shows it.
#[derive(Debug, Clone, PartialEq)]
pub enum Entity {
    /// A thread.
    Thread(Box<Thread>),
    /// A draft.
    Draft(Box<Draft>),
    /// A message.
    Message(Box<Message>),
    /// Held mail.
    Held(Box<HeldInbound>),
    /// That approvers are to be told of a sender.
    Notice(Box<SenderNotice>),
    /// A contact.
    Contact(Box<Contact>),
    /// A suppressed address.
    Suppression(Box<Suppression>),
    /// A domain.
    Domain(Box<SendingDomain>),
}

/// Something that must now be done by a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Hand a queued message to SES.
    Send(SendJob),
    /// Tell the approvers of a draft.
    Notify(NotifyJob),
    /// Tell the approvers of an identity that somebody's mail is held.
    NotifyOfSender(SenderJob),
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

/// The body of a message on the notify queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum NotifyWork {
    /// About a draft.
    Draft(NotifyJob),
    /// About a sender.
    Sender(SenderJob),
}

impl Entity {
    /// The workspace it belongs to.
    pub const fn workspace_id(&self) -> WorkspaceId {
        match self {
            Self::Thread(thread) => thread.workspace_id,
            Self::Draft(draft) => draft.workspace_id,
            Self::Message(message) => message.workspace_id,
            Self::Held(held) => held.workspace_id,
            Self::Notice(notice) => notice.workspace_id,
            Self::Contact(contact) => contact.workspace_id,
            Self::Suppression(suppression) => suppression.workspace_id,
            Self::Domain(domain) => domain.workspace_id,
        }
    }
}

/// What follows from a change. Both images of one item, either of which may be missing (created, removed).
pub fn work(old: Option<&Entity>, new: Option<&Entity>) -> Option<Work> {
    match (old, new?) {
        (_, Entity::Thread(_) | Entity::Held(_) | Entity::Contact(_) | Entity::Suppression(_) | Entity::Domain(_)) => {
            None
        }
        // Made once for each sender and identity, and changed only by the worker.
        (None, Entity::Notice(notice)) => Some(Work::NotifyOfSender(SenderJob {
            workspace_id: notice.workspace_id,
            identity_id: notice.identity_id,
            held_id: notice.held_id,
        })),
        (Some(_), Entity::Notice(_)) => None,
        (old, Entity::Message(message)) => {
            let was_queued = matches!(old, Some(Entity::Message(old)) if is_queued(old));
            (is_queued(message) && !was_queued)
                .then_some(Work::Send(SendJob { workspace_id: message.workspace_id, message_id: message.id }))
        }
        (old, Entity::Draft(draft)) => {
            let told = matches!(old, Some(Entity::Draft(old)) if old.version == draft.version);
            (draft.status == DraftStatus::Pending && !told).then_some(Work::Notify(NotifyJob {
                workspace_id: draft.workspace_id,
                draft_id: draft.id,
                version: draft.version,
                again: false,
            }))
        }
    }
}

/// Whether a message waits for its first attempt. One that was released by an attempt is still on the queue: its worker
/// reported the record as failed, so SQS brings it back by itself.
fn is_queued(message: &Message) -> bool {
    message.direction == Direction::Outbound
        && message.delivery.as_ref().is_some_and(|d| d.status == DeliveryStatus::Queued && d.attempt_id.is_none())
}
