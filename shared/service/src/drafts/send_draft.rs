//! `POST /v1/drafts/{id}/send` and `/notify`.

use actionlayer_domain::{
    Draft, DraftBody, DraftId, DraftRefusal, DraftStatus, Message,
    draft::Actor,
    key::Permission,
    sending::Basis,
    unattended::Declined,
    work::{NotifyJob, NotifyWork, Work},
};
use actionlayer_store::{Transaction, keys};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App, Caller, ServiceError,
    contacts::first_contact::first_contact,
    contention::until_settled,
    drafts::{read_drafts::visible, submit_draft::content_of},
    outbound::{
        clearance::{Clearance, Recipients},
        message::{self, Origin},
        unattended,
    },
    permission::Require as _,
};

/// How a draft is to be sent.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "version": 1 }))]
pub struct Sending {
    /// The version you read. Another one by now is refused, and without it a pending draft that somebody else edited last.
    #[schema(minimum = 1)]
    pub version: Option<u32>,
    /// Send it although the message it answers was answered after it was written. Takes a key that may approve.
    #[serde(default)]
    pub answer_again: bool,
}

/// Queues an approved draft. A pending one too, for a caller who may approve.
pub async fn send_draft(
    app: &App,
    caller: &Caller,
    id: DraftId,
    sending: Sending,
) -> Result<(Draft, DraftBody), ServiceError> {
    let Sending { version, answer_again } = sending;
    caller.require(Permission::Draft)?;
    if answer_again {
        caller.require(Permission::Approve)?;
    }
    // Of one who may not approve, the version says nothing: it was approved as it is.
    let version = version.filter(|_| caller.may(Permission::Approve));
    queue_draft(app, caller, id, version, answer_again).await
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
    let job = NotifyJob::new(caller.workspace_id, id, row.value.version, true);
    app.queues.put(&[Work::Notify(NotifyWork::Draft(job))]).await?;
    Ok((row.value, body))
}

/// Puts a draft on its way: approved (now, if the caller may and it was not), fresh, once. `version` is the one the caller
/// saw.
pub(crate) async fn queue_draft(
    app: &App,
    caller: &Caller,
    id: DraftId,
    version: Option<u32>,
    answer_again: bool,
) -> Result<(Draft, DraftBody), ServiceError> {
    until_settled(app, || queue_once(app, caller, id, version, answer_again)).await
}

async fn queue_once(
    app: &App,
    caller: &Caller,
    id: DraftId,
    version: Option<u32>,
    answer_again: bool,
) -> Result<(Draft, DraftBody), ServiceError> {
    let workspace = caller.workspace_id;
    let found = app.store.draft_and_thread(workspace, id).await?;
    let found = found.filter(|(row, _)| caller.sees(row.value.identity_id));
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
    draft.answer_again |= answer_again;
    let actor = caller.actor();
    let could_leave =
        matches!(draft.status, DraftStatus::Pending | DraftStatus::Approved) && draft.send_state.is_none();
    if could_leave && draft.is_second_answer(&thread_row.value) {
        // In a channel there is no way to say that both are meant.
        if actor.kind.is_asked() {
            return Err(ServiceError::StaleDraft);
        }
        return Err(ServiceError::Conflict(
            "the message it answers was answered after it was written: reject it, or send it with `answer_again` if both are meant",
        ));
    }
    if draft.status == DraftStatus::Pending && caller.may(Permission::Approve) {
        require_seen(&draft, &actor, version)?;
        draft.approve(actor.clone(), version, now)?;
    } else if let Some(seen) = version.filter(|seen| *seen != draft.version) {
        // Somebody else approved it: the version must still be the one that was seen.
        return Err(DraftRefusal::Superseded { seen, current: draft.version }.into());
    }
    // No person saw it: a rule approved it, and whoever sends it now may not approve, or is a rule.
    let is_unattended = draft.decided_by.as_ref().is_some_and(|by| by.kind.is_standing())
        && (!caller.may(Permission::Approve) || actor.kind.is_standing());
    let recipients = Recipients { to: &draft.to, cc: &draft.cc, bcc: &draft.bcc };
    let (identity, answered, clearance) = tokio::join!(
        app.store.identity(workspace, draft.identity_id),
        async {
            match draft.based_on_message_id {
                Some(id) => app.store.get::<Message>(&keys::message(workspace, id)).await,
                None => Ok(None),
            }
        },
        async {
            if is_unattended {
                Clearance::read_unattended(app, workspace, None, draft.identity_id, recipients, now).await
            } else {
                Clearance::read(app, workspace, None, recipients, now).await
            }
        },
    );
    let (identity, answered, clearance) = (identity?, answered?, clearance?);
    let Some(identity) = identity.map(|row| row.value) else { return Err(ServiceError::NotFound { what: "identity" }) };
    let answered = answered.map(|row| row.value);
    clearance.require(app, Basis::Draft(&draft), &identity, Some(&thread_row.value), answered.as_ref())?;
    let body: DraftBody = app.store.body(&row).await?;
    let origin = Origin {
        answers: answered.as_ref(),
        draft: Some((draft.id, draft.based_on_message_id)),
        unattended: is_unattended,
        entitlement: clearance.entitlement(),
    };
    let (mut message, message_body) =
        message::message(app, &identity, draft.thread_id, content_of(&draft, &body), origin, now);
    draft.queue(message.id, &thread_row.value, now)?;
    draft.caused_by_rule_id = caller.rule_id();
    message.caused_by_rule_id = draft.caused_by_rule_id;

    let mut transaction = Transaction::new();
    transaction.replace(&row, &draft)?;
    let mut thread = thread_row.value.clone();
    if is_unattended {
        let Some(answered) = &answered else { return Err(ServiceError::Unattended(Declined::GoesElsewhere)) };
        unattended::judge(app, &clearance, Basis::Rule, &identity, &draft, answered, &mut thread, now)?
            .map_err(ServiceError::Unattended)?;
    }
    match draft.to.first().filter(|_| draft.based_on_message_id.is_none()) {
        // A cold one: with it the thread begins for good.
        Some(first) => {
            let contact = first_contact(app, workspace, first, now, &mut transaction).await?;
            if let Some(delivery) = &mut message.delivery {
                delivery.makes_known = !contact.is_lookalike();
            }
            let mut thread = thread.with_contact(&contact);
            draft.subject.as_str().clone_into(&mut thread.subject);
            thread.updated_at = now;
            transaction.replace(&thread_row, &thread)?;
        }
        // It counts what leaves without a person.
        None if is_unattended => _ = transaction.replace(&thread_row, &thread)?,
        // The thread stays as it is, and need not be checked: what overtakes the draft writes it.
        None => {}
    }
    transaction.create_with_body(&app.store, &message, &message_body).await?;
    if is_unattended {
        transaction.count_unattended(workspace, draft.identity_id, &draft.to, now);
    }
    clearance.count(&message, &mut transaction);
    app.store.commit(transaction).await?;
    Ok((draft, body))
}
