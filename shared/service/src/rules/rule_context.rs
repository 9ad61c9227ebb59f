//! What rules look at, read from the table: for a dry run and for real.

use actionlayer_domain::{
    Draft, DraftBody, Message, MessageBody, Thread, WorkspaceId,
    contact::Contact,
    message::Direction,
    rule::{DraftFacts, Facts, MessageFacts},
};
use actionlayer_store::keys;
use serde_json::Value;

use crate::{App, ServiceError, outbound::message::readable};

/// A message, a draft or both, in their thread.
#[derive(Debug, Clone)]
pub struct RuleContext {
    /// The message.
    pub message: Option<Message>,
    message_text: String,
    /// The thread.
    pub thread: Thread,
    contact: Option<Contact>,
    /// The draft.
    pub draft: Option<Draft>,
    draft_text: String,
    metadata: Option<Value>,
}

impl RuleContext {
    /// Adds what is known of the person: who wrote the message, if it came in, or else with whom the thread began.
    pub(crate) async fn read(
        app: &App,
        workspace: WorkspaceId,
        thread: Thread,
        message: Option<(Message, MessageBody)>,
        draft: Option<(Draft, DraftBody)>,
    ) -> Result<Self, ServiceError> {
        let author = message.as_ref().filter(|(message, _)| message.direction == Direction::Inbound);
        let author = author.and_then(|(message, _)| message.from_email.parse().ok());
        let contact = match author.or_else(|| thread.primary_contact_email.clone()) {
            Some(email) => app.store.get::<Contact>(&keys::contact(workspace, &email)).await?,
            None => None,
        };
        let text =
            |text: Option<&String>, html: Option<&String>| readable(text.map(String::as_str), html.map(String::as_str));
        let message_text = message.as_ref().map(|(_, body)| text(body.text.as_ref(), body.html.as_ref()));
        let draft_text = draft.as_ref().map(|(_, body)| text(body.text.as_ref(), body.html.as_ref()));
        let draft = draft.map(|(draft, _)| draft);
        Ok(Self {
            message_text: message_text.unwrap_or_default(),
            message: message.map(|(message, _)| message),
            thread,
            contact: contact.map(|row| row.value),
            draft_text: draft_text.unwrap_or_default(),
            metadata: draft.as_ref().and_then(|draft| serde_json::from_str(draft.metadata.as_deref()?).ok()),
            draft,
        })
    }

    /// As conditions look at it.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            message: self.message.as_ref().map(|message| MessageFacts { message, text: &self.message_text }),
            thread: Some(&self.thread),
            contact: self.contact.as_ref(),
            draft: self.draft.as_ref().map(|draft| DraftFacts {
                draft,
                text: &self.draft_text,
                metadata: self.metadata.as_ref(),
            }),
        }
    }
}
