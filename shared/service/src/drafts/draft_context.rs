//! A draft with everything a person needs to decide on it; read for approval mails and for the pages behind their links.

use actionlayer_channels::Proposal;
use actionlayer_domain::{Draft, DraftBody, DraftId, Identity, Message, MessageBody, Thread, WorkspaceId};
use actionlayer_store::keys;

use crate::{App, ServiceError};

/// A draft in its surroundings, as they are now.
#[derive(Debug, Clone)]
pub struct DraftContext {
    /// Who would send it.
    pub identity: Identity,
    /// The conversation.
    pub thread: Thread,
    /// The draft.
    pub draft: Draft,
    /// Its text.
    pub body: DraftBody,
    /// The newest mail that came in.
    pub newest_inbound: Option<(Message, MessageBody)>,
}

impl DraftContext {
    /// The draft as approvers are shown it.
    pub fn proposal(&self) -> Proposal<'_> {
        Proposal {
            identity: &self.identity,
            thread: &self.thread,
            draft: &self.draft,
            body: &self.body,
            newest_inbound: self.newest_inbound.as_ref().map(|(message, body)| (message, body)),
        }
    }
}

/// Reads it. `None` when the draft or its identity is gone.
pub(crate) async fn load(app: &App, workspace: WorkspaceId, id: DraftId) -> Result<Option<DraftContext>, ServiceError> {
    let Some((draft, thread)) = app.store.draft_and_thread(workspace, id).await? else { return Ok(None) };
    // Of a draft that answers somebody who takes no part in the conversation, it is that message that matters.
    let aside = draft.value.based_on_message_id.filter(|id| thread.value.asides.contains(id));
    let newest = aside.or(thread.value.last_inbound_message_id).map(|id| keys::message(workspace, id));
    let (identity, body, newest_inbound) =
        tokio::try_join!(app.store.identity(workspace, draft.value.identity_id), app.store.body(&draft), async {
            let Some(key) = newest else { return Ok(None) };
            let Some(message) = app.store.get::<Message>(&key).await? else { return Ok(None) };
            let body = app.store.body(&message).await?;
            Ok(Some((message.value, body)))
        },)?;
    Ok(identity.map(|identity| DraftContext {
        identity: identity.value,
        thread: thread.value,
        draft: draft.value,
        body,
        newest_inbound,
    }))
}
