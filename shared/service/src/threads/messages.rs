//! `GET /v1/threads/{id}/messages`; `GET /v1/messages/{id}`, its raw mail and its files.

use actionlayer_domain::{
    Family, Message, MessageBody, MessageId, ThreadId,
    message::{Attachment, Direction},
};
use actionlayer_store::{BlobKey, Page, PageRequest, Row, SignedUrl, keys};

use crate::{App, Caller, ServiceError, threads::resolve};

async fn visible(app: &App, caller: &Caller, id: MessageId) -> Result<Row<Message>, ServiceError> {
    let row = app.store.get::<Message>(&keys::message(caller.workspace_id, id)).await?;
    row.filter(|row| caller.sees(row.value.identity_id)).ok_or(ServiceError::NotFound { what: "message" })
}

/// All messages of a thread, newest first, those of the threads that turned out to be part of it among them.
pub async fn list_thread_messages(
    app: &App,
    caller: &Caller,
    id: ThreadId,
    request: &PageRequest,
) -> Result<Page<(Message, MessageBody)>, ServiceError> {
    let thread = resolve::visible(app, caller, id).await?.value;
    let families: Vec<Family> =
        [&thread.id].into_iter().chain(&thread.linked_thread_ids).map(|part| part.family()).collect();
    let page = app.store.list_thread_messages(caller.workspace_id, &families, request).await?;
    let Page { items: rows, total, total_is_capped, next_cursor } = page;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let body = app.store.body(&row).await?;
        items.push((row.value, body));
    }
    Ok(Page { items, total, total_is_capped, next_cursor })
}

/// A message with its bodies.
pub async fn get_message(app: &App, caller: &Caller, id: MessageId) -> Result<(Message, MessageBody), ServiceError> {
    let row = visible(app, caller, id).await?;
    let body = app.store.body(&row).await?;
    Ok((row.value, body))
}

/// A URL of the raw mail that works for five minutes. An outbound message has one once it was handed to SES.
pub async fn get_raw_message(app: &App, caller: &Caller, id: MessageId) -> Result<SignedUrl, ServiceError> {
    let message = visible(app, caller, id).await?.value;
    let key = match message.direction {
        Direction::Inbound => message.raw_id.as_deref().and_then(BlobKey::inbound),
        Direction::Outbound if message.delivery.as_ref().is_some_and(|d| d.attempt_id.is_some()) => {
            Some(BlobKey::outbound(caller.workspace_id, id))
        }
        Direction::Outbound => None,
    };
    let key = key.ok_or(ServiceError::NotFound { what: "raw message" })?;
    Ok(app.store.sign_download(&key, "message/rfc822", &format!("{id}.eml"), app.now()).await?)
}

/// A URL of a file that works for five minutes. Always a download, never shown inside a page.
pub async fn get_attachment(
    app: &App,
    caller: &Caller,
    id: MessageId,
    attachment_id: &str,
) -> Result<SignedUrl, ServiceError> {
    Ok(read_attachment(app, caller, id, attachment_id, |_| false).await?.url)
}

/// A file of a message.
#[derive(Debug)]
pub struct FileContent {
    /// Its name, type and size.
    pub attachment: Attachment,
    /// Where it can be downloaded for five minutes.
    pub url: SignedUrl,
    /// Its bytes, if they were wanted and are still there.
    pub bytes: Option<Vec<u8>>,
}

/// A file, with its bytes if `wanted` says so.
pub async fn read_attachment(
    app: &App,
    caller: &Caller,
    id: MessageId,
    attachment_id: &str,
    wanted: impl Fn(&Attachment) -> bool,
) -> Result<FileContent, ServiceError> {
    let message = visible(app, caller, id).await?.value;
    let position = message.attachments.iter().position(|attachment| attachment.id == attachment_id);
    let Some((index, attachment)) = position.and_then(|i| Some((i, message.attachments.get(i)?))) else {
        return Err(ServiceError::NotFound { what: "attachment" });
    };
    let key = match &attachment.sha256_hex {
        Some(sha256_hex) => BlobKey::outbound_file(caller.workspace_id, sha256_hex),
        None => BlobKey::attachment(caller.workspace_id, id, index),
    };
    let bytes = if wanted(attachment) { app.store.get_blob(&key).await? } else { None };
    // The sender chose the type; what a browser may run is downloaded as bytes.
    let url = app.store.sign_download(&key, "application/octet-stream", &attachment.filename, app.now()).await?;
    Ok(FileContent { attachment: attachment.clone(), url, bytes })
}
