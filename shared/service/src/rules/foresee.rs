//! What an action of a rule would come to, asked by a dry run: the same questions as when it is carried out, and nothing is
//! changed.

use actionlayer_domain::{
    Draft, DraftId, DraftStatus, IdentityId,
    contact::ContactStatus,
    draft::{Actor, SendState},
    identity::IdentityStatus,
    rule::{Action, ActionResult, Occasion},
};

use crate::{
    App, Caller, ServiceError,
    outbound::{
        reply::{reply_recipients, reply_subject},
        unattended,
    },
    rules::{
        act::{contact_to_decide, no_draft},
        rule_context::RuleContext,
    },
};

/// What the action would come to as things are now.
pub(crate) async fn foresee(
    app: &App,
    caller: &Caller,
    occasion: &Occasion,
    context: &RuleContext,
    action: &Action,
) -> Result<ActionResult, ServiceError> {
    let thread = &context.thread;
    let changes = |changes: bool| if changes { ActionResult::Done } else { ActionResult::Unchanged };
    Ok(match action {
        Action::ApproveDraft {} | Action::SendDraft {} => {
            let sends = matches!(action, Action::SendDraft {});
            match &context.draft {
                None => no_draft(),
                Some(draft) => decided(app, caller, draft, sends).await?,
            }
        }
        Action::RejectDraft { .. } => match &context.draft {
            None => no_draft(),
            Some(draft) if draft.send_state.is_some() => not_pending(),
            Some(draft) => match draft.status {
                DraftStatus::Pending | DraftStatus::Approved | DraftStatus::Stale => ActionResult::Done,
                DraftStatus::Rejected | DraftStatus::Sent | DraftStatus::Failed | DraftStatus::Expired => not_pending(),
            },
        },
        Action::SetThreadStatus { status } => changes(thread.status != *status),
        Action::SetNeedsReview { needs_review } => changes(thread.needs_review != *needs_review),
        Action::AddTag { tag } => changes(!thread.tags.contains(tag)),
        Action::RemoveTag { tag } => changes(thread.tags.contains(tag)),
        Action::SkipAi {} => changes(!thread.skip_ai),
        Action::TrustContact {} => contact(app, occasion, ContactStatus::Trusted).await?,
        Action::BlockContact {} => contact(app, occasion, ContactStatus::Blocked).await?,
        Action::AssignIdentity { identity_id } => assigned(app, caller, context, *identity_id).await?,
        Action::AutoReply { .. } => answered(app, caller, context).await?,
        Action::Notify {} => ActionResult::Done,
    })
}

fn not_pending() -> ActionResult {
    ActionResult::refused("draft_not_pending", "The draft was decided already.")
}

async fn decided(app: &App, caller: &Caller, draft: &Draft, sends: bool) -> Result<ActionResult, ServiceError> {
    let by_person = draft.decided_by.as_ref().is_some_and(|by| !by.kind.is_standing());
    Ok(match (draft.status, draft.send_state) {
        (DraftStatus::Stale, _) => ActionResult::refused("stale_draft", "Newer mail is in the thread."),
        (DraftStatus::Approved, Some(SendState::Queued | SendState::Sending)) => not_pending(),
        (DraftStatus::Approved, None) if sends && by_person => ActionResult::Done,
        (DraftStatus::Approved, None) if !sends => not_pending(),
        (DraftStatus::Pending | DraftStatus::Approved, _) => match unattended::foresee(app, caller, draft).await? {
            Ok(()) => ActionResult::Done,
            Err(declined) => ActionResult::refused(declined.as_str(), declined.sentence()),
        },
        (DraftStatus::Rejected | DraftStatus::Sent | DraftStatus::Failed | DraftStatus::Expired, _) => not_pending(),
    })
}

async fn contact(app: &App, occasion: &Occasion, status: ContactStatus) -> Result<ActionResult, ServiceError> {
    Ok(match contact_to_decide(app, occasion, status).await? {
        Ok(_) => ActionResult::Done,
        Err(result) => result,
    })
}

async fn assigned(
    app: &App,
    caller: &Caller,
    context: &RuleContext,
    identity_id: IdentityId,
) -> Result<ActionResult, ServiceError> {
    if context.thread.identity_id == identity_id {
        return Ok(ActionResult::Unchanged);
    }
    let identity = app.store.identity(caller.workspace_id, identity_id).await?;
    Ok(match identity.map(|row| row.value.status) {
        None => ActionResult::failed("not_found", "There is no such identity any more."),
        Some(IdentityStatus::Suspended) => ActionResult::failed("identity_suspended", "The identity is suspended."),
        Some(IdentityStatus::Active) if context.thread.open_draft_ids.is_empty() => ActionResult::Done,
        Some(IdentityStatus::Active) => ActionResult::refused("conflict", "The thread has undecided drafts."),
    })
}

async fn answered(app: &App, caller: &Caller, context: &RuleContext) -> Result<ActionResult, ServiceError> {
    let Some(message) = &context.message else {
        return Ok(ActionResult::refused("no_message", "There is no message to answer."));
    };
    let Some(identity) = app.store.identity(caller.workspace_id, context.thread.identity_id).await? else {
        return Ok(ActionResult::failed("not_found", "There is no such identity any more."));
    };
    let now = app.now();
    let actor = Actor::identity(identity.value.id, &identity.value.display_name);
    let id = DraftId::generate_in(context.thread.id.family(), now, app.entropy());
    let draft = Draft {
        to: reply_recipients(message, &identity.value.email_address),
        based_on_message_id: Some(message.id),
        stale_warning: context.thread.is_stale(Some(message.id)),
        ..Draft::start(id, &context.thread, reply_subject(&message.subject), actor, now)
    };
    decided(app, caller, &draft, true).await
}
