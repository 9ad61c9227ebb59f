//! `POST /v1/drafts`.

use std::time::Duration;

use actionlayer_domain::{
    Draft, DraftBody, DraftId, EmailAddress, HeaderText, Identity, IdentityId, Message, MessageId, Thread, ThreadId,
    Timestamp, Workspace,
    draft::{Actor, Sender},
    key::Permission,
    message::{Attachment, Direction},
    sending::{self, Basis},
    thread::MAX_OPEN_DRAFTS,
};
use actionlayer_mail::QuotedMessage;
use actionlayer_store::{Answering, Row, Transaction};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    App, Caller, ServiceError,
    contention::until_settled,
    drafts::read_drafts,
    fields::Fields,
    input::Addresses,
    outbound::{
        attachments::{self, NewAttachment},
        clearance::require_identity,
        content,
        message::{self, Content, Origin},
        reply::{reply_recipients, reply_subject},
        unattended,
    },
    permission::Require as _,
    threads::resolve,
    workspace::idempotency::Idempotency,
};

/// A draft to submit.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "thread_id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab",
    "identity_id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab",
    "based_on_message_id": "0197f3a0-5c1e-7d2a-9f00-1234567890ab",
    "body_text": "We open at nine.",
    "rationale": "From the web site."
}))]
pub struct NewDraft {
    /// The thread to answer in. Without it the draft starts one, and takes `to` and `subject`.
    pub thread_id: Option<ThreadId>,
    /// The identity that writes. Of an answer, that of the thread.
    pub identity_id: IdentityId,
    /// `last_inbound_message_id` of the thread as you read it: the newest message in it that you know of. Required with
    /// `thread_id`.
    pub based_on_message_id: Option<MessageId>,
    /// The recipients, without `thread_id` only: whom an answer goes to follows from what it answers.
    pub to: Option<Addresses>,
    /// The subject, without `thread_id` only.
    pub subject: Option<String>,
    /// The text. Give this, or `body_html`, or both.
    pub body_text: Option<String>,
    /// HTML that mail programs show alike: no comments, style sheets, scripts, forms or pictures, and nothing hidden. `POST
    /// /v1/drafts/preview` shows what would be sent.
    pub body_html: Option<String>,
    /// A subject of its own. Otherwise an answer has `Re:` and that of the thread.
    pub subject_override: Option<String>,
    /// Who gets a copy.
    pub cc: Option<Addresses>,
    /// Who gets a copy unseen by the others.
    pub bcc: Option<Addresses>,
    /// Why it is written so, and from which facts. Approvers read it.
    pub rationale: Option<String>,
    /// Data of your own, at most 8 KB.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<serde_json::Value>,
    /// Files to send along.
    pub attachments: Option<Vec<NewAttachment>>,
    /// Whether the message answered is quoted below the text. With `thread_id` only.
    #[serde(default)]
    pub quote_history: bool,
}

/// What was submitted, in order as far as its form goes.
struct Parsed {
    to: Vec<EmailAddress>,
    cc: Vec<EmailAddress>,
    bcc: Vec<EmailAddress>,
    subject: Option<HeaderText>,
    metadata: Option<String>,
    attachments: Vec<Attachment>,
}

/// Stores a draft for approval; the approvers are told by the relay. With the owner's opt-out `auto_approve_replies` an
/// answer is approved and queued at once where [`actionlayer_domain::unattended`] allows it; else it waits for a person and says
/// why. A cold draft never is.
pub async fn submit_draft(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    mut input: NewDraft,
) -> Result<(Draft, DraftBody), ServiceError> {
    caller.require(Permission::Draft)?;
    let mut fields = Fields::default();
    fields.outgoing(&mut input.body_text, &mut input.body_html);
    fields.rationale(input.rationale.as_deref());
    let answers = answer_or_cold(&input, &mut fields);
    let mut parsed = Parsed {
        to: fields.addresses("to", input.to.as_deref().unwrap_or_default()),
        cc: fields.addresses("cc", input.cc.as_deref().unwrap_or_default()),
        bcc: fields.addresses("bcc", input.bcc.as_deref().unwrap_or_default()),
        subject: match input.thread_id {
            Some(_) => fields.header("subject_override", input.subject_override.as_deref()),
            None => fields.header("subject", input.subject.as_deref()),
        },
        metadata: fields.metadata(input.metadata.as_ref()),
        attachments: Vec::new(),
    };
    if answers.is_none() {
        fields.recipient_count("to", parsed.to.len() + parsed.cc.len() + parsed.bcc.len());
    }
    fields.finish()?;
    parsed.attachments =
        attachments::keep(app, caller.workspace_id, input.attachments.as_deref().unwrap_or_default()).await?;
    match answers {
        Some(answers) => until_settled(app, || answer_once(app, caller, idempotency, &input, answers, &parsed)).await,
        None => until_settled(app, || cold_once(app, caller, idempotency, &input, &parsed)).await,
    }
}

/// Why a cold draft quotes nothing.
pub(crate) const NOTHING_TO_QUOTE: &str = "is for answers: a message that starts a thread answers none";

/// The thread and message that are answered; none for a cold draft. Refuses what is neither.
fn answer_or_cold(input: &NewDraft, fields: &mut Fields) -> Option<(ThreadId, MessageId)> {
    let to = input.to.as_deref().unwrap_or_default();
    let Some(thread_id) = input.thread_id else {
        if to.is_empty() && input.subject.is_none() {
            fields.refuse("thread_id", "is required; or `to` and `subject`, for a message that starts a thread");
            return None;
        }
        if to.is_empty() {
            fields.refuse("to", "must name at least one recipient when there is no `thread_id`");
        }
        if input.subject.is_none() {
            fields.refuse("subject", "is required when there is no `thread_id`");
        }
        if input.based_on_message_id.is_some() {
            fields.refuse("based_on_message_id", "is for answers: give its `thread_id` as well");
        }
        if input.subject_override.is_some() {
            fields.refuse("subject_override", "is for answers: a message that starts a thread has its `subject`");
        }
        if input.quote_history {
            fields.refuse("quote_history", NOTHING_TO_QUOTE);
        }
        return None;
    };
    if !to.is_empty() {
        fields.refuse("to", "is for messages that start a thread: whom an answer goes to follows from what it answers");
    }
    if input.subject.is_some() {
        fields.refuse("subject", "is for messages that start a thread: an answer takes `subject_override`");
    }
    if input.based_on_message_id.is_none() {
        fields.refuse("based_on_message_id", "is required: `last_inbound_message_id` of the thread as you read it");
    }
    Some((thread_id, input.based_on_message_id?))
}

/// What is answered, and in whose name.
struct Answered {
    thread: Row<Thread>,
    identity: Identity,
    message: Row<Message>,
    workspace: Option<Workspace>,
}

async fn read_answered(
    app: &App,
    caller: &Caller,
    identity_id: IdentityId,
    (thread_id, message_id): (ThreadId, MessageId),
) -> Result<Answered, ServiceError> {
    let Answering { thread, identity, message, workspace } =
        app.store.answering(caller.workspace_id, thread_id, identity_id, Some(message_id)).await?;
    let thread = match thread.filter(|row| row.value.id == thread_id) {
        // Its id leads to the thread that took it over.
        Some(row) if row.value.merged_into.is_some() => resolve::root(app, caller.workspace_id, row.value.id).await?,
        as_asked => as_asked,
    };
    let thread = thread.filter(|row| caller.sees(row.value.identity_id));
    let Some(thread) = thread else { return Err(ServiceError::NotFound { what: "thread" }) };
    let identity = identity.map(|row| row.value).filter(|identity| caller.sees(identity.id));
    let Some(identity) = identity else { return Err(ServiceError::NotFound { what: "identity" }) };
    if identity.id != thread.value.identity_id {
        return Err(ServiceError::invalid("identity_id", "must be the identity of the thread"));
    }
    require_identity(app, sending::may_send(&identity))?;
    let message = message.filter(|message| {
        message.value.direction == Direction::Inbound && resolve::holds(&thread.value, message.value.id.family())
    });
    let Some(message) = message else {
        return Err(ServiceError::invalid(
            "based_on_message_id",
            "must be the id of an inbound message of this thread: take the last one whose direction is `inbound`",
        ));
    };
    Ok(Answered { thread, identity, message, workspace: workspace.map(|row| row.value) })
}

async fn answer_once(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    input: &NewDraft,
    answers: (ThreadId, MessageId),
    parsed: &Parsed,
) -> Result<(Draft, DraftBody), ServiceError> {
    if let Some(id) = idempotency.made(app, caller).await? {
        return read_drafts::get_draft(app, caller, id).await;
    }
    let Answered { thread: row, identity, message: message_row, workspace } =
        read_answered(app, caller, input.identity_id, answers).await?;
    let message = &message_row.value;
    let now = app.now();
    if row.value.open_draft_ids.len() >= MAX_OPEN_DRAFTS {
        return Err(ServiceError::Conflict("the thread has 20 undecided drafts: reject some of them first"));
    }
    let to = reply_recipients(message, &identity.email_address);
    let mut fields = Fields::default();
    if to.is_empty() {
        fields.refuse("based_on_message_id", "that message names no address that an answer could be sent to");
    }
    fields.recipient_count("cc", to.len() + parsed.cc.len() + parsed.bcc.len());
    fields.finish()?;

    let mut thread = row.value.clone();
    let subject = parsed.subject.clone().unwrap_or_else(|| reply_subject(&message.subject));
    let settings = workspace.as_ref().map(|workspace| &workspace.settings);
    let mut draft = Draft {
        based_on_message_id: Some(message.id),
        stale_warning: thread.is_stale(Some(message.id)),
        rival_draft_id: rival(app, &thread, message.id).await?,
        to,
        subject_override: parsed.subject.clone(),
        expires_at: after_hours(now, settings.and_then(|settings| settings.draft_ttl_hours)),
        remind_at: after_hours(now, settings.and_then(|settings| settings.remind_after_hours)),
        ..draft(app, caller, input, parsed, &thread, subject, now)
    };
    let body = body(input, &identity);
    let quoted =
        if input.quote_history { Some(QuotedMessage::of(message, &app.store.body(&message_row).await?)) } else { None };
    draft.content_sha256 = content::seal(&draft, &body, &identity.email_address, quoted.as_ref());
    thread.draft_opened(draft.id, now);

    let mut transaction = Transaction::new();
    // The owner's opt-out, or a rule that answers.
    let standing = match caller.rule_id() {
        Some(_) => Some((Basis::Rule, caller.actor())),
        None => {
            identity.auto_approve_replies.then(|| (Basis::OptOut, Actor::identity(identity.id, &identity.display_name)))
        }
    };
    if let Some((basis, standing)) = standing {
        match unattended::allowed(app, basis, &identity, &draft, message, &mut thread, workspace.as_ref(), now).await? {
            Ok(clearance) => {
                draft.approve(standing, None, now)?;
                let origin = Origin {
                    answers: Some(message),
                    draft: Some((draft.id, Some(message.id))),
                    unattended: true,
                    entitlement: clearance.entitlement(),
                };
                let content = content_of(&draft, &body);
                let (mut outbound, outbound_body) = message::message(app, &identity, thread.id, content, origin, now);
                draft.queue(outbound.id, &thread, now)?;
                outbound.caused_by_rule_id = caller.rule_id();
                transaction.create_with_body(&app.store, &outbound, &outbound_body).await?;
                transaction.count_unattended(caller.workspace_id, identity.id, &draft.to, now);
                clearance.count(&outbound, &mut transaction);
            }
            Err(declined) if caller.rule_id().is_some() => return Err(ServiceError::Unattended(declined)),
            // It waits for a person, who is told why.
            Err(declined) => draft.auto_approve_declined = Some(declined),
        }
    }
    transaction.create_with_body(&app.store, &draft, &body).await?;
    transaction.replace(&row, &thread)?;
    idempotency.mark(&mut transaction, caller, draft.id, now)?;
    app.store.commit(transaction).await?;
    Ok((draft, body))
}

/// The newest undecided draft of the thread that answers that message.
async fn rival(app: &App, thread: &Thread, answered: MessageId) -> Result<Option<DraftId>, ServiceError> {
    if thread.open_draft_ids.is_empty() {
        return Ok(None);
    }
    let open = app.store.drafts_by_id(thread.workspace_id, &thread.open_draft_ids).await?;
    let rivals = open.iter().map(|row| &row.value).filter(|draft| draft.based_on_message_id == Some(answered));
    Ok(rivals.map(|draft| draft.id).max())
}

/// A draft and the thread it would start. The contact is made when it is sent.
async fn cold_once(
    app: &App,
    caller: &Caller,
    idempotency: &Idempotency,
    input: &NewDraft,
    parsed: &Parsed,
) -> Result<(Draft, DraftBody), ServiceError> {
    if let Some(id) = idempotency.made(app, caller).await? {
        return read_drafts::get_draft(app, caller, id).await;
    }
    let now = app.now();
    let thread_id = ThreadId::generate(now, app.entropy());
    let Answering { identity, workspace, .. } =
        app.store.answering(caller.workspace_id, thread_id, input.identity_id, None).await?;
    let identity = identity.map(|row| row.value).filter(|identity| caller.sees(identity.id));
    let Some(identity) = identity else { return Err(ServiceError::NotFound { what: "identity" }) };
    require_identity(app, sending::may_write_first(&identity))?;
    let subject = parsed.subject.clone().unwrap_or_else(|| HeaderText::sanitize(""));
    let mut thread = Thread::start(thread_id, caller.workspace_id, identity.id, subject.as_str(), now, now);
    let settings = workspace.map(|row| row.value.settings).unwrap_or_default();
    let mut draft = Draft {
        expires_at: after_hours(now, settings.draft_ttl_hours),
        remind_at: after_hours(now, settings.remind_after_hours),
        ..draft(app, caller, input, parsed, &thread, subject, now)
    };
    let body = body(input, &identity);
    draft.content_sha256 = content::seal(&draft, &body, &identity.email_address, None);
    thread.draft_opened(draft.id, now);
    let mut transaction = Transaction::new();
    transaction.create(&thread)?;
    transaction.create_with_body(&app.store, &draft, &body).await?;
    idempotency.mark(&mut transaction, caller, draft.id, now)?;
    app.store.commit(transaction).await?;
    Ok((draft, body))
}

/// What is the same for every new draft; the rest is that of a cold one that does not expire.
fn draft(
    app: &App,
    caller: &Caller,
    input: &NewDraft,
    parsed: &Parsed,
    thread: &Thread,
    subject: HeaderText,
    now: Timestamp,
) -> Draft {
    let id = DraftId::generate_in(thread.id.family(), now, app.entropy());
    Draft {
        to: parsed.to.clone(),
        cc: parsed.cc.clone(),
        bcc: parsed.bcc.clone(),
        rationale: input.rationale.clone(),
        metadata: parsed.metadata.clone(),
        attachments: parsed.attachments.clone(),
        quote_history: input.quote_history,
        ..Draft::start(id, thread, subject, caller.actor(), now)
    }
}

/// What it says, signed as the identity signs now.
fn body(input: &NewDraft, identity: &Identity) -> DraftBody {
    DraftBody { text: input.body_text.clone(), html: input.body_html.clone(), sender: Some(Sender::of(identity)) }
}

fn after_hours(now: Timestamp, hours: Option<u32>) -> Option<Timestamp> {
    hours.map(|hours| now.after(Duration::from_secs(u64::from(hours) * 3_600)))
}

/// What a draft says, as a message.
pub(crate) fn content_of(draft: &Draft, body: &DraftBody) -> Content {
    Content {
        to: draft.to.clone(),
        cc: draft.cc.clone(),
        bcc: draft.bcc.clone(),
        subject: draft.subject.clone(),
        text: body.text.clone(),
        html: body.html.clone(),
        sender: body.sender.clone(),
        attachments: draft.attachments.clone(),
        quote_history: draft.quote_history,
    }
}
