//! `POST /v1/drafts/{id}/send` and `/notify`.

use actionlayer_domain::{
    Draft, DraftBody, DraftId, DraftStatus, Message, WorkspaceId,
    draft::Actor,
    key::Permission,
    work::{NotifyJob, NotifyWork, Work},
};
use actionlayer_store::{Transaction, keys};

use crate::contacts::first_contact::first_contact;
use crate::identities::read_identities::require_active;
use crate::{
    App, Caller, ServiceError,
    contacts::suppressions::require_deliverable,
    contention::until_settled,
    drafts::{read_drafts::visible, submit_draft::content_of},
    outbound::message::{self, Origin},
    workspace::plan,
};

/// An approval that comes with the wish to send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Approval<'a> {
    /// Who approves.
    pub(crate) actor: &'a Actor,
    /// The version they saw.
    pub(crate) version: Option<u32>,
    /// They want it sent although what it answers was answered since it was written.
    pub(crate) answer_again: bool,
}

/// Queues an approved draft. A pending one too, for a key that may approve.
pub async fn send_draft(
    app: &App,
    caller: &Caller,
    id: DraftId,
    version: Option<u32>,
    answer_again: bool,
) -> Result<(Draft, DraftBody), ServiceError> {
    caller.require(Permission::Draft)?;
    if answer_again {
        caller.require(Permission::Approve)?;
    }
    let actor = caller.actor();
    let approval = caller.role.may(Permission::Approve).then_some(Approval { actor: &actor, version, answer_again });
    queue_draft(app, caller.workspace_id, id, Some(caller), approval).await
}

/// Refuses a decision that does not say which version it is about, when somebody else edited the draft last.
pub(crate) fn require_seen(draft: &Draft, actor: &Actor, version: Option<u32>) -> Result<(), ServiceError> {
    if version.is_none() && draft.status == DraftStatus::Pending && draft.was_edited_by_another(actor) {
        return Err(ServiceError::Conflict(
            "somebody else edited the draft: read it, and give the `version` that you read",
        ));
    }
    Ok(())
}

/// Tells the approvers of a pending draft again.
pub async fn notify_draft(app: &App, caller: &Caller, id: DraftId) -> Result<(Draft, DraftBody), ServiceError> {
    caller.require(Permission::Draft)?;
    let row = visible(app, caller, id).await?;
    row.value.edit(None, app.now())?;
    let body = app.store.body(&row).await?;
    let job = NotifyJob { workspace_id: caller.workspace_id, draft_id: id, version: row.value.version, again: true };
    app.queues.put(&[Work::Notify(NotifyWork::Draft(job))]).await?;
    Ok((row.value, body))
}

/// Puts a draft on its way: approved (now, if the caller may and it was not), fresh, once.
pub(crate) async fn queue_draft(
    app: &App,
    workspace: WorkspaceId,
    id: DraftId,
    caller: Option<&Caller>,
    approval: Option<Approval<'_>>,
) -> Result<(Draft, DraftBody), ServiceError> {
    until_settled(app, || queue_once(app, workspace, id, caller, approval)).await
}

async fn queue_once(
    app: &App,
    workspace: WorkspaceId,
    id: DraftId,
    caller: Option<&Caller>,
    approval: Option<Approval<'_>>,
) -> Result<(Draft, DraftBody), ServiceError> {
    let found = app.store.draft_and_thread(workspace, id).await?;
    let found = found.filter(|(row, _)| caller.is_none_or(|caller| caller.sees(row.value.identity_id)));
    let Some((row, thread_row)) = found else { return Err(ServiceError::NotFound { what: "draft" }) };
    let now = app.now();
    let mut draft = row.value.clone();

    // Staleness comes first: of a draft that is both stale and unapproved, the agent must write another.
    if thread_row.value.is_stale(draft.based_on_message_id) && draft.go_stale(now) {
        let mut thread = thread_row.value.clone();
        thread.draft_closed(id, now);
        let mut transaction = Transaction::new();
        transaction.replace(&row, &draft)?.replace(&thread_row, &thread)?;
        app.store.commit(transaction).await?;
        return Err(ServiceError::StaleDraft);
    }
    draft.answer_again |= approval.is_some_and(|approval| approval.answer_again);
    let could_leave =
        matches!(draft.status, DraftStatus::Pending | DraftStatus::Approved) && draft.send_state.is_none();
    let is_second = thread_row.value.was_answered_since(draft.based_on_message_id, draft.created_at);
    if could_leave && is_second && !draft.answer_again {
        if caller.is_none() {
            return Err(ServiceError::StaleDraft);
        }
        return Err(ServiceError::Conflict(
            "the message it answers was answered after it was written: reject it, or send it with `answer_again` if both are meant",
        ));
    }
    match approval {
        Some(Approval { actor, version, .. }) if draft.status == DraftStatus::Pending => {
            require_seen(&draft, actor, version)?;
            draft.approve(actor.clone(), version, now)?;
        }
        // Approve and send of a draft that somebody else approved: the version must still be the one that was seen.
        Some(Approval { version: Some(seen), .. }) if seen != draft.version => {
            return Err(actionlayer_domain::DraftRefusal::Superseded { seen, current: draft.version }.into());
        }
        Some(_) | None => {}
    }

    let (identity, answered, deliverable) = tokio::join!(
        app.store.identity(workspace, draft.identity_id),
        async {
            match draft.based_on_message_id {
                Some(id) => app.store.get::<Message>(&keys::message(workspace, id)).await,
                None => Ok(None),
            }
        },
        require_deliverable(app, workspace, &draft.to, &draft.cc, &draft.bcc),
    );
    let (identity, answered) = (identity?, answered?);
    let Some(identity) = identity else { return Err(ServiceError::NotFound { what: "identity" }) };
    require_active(&identity.value)?;
    let body: DraftBody = app.store.body(&row).await?;
    let answered = answered.map(|row| row.value);
    let origin =
        Origin { answers: answered.as_ref(), draft: Some((draft.id, draft.based_on_message_id)), unattended: false };
    let (mut message, message_body) =
        message::message(app, &identity.value, draft.thread_id, content_of(&draft, &body), origin, now);
    draft.queue(message.id, &thread_row.value, now)?;
    // Of a draft that cannot be sent for another reason, that reason is told.
    deliverable?;

    let mut transaction = Transaction::new();
    transaction.replace(&row, &draft)?;
    match draft.to.first().filter(|_| draft.based_on_message_id.is_none()) {
        // A cold one: with it the thread begins for good.
        Some(first) => {
            let contact = first_contact(app, workspace, first, now, &mut transaction).await?;
            if let Some(delivery) = &mut message.delivery {
                delivery.makes_known = !contact.is_lookalike();
            }
            let mut thread = thread_row.value.clone().with_contact(&contact);
            draft.subject.as_str().clone_into(&mut thread.subject);
            thread.updated_at = now;
            transaction.replace(&thread_row, &thread)?;
        }
        // The thread is only checked: that its newest inbound is the one the draft is based on, in the same moment.
        None => _ = transaction.check(&thread_row),
    }
    transaction.create_with_body(&app.store, &message, &message_body).await?;
    plan::count_outbound(app, &message, &mut transaction).await?;
    app.store.commit(transaction).await?;
    Ok((draft, body))
}
