//! A thread with what belongs to it: one partition, one query.

use aws_sdk_dynamodb::operation::query::QueryInput;

use actionlayer_domain::{
    Draft, DraftId, Family, Identity, IdentityId, Message, MessageId, Suppression, Thread, ThreadId, Timestamp,
    Workspace, WorkspaceId,
};

use crate::{
    DraftVersion, Record, Row, Store, StoreError, keys,
    record::{kind, row, s},
};

/// A thread with its drafts and its newest messages.
#[derive(Debug, Clone)]
pub struct ThreadPage {
    pub thread: Row<Thread>,
    /// Its drafts, newest first.
    pub drafts: Vec<Row<Draft>>,
    /// Its newest messages, newest first, as many as were asked for.
    pub messages: Vec<Row<Message>>,
}

/// What an answer in a thread is made from, as far as it exists.
#[derive(Debug, Clone, Default)]
pub struct Answering {
    pub thread: Option<Row<Thread>>,
    /// The identity that answers.
    pub identity: Option<Row<Identity>>,
    /// The message that is answered.
    pub message: Option<Row<Message>>,
    /// The workspace, for its settings.
    pub workspace: Option<Row<Workspace>>,
}

/// A message on its way out, with what its delivery depends on.
#[derive(Debug, Clone)]
pub struct Outbound {
    pub message: Row<Message>,
    pub thread: Row<Thread>,
    /// Its identity, unless that was deleted.
    pub identity: Option<Row<Identity>>,
    /// The draft it came from.
    pub draft: Option<Row<Draft>>,
    /// Those of its recipients that nothing is sent to any more.
    pub suppressed: Vec<Suppression>,
}

impl Store {
    /// A thread, all of its drafts and its newest `depth` messages, in one descending read.
    pub async fn thread_page(
        &self,
        workspace: WorkspaceId,
        family: Family,
        depth: usize,
    ) -> Result<Option<ThreadPage>, StoreError> {
        let (mut thread, mut drafts, mut messages) = (None, Vec::new(), Vec::new());
        // From the top down to the messages, so that earlier versions of drafts are never read.
        let query = QueryInput::builder()
            .key_condition_expression("pk = :pk AND sk >= :messages")
            .expression_attribute_values(":pk", s(keys::family_pk(workspace, family)))
            .expression_attribute_values(":messages", s(keys::MESSAGE_PREFIX))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::try_from(1 + MEAN_DRAFTS + depth).unwrap_or(i32::MAX));
        let mut from = None;
        loop {
            let answer = self.query(query.clone().set_exclusive_start_key(from)).await?;
            for item in answer.items.unwrap_or_default() {
                match kind(&item) {
                    Thread::KIND => thread = Some(row(item)?),
                    Draft::KIND => drafts.push(row(item)?),
                    Message::KIND if messages.len() < depth => messages.push(row(item)?),
                    _ => {}
                }
            }
            from = answer.last_evaluated_key;
            if from.is_none() || messages.len() >= depth {
                break;
            }
        }
        Ok(thread.map(|thread| ThreadPage { thread, drafts, messages }))
    }

    /// A draft and its thread, read together as of one moment or nearly so; writes check both revisions.
    pub async fn draft_and_thread(
        &self,
        workspace: WorkspaceId,
        id: DraftId,
    ) -> Result<Option<(Row<Draft>, Row<Thread>)>, StoreError> {
        let items = self.batch_get(&[keys::draft(workspace, id), keys::thread(workspace, id.family())]).await?;
        let (mut draft, mut thread) = (None, None);
        for item in items {
            match kind(&item) {
                Draft::KIND => draft = Some(row(item)?),
                Thread::KIND => thread = Some(row(item)?),
                _ => {}
            }
        }
        Ok(draft.zip(thread))
    }

    /// Everything an answer in a thread is made from: one round trip.
    pub async fn answering(
        &self,
        workspace: WorkspaceId,
        thread: ThreadId,
        identity: IdentityId,
        message: Option<MessageId>,
    ) -> Result<Answering, StoreError> {
        let mut wanted = vec![
            keys::thread(workspace, thread.family()),
            keys::identity(workspace, identity),
            keys::workspace(workspace),
        ];
        wanted.extend(message.map(|id| keys::message(workspace, id)));
        let mut found = Answering::default();
        for item in self.batch_get(&wanted).await? {
            match kind(&item) {
                Thread::KIND => found.thread = Some(row(item)?),
                Identity::KIND => found.identity = Some(row(item)?),
                Message::KIND => found.message = Some(row(item)?),
                Workspace::KIND => found.workspace = Some(row(item)?),
                _ => {}
            }
        }
        Ok(found)
    }

    /// An outbound message with its thread, its identity, and its draft if it came from one: two round trips.
    pub async fn outbound(&self, workspace: WorkspaceId, id: MessageId) -> Result<Option<Outbound>, StoreError> {
        let items = self.batch_get(&[keys::message(workspace, id), keys::thread(workspace, id.family())]).await?;
        let (mut message, mut thread) = (None, None);
        for item in items {
            match kind(&item) {
                Message::KIND => message = Some(row::<Message>(item)?),
                Thread::KIND => thread = Some(row::<Thread>(item)?),
                _ => {}
            }
        }
        let Some((message, thread)) = message.zip(thread) else { return Ok(None) };
        let mut wanted = vec![keys::identity(workspace, message.value.identity_id)];
        wanted.extend(message.value.recipients().map(|email| keys::suppression(workspace, &email)));
        wanted.extend(message.value.draft_id.map(|draft_id| keys::draft(workspace, draft_id)));
        let (mut identity, mut draft, mut suppressed) = (None, None, Vec::new());
        for item in self.batch_get(&wanted).await? {
            match kind(&item) {
                Suppression::KIND => suppressed.push(row::<Suppression>(item)?.value),
                Identity::KIND => identity = Some(row(item)?),
                Draft::KIND => draft = Some(row(item)?),
                _ => {}
            }
        }
        Ok(Some(Outbound { message, thread, identity, draft, suppressed }))
    }

    /// Drafts by id, all of one workspace.
    pub async fn drafts_by_id(&self, workspace: WorkspaceId, ids: &[DraftId]) -> Result<Vec<Row<Draft>>, StoreError> {
        let keys: Vec<_> = ids.iter().map(|id| keys::draft(workspace, *id)).collect();
        self.batch_get(&keys).await?.into_iter().map(row).collect()
    }

    /// The earlier versions of a draft, oldest first.
    pub async fn draft_versions(
        &self,
        workspace: WorkspaceId,
        id: DraftId,
    ) -> Result<Vec<Row<DraftVersion>>, StoreError> {
        let query = QueryInput::builder()
            .key_condition_expression("pk = :pk AND begins_with(sk, :versions)")
            .expression_attribute_values(":pk", s(keys::family_pk(workspace, id.family())))
            .expression_attribute_values(":versions", s(keys::draft_version_prefix(id)))
            .consistent_read(true);
        self.query_all(query).await?.into_iter().map(row).collect()
    }

    /// Outbound messages that were queued or claimed before a moment and are still not settled, earliest first.
    pub async fn unsettled_sends(&self, before: Timestamp) -> Result<Vec<Message>, StoreError> {
        let mut sends: Vec<Message> = self.due(keys::DUE_SENDS, "0", &before.to_string()).await?;
        sends.retain(|message| {
            let claimed_at = message.delivery.as_ref().and_then(|delivery| delivery.claimed_at);
            claimed_at.is_none_or(|claimed_at| claimed_at < before)
        });
        Ok(sends)
    }

    /// Pending drafts that are to be reminded of or have expired, earliest first.
    pub async fn due_drafts(&self, now: Timestamp) -> Result<Vec<Draft>, StoreError> {
        self.due(keys::DUE_DRAFTS, "0", &now.to_string()).await
    }

    /// Domains last checked before a moment, the pending ones before another than those that were proven, earliest first.
    pub async fn domains_to_check(
        &self,
        pending_before: Timestamp,
        proven_before: Timestamp,
    ) -> Result<Vec<actionlayer_domain::SendingDomain>, StoreError> {
        let mut domains = self.due(keys::DUE_DOMAINS, "0", &pending_before.to_string()).await?;
        domains.extend(self.due(keys::DUE_PROVEN_DOMAINS, "0", &proven_before.to_string()).await?);
        Ok(domains)
    }
}

/// How many drafts the first page of a thread's read leaves room for; more only means another page.
const MEAN_DRAFTS: usize = 5;
