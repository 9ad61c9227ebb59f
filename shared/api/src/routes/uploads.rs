//! Files to send that are too large for a request.

use std::sync::Arc;

use actionlayer_service::{
    App,
    outbound::uploads::{self, UploadAnnouncement},
};
use axum::{Json, extract::State, http::StatusCode};

use crate::{ApiError, Authenticated, JsonBody, NoQuery, views::UploadView};

operations! {
    create_upload;
}

/// Create an upload
///
/// `PUT` the file to `url` with exactly the headers in `headers`, then name `upload_id` in the `attachments` of drafts
/// and mails, as often as you like until `expires_at`.
#[utoipa::path(
    post, path = "/v1/uploads", tag = "Uploads",
    request_body = UploadAnnouncement,
    responses((status = 201, description = "Where the file is to be put.", body = UploadView))
)]
pub(crate) async fn create_upload(
    State(app): State<Arc<App>>,
    Authenticated(caller): Authenticated,
    _: NoQuery,
    JsonBody(file): JsonBody<UploadAnnouncement>,
) -> Result<(StatusCode, Json<UploadView>), ApiError> {
    let (upload, signed) = uploads::create_upload(&app, &caller, file).await?;
    Ok((StatusCode::CREATED, Json(UploadView::of(upload, signed))))
}
