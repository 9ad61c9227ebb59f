//! Who did something.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ApiKeyId, EmailAddress, HeaderText, IdentityId, RuleId};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub kind: ActorKind,
    /// Its id: of a key, of an identity, or an approver's address.
    pub id: String,
    /// A name a person recognises.
    pub name: String,
}

/// A kind of actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A caller of the API.
    ApiKey,
    /// A user of the dashboard.
    User,
    /// An approver who used the link of an approval mail.
    Email,
    /// An approver in Slack.
    Slack,
    /// An approver in Telegram.
    Telegram,
    /// A rule of the workspace.
    Rule,
    /// The owner's standing opt-out on the identity.
    Identity,
}

impl ActorKind {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::User => "user",
            Self::Email => "email",
            Self::Slack => "slack",
            Self::Telegram => "telegram",
            Self::Rule => "rule",
            Self::Identity => "identity",
        }
    }

    /// Whether it is a standing wish of the owner rather than somebody who saw what it is about.
    pub const fn is_standing(self) -> bool {
        match self {
            Self::Identity | Self::Rule => true,
            Self::ApiKey | Self::User | Self::Email | Self::Slack | Self::Telegram => false,
        }
    }

    /// Whether it answers in the channel it was asked in. What was asked there is closed by the first decision.
    pub const fn is_asked(self) -> bool {
        match self {
            Self::Email | Self::Slack | Self::Telegram => true,
            Self::ApiKey | Self::User | Self::Rule | Self::Identity => false,
        }
    }
}

impl Actor {
    /// A caller of the API.
    pub fn api_key(id: ApiKeyId, name: &HeaderText) -> Self {
        Self { kind: ActorKind::ApiKey, id: id.to_string(), name: name.as_str().to_owned() }
    }

    /// An approver who used a link.
    pub fn email(approver: &EmailAddress) -> Self {
        Self { kind: ActorKind::Email, id: approver.to_string(), name: approver.to_string() }
    }

    /// An approver in Slack, by their user id and name there.
    pub fn slack(user_id: &str, name: &str) -> Self {
        Self { kind: ActorKind::Slack, id: user_id.to_owned(), name: name.to_owned() }
    }

    /// An approver in Telegram, by their user id and name there.
    pub fn telegram(user_id: i64, name: &str) -> Self {
        Self { kind: ActorKind::Telegram, id: user_id.to_string(), name: name.to_owned() }
    }

    /// The opt-out `auto_approve_replies` of an identity.
    pub fn identity(id: IdentityId, display_name: &HeaderText) -> Self {
        Self { kind: ActorKind::Identity, id: id.to_string(), name: display_name.as_str().to_owned() }
    }

    /// The rule, if it is one.
    pub fn rule_id(&self) -> Option<RuleId> {
        (self.kind == ActorKind::Rule).then(|| self.id.parse().ok()).flatten()
    }
}
