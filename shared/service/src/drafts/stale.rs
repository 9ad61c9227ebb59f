//! Drafts that a conversation has gone past.

use actionlayer_domain::{DraftId, WorkspaceId};
use actionlayer_store::Transaction;

use crate::{App, ServiceError};

/// Marks drafts that something overtook: mail that came in, or another answer that left. One that a worker claimed in the
/// meantime is past that point.
pub(crate) async fn go_stale(
    app: &App,
    workspace: WorkspaceId,
    overtaken: &[DraftId],
    transaction: &mut Transaction,
) -> Result<(), ServiceError> {
    if overtaken.is_empty() {
        return Ok(());
    }
    let now = app.now();
    for row in app.store.drafts_by_id(workspace, overtaken).await? {
        let mut draft = row.value.clone();
        if draft.go_stale(now) {
            transaction.replace(&row, &draft)?;
        }
    }
    Ok(())
}
