//! The files of a message that is to leave.
//!
//! They are read once, when the draft or mail is submitted, and kept under the hash of their content. From then on the
//! hash is what is approved and what is sent: whatever becomes of an upload, nothing else can leave in its place.

use actionlayer_domain::{
    HeaderText, Message, UploadId, WorkspaceId,
    draft::{Failure, FailureCode},
    message::Attachment,
    upload::{MAX_ATTACHMENTS, MAX_ATTACHMENTS_BYTES},
};
use actionlayer_mail::OutboundAttachment;
use actionlayer_store::{BlobKey, SizedBlob};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::{
    App, ServiceError,
    fields::Fields,
    outbound::{
        file_names::{check_content_type, check_filename},
        uploads,
    },
};

/// Files inside a request may have this many bytes together, decoded: what fits into one.
const MAX_INLINE_BYTES: u64 = 4 * 1024 * 1024;

/// A file as a caller names it: an upload, or else all of it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct NewAttachment {
    /// A file that was uploaded before; then nothing else.
    pub upload_id: Option<UploadId>,
    /// Its name.
    pub filename: Option<String>,
    /// Its media type.
    pub content_type: Option<String>,
    /// Its content, in base64.
    pub content_base64: Option<String>,
}

actionlayer_domain::debug_without_content!(NewAttachment);

/// A file whose form is in order.
struct File {
    filename: HeaderText,
    content_type: String,
    size_bytes: u64,
    source: Source,
}

enum Source {
    Request(Vec<u8>),
    Upload(UploadId),
}

/// Reads the files and keeps them for good. Doing it again keeps the same.
pub(crate) async fn keep(
    app: &App,
    workspace: WorkspaceId,
    wanted: &[NewAttachment],
) -> Result<Vec<Attachment>, ServiceError> {
    let mut fields = Fields::default();
    if wanted.len() > MAX_ATTACHMENTS {
        fields.refuse("attachments", format!("must be at most {MAX_ATTACHMENTS} files"));
    }
    let in_request: Vec<Option<File>> =
        wanted.iter().enumerate().map(|(i, file)| parse(&format!("attachments[{i}]"), file, &mut fields)).collect();
    if in_request.iter().flatten().map(|file| file.size_bytes).sum::<u64>() > MAX_INLINE_BYTES {
        fields.refuse(
            "attachments",
            "may have 4 MB inside the request: upload larger files first, see `POST /v1/uploads`",
        );
    }
    fields.finish()?;
    let mut files = Vec::with_capacity(wanted.len());
    for (file, named) in in_request.into_iter().zip(wanted) {
        match (file, named.upload_id) {
            (Some(file), _) => files.push(file),
            (None, Some(id)) => files.push(File::from(uploads::usable(app, workspace, id).await?)),
            (None, None) => {}
        }
    }
    let total: u64 = files.iter().map(|file| file.size_bytes).sum();
    if total > MAX_ATTACHMENTS_BYTES {
        let message = format!("may have 25 MB in all, these have {total} bytes: send fewer of them, or a link");
        return Err(ServiceError::invalid("attachments", message));
    }
    let mut kept = Vec::with_capacity(files.len());
    for (i, file) in files.into_iter().enumerate() {
        kept.push(keep_one(app, workspace, i, file).await?);
    }
    Ok(kept)
}

impl From<actionlayer_domain::Upload> for File {
    fn from(upload: actionlayer_domain::Upload) -> Self {
        let source = Source::Upload(upload.id);
        Self { filename: upload.filename, content_type: upload.content_type, size_bytes: upload.size_bytes, source }
    }
}

/// A file inside the request; none for an upload, and for one that is refused.
fn parse(field: &str, file: &NewAttachment, fields: &mut Fields) -> Option<File> {
    let NewAttachment { upload_id, filename, content_type, content_base64 } = file;
    if upload_id.is_some() {
        if filename.is_some() || content_type.is_some() || content_base64.is_some() {
            fields.refuse(field, "must be `upload_id` alone: name and type were given when the upload was made");
        }
        return None;
    }
    let (Some(name), Some(media_type), Some(content)) = (filename, content_type, content_base64) else {
        fields.refuse(field, "must be either `upload_id`, or `filename`, `content_type` and `content_base64`");
        return None;
    };
    let filename = check_filename(&format!("{field}.filename"), name, fields);
    check_content_type(&format!("{field}.content_type"), media_type, fields);
    let Ok(content) = STANDARD.decode(content) else {
        fields.refuse(format!("{field}.content_base64"), "must be base64 with padding and without line breaks");
        return None;
    };
    if content.is_empty() {
        fields.refuse(format!("{field}.content_base64"), "must not be empty");
    }
    let size_bytes = content.len() as u64;
    Some(File { filename: filename?, content_type: media_type.clone(), size_bytes, source: Source::Request(content) })
}

async fn keep_one(app: &App, workspace: WorkspaceId, i: usize, file: File) -> Result<Attachment, ServiceError> {
    let content = match file.source {
        Source::Request(content) => content,
        Source::Upload(id) => {
            let refuse = |message: String| Err(ServiceError::invalid(format!("attachments[{i}].upload_id"), message));
            match app.store.get_blob_of_size(&BlobKey::upload(workspace, id), file.size_bytes).await? {
                SizedBlob::Bytes(bytes) => bytes,
                SizedBlob::Missing => {
                    return refuse("has no content yet: `PUT` the file to the upload's `url` first".to_owned());
                }
                SizedBlob::OtherSize(size) => {
                    let declared = file.size_bytes;
                    return refuse(format!(
                        "has {size} bytes, not the {declared} that were announced: upload it again"
                    ));
                }
            }
        }
    };
    let sha256_hex = hex::encode(Sha256::digest(&content));
    let key = BlobKey::outbound_file(workspace, &sha256_hex);
    app.store.put_blob(&key, content, "application/octet-stream").await?;
    Ok(Attachment {
        id: i.to_string(),
        filename: file.filename.into(),
        content_type: file.content_type,
        size_bytes: file.size_bytes,
        content_id: None,
        inline: false,
        sha256_hex: Some(sha256_hex),
    })
}

/// The files of a message on its way out, as they were approved. The inner error says that they are not there as such.
pub(crate) async fn load(
    app: &App,
    message: &Message,
) -> Result<Result<Vec<OutboundAttachment>, Failure>, ServiceError> {
    let mut loaded = Vec::with_capacity(message.attachments.len());
    for file in &message.attachments {
        let hash = file.sha256_hex.as_deref().unwrap_or_default();
        let found = app.store.get_blob(&BlobKey::outbound_file(message.workspace_id, hash)).await?;
        let Some(content) = found.filter(|content| hex::encode(Sha256::digest(content)) == hash) else {
            tracing::error!(message_id = %message.id, "a file of a queued message is not in the bucket as it was approved");
            return Ok(Err(Failure {
                code: FailureCode::Rejected,
                message: format!("The file `{}` is not stored any more as it was approved.", file.filename),
            }));
        };
        loaded.push(OutboundAttachment {
            filename: HeaderText::sanitize(&file.filename),
            content_type: file.content_type.clone(),
            content,
        });
    }
    Ok(Ok(loaded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inline(filename: &str, content_type: &str, content_base64: &str) -> NewAttachment {
        let text = |text: &str| Some(text.to_owned());
        NewAttachment {
            upload_id: None,
            filename: text(filename),
            content_type: text(content_type),
            content_base64: text(content_base64),
        }
    }

    fn refused(file: &NewAttachment) -> bool {
        let mut fields = Fields::default();
        let _ = parse("attachments[0]", file, &mut fields);
        fields.finish().is_err()
    }

    #[test]
    fn a_file_in_a_request_is_whole_or_refused() {
        for content_type in
            ["application/pdf", "text/csv; charset=utf-8", "text/calendar; method=REQUEST; charset=UTF-8"]
        {
            assert!(!refused(&inline("Grüße.pdf", content_type, "JVBERg==")), "{content_type}");
        }
        for (name, content_type, content) in [
            ("../x.pdf", "application/pdf", "JVBERg=="),
            ("x\r\nBcc: a@b.c", "application/pdf", "JVBERg=="),
            ("invoice\u{202e}fdp.exe", "application/pdf", "JVBERg=="),
            ("", "application/pdf", "JVBERg=="),
            ("x.pdf", "pdf", "JVBERg=="),
            ("x.pdf", "text/html; charset=utf-8; boundary=x", "JVBERg=="),
            ("x.pdf", "text/html; charset=utf-8\r\nBcc: a@b.c", "JVBERg=="),
            ("x.pdf", "text/html;", "JVBERg=="),
            ("x.pdf", "multipart/mixed", "JVBERg=="),
            ("x.pdf", "application/pdf", "JVBERg"),
            ("x.pdf", "application/pdf", "§"),
            ("x.pdf", "application/pdf", ""),
        ] {
            assert!(refused(&inline(name, content_type, content)), "{name:?} {content_type:?} {content:?}");
        }
        assert!(refused(&NewAttachment::default()));
        let id = "0197f3a0-5c1e-7d2a-9f00-1234567890ab".parse().ok();
        assert!(!refused(&NewAttachment { upload_id: id, ..NewAttachment::default() }));
        assert!(refused(&NewAttachment { upload_id: id, ..inline("x.pdf", "application/pdf", "JVBERg==") }));
    }
}
