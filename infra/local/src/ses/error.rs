//! Refusals, as SES v2 models and writes them: `x-amzn-errortype` and a JSON message.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::state::StateError;

/// Why an SES request is refused.
#[derive(Debug, thiserror::Error)]
pub enum SesError {
    /// The mail cannot be sent as it is (unverified sender).
    #[error("{0}")]
    MessageRejected(String),
    /// The request is not valid.
    #[error("{0}")]
    BadRequest(String),
    /// The thing named does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The thing named exists already.
    #[error("{0}")]
    AlreadyExists(String),
    /// More requests than the account's rate allows.
    #[error("Maximum sending rate exceeded.")]
    TooManyRequests,
    /// Sending is switched off for the account.
    #[error("Sending is paused for this account. Enable it with PutAccountSendingAttributes.")]
    SendingPaused,
    /// SES has this, the local engine does not.
    #[error("{0} is not part of the local engine's SES")]
    NotImplemented(String),
    /// The engine's state failed.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<rusqlite::Error> for SesError {
    fn from(error: rusqlite::Error) -> Self {
        Self::State(error.into())
    }
}

impl SesError {
    fn modelled(&self) -> (StatusCode, &'static str) {
        match self {
            Self::MessageRejected(_) => (StatusCode::BAD_REQUEST, "MessageRejected"),
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "BadRequestException"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "NotFoundException"),
            Self::AlreadyExists(_) => (StatusCode::BAD_REQUEST, "AlreadyExistsException"),
            Self::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
            Self::SendingPaused => (StatusCode::BAD_REQUEST, "SendingPausedException"),
            Self::NotImplemented(_) => (StatusCode::NOT_IMPLEMENTED, "NotImplemented"),
            Self::State(_) => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceErrorException"),
        }
    }
}

impl IntoResponse for SesError {
    fn into_response(self) -> Response {
        let (status, name) = self.modelled();
        if let Self::State(error) = &self {
            tracing::error!(%error, "SES request failed");
        }
        let mut response = (status, Json(json!({"message": self.to_string()}))).into_response();
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(name));
        response
    }
}
