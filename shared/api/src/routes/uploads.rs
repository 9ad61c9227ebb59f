//! Files to send that are too large for a request.

use std::sync::Arc;

use actionlayer_service::{
    App,
    outbound::uploads::{self, NewUpload},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ApiError, Authenticated, JsonBody, NoQuery, views::UploadView};

/// The operations on this resource.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(create_upload))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UploadAnnouncement {
    /// A plain file name.
    #[schema(examples("report.pdf"))]
    filename: String,
    /// A media type without parameters.
    #[schema(examples("application/pdf"))]
    content_type: String,
    /// How many bytes will be put; no other number is taken.
    #[schema(minimum = 1, maximum = 26_214_400)]
    size_bytes: u64,
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
    JsonBody(body): JsonBody<UploadAnnouncement>,
) -> Result<(StatusCode, Json<UploadView>), ApiError> {
    let UploadAnnouncement { filename, content_type, size_bytes } = body;
    let (upload, signed) =
        uploads::create_upload(&app, &caller, NewUpload { filename, content_type, size_bytes }).await?;
    Ok((StatusCode::CREATED, Json(UploadView::of(upload, signed))))
}
