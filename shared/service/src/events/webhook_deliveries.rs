//! `GET /v1/webhooks/{id}/deliveries`, `POST /v1/webhooks/{id}/deliveries/{delivery_id}/redeliver`,
//! `POST /v1/webhooks/{id}/test`.

use actionlayer_domain::{
    WebhookDelivery, WebhookDeliveryId, WebhookId,
    event::{EVENT_LIFETIME, Event, EventData},
    key::Permission,
};
use actionlayer_store::{Page, PageRequest, Transaction, keys};

use crate::{
    App, Caller, ServiceError, contention::until_settled, events::webhooks, permission::Require as _,
    workspace::idempotency::Idempotency,
};

const NOT_FOUND: ServiceError = ServiceError::NotFound { what: "webhook delivery" };

/// The deliveries of the last 30 days to a webhook, newest first.
pub async fn list_webhook_deliveries(
    app: &App,
    caller: &Caller,
    id: WebhookId,
    page: &PageRequest,
) -> Result<Page<WebhookDelivery>, ServiceError> {
    let webhook = webhooks::find(app, caller, id).await?.value;
    Ok(app.store.list_webhook_deliveries(webhook.workspace_id, webhook.id, app.now(), page).await?)
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
        let event = Event::of(caller.workspace_id, now, &format!("{id}#{:016x}", app.entropy().next_u64()), what);
        let delivery = WebhookDelivery::of(&event, &webhook.value, now);
        let mut transaction = Transaction::new();
        transaction.check(&webhook).create(&event)?.create(&delivery)?;
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
        transaction.check(&webhook).create(&delivery)?;
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
    let alive = |delivery: &WebhookDelivery| app.now() < delivery.created_at.after(EVENT_LIFETIME);
    row.map(|row| row.value).filter(alive).ok_or(NOT_FOUND)
}
