//! Addresses that a workspace sends nothing to.

use actionlayer_domain::{EmailAddress, Suppression, SuppressionId, WorkspaceId};

use crate::{
    Page, PageRequest, Record, Row, Store, StoreError,
    counted::{Counted, TotalsKey},
    keys::{self, Index, IndexEntry, Key},
    record::row,
};

impl Record for Suppression {
    const KIND: &'static str = "suppression";
    type Body = ();

    fn key(&self) -> Key {
        keys::suppression(self.workspace_id, &self.email)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let position = self.id.to_string();
        vec![
            IndexEntry::new(Index::List, keys::suppressions(self.workspace_id), &position),
            IndexEntry::new(Index::Owner, keys::suppression_by_id(self.workspace_id, self.id), "SUPPRESSION"),
        ]
    }

    fn counted(&self) -> Option<Counted> {
        Some(Counted { workspace_id: self.workspace_id, identity_id: None, keys: vec![TotalsKey::Suppressions] })
    }
}

impl Store {
    /// Those of some addresses that are suppressed, as of now: one read for up to 100.
    pub async fn suppressed(
        &self,
        workspace: WorkspaceId,
        addresses: impl IntoIterator<Item = &EmailAddress>,
    ) -> Result<Vec<Row<Suppression>>, StoreError> {
        let keys: Vec<Key> = addresses.into_iter().map(|email| keys::suppression(workspace, email)).collect();
        self.batch_get(&keys).await?.into_iter().map(row).collect()
    }

    /// Suppressed addresses, newest first.
    pub async fn list_suppressions(
        &self,
        workspace: WorkspaceId,
        page: &PageRequest,
    ) -> Result<Page<Suppression>, StoreError> {
        self.newest_first::<Suppression>(workspace, &())
            .in_index(Index::List, keys::suppressions(workspace))
            .counted_by(TotalsKey::Suppressions)
            .page(page)
            .await
    }

    /// A suppressed address by its id.
    pub async fn suppression_by_id(
        &self,
        workspace: WorkspaceId,
        id: SuppressionId,
    ) -> Result<Option<Row<Suppression>>, StoreError> {
        let row = self.get_indexed::<Suppression>(keys::suppression_by_id(workspace, id)).await?;
        Ok(row.filter(|row| row.value.id == id))
    }
}
