//! What Telegram says when it does not do something, and what that means. It has numbers for kinds and sentences for
//! reasons; the sentences are those of tdlib/telegram-bot-api.

use serde_json::Value;

use crate::providers::{Answer, CallError};

/// Why Telegram did not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TelegramError {
    /// 429: not now.
    #[error("Too Many Requests: retry after {retry_after_seconds}")]
    RateLimited {
        /// How long, in seconds.
        retry_after_seconds: u32,
    },
    /// 401, and 404 for what is no token at all.
    #[error("Unauthorized")]
    InvalidToken,
    /// 400 `chat not found`.
    #[error("chat not found")]
    ChatNotFound,
    /// 400 `message thread not found`, or the topic is closed.
    #[error("{0}")]
    NoTopic(String),
    /// 403, and 400 `not enough rights…`: the bot was blocked, kicked or may not write.
    #[error("{0}")]
    Forbidden(String),
    /// 400 `group chat was upgraded to a supergroup chat`.
    #[error("group chat was upgraded to a supergroup chat")]
    Migrated {
        /// The id it has now.
        to_chat_id: i64,
    },
    /// 400 `message is not modified`: it says so already.
    #[error("message is not modified")]
    NotModified,
    /// 400 `message to edit not found` or `message can't be edited`: that message stays as it is.
    #[error("{0}")]
    MessageStays(String),
    /// 400 `query is too old…`: nobody waits for the answer any more.
    #[error("query is too old")]
    QueryTooOld,
    /// 409: somebody asks for updates, or a webhook is set.
    #[error("{0}")]
    Conflict(String),
    /// 400 for a webhook: the address is not one Telegram calls.
    #[error("{0}")]
    BadWebhook(String),
    /// Another refusal.
    #[error("{0}")]
    Refused(String),
    /// 5xx: it may have happened or not.
    #[error("Telegram answered {0}")]
    Unclear(u16),
    /// There is no answer; it may have happened or not.
    #[error("no answer")]
    NoAnswer,
    /// No connection was made.
    #[error("not reached")]
    NotReached,
}

impl From<CallError> for TelegramError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotReached => Self::NotReached,
            CallError::NoAnswer => Self::NoAnswer,
        }
    }
}

/// The longest reason that is repeated.
const REASON_CHARS: usize = 160;

impl TelegramError {
    /// The result, if Telegram did what it was asked.
    pub(crate) fn of_answer(answer: Answer) -> Result<Value, Self> {
        let Answer { status, body, retry_after_seconds } = answer;
        if body["ok"] == true {
            return Ok(body["result"].clone());
        }
        let code = body["error_code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(status);
        let description: String = body["description"]
            .as_str()
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_control())
            .take(REASON_CHARS)
            .collect();
        let parameters = &body["parameters"];
        if let Some(to_chat_id) = parameters["migrate_to_chat_id"].as_i64() {
            return Err(Self::Migrated { to_chat_id });
        }
        // `Bad Request: chat not found`, `Forbidden: bot was blocked by the user`
        let reason = description.split_once(": ").map_or(description.as_str(), |(_, reason)| reason).to_owned();
        let says = |words: &str| reason.to_ascii_lowercase().contains(words);
        Err(match code {
            429 => {
                let asked = parameters["retry_after"].as_u64().and_then(|seconds| u32::try_from(seconds).ok());
                Self::RateLimited { retry_after_seconds: asked.or(retry_after_seconds).unwrap_or(1) }
            }
            401 | 404 => Self::InvalidToken,
            403 => Self::Forbidden(reason),
            409 => Self::Conflict(reason),
            400 if says("not enough rights") || says("have no rights") || says("need administrator rights") => {
                Self::Forbidden(reason)
            }
            400 if says("message is not modified") => Self::NotModified,
            400 if says("query is too old") => Self::QueryTooOld,
            400 if says("message to edit not found")
                || says("message can't be edited")
                || says("message_id_invalid") =>
            {
                Self::MessageStays(reason)
            }
            400 if says("chat not found") => Self::ChatNotFound,
            400 if says("message thread not found") || says("topic_closed") => Self::NoTopic(reason),
            400 if says("webhook") => Self::BadWebhook(reason),
            500..=599 => Self::Unclear(code),
            _ if body.is_null() => Self::NoAnswer,
            _ => Self::Refused(reason),
        })
    }

    /// Whether the same request may succeed later, without anybody doing anything.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unclear(_) | Self::NoAnswer | Self::NotReached => true,
            Self::InvalidToken
            | Self::ChatNotFound
            | Self::NoTopic(_)
            | Self::Forbidden(_)
            | Self::Migrated { .. }
            | Self::NotModified
            | Self::MessageStays(_)
            | Self::QueryTooOld
            | Self::Conflict(_)
            | Self::BadWebhook(_)
            | Self::Refused(_) => false,
        }
    }

    /// Whether nothing can be posted to the chat any more until a person mends it.
    pub const fn breaks_channel(&self) -> bool {
        match self {
            Self::InvalidToken | Self::ChatNotFound | Self::NoTopic(_) | Self::Forbidden(_) => true,
            Self::RateLimited { .. }
            | Self::Migrated { .. }
            | Self::NotModified
            | Self::MessageStays(_)
            | Self::QueryTooOld
            | Self::Conflict(_)
            | Self::BadWebhook(_)
            | Self::Refused(_)
            | Self::Unclear(_)
            | Self::NoAnswer
            | Self::NotReached => false,
        }
    }

    /// Telegram's own words for it.
    pub fn word(&self) -> String {
        self.to_string()
    }

    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            Self::RateLimited { .. } => "Telegram takes no more messages for a moment; it is tried again.",
            Self::InvalidToken => "This is not the token of a bot, or it was revoked: copy it from BotFather again.",
            Self::ChatNotFound => "The bot does not know the chat: write to the bot once, or add it to the group, and use that chat's id.",
            Self::NoTopic(_) => "The topic is closed or gone: open it, or choose another.",
            Self::Forbidden(_) => "The bot may not write there: unblock it, add it to the group again, or let it send messages.",
            Self::Migrated { .. } => "The group has another id now, which is used from here on.",
            Self::NotModified | Self::MessageStays(_) | Self::QueryTooOld => "The message stays as it is.",
            Self::Conflict(_) => "Another program asks for this bot's updates: a bot answers to one. Stop it, or use a bot of your own for approvals.",
            Self::BadWebhook(_) => "Telegram calls https addresses on the ports 443, 80, 88 and 8443: set PublicUrl to one.",
            Self::Refused(_) => "Telegram refused the request as it was made.",
            Self::Unclear(_) | Self::NoAnswer | Self::NotReached => "Telegram did not answer; it is tried again.",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    #![allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    use super::*;
    use serde_json::json;

    fn error(code: u16, description: &str, parameters: Value) -> TelegramError {
        let body = json!({"ok": false, "error_code": code, "description": description, "parameters": parameters});
        TelegramError::of_answer(Answer { status: code, retry_after_seconds: None, body }).unwrap_err()
    }

    #[test]
    fn sentences_are_sorted_by_what_they_mean() {
        use TelegramError as E;
        let plain = |code, description: &str| error(code, description, Value::Null);
        assert_eq!(plain(400, "Bad Request: chat not found"), E::ChatNotFound);
        assert_eq!(
            plain(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"
            ),
            E::NotModified
        );
        assert_eq!(
            plain(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"),
            E::QueryTooOld
        );
        assert!(matches!(plain(400, "Bad Request: message to edit not found"), E::MessageStays(_)));
        assert!(matches!(plain(400, "Bad Request: message thread not found"), E::NoTopic(_)));
        assert!(matches!(
            plain(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"),
            E::BadWebhook(_)
        ));
        assert!(matches!(plain(409, "Conflict: can't use getUpdates method while webhook is active"), E::Conflict(_)));
        assert_eq!(plain(401, "Unauthorized"), E::InvalidToken);
        let forbidden = plain(403, "Forbidden: bot was kicked from the supergroup chat");
        assert!(forbidden.breaks_channel() && !forbidden.retryable());
        assert_eq!(forbidden.word(), "bot was kicked from the supergroup chat");
        assert_eq!(
            error(429, "Too Many Requests: retry after 7", json!({"retry_after": 7})),
            E::RateLimited { retry_after_seconds: 7 }
        );
        let upgraded = error(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            json!({"migrate_to_chat_id": -1001}),
        );
        assert_eq!(upgraded, E::Migrated { to_chat_id: -1001 });
        assert!(plain(502, "Bad Gateway").retryable());
    }
}
