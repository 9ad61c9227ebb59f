//! Emptying the table and the bucket of a workspace.

use actionlayer_domain::{Timestamp, WorkspaceId, erasure::Erasure};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    BlobKey, Store, StoreError,
    keys::{self, Index, IndexEntry, Key},
    record::{Record, key_item, s},
};

/// So many items of the table are looked at by one request,
const LOOKED_AT: i32 = 2_000;
/// and so many deleted at once.
const DELETED_AT_ONCE: usize = 16;
/// Where the bucket keeps what belongs to one workspace. Bodies go by their content, raw inbound mail by SES's id, and
/// uploads go by themselves after two days.
const PREFIXES: [&str; 4] = ["outbound", "attachments", "words", "exports"];

impl Record for Erasure {
    const KIND: &'static str = "erasure";
    type Body = ();

    fn key(&self) -> Key {
        keys::erasure(self.workspace_id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        vec![IndexEntry::new(Index::Due, keys::DUE_ERASURES, keys::by_time(self.due_at, self.workspace_id))]
    }
}

impl Store {
    /// Workspaces of whose deletion a step is due, the longest ago first.
    pub async fn due_erasures(&self, now: Timestamp) -> Result<Vec<Erasure>, StoreError> {
        self.due(keys::DUE_ERASURES, "0", &format!("{now}~")).await
    }

    /// Deletes some of what the table has of a workspace, wherever it lies, and gives the item to go on after; none when
    /// the table was gone through. Every partition of a workspace has its name in its key, those of sealed secrets too; names
    /// are of one length, so that none is a part of another.
    pub async fn erase_items(
        &self,
        workspace: WorkspaceId,
        after: Option<&(String, String)>,
    ) -> Result<Option<(String, String)>, StoreError> {
        let trip = self.meter.trip();
        let answer = self
            .dynamodb
            .scan()
            .table_name(&self.table)
            .filter_expression("contains(pk, :own)")
            .expression_attribute_values(":own", s(keys::workspace_pk(workspace)))
            .projection_expression("pk, sk")
            .limit(LOOKED_AT)
            .set_exclusive_start_key(after.map(|(pk, sk)| key_item(&Key { pk: pk.clone(), sk: sk.clone() })))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|e| StoreError::dynamodb(&e))?;
        trip.read(answer.consumed_capacity());
        let text = |item: &crate::record::Item, name: &str| match item.get(name) {
            Some(AttributeValue::S(text)) => Some(text.clone()),
            _ => None,
        };
        let found = answer.items.unwrap_or_default();
        stream::iter(found.into_iter().map(|item| async move {
            let delete = self.dynamodb.delete_item().table_name(&self.table).set_key(Some(item));
            delete.send().await.map(|_| ()).map_err(|e| StoreError::dynamodb(&e))
        }))
        .buffer_unordered(DELETED_AT_ONCE)
        .try_collect::<()>()
        .await?;
        let last = answer.last_evaluated_key;
        Ok(last.and_then(|item| text(&item, keys::PK).zip(text(&item, keys::SK))))
    }

    /// Deletes some of what the bucket has of a workspace; whether that was all.
    pub async fn erase_blobs(&self, workspace: WorkspaceId) -> Result<bool, StoreError> {
        for prefix in PREFIXES {
            let listed = self.s3().list_objects_v2().bucket(&self.bucket).prefix(format!("{prefix}/{workspace}/"));
            let page = listed.send().await.map_err(|e| StoreError::s3(&e))?;
            let keys: Vec<BlobKey> =
                page.contents().iter().filter_map(|object| Some(BlobKey::stored(object.key()?))).collect();
            if keys.is_empty() {
                continue;
            }
            stream::iter(keys.into_iter().map(|key| async move { self.delete_blob(&key).await }))
                .buffer_unordered(DELETED_AT_ONCE)
                .try_collect::<()>()
                .await?;
            return Ok(false);
        }
        Ok(true)
    }
}
