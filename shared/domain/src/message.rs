//! A message of a thread, and the life of an outbound one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    AttemptId, DraftId, EmailAddress, IdentityId, MessageId, ThreadId, Timestamp, WorkspaceId, draft::Failure,
};

mod report;
mod start;

pub use report::{Report, ReportKind, ReportedRecipient};

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the identity.
    Inbound,
    /// From the identity.
    Outbound,
}

/// A verdict of SES on a mail it received. See "Contents of notifications for Amazon SES email receiving" in the SES
/// developer guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// It passed.
    Pass,
    /// It failed.
    Fail,
    /// There was nothing to judge by.
    #[default]
    Gray,
    /// SES could not judge.
    ProcessingFailed,
}

impl Verdict {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Gray => "GRAY",
            Self::ProcessingFailed => "PROCESSING_FAILED",
        }
    }
}

/// SES's verdicts on a mail, and what follows for its author's address. Nothing inside the mail is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Authentication {
    /// SPF of the envelope sender.
    pub spf: Verdict,
    /// DKIM.
    pub dkim: Verdict,
    /// DMARC: SPF or DKIM passed for the very domain in `From`.
    pub dmarc: Verdict,
    /// Spam filter.
    pub spam: Verdict,
    /// Virus scanner.
    pub virus: Verdict,
}

impl Authentication {
    /// Whether the address in `From` can be believed.
    pub fn aligned(&self) -> bool {
        self.dmarc == Verdict::Pass
    }
}

/// Something dangerous-looking about a mail, found without any model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SafetyFlag {
    /// Text a person would not see.
    HiddenText,
    /// A link whose text names another host than it leads to.
    LinkMismatch,
    /// A sender domain that looks like one we know.
    LookalikeDomain,
    /// Replies go to another domain than the author's.
    ReplyToDiffers,
    /// Neither SPF, DKIM nor DMARC passed.
    Unauthenticated,
    /// A file that runs when opened.
    ExecutableAttachment,
}

impl SafetyFlag {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HiddenText => "hidden_text",
            Self::LinkMismatch => "link_mismatch",
            Self::LookalikeDomain => "lookalike_domain",
            Self::ReplyToDiffers => "reply_to_differs",
            Self::Unauthenticated => "unauthenticated",
            Self::ExecutableAttachment => "executable_attachment",
        }
    }
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id: its number in the message, from 0.
    pub id: String,
    /// A name that is safe to save under.
    pub filename: String,
    /// The media type the sender gave.
    pub content_type: String,
    /// Its size, decoded.
    pub size_bytes: u64,
    /// Its Content-ID, without brackets, when the HTML may refer to it.
    pub content_id: Option<String>,
    /// Whether it belongs inside the text.
    pub inline: bool,
    /// SHA-256 of its content, as hexadecimal digits, of a file that is to be sent: what leaves is what was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256_hex: Option<String>,
}

/// A name and an address, as a mail gave them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// The display name.
    pub name: Option<String>,
    /// The address, as written.
    pub email: String,
}

/// How far an outbound message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// Waits for a worker.
    Queued,
    /// A worker claimed it and may have handed it to SES.
    Sending,
    /// SES took it.
    Sent,
    /// The receiving host took it.
    Delivered,
    /// The receiving host refused it for good.
    Bounced,
    /// The recipient called it spam.
    Complained,
    /// It did not leave, or nobody knows: see the failure.
    Failed,
}

impl DeliveryStatus {
    /// The name in the API. A claimed message is still `queued` to the world: it has not left as far as anyone knows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued | Self::Sending => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Failed => "failed",
        }
    }
}

/// The delivery of an outbound message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// How far it came.
    pub status: DeliveryStatus,
    /// The attempt that claimed it last; SES events carry it as a tag.
    pub attempt_id: Option<AttemptId>,
    /// When that attempt claimed it.
    pub claimed_at: Option<Timestamp>,
    /// What SES called it.
    pub ses_message_id: Option<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// When the receiving side last said what became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Timestamp>,
    /// Nobody approves it and nobody reads it before it leaves: it must say `Auto-Submitted`.
    pub unattended: bool,
    /// Its recipients count as known once it left: a person approved it, and what it answers did not look like a trick.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub makes_known: bool,
    /// The period of the plan it was counted in, where that is not the month it was queued in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_in: Option<String>,
}

/// A message without its bodies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id, ordered by when it was received or queued.
    pub id: MessageId,
    /// Its thread.
    pub thread_id: ThreadId,
    /// Its workspace.
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
    /// Its files.
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
    /// The text.
    pub text: Option<String>,
    /// The HTML.
    pub html: Option<String>,
    /// What is new: the text without quoted history and signature.
    pub extracted_text: Option<String>,
}

impl std::fmt::Debug for MessageBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MessageBody(…)")
    }
}

/// What is known about an attempt to hand a message to SES.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// SES took it.
    Accepted {
        /// SES's id of it.
        ses_message_id: String,
    },
    /// SES said no, but may say yes later.
    RefusedForNow,
    /// SES said no for good.
    Refused(Failure),
    /// Nobody knows: no answer, or one that says nothing about the mail. Never success, never retried.
    Unknown,
}

/// A step of a delivery that its state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the delivery is not in a state that allows this")]
pub struct DeliveryRefusal;

impl Delivery {
    /// A delivery that waits for a worker.
    pub const fn queued(unattended: bool) -> Self {
        Self {
            status: DeliveryStatus::Queued,
            attempt_id: None,
            claimed_at: None,
            ses_message_id: None,
            failure: None,
            reported_at: None,
            unattended,
            makes_known: false,
            counted_in: None,
        }
    }

    /// A worker takes it. Only a queued one can be taken, so of two workers one fails.
    pub fn claim(&mut self, attempt_id: AttemptId, now: Timestamp) -> Result<(), DeliveryRefusal> {
        if self.status != DeliveryStatus::Queued {
            return Err(DeliveryRefusal);
        }
        self.status = DeliveryStatus::Sending;
        self.attempt_id = Some(attempt_id);
        self.claimed_at = Some(now);
        Ok(())
    }

    /// SES said "not now": it waits again.
    pub fn release(&mut self, attempt_id: AttemptId) -> Result<(), DeliveryRefusal> {
        if self.status != DeliveryStatus::Sending || self.attempt_id != Some(attempt_id) {
            return Err(DeliveryRefusal);
        }
        self.status = DeliveryStatus::Queued;
        self.claimed_at = None;
        Ok(())
    }

    /// SES took it: said so itself, or by an event. An event may come after the outcome was given up as unknown.
    pub fn accepted(&mut self, attempt_id: AttemptId, ses_message_id: &str) -> Result<(), DeliveryRefusal> {
        let in_doubt = self.failure.as_ref().is_some_and(Failure::is_outcome_unknown);
        let open = self.status == DeliveryStatus::Sending || (self.status == DeliveryStatus::Failed && in_doubt);
        if !open || self.attempt_id != Some(attempt_id) {
            return Err(DeliveryRefusal);
        }
        self.status = DeliveryStatus::Sent;
        self.ses_message_id = Some(ses_message_id.to_owned());
        self.failure = None;
        Ok(())
    }

    /// It will not leave, or nobody will ever know.
    pub fn failed(&mut self, failure: Failure) -> Result<(), DeliveryRefusal> {
        match self.status {
            DeliveryStatus::Queued | DeliveryStatus::Sending => {
                self.status = DeliveryStatus::Failed;
                self.failure = Some(failure);
                Ok(())
            }
            DeliveryStatus::Sent
            | DeliveryStatus::Delivered
            | DeliveryStatus::Bounced
            | DeliveryStatus::Complained
            | DeliveryStatus::Failed => Err(DeliveryRefusal),
        }
    }

    /// What the receiving side said. Later and worse news wins: a complaint follows a delivery, a delivery does not undo
    /// a bounce.
    pub fn reported(&mut self, status: DeliveryStatus, now: Timestamp) -> Result<(), DeliveryRefusal> {
        const fn rank(status: DeliveryStatus) -> u8 {
            match status {
                DeliveryStatus::Queued | DeliveryStatus::Sending | DeliveryStatus::Failed => 0,
                DeliveryStatus::Sent => 1,
                DeliveryStatus::Delivered => 2,
                DeliveryStatus::Bounced => 3,
                DeliveryStatus::Complained => 4,
            }
        }
        if rank(self.status) == 0 || rank(status) <= rank(self.status) {
            return Err(DeliveryRefusal);
        }
        self.status = status;
        self.reported_at = Some(now);
        Ok(())
    }
}
