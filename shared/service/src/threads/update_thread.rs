//! `PATCH /v1/threads/{id}`.

use actionlayer_domain::{Thread, ThreadId, key::Permission, thread::ThreadStatus};
use actionlayer_store::Transaction;

use crate::{
    App, Caller, ServiceError,
    contention::until_settled,
    fields::{Fields, distinct},
    permission::Require as _,
    threads::resolve,
};

/// What to change; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct ThreadPatch {
    /// Whose turn it is.
    pub status: Option<ThreadStatus>,
    /// Whether somebody should look.
    pub needs_review: Option<bool>,
    /// All of its tags.
    pub tags: Option<Vec<String>>,
}

/// Changes a thread.
pub async fn update_thread(
    app: &App,
    caller: &Caller,
    id: ThreadId,
    patch: ThreadPatch,
) -> Result<Thread, ServiceError> {
    caller.require(Permission::Draft)?;
    let mut fields = Fields::default();
    if let Some(tags) = &patch.tags {
        fields.tags(tags);
    }
    // Whether a draft is pending is a fact, not a choice.
    if patch.status == Some(ThreadStatus::DraftPending) {
        fields.refuse("status", "must be `open`, `waiting` or `closed`; submitting a draft makes it `draft_pending`");
    }
    fields.finish()?;
    until_settled(app, || update_once(app, caller, id, &patch)).await
}

async fn update_once(app: &App, caller: &Caller, id: ThreadId, patch: &ThreadPatch) -> Result<Thread, ServiceError> {
    let row = resolve::visible(app, caller, id).await?;
    let mut thread = row.value.clone();
    if let Some(status) = patch.status {
        thread.status = status;
    }
    if let Some(needs_review) = patch.needs_review {
        thread.needs_review = needs_review;
    }
    if let Some(tags) = &patch.tags {
        thread.tags = distinct(tags);
    }
    if thread == row.value {
        return Ok(thread);
    }
    thread.updated_at = app.now();
    let mut transaction = Transaction::new();
    transaction.replace(&row, &thread)?;
    app.store.commit(transaction).await?;
    Ok(thread)
}
