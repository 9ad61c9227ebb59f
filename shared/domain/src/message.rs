//! A message of a thread.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    DraftId, EmailAddress, IdentityId, MessageId, RuleId, ThreadId, Timestamp, WorkspaceId, rule::ContactThen,
    sender::Sender,
};

mod attachment;
mod authentication;
mod delivery;
mod report;
mod safety;
mod start;

pub use attachment::Attachment;
pub use authentication::{Authentication, Verdict};
pub use delivery::{Delivery, DeliveryRefusal, DeliveryStatus, SendOutcome};
pub use report::{Report, ReportKind, ReportedRecipient};
pub use safety::SafetyFlag;

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the identity.
    Inbound,
    /// From the identity.
    Outbound,
}

/// A name and an address, as a mail gave them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// The display name.
    pub name: Option<String>,
    /// The address, as written.
    pub email: String,
}

/// A message without its bodies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id, ordered by when it was received or queued.
    pub id: MessageId,
    pub thread_id: ThreadId,
    pub workspace_id: WorkspaceId,
    /// The identity it went to or came from.
    pub identity_id: IdentityId,
    /// Which way it went.
    pub direction: Direction,
    /// The author's address, as the mail gave it.
    pub from_email: String,
    /// The author's name.
    pub from_name: Option<String>,
    /// `To`.
    pub to: Vec<Mailbox>,
    /// `Cc`.
    pub cc: Vec<Mailbox>,
    /// Blind copies of an outbound message; envelope only.
    pub bcc: Vec<EmailAddress>,
    /// `Reply-To`.
    pub reply_to: Vec<Mailbox>,
    /// `Subject`.
    pub subject: String,
    /// The first words of the text.
    pub snippet: String,
    pub attachments: Vec<Attachment>,
    /// Our or their `Message-ID`, without brackets.
    pub message_id_header: Option<String>,
    /// `In-Reply-To`, without brackets.
    pub in_reply_to: Vec<String>,
    /// `References`, without brackets, oldest first.
    pub references: Vec<String>,
    /// SES's verdicts on an inbound message.
    pub authentication: Option<Authentication>,
    /// Whether a machine wrote it.
    pub is_automated: bool,
    /// What it reports about another mail, when it is a report of a machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
    /// What the invitation in it asks (RFC 5546), lower case: `request`, `reply`, `cancel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar_method: Option<String>,
    /// What looks dangerous about it.
    pub safety_flags: Vec<SafetyFlag>,
    /// It was over a limit: only its top headers were read. The raw mail has the rest.
    pub parse_limited: bool,
    /// It is not found by all of its words: it has very many, or its sender wrote very much on that day.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub search_limited: bool,
    /// SES's id of the raw inbound mail.
    pub raw_id: Option<String>,
    /// The draft it came from.
    pub draft_id: Option<DraftId>,
    /// The inbound message it answers: it must still be the newest when it leaves.
    pub based_on_message_id: Option<MessageId>,
    /// The message quoted below its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted_message_id: Option<MessageId>,
    /// The delivery of an outbound message.
    pub delivery: Option<Delivery>,
    /// The rule that sent it, if a rule did. What becomes of it fires no rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by_rule_id: Option<RuleId>,
    /// What rules look at of whoever wrote it, as it was when it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_then: Option<ContactThen>,
    /// When SES received an inbound message.
    pub received_at: Option<Timestamp>,
    /// When SES took an outbound message.
    pub sent_at: Option<Timestamp>,
    /// When it was stored.
    pub created_at: Timestamp,
}

impl Message {
    /// Everyone who gets an outbound message.
    pub fn recipients(&self) -> impl Iterator<Item = EmailAddress> {
        let named = self.to.iter().chain(&self.cc).filter_map(|mailbox| mailbox.email.parse().ok());
        named.chain(self.bcc.iter().cloned())
    }

    /// The domains that count as known because it left.
    pub fn makes_known(&self) -> impl Iterator<Item = &str> {
        let makes_known = self.delivery.as_ref().is_some_and(|delivery| delivery.makes_known);
        let domains = self.to.iter().filter_map(|mailbox| Some(mailbox.email.rsplit_once('@')?.1));
        domains.filter(move |_| makes_known)
    }

    /// Whether it came, or left: not while it is on its way out, and not when it never left.
    pub fn took_place(&self) -> bool {
        match self.delivery.as_ref().map(|delivery| delivery.status) {
            None => true,
            Some(DeliveryStatus::Queued | DeliveryStatus::Sending | DeliveryStatus::Failed) => false,
            Some(
                DeliveryStatus::Sent | DeliveryStatus::Delivered | DeliveryStatus::Bounced | DeliveryStatus::Complained,
            ) => true,
        }
    }
}

/// The bodies of a message.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MessageBody {
    pub text: Option<String>,
    pub html: Option<String>,
    /// What is new: the text without quoted history and signature.
    pub extracted_text: Option<String>,
    /// How it is signed, if it is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
}

debug_without_content!(MessageBody);
