//! Taking an endpoint, and giving it back with the time at which it is due again.

use std::time::Duration;

use actionlayer_domain::{
    webhook::Endpoint,
    work::{WebhookJob, Work},
};
use actionlayer_store::{CommitError, Row, Transaction};

use super::Worker;
use crate::{App, ServiceError};

/// SQS delays a message no longer than this; what is due later is brought back by the schedule.
const MAX_DELAY: Duration = Duration::from_mins(15);

/// Takes the endpoint; none when another worker was faster.
pub(super) async fn take(
    app: &App,
    job: &WebhookJob,
    endpoint: Option<Row<Endpoint>>,
) -> Result<Option<Row<Endpoint>>, ServiceError> {
    let mut taken = endpoint
        .as_ref()
        .map_or_else(|| Endpoint::new(job.workspace_id, job.webhook_id), |endpoint| endpoint.value.clone());
    taken.take(format!("{:016x}", app.entropy().next_u64()), app.now());
    let mut transaction = Transaction::new();
    let held = if let Some(row) = endpoint {
        transaction.replace(&row, &taken)?;
        row.replaced(taken)
    } else {
        transaction.create(&taken)?;
        Row::created(taken)
    };
    match app.store.commit(transaction).await {
        Ok(()) => Ok(Some(held)),
        Err(CommitError::Conflict { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Worker<'_> {
    /// Gives the endpoint back, and sees to it that somebody comes when its next delivery is due.
    pub(super) async fn finish(mut self) -> Result<(), ServiceError> {
        let (workspace, webhook) = (self.webhook.value.workspace_id, self.webhook.value.id);
        let now = self.app.now();
        let pending = self.app.store.next_pending_delivery(workspace, webhook).await?;
        let first_due = pending.into_iter().chain(self.first_retry_at).min();
        let paused_until = self.held.value.paused_until;
        let next_due_at = first_due.map(|due| paused_until.map_or(due, |until| due.max(until)));
        self.endpoint().lease = None;
        self.endpoint().next_due_at = next_due_at;
        let mut transaction = Transaction::new();
        transaction.replace(&self.held, &self.held.value)?;
        match self.app.store.commit(transaction).await {
            Ok(()) | Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let Some(due) = next_due_at else { return Ok(()) };
        let delay = due.since(now).max(if self.time_is_up { Duration::ZERO } else { Duration::from_secs(1) });
        if delay > MAX_DELAY {
            return Ok(());
        }
        let job = WebhookJob::wake(workspace, webhook);
        Ok(self.app.queues.put_after(&Work::Webhook(job), whole_seconds(delay)).await?)
    }
}

/// SQS counts whole seconds: a moment too late rather than too early, for who comes too early goes away again.
fn whole_seconds(delay: Duration) -> u32 {
    delay.as_millis().div_ceil(1_000).try_into().unwrap_or(u32::MAX)
}
