//! Why a channel was not written to, whichever provider it is.

use actionlayer_clients::{slack::SlackError, telegram::TelegramError};

/// What a provider said, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// The provider's word.
    pub(crate) word: String,
    /// What to do about it.
    pub(crate) fix: String,
    /// It may succeed later by itself; after so many seconds, if the provider said.
    pub(crate) retry: Option<Retry>,
    /// Nothing can be posted there until a person mends it.
    pub(crate) breaks_channel: bool,
    /// The chat has another id now.
    pub(crate) moved_to: Option<i64>,
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// As the queue does.
    Later,
    /// After so many seconds.
    After(u32),
}

impl From<SlackError> for Trouble {
    fn from(error: SlackError) -> Self {
        let retry = match &error {
            SlackError::RateLimited { retry_after_seconds } => Some(Retry::After(*retry_after_seconds)),
            other => other.retryable().then_some(Retry::Later),
        };
        Self { word: error.word(), fix: error.fix(), retry, breaks_channel: error.breaks_channel(), moved_to: None }
    }
}

impl From<TelegramError> for Trouble {
    fn from(error: TelegramError) -> Self {
        let retry = match &error {
            TelegramError::RateLimited { retry_after_seconds } => Some(Retry::After(*retry_after_seconds)),
            other => other.retryable().then_some(Retry::Later),
        };
        let moved_to = match &error {
            TelegramError::Migrated { to_chat_id } => Some(*to_chat_id),
            _ => None,
        };
        Self { word: error.word(), fix: error.fix(), retry, breaks_channel: error.breaks_channel(), moved_to }
    }
}

impl Trouble {
    /// What the channel is opened with is not there: it was saved anew, or its identity deleted, since it was read.
    pub(crate) fn no_secret() -> Self {
        Self {
            word: "secret_not_found".to_owned(),
            fix: "Save the channel again, with its secrets.".to_owned(),
            // Whoever comes again reads the identity anew.
            retry: Some(Retry::Later),
            breaks_channel: false,
            moved_to: None,
        }
    }

    /// The workspace has no Slack app, or not any more.
    pub(crate) fn no_slack_app() -> Self {
        Self {
            word: "not_installed".to_owned(),
            fix: "Install the Slack app for this workspace, or give the channel a bot_token and signing_secret of its own."
                .to_owned(),
            retry: None,
            breaks_channel: true,
            moved_to: None,
        }
    }
}
