//! Why a use case did not do what was asked: one closed list. `api` has the one table that turns it into HTTP, `runtime`
//! the one that turns it into queue results.

use actionlayer_clients::ClientError;
use actionlayer_domain::{DraftRefusal, draft::DraftStatus, unattended::Declined};
use actionlayer_store::{CommitError, StoreError};

/// A field of the request that cannot be taken, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, as a path such as `to[0]`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl FieldError {
    /// What is wrong with a field.
    pub fn new(field: impl Into<String>, message: impl std::fmt::Display) -> Self {
        Self { field: field.into(), message: message.to_string() }
    }
}

/// Why a use case did not do what was asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ServiceError {
    /// There is no such object in the caller's workspace.
    #[error("no such {what}")]
    NotFound {
        /// What was looked for, as a word: `draft`.
        what: &'static str,
    },
    /// The credential is missing, malformed, unknown or revoked.
    #[error("no valid API key")]
    Unauthorized,
    /// The key's role does not allow this.
    #[error("the key's role does not allow this: {reason}")]
    Forbidden {
        /// Which role it takes.
        reason: &'static str,
    },
    /// A pending draft, and a key that may not send what nobody approved.
    #[error("a person must approve this draft first")]
    ApprovalRequired,
    /// Fields that cannot be taken.
    #[error("the request has invalid fields")]
    Validation(Vec<FieldError>),
    /// The state machine of the draft refused.
    #[error("the draft is not in a state that allows this")]
    Draft(DraftRefusal),
    /// Newer inbound arrived in the thread.
    #[error("newer mail arrived in the thread")]
    StaleDraft,
    /// No person approved it, and it may not leave without one.
    #[error("a person must approve this: {}", .0.sentence())]
    Unattended(Declined),
    /// The identity may not start threads.
    #[error("the identity may not send cold mail")]
    ColdSendBlocked,
    /// Records of the domain are missing.
    #[error("the domain is not verified")]
    DomainNotVerified {
        /// The names of the missing records with their types, such as `TXT _novacore.example.com`.
        missing: Vec<String>,
    },
    #[error("the identity is suspended")]
    IdentitySuspended,
    /// The plan allows no more.
    #[error("the plan allows no more")]
    PlanLimit {
        /// What it allows, as a sentence without its full stop.
        reason: String,
        /// Where more can be had.
        upgrade_url: String,
    },
    /// There is nobody who could be paid.
    #[error("no payment provider is set up")]
    BillingNotConfigured,
    /// There is a workspace already.
    #[error("a workspace exists already")]
    WorkspaceExists,
    /// Recipients that nothing is sent to any more: each with the field that names it.
    #[error("a recipient is suppressed")]
    RecipientSuppressed(Vec<FieldError>),
    /// There is one already.
    #[error("such a {what} exists already")]
    Exists {
        /// What there is, as a word: `contact`.
        what: &'static str,
        id: String,
    },
    /// The name, address or object is taken, or the step collides with the current state.
    #[error("{0}")]
    Conflict(&'static str),
    /// The same items kept changing while this was tried several times. Nothing was written.
    #[error("too many changes at once")]
    Contended,
    /// The table or the bucket.
    #[error(transparent)]
    Store(StoreError),
    /// Another AWS service, or DNS, gave no usable answer.
    #[error("{service} is unavailable: {code}")]
    Upstream { service: &'static str, code: String },
}

impl ServiceError {
    /// Whether the same call may work a moment later, unchanged.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Contended | Self::Upstream { .. } => true,
            Self::Store(error) => error.retryable(),
            Self::NotFound { .. }
            | Self::Unauthorized
            | Self::Forbidden { .. }
            | Self::ApprovalRequired
            | Self::Validation(_)
            | Self::Draft(_)
            | Self::StaleDraft
            | Self::Unattended(_)
            | Self::ColdSendBlocked
            | Self::DomainNotVerified { .. }
            | Self::IdentitySuspended
            | Self::PlanLimit { .. }
            | Self::BillingNotConfigured
            | Self::WorkspaceExists
            | Self::RecipientSuppressed(_)
            | Self::Exists { .. }
            | Self::Conflict(_) => false,
        }
    }

    /// One invalid field.
    pub fn invalid(field: impl Into<String>, message: impl std::fmt::Display) -> Self {
        Self::Validation(vec![FieldError::new(field, message)])
    }
}

impl From<ClientError> for ServiceError {
    fn from(ClientError { service, code }: ClientError) -> Self {
        Self::Upstream { service, code }
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            // The caller's mistake, not the store's.
            StoreError::InvalidCursor => Self::invalid("cursor", error),
            error => Self::Store(error),
        }
    }
}

impl From<DraftRefusal> for ServiceError {
    fn from(refusal: DraftRefusal) -> Self {
        match refusal {
            DraftRefusal::Stale => Self::StaleDraft,
            DraftRefusal::ApprovalRequired => Self::ApprovalRequired,
            other => Self::Draft(other),
        }
    }
}

impl From<CommitError> for ServiceError {
    /// For writes outside a retry loop: a collision there is contention.
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { .. } => Self::Contended,
            CommitError::Store(error) => error.into(),
        }
    }
}

/// A status in a sentence: "was approved".
pub const fn past_tense(status: DraftStatus) -> &'static str {
    match status {
        DraftStatus::Pending => "is pending",
        DraftStatus::Approved => "was approved",
        DraftStatus::Rejected => "was rejected",
        DraftStatus::Sent => "was sent",
        DraftStatus::Stale => "went stale",
        DraftStatus::Failed => "failed",
        DraftStatus::Expired => "expired",
    }
}
