//! `GET /v1/webhooks/{id}/deliveries`, `GET /v1/webhooks/{id}/deliveries/{delivery_id}`, `POST /v1/webhooks/{id}/replay`,
//! `POST /v1/webhooks/{id}/deliveries/{delivery_id}/redeliver`,
//! `POST /v1/webhooks/{id}/test`.

use actionlayer_domain::{
    Timestamp, WebhookDelivery, WebhookDeliveryId, WebhookId,
    event::{EVENT_LIFETIME, Event, EventData},
    key::Permission,
    webhook::{DeliveryAnswers, WebhookDeliveryState},
};
use actionlayer_store::{CommitError, Page, PageRequest, Transaction, keys};
use tokio::task::JoinSet;

use crate::{
    App, Caller, ServiceError, contention::until_settled, events::webhooks, permission::Require as _,
    workspace::idempotency::Idempotency,
};

/// So many deliveries are replayed by one request,
const MAX_REPLAYED: usize = 1_000;
/// and so many of them written at once.
const REPLAYED_AT_ONCE: usize = 16;

const NOT_FOUND: ServiceError = ServiceError::NotFound { what: "webhook delivery" };

/// The deliveries of the last 30 days to a webhook, newest first.
pub async fn list_webhook_deliveries(
    app: &App,
    caller: &Caller,
    id: WebhookId,
    state: Option<WebhookDeliveryState>,
    page: &PageRequest,
) -> Result<Page<WebhookDelivery>, ServiceError> {
    let webhook = webhooks::find(app, caller, id).await?.value;
    Ok(app.store.list_webhook_deliveries(webhook.workspace_id, webhook.id, state, app.now(), page).await?)
}

/// A delivery with what was answered to it.
pub async fn get_webhook_delivery(
    app: &App,
    caller: &Caller,
    id: WebhookId,
    delivery_id: Option<WebhookDeliveryId>,
) -> Result<(WebhookDelivery, DeliveryAnswers), ServiceError> {
    let webhook = webhooks::find(app, caller, id).await?.value;
    let key = keys::webhook_delivery(webhook.workspace_id, webhook.id, delivery_id.ok_or(NOT_FOUND)?);
    let row = app.store.get::<WebhookDelivery>(&key).await?.filter(|row| is_alive(app, &row.value));
    let row = row.ok_or(NOT_FOUND)?;
    let answers = app.store.body(&row).await?;
    Ok((row.value, answers))
}

/// What a replay came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// So many deliveries are on their way again.
    pub replayed: usize,
    /// There may be more, of events since this time.
    pub continue_since: Option<Timestamp>,
}

/// Puts everything on its way again that was given up, of events since a time: up to 1,000 deliveries, the oldest first.
pub async fn replay_webhook(
    app: &App,
    caller: &Caller,
    id: WebhookId,
    since: Timestamp,
) -> Result<Replayed, ServiceError> {
    caller.require(Permission::Administer)?;
    let webhook = webhooks::find(app, caller, id).await?.value;
    let (failed, continue_since) =
        app.store.failed_deliveries(webhook.workspace_id, webhook.id, since, MAX_REPLAYED).await?;
    let mut replayed = 0;
    // One of them is tried even while the endpoint is given a rest: when that is taken, all others follow.
    let mut probes = webhook.active;
    for some in failed.chunks(REPLAYED_AT_ONCE) {
        let now = app.now();
        let mut writes = JoinSet::new();
        for row in some.iter().filter(|row| is_alive(app, &row.value)) {
            let mut delivery = row.value.clone();
            if !delivery.replay(now) {
                continue;
            }
            delivery.requested |= std::mem::take(&mut probes);
            let mut transaction = Transaction::new();
            transaction.replace(row, &delivery)?;
            let store = app.store.clone();
            writes.spawn(async move { store.commit(transaction).await });
        }
        for written in writes.join_all().await {
            match written {
                Ok(()) => replayed += 1,
                // Another replay was faster.
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(Replayed { replayed, continue_since })
}

/// Puts an event that never happened on its way to a webhook, also to one that is not active.
pub async fn test_webhook(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    id: WebhookId,
) -> Result<WebhookDelivery, ServiceError> {
    caller.require_role(Permission::Administer)?;
    until_settled(app, || async {
        let webhook = webhooks::find(app, caller, id).await?;
        if let Some(made) = idempotency.made(app, caller).await? {
            return find(app, caller, id, made).await;
        }
        let now = app.now();
        let what = EventData::WebhookTest { webhook_id: id, requested_at: now };
        let event =
            Event::of(caller.workspace_id, now, &format!("{id}#{:016x}", app.entropy().next_u64()), what).recorded(now);
        let delivery = WebhookDelivery::of(&event, &webhook.value, now).requested();
        let mut transaction = Transaction::new();
        transaction.check(&webhook).create(&event)?.create_without_body(&delivery)?;
        idempotency.mark(&mut transaction, caller, delivery.id, now)?;
        app.store.commit(transaction).await?;
        Ok(delivery)
    })
    .await
}

/// Puts the event of a delivery on its way once more, as a delivery of its own, also to a webhook that is not active.
pub async fn redeliver(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    id: WebhookId,
    delivery_id: Option<WebhookDeliveryId>,
) -> Result<WebhookDelivery, ServiceError> {
    caller.require_role(Permission::Administer)?;
    until_settled(app, || async {
        let webhook = webhooks::find(app, caller, id).await?;
        if let Some(made) = idempotency.made(app, caller).await? {
            return find(app, caller, id, made).await;
        }
        let before = find(app, caller, id, delivery_id.ok_or(NOT_FOUND)?).await?;
        let now = app.now();
        let delivery = before.again(WebhookDeliveryId::generate(now, app.entropy()), now);
        let mut transaction = Transaction::new();
        transaction.check(&webhook).create_without_body(&delivery)?;
        idempotency.mark(&mut transaction, caller, delivery.id, now)?;
        app.store.commit(transaction).await?;
        Ok(delivery)
    })
    .await
}

async fn find(
    app: &App,
    caller: &Caller,
    webhook: WebhookId,
    id: WebhookDeliveryId,
) -> Result<WebhookDelivery, ServiceError> {
    let key = keys::webhook_delivery(caller.workspace_id, webhook, id);
    let row = app.store.get::<WebhookDelivery>(&key).await?;
    row.map(|row| row.value).filter(|delivery| is_alive(app, delivery)).ok_or(NOT_FOUND)
}

fn is_alive(app: &App, delivery: &WebhookDelivery) -> bool {
    app.now() < delivery.created_at.after(EVENT_LIFETIME)
}
