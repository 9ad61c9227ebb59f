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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use actionlayer_domain::{
        DraftId, IdentityId, ThreadId, WebhookId,
        event::EventData,
        webhook::{EventSelection, Reach, WebhookUrl},
    };

    use super::*;

    fn workspace() -> WorkspaceId {
        WorkspaceId::from_bytes([2; 16])
    }

    fn webhook(id: u8) -> Webhook {
        let at = Timestamp::from_unix_ms(1_000);
        Webhook::start(
            WebhookId::from_bytes([id; 16]),
            workspace(),
            WebhookUrl::parse("https://example.com/", Reach::Public).unwrap(),
            EventSelection::All,
            at,
        )
    }

    fn of_thread(thread: u8, at_unix_ms: i64) -> Event {
        let at = Timestamp::from_unix_ms(at_unix_ms);
        let what = EventData::DraftStale {
            draft_id: DraftId::from_bytes([4; 16]),
            thread_id: ThreadId::from_bytes([thread; 16]),
            identity_id: IdentityId::from_bytes([5; 16]),
            version: 1,
            based_on_message_id: None,
            stale_at: at,
        };
        Event::of(workspace(), at, &format!("draft#{at_unix_ms}"), what)
    }

    fn of_no_thread(at_unix_ms: i64) -> Event {
        let at = Timestamp::from_unix_ms(at_unix_ms);
        let what = EventData::WebhookTest { webhook_id: WebhookId::from_bytes([1; 16]), requested_at: at };
        Event::of(workspace(), at, &format!("test#{at_unix_ms}"), what)
    }

    #[test]
    fn what_belongs_to_one_thread_is_written_in_order() {
        let events = [
            of_thread(7, 3_000),
            of_no_thread(2_500),
            of_thread(8, 2_000),
            of_thread(7, 1_000),
            of_no_thread(1_500),
            of_thread(7, 2_000),
        ];
        let webhooks = [1, 2].map(webhook);
        let wanted = |event: &Event| {
            webhooks.each_ref().map(|one| WebhookDelivery::of(event, one, Timestamp::from_unix_ms(9_000)))
        };
        let mut sequences = in_order(events.iter().flat_map(wanted).collect());
        sequences.sort_by_key(Vec::len);
        assert_eq!(sequences.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 1, 3, 3]);
        for longest in &sequences[6..] {
            assert!(longest.is_sorted_by_key(|delivery| delivery.event_id));
            assert!(longest.iter().all(|delivery| delivery.webhook_id == longest[0].webhook_id));
        }
    }
}
