//! A person mail was exchanged with, and whether their mail may come straight in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ContactId, EmailAddress, HeldId, IdentityId, Timestamp, WorkspaceId,
    message::{Authentication, SafetyFlag},
};

/// Whether a sender is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContactStatus {
    /// Mail comes straight in.
    Trusted,
    /// Nobody decided yet.
    Pending,
    /// Mail is dropped and counted.
    Blocked,
}

impl ContactStatus {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Pending => "pending",
            Self::Blocked => "blocked",
        }
    }
}

/// A person, known by address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// The address; unique in the workspace, compared without case.
    pub email: EmailAddress,
    /// The name their mail gave.
    pub name: Option<String>,
    /// Whether their mail may come in.
    pub status: ContactStatus,
    /// The owner's tags.
    pub tags: Vec<String>,
    /// When mail was last exchanged.
    pub last_seen_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Mail of a sender nobody decided about, waiting outside the threads. The raw mail stays in the bucket; approving the
/// sender receives it as if it had just arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldInbound {
    /// Its id.
    pub id: HeldId,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// The identity it was sent to.
    pub identity_id: IdentityId,
    /// The envelope recipient, that identity's address when it arrived.
    pub recipient: EmailAddress,
    /// Which raw mail: SES's id of it.
    pub ses_message_id: String,
    /// The envelope sender; none for a null return path.
    pub envelope_from: Option<String>,
    /// The author's address, as the mail gave it.
    pub from_email: String,
    /// The author's name, as the mail gave it.
    pub from_name: Option<String>,
    /// The subject, as the mail gave it.
    pub subject: String,
    /// The first words of the text.
    pub snippet: String,
    /// SES's verdicts.
    pub authentication: Authentication,
    /// What looks dangerous.
    pub safety_flags: Vec<SafetyFlag>,
    /// When SES received it.
    pub received_at: Timestamp,
}
