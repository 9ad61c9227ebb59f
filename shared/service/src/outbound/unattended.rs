//! Asking whether a draft may leave without a person, caps included.

use actionlayer_domain::{
    Draft, Identity, Message, Thread, Timestamp, Workspace,
    sending::{Basis, Refusal},
    unattended::{Answer, Declined, MAX_OF_ONE_IDENTITY_A_DAY, MAX_TO_ONE_PERSON_A_DAY, may_leave},
};

use crate::{
    App, ServiceError,
    outbound::clearance::{Clearance, Recipients},
};

/// Room in the plan for an answer that may leave by itself, which the thread has then counted; or why it may not. The caller counts
/// it for identity and recipient where it writes it.
pub(crate) async fn allowed(
    app: &App,
    identity: &Identity,
    draft: &Draft,
    answered: &Message,
    thread: &mut Thread,
    workspace: Option<&Workspace>,
    now: Timestamp,
) -> Result<Result<Clearance, Declined>, ServiceError> {
    let answer = Answer {
        answered,
        to: &draft.to,
        copies: draft.cc.len() + draft.bcc.len(),
        files: draft.attachments.len(),
        is_stale: draft.stale_warning,
    };
    if let Err(declined) = may_leave(&answer) {
        return Ok(Err(declined));
    }
    let recipients = Recipients { to: &draft.to, cc: &draft.cc, bcc: &draft.bcc };
    let (clearance, today) = tokio::join!(
        Clearance::read(app, draft.workspace_id, workspace, recipients, now),
        app.store.unattended_today(draft.workspace_id, draft.identity_id, &draft.to, now),
    );
    let (clearance, today) = (clearance?, today?);
    if let Err(refusal) = clearance.ask(Basis::OptOut, identity, Some(thread), Some(answered)) {
        return match refusal {
            Refusal::RecipientSuppressed => Ok(Err(Declined::RecipientSuppressed)),
            Refusal::PlanLimit => Ok(Err(Declined::PlanLimit)),
            Refusal::UnattendedCap => Ok(Err(Declined::ThreadCap)),
            Refusal::AnswersMachine => Ok(Err(Declined::AutomatedSender)),
            Refusal::Stale => Ok(Err(Declined::Stale)),
            Refusal::IdentitySuspended | Refusal::ColdSendBlocked | Refusal::NotOptedOut | Refusal::Draft(_) => {
                Err(clearance.explain(app, refusal))
            }
        };
    }
    Ok(if today.to_recipient >= MAX_TO_ONE_PERSON_A_DAY {
        Err(Declined::RecipientCap)
    } else if today.of_identity >= MAX_OF_ONE_IDENTITY_A_DAY {
        Err(Declined::IdentityCap)
    } else if !thread.count_unattended_send(now) {
        Err(Declined::ThreadCap)
    } else {
        Ok(clearance)
    })
}
