//! Webhooks and what is on its way to them.

use actionlayer_domain::{
    Timestamp, Webhook, WebhookDelivery, WebhookDeliveryId, WebhookId, WorkspaceId,
    event::EVENT_LIFETIME,
    webhook::{DeliveryAnswers, Endpoint, WebhookDeliveryState},
};
use aws_sdk_dynamodb::operation::query::QueryInput;
use futures_util::future::try_join_all;

use crate::{
    Page, PageRequest, Record, Row, Store, StoreError,
    events::alive_from,
    keys::{self, Index, IndexEntry, Key},
    record::{row, s},
};

/// A page is 1 MB; of answers that are kept, a page holds some hundred deliveries at least.
const FAILED_PAGES: usize = 10;
/// `BatchGetItem` takes so many keys.
const BATCH: usize = 100;

impl Record for Webhook {
    const KIND: &'static str = "webhook";
    type Body = ();

    fn key(&self) -> Key {
        keys::webhook(self.workspace_id, self.id)
    }
}

impl Record for Endpoint {
    const KIND: &'static str = "endpoint";
    type Body = ();

    fn key(&self) -> Key {
        keys::endpoint(self.workspace_id, self.webhook_id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        // While a worker has it, that worker's job comes back if it dies.
        let due = self.next_due_at.filter(|_| self.lease.is_none());
        due.map(|at| IndexEntry::new(Index::Due, keys::DUE_ENDPOINTS, keys::by_time(at, self.webhook_id)))
            .into_iter()
            .collect()
    }
}

impl Record for WebhookDelivery {
    const KIND: &'static str = "webhook_delivery";
    type Body = DeliveryAnswers;

    fn key(&self) -> Key {
        keys::webhook_delivery(self.workspace_id, self.webhook_id, self.id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let pending = || keys::pending_deliveries(self.workspace_id, self.webhook_id);
        let due = self.next_attempt_at;
        due.map(|at| IndexEntry::new(Index::State, pending(), keys::by_time(at, self.id))).into_iter().collect()
    }

    fn state(&self) -> Option<&'static str> {
        Some(self.state.as_str())
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

    /// The deliveries of a webhook that have not expired, newest first; those in a state, if one is asked for.
    pub async fn list_webhook_deliveries(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        state: Option<WebhookDeliveryState>,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<WebhookDelivery>, StoreError> {
        let deliveries = self
            .newest_first::<WebhookDelivery>(workspace, &(webhook, state))
            .beside(vec![keys::webhook_deliveries(workspace, webhook)], "")
            .since(WebhookDeliveryId::earliest(alive_from(now)).to_string());
        let deliveries = match state {
            Some(state) => deliveries.that(move |delivery| delivery.state == state),
            None => deliveries,
        };
        deliveries.page(page).await
    }

    /// Deliveries as of now, in no order; those that are not there are left out.
    pub async fn webhook_deliveries(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        ids: &[WebhookDeliveryId],
    ) -> Result<Vec<Row<WebhookDelivery>>, StoreError> {
        let keys: Vec<_> = ids.iter().map(|id| keys::webhook_delivery(workspace, webhook, *id)).collect();
        let batches = try_join_all(keys.chunks(BATCH).map(|keys| self.batch_get(keys))).await?;
        batches.into_iter().flatten().map(row).collect()
    }

    /// Which deliveries to a webhook are pending, the first due first, up to `limit`: those due by a time, or all. As of
    /// moments ago.
    pub async fn pending_deliveries(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        due_by: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<WebhookDeliveryId>, StoreError> {
        let pending = self.pending(workspace, webhook, due_by, limit).await?;
        Ok(pending.into_iter().map(|delivery| delivery.id).collect())
    }

    /// When the next delivery to a webhook is due. As of moments ago.
    pub async fn next_pending_delivery(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let first = self.pending(workspace, webhook, None, 1).await?.pop();
        Ok(first.and_then(|delivery| delivery.next_attempt_at))
    }

    async fn pending(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        due_by: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<WebhookDelivery>, StoreError> {
        let mut found: Vec<WebhookDelivery> = Vec::new();
        let mut from = None;
        loop {
            let mut query = QueryInput::builder()
                .index_name(Index::State.name())
                .expression_attribute_values(":pending", s(keys::pending_deliveries(workspace, webhook)))
                .limit(i32::try_from(limit - found.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(from);
            query = match due_by {
                // What follows the time in a sort key begins with `#`, which is less than `~`.
                Some(due_by) => query
                    .key_condition_expression("state_pk = :pending AND state_sk <= :due")
                    .expression_attribute_values(":due", s(format!("{due_by}~"))),
                None => query.key_condition_expression("state_pk = :pending"),
            };
            let answer = self.query(query).await?;
            let rows = answer.items.unwrap_or_default().into_iter().map(row);
            found.extend(rows.map(|row| row.map(|row: Row<_>| row.value)).collect::<Result<Vec<_>, _>>()?);
            from = answer.last_evaluated_key;
            if from.is_none() || found.len() >= limit {
                return Ok(found);
            }
        }
    }

    /// Endpoints at which something was due before a time, the longest ago first.
    pub async fn due_endpoints(&self, before: Timestamp) -> Result<Vec<Endpoint>, StoreError> {
        self.due(keys::DUE_ENDPOINTS, "0", &before.to_string()).await
    }

    /// Deliveries to a webhook that were given up, of events since a time, the oldest first, up to `limit`; and the time
    /// to go on from where there may be more. Looks at no more than some 10,000 deliveries.
    pub async fn failed_deliveries(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        since: Timestamp,
        limit: usize,
    ) -> Result<(Vec<Row<WebhookDelivery>>, Option<Timestamp>), StoreError> {
        let mut found: Vec<Row<WebhookDelivery>> = Vec::new();
        let mut from = None;
        for _ in 0..FAILED_PAGES {
            let query = QueryInput::builder()
                .key_condition_expression("pk = :pk AND sk >= :since")
                .filter_expression("#state = :failed")
                .expression_attribute_names("#state", keys::STATE)
                .expression_attribute_values(":pk", s(keys::webhook_deliveries(workspace, webhook)))
                .expression_attribute_values(":since", s(WebhookDeliveryId::earliest(since).to_string()))
                .expression_attribute_values(":failed", s(WebhookDeliveryState::Failed.as_str()))
                .consistent_read(true)
                .set_exclusive_start_key(from);
            let answer = self.query(query).await?;
            for item in answer.items.unwrap_or_default() {
                let failed: Row<WebhookDelivery> = row(item)?;
                if found.len() == limit {
                    let next = failed.value.id.time();
                    return Ok((found, Some(next)));
                }
                found.push(failed);
            }
            from = answer.last_evaluated_key;
            if from.is_none() {
                return Ok((found, None));
            }
        }
        let last = from.as_ref().and_then(|key| key.get(keys::SK)?.as_s().ok()?.parse::<WebhookDeliveryId>().ok());
        Ok((found, last.map(WebhookDeliveryId::time)))
    }
}
