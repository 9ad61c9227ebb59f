//! The webhook worker: everything that is due at one endpoint, by one worker at a time.
//!
//! A job names an endpoint. Whoever takes its lease makes all its deliveries, several at once but those of one thread one
//! after the other, until nothing is due or time is up; the others come back a little later to see that theirs was
//! among them. So a slow endpoint holds up one worker and nobody else's deliveries, and a dead one is parked by one item.

mod lease;
mod round;

use std::time::Duration;

use actionlayer_domain::{
    Timestamp, Webhook, WebhookDelivery, WebhookDeliveryId,
    webhook::{DeliveryFailure, DisabledReason, Endpoint},
    work::{WebhookJob, Work},
};
use actionlayer_store::{Row, Transaction, keys};

use crate::{App, ServiceError, contention::until_settled, secrets::read_ahead};

/// A worker begins no more tries after this; one under way may take 15 seconds. Its function's timeout is above both.
const WORKING_TIME: Duration = Duration::from_secs(35);
/// How soon a job comes back whose endpoint another worker has.
const COMES_BACK_AFTER_SECONDS: u32 = 2;
/// How many deliveries are read for one round.
const ROUND: usize = 100;
/// After an outage so many are put in the order of their events.
const RECOVERY_ROUND: usize = 1_000;

/// Makes the deliveries that are due at an endpoint.
pub(crate) async fn deliver_webhooks(app: &App, job: &WebhookJob) -> Result<(), ServiceError> {
    let key = keys::webhook(job.workspace_id, job.webhook_id);
    let endpoint_key = keys::endpoint(job.workspace_id, job.webhook_id);
    let (webhook, endpoint, ()) = tokio::try_join!(
        async { Ok(app.store.get::<Webhook>(&key).await?) },
        async { Ok(app.store.get::<Endpoint>(&endpoint_key).await?) },
        read_ahead(app, job.workspace_id, job.webhook_id),
    )?;
    // It was deleted, and with it whatever was on its way.
    let Some(webhook) = webhook else { return Ok(()) };
    let now = app.now();
    if let Some(endpoint) = &endpoint {
        let endpoint = &endpoint.value;
        let asks_for_something = job.renewed || job.requested;
        if endpoint.is_taken(now) {
            // Without a delivery of its own there is nothing the holder does not see.
            return if job.delivery_ids.is_empty() && !job.renewed { Ok(()) } else { come_back(app, job).await };
        }
        let is_early = endpoint.next_due_at.is_some_and(|due| due > now) && job.delivery_ids.is_empty();
        // It is due by itself when its rest is over.
        if !asks_for_something && (is_early || (endpoint.is_paused(now) && endpoint.next_due_at.is_some())) {
            return Ok(());
        }
    }
    if job.waited && !job.renewed && !anything_due(app, job, endpoint.as_ref()).await? {
        return Ok(());
    }
    let Some(held) = lease::take(app, job, endpoint).await? else { return come_back(app, job).await };
    let mut worker =
        Worker { app, webhook, held, started: tokio::time::Instant::now(), time_is_up: false, first_retry_at: None };
    let outcome = worker.work_off(job).await;
    // The lease is given back whatever happened, so that the job can come again at once.
    outcome.and(worker.finish().await)
}

/// Somebody else has the endpoint. The job may not be forgotten before its deliveries were seen to: the list of what is
/// pending lags behind, and the holder may not have found them.
async fn come_back(app: &App, job: &WebhookJob) -> Result<(), ServiceError> {
    let job = WebhookJob { waited: true, ..job.clone() };
    Ok(app.queues.put_after(&Work::Webhook(job), COMES_BACK_AFTER_SECONDS).await?)
}

async fn anything_due(app: &App, job: &WebhookJob, endpoint: Option<&Row<Endpoint>>) -> Result<bool, ServiceError> {
    let recovered_at = endpoint.and_then(|row| row.value.recovered_at);
    let rows = app.store.webhook_deliveries(job.workspace_id, job.webhook_id, &job.delivery_ids).await?;
    let now = app.now();
    Ok(rows.iter().any(|row| row.value.is_due(now, recovered_at)))
}

struct Worker<'a> {
    app: &'a App,
    webhook: Row<Webhook>,
    held: Row<Endpoint>,
    started: tokio::time::Instant,
    time_is_up: bool,
    /// The first of the times at which what failed now is to be tried again. The list of what is pending lags behind.
    first_retry_at: Option<Timestamp>,
}

impl Worker<'_> {
    fn endpoint(&mut self) -> &mut Endpoint {
        &mut self.held.value
    }

    fn has_time(&self) -> bool {
        self.started.elapsed() < WORKING_TIME
    }

    async fn work_off(&mut self, job: &WebhookJob) -> Result<(), ServiceError> {
        if job.renewed {
            self.endpoint().renewed();
        }
        let mut named = job.delivery_ids.clone();
        loop {
            let due = self.read_due(&mut named).await?;
            if due.is_empty() {
                return Ok(());
            }
            let tried = self.round(due).await?;
            if !self.has_time() {
                self.time_is_up = true;
                return Ok(());
            }
            // Nothing was tried: the endpoint is given a rest.
            if !tried {
                return Ok(());
            }
            self.read_webhook_again().await?;
        }
    }

    /// What is due, in the order of the events.
    async fn read_due(
        &mut self,
        named: &mut Vec<WebhookDeliveryId>,
    ) -> Result<Vec<Row<WebhookDelivery>>, ServiceError> {
        let (workspace, webhook) = (self.webhook.value.workspace_id, self.webhook.value.id);
        let recovered_at = self.held.value.recovered_at;
        let (until, limit) = match recovered_at {
            Some(_) => (None, RECOVERY_ROUND),
            None => (Some(self.app.now()), ROUND),
        };
        let mut ids = self.app.store.pending_deliveries(workspace, webhook, until, limit).await?;
        ids.append(named);
        ids.sort_unstable();
        ids.dedup();
        // The list lags behind the items it lists; what is tried is read as it is now.
        let rows = self.app.store.webhook_deliveries(workspace, webhook, &ids).await?;
        let now = self.app.now();
        let mut due: Vec<_> = rows.into_iter().filter(|row| row.value.is_due(now, recovered_at)).collect();
        due.sort_unstable_by_key(|row| row.value.id);
        if due.is_empty() && recovered_at.is_some() {
            self.endpoint().recovered_at = None;
        }
        Ok(due)
    }

    /// It may have been changed, switched off or given another secret meanwhile.
    async fn read_webhook_again(&mut self) -> Result<(), ServiceError> {
        let key = keys::webhook(self.webhook.value.workspace_id, self.webhook.value.id);
        if let Some(webhook) = self.app.store.get::<Webhook>(&key).await? {
            self.webhook = webhook;
        }
        Ok(())
    }

    async fn disable(&mut self, reason: DisabledReason) -> Result<(), ServiceError> {
        let key = keys::webhook(self.webhook.value.workspace_id, self.webhook.value.id);
        let url = self.webhook.value.url.clone();
        until_settled(self.app, || async {
            let Some(row) = self.app.store.get::<Webhook>(&key).await? else { return Ok(()) };
            let mut webhook = row.value.clone();
            // Another URL has not failed.
            if webhook.url != url || !webhook.disable(reason, self.app.now()) {
                return Ok(());
            }
            let mut transaction = Transaction::new();
            transaction.replace(&row, &webhook)?;
            Ok(self.app.store.commit(transaction).await?)
        })
        .await?;
        tracing::warn!(webhook_id = %self.webhook.value.id, ?reason, "webhook disabled");
        self.read_webhook_again().await
    }

    async fn give_up(&self, row: &Row<WebhookDelivery>, failure: DeliveryFailure) -> Result<(), ServiceError> {
        let mut delivery = row.value.clone();
        delivery.give_up(failure);
        let mut transaction = Transaction::new();
        transaction.replace(row, &delivery)?;
        match self.app.store.commit(transaction).await {
            // Somebody else settled it.
            Ok(()) | Err(actionlayer_store::CommitError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
