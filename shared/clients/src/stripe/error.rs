//! What Stripe says when it does not do something, and what that means. See docs.stripe.com/api/errors.

use serde_json::Value;

use crate::providers::{Answer, CallError};

/// Why Stripe did not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StripeError {
    /// 429: not now.
    #[error("rate_limited")]
    RateLimited,
    /// 401 or 403: not a key, or one that may not do this.
    #[error("not_allowed")]
    NotAllowed,
    /// There is no such object.
    #[error("resource_missing")]
    Missing,
    /// 4xx: it was asked for something wrong. Its own code.
    #[error("{0}")]
    Refused(String),
    /// 409 or 5xx: it may have happened or not; with the same idempotency key it happens once.
    #[error("{0}")]
    Unclear(String),
    /// There is no answer that says anything; the same is true.
    #[error("no_answer")]
    NoAnswer,
    /// No connection was made.
    #[error("not_reached")]
    NotReached,
}

impl From<CallError> for StripeError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotReached => Self::NotReached,
            CallError::NoAnswer => Self::NoAnswer,
        }
    }
}

impl StripeError {
    /// The answer, if Stripe did what it was asked.
    pub(crate) fn of_answer(answer: Answer) -> Result<Value, Self> {
        let word = || {
            let error = &answer.body["error"];
            let word = error["code"].as_str().or_else(|| error["type"].as_str()).unwrap_or("unknown");
            // From outside: kept short, and nothing but what words are made of.
            word.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect::<String>()
        };
        Err(match answer.status {
            200..=299 if answer.body.is_object() => return Ok(answer.body),
            200..=299 => Self::NoAnswer,
            401 | 403 => Self::NotAllowed,
            404 => Self::Missing,
            400..=499 if word() == "resource_missing" => Self::Missing,
            409 => Self::Unclear(word()),
            429 => Self::RateLimited,
            400..=499 => Self::Refused(word()),
            status => Self::Unclear(format!("http_{status}")),
        })
    }

    /// Whether the same request may succeed later, without anybody doing anything.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::RateLimited | Self::Unclear(_) | Self::NoAnswer | Self::NotReached => true,
            Self::NotAllowed | Self::Missing | Self::Refused(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_are_sorted_by_what_they_mean() {
        let of = |status, body| StripeError::of_answer(Answer { status, retry_after_seconds: None, body });
        let error = |code: &str| json!({"error": {"type": "invalid_request_error", "code": code}});
        assert_eq!(of(200, json!({"id": "cus_1"})), Ok(json!({"id": "cus_1"})));
        assert_eq!(of(200, Value::Null), Err(StripeError::NoAnswer));
        assert_eq!(of(401, Value::Null), Err(StripeError::NotAllowed));
        assert_eq!(of(404, error("resource_missing")), Err(StripeError::Missing));
        assert_eq!(of(400, error("resource_missing")), Err(StripeError::Missing));
        assert_eq!(of(400, error("parameter_unknown")), Err(StripeError::Refused("parameter_unknown".to_owned())));
        assert_eq!(of(402, json!({"error": {"type": "<b>"}})), Err(StripeError::Refused("b".to_owned())));
        assert_eq!(of(429, Value::Null), Err(StripeError::RateLimited));
        for status in [409, 500, 503] {
            assert!(of(status, Value::Null).is_err_and(|error| error.retryable()), "{status}");
        }
    }
}
