//! What approval channels need beside the identities that name them and the secrets they are opened with: what a reply
//! answers, who is on their way through "Add to Slack", and whose turn it is.

use actionlayer_domain::{DraftId, Timestamp, WorkspaceId, channel::ChannelKind, channel_line::ChannelLine};
use serde::{Deserialize, Serialize};

use crate::{
    Store, StoreError,
    keys::{self, Key},
    record::{Record, row},
};

/// How long a question is remembered that no reply counts for any more.
const PROMPT_KEPT_SECONDS: i64 = 86_400;

/// Somebody is on their way through "Add to Slack".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlackConsent {
    /// SHA-256 of the state, as hexadecimal digits.
    pub state_sha256: String,
    pub workspace_id: WorkspaceId,
    /// SHA-256 of what binds it to a browser, once one has begun.
    pub browser_sha256: Option<String>,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Record for SlackConsent {
    const KIND: &'static str = "slack_consent";
    type Body = ();

    fn key(&self) -> Key {
        keys::slack_consent(&self.state_sha256)
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.expires_at.unix_seconds())
    }
}

/// A question that is answered by a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TelegramPrompt {
    /// The bot that asked.
    pub bot_id: i64,
    /// Where.
    pub chat_id: i64,
    /// The message that asks.
    pub message_id: i64,
    /// Whose reply counts.
    pub user_id: i64,
    pub workspace_id: WorkspaceId,
    pub draft_id: DraftId,
    /// The version that was shown.
    pub version: u32,
    /// The reply is the whole new text; otherwise the reason for a rejection.
    pub edit: bool,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Record for TelegramPrompt {
    const KIND: &'static str = "telegram_prompt";
    type Body = ();

    fn key(&self) -> Key {
        keys::telegram_prompt(self.bot_id, self.chat_id, self.message_id)
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        // A reply that comes too late is told so.
        Some(self.expires_at.unix_seconds() + PROMPT_KEPT_SECONDS)
    }
}

impl Record for ChannelLine {
    const KIND: &'static str = "channel_line";
    type Body = ();

    fn key(&self) -> Key {
        keys::channel_line(self.workspace_id, self.channel, &self.place)
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.ends_at().unix_seconds() + 1)
    }
}

impl Store {
    /// The lines in front of these places, of those that have one, as of moments ago.
    pub async fn channel_lines(
        &self,
        workspace: WorkspaceId,
        places: &[(ChannelKind, &str)],
    ) -> Result<Vec<ChannelLine>, StoreError> {
        let keys: Vec<Key> =
            places.iter().map(|(channel, place)| keys::channel_line(workspace, *channel, place)).collect();
        let items = self.batch_get_for_list(&keys).await?;
        items.into_iter().map(|item| Ok(row::<ChannelLine>(item)?.value)).collect()
    }
}
