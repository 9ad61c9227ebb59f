//! What does the jobs that come from queues: the one table from a job to its use case.

use actionlayer_domain::work::{IndexJob, NotifyWork, RuleJob, SendJob, WebhookJob};
use serde::de::DeserializeOwned;

use crate::{
    App, ServiceError,
    approvals::notify::notify,
    events::deliver_webhooks::deliver_webhooks,
    outbound::{
        deliver::deliver,
        settle::{SesEvent, settle},
    },
    rules::run_rules::run_rules,
    threads::index_threads::index,
};

/// The body of a message on a queue. Every job may come twice, and does no harm then.
pub trait Job: DeserializeOwned + Send {
    /// Does it. `Err` when it is to come again, or cannot be done at all.
    fn run(self, app: &App) -> impl Future<Output = Result<(), ServiceError>> + Send;
}

/// `SendQueue`: hands a message to SES.
impl Job for SendJob {
    async fn run(self, app: &App) -> Result<(), ServiceError> {
        deliver(app, &self).await
    }
}

/// `NotifyQueue`: tells approvers.
impl Job for NotifyWork {
    async fn run(self, app: &App) -> Result<(), ServiceError> {
        notify(app, &self).await
    }
}

/// `IndexQueue`: makes threads found by words.
impl Job for IndexJob {
    async fn run(self, app: &App) -> Result<(), ServiceError> {
        index(app, self).await
    }
}

/// `RulesQueue`: carries out the rules that wait for an event.
impl Job for RuleJob {
    async fn run(self, app: &App) -> Result<(), ServiceError> {
        run_rules(app, &self).await
    }
}

/// `WebhookQueue`: makes the deliveries that are due at an endpoint.
impl Job for WebhookJob {
    async fn run(self, app: &App) -> Result<(), ServiceError> {
        deliver_webhooks(app, &self).await
    }
}

/// `FeedbackQueue`: what became of a mail, in SES's words. SNS puts it there, with raw delivery: the body is the event.
impl Job for SesEvent {
    async fn run(self, app: &App) -> Result<(), ServiceError> {
        settle(app, &self).await
    }
}
