//! A draft with everything a person needs to decide on it; read for approval mails and for the pages behind their links.

use actionlayer_channels::{PreviousVersion, Proposal, Rivals};
use actionlayer_domain::{
    Draft, DraftBody, DraftId, Identity, Message, MessageBody, Thread, WorkspaceId, notification::NotificationState,
};
use actionlayer_store::{DraftVersion, Row, keys};

use crate::{App, ServiceError};

/// A draft in its surroundings, as they are now.
#[derive(Debug, Clone)]
pub struct DraftContext {
    /// Who would send it.
    pub identity: Identity,
    /// The conversation.
    pub thread: Thread,
    pub draft: Draft,
    pub body: DraftBody,
    /// The newest mail that came in.
    pub newest_inbound: Option<(Message, MessageBody)>,
    /// The version that was asked about before, if it was edited since.
    pub previous: Option<(DraftVersion, DraftBody)>,
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
            previous: self.previous.as_ref().map(|(version, body)| PreviousVersion {
                version: version.version,
                subject: version.subject.as_str(),
                body,
            }),
            rivals: Rivals {
                answered: self.is_answered(),
                drafts: self.thread.open_draft_ids.iter().filter(|id| **id != self.draft.id).count(),
            },
        }
    }
}

impl DraftContext {
    /// Whether something of ours left after the mail that the draft answers.
    fn is_answered(&self) -> bool {
        let newest = self.newest_inbound.as_ref().filter(|(mail, _)| self.draft.based_on_message_id == Some(mail.id));
        newest.is_some_and(|(mail, _)| self.thread.last_message_at > mail.received_at.unwrap_or(mail.created_at))
    }
}

/// Reads it. `None` when the draft or its identity is gone.
pub(crate) async fn load(app: &App, workspace: WorkspaceId, id: DraftId) -> Result<Option<DraftContext>, ServiceError> {
    Ok(load_to_write(app, workspace, id).await?.map(|(context, _)| context))
}

/// The same with the draft's row, for whoever writes on it.
pub(crate) async fn load_to_write(
    app: &App,
    workspace: WorkspaceId,
    id: DraftId,
) -> Result<Option<(DraftContext, Row<Draft>)>, ServiceError> {
    let Some((draft, thread)) = app.store.draft_and_thread(workspace, id).await? else { return Ok(None) };
    // Of a draft that answers somebody who takes no part in the conversation, it is that message that matters.
    let aside = draft.value.based_on_message_id.filter(|id| thread.value.asides.contains(id));
    let newest = aside.or(thread.value.last_inbound_message_id).map(|id| keys::message(workspace, id));
    let (identity, body, newest_inbound, previous) = tokio::try_join!(
        app.store.identity(workspace, draft.value.identity_id),
        app.store.body(&draft),
        async {
            let Some(key) = newest else { return Ok(None) };
            let Some(message) = app.store.get::<Message>(&key).await? else { return Ok(None) };
            let body = app.store.body(&message).await?;
            Ok(Some((message.value, body)))
        },
        async {
            let Some(version) = asked_before(&draft.value) else { return Ok(None) };
            let key = keys::draft_version(workspace, id, version);
            let Some(row) = app.store.get::<DraftVersion>(&key).await? else { return Ok(None) };
            let body = app.store.body(&row).await?;
            Ok(Some((row.value, body)))
        },
    )?;
    Ok(identity.map(|identity| {
        let context = DraftContext {
            identity: identity.value,
            thread: thread.value,
            draft: draft.value.clone(),
            body,
            newest_inbound,
            previous,
        };
        (context, draft)
    }))
}

/// The version that somebody was asked about last, before the current one; the one before, if nobody was.
fn asked_before(draft: &Draft) -> Option<u32> {
    let before = draft.version.checked_sub(1).filter(|version| *version > 0)?;
    let asked =
        draft.notifications.iter().filter(|told| told.state == NotificationState::Sent).map(|told| told.version);
    Some(asked.filter(|version| *version <= before).max().unwrap_or(before))
}
