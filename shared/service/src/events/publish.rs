//! Makes known what happened: writes it into the log and, for every webhook that asked for it, on its way.

use actionlayer_domain::{Timestamp, Webhook, WebhookDelivery, WorkspaceId, event::Event};
use actionlayer_store::{CommitError, Record, Row, Store, Transaction};
use std::collections::BTreeMap;
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
        let log = events.iter().cloned().map(|event| vec![event]).collect();
        let (webhooks, written) = tokio::join!(app.store.webhooks(workspace), create_all(&app.store, log));
        written?;
        // From the stream, each of them becomes a job.
        create_all(&app.store, in_order(deliveries(&events, &webhooks?, now))).await?;
    }
    Ok(())
}

fn deliveries(events: &[Event], webhooks: &[Row<Webhook>], now: Timestamp) -> Vec<WebhookDelivery> {
    let wanted = |event: &'_ Event| {
        let webhooks = webhooks.iter().map(|row| &row.value);
        let webhooks = webhooks.filter(|webhook| webhook.wants(event.event_type()));
        webhooks.map(|webhook| WebhookDelivery::of(event, webhook, now)).collect::<Vec<_>>()
    };
    events.iter().flat_map(wanted).collect()
}

/// One sequence for each webhook and thread, in the order of the events: a worker makes whatever delivery it finds, so
/// that none may be there before the one it follows.
fn in_order(mut deliveries: Vec<WebhookDelivery>) -> Vec<Vec<WebhookDelivery>> {
    deliveries.sort_by_key(|delivery| delivery.event_id);
    let mut sequences: BTreeMap<_, Vec<WebhookDelivery>> = BTreeMap::new();
    for delivery in deliveries {
        // What belongs to no thread follows nothing.
        let alone = delivery.thread_id().is_none().then_some(delivery.id);
        sequences.entry((delivery.webhook_id, delivery.thread_id(), alone)).or_default().push(delivery);
    }
    sequences.into_values().collect()
}

/// Creates what is not there yet: each sequence in its order, several sequences at once.
async fn create_all<T>(store: &Store, sequences: Vec<Vec<T>>) -> Result<(), ServiceError>
where
    T: Record + 'static,
{
    let mut waiting = sequences.into_iter();
    let mut under_way: JoinSet<Result<(), ServiceError>> = JoinSet::new();
    loop {
        while under_way.len() < AT_ONCE
            && let Some(sequence) = waiting.next()
        {
            let store = store.clone();
            under_way.spawn(async move {
                for value in &sequence {
                    create(&store, value).await?;
                }
                Ok(())
            });
        }
        match under_way.join_next().await {
            None => return Ok(()),
            Some(Ok(written)) => written?,
            Some(Err(_)) => {
                return Err(ServiceError::Upstream { service: "relay", code: "interrupted".to_owned() });
            }
        }
    }
}

async fn create<T: Record>(store: &Store, value: &T) -> Result<(), ServiceError> {
    let mut transaction = Transaction::new();
    transaction.create_without_body(value)?;
    match store.commit(transaction).await {
        Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}
