//! Makes known what happened: writes it into the log and, for every webhook that asked for it, on its way.

use actionlayer_domain::{Webhook, WebhookDelivery, WorkspaceId, event::Event};
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
        let (webhooks, written) = tokio::join!(app.store.webhooks(workspace), create_all(&app.store, &events));
        written?;
        // From the stream, each of them becomes a job.
        create_all(&app.store, &deliveries(&events, &webhooks?, app)).await?;
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

/// Creates what is not there yet.
async fn create_all<T>(store: &Store, values: &[T]) -> Result<(), ServiceError>
where
    T: Record + Clone + 'static,
{
    let store = Arc::new(store.clone());
    for chunk in values.chunks(AT_ONCE) {
        let mut writes = JoinSet::new();
        for value in chunk {
            let mut transaction = Transaction::new();
            transaction.create_without_body(value)?;
            let store = Arc::clone(&store);
            writes.spawn(async move { store.commit(transaction).await });
        }
        while let Some(written) = writes.join_next().await {
            match written {
                Ok(Ok(()) | Err(CommitError::Conflict { .. })) => {}
                Ok(Err(CommitError::Store(error))) => return Err(error.into()),
                Err(_) => return Err(ServiceError::Upstream { service: "relay", code: "interrupted".to_owned() }),
            }
        }
    }
    Ok(())
}
