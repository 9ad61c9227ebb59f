//! Suppressed addresses.

use actionlayer_domain::{
    EmailAddress, MessageId, Suppression, SuppressionId, SuppressionReason, Timestamp, WorkspaceId,
};
use serde::Serialize;
use utoipa::ToSchema;

/// An address that nothing is sent to any more.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SuppressionView {
    id: SuppressionId,
    workspace_id: WorkspaceId,
    email: EmailAddress,
    reason: SuppressionReason,
    /// The message that bounced or was complained about.
    message_id: MessageId,
    created_at: Timestamp,
}

impl SuppressionView {
    /// The view of a suppression.
    pub fn of(suppression: Suppression) -> Self {
        let Suppression { id, workspace_id, email, reason, message_id, created_at } = suppression;
        Self { id, workspace_id, email, reason, message_id, created_at }
    }
}
