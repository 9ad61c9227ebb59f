//! Where approvers are asked.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EmailAddress, Timestamp};

/// A way to reach the people who decide. Several may be set; all are told, the first decision wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum ApprovalChannel {
    /// A mail with a link of its own for every approver.
    Email {
        /// The approvers, at least one.
        to: Vec<EmailAddress>,
    },
}

impl ApprovalChannel {
    /// The name in the API: the value of `type`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Email { .. } => "email",
        }
    }
}

/// Whether one approver was told of one version of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NotificationState {
    /// The provider took it.
    Sent,
    /// The provider refused it, or did not answer; the draft waits in the dashboard.
    Failed,
}

/// What became of telling one approver about one version of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// The channel's `type`.
    pub channel: String,
    /// Whom it went to.
    pub recipient: EmailAddress,
    /// The version of the draft it showed.
    pub version: u32,
    /// What became of it.
    pub state: NotificationState,
    /// Why it failed, in a fixed word.
    pub error: Option<String>,
    /// When that was.
    pub at: Timestamp,
}
