//! Files in requests.

use actionlayer_domain::UploadId;
use actionlayer_service::outbound::attachments as service;
use serde::Deserialize;
use utoipa::ToSchema;

/// A file: either `upload_id` alone, or `filename`, `content_type` and `content_base64`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAttachment {
    /// A file that was uploaded before.
    upload_id: Option<UploadId>,
    /// A plain file name.
    #[schema(examples("report.pdf"))]
    filename: Option<String>,
    /// A media type without parameters.
    #[schema(examples("application/pdf"))]
    content_type: Option<String>,
    /// The content, in base64. All files of a request may have 4 MB, decoded.
    #[schema(examples("JVBERi0xLjcK"))]
    content_base64: Option<String>,
}

pub(crate) fn all(files: Option<Vec<NewAttachment>>) -> Vec<service::NewAttachment> {
    let one = |NewAttachment { upload_id, filename, content_type, content_base64 }| service::NewAttachment {
        upload_id,
        filename,
        content_type,
        content_base64,
    };
    files.unwrap_or_default().into_iter().map(one).collect()
}
