//! What a change of an item means to the world, derived from its old and new image alone.
//!
//! Use cases write state and publish nothing. The table's stream carries both images of every write, and [`events`] says
//! what happened ([`crate::work`] what is to be done); a write and its consequence cannot come apart, and deriving it twice
//! gives the same answer.

mod derive;
mod kind;
mod log;
#[cfg(test)]
mod tests;

pub use derive::events;
pub use kind::{EventType, UnknownEvent};
pub use log::{EVENT_LIFETIME, Event, EventData, EventPayload};

use crate::{
    Draft, Message, Rule, SendingDomain, Suppression, Thread, Webhook, WebhookDelivery, WorkspaceId,
    contact::{Contact, HeldInbound, SenderNotice},
    erasure::Erasure,
    rule::RuleRun,
};

/// An entity as the stream shows it.
#[derive(Debug, Clone, PartialEq)]
pub enum Entity {
    Thread(Box<Thread>),
    Draft(Box<Draft>),
    Message(Box<Message>),
    /// Held mail.
    Held(Box<HeldInbound>),
    /// That approvers are to be told of a sender.
    SenderNotice(Box<SenderNotice>),
    Contact(Box<Contact>),
    /// A suppressed address.
    Suppression(Box<Suppression>),
    Domain(Box<SendingDomain>),
    Webhook(Box<Webhook>),
    /// An event on its way to a webhook.
    Delivery(Box<WebhookDelivery>),
    Rule(Box<Rule>),
    /// A rule that matched.
    RuleRun(Box<RuleRun>),
    /// That the workspace is to be deleted.
    Erasure(Box<Erasure>),
}

impl Entity {
    /// The workspace it belongs to.
    pub const fn workspace_id(&self) -> WorkspaceId {
        match self {
            Self::Thread(thread) => thread.workspace_id,
            Self::Draft(draft) => draft.workspace_id,
            Self::Message(message) => message.workspace_id,
            Self::Held(held) => held.workspace_id,
            Self::SenderNotice(notice) => notice.workspace_id,
            Self::Contact(contact) => contact.workspace_id,
            Self::Suppression(suppression) => suppression.workspace_id,
            Self::Domain(domain) => domain.workspace_id,
            Self::Webhook(webhook) => webhook.workspace_id,
            Self::Delivery(delivery) => delivery.workspace_id,
            Self::Rule(rule) => rule.workspace_id,
            Self::RuleRun(run) => run.event.workspace_id,
            Self::Erasure(erasure) => erasure.workspace_id,
        }
    }
}
