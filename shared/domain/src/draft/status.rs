//! Where a draft stands.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a draft stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DraftStatus {
    /// Nobody decided.
    Pending,
    /// Somebody approved this version. Approving does not send.
    Approved,
    /// Somebody said no.
    Rejected,
    /// It left.
    Sent,
    /// Newer inbound arrived; it must be written again.
    Stale,
    /// It did not leave, or nobody knows whether it did.
    Failed,
    /// Nobody decided in time.
    Expired,
}

impl DraftStatus {
    /// Every status, for counting and for listing by status.
    pub const ALL: [Self; 7] =
        [Self::Pending, Self::Approved, Self::Rejected, Self::Sent, Self::Stale, Self::Failed, Self::Expired];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Sent => "sent",
            Self::Stale => "stale",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// How far the sending of an approved draft came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SendState {
    /// Waits for a worker.
    Queued,
    /// A worker claimed it; whether it left is not known yet.
    Sending,
}

impl SendState {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
        }
    }
}
