//! An identity: a mailbox the agent reads from and sends as.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    DomainId, EmailAddress, HeaderText, IdentityId, LocalPart, Timestamp, WorkspaceId,
    channel::{ApprovalChannel, ChannelTrouble},
};

/// The most messages a thread shows at once.
pub const MAX_THREAD_HISTORY_DEPTH: u8 = 20;
/// What a new identity shows unless it says otherwise.
pub const DEFAULT_THREAD_HISTORY_DEPTH: u8 = 10;

/// Whether an identity may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum IdentityStatus {
    /// Receives and sends.
    Active,
    /// Receives nothing and sends nothing.
    Suspended,
}

impl IdentityStatus {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// A mailbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a separate opt-in of the published API")]
pub struct Identity {
    pub id: IdentityId,
    pub workspace_id: WorkspaceId,
    /// The verified domain of its address.
    pub domain_id: DomainId,
    /// The part of its address before the `@`.
    pub local_part: LocalPart,
    /// Its address; never changes.
    pub email_address: EmailAddress,
    /// The name in `From`.
    pub display_name: HeaderText,
    /// The owner's name for the assistant behind it.
    pub assistant_id: Option<String>,
    /// Where replies should go instead of `email_address`.
    pub reply_to_email: Option<EmailAddress>,
    /// Appended once to the text of what it sends.
    pub signature_text: Option<String>,
    /// Appended once to the HTML of what it sends.
    pub signature_html: Option<String>,
    /// How many messages a thread shows, 1 to [`MAX_THREAD_HISTORY_DEPTH`].
    pub thread_history_depth: u8,
    /// Where its approvers are asked.
    pub approval_channels: Vec<ApprovalChannel>,
    /// Those of them that cannot be written to until a person mends it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channel_troubles: Vec<ChannelTrouble>,
    /// May start threads.
    pub can_send_cold: bool,
    /// The owner's opt-out: replies need no approval.
    pub auto_approve_replies: bool,
    /// Whether it may send.
    pub status: IdentityStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
