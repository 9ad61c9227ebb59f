//! Addresses that nothing is sent to any more: mail to them bounced for good, or its recipient called it spam.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EmailAddress, MessageId, SuppressionId, Timestamp, WorkspaceId};

/// Why an address is on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SuppressionReason {
    /// The receiving host refused it for good.
    Bounce,
    /// Its owner called a mail of ours spam.
    Complaint,
}

impl SuppressionReason {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
        }
    }
}

/// An address that a workspace sends nothing to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suppression {
    pub id: SuppressionId,
    pub workspace_id: WorkspaceId,
    /// The address; on the list once, compared without case.
    pub email: EmailAddress,
    /// Why.
    pub reason: SuppressionReason,
    /// The message that bounced or was complained about.
    pub message_id: MessageId,
    /// Since when.
    pub created_at: Timestamp,
}
