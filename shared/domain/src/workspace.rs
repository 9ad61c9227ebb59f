//! The workspace: one tenant, its settings and what its plan allows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{HeaderText, Timestamp, WorkspaceId, billing::Billing};

/// A tenant. Everything else belongs to exactly one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    pub id: WorkspaceId,
    /// The name people see.
    pub name: HeaderText,
    /// What its owner chose.
    pub settings: WorkspaceSettings,
    /// Who pays for it and what they pay for; none as long as nobody began to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<Billing>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What the owner of a workspace can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkspaceSettings {
    /// Hold mail from senders who are not trusted contacts.
    pub sender_trust_gating: bool,
    /// A draft that nobody decided expires after so many hours; never when `None`.
    pub draft_ttl_hours: Option<u32>,
    /// Tell the approvers about held mail.
    pub notify_held_inbound: bool,
    /// Approvers are reminded once of a draft that nobody decided for so many hours; never when `None`.
    #[serde(default = "default_remind_after_hours")]
    pub remind_after_hours: Option<u32>,
    /// What becomes of mail that cites a conversation its author takes no part in.
    #[serde(default)]
    pub new_participants: NewParticipants,
}

/// Where mail goes that cites a conversation its author takes no part in: people answer from a second address, and strangers
/// find out Message-IDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewParticipants {
    /// Into the conversation, flagged `new_participant`.
    #[default]
    Join,
    /// Into a thread of its own, whose `related_thread_id` is the conversation.
    NewThread,
}

#[allow(clippy::unnecessary_wraps, reason = "the default of an optional field")]
const fn default_remind_after_hours() -> Option<u32> {
    Some(4)
}

impl Default for WorkspaceSettings {
    fn default() -> Self {
        Self {
            sender_trust_gating: false,
            draft_ttl_hours: None,
            notify_held_inbound: false,
            remind_after_hours: default_remind_after_hours(),
            new_participants: NewParticipants::Join,
        }
    }
}
