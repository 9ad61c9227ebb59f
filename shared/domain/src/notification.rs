//! What became of telling people something: where it was said, and what is needed to change it later.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Timestamp, channel::ChannelKind};

/// Whether a notification reached its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NotificationState {
    /// The provider took it.
    Sent,
    /// The provider refused it, or did not answer; what it is about waits all the same.
    Failed,
}

/// A message that stands in a channel, by what it is changed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum PostedMessage {
    /// `chat.update` takes both. <https://docs.slack.dev/reference/methods/chat.update>
    Slack {
        /// The id of the channel it was posted to.
        channel: String,
        /// The `ts` of the message.
        ts: String,
    },
    /// `editMessageText` takes both. <https://core.telegram.org/bots/api#editmessagetext>
    Telegram {
        /// The chat it was posted to.
        chat_id: String,
        message_id: i64,
    },
}

/// What became of telling one place about one version of something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    pub channel: ChannelKind,
    /// Where it went: an address, a Slack channel's id, a Telegram chat's id.
    pub recipient: String,
    /// The version it showed; 1 for what has none.
    pub version: u32,
    /// What became of it.
    pub state: NotificationState,
    /// Why it failed, in the provider's word or a fixed one.
    pub error: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    pub at: Timestamp,
    /// What it is changed with later; none for mail, which cannot be changed, and for what failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted: Option<PostedMessage>,
    /// How things stood when the message was last written, see [`Draft::face`](crate::Draft::face).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// The provider did not answer, or asked to wait: it is tried again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_retry: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reminded: bool,
}

impl Notification {
    /// One that the provider took, and that cannot be changed.
    pub fn sent(channel: ChannelKind, recipient: &str, version: u32, at: Timestamp) -> Self {
        Self {
            channel,
            recipient: recipient.to_owned(),
            version,
            state: NotificationState::Sent,
            error: None,
            fix: None,
            at,
            posted: None,
            shown: None,
            may_retry: false,
            reminded: false,
        }
    }

    /// Whether it went there. Addresses are compared without case.
    pub fn is_to(&self, channel: ChannelKind, recipient: &str) -> bool {
        self.channel == channel && self.recipient.eq_ignore_ascii_case(recipient)
    }
}

/// Records a notification; of a place and version there is one.
pub fn record(notifications: &mut Vec<Notification>, notification: Notification) {
    notifications.retain(|known| !is_of_same(known, &notification));
    notifications.push(notification);
}

/// What became of telling the same place about the same version.
pub(crate) fn find<'a>(notifications: &'a [Notification], of: &Notification) -> Option<&'a Notification> {
    notifications.iter().find(|known| is_of_same(known, of))
}

fn is_of_same(one: &Notification, other: &Notification) -> bool {
    (one.channel, &one.recipient, one.version) == (other.channel, &other.recipient, other.version)
}
