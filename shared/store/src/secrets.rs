//! Sealed secrets, each in an item of its own.
//!
//! What is in them is nothing this room can read: who seals and opens is `service::secrets`. The kinds of items that had
//! a secret in the clear before secrets were sealed are still read, so that what an older deployment has is moved and not
//! lost.

use actionlayer_domain::{
    DomainId, IdentityId, Secret, SecretPlace, Timestamp, WorkspaceId, channel::ChannelSecrets, sealed::Sealed,
    webhook::WebhookSecrets,
};
use aws_sdk_dynamodb::operation::query::QueryInput;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Row, Store, StoreError,
    keys::{self, Key},
    record::{Record, row, s},
};

/// A secret as it lies in the table. In no index: an index is open to every role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretRecord {
    pub place: SecretPlace,
    pub sealed: Sealed,
}

impl Record for SecretRecord {
    const KIND: &'static str = "secret";
    type Body = ();

    fn key(&self) -> Key {
        keys::secret(&self.place)
    }
}

/// What lies in a secret's place once it is opened.
pub trait Sealable: Serialize + DeserializeOwned + Clone + Send + Sync {
    /// What it is called where it cannot be read.
    const NAME: &'static str;
}

/// What had an item of its own in the clear before secrets were sealed; [`Record::key`] says where.
pub trait FormerlyClear: Sealable + Record<Body = ()> {
    /// Where it lies now.
    fn place(&self) -> SecretPlace;
}

impl Sealable for WebhookSecrets {
    const NAME: &'static str = "webhook_secrets";
}

impl Sealable for ChannelSecrets {
    const NAME: &'static str = "channel_secrets";
}

/// The token of a bot.
impl Sealable for Secret<String> {
    const NAME: &'static str = "bot_token";
}

/// The DKIM key pair of a domain, kept so that SES can be given it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainKeys {
    pub domain_id: DomainId,
    pub workspace_id: WorkspaceId,
    /// The private key: PKCS#8 DER, base64.
    pub private_key_base64: Secret<String>,
}

impl Record for DomainKeys {
    const KIND: &'static str = "domain_keys";
    type Body = ();

    fn key(&self) -> Key {
        keys::domain_keys(self.workspace_id, self.domain_id)
    }
}

impl Sealable for DomainKeys {
    const NAME: &'static str = Self::KIND;
}

impl FormerlyClear for DomainKeys {
    fn place(&self) -> SecretPlace {
        SecretPlace::Dkim { workspace_id: self.workspace_id, domain_id: self.domain_id }
    }
}

/// The key approval links are signed with; made on first use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSecret {
    /// 32 random bytes, as hexadecimal digits.
    pub key_hex: Secret<String>,
}

impl Record for LinkSecret {
    const KIND: &'static str = "link_secret";
    type Body = ();

    fn key(&self) -> Key {
        keys::link_secret()
    }
}

impl Sealable for LinkSecret {
    const NAME: &'static str = Self::KIND;
}

impl FormerlyClear for LinkSecret {
    fn place(&self) -> SecretPlace {
        SecretPlace::Links
    }
}

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

impl Sealable for SlackCallback {
    const NAME: &'static str = Self::KIND;
}

impl FormerlyClear for SlackCallback {
    fn place(&self) -> SecretPlace {
        SecretPlace::SlackCallback { id: self.id.clone() }
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

impl Sealable for TelegramBotRecord {
    const NAME: &'static str = Self::KIND;
}

impl FormerlyClear for TelegramBotRecord {
    fn place(&self) -> SecretPlace {
        SecretPlace::TelegramBot { bot_id: self.bot_id }
    }
}

/// The deployment's Slack app, installed for a workspace. Its bot's token is in [`SecretPlace::SlackInstallation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlackInstallation {
    pub workspace_id: WorkspaceId,
    /// The Slack workspace.
    pub team_id: String,
    pub team_name: String,
    /// How installations had the bot's token before secrets were sealed. Moved out when it is first needed.
    #[serde(default, rename = "bot_token", skip_serializing_if = "Option::is_none")]
    pub clear_bot_token: Option<Secret<String>>,
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

impl Store {
    /// Every bot in Telegram that identities of this deployment use, sealed.
    pub async fn sealed_telegram_bots(&self) -> Result<Vec<Row<SecretRecord>>, StoreError> {
        self.bots(keys::sealed_telegram_bots()).await
    }

    /// Those that lie in the clear still.
    pub async fn clear_telegram_bots(&self) -> Result<Vec<Row<TelegramBotRecord>>, StoreError> {
        self.bots(keys::TELEGRAM_BOTS.to_owned()).await
    }

    /// All items of a partition that holds few.
    async fn bots<T: Record>(&self, pk: String) -> Result<Vec<Row<T>>, StoreError> {
        let query = QueryInput::builder()
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(pk))
            .consistent_read(true);
        self.query_all(query).await?.into_iter().map(row).collect()
    }
}
