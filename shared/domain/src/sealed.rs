//! Secrets as they are kept: sealed, each in a place of its own.
//!
//! A secret is sealed with a data key, and that with a key that never leaves the service which has it. What is sealed for
//! one place opens in no other.

use serde::{Deserialize, Serialize};

use crate::{DomainId, IdentityId, WebhookId, WorkspaceId};

/// What a secret is for. Each kind has data keys and a range of the table of its own, so that whoever may open one kind
/// need not be able to open another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretKind {
    /// What approval links and buttons are signed with.
    Links,
    /// What mail is signed with.
    Dkim,
    /// What opens the bots and apps that approvers are asked by, and what these sign with.
    Channels,
    /// What deliveries to webhooks are signed with.
    Webhooks,
}

impl SecretKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Links, Self::Dkim, Self::Channels, Self::Webhooks];

    /// The name in keys of the table and in the context of data keys. `template.yaml` has the same names in its roles.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Links => "links",
            Self::Dkim => "dkim",
            Self::Channels => "channels",
            Self::Webhooks => "webhooks",
        }
    }
}

/// Where a secret lies, and so whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretPlace {
    /// The one that the deployment's approval links and buttons are signed with.
    Links,
    /// The DKIM key pair of a domain.
    Dkim { workspace_id: WorkspaceId, domain_id: DomainId },
    /// A Slack app of one's own, by the last part of its callback's path.
    SlackCallback { id: String },
    /// The bot of the deployment's Slack app, as a workspace installed it.
    SlackInstallation { workspace_id: WorkspaceId },
    /// A bot in Telegram.
    TelegramBot { bot_id: i64 },
    /// What the approval channels of an identity are opened with.
    Channels { workspace_id: WorkspaceId, identity_id: IdentityId },
    /// What a webhook's deliveries are signed with.
    Webhook { workspace_id: WorkspaceId, webhook_id: WebhookId },
}

impl SecretPlace {
    /// What the secret in it is for.
    pub const fn kind(&self) -> SecretKind {
        match self {
            Self::Links => SecretKind::Links,
            Self::Dkim { .. } => SecretKind::Dkim,
            Self::SlackCallback { .. }
            | Self::SlackInstallation { .. }
            | Self::TelegramBot { .. }
            | Self::Channels { .. } => SecretKind::Channels,
            Self::Webhook { .. } => SecretKind::Webhooks,
        }
    }
}

/// A sealed secret. Neither part says anything to whoever cannot open the data key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The data key, itself sealed by the service that made it: base64.
    pub data_key: String,
    /// The nonce (12 bytes) and the sealed bytes with their tag (AES-256-GCM): base64.
    pub bytes: String,
}
