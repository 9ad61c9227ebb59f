//! Where approvers are asked.

mod secrets;

pub use secrets::ChannelSecrets;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, OneOfBuilder, Ref, RefOr, Schema},
};

use crate::{EmailAddress, Secret, Timestamp};

/// A kind of channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// Mail.
    Email,
    /// Slack.
    Slack,
    /// Telegram.
    Telegram,
}

impl ChannelKind {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Slack => "slack",
            Self::Telegram => "telegram",
        }
    }

    /// What people call it, within a sentence.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Email => "e-mail",
            Self::Slack => "Slack",
            Self::Telegram => "Telegram",
        }
    }
}

/// A way to reach the people who decide. Several may be set; all are told, the first decision wins.
///
/// What opens a bot is a secret: reads show its last four characters behind an ellipsis, and writing that back leaves it
/// as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum ApprovalChannel {
    /// A mail with a link of its own for every approver.
    Email {
        /// The approvers, at least one.
        to: Vec<EmailAddress>,
    },
    /// A channel in Slack, written to by a bot of one's own.
    Slack {
        /// The channel's id: `C…`.
        channel: String,
        /// The token of the bot: `xoxb-…`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        bot_token: Option<Secret<String>>,
        /// What Slack signs its requests with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        signing_secret: Option<Secret<String>>,
        /// Slack user ids of those who may decide; whoever is in the channel when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvers: Vec<String>,
        /// Set by us, and left alone when written: the Request URL to enter in the app's settings under "Interactivity &
        /// Shortcuts".
        #[serde(default, skip_serializing_if = "Option::is_none")]
        callback_url: Option<String>,
    },
    /// A chat in Telegram, written to by a bot of one's own.
    Telegram {
        /// The token of the bot.
        #[schema(value_type = String)]
        bot_token: Secret<String>,
        /// The chat: a number, or `@` and a name, which becomes that chat's number.
        chat_id: String,
        /// The topic of a supergroup, if it is not the general one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic_id: Option<i64>,
        /// Telegram user ids of those who may decide. Needed for a group; in a private chat it is whoever is there.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvers: Vec<String>,
    },
}

impl ApprovalChannel {
    /// Which kind it is: the value of `type`.
    pub const fn kind(&self) -> ChannelKind {
        match self {
            Self::Email { .. } => ChannelKind::Email,
            Self::Slack { .. } => ChannelKind::Slack,
            Self::Telegram { .. } => ChannelKind::Telegram,
        }
    }

    /// Whom it mails; nobody for the other kinds.
    pub fn addresses(&self) -> &[EmailAddress] {
        match self {
            Self::Email { to } => to,
            Self::Slack { .. } | Self::Telegram { .. } => &[],
        }
    }

    /// The one place it writes to; none for mail, which goes to each approver.
    pub fn place(&self) -> Option<&str> {
        match self {
            Self::Email { .. } => None,
            Self::Slack { channel, .. } => Some(channel),
            Self::Telegram { chat_id, .. } => Some(chat_id),
        }
    }

    /// Whether somebody with that user id decides in it. In a private chat of Telegram there is one person; in a group
    /// nobody decides who is not named, since whoever sees its buttons can press them.
    pub fn lets_decide(&self, user_id: &str) -> bool {
        match self {
            Self::Email { .. } => false,
            Self::Slack { approvers, .. } => approvers.is_empty() || approvers.iter().any(|id| id == user_id),
            Self::Telegram { approvers, chat_id, .. } => {
                approvers.iter().any(|id| id == user_id) || (approvers.is_empty() && chat_id == user_id)
            }
        }
    }

    /// What is wrong with it: which field, and what would be right.
    pub fn problem(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Email { to } => to.is_empty().then_some(("to", "must name at least one approver")),
            Self::Slack { channel, bot_token, signing_secret, approvers, .. } => {
                let is_id = |text: &str, kinds: &[char]| {
                    text.starts_with(kinds)
                        && (3..=32).contains(&text.len())
                        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
                };
                if !is_id(channel, &['C', 'G', 'D']) {
                    return Some(("channel", "must be the id of a channel, such as C024BE91L"));
                }
                let wrong = approvers.len() > MAX_APPROVERS || !approvers.iter().all(|id| is_id(id, &['U', 'W']));
                if wrong {
                    return Some(("approvers", "must be at most 20 Slack user ids, such as U012A3CDE"));
                }
                let (token, secret) = match (bot_token, signing_secret) {
                    (Some(token), Some(secret)) => (token, secret),
                    // The app that is installed for the workspace.
                    (None, None) => return None,
                    (None, Some(_)) => return Some(("bot_token", "is required beside a signing secret")),
                    (Some(_), None) => return Some(("signing_secret", "is required beside a bot token")),
                };
                if !token.expose().strip_prefix("xoxb-").is_some_and(is_token) {
                    return Some(("bot_token", "must be the token of a bot: `xoxb-` and what follows"));
                }
                if !(secret.expose().len() == 32 && secret.expose().bytes().all(|b| b.is_ascii_hexdigit())) {
                    return Some(("signing_secret", "must be the app's signing secret: 32 hexadecimal digits"));
                }
                None
            }
            Self::Telegram { bot_token, chat_id, topic_id, approvers } => {
                if topic_id.is_some_and(|id| id < 1) {
                    return Some(("topic_id", "must be the number of a topic"));
                }
                let is_number = |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
                let token = bot_token.expose().split_once(':');
                if !token.is_some_and(|(bot, rest)| is_number(bot) && rest.len() >= 30 && is_token(rest)) {
                    return Some(("bot_token", "must be the token of a bot as BotFather gives it: `123456:ABC…`"));
                }
                let is_name = |name: &str| {
                    (5..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                };
                if !(is_number(chat_id.strip_prefix('-').unwrap_or(chat_id))
                    || chat_id.strip_prefix('@').is_some_and(is_name))
                {
                    return Some((
                        "chat_id",
                        "must be a number such as -1001234567890, or @ and the name of a channel",
                    ));
                }
                let wrong = approvers.len() > MAX_APPROVERS || !approvers.iter().all(|id| is_number(id));
                wrong.then_some(("approvers", "must be at most 20 Telegram user ids, which are numbers"))
            }
        }
    }
}

/// How many people may be named to decide in a channel.
const MAX_APPROVERS: usize = 20;

/// Whether a text can be the secret part of a token: it goes into headers and addresses.
fn is_token(text: &str) -> bool {
    (8..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// That a channel cannot be written to until a person mends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChannelTrouble {
    /// The channel's `type`.
    pub channel: ChannelKind,
    /// The channel's or chat's id.
    pub place: String,
    /// The provider's word for it.
    pub error: String,
    /// What to do about it.
    pub fix: String,
    /// Since when.
    pub since: Timestamp,
    /// How far telling people of it is. For workers; never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub notice: Option<TroubleNotice>,
}

impl ChannelTrouble {
    /// Without what is for workers alone.
    #[must_use]
    pub fn shown(self) -> Self {
        Self { notice: None, ..self }
    }

    /// Whether it is about that place.
    pub fn is_about(&self, channel: ChannelKind, place: &str) -> bool {
        self.channel == channel && self.place == place
    }

    /// Whether people are still to be told of it, and no worker is at it.
    pub fn is_untold(&self, now: Timestamp) -> bool {
        match self.notice {
            None => true,
            Some(TroubleNotice::TellingUntil(until)) => until <= now,
            Some(TroubleNotice::Told) => false,
        }
    }
}

/// How far telling people of a trouble is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TroubleNotice {
    /// A worker is at it; one that is not done by then is dead.
    TellingUntil(Timestamp),
    /// Somebody was told.
    Told,
}

/// Approval channels in JSON: one as an object, several as a list, none as `null`. Requests may give either form. Secrets
/// are shown by their last four characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApprovalChannels(pub Vec<ApprovalChannel>);

impl PartialSchema for ApprovalChannels {
    fn schema() -> RefOr<Schema> {
        let one = || Ref::from_schema_name(ApprovalChannel::name());
        OneOfBuilder::new().item(one()).item(ArrayBuilder::new().items(one())).into()
    }
}

impl ToSchema for ApprovalChannels {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ApprovalChannel::name().into_owned(), ApprovalChannel::schema()));
        ApprovalChannel::schemas(schemas);
    }
}

impl Serialize for ApprovalChannels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown: Vec<_> = self.0.iter().map(ApprovalChannel::shown).collect();
        match shown.as_slice() {
            [] => serializer.serialize_none(),
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ApprovalChannels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        let channels = match json {
            serde_json::Value::Array(channels) => channels,
            one => vec![one],
        };
        channels
            .into_iter()
            .map(|channel| {
                if !channel.is_object() {
                    return Err(D::Error::custom("must be an approval channel (an object) or a list of them"));
                }
                ApprovalChannel::deserialize(channel).map_err(D::Error::custom)
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn channel(json: serde_json::Value) -> ApprovalChannel {
        serde_json::from_value(json).unwrap()
    }

    pub(super) fn slack() -> ApprovalChannel {
        channel(serde_json::json!({
            "type": "slack", "channel": "C024BE91L", "bot_token": "xoxb-1234-abcdEFGH",
            "signing_secret": "8f742231b10e8888abcd99yyyzzz85a5".replace(['y', 'z'], "0"), "approvers": ["U012A3CDE"],
        }))
    }

    pub(super) fn telegram() -> ApprovalChannel {
        channel(serde_json::json!({
            "type": "telegram", "bot_token": "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11", "chat_id": "-1001234567890",
        }))
    }

    #[test]
    fn what_cannot_be_a_channel_is_named() {
        let with = |channel: ApprovalChannel, field: &str, value: serde_json::Value| {
            let mut json = serde_json::to_value(channel).unwrap();
            json[field] = value;
            serde_json::from_value::<ApprovalChannel>(json).unwrap().problem().map(|(field, _)| field)
        };
        for (field, bad) in [("channel", "general"), ("bot_token", "xoxp-12345678"), ("signing_secret", "secret")] {
            assert_eq!(with(slack(), field, bad.into()), Some(field));
        }
        assert_eq!(with(slack(), "bot_token", serde_json::Value::Null), Some("bot_token"));
        assert_eq!(with(slack(), "signing_secret", serde_json::Value::Null), Some("signing_secret"));
        assert_eq!(with(slack(), "approvers", serde_json::json!(["dana"])), Some("approvers"));
        for (field, bad) in [("bot_token", "123456"), ("chat_id", "my chat"), ("chat_id", "")] {
            assert_eq!(with(telegram(), field, bad.into()), Some(field));
        }
        assert_eq!(with(telegram(), "chat_id", "@novacore".into()), None);
    }
}
