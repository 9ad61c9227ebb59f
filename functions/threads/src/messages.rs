//! Messages, their raw mail and their files.

use std::sync::Arc;

use actionlayer_api::{
    ApiError, AttachmentId, Authenticated, Id, NoQuery,
    views::{MessageView, SignedUrlView},
};
use actionlayer_domain::MessageId;
use actionlayer_service::{App, messages};
use axum::{Json, extract::State};

/// Reads a message.
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

/// Gives a short-lived address of the raw mail.
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

/// Gives a short-lived address of a file.
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
