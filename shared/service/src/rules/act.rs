//! Carrying out one action of a rule: each is a use case that others call as well, called in the name of the rule. What may
//! leave without a person is decided there, in one place for all ([`crate::outbound::unattended`]).

use actionlayer_channels::refusal_sentence;
use actionlayer_domain::{
    Draft, DraftId, DraftRefusal, Message,
    contact::{Contact, ContactStatus},
    message::Direction,
    rule::{Action, ActionResult, Occasion},
    unattended::Declined,
};
use actionlayer_store::keys;

use crate::{
    App, Caller, ServiceError,
    approvals::decide_draft::{Choice, Decision, decide},
    contacts::edit_contacts::{UpdateContact, change_contact},
    drafts::submit_draft::{NewDraft, submit_draft},
    threads::{
        resolve,
        update_thread::{ThreadPatch, change_thread},
    },
    workspace::idempotency::Idempotency,
};

/// Carries an action out and says what became of it. `Err` when it may go through a moment later.
pub(crate) async fn act(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    occasion: &Occasion,
    action: &Action,
) -> Result<ActionResult, ServiceError> {
    let done = match action {
        Action::ApproveDraft {} => about_draft(app, caller, occasion, Choice::Approve).await,
        Action::SendDraft {} => about_draft(app, caller, occasion, Choice::ApproveAndSend).await,
        Action::RejectDraft { reason } => {
            about_draft(app, caller, occasion, Choice::Reject { reason: reason.clone() }).await
        }
        Action::TrustContact {} => about_contact(app, caller, idempotency, occasion, ContactStatus::Trusted).await,
        Action::BlockContact {} => about_contact(app, caller, idempotency, occasion, ContactStatus::Blocked).await,
        Action::AutoReply { body_text } => answer(app, caller, idempotency, occasion, body_text).await,
        // They are told from the stream, when the run is recorded.
        Action::Notify {} => Ok(ActionResult::Done),
        Action::SetThreadStatus { .. }
        | Action::SetNeedsReview { .. }
        | Action::AddTag { .. }
        | Action::RemoveTag { .. }
        | Action::SkipAi {}
        | Action::AssignIdentity { .. } => about_thread(app, caller, idempotency, occasion, action).await,
    };
    match done {
        Ok(result) => Ok(result),
        Err(error) => judged(error),
    }
}

/// Nothing is wrong with a rule that came too late or may not; something is, where what it names is not there.
fn judged(error: ServiceError) -> Result<ActionResult, ServiceError> {
    Ok(match error {
        ServiceError::StaleDraft => refused_as(&DraftRefusal::Stale),
        ServiceError::Draft(refusal) => refused_as(&refusal),
        ServiceError::Unattended(declined) => ActionResult::refused(declined.as_str(), declined.sentence()),
        ServiceError::Conflict(reason) => ActionResult::refused("conflict", format!("Not possible now: {reason}.")),
        ServiceError::PlanLimit { reason, .. } => ActionResult::refused("plan_limit_reached", format!("{reason}.")),
        ServiceError::RecipientSuppressed(_) => {
            ActionResult::refused("recipient_suppressed", Declined::RecipientSuppressed.sentence())
        }
        ServiceError::IdentitySuspended => {
            ActionResult::failed("identity_suspended", "The identity is suspended: nothing leaves from it.")
        }
        ServiceError::NotFound { what } => {
            ActionResult::failed("not_found", format!("There is no such {what} any more."))
        }
        ServiceError::Validation(fields) => {
            let first = fields.into_iter().next().map(|field| format!("`{}` {}.", field.field, field.message));
            ActionResult::failed("validation_error", first.unwrap_or_default())
        }
        ServiceError::Contended | ServiceError::Store(_) | ServiceError::Upstream { .. } => return Err(error),
        ServiceError::Unauthorized
        | ServiceError::Forbidden { .. }
        | ServiceError::ApprovalRequired
        | ServiceError::ColdSendBlocked
        | ServiceError::DomainNotVerified { .. }
        | ServiceError::BillingNotConfigured
        | ServiceError::WorkspaceExists
        | ServiceError::Exists { .. } => ActionResult::failed("not_possible", format!("{error}.")),
    })
}

fn refused_as(refusal: &DraftRefusal) -> ActionResult {
    let code = match refusal {
        DraftRefusal::Stale => "stale_draft",
        DraftRefusal::Superseded { .. } => "edited_since",
        DraftRefusal::AlreadySent => "already_sent",
        DraftRefusal::SendInProgress => "send_in_progress",
        DraftRefusal::Decided { .. }
        | DraftRefusal::Expired
        | DraftRefusal::Failed(_)
        | DraftRefusal::Rejected
        | DraftRefusal::ApprovalRequired => "draft_not_pending",
    };
    ActionResult::refused(code, refusal_sentence(refusal))
}

/// Decides about the draft, in the version that the event was about.
async fn about_draft(
    app: &App,
    caller: &Caller,
    occasion: &Occasion,
    choice: Choice,
) -> Result<ActionResult, ServiceError> {
    let Some(id) = occasion.event.draft_id else { return Ok(no_draft()) };
    let decision = Decision { choice, version: occasion.event.version };
    match decide(app, caller, id, &decision).await {
        Ok(_) => Ok(ActionResult::Done),
        // An earlier try of this very run decided it, and died before that was recorded.
        Err(_) if was_by(app, caller, id, &decision.choice).await? => Ok(ActionResult::Done),
        Err(error) => Err(error),
    }
}

pub(super) fn no_draft() -> ActionResult {
    ActionResult::refused("no_draft", "There is no draft.")
}

/// Whether the rule decided about the draft as it wants to.
async fn was_by(app: &App, caller: &Caller, id: DraftId, choice: &Choice) -> Result<bool, ServiceError> {
    let Some(row) = app.store.get::<Draft>(&keys::draft(caller.workspace_id, id)).await? else { return Ok(false) };
    let draft = row.value;
    let decided = draft.decided_by.as_ref().and_then(|by| by.rule_id()) == caller.rule_id();
    Ok(match choice {
        Choice::Approve => decided && draft.reject_reason.is_none() && !draft.is_rejected(),
        Choice::Reject { .. } => decided && draft.is_rejected(),
        Choice::ApproveAndSend => draft.outbound_message_id.is_some() && draft.caused_by_rule_id == caller.rule_id(),
    })
}

async fn about_thread(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    occasion: &Occasion,
    action: &Action,
) -> Result<ActionResult, ServiceError> {
    let seen = Some(occasion.thread.last_inbound_message_id);
    let patch = match action {
        Action::SetThreadStatus { status } => {
            ThreadPatch { status: Some(*status), newest_inbound: seen, ..ThreadPatch::default() }
        }
        Action::SetNeedsReview { needs_review } => ThreadPatch {
            needs_review: Some(*needs_review),
            newest_inbound: seen.filter(|_| !needs_review),
            ..ThreadPatch::default()
        },
        Action::AddTag { tag } => ThreadPatch { add_tag: Some(tag.clone()), ..ThreadPatch::default() },
        Action::RemoveTag { tag } => ThreadPatch { remove_tag: Some(tag.clone()), ..ThreadPatch::default() },
        Action::SkipAi {} => ThreadPatch { skip_ai: Some(true), ..ThreadPatch::default() },
        Action::AssignIdentity { identity_id } => {
            ThreadPatch { identity_id: Some(*identity_id), ..ThreadPatch::default() }
        }
        _ => return Ok(ActionResult::Unchanged),
    };
    let changed = change_thread(app, caller, idempotency, occasion.event.thread_id, patch).await?.1;
    Ok(if changed { ActionResult::Done } else { ActionResult::Unchanged })
}

/// Trusts or blocks the person. Nobody is trusted because of mail that somebody else may have written.
async fn about_contact(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    occasion: &Occasion,
    status: ContactStatus,
) -> Result<ActionResult, ServiceError> {
    let contact = match contact_to_decide(app, occasion, status).await? {
        Ok(contact) => contact,
        // Asked behind the look: what this very run did, in an earlier try or in another worker's hands, is nobody else's
        // decision. That one may have died before all their held mail was seen to.
        Err(result) => match (&occasion.contact, idempotency.happened(app, caller).await?) {
            (Some(then), true) => {
                let row = app.store.get::<Contact>(&keys::contact(caller.workspace_id, &then.email)).await?;
                let Some(row) = row else { return Ok(ActionResult::Done) };
                row.value
            }
            _ => return Ok(result),
        },
    };
    let patch = UpdateContact { status: Some(status), ..UpdateContact::default() };
    let changed = change_contact(app, caller, idempotency, contact.id, patch).await?.1;
    Ok(if changed { ActionResult::Done } else { ActionResult::Unchanged })
}

/// The contact, if it may be decided about so; else what became of it.
pub(super) async fn contact_to_decide(
    app: &App,
    occasion: &Occasion,
    status: ContactStatus,
) -> Result<Result<Contact, ActionResult>, ServiceError> {
    let Some(then) = &occasion.contact else { return Ok(Err(no_contact())) };
    let key = keys::contact(occasion.event.workspace_id, &then.email);
    let Some(row) = app.store.get::<Contact>(&key).await? else { return Ok(Err(no_contact())) };
    let contact = row.value;
    if contact.status == status {
        return Ok(Err(ActionResult::Unchanged));
    }
    if contact.status != then.status {
        let message = "Somebody decided about the contact in the meantime.";
        return Ok(Err(ActionResult::refused("decided_since", message)));
    }
    if status == ContactStatus::Trusted {
        if contact.is_lookalike() {
            let message = "The contact's domain reads like one that is known.";
            return Ok(Err(ActionResult::refused("lookalike", message)));
        }
        if !is_proven(app, occasion, &contact).await? {
            let declined = Declined::SenderNotAligned;
            return Ok(Err(ActionResult::refused(declined.as_str(), declined.sentence())));
        }
    }
    Ok(Ok(contact))
}

fn no_contact() -> ActionResult {
    ActionResult::refused("no_contact", "There is no contact.")
}

/// Whether the message shows that it is the contact: theirs and proven, or ours to them.
async fn is_proven(app: &App, occasion: &Occasion, contact: &Contact) -> Result<bool, ServiceError> {
    let workspace = occasion.event.workspace_id;
    let message_id = match (occasion.event.message_id, occasion.event.draft_id) {
        (Some(id), _) => Some(id),
        (None, Some(id)) => {
            let draft = app.store.get::<Draft>(&keys::draft(workspace, id)).await?;
            draft.and_then(|row| row.value.based_on_message_id)
        }
        (None, None) => None,
    };
    let Some(id) = message_id else { return Ok(false) };
    let Some(row) = app.store.get::<Message>(&keys::message(workspace, id)).await? else { return Ok(false) };
    let message = row.value;
    let email = contact.email.folded();
    Ok(match message.direction {
        Direction::Inbound => {
            message.from_email.to_ascii_lowercase() == email
                && message.authentication.is_some_and(|authentication| authentication.aligned())
                && message.safety_flags.is_empty()
        }
        Direction::Outbound => message.recipients().any(|recipient| recipient.folded() == email),
    })
}

/// Answers at once: a draft that the rule submits, approves and sends in one step, or not at all.
async fn answer(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    occasion: &Occasion,
    body_text: &str,
) -> Result<ActionResult, ServiceError> {
    let thread = resolve::visible(app, caller, occasion.event.thread_id).await?.value;
    let input = NewDraft {
        thread_id: Some(thread.id),
        identity_id: thread.identity_id,
        based_on_message_id: occasion.event.message_id,
        to: None,
        subject: None,
        body_text: Some(body_text.to_owned()),
        body_html: None,
        subject_override: None,
        cc: None,
        bcc: None,
        rationale: None,
        metadata: None,
        attachments: None,
        quote_history: false,
    };
    submit_draft(app, caller, idempotency, input).await?;
    Ok(ActionResult::Done)
}
