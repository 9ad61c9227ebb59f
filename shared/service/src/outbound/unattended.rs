//! Asking whether a draft may leave without a person, caps included.

use actionlayer_domain::{
    Draft, Identity, Message, Thread, Timestamp, Workspace,
    sending::{Basis, Refusal},
    unattended::{Answer, Declined, may_leave},
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
    let clearance =
        Clearance::read_unattended(app, draft.workspace_id, workspace, draft.identity_id, recipients, now).await?;
    if let Err(refusal) = clearance.ask(Basis::OptOut, identity, Some(thread), Some(answered)) {
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
    Ok(if thread.count_unattended_send(now) { Ok(clearance) } else { Err(Declined::ThreadCap) })
}
