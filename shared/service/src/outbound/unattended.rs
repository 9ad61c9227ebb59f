//! Asking whether a draft may leave without a person, caps included.

use actionlayer_domain::{
    Draft, Message, Thread, Timestamp, WorkspaceId,
    unattended::{Answer, Declined, MAX_OF_ONE_IDENTITY_A_DAY, MAX_TO_ONE_PERSON_A_DAY, may_leave},
};
use actionlayer_store::Used;

use crate::{App, ServiceError, workspace::plan::Allowance};

/// Room in the plan for an answer that may leave by itself, which the thread has then counted; or why it may not. The caller counts
/// it for identity and recipient where it writes it.
pub(crate) async fn allowed(
    app: &App,
    workspace: WorkspaceId,
    draft: &Draft,
    answered: &Message,
    thread: &mut Thread,
    now: Timestamp,
) -> Result<Result<Allowance, Declined>, ServiceError> {
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
    let (suppressed, allowance, today) = tokio::join!(
        app.store.suppressed(workspace, &draft.to),
        Allowance::of(app, workspace, Used::Outbound, now),
        app.store.unattended_today(workspace, draft.identity_id, &draft.to, now),
    );
    let (suppressed, allowance, today) = (suppressed?, allowance?, today?);
    Ok(if !suppressed.is_empty() {
        Err(Declined::RecipientSuppressed)
    } else if allowance.is_used_up() {
        Err(Declined::PlanLimit)
    } else if today.to_recipient >= MAX_TO_ONE_PERSON_A_DAY {
        Err(Declined::RecipientCap)
    } else if today.of_identity >= MAX_OF_ONE_IDENTITY_A_DAY {
        Err(Declined::IdentityCap)
    } else if !thread.count_unattended_send(now) {
        Err(Declined::ThreadCap)
    } else {
        Ok(allowance)
    })
}
