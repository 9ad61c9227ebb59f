//! What Slack says when it does not do something, and what that means.

use serde_json::Value;

use crate::providers::{Answer, CallError};

/// Why Slack did not do something. The words are those of docs.slack.dev/reference/methods.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlackError {
    /// `ratelimited`: not now.
    #[error("Slack asks to wait {retry_after_seconds} s")]
    RateLimited {
        /// How long, in seconds.
        retry_after_seconds: u32,
    },
    /// `channel_not_found`.
    #[error("channel_not_found")]
    ChannelNotFound,
    /// `not_in_channel`.
    #[error("not_in_channel")]
    NotInChannel,
    /// `is_archived`.
    #[error("is_archived")]
    IsArchived,
    /// `restricted_action` and its kin: an administrator forbids it.
    #[error("{0}")]
    Restricted(String),
    /// `invalid_auth`, `not_authed`: not a token.
    #[error("invalid_auth")]
    InvalidAuth,
    /// `token_revoked`, `account_inactive`, `token_expired`, `org_login_required`, `ekm_access_denied`: not a token any more.
    #[error("{0}")]
    AccessLost(String),
    /// `missing_scope`.
    #[error("missing_scope")]
    MissingScope { needed: String },
    /// `message_not_found`, `cant_update_message`, `edit_window_closed`, `block_mismatch`: that message stays as it is.
    #[error("{0}")]
    MessageStays(String),
    /// `expired_trigger_id`, `exchanged_trigger_id`, `invalid_trigger_id`, `trigger_expired`: too late for a modal.
    #[error("{0}")]
    TooLateForModal(String),
    /// `invalid_code`, `code_already_used`, `bad_redirect_uri` and other errors of OAuth.
    #[error("{0}")]
    OAuth(String),
    /// `invalid_blocks`, `msg_too_long`, `invalid_arguments` and the like: we asked for something wrong.
    #[error("{0}")]
    BadRequest(String),
    /// `fatal_error`, `internal_error`, `request_timeout`, `service_unavailable`: it may have happened or not.
    #[error("{0}")]
    Unclear(String),
    /// There is no answer; it may have happened or not.
    #[error("no_answer")]
    NoAnswer,
    /// No connection was made.
    #[error("not_reached")]
    NotReached,
    /// A word that is not documented.
    #[error("{0}")]
    Other(String),
}

impl From<CallError> for SlackError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotReached => Self::NotReached,
            CallError::NoAnswer => Self::NoAnswer,
        }
    }
}

impl SlackError {
    /// The answer, if Slack did what it was asked.
    pub(crate) fn of_answer(answer: Answer) -> Result<Value, Self> {
        let retry_after_seconds = answer.retry_after_seconds.unwrap_or(1);
        if answer.status == 429 {
            return Err(Self::RateLimited { retry_after_seconds });
        }
        if answer.body["ok"] == true {
            return Ok(answer.body);
        }
        let Some(word) = answer.body["error"].as_str() else {
            return Err(if answer.status >= 500 {
                Self::Unclear(format!("http_{}", answer.status))
            } else {
                Self::NoAnswer
            });
        };
        // Words come from outside: kept short, and nothing but what words are made of.
        let word: String = word.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect();
        Err(match word.as_str() {
            "ratelimited" | "rate_limited" => Self::RateLimited { retry_after_seconds },
            "channel_not_found" => Self::ChannelNotFound,
            "not_in_channel" => Self::NotInChannel,
            "is_archived" => Self::IsArchived,
            "invalid_auth" | "not_authed" => Self::InvalidAuth,
            "token_revoked" | "account_inactive" | "token_expired" | "org_login_required" | "ekm_access_denied" => {
                Self::AccessLost(word)
            }
            "missing_scope" => Self::MissingScope {
                needed: answer.body["needed"].as_str().unwrap_or("chat:write").chars().take(64).collect(),
            },
            "message_not_found" | "cant_update_message" | "edit_window_closed" | "block_mismatch" => {
                Self::MessageStays(word)
            }
            "expired_trigger_id" | "exchanged_trigger_id" | "invalid_trigger_id" | "trigger_expired" => {
                Self::TooLateForModal(word)
            }
            "invalid_code" | "code_already_used" | "bad_redirect_uri" | "invalid_client_id" | "bad_client_secret" => {
                Self::OAuth(word)
            }
            "invalid_blocks"
            | "invalid_blocks_format"
            | "msg_blocks_too_long"
            | "msg_too_long"
            | "no_text"
            | "invalid_arguments"
            | "view_too_large"
            | "hash_conflict" => Self::BadRequest(word),
            "fatal_error" | "internal_error" | "request_timeout" | "service_unavailable" => Self::Unclear(word),
            word if word.starts_with("restricted_action") => Self::Restricted(word.to_owned()),
            _ => Self::Other(word),
        })
    }

    /// Whether the same request may succeed later, without anybody doing anything.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unclear(_) | Self::NoAnswer | Self::NotReached => true,
            Self::ChannelNotFound
            | Self::NotInChannel
            | Self::IsArchived
            | Self::Restricted(_)
            | Self::InvalidAuth
            | Self::AccessLost(_)
            | Self::MissingScope { .. }
            | Self::MessageStays(_)
            | Self::TooLateForModal(_)
            | Self::OAuth(_)
            | Self::BadRequest(_)
            | Self::Other(_) => false,
        }
    }

    /// Whether nothing can be posted to the channel any more until a person mends it.
    pub const fn breaks_channel(&self) -> bool {
        match self {
            Self::ChannelNotFound
            | Self::NotInChannel
            | Self::IsArchived
            | Self::Restricted(_)
            | Self::InvalidAuth
            | Self::AccessLost(_)
            | Self::MissingScope { .. } => true,
            Self::RateLimited { .. }
            | Self::MessageStays(_)
            | Self::TooLateForModal(_)
            | Self::OAuth(_)
            | Self::BadRequest(_)
            | Self::Unclear(_)
            | Self::NoAnswer
            | Self::NotReached
            | Self::Other(_) => false,
        }
    }

    /// Slack's own word for it.
    pub fn word(&self) -> String {
        match self {
            Self::RateLimited { .. } => "ratelimited".to_owned(),
            other => other.to_string(),
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            Self::RateLimited { .. } => "Slack takes no more requests for a moment; it is tried again.".to_owned(),
            Self::ChannelNotFound => {
                "There is no such channel, or it is private and the bot is not in it: use the channel's id, and invite the bot with /invite.".to_owned()
            }
            Self::NotInChannel => "Invite the bot to the channel: write /invite and its name there.".to_owned(),
            Self::IsArchived => "The channel is archived: unarchive it, or choose another.".to_owned(),
            Self::Restricted(_) => "An administrator of the Slack workspace does not let the bot post there.".to_owned(),
            Self::InvalidAuth => "This is not a bot token of Slack: copy the Bot User OAuth Token, which begins with xoxb-.".to_owned(),
            Self::AccessLost(_) => "The app was removed or its token revoked: install it again, and save the new token.".to_owned(),
            Self::MissingScope { needed } => {
                format!("Add the scope {needed} to the app's bot token scopes, and install the app again.")
            }
            Self::MessageStays(_) => "The message cannot be changed any more.".to_owned(),
            Self::TooLateForModal(_) => "Slack gives three seconds to open a dialog: press the button again.".to_owned(),
            Self::OAuth(_) => "Start again with “Add to Slack”.".to_owned(),
            Self::BadRequest(_) | Self::Other(_) => "Slack refused the request as it was made.".to_owned(),
            Self::Unclear(_) | Self::NoAnswer | Self::NotReached => "Slack did not answer; it is tried again.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn error(status: u16, body: Value) -> SlackError {
        SlackError::of_answer(Answer { status, retry_after_seconds: Some(7), body }).unwrap_err()
    }

    #[test]
    fn words_are_sorted_by_what_they_mean() {
        let named = |word: &str| error(200, json!({"ok": false, "error": word}));
        assert_eq!(error(429, Value::Null), SlackError::RateLimited { retry_after_seconds: 7 });
        assert_eq!(named("ratelimited"), SlackError::RateLimited { retry_after_seconds: 7 });
        for word in [
            "channel_not_found",
            "not_in_channel",
            "is_archived",
            "invalid_auth",
            "token_revoked",
            "missing_scope",
            "restricted_action_read_only_channel",
        ] {
            let error = named(word);
            assert!(
                error.breaks_channel() && !error.retryable() && error.word() == word && !error.fix().is_empty(),
                "{word}"
            );
        }
        for word in ["fatal_error", "service_unavailable"] {
            assert!(named(word).retryable() && !named(word).breaks_channel());
        }
        assert!(matches!(named("message_not_found"), SlackError::MessageStays(_)));
        assert_eq!(named("<script>"), SlackError::Other("script".to_owned()));
        assert!(error(502, Value::Null).retryable());
        assert!(
            SlackError::of_answer(Answer { status: 200, retry_after_seconds: None, body: json!({"ok": true}) }).is_ok()
        );
    }
}
