//! The HTTP client for the APIs of named providers: one connection pool, made when it is first needed.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a whole call may take, unless its caller has less time.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(8);
/// More than any answer that is read here has.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Why there is no answer. Names no address: some hold a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No connection was made, so nothing was asked.
    #[error("the provider could not be reached")]
    NotReached,
    /// It was asked, and nobody knows what came of it.
    #[error("the provider did not answer")]
    NoAnswer,
}

/// A lazily made client, shared by clones. Reading the root certificates takes some 10 ms: a function that never calls a
/// provider does not pay for them at its start.
#[derive(Debug, Clone, Default)]
pub(crate) struct Http(Arc<OnceLock<Option<reqwest::Client>>>);

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after_seconds: Option<u32>,
    pub(crate) body: serde_json::Value,
}

impl Http {
    pub(crate) fn client(&self) -> Result<&reqwest::Client, CallError> {
        let made = self.0.get_or_init(|| {
            let builder = reqwest::Client::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(CALL_TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy();
            builder.build().inspect_err(|error| tracing::error!(%error, "no HTTP client could be made")).ok()
        });
        made.as_ref().ok_or(CallError::NotReached)
    }

    /// Sends a request once. No retries: most calls post a message, and a retry of one whose answer was lost posts another.
    pub(crate) async fn call(request: reqwest::RequestBuilder) -> Result<Answer, CallError> {
        let broken =
            |error: reqwest::Error| if error.is_connect() { CallError::NotReached } else { CallError::NoAnswer };
        let mut answer = request.send().await.map_err(broken)?;
        let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after_seconds = retry_after.and_then(|value| value.trim().parse().ok());
        let status = answer.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| CallError::NoAnswer)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_ANSWER_BYTES {
                return Err(CallError::NoAnswer);
            }
        }
        // An answer that is not JSON says nothing; what it means is for its status to say.
        Ok(Answer { status, retry_after_seconds, body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }
}
