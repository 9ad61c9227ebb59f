//! Tells the owners of a workspace that somebody asked for its deletion.

use actionlayer_channels::deletion_mail::deletion_mail;
use actionlayer_domain::{Workspace, erasure::Erasure, work::DeletionNoticeJob};
use actionlayer_store::keys;

use crate::{App, ServiceError, approvals::notify_of_switch_off::tell_owners};

/// Does the job. `Err` when SES said "not now" to the first mail: it comes again for all.
pub(crate) async fn notify_of_deletion(app: &App, job: &DeletionNoticeJob) -> Result<(), ServiceError> {
    let erasure = app.store.get::<Erasure>(&keys::erasure(job.workspace_id)).await?.map(|row| row.value);
    let is_told_of =
        |erasure: &Erasure| erasure.requested_at == job.deletion_requested_at && erasure.can_be_taken_back();
    // Taken back in the meantime, or too late to be.
    let Some(erasure) = erasure.filter(is_told_of) else { return Ok(()) };
    let workspace = app.store.get::<Workspace>(&keys::workspace(job.workspace_id)).await?;
    let Some(workspace) = workspace.map(|row| row.value) else { return Ok(()) };
    let (subject, text) = deletion_mail(&erasure, &workspace.name, &app.settings.public_url);
    tell_owners(app, job.workspace_id, &job.workspace_id.to_string(), &subject, &text).await
}
