//! Why something did not leave.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why something did not leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A fixed word to branch on.
    pub code: FailureCode,
    /// What happened and what to do, for a person.
    pub message: String,
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// It was handed to SES and no answer or event ever came. It may have left.
    OutcomeUnknown,
    /// SES refused it.
    Rejected,
    /// SES does not send for the domain or the account.
    SendingDisabled,
    /// SES kept saying "not now" until the queue gave up.
    Throttled,
    /// The identity was suspended or deleted before it left.
    IdentityUnavailable,
    /// Mail to a recipient bounced or was complained about before it left.
    RecipientSuppressed,
    /// Newer inbound arrived before it left.
    Stale,
    /// What would have left is not what was approved.
    ContentChanged,
}

impl FailureCode {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Rejected => "rejected",
            Self::SendingDisabled => "sending_disabled",
            Self::Throttled => "throttled",
            Self::IdentityUnavailable => "identity_unavailable",
            Self::RecipientSuppressed => "recipient_suppressed",
            Self::Stale => "stale",
            Self::ContentChanged => "content_changed",
        }
    }
}

impl Failure {
    /// Nobody knows whether it left.
    pub fn outcome_unknown() -> Self {
        Self {
            code: FailureCode::OutcomeUnknown,
            message:
                "SES did not say whether it took this mail, and no delivery event came. It may have left: ask the \
                      recipient before sending again."
                    .to_owned(),
        }
    }

    /// Whether this is the failure of not knowing.
    pub fn is_outcome_unknown(&self) -> bool {
        self.code == FailureCode::OutcomeUnknown
    }
}
