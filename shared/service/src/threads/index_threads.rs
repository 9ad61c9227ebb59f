//! What threads are found by besides what they are: tags, participants, and the words of their messages. And which domains
//! are known, for mail of strangers to be compared with.
//!
//! Follows the stream (see [`relay`](crate::relay)), so that receiving and sending wait for none of it. Doing it twice
//! changes nothing. Why and at what price: `docs/adr/0008-search.md`.

use std::collections::BTreeSet;

use actionlayer_domain::{
    Message, MessageBody, MessageId, Thread, ThreadId, WorkspaceId, contact::Contact, event::Entity,
    search::words_of_texts,
};
use actionlayer_store::{Entries, MailWords, PageRequest, Row, StoreError, keys};

use crate::{App, ServiceError, outbound::message::readable, relay::Change, threads::resolve};

/// How many messages of a thread that turned out to be part of another are entered again for the other one: the newest.
/// Bounds what one late link costs; the rest are still found, but not by words of both parts together.
const MAX_MOVED_MESSAGES: u32 = 100;
/// After about so many mails of a workspace their words are merged.
const MAILS_PER_MERGE: u64 = 32;

/// Enters what changed.
pub(crate) async fn index_threads(app: &App, changes: &[Change]) -> Result<(), ServiceError> {
    let mut entries = Entries::default();
    let mut mails: Vec<MailWords> = Vec::new();
    let mut messages: BTreeSet<(WorkspaceId, MessageId)> = BTreeSet::new();
    for change in changes {
        let (old, new) = (change.old.as_ref(), change.new.as_ref());
        match (old, new) {
            (Some(Entity::Thread(_)), _) | (_, Some(Entity::Thread(_))) => {
                let (old, new) = (thread(old), thread(new));
                entries.thread_changed(old, new);
                if let Some(part) = new.filter(|new| new.merged_into.is_some()) {
                    enter_part(app, old, part, &mut mails).await?;
                }
            }
            (Some(Entity::Contact(_)), _) | (_, Some(Entity::Contact(_))) => {
                entries.contact_changed(contact(old), contact(new));
            }
            (old, Some(Entity::Message(message))) => {
                let was_there = matches!(old, Some(Entity::Message(old)) if old.took_place());
                if message.took_place() && !was_there {
                    messages.insert((message.workspace_id, message.id));
                    entries.known(message.workspace_id, message.makes_known());
                }
            }
            _ => {}
        }
    }
    for (workspace, id) in messages {
        if let Some(row) = app.store.get::<Message>(&keys::message(workspace, id)).await? {
            // It may be part of another thread by now, or become so later; then that change comes as well.
            let root = resolve::root(app, workspace, row.value.thread_id).await?;
            let thread_id = root.map_or(row.value.thread_id, |root| root.value.id);
            mails.push(words_of(app, thread_id, &row).await?);
        }
    }
    app.store.write_entries(entries).await?;
    app.store.post_words(&mails, app.now()).await?;
    // Without a count of them that every mail would have to write: every so often is often enough.
    let workspaces: BTreeSet<WorkspaceId> = mails.iter().map(|mail| mail.workspace_id).collect();
    for workspace in workspaces {
        if app.entropy().next_u64().is_multiple_of(MAILS_PER_MERGE) {
            app.store.merge_words(workspace, app.entropy()).await?;
        }
    }
    Ok(())
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

/// A thread became part of another: its messages, and those of its own parts, are now found there.
async fn enter_part(
    app: &App,
    old: Option<&Thread>,
    part: &Thread,
    mails: &mut Vec<MailWords>,
) -> Result<(), ServiceError> {
    if old.is_some_and(|old| old.merged_into.is_some()) {
        return Ok(());
    }
    let Some(root) = resolve::root(app, part.workspace_id, part.id).await? else { return Ok(()) };
    let of_part = old.map(|old| old.linked_thread_ids.as_slice()).unwrap_or_default();
    let families: Vec<_> = [part.id].iter().chain(of_part).map(|id| id.family()).collect();
    let newest = PageRequest { limit: MAX_MOVED_MESSAGES, offset: 0, cursor: None };
    let page = app.store.list_thread_messages(part.workspace_id, &families, &newest).await?;
    for row in page.items.iter().filter(|row| row.value.took_place()) {
        mails.push(words_of(app, root.value.id, row).await?);
    }
    Ok(())
}

/// The words of a message, for the thread that is to be found by them.
async fn words_of(app: &App, thread_id: ThreadId, row: &Row<Message>) -> Result<MailWords, ServiceError> {
    let body = match app.store.body(row).await {
        Ok(body) => body,
        // It would come again forever, and hold up everything behind it.
        Err(error @ StoreError::Corrupt { .. }) => {
            tracing::error!(%error, message_id = %row.value.id, "the words of a message cannot be read");
            MessageBody::default()
        }
        Err(error) => return Err(error.into()),
    };
    let words = words(&row.value, &body);
    Ok(MailWords { workspace_id: row.value.workspace_id, family: thread_id.family(), words })
}

/// What a message is found by, what matters most first: of a long one not everything is taken. What it quotes comes last,
/// for most of that is a message of the same thread.
fn words(message: &Message, body: &MessageBody) -> BTreeSet<String> {
    let text = readable(body.text.as_deref(), body.html.as_deref());
    let mut texts = vec![message.subject.as_str()];
    texts.extend(message.from_name.as_deref());
    texts.push(&message.from_email);
    for mailbox in message.to.iter().chain(&message.cc) {
        texts.extend(mailbox.name.as_deref());
        texts.push(&mailbox.email);
    }
    texts.extend(body.extracted_text.as_deref());
    texts.push(&text);
    words_of_texts(texts)
}
