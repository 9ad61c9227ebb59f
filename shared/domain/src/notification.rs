//! What became of telling people something: where it was said, and what is needed to change it later.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp,
    channel::{ChannelKind, Place},
};

/// Whether a notification reached its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NotificationState {
    /// The provider took it.
    Sent,
    /// The provider refused it, or did not answer; what it is about waits all the same.
    Failed,
}

/// The provider's own name of a message, with which it can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum PostedMessage {
    /// `chat.update` takes both. <https://docs.slack.dev/reference/methods/chat.update>
    Slack {
        /// The id of the channel it was posted to, as Slack answered: `C…` or `D…`.
        channel: String,
        /// The `ts` of the message.
        ts: String,
    },
    /// `editMessageText` takes both. <https://core.telegram.org/bots/api#editmessagetext>
    Telegram {
        /// The chat, as Telegram answered: a group that became a supergroup has another.
        chat_id: i64,
        /// The message in it.
        message_id: i64,
    },
}

/// What became of telling one place about one version of something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// The channel.
    pub channel: ChannelKind,
    /// Where it went: an address, a Slack channel's id, a Telegram chat's id.
    pub recipient: String,
    /// The version it showed; 1 for what has none.
    pub version: u32,
    /// What became of it.
    pub state: NotificationState,
    /// Why it failed, in a fixed word.
    pub error: Option<String>,
    /// What is needed to change it later; none for mail, which cannot be changed, and for what failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted: Option<PostedMessage>,
    /// When that was.
    pub at: Timestamp,
}

impl Notification {
    /// Whether it went to that place. Addresses are compared without case.
    pub fn is_to(&self, place: &Place) -> bool {
        self.channel == place.channel && self.recipient.eq_ignore_ascii_case(&place.id)
    }
}

/// Whether a place was told of a version, or cannot be.
pub fn was_told(notifications: &[Notification], place: &Place, version: u32) -> bool {
    notifications.iter().any(|notification| notification.version == version && notification.is_to(place))
}

/// Records a notification; of a place and version there is one.
pub fn record(notifications: &mut Vec<Notification>, notification: Notification) {
    notifications.retain(|known| {
        (known.channel, &known.recipient, known.version)
            != (notification.channel, &notification.recipient, notification.version)
    });
    notifications.push(notification);
}
