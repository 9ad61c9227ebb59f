//! Webhooks and what is on its way to them.

use actionlayer_domain::{
    Timestamp, Webhook, WebhookDelivery, WebhookDeliveryId, WebhookId, WorkspaceId, event::EVENT_LIFETIME,
};

use crate::{
    Page, PageRequest, Record, Row, Store, StoreError,
    events::alive_from,
    keys::{self, Index, IndexEntry, Key},
};

impl Record for Webhook {
    const KIND: &'static str = "webhook";
    type Body = ();

    fn key(&self) -> Key {
        keys::webhook(self.workspace_id, self.id)
    }
}

impl Record for WebhookDelivery {
    const KIND: &'static str = "webhook_delivery";
    type Body = ();

    fn key(&self) -> Key {
        keys::webhook_delivery(self.workspace_id, self.webhook_id, self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let due = self.next_attempt_at;
        due.map(|at| IndexEntry::new(Index::Due, keys::DUE_WEBHOOK_DELIVERIES, keys::by_time(at, self.id)))
            .into_iter()
            .collect()
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.created_at.after(EVENT_LIFETIME).unix_seconds())
    }
}

impl Store {
    /// A workspace's webhooks, oldest first. Their number is bounded.
    pub async fn webhooks(&self, workspace: WorkspaceId) -> Result<Vec<Row<Webhook>>, StoreError> {
        self.workspace_items(workspace, keys::WEBHOOK_PREFIX).await
    }

    /// The deliveries of a webhook that have not expired, newest first.
    pub async fn list_webhook_deliveries(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<WebhookDelivery>, StoreError> {
        self.newest_first::<WebhookDelivery>(workspace, &webhook)
            .beside(vec![keys::webhook_deliveries(workspace, webhook)], "")
            .since(WebhookDeliveryId::earliest(alive_from(now)).to_string())
            .page(page)
            .await
    }
}
