//! Messages, their raw mail and their files.

use std::sync::Arc;

use actionlayer_domain::{MessageId, ThreadId};
use actionlayer_service::{App, threads::messages};
use axum::{Json, extract::State};

use crate::{
    ApiError, AttachmentId, Authenticated, Id, List, NoQuery, Query,
    openapi::Paging,
    views::{MessageView, SignedUrlView},
};

operations! {
    list_thread_messages;
    get_message;
    get_raw_message;
    get_attachment;
}

/// List the messages of a thread
///
/// Newest first.
#[utoipa::path(
    get, path = "/v1/threads/{id}/messages", tag = "Threads",
    params(("id" = ThreadId, Path, description = "The thread."), Paging),
    responses((status = 200, description = "A page of messages.", body = List<MessageView>))
)]
pub(crate) async fn list_thread_messages(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<ThreadId>,
    mut query: Query,
) -> Result<Json<List<MessageView>>, ApiError> {
    let request = query.page();
    query.finish()?;
    let page = messages::list_thread_messages(&app, &caller, id, &request).await?;
    Ok(Json(List::of(page, &request, |(message, body)| MessageView::of(message, body))))
}

/// Retrieve a message
#[utoipa::path(
    get, path = "/v1/messages/{id}", tag = "Messages",
    params(("id" = MessageId, Path, description = "The message.")),
    responses((status = 200, description = "The message.", body = MessageView))
)]
pub(crate) async fn get_message(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<MessageId>,
    _: NoQuery,
) -> Result<Json<MessageView>, ApiError> {
    let (message, body) = messages::get_message(&app, &caller, id).await?;
    Ok(Json(MessageView::of(message, body)))
}

/// Retrieve the raw message
///
/// Returns a short-lived URL of the mail as it was received or sent.
#[utoipa::path(
    get, path = "/v1/messages/{id}/raw", tag = "Messages",
    params(("id" = MessageId, Path, description = "The message.")),
    responses((status = 200, description = "Where the mail can be fetched as it came or went.", body = SignedUrlView))
)]
pub(crate) async fn get_raw_message(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<MessageId>,
    _: NoQuery,
) -> Result<Json<SignedUrlView>, ApiError> {
    Ok(Json(SignedUrlView::of(messages::get_raw_message(&app, &caller, id).await?)))
}

/// Retrieve an attachment
///
/// Returns a short-lived URL of the file.
#[utoipa::path(
    get, path = "/v1/messages/{id}/attachments/{attachment_id}", tag = "Messages",
    params(
        ("id" = MessageId, Path, description = "The message."),
        ("attachment_id" = String, Path, description = "`id` of one of its attachments."),
    ),
    responses((status = 200, description = "Where the file can be fetched.", body = SignedUrlView))
)]
pub(crate) async fn get_attachment(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<MessageId>,
    AttachmentId(attachment_id): AttachmentId,
    _: NoQuery,
) -> Result<Json<SignedUrlView>, ApiError> {
    Ok(Json(SignedUrlView::of(messages::get_attachment(&app, &caller, id, &attachment_id).await?)))
}
