//! `GET /v1/threads/{id}`.

use actionlayer_domain::{
    Draft, DraftBody, Message, MessageBody, Thread, ThreadId,
    contact::Contact,
    identity::{DEFAULT_THREAD_HISTORY_DEPTH, MAX_THREAD_HISTORY_DEPTH},
};
use actionlayer_store::{ThreadPage, keys};

use crate::{App, Caller, ServiceError, threads::resolve};

/// A thread with what belongs to it.
#[derive(Debug)]
pub struct ThreadDetail {
    pub thread: Thread,
    /// The person it began with.
    pub contact: Option<Contact>,
    /// Its newest messages, oldest first.
    pub messages: Vec<(Message, MessageBody)>,
    /// How many it has in all.
    pub messages_total: u32,
    /// Its drafts, newest first.
    pub drafts: Vec<(Draft, DraftBody)>,
}

/// A thread alone: the one that its id leads to, if it was merged.
pub async fn find_thread(app: &App, caller: &Caller, id: ThreadId) -> Result<Thread, ServiceError> {
    Ok(resolve::visible(app, caller, id).await?.value)
}

/// A thread, its contact, its drafts, and as many of its newest messages as its identity shows, or as `depth` asks for.
pub async fn get_thread(
    app: &App,
    caller: &Caller,
    id: ThreadId,
    depth: Option<u8>,
) -> Result<ThreadDetail, ServiceError> {
    if depth.is_some_and(|depth| depth == 0 || depth > MAX_THREAD_HISTORY_DEPTH) {
        return Err(ServiceError::invalid("depth", "must be from 1 to 20"));
    }
    // One read for everything, of the most that could be asked for; the identity that says how much is known after it.
    let most = depth.unwrap_or(MAX_THREAD_HISTORY_DEPTH);
    let page = read_whole(app, caller, id, usize::from(most)).await?;
    let page = page.filter(|page| caller.sees(page.thread.value.identity_id));
    let Some(mut page) = page else { return Err(ServiceError::NotFound { what: "thread" }) };
    let thread = page.thread.value;
    let (identity, contact) = tokio::try_join!(app.store.identity(caller.workspace_id, thread.identity_id), async {
        match &thread.primary_contact_email {
            Some(email) => app.store.get::<Contact>(&keys::contact(caller.workspace_id, email)).await,
            None => Ok(None),
        }
    })?;
    let shown =
        depth.or(identity.map(|identity| identity.value.thread_history_depth)).unwrap_or(DEFAULT_THREAD_HISTORY_DEPTH);
    page.messages.truncate(usize::from(shown));
    page.messages.reverse();
    let mut messages = Vec::with_capacity(page.messages.len());
    for message in page.messages {
        let body = app.store.body(&message).await?;
        messages.push((message.value, body));
    }
    let mut drafts = Vec::with_capacity(page.drafts.len());
    for draft in page.drafts {
        let body = app.store.body(&draft).await?;
        drafts.push((draft.value, body));
    }
    let messages_total = thread.message_count;
    Ok(ThreadDetail { thread, contact: contact.map(|row| row.value), messages, messages_total, drafts })
}

/// The thread of an id with its newest messages, those of the threads that turned out to be part of it among them. Nearly
/// always one read; a thread that was merged, or took others over, takes a few more.
async fn read_whole(
    app: &App,
    caller: &Caller,
    id: ThreadId,
    depth: usize,
) -> Result<Option<ThreadPage>, ServiceError> {
    let read = |id: ThreadId| app.store.thread_page(caller.workspace_id, id.family(), depth);
    let mut page = read(id).await?.filter(|page| page.thread.value.id == id);
    if page.as_ref().is_some_and(|page| page.thread.value.merged_into.is_some()) {
        page = match resolve::root(app, caller.workspace_id, id).await? {
            Some(root) => read(root.value.id).await?,
            None => None,
        };
    }
    let Some(mut page) = page else { return Ok(None) };
    for part in page.thread.value.linked_thread_ids.clone() {
        if let Some(part) = read(part).await? {
            page.messages.extend(part.messages);
            page.drafts.extend(part.drafts);
        }
    }
    // Ids are ordered by time, in whatever family they are.
    page.messages.sort_by_key(|row| std::cmp::Reverse(row.value.id));
    page.messages.truncate(depth);
    page.drafts.sort_by_key(|row| std::cmp::Reverse(row.value.id));
    Ok(Some(page))
}
