//! Exports.

use actionlayer_domain::{
    Timestamp,
    export::{Export, ExportState},
};

use crate::{
    Store, StoreError,
    keys::{self, Index, IndexEntry, Key},
    record::Record,
};

impl Record for Export {
    const KIND: &'static str = "export";
    type Body = ();

    fn key(&self) -> Key {
        keys::export(self.workspace_id)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let is_due = self.state == ExportState::Running;
        let position = || keys::by_time(self.requested_at, self.id);
        is_due.then(|| IndexEntry::new(Index::Due, keys::DUE_EXPORTS, position())).into_iter().collect()
    }

    fn ttl_unix_seconds(&self) -> Option<i64> {
        Some(self.expires_at().unix_seconds())
    }
}

impl Store {
    /// Exports that are being written, the oldest first.
    pub async fn due_exports(&self, now: Timestamp) -> Result<Vec<Export>, StoreError> {
        self.due(keys::DUE_EXPORTS, "0", &format!("{now}~")).await
    }
}
