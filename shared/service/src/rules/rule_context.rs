//! What rules look at, read from the table: for a dry run and for real.

use actionlayer_domain::{
    Draft, DraftBody, DraftId, Message, MessageBody, MessageId, Thread, Timestamp, WorkspaceId,
    contact::Contact,
    message::Direction,
    rule::{ContactThen, DraftFacts, Facts, MessageFacts, RuleEvent, ThreadThen, Trigger},
};
use actionlayer_store::{DraftVersion, keys};
use serde_json::Value;

use crate::{App, ServiceError, outbound::message::readable, threads::resolve};

/// A message, a draft or both, in their thread.
#[derive(Debug, Clone)]
pub struct RuleContext {
    pub message: Option<Message>,
    message_text: String,
    pub thread: Thread,
    /// What rules look at of it.
    pub then: ThreadThen,
    /// What rules look at of the person.
    pub contact: Option<ContactThen>,
    pub draft: Option<Draft>,
    draft_text: String,
    metadata: Option<Value>,
}

impl RuleContext {
    /// Adds what is known of the person: who wrote the message, if it came in, or else with whom the thread began. Where
    /// `contact` is that person, it says how they stood; otherwise they are looked at as they were at that time.
    pub(crate) async fn read(
        app: &App,
        workspace: WorkspaceId,
        thread: Thread,
        message: Option<(Message, MessageBody)>,
        draft: Option<(Draft, DraftBody)>,
        contact: Option<ContactThen>,
        at: Timestamp,
    ) -> Result<Self, ServiceError> {
        let author = message.as_ref().filter(|(message, _)| message.direction == Direction::Inbound);
        let author = author.and_then(|(message, _)| message.from_email.parse().ok());
        let person = author.or_else(|| thread.primary_contact_email.clone());
        let is_person = |then: &ContactThen| person.as_ref().is_some_and(|email| email.folded() == then.email.folded());
        let contact = match (contact.filter(is_person), &person) {
            (Some(then), _) => Some(then),
            (None, Some(email)) => {
                let row = app.store.get::<Contact>(&keys::contact(workspace, email)).await?;
                row.and_then(|row| ContactThen::at(&row.value, at))
            }
            (None, None) => None,
        };
        let text =
            |text: Option<&String>, html: Option<&String>| readable(text.map(String::as_str), html.map(String::as_str));
        let message_text = message.as_ref().map(|(_, body)| text(body.text.as_ref(), body.html.as_ref()));
        let draft_text = draft.as_ref().map(|(_, body)| text(body.text.as_ref(), body.html.as_ref()));
        let draft = draft.map(|(draft, _)| draft);
        Ok(Self {
            message_text: message_text.unwrap_or_default(),
            message: message.map(|(message, _)| message),
            then: ThreadThen::from(&thread),
            thread,
            contact,
            draft_text: draft_text.unwrap_or_default(),
            metadata: draft.as_ref().and_then(|draft| serde_json::from_str(draft.metadata.as_deref()?).ok()),
            draft,
        })
    }

    /// How things stood when an event happened: the draft in the version that it was about, the thread as the event left it,
    /// and the person as they stood. None when what it was about is gone.
    pub(crate) async fn at(
        app: &App,
        event: &RuleEvent,
        then: Option<ThreadThen>,
    ) -> Result<Option<Self>, ServiceError> {
        let workspace = event.workspace_id;
        let Some(thread) = resolve::root(app, workspace, event.thread_id).await? else { return Ok(None) };
        let draft = match event.draft_id {
            Some(id) => draft_at(app, workspace, id, event.version).await?,
            None => None,
        };
        if event.trigger.is_about_a_draft() && draft.is_none() {
            return Ok(None);
        }
        let of_draft = draft.as_ref().and_then(|(draft, _)| message_of(draft, Some(event.trigger)));
        let message = match event.message_id.or(of_draft) {
            Some(id) => message(app, workspace, id).await?,
            None => None,
        };
        if event.message_id.is_some() && message.is_none() {
            return Ok(None);
        }
        let contact = match event.trigger {
            Trigger::EmailReceived => message.as_ref().and_then(|(message, _)| message.author_then.clone()),
            Trigger::DraftStale => draft.as_ref().and_then(|(draft, _)| draft.overtaken_by.clone()),
            _ => None,
        };
        let mut context = Self::read(app, workspace, thread.value, message, draft, contact, event.at).await?;
        if let Some(then) = then {
            context.then = then;
        }
        Ok(Some(context))
    }

    /// As conditions look at it.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            message: self.message.as_ref().map(|message| MessageFacts { message, text: &self.message_text }),
            thread: Some(&self.then),
            contact: self.contact.as_ref(),
            draft: self.draft.as_ref().map(|draft| DraftFacts {
                draft,
                text: &self.draft_text,
                metadata: self.metadata.as_ref(),
            }),
        }
    }
}

/// The message that belongs to a draft: the one it became, for those about mail that left, or else the one it answers.
pub(crate) const fn message_of(draft: &Draft, trigger: Option<Trigger>) -> Option<MessageId> {
    match trigger {
        Some(Trigger::EmailSent | Trigger::EmailDelivered) => draft.outbound_message_id,
        _ => draft.based_on_message_id,
    }
}

async fn message(
    app: &App,
    workspace: WorkspaceId,
    id: MessageId,
) -> Result<Option<(Message, MessageBody)>, ServiceError> {
    let Some(row) = app.store.get::<Message>(&keys::message(workspace, id)).await? else { return Ok(None) };
    let body = app.store.body(&row).await?;
    Ok(Some((row.value, body)))
}

/// A draft as it was in a version; as it is, if it was never edited since.
async fn draft_at(
    app: &App,
    workspace: WorkspaceId,
    id: DraftId,
    version: Option<u32>,
) -> Result<Option<(Draft, DraftBody)>, ServiceError> {
    let Some(row) = app.store.get::<Draft>(&keys::draft(workspace, id)).await? else { return Ok(None) };
    let mut draft = row.value.clone();
    let Some(version) = version.filter(|version| *version < draft.version) else {
        let body = app.store.body(&row).await?;
        return Ok(Some((draft, body)));
    };
    let key = keys::draft_version(workspace, id, version);
    let Some(earlier) = app.store.get::<DraftVersion>(&key).await? else { return Ok(None) };
    let body = app.store.body(&earlier).await?;
    let DraftVersion { subject, cc, bcc, rationale, attachments, quote_history, .. } = earlier.value;
    draft = Draft { version, subject, cc, bcc, rationale, attachments, quote_history, ..draft };
    Ok(Some((draft, body)))
}
