//! What can go wrong between us and the table or the bucket.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// A read or write that gave no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The caller's cursor is not one of ours, or of another list: the caller's mistake, and nothing was read.
    #[error("is not a cursor of this list: take `next_cursor` of an answer to the same filters")]
    InvalidCursor,
    /// AWS asks to slow down, after the client's own retries.
    #[error("{service} throttles")]
    Throttled { service: &'static str },
    /// No answer, or a failure on their side. A write may or may not have happened; repeating it is safe, since its
    /// condition then fails.
    #[error("{service} is unavailable: {code}")]
    Unavailable {
        service: &'static str,
        /// Their code, or what kind of failure it was.
        code: String,
    },
    /// They refused the request itself: a permission, a table or our own mistake.
    #[error("{service} refused the request: {code}")]
    Refused { service: &'static str, code: String },
    /// What is stored cannot be read: written by another version, or damaged.
    #[error("a stored item of kind {kind} cannot be read: {reason}")]
    Corrupt {
        /// The kind of item.
        kind: &'static str,
        /// Which field, without its value.
        reason: String,
    },
}

impl StoreError {
    /// Whether the same call may work a moment later.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Throttled { .. } | Self::Unavailable { .. } => true,
            Self::InvalidCursor | Self::Refused { .. } | Self::Corrupt { .. } => false,
        }
    }

    /// Sorts an SDK error into ours. Any service's: they share their error metadata.
    pub fn from_sdk<E: ProvideErrorMetadata, R>(service: &'static str, error: &SdkError<E, R>) -> Self {
        let code = match error {
            SdkError::ServiceError(context) => context.err().code().unwrap_or("unknown").to_owned(),
            SdkError::ConstructionFailure(_) => "construction_failure".to_owned(),
            SdkError::TimeoutError(_) => "timeout".to_owned(),
            SdkError::DispatchFailure(_) => "dispatch_failure".to_owned(),
            SdkError::ResponseError(_) => "unreadable_response".to_owned(),
            _ => "unknown".to_owned(),
        };
        match (error, code.as_str()) {
            (
                SdkError::ServiceError(_),
                "ProvisionedThroughputExceededException"
                | "ThrottlingException"
                | "RequestLimitExceeded"
                | "SlowDown"
                | "TooManyRequestsException"
                | "Throttling",
            ) => Self::Throttled { service },
            (SdkError::ServiceError(_), "InternalServerError" | "ServiceUnavailable" | "InternalError" | "unknown") => {
                Self::Unavailable { service, code }
            }
            (SdkError::ServiceError(_) | SdkError::ConstructionFailure(_), _) => Self::Refused { service, code },
            _ => Self::Unavailable { service, code },
        }
    }

    pub(crate) fn dynamodb<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        Self::from_sdk("dynamodb", error)
    }

    pub(crate) fn s3<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        Self::from_sdk("s3", error)
    }
}

/// Why a transaction did not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A condition failed or another transaction was under way: what was read is no longer so. Nothing was written.
    #[error("the items changed in the meantime")]
    Conflict {
        /// The positions, in the order they were added, of the operations whose own condition failed. Empty when the
        /// transaction only collided with another.
        failed: Vec<usize>,
    },
    /// Anything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}
