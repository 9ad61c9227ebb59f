//! Makes known what happened: writes it into the log and, for every webhook that asked for it, on its way.

use actionlayer_domain::{ThreadId, Webhook, WebhookDelivery, WebhookId, WorkspaceId, event::Event};
use actionlayer_store::{CommitError, Record, Row, Store, Transaction};
use std::{collections::BTreeMap, sync::Arc};
use tokio::task::JoinSet;

use crate::{App, ServiceError};

/// So many writes are under way together.
const AT_ONCE: usize = 16;

/// Publishes events. Each is written under its own id, and each delivery under that of event and webhook: what was
/// published before stays as it is, so that all may come again when some could not be written.
pub(crate) async fn publish(app: &App, events: Vec<Event>) -> Result<(), ServiceError> {
    let mut by_workspace: BTreeMap<WorkspaceId, Vec<Event>> = BTreeMap::new();
    let now = app.now();
    for event in events {
        by_workspace.entry(event.workspace_id).or_default().push(event.recorded(now));
    }
    for (workspace, events) in by_workspace {
        let log = events.iter().map(|event| vec![event.clone()]).collect();
        let (webhooks, written) = tokio::join!(app.store.webhooks(workspace), create_all(&app.store, log));
        written?;
        // From the stream, each of them becomes a job.
        create_all(&app.store, in_order(deliveries(&events, &webhooks?, app))).await?;
    }
    Ok(())
}

fn deliveries(events: &[Event], webhooks: &[Row<Webhook>], app: &App) -> Vec<WebhookDelivery> {
    let now = app.now();
    let wanted = |event: &'_ Event| {
        let webhooks = webhooks.iter().map(|row| &row.value);
        let webhooks = webhooks.filter(|webhook| webhook.wants(event.event_type()));
        webhooks.map(|webhook| WebhookDelivery::of(event, webhook, now)).collect::<Vec<_>>()
    };
    events.iter().flat_map(wanted).collect()
}

/// Deliveries of a thread to a webhook follow each other: a worker that is at work already would otherwise find a later one
/// before an earlier one is written, and deliver it first.
fn in_order(mut deliveries: Vec<WebhookDelivery>) -> Vec<Vec<WebhookDelivery>> {
    deliveries.sort_by_key(|delivery| delivery.id);
    let mut alone = Vec::new();
    let mut of_threads: BTreeMap<(WebhookId, ThreadId), Vec<WebhookDelivery>> = BTreeMap::new();
    for delivery in deliveries {
        match delivery.thread_id() {
            Some(thread) => of_threads.entry((delivery.webhook_id, thread)).or_default().push(delivery),
            None => alone.push(vec![delivery]),
        }
    }
    of_threads.into_values().chain(alone).collect()
}

/// Creates what is not there yet: each sequence one after the other, some sequences at once.
async fn create_all<T>(store: &Store, mut sequences: Vec<Vec<T>>) -> Result<(), ServiceError>
where
    T: Record + 'static,
{
    let store = Arc::new(store.clone());
    while !sequences.is_empty() {
        let mut writes = JoinSet::new();
        for sequence in sequences.drain(..AT_ONCE.min(sequences.len())) {
            writes.spawn(create_sequence(Arc::clone(&store), sequence));
        }
        while let Some(written) = writes.join_next().await {
            let interrupted = |_| ServiceError::Upstream { service: "relay", code: "interrupted".to_owned() };
            written.map_err(interrupted)??;
        }
    }
    Ok(())
}

async fn create_sequence<T: Record>(store: Arc<Store>, values: Vec<T>) -> Result<(), ServiceError> {
    for value in &values {
        let mut transaction = Transaction::new();
        transaction.create_without_body(value)?;
        match store.commit(transaction).await {
            Ok(()) | Err(CommitError::Conflict { .. }) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Ok(())
}
