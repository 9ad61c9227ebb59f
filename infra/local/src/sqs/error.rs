//! SQS's errors and how they look on the wire (AWS JSON 1.0, query-compatible).
//!
//! Source: the "Errors" of each operation in the Amazon SQS API Reference, and the service's published Smithy model for
//! the query error codes, which SDKs take from `x-amzn-query-error` in preference to `__type`.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};

use crate::state::StateError;

/// Why a request was refused. The texts are the ones AWS sends.
#[derive(Debug, thiserror::Error)]
pub(super) enum SqsError {
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    #[error("A queue already exists with the same name and a different value for attribute {attribute}")]
    QueueNameExists { attribute: &'static str },
    #[error("The address {0} is not valid for this endpoint.")]
    InvalidAddress(String),
    #[error("Unknown Attribute {0}.")]
    InvalidAttributeName(String),
    #[error("Invalid value for the parameter {0}.")]
    InvalidAttributeValue(&'static str),
    #[error("FIFO queues are not played by this engine; the queue name must not end with .fifo.")]
    FifoQueue,
    #[error("Value {value} for parameter {parameter} is invalid. Reason: {reason}")]
    InvalidParameter { parameter: &'static str, value: String, reason: &'static str },
    #[error("One or more parameters are invalid. Reason: Message must be shorter than {0} bytes.")]
    MessageTooLong(usize),
    #[error("The message attribute '{name}' is invalid. Reason: {reason}")]
    MessageAttribute { name: String, reason: &'static str },
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(&'static str),
    #[error(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    InvalidMessageContents,
    #[error("There should be at least one {0}RequestEntry in the request.")]
    EmptyBatchRequest(&'static str),
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntriesInBatchRequest(usize),
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    )]
    InvalidBatchEntryId,
    #[error("Batch requests cannot be longer than {limit} bytes. You have sent {sent} bytes.")]
    BatchRequestTooLong { limit: usize, sent: usize },
    #[error("The input receipt handle \"{0}\" is not a valid receipt handle.")]
    ReceiptHandleIsInvalid(String),
    #[error("The specified message isn't in flight.")]
    MessageNotInflight,
    #[error("Only one PurgeQueue operation on {0} is allowed every 60 seconds.")]
    PurgeQueueInProgress(String),
    #[error("{0} is not played by this engine.")]
    UnsupportedOperation(String),
    #[error("The request is not valid JSON for this operation: {0}")]
    Serialization(serde_json::Error),
    #[error("Request throttled.")]
    RequestThrottled,
    #[error("The engine's state could not be read or written.")]
    Storage(#[from] StateError),
    #[error("The engine has no source of randomness.")]
    Entropy(#[from] getrandom::Error),
    #[error("A stored row could not be read back.")]
    StoredRow(serde_json::Error),
}

impl From<rusqlite::Error> for SqsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.into())
    }
}

const MODEL: &str = "com.amazonaws.sqs";
/// Errors that AWS raises before the service's own code has their shapes here.
const FRAMEWORK: &str = "com.amazon.coral.service";

impl SqsError {
    /// Status, namespace and name of the shape, query error code.
    fn wire(&self) -> (StatusCode, &'static str, &'static str, &'static str) {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        match self {
            Self::QueueDoesNotExist => (BAD, MODEL, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
            Self::QueueNameExists { .. } => (BAD, MODEL, "QueueNameExists", "QueueAlreadyExists"),
            Self::InvalidAddress(_) => (StatusCode::NOT_FOUND, MODEL, "InvalidAddress", "InvalidAddress"),
            Self::InvalidAttributeName(_) => (BAD, MODEL, "InvalidAttributeName", "InvalidAttributeName"),
            Self::InvalidAttributeValue(_) | Self::FifoQueue => {
                (BAD, MODEL, "InvalidAttributeValue", "InvalidAttributeValue")
            }
            Self::InvalidParameter { .. } | Self::MessageTooLong(_) | Self::MessageAttribute { .. } => {
                (BAD, FRAMEWORK, "InvalidParameterValueException", "InvalidParameterValue")
            }
            Self::MissingParameter(_) => (BAD, FRAMEWORK, "MissingRequiredParameterException", "MissingParameter"),
            Self::InvalidMessageContents => (BAD, MODEL, "InvalidMessageContents", "InvalidMessageContents"),
            Self::EmptyBatchRequest(_) => (BAD, MODEL, "EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
            Self::TooManyEntriesInBatchRequest(_) => {
                (BAD, MODEL, "TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
            }
            Self::BatchEntryIdsNotDistinct(_) => {
                (BAD, MODEL, "BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
            }
            Self::InvalidBatchEntryId => {
                (BAD, MODEL, "InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId")
            }
            Self::BatchRequestTooLong { .. } => {
                (BAD, MODEL, "BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong")
            }
            Self::ReceiptHandleIsInvalid(_) => (BAD, MODEL, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
            Self::MessageNotInflight => (BAD, MODEL, "MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
            Self::PurgeQueueInProgress(_) => {
                (StatusCode::FORBIDDEN, MODEL, "PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress")
            }
            // AWS knows all of its operations; the status says that the refusal is this engine's.
            Self::UnsupportedOperation(_) => (
                StatusCode::NOT_IMPLEMENTED,
                MODEL,
                "UnsupportedOperation",
                "AWS.SimpleQueueService.UnsupportedOperation",
            ),
            Self::Serialization(_) => (BAD, FRAMEWORK, "SerializationException", "MalformedInput"),
            // 403 and not 429: what SDKs' retry rules for SQS look for.
            Self::RequestThrottled => (StatusCode::FORBIDDEN, MODEL, "RequestThrottled", "RequestThrottled"),
            Self::Storage(_) | Self::Entropy(_) | Self::StoredRow(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, FRAMEWORK, "InternalFailure", "InternalFailure")
            }
        }
    }

    /// The code of a failed batch entry.
    pub(super) fn code(&self) -> &'static str {
        self.wire().3
    }

    /// Whether the caller is at fault, rather than the engine.
    pub(super) fn is_sender_fault(&self) -> bool {
        !self.wire().0.is_server_error()
    }
}

impl IntoResponse for SqsError {
    fn into_response(self) -> Response {
        let (status, namespace, shape, code) = self.wire();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = ?self, "sqs request failed");
        }
        let body = serde_json::json!({ "__type": format!("{namespace}#{shape}"), "message": self.to_string() });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, super::CONTENT);
        let fault = if self.is_sender_fault() { "Sender" } else { "Receiver" };
        if let Ok(value) = HeaderValue::try_from(format!("{code};{fault}")) {
            response.headers_mut().insert("x-amzn-query-error", value);
        }
        response
    }
}
