//! What threads are found by besides what they are: tags, participants, and the words of their messages. And which domains
//! are known, for mail of strangers to be compared with.
//!
//! Follows the stream (see [`relay`](crate::relay)), so that receiving and sending wait for none of it. Doing it twice
//! changes nothing. Why and at what price: `docs/adr/0008-search.md`.

use actionlayer_domain::{
    Message, Thread,
    contact::Contact,
    event::Entity,
    work::{IndexJob, IndexMessage, IndexPart, IndexPlaces, Work},
};
use actionlayer_store::{Entries, MailWords, PageRequest, keys};

use super::{
    message_words::{max_words, words_of, words_of_new},
    resolve,
};
use crate::{App, ServiceError, change::Change};

/// How many messages of a thread that turned out to be part of another are entered again for the other one: the newest.
/// Bounds what one late link costs; the rest are still found, but not by words of both parts together.
const MAX_MOVED_MESSAGES: u32 = 100;
/// How many of them one job takes; the next job goes on from there.
const MOVED_AT_ONCE: u32 = 10;
/// After about so many jobs the words of the workspace are merged.
const JOBS_PER_MERGE: u64 = 32;

/// What is to be entered by words because of a change: not here and now, but by [`index`].
pub(crate) fn index_jobs(old: Option<&Entity>, new: Option<&Entity>) -> Option<Work> {
    let job = match (old, new) {
        (old, Some(Entity::Message(message))) => {
            let was_there = matches!(old, Some(Entity::Message(old)) if old.took_place());
            let (workspace_id, message_id) = (message.workspace_id, message.id);
            (message.took_place() && !was_there).then_some(IndexJob::Message(IndexMessage { workspace_id, message_id }))
        }
        (old, Some(Entity::Thread(part))) if part.merged_into.is_some() => {
            let old = thread(old);
            let was_part = old.is_some_and(|old| old.merged_into.is_some());
            let of_part = old.map(|old| old.linked_thread_ids.as_slice()).unwrap_or_default();
            (!was_part).then(|| {
                let thread_ids = [part.id].iter().chain(of_part).copied().collect();
                let (workspace_id, thread_id) = (part.workspace_id, part.id);
                IndexJob::Part(IndexPart { workspace_id, thread_id, thread_ids, done: 0 })
            })
        }
        _ => None,
    };
    job.map(Work::Index)
}

/// Enters changed threads and contacts in their lists, of which each has a bounded number. What the table does not take now is
/// left to the index queue: nothing waits for it.
pub(crate) async fn enter_lists(app: &App, changes: &[Change]) -> Result<(), ServiceError> {
    let mut entries = Entries::default();
    for change in changes {
        let (old, new) = (change.old.as_ref(), change.new.as_ref());
        match (old, new) {
            (Some(Entity::Thread(_)), _) | (_, Some(Entity::Thread(_))) => {
                entries.thread_changed(thread(old), thread(new));
            }
            (Some(Entity::Contact(_)), _) | (_, Some(Entity::Contact(_))) => {
                entries.contact_changed(contact(old), contact(new));
            }
            (old, Some(Entity::Message(message))) => {
                let was_there = matches!(old, Some(Entity::Message(old)) if old.took_place());
                if message.took_place() && !was_there {
                    entries.known(message.workspace_id, message.makes_known());
                }
            }
            _ => {}
        }
    }
    if let Err(error) = app.store.write_entries(entries.clone()).await {
        tracing::warn!(%error, "entries are left to the index queue");
        let places = entries.into_places();
        let jobs = places.chunks(PLACES_A_JOB).map(|places| IndexJob::Places(IndexPlaces { places: places.to_vec() }));
        app.queues.put(&jobs.map(Work::Index).collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// So many fit into a message of a queue, whatever their keys are.
const PLACES_A_JOB: usize = 50;

/// Does one job of the index queue. Doing it twice changes nothing.
pub(crate) async fn index(app: &App, job: IndexJob) -> Result<(), ServiceError> {
    let (mut mails, mut next): (Vec<MailWords>, _) = (Vec::new(), None);
    match job {
        IndexJob::Message(IndexMessage { workspace_id, message_id }) => {
            let Some(row) = app.store.get::<Message>(&keys::message(workspace_id, message_id)).await? else {
                return Ok(());
            };
            // It may be part of another thread by now, or become so later; then that change comes as well.
            let (root, max_words) =
                tokio::try_join!(resolve::root(app, workspace_id, row.value.thread_id), max_words(app, &row.value))?;
            let thread_id = root.map_or(row.value.thread_id, |root| root.value.id);
            mails.push(words_of_new(app, thread_id, row, max_words).await?);
        }
        IndexJob::Part(part) => next = enter_part(app, part, &mut mails).await?,
        IndexJob::Places(IndexPlaces { places }) => {
            return Ok(app.store.write_entries(Entries::from_places(&places)).await?);
        }
    }
    app.store.post_words(&mails, app.now()).await?;
    // Without a count of them that every mail would have to write: every so often is often enough.
    if let Some(mail) = mails.first().filter(|_| app.entropy().next_u64().is_multiple_of(JOBS_PER_MERGE)) {
        app.store.merge_words(mail.workspace_id, app.entropy()).await?;
    }
    match next {
        Some(part) => Ok(app.queues.put(&[Work::Index(IndexJob::Part(part))]).await?),
        None => Ok(()),
    }
}

fn thread(entity: Option<&Entity>) -> Option<&Thread> {
    match entity {
        Some(Entity::Thread(thread)) => Some(thread),
        _ => None,
    }
}

fn contact(entity: Option<&Entity>) -> Option<&Contact> {
    match entity {
        Some(Entity::Contact(contact)) => Some(contact),
        _ => None,
    }
}

/// A thread became part of another: its messages, and those of its own parts, are now found there. Takes some of them, and says
/// where the next job goes on.
async fn enter_part(app: &App, part: IndexPart, mails: &mut Vec<MailWords>) -> Result<Option<IndexPart>, ServiceError> {
    let Some(root) = resolve::root(app, part.workspace_id, part.thread_id).await? else { return Ok(None) };
    let families: Vec<_> = part.thread_ids.iter().map(|id| id.family()).collect();
    let newest = PageRequest { limit: MOVED_AT_ONCE, offset: part.done, cursor: None };
    let page = app.store.list_thread_messages(part.workspace_id, &families, &newest).await?;
    for row in page.items.iter().filter(|row| row.value.took_place()) {
        mails.push(words_of(app, root.value.id, row).await?);
    }
    let done = part.done + MOVED_AT_ONCE;
    let is_last = page.items.len() < MOVED_AT_ONCE as usize || done >= MAX_MOVED_MESSAGES;
    Ok((!is_last).then_some(IndexPart { done, ..part }))
}
