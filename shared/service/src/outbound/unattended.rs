//! Asking whether a draft may leave without a person, caps included.

use actionlayer_domain::{
    Draft, Identity, Message, Thread, Timestamp, Workspace,
    sending::{Basis, Refusal},
    unattended::{Answer, Declined, may_leave},
};
use actionlayer_store::keys;

use crate::{
    App, Caller, ServiceError,
    outbound::clearance::{Clearance, Recipients},
};

/// Whether a draft may leave by itself as things are now; nothing is counted.
pub(crate) async fn foresee(app: &App, caller: &Caller, draft: &Draft) -> Result<Result<(), Declined>, ServiceError> {
    let workspace = draft.workspace_id;
    // A message that answers none goes to somebody who did not write.
    let Some(answered) = draft.based_on_message_id else { return Ok(Err(Declined::GoesElsewhere)) };
    let (thread_key, message_key) =
        (keys::thread(workspace, draft.thread_id.family()), keys::message(workspace, answered));
    let (thread, message, identity) = tokio::try_join!(
        app.store.get::<Thread>(&thread_key),
        app.store.get::<Message>(&message_key),
        app.store.identity(caller.workspace_id, draft.identity_id),
    )?;
    let (Some(thread), Some(message)) = (thread, message) else { return Ok(Err(Declined::Stale)) };
    let Some(identity) = identity else { return Err(ServiceError::NotFound { what: "identity" }) };
    let mut thread = thread.value;
    if thread.is_stale(draft.based_on_message_id) {
        return Ok(Err(Declined::Stale));
    }
    let now = app.now();
    Ok(allowed(app, Basis::Rule, &identity.value, draft, &message.value, &mut thread, None, now).await?.map(drop))
}

/// Room in the plan for an answer that may leave by itself, which the thread has then counted; or why it may not. The caller counts
/// it for identity and recipient where it writes it.
#[allow(clippy::too_many_arguments, reason = "what was read already is not read again")]
pub(crate) async fn allowed(
    app: &App,
    basis: Basis<'_>,
    identity: &Identity,
    draft: &Draft,
    answered: &Message,
    thread: &mut Thread,
    workspace: Option<&Workspace>,
    now: Timestamp,
) -> Result<Result<Clearance, Declined>, ServiceError> {
    if let Err(declined) = may_leave(&answer(draft, answered)) {
        return Ok(Err(declined));
    }
    let recipients = Recipients { to: &draft.to, cc: &draft.cc, bcc: &draft.bcc };
    let clearance =
        Clearance::read_unattended(app, draft.workspace_id, workspace, draft.identity_id, recipients, now).await?;
    Ok(judge(app, &clearance, basis, identity, draft, answered, thread, now)?.map(|()| clearance))
}

/// The same of what was read already, see [`Clearance::read_unattended`].
#[allow(clippy::too_many_arguments, reason = "what was read already is not read again")]
pub(crate) fn judge(
    app: &App,
    clearance: &Clearance,
    basis: Basis<'_>,
    identity: &Identity,
    draft: &Draft,
    answered: &Message,
    thread: &mut Thread,
    now: Timestamp,
) -> Result<Result<(), Declined>, ServiceError> {
    if let Err(declined) = may_leave(&answer(draft, answered)) {
        return Ok(Err(declined));
    }
    if let Err(refusal) = clearance.ask(basis, identity, Some(thread), Some(answered)) {
        return match refusal {
            Refusal::RecipientSuppressed => Ok(Err(Declined::RecipientSuppressed)),
            Refusal::PlanLimit => Ok(Err(Declined::PlanLimit)),
            Refusal::GoesElsewhere => Ok(Err(Declined::GoesElsewhere)),
            Refusal::ThreadCap => Ok(Err(Declined::ThreadCap)),
            Refusal::RecipientCap => Ok(Err(Declined::RecipientCap)),
            Refusal::IdentityCap => Ok(Err(Declined::IdentityCap)),
            Refusal::AnswersMachine => Ok(Err(Declined::AutomatedSender)),
            Refusal::Stale => Ok(Err(Declined::Stale)),
            Refusal::IdentitySuspended | Refusal::ColdSendBlocked | Refusal::NotOptedOut | Refusal::Draft(_) => {
                Err(clearance.explain(app, refusal))
            }
        };
    }
    Ok(if thread.count_unattended_send(now) { Ok(()) } else { Err(Declined::ThreadCap) })
}

const fn answer<'a>(draft: &'a Draft, answered: &'a Message) -> Answer<'a> {
    Answer {
        answered,
        to: draft.to.as_slice(),
        copies: draft.cc.len() + draft.bcc.len(),
        files: draft.attachments.len(),
        is_stale: draft.stale_warning,
    }
}
