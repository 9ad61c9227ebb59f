//! What every use case works with.

use std::sync::Arc;

use actionlayer_clients::{
    dns::Dns, http::GuardedClient, kms::Kms, ses::Mailer, slack::Slack, sqs::Queues, stripe::Stripe, telegram::Telegram,
};
use actionlayer_domain::{
    Clock, EmailAddress, Entropy, Plan, Secret, Timestamp, WorkspaceId,
    account::{Bootstrap, SignUp},
    rate::RateLimits,
    webhook::Reach,
};
use actionlayer_store::Store;

use crate::{guesses::Guesses, secrets::KeptSecrets};

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
    /// Who may make the one workspace by `POST /v1/auth/bootstrap`.
    pub bootstrap: Bootstrap,
    /// Who may make an account.
    pub sign_up: SignUp,
    /// What the first owner shows, on the dashboard or to bootstrap; none where there is another way.
    pub bootstrap_token: Option<Secret<String>>,
    /// Where mail about accounts comes from; none for a domain of the deployment's own workspace.
    pub account_mail_from: Option<EmailAddress>,
    /// How often callers may ask; `None` for as often as they like.
    pub rate_limits: Option<RateLimits>,
    /// Where webhooks may be.
    pub webhook_reach: Reach,
    /// What a workspace may use that pays for nothing else.
    pub plan: Plan,
    /// Workspaces that may use as much as they like, whatever they pay.
    pub beta_workspaces: Vec<WorkspaceId>,
    /// How plans are paid for; none where nobody pays.
    pub billing: Option<BillingSettings>,
    /// The deployment's own Slack app, if it has one.
    pub slack_app: Option<SlackApp>,
    /// How Telegram's updates come in.
    pub telegram_updates: TelegramUpdates,
}

/// A Slack app that workspaces install by "Add to Slack".
#[derive(Debug, Clone)]
pub struct SlackApp {
    pub client_id: String,
    pub client_secret: Secret<String>,
    /// What Slack signs its requests with.
    pub signing_secret: Secret<String>,
}

/// How plans are paid for, through Stripe.
#[derive(Debug, Clone)]
pub struct BillingSettings {
    /// A secret or restricted key: `sk_…`, `rk_…`.
    pub secret_key: Secret<String>,
    /// What Stripe signs events with: `whsec_…`. Only whoever takes them has it.
    pub webhook_secret: Option<Secret<String>>,
    /// What each price stands for. Of several for a plan the first is sold; the others are of those who pay them already.
    pub prices: Vec<(Plan, String)>,
}

impl BillingSettings {
    /// What a price stands for; none for a price of something else.
    pub fn plan_of(&self, price_id: &str) -> Option<Plan> {
        self.prices.iter().find(|(_, known)| known == price_id).map(|(plan, _)| *plan)
    }

    /// The price at which a plan is sold; none where it is not.
    pub fn price_of(&self, plan: Plan) -> Option<&str> {
        self.prices.iter().find(|(known, _)| *known == plan).map(|(_, price_id)| price_id.as_str())
    }

    /// The plans that are sold, the smallest first.
    pub fn for_sale(&self) -> Vec<Plan> {
        Plan::ALL.into_iter().filter(|plan| self.price_of(*plan).is_some()).collect()
    }
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
    /// What seals secrets.
    pub kms: Kms,
    /// Those that were opened lately.
    pub kept_secrets: KeptSecrets,
    /// Who guessed lately.
    pub guesses: Guesses,
    /// SES.
    pub mailer: Mailer,
    /// SQS.
    pub queues: Queues,
    pub dns: Dns,
    /// HTTP to the endpoints of webhooks.
    pub http: GuardedClient,
    pub slack: Slack,
    pub telegram: Telegram,
    pub stripe: Stripe,
    /// Time and randomness.
    pub ports: Ports,
    /// The operator's choices.
    pub settings: Settings,
}

impl App {
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Random bytes.
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.ports.entropy
    }
}
