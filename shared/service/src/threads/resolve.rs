//! Finding the thread that an id stands for now.
//!
//! Mails arrive in any order. When one shows that two threads are one conversation, the older takes over the younger,
//! whose id goes on leading there. See `docs/adr/0007-late-links.md`.

use actionlayer_domain::{Thread, ThreadId, WorkspaceId};
use actionlayer_store::{Row, keys};

use crate::{App, Caller, ServiceError};

/// A thread is merged into an older one, so that the way ends; this bounds it should a stored one be damaged.
const MAX_STEPS: usize = 32;

/// The thread of that id, or the one it was merged into.
pub(crate) async fn root(app: &App, workspace: WorkspaceId, id: ThreadId) -> Result<Option<Row<Thread>>, ServiceError> {
    let mut next = id;
    for _ in 0..MAX_STEPS {
        let row = app.store.get::<Thread>(&keys::thread(workspace, next.family())).await?;
        // Another id of the same family is the id of no thread.
        let Some(row) = row.filter(|row| row.value.id == next) else { return Ok(None) };
        match row.value.merged_into {
            Some(root) => next = root,
            None => return Ok(Some(row)),
        }
    }
    Ok(None)
}

/// The same, for a caller who may see it.
pub(crate) async fn visible(app: &App, caller: &Caller, id: ThreadId) -> Result<Row<Thread>, ServiceError> {
    let row = root(app, caller.workspace_id, id).await?;
    row.filter(|row| caller.sees(row.value.identity_id)).ok_or(ServiceError::NotFound { what: "thread" })
}

/// Whether a message or draft of that family is shown in the thread.
pub(crate) fn holds(thread: &Thread, family: actionlayer_domain::Family) -> bool {
    thread.id.family() == family || thread.linked_thread_ids.iter().any(|part| part.family() == family)
}
