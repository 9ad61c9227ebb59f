//! What every use case works with.

use std::sync::Arc;

use actionlayer_clients::{dns::Dns, ses::Mailer, slack::Slack, sqs::Queues, telegram::Telegram};
use actionlayer_domain::{
    ApiKeyId, Clock, Entropy, HeaderText, IdentityId, Plan, Role, Secret, Timestamp, WorkspaceId, draft::Actor,
    key::Permission, rate::RateLimits, webhook::Reach,
};
use actionlayer_store::Store;

use crate::{ServiceError, workspace::idempotency::Once};

/// Time and randomness.
#[derive(Debug, Clone)]
pub struct Ports {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
}

/// What an operator decides for a deployment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where this deployment is reached from outside, without a trailing slash: `https://mail.example.com`.
    pub public_url: String,
    /// The AWS region: names the MX host and SES's Message-IDs.
    pub region: String,
    /// Whether `POST /v1/auth/bootstrap` may make the one workspace.
    pub bootstrap: bool,
    /// How often callers may ask; `None` for as often as they like.
    pub rate_limits: Option<RateLimits>,
    /// Where webhooks may be.
    pub webhook_reach: Reach,
    /// What a workspace may use.
    pub plan: Plan,
    /// The deployment's own Slack app, if it has one.
    pub slack_app: Option<SlackApp>,
    /// How Telegram's updates come in.
    pub telegram_updates: TelegramUpdates,
}

/// A Slack app that workspaces install by "Add to Slack".
#[derive(Debug, Clone)]
pub struct SlackApp {
    /// Client id.
    pub client_id: String,
    /// Client secret.
    pub client_secret: Secret<String>,
    /// What Slack signs its requests with.
    pub signing_secret: Secret<String>,
}

/// How Telegram's updates come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TelegramUpdates {
    /// Telegram calls this deployment.
    Webhook,
    /// Somebody asks Telegram for them (`getUpdates`) and hands them to the callback: this deployment is not reached from
    /// outside.
    Polled,
}

/// The product, connected: made once per process.
#[derive(Debug, Clone)]
pub struct App {
    /// The table and the bucket.
    pub store: Store,
    /// SES.
    pub mailer: Mailer,
    /// SQS.
    pub queues: Queues,
    /// DNS.
    pub dns: Dns,
    /// Slack.
    pub slack: Slack,
    /// Telegram.
    pub telegram: Telegram,
    /// Time and randomness.
    pub ports: Ports,
    /// The operator's choices.
    pub settings: Settings,
}

impl App {
    /// Now.
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Random bytes.
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.ports.entropy
    }
}

/// Who calls: the owner of a valid key.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The workspace of the key.
    pub workspace_id: WorkspaceId,
    /// The key's id.
    pub key_id: ApiKeyId,
    /// The key's name.
    pub key_name: HeaderText,
    /// What the key may do.
    pub role: Role,
    /// The identities the key is bound to; all when empty.
    pub identity_ids: Vec<IdentityId>,
    /// The request came with an `Idempotency-Key`.
    pub once: Option<Once>,
}

impl Caller {
    /// Refuses what the role does not allow, and to a key that is bound to identities what is about the whole workspace.
    pub fn require(&self, permission: Permission) -> Result<(), ServiceError> {
        self.require_role(permission)?;
        match permission {
            Permission::Administer => self.require_unbound(),
            Permission::Read | Permission::Draft | Permission::DirectSend | Permission::Approve => Ok(()),
        }
    }

    /// Refuses what is about the whole workspace to a key that is bound to identities.
    pub fn require_unbound(&self) -> Result<(), ServiceError> {
        if self.identity_ids.is_empty() {
            return Ok(());
        }
        Err(ServiceError::Forbidden {
            reason: "this is about the whole workspace: it takes a key that is not bound to identities",
        })
    }

    /// Refuses what the role does not allow; for what is about one identity, which the key then must see.
    pub fn require_role(&self, permission: Permission) -> Result<(), ServiceError> {
        if self.role.may(permission) {
            return Ok(());
        }
        Err(ServiceError::Forbidden {
            reason: match permission {
                Permission::Read => "any key may read",
                Permission::Draft => "it takes a key with the role `agent`, `automation` or `full`",
                Permission::DirectSend => "it takes a key with the role `automation` or `full`",
                Permission::Approve | Permission::Administer => "it takes a key with the role `full`",
            },
        })
    }

    /// Whether the key is bound to other identities only. To such a key they do not exist.
    pub fn sees(&self, identity_id: IdentityId) -> bool {
        self.identity_ids.is_empty() || self.identity_ids.contains(&identity_id)
    }

    /// The caller as one who decides.
    pub fn actor(&self) -> Actor {
        Actor::api_key(self.key_id, &self.key_name)
    }
}

impl Caller {
    /// The identity a list is about. A key bound to one identity sees that one's; bound to several it has to say which.
    pub(crate) fn listed_identity(&self, asked: Option<IdentityId>) -> Result<Option<IdentityId>, ServiceError> {
        match (asked, self.identity_ids.as_slice()) {
            (asked, []) => Ok(asked),
            (Some(id), bound) if bound.contains(&id) => Ok(Some(id)),
            (Some(_), _) => Err(ServiceError::NotFound { what: "identity" }),
            (None, [only]) => Ok(Some(*only)),
            (None, _) => Err(ServiceError::invalid(
                "identity_id",
                "this key is bound to several identities: name the one whose list you want",
            )),
        }
    }
}
