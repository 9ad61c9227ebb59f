//! The words that a message is found by, as many as its sender may have entered in a day.

use actionlayer_domain::{
    EmailAddress, Message, MessageBody, ThreadId,
    message::Direction,
    search::{FoundBy, MAX_WORDS_BEYOND_DAY, MAX_WORDS_OF_MESSAGE, MAX_WORDS_OF_SENDER_A_DAY, first_words_of_texts},
};
use actionlayer_store::{MailWords, Row, StoreError, Transaction};

use crate::{App, ServiceError, contention::until_settled_on, outbound::message::readable};

/// By how many words a new message may be found.
pub(super) async fn max_words(app: &App, message: &Message) -> Result<usize, ServiceError> {
    if message.direction == Direction::Outbound {
        return Ok(MAX_WORDS_OF_MESSAGE);
    }
    let today = app.store.words_of_sender(message.workspace_id, &message.from_email, app.now()).await?;
    Ok(if today < MAX_WORDS_OF_SENDER_A_DAY { MAX_WORDS_OF_MESSAGE } else { MAX_WORDS_BEYOND_DAY })
}

/// The words of a message that is new, counted for its sender; says on the message when they are not all.
pub(super) async fn words_of_new(
    app: &App,
    thread_id: ThreadId,
    row: Row<Message>,
    max_words: usize,
) -> Result<MailWords, ServiceError> {
    let message = &row.value;
    let FoundBy { words, is_limited } = found_by(message, &body(app, &row).await?, max_words);
    if message.direction == Direction::Inbound {
        let (workspace_id, count) = (message.workspace_id, words.len() as u64);
        let (entropy, now) = (app.entropy(), app.now());
        app.store.count_words_of_sender(workspace_id, &message.from_email, count, entropy, now).await?;
    }
    let mail = mail_words(message, thread_id, words);
    if is_limited && !message.search_limited {
        until_settled_on(app, row, |row| say_limited(app, row)).await?;
    }
    Ok(mail)
}

/// The words of a message, for the thread that is to be found by them.
pub(super) async fn words_of(app: &App, thread_id: ThreadId, row: &Row<Message>) -> Result<MailWords, ServiceError> {
    let message = &row.value;
    let found_by = found_by(message, &body(app, row).await?, MAX_WORDS_OF_MESSAGE);
    Ok(mail_words(message, thread_id, found_by.words))
}

fn mail_words(message: &Message, thread_id: ThreadId, words: std::collections::BTreeSet<String>) -> MailWords {
    MailWords { workspace_id: message.workspace_id, family: thread_id.family(), words }
}

async fn say_limited(app: &App, row: Row<Message>) -> Result<(), ServiceError> {
    let mut transaction = Transaction::new();
    transaction.replace(&row, &Message { search_limited: true, ..row.value.clone() })?;
    Ok(app.store.commit(transaction).await?)
}

async fn body(app: &App, row: &Row<Message>) -> Result<MessageBody, ServiceError> {
    match app.store.body(row).await {
        Ok(body) => Ok(body),
        // It would come again forever, and hold up everything behind it.
        Err(error @ StoreError::Corrupt { .. }) => {
            tracing::error!(%error, message_id = %row.value.id, "the words of a message cannot be read");
            Ok(MessageBody::default())
        }
        Err(error) => Err(error.into()),
    }
}

/// What a message is found by, what matters most first: of a long one not everything is taken. What it quotes comes last,
/// for most of that is a message of the same thread.
fn found_by(message: &Message, body: &MessageBody, max_words: usize) -> FoundBy {
    let text = readable(body.text.as_deref(), body.html.as_deref());
    let mut texts = vec![message.subject.as_str()];
    texts.extend(message.from_name.as_deref());
    texts.push(&message.from_email);
    for mailbox in message.to.iter().chain(&message.cc) {
        texts.extend(mailbox.name.as_deref());
        texts.push(&mailbox.email);
    }
    // Of mail that came in: an address of ours with what it was given out for.
    if message.direction == Direction::Inbound {
        texts.extend(message.bcc.iter().map(EmailAddress::as_str));
    }
    texts.extend(body.extracted_text.as_deref());
    texts.push(&text);
    first_words_of_texts(texts, max_words)
}
