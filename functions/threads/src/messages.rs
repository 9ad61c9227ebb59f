//! Messages, their raw mail and their files.

use std::sync::Arc;

use actionlayer_api::{
    ApiError, AttachmentId, Authenticated, Id, NoQuery,
    views::{MessageView, SignedUrlView},
};
use actionlayer_domain::MessageId;
use actionlayer_service::{App, messages};
use axum::{Json, extract::State};

pub(crate) async fn get_message(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<MessageId>,
    _: NoQuery,
) -> Result<Json<MessageView>, ApiError> {
    let (message, body) = messages::get_message(&app, &caller, id).await?;
    Ok(Json(MessageView::of(message, body)))
}

pub(crate) async fn get_raw_message(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<MessageId>,
    _: NoQuery,
) -> Result<Json<SignedUrlView>, ApiError> {
    Ok(Json(SignedUrlView::of(messages::get_raw_message(&app, &caller, id).await?)))
}

pub(crate) async fn get_attachment(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    Id(id): Id<MessageId>,
    AttachmentId(attachment_id): AttachmentId,
    _: NoQuery,
) -> Result<Json<SignedUrlView>, ApiError> {
    Ok(Json(SignedUrlView::of(messages::get_attachment(&app, &caller, id, &attachment_id).await?)))
}
