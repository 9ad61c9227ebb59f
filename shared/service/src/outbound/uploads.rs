//! `POST /v1/uploads`: files that are too large for a request.

use std::time::Duration;

use actionlayer_domain::{Upload, UploadId, WorkspaceId, key::Permission, upload::MAX_ATTACHMENTS_BYTES};
use actionlayer_store::{SignedUpload, Transaction, keys};

use crate::{
    App, Caller, ServiceError,
    contention::until_settled,
    fields::Fields,
    outbound::file_names::{check_content_type, check_filename},
    permission::Require as _,
};

/// How long an upload may be attached to drafts and mails, once or often.
const LIFETIME: Duration = Duration::from_hours(24);

/// A file to be announced.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// Its name.
    pub filename: String,
    /// Its media type.
    pub content_type: String,
    /// How many bytes it has.
    pub size_bytes: u64,
}

/// Announces a file and says where its bytes are to be put.
pub async fn create_upload(
    app: &App,
    caller: &Caller,
    input: NewUpload,
) -> Result<(Upload, SignedUpload), ServiceError> {
    caller.require(Permission::Draft)?;
    let mut fields = Fields::default();
    let filename = check_filename("filename", &input.filename, &mut fields);
    check_content_type("content_type", &input.content_type, &mut fields);
    if !(1..=MAX_ATTACHMENTS_BYTES).contains(&input.size_bytes) {
        fields.refuse(
            "size_bytes",
            format!("must be from 1 to {MAX_ATTACHMENTS_BYTES}: all files of a message may have 25 MB"),
        );
    }
    fields.finish()?;
    let Some(filename) = filename else { return Err(ServiceError::invalid("filename", "must be a plain file name")) };
    until_settled(app, || async {
        let now = app.now();
        let upload = Upload {
            id: UploadId::generate(now, app.entropy()),
            workspace_id: caller.workspace_id,
            filename: filename.clone(),
            content_type: input.content_type.clone(),
            size_bytes: input.size_bytes,
            created_at: now,
            expires_at: now.after(LIFETIME),
        };
        let signed = app.store.sign_upload(&upload, now).await?;
        let mut transaction = Transaction::new();
        transaction.create(&upload)?;
        app.store.commit(transaction).await?;
        Ok((upload, signed))
    })
    .await
}

/// An upload of the workspace that may still be attached.
pub(crate) async fn usable(app: &App, workspace: WorkspaceId, id: UploadId) -> Result<Upload, ServiceError> {
    let upload = app.store.get::<Upload>(&keys::upload(workspace, id)).await?.map(|row| row.value);
    upload.filter(|upload| upload.expires_at > app.now()).ok_or(ServiceError::NotFound { what: "upload" })
}
