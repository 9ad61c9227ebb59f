//! Uploads.

use std::collections::BTreeMap;

use actionlayer_domain::{HeaderText, Timestamp, Upload, UploadId};
use actionlayer_store::SignedUpload;
use serde::Serialize;
use utoipa::ToSchema;

/// A file that was announced, and the request that puts it where it belongs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UploadView {
    upload_id: UploadId,
    filename: HeaderText,
    content_type: String,
    size_bytes: u64,
    /// Where to `PUT` the bytes, without an API key.
    url: String,
    /// The headers to send with them.
    headers: BTreeMap<String, String>,
    /// Until when `url` works.
    url_expires_at: Timestamp,
    /// Until when the upload may be attached.
    expires_at: Timestamp,
    created_at: Timestamp,
}

impl UploadView {
    /// The view of an upload.
    pub fn of(upload: Upload, signed: SignedUpload) -> Self {
        Self {
            upload_id: upload.id,
            filename: upload.filename,
            content_type: upload.content_type,
            size_bytes: upload.size_bytes,
            url: signed.url,
            headers: signed.headers.into_iter().collect(),
            url_expires_at: signed.expires_at,
            expires_at: upload.expires_at,
            created_at: upload.created_at,
        }
    }
}
