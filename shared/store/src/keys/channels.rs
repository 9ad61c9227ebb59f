//! Keys of what approval channels need.

use actionlayer_domain::{WorkspaceId, channel::ChannelKind};

use super::{Key, workspace_pk};

/// A Slack app of one's own, by the last part of its callback's path, as it lay before it was sealed.
pub fn slack_callback(id: &str) -> Key {
    Key::new(format!("SLACK#{id}"), "CALLBACK")
}

/// The deployment's Slack app as a workspace installed it.
pub fn slack_installation(workspace: WorkspaceId) -> Key {
    Key::new(workspace_pk(workspace), "SLACK")
}

/// Somebody on their way through "Add to Slack".
pub fn slack_consent(state_sha256: &str) -> Key {
    Key::new(format!("SLACKCONSENT#{state_sha256}"), "CONSENT")
}

/// All bots in Telegram as they lay before they were sealed.
pub const TELEGRAM_BOTS: &str = "DEPLOYMENT#TELEGRAM";

/// A bot in Telegram as it lay before it was sealed.
pub fn telegram_bot(bot_id: i64) -> Key {
    Key::new(TELEGRAM_BOTS, format!("BOT#{bot_id:020}"))
}

/// A question in a chat that is answered by a reply.
pub fn telegram_prompt(bot_id: i64, chat_id: i64, message_id: i64) -> Key {
    Key::new(format!("TELEGRAM#{bot_id}#{chat_id}"), format!("PROMPT#{message_id}"))
}

/// The line in front of a channel or chat.
pub fn channel_line(workspace: WorkspaceId, channel: ChannelKind, place: &str) -> Key {
    Key::new(format!("{}#LINES", workspace_pk(workspace)), format!("{}#{place}", channel.as_str()))
}
