//! The draft and its state machine: what may happen to it, decided here and nowhere else.
//!
//! ```text
//!            edit                    queue                  claimed by a worker
//!           ┌────┐   approve      ┌──────────┐ queue   ┌──────────────────────────┐
//! submit ─► pending ─────────► approved ─────────► approved + queued ─► + sending ─► sent | failed
//!             │ │ └─ newer inbound ─┴──────► stale ◄──────┘
//!             │ └─ expires_at ─► expired
//!             └─ reject (also from approved and stale) ─► rejected
//! ```

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod actor;
mod comment;
mod refusal;
mod start;
mod status;
mod telling;
#[cfg(test)]
mod tests;

pub use crate::{
    failure::{Failure, FailureCode},
    sender::Sender,
};
pub use actor::{Actor, ActorKind};
pub use comment::{Comment, MAX_COMMENT_CHARS, MAX_COMMENTS, commented_draft, comments_address};
pub use refusal::DraftRefusal;
pub use status::{DraftStatus, SendState};
pub use telling::Telling;

use crate::{
    DraftId, EmailAddress, HeaderText, IdentityId, MessageId, RuleId, Thread, ThreadId, Timestamp, WorkspaceId,
    message::Attachment, notification::Notification, rule::ContactThen, unattended::Declined,
};

/// A draft without its bodies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Its id, in the family of its thread.
    pub id: DraftId,
    pub workspace_id: WorkspaceId,
    pub thread_id: ThreadId,
    /// The identity it would be sent as.
    pub identity_id: IdentityId,
    /// The newest inbound message its author knew; none when it is cold, that is, when it starts its thread.
    pub based_on_message_id: Option<MessageId>,
    /// Where it stands.
    pub status: DraftStatus,
    /// Counts its edits, from 1. A decision is about one version.
    pub version: u32,
    /// A newer inbound message existed when it was submitted, or came since.
    pub stale_warning: bool,
    /// The undecided draft that answered the same message when it was submitted: only one of the two is to be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rival_draft_id: Option<DraftId>,
    /// Whom it answers, or addresses first.
    pub to: Vec<EmailAddress>,
    pub cc: Vec<EmailAddress>,
    /// Blind copies.
    pub bcc: Vec<EmailAddress>,
    /// Its subject, derived or overridden.
    pub subject: HeaderText,
    /// The subject its author asked for.
    pub subject_override: Option<HeaderText>,
    /// Why its author wrote it so; shown to approvers.
    pub rationale: Option<String>,
    /// The author's own data, as JSON text: DynamoDB numbers would not keep every JSON number.
    pub metadata: Option<String>,
    /// Its files, each by the hash of its content.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// The message it answers is quoted below it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quote_history: bool,
    /// SHA-256, in hex, over all that its recipients will see in this version: an approval is of that and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_sha256: Option<String>,
    /// Why it was not approved by itself, where its identity approves answers by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_approve_declined: Option<Declined>,
    /// Who edited it last, if anybody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_by: Option<Actor>,
    /// Somebody who may approve wants it sent although the message it answers was answered since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answer_again: bool,
    /// The rule that took the last step with it, if a rule did. What follows from that step fires no rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by_rule_id: Option<RuleId>,
    /// Whose mail overtook it, as they were when it came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overtaken_by: Option<ContactThen>,
    pub submitted_by: Actor,
    /// How far its sending came.
    pub send_state: Option<SendState>,
    /// The outbound message made from it.
    pub outbound_message_id: Option<MessageId>,
    pub decided_by: Option<Actor>,
    pub decided_at: Option<Timestamp>,
    /// Why it was rejected.
    pub reject_reason: Option<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// When it expires if nobody decides.
    pub expires_at: Option<Timestamp>,
    /// When its approvers are reminded if nobody decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_at: Option<Timestamp>,
    /// What approvers said about it, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<Comment>,
    /// Who was told, and with what result.
    pub notifications: Vec<Notification>,
    /// Somebody writes to its channels right now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telling: Option<Telling>,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The bodies of a draft. At least one is there.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DraftBody {
    pub text: Option<String>,
    /// The HTML, as it leaves.
    pub html: Option<String>,
    /// How it is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
}

debug_without_content!(DraftBody);

/// Why a draft should be looked at again before anybody decides about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StaleReason {
    /// Newer mail is in the thread: the draft cannot be sent. Read the thread again and write another.
    NewerMessage,
    /// Another undecided draft answered the same message when this one was submitted: reject one of the two.
    UndecidedDraft,
}

impl Draft {
    /// What its author is warned of.
    pub fn stale_reasons(&self) -> Vec<StaleReason> {
        let newer = self.stale_warning.then_some(StaleReason::NewerMessage);
        newer.into_iter().chain(self.rival_draft_id.map(|_| StaleReason::UndecidedDraft)).collect()
    }

    fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Whether somebody said no.
    pub fn is_rejected(&self) -> bool {
        self.status == DraftStatus::Rejected
    }

    fn decided(&self) -> DraftRefusal {
        DraftRefusal::Decided { status: self.status, by: self.decided_by.clone(), at: self.decided_at }
    }

    /// Refuses unless the draft is pending, current and not expired.
    fn require_pending(&self, seen_version: Option<u32>, now: Timestamp) -> Result<(), DraftRefusal> {
        match self.status {
            DraftStatus::Pending => {}
            DraftStatus::Stale => return Err(DraftRefusal::Stale),
            DraftStatus::Expired => return Err(DraftRefusal::Expired),
            DraftStatus::Approved | DraftStatus::Rejected | DraftStatus::Sent | DraftStatus::Failed => {
                return Err(self.decided());
            }
        }
        // Before the version: to approve what has expired is wrong whatever version was seen.
        if self.is_expired(now) {
            return Err(DraftRefusal::Expired);
        }
        match seen_version {
            Some(seen) if seen != self.version => Err(DraftRefusal::Superseded { seen, current: self.version }),
            _ => Ok(()),
        }
    }

    /// Whether an edit is allowed; the caller then changes the fields and calls [`Draft::edited`].
    pub fn edit(&self, seen_version: Option<u32>, now: Timestamp) -> Result<(), DraftRefusal> {
        self.require_pending(seen_version, now)
    }

    /// Counts an edit: another version, which nobody was told of.
    pub fn edited(&mut self, by: Actor, now: Timestamp) {
        self.caused_by_rule_id = by.rule_id();
        self.edited_by = Some(by);
        self.version = self.version.saturating_add(1);
        self.updated_at = now;
    }

    /// Whether somebody else than `actor` edited it last: who then decides without saying which version they saw may decide about
    /// what they never read.
    pub fn was_edited_by_another(&self, actor: &Actor) -> bool {
        self.edited_by.as_ref().is_some_and(|editor| (editor.kind, &editor.id) != (actor.kind, &actor.id))
    }

    /// Approves the version the approver saw, or the current one.
    pub fn approve(&mut self, by: Actor, seen_version: Option<u32>, now: Timestamp) -> Result<(), DraftRefusal> {
        self.require_pending(seen_version, now)?;
        self.status = DraftStatus::Approved;
        self.caused_by_rule_id = by.rule_id();
        self.decided_by = Some(by);
        self.decided_at = Some(now);
        self.updated_at = now;
        Ok(())
    }

    /// Rejects it. Allowed while nothing is on its way: pending, approved, stale.
    pub fn reject(
        &mut self,
        by: Actor,
        reason: Option<String>,
        seen_version: Option<u32>,
        now: Timestamp,
    ) -> Result<(), DraftRefusal> {
        match self.status {
            // What was asked in a channel is closed by the first decision; to take an approval back is for others.
            DraftStatus::Approved if by.kind.is_asked() => return Err(self.decided()),
            DraftStatus::Approved if self.send_state.is_some() => {
                return Err(DraftRefusal::SendInProgress);
            }
            DraftStatus::Approved | DraftStatus::Stale => match seen_version {
                Some(seen) if seen != self.version => {
                    return Err(DraftRefusal::Superseded { seen, current: self.version });
                }
                _ => {}
            },
            DraftStatus::Pending
            | DraftStatus::Rejected
            | DraftStatus::Sent
            | DraftStatus::Failed
            | DraftStatus::Expired => {
                self.require_pending(seen_version, now)?;
            }
        }
        self.status = DraftStatus::Rejected;
        self.caused_by_rule_id = by.rule_id();
        self.decided_by = Some(by);
        self.decided_at = Some(now);
        self.reject_reason = reason;
        self.updated_at = now;
        Ok(())
    }

    /// Puts an approved draft on its way as the given message. That the thread has nothing newer is part of the decision:
    /// whatever overtakes an open draft writes it, so a write of the draft as it was read holds that too. One that is made and
    /// queued at once is not open yet: its thread is written in the same transaction.
    pub fn queue(&mut self, message_id: MessageId, thread: &Thread, now: Timestamp) -> Result<(), DraftRefusal> {
        self.may_be_queued(thread, now)?;
        self.send_state = Some(SendState::Queued);
        self.outbound_message_id = Some(message_id);
        self.updated_at = now;
        Ok(())
    }

    /// Whether it may be put on its way: approved, not on its way yet, and not overtaken by newer mail.
    pub fn may_be_queued(&self, thread: &Thread, now: Timestamp) -> Result<(), DraftRefusal> {
        match (self.status, self.send_state) {
            (DraftStatus::Approved, None) if self.is_overtaken(thread) => Err(DraftRefusal::Stale),
            (DraftStatus::Approved, None) => Ok(()),
            (DraftStatus::Approved, Some(SendState::Queued | SendState::Sending)) => Err(DraftRefusal::SendInProgress),
            (DraftStatus::Pending, _) => {
                Err(if self.is_expired(now) { DraftRefusal::Expired } else { DraftRefusal::ApprovalRequired })
            }
            (DraftStatus::Rejected, _) => Err(DraftRefusal::Rejected),
            (DraftStatus::Sent, _) => Err(DraftRefusal::AlreadySent),
            (DraftStatus::Stale, _) => Err(DraftRefusal::Stale),
            (DraftStatus::Failed, _) => Err(DraftRefusal::Failed(self.failure.clone())),
            (DraftStatus::Expired, _) => Err(DraftRefusal::Expired),
        }
    }

    /// Whether newer mail came, or it would be a second answer.
    fn is_overtaken(&self, thread: &Thread) -> bool {
        thread.is_stale(self.based_on_message_id) || self.is_second_answer(thread)
    }

    /// Whether what it answers was answered by another one since it was written, and nobody said that both are meant.
    pub fn is_second_answer(&self, thread: &Thread) -> bool {
        thread.was_answered_since(self.based_on_message_id, self.created_at) && !self.answer_again
    }

    /// A worker takes the queued draft for that message. The thread is asked again, as in [`Draft::queue`]: a draft that
    /// was claimed, overtaken and released must not be claimed a second time.
    pub fn claim(&mut self, message_id: MessageId, thread: &Thread, now: Timestamp) -> Result<(), DraftRefusal> {
        self.may_be_claimed(message_id, thread)?;
        self.send_state = Some(SendState::Sending);
        self.updated_at = now;
        Ok(())
    }

    /// Whether a worker may take it as that message.
    pub fn may_be_claimed(&self, message_id: MessageId, thread: &Thread) -> Result<(), DraftRefusal> {
        self.require_on_its_way(message_id)?;
        if self.is_overtaken(thread) {
            return Err(DraftRefusal::Stale);
        }
        if self.send_state != Some(SendState::Queued) {
            return Err(DraftRefusal::SendInProgress);
        }
        Ok(())
    }

    /// SES said "not now": it waits again.
    pub fn release(&mut self, message_id: MessageId, now: Timestamp) -> Result<(), DraftRefusal> {
        self.require_on_its_way(message_id)?;
        self.send_state = Some(SendState::Queued);
        self.updated_at = now;
        Ok(())
    }

    /// It left. Also when it had been given up as unknown and an event came after all.
    pub fn sent(&mut self, message_id: MessageId, now: Timestamp) -> Result<(), DraftRefusal> {
        let in_doubt = self.status == DraftStatus::Failed
            && self.outbound_message_id == Some(message_id)
            && self.failure.as_ref().is_some_and(Failure::is_outcome_unknown);
        if !in_doubt {
            self.require_on_its_way(message_id)?;
        }
        self.status = DraftStatus::Sent;
        self.send_state = None;
        self.failure = None;
        self.updated_at = now;
        Ok(())
    }

    /// It did not leave, or nobody will ever know.
    pub fn failed(&mut self, message_id: MessageId, failure: Failure, now: Timestamp) -> Result<(), DraftRefusal> {
        self.require_on_its_way(message_id)?;
        self.status = DraftStatus::Failed;
        self.send_state = None;
        self.failure = Some(failure);
        self.updated_at = now;
        Ok(())
    }

    /// Newer inbound arrived. A draft that a worker claimed is past that point. Returns whether it changed.
    #[must_use]
    pub fn go_stale(&mut self, now: Timestamp) -> bool {
        let undecided = matches!(self.status, DraftStatus::Pending | DraftStatus::Approved);
        if !undecided || self.send_state == Some(SendState::Sending) {
            return false;
        }
        self.status = DraftStatus::Stale;
        self.caused_by_rule_id = None;
        self.stale_warning = true;
        self.send_state = None;
        self.updated_at = now;
        true
    }

    /// Nobody decided in time. Returns whether it changed.
    #[must_use]
    pub fn expire(&mut self, now: Timestamp) -> bool {
        if self.status != DraftStatus::Pending || !self.is_expired(now) {
            return false;
        }
        self.status = DraftStatus::Expired;
        self.caused_by_rule_id = None;
        self.updated_at = now;
        true
    }

    /// How it stands, as far as a message about it says so: it is to be written again when this changes.
    pub fn face(&self) -> String {
        let send_state = self.send_state.map_or("", SendState::as_str);
        let decided = self.decided_at.map_or(0, Timestamp::unix_ms);
        let said = self.comments.last().map(|said| format!("/{}", said.at.unix_ms())).unwrap_or_default();
        let (status, stale) = (self.status.as_str(), u8::from(self.stale_warning));
        format!("{status}{send_state}{stale}/{decided}/{}{said}", self.version)
    }

    /// Whether its approvers are to be reminded now; they are once. Returns whether it changed.
    #[must_use]
    pub fn remind(&mut self, now: Timestamp) -> bool {
        let is_due = self.status == DraftStatus::Pending && self.remind_at.is_some_and(|at| at <= now);
        if is_due {
            self.remind_at = None;
        }
        is_due
    }

    fn require_on_its_way(&self, message_id: MessageId) -> Result<(), DraftRefusal> {
        match self.status {
            DraftStatus::Approved if self.outbound_message_id == Some(message_id) && self.send_state.is_some() => {
                Ok(())
            }
            DraftStatus::Sent => Err(DraftRefusal::AlreadySent),
            DraftStatus::Stale => Err(DraftRefusal::Stale),
            DraftStatus::Failed => Err(DraftRefusal::Failed(self.failure.clone())),
            DraftStatus::Pending | DraftStatus::Approved | DraftStatus::Rejected | DraftStatus::Expired => {
                Err(self.decided())
            }
        }
    }
}
