//! `PATCH /v1/threads/{id}`.

use actionlayer_domain::{
    Identity, IdentityId, MessageId, Thread, ThreadId, key::Permission, sending, thread::ThreadStatus,
};
use actionlayer_store::Transaction;

use crate::{
    App, Caller, ServiceError,
    contention::until_settled,
    fields::{Fields, MAX_TAGS, distinct},
    identities::read_identities::visible_identity,
    outbound::clearance::require_identity,
    permission::Require as _,
    threads::resolve,
    workspace::idempotency::Idempotency,
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
    /// A tag it is to have.
    pub add_tag: Option<String>,
    /// A tag it is to have no more.
    pub remove_tag: Option<String>,
    /// Whether agents should leave it alone.
    pub skip_ai: Option<bool>,
    /// The identity that holds the conversation from now on. Its messages stay as they are.
    pub identity_id: Option<IdentityId>,
    /// The newest inbound message that was known to whoever changes it: with a newer one nothing is changed.
    pub newest_inbound: Option<Option<MessageId>>,
}

/// Changes a thread.
pub async fn update_thread(
    app: &App,
    caller: &Caller,
    id: ThreadId,
    patch: ThreadPatch,
) -> Result<Thread, ServiceError> {
    Ok(change_thread(app, caller, &Idempotency::NONE, id, patch).await?.0)
}

/// The same, and whether it changed anything.
pub(crate) async fn change_thread(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    id: ThreadId,
    patch: ThreadPatch,
) -> Result<(Thread, bool), ServiceError> {
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
    until_settled(app, || update_once(app, caller, idempotency, id, &patch)).await
}

async fn update_once(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    id: ThreadId,
    patch: &ThreadPatch,
) -> Result<(Thread, bool), ServiceError> {
    let row = resolve::visible(app, caller, id).await?;
    let mut thread = row.value.clone();
    if idempotency.happened(app, caller).await? {
        return Ok((thread, true));
    }
    if patch.newest_inbound.is_some_and(|newest| newest != thread.last_inbound_message_id) {
        return Err(ServiceError::Conflict("newer mail arrived in the thread"));
    }
    if let Some(status) = patch.status {
        thread.status = status;
    }
    if let Some(needs_review) = patch.needs_review {
        thread.needs_review = needs_review;
    }
    if let Some(tags) = &patch.tags {
        thread.tags = distinct(tags);
    }
    if let Some(tag) = &patch.add_tag
        && !thread.tags.contains(tag)
    {
        if thread.tags.len() >= MAX_TAGS {
            return Err(ServiceError::Conflict("the thread has as many tags as it may have"));
        }
        thread.tags.push(tag.clone());
    }
    if let Some(tag) = &patch.remove_tag {
        thread.tags.retain(|known| known != tag);
    }
    thread.skip_ai = patch.skip_ai.unwrap_or(thread.skip_ai);
    if let Some(identity_id) = patch.identity_id.filter(|identity_id| *identity_id != thread.identity_id) {
        let identity: Identity = visible_identity(app, caller, identity_id).await?.value;
        require_identity(app, sending::may_send(&identity))?;
        if !thread.open_draft_ids.is_empty() {
            return Err(ServiceError::Conflict("the thread has undecided drafts, which are of its identity"));
        }
        thread.identity_id = identity.id;
    }
    if thread == row.value {
        return Ok((thread, false));
    }
    thread.updated_at = app.now();
    let mut transaction = Transaction::new();
    transaction.replace(&row, &thread)?;
    idempotency.mark(&mut transaction, caller, thread.id, thread.updated_at)?;
    app.store.commit(transaction).await?;
    Ok((thread, true))
}
