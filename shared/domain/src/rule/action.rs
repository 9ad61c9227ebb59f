//! What a rule does.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, Trigger};
use crate::{IdentityId, thread::ThreadStatus};

/// Something a rule does when it matches.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = RuleAction)]
pub enum Action {
    /// Approves the draft; does not send it.
    ApproveDraft {},
    /// Sends the draft, approving it if nobody did.
    SendDraft {},
    /// Rejects the draft.
    RejectDraft {
        /// Why.
        reason: Option<String>,
    },
    /// Says whose turn it is.
    SetThreadStatus {
        /// `open`, `waiting` or `closed`.
        status: ThreadStatus,
    },
    /// Asks for a look at the thread, or says that none is needed.
    SetNeedsReview {
        /// Whether somebody should look.
        needs_review: bool,
    },
    /// Puts a tag on the thread.
    AddTag {
        /// Which.
        tag: String,
    },
    /// Takes a tag from the thread.
    RemoveTag {
        /// Which.
        tag: String,
    },
    /// Asks agents to leave the thread alone.
    SkipAi {},
    /// Trusts the contact.
    TrustContact {},
    /// Blocks the contact.
    BlockContact {},
    /// Gives the thread to another identity.
    AssignIdentity {
        /// Which.
        identity_id: IdentityId,
    },
    /// Answers at once, with a draft that the rule approved: to the proven author of the mail only, and not to machines.
    AutoReply {
        /// What is said.
        body_text: String,
    },
    /// Tells the approvers of the identity.
    Notify {},
}

const MAX_REASON_BYTES: usize = 1_024;
const MAX_TAG_BYTES: usize = 64;
const MAX_REPLY_BYTES: usize = 16 * 1_024;

impl std::fmt::Debug for Action {
    /// The kind only: what a rule says is content.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Action({})", self.kind())
    }
}

impl Action {
    /// The name in the API.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ApproveDraft {} => "approve_draft",
            Self::SendDraft {} => "send_draft",
            Self::RejectDraft { .. } => "reject_draft",
            Self::SetThreadStatus { .. } => "set_thread_status",
            Self::SetNeedsReview { .. } => "set_needs_review",
            Self::AddTag { .. } => "add_tag",
            Self::RemoveTag { .. } => "remove_tag",
            Self::SkipAi {} => "skip_ai",
            Self::TrustContact {} => "trust_contact",
            Self::BlockContact {} => "block_contact",
            Self::AssignIdentity { .. } => "assign_identity",
            Self::AutoReply { .. } => "auto_reply",
            Self::Notify {} => "notify",
        }
    }

    /// The triggers it can follow; none for any.
    const fn triggers(&self) -> Option<&'static [Trigger]> {
        match self {
            Self::ApproveDraft {} => Some(&[Trigger::DraftCreated]),
            Self::SendDraft {} => Some(&[Trigger::DraftCreated, Trigger::DraftApproved]),
            Self::RejectDraft { .. } => Some(&[Trigger::DraftCreated, Trigger::DraftApproved, Trigger::DraftStale]),
            Self::AutoReply { .. } | Self::AssignIdentity { .. } => Some(&[Trigger::EmailReceived]),
            Self::SetThreadStatus { .. }
            | Self::SetNeedsReview { .. }
            | Self::AddTag { .. }
            | Self::RemoveTag { .. }
            | Self::SkipAi {}
            | Self::TrustContact {}
            | Self::BlockContact {}
            | Self::Notify {} => None,
        }
    }

    /// Whether a rule that does both would undo itself.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        let either =
            |one: fn(&Self) -> bool, two: fn(&Self) -> bool| (one(self) && two(other)) || (one(other) && two(self));
        let lets_it_go = |action: &Self| matches!(action, Self::ApproveDraft {} | Self::SendDraft {});
        if either(lets_it_go, |action| matches!(action, Self::RejectDraft { .. }))
            || either(
                |action| matches!(action, Self::TrustContact {}),
                |action| matches!(action, Self::BlockContact {}),
            )
            || either(
                |action| matches!(action, Self::AutoReply { .. }),
                |action| matches!(action, Self::BlockContact {}),
            )
        {
            return true;
        }
        match (self, other) {
            (Self::AddTag { tag: added }, Self::RemoveTag { tag: removed })
            | (Self::RemoveTag { tag: removed }, Self::AddTag { tag: added }) => added == removed,
            (Self::SetThreadStatus { status: one }, Self::SetThreadStatus { status: two }) => one != two,
            (Self::SetNeedsReview { needs_review: one }, Self::SetNeedsReview { needs_review: two }) => one != two,
            (Self::AssignIdentity { identity_id: one }, Self::AssignIdentity { identity_id: two }) => one != two,
            // Two answers to one mail.
            (Self::AutoReply { .. }, Self::AutoReply { .. }) => true,
            _ => false,
        }
    }

    pub(super) fn problems(&self, path: &str, trigger: Trigger) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(triggers) = self.triggers()
            && !triggers.contains(&trigger)
        {
            let names: Vec<_> = triggers.iter().map(|trigger| format!("`{}`", trigger.as_str())).collect();
            let message = format!("`{}` can only follow {}", self.kind(), names.join(", "));
            problems.push(Problem::new(format!("{path}.type"), message));
        }
        let mut refuse = |field: &str, message: &str| problems.push(Problem::new(format!("{path}.{field}"), message));
        match self {
            Self::RejectDraft { reason: Some(reason) } if reason.len() > MAX_REASON_BYTES => {
                refuse("reason", "must be at most 1 KB long");
            }
            // Whether a draft is pending is a fact, not a choice.
            Self::SetThreadStatus { status: ThreadStatus::DraftPending } => {
                refuse("status", "must be `open`, `waiting` or `closed`");
            }
            Self::AddTag { tag } | Self::RemoveTag { tag }
                if tag.trim().is_empty() || tag.len() > MAX_TAG_BYTES || tag.chars().any(char::is_control) =>
            {
                refuse("tag", "must be 1 to 64 bytes without control characters");
            }
            Self::AutoReply { body_text }
                if body_text.trim().is_empty() || body_text.len() > MAX_REPLY_BYTES || body_text.contains('\0') =>
            {
                refuse("body_text", "must be 1 byte to 16 KB long, not blank, without NUL characters");
            }
            _ => {}
        }
        problems
    }
}
