//! Slack, Telegram and Stripe as they are played here; the functions use them unless a parameter names the real ones.

use std::{net::SocketAddr, sync::Arc};

use super::{EngineError, Scope, start::Base};
use crate::{
    slack::{self, Slack},
    stripe::{self, Stripe},
    telegram::{self, Telegram},
};

/// The providers of this machine.
pub(super) struct Providers {
    pub(super) slack: Arc<Slack>,
    pub(super) telegram: Arc<Telegram>,
    pub(super) stripe: Arc<Stripe>,
}

impl Base {
    /// Opens and serves them, and says where they are.
    pub(super) async fn providers(&mut self, scope: &mut Scope, http: SocketAddr) -> Result<Providers, EngineError> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let (state, clock, faults) = (&self.state, &self.clock, &self.faults);
        let slack = Slack::open(state.clone(), clock.clone(), faults.clone(), client.clone()).await?;
        let telegram = Telegram::open(state.clone(), clock.clone(), faults.clone(), client.clone()).await?;
        let stripe = Stripe::open(state.clone(), clock.clone(), faults.clone(), client).await?;
        slack.set_shared_request_url(format!("http://{http}/callbacks/slack")).await?;
        stripe.set_webhook_url(format!("http://{http}/callbacks/stripe")).await?;
        let slack_url = self.on_loopback(slack::router(slack.clone())).await?;
        let telegram_url = self.on_loopback(telegram::router(telegram.clone())).await?;
        let stripe_url = self.on_loopback(stripe::router(stripe.clone())).await?;
        slack.served_at(&slack_url);
        stripe.served_at(&stripe_url);
        self.workers.spawn(telegram::deliver(telegram.clone()));
        self.workers.spawn(stripe::deliver(stripe.clone()));
        for (name, value) in [
            ("SlackApi", slack_url.as_str()),
            ("SlackClientId", slack::SHARED_CLIENT_ID),
            ("SlackClientSecret", slack::SHARED_CLIENT_SECRET),
            ("SlackSigningSecret", slack::SHARED_APP_SECRET),
            ("TelegramApi", telegram_url.as_str()),
            ("TelegramUpdates", "webhook"),
            ("StripeApi", stripe_url.as_str()),
            // Without a key nobody pays; with this one it is what the Stripe of this machine signs with.
            ("StripeWebhookSecret", stripe::WEBHOOK_SECRET),
        ] {
            scope.refs.insert(name.to_owned(), value.to_owned());
        }
        Ok(Providers { slack, telegram, stripe })
    }
}
