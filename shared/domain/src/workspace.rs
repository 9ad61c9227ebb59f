//! The workspace: one tenant, its settings and what its plan allows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{HeaderText, Plan, Timestamp, WorkspaceId};

/// A tenant. Everything else belongs to exactly one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// The name people see.
    pub name: HeaderText,
    /// What its owner chose.
    pub settings: WorkspaceSettings,
    /// What it may use; none for what the deployment says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What the owner of a workspace can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct WorkspaceSettings {
    /// Hold mail from senders who are not trusted contacts.
    pub sender_trust_gating: bool,
    /// A draft that nobody decided expires after so many hours; never when `None`.
    pub draft_ttl_hours: Option<u32>,
    /// Tell the approvers about held mail.
    pub notify_held_inbound: bool,
}
