//! What approval channels need beside the identities that name them: whose a callback is, and what a reply answers.

use actionlayer_domain::{
    DraftId, IdentityId, Secret, Timestamp, WorkspaceId, channel::ChannelKind, channel_line::ChannelLine,
};
use serde::{Deserialize, Serialize};

use crate::{
    Store, StoreError,
    keys::{self, Key},
    record::{Record, row},
};

/// How long a question is remembered that no reply counts for any more.
const PROMPT_KEPT_SECONDS: i64 = 86_400;

/// A Slack app of one's own: which secret its callback checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlackCallback {
    /// The last part of the callback's path.
    pub id: String,
    pub workspace_id: WorkspaceId,
    /// What Slack signs that app's requests with.
    pub signing_secret: Secret<String>,
    /// The identities that ask by it.
    pub used_by: Vec<IdentityId>,
}

impl Record for SlackCallback {
    const KIND: &'static str = "slack_callback";
    type Body = ();

    fn key(&self) -> Key {
        keys::slack_callback(&self.id)
    }
}

/// The deployment's Slack app, installed for a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlackInstallation {
    pub workspace_id: WorkspaceId,
    /// The Slack workspace.
    pub team_id: String,
    pub team_name: String,
    /// The bot's token.
    pub bot_token: Secret<String>,
    /// What it may do.
    pub scopes: Vec<String>,
    pub installed_at: Timestamp,
}

impl Record for SlackInstallation {
    const KIND: &'static str = "slack_installation";
    type Body = ();

    fn key(&self) -> Key {
        keys::slack_installation(self.workspace_id)
    }
}

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

/// A bot in Telegram, and the secret its updates carry. Identities may share it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TelegramBotRecord {
    pub bot_id: i64,
    pub token: Secret<String>,
    /// What comes along with every update.
    pub secret: Secret<String>,
    /// The identities that ask by it, each with its workspace.
    pub used_by: Vec<(WorkspaceId, IdentityId)>,
}

impl Record for TelegramBotRecord {
    const KIND: &'static str = "telegram_bot";
    type Body = ();

    fn key(&self) -> Key {
        keys::telegram_bot(self.bot_id)
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
