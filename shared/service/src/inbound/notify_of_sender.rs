//! Tells the approvers of an identity that a sender's mail is held for it: each once, until somebody decides.

use actionlayer_channels::held_mail::held_mail;
use actionlayer_domain::{
    EmailAddress,
    contact::{HeldInbound, SenderNotice},
    message::SendOutcome,
    work::SenderJob,
};
use actionlayer_store::{Transaction, keys};

use crate::{
    App, ServiceError, approvals::approver_mail::ApproverMail, contention::until_settled,
    identities::read_identities::approvers,
};

/// Does the job. `Err` when SES said "not now": it comes again for those not yet told.
pub(crate) async fn notify_of_sender(app: &App, job: &SenderJob) -> Result<(), ServiceError> {
    let notice_key = keys::sender_notice(job.workspace_id, job.held_id.family(), job.identity_id);
    let held_key = keys::held(job.workspace_id, job.held_id);
    let (notice, held, identity) = tokio::try_join!(
        app.store.get::<SenderNotice>(&notice_key),
        app.store.get::<HeldInbound>(&held_key),
        app.store.identity(job.workspace_id, job.identity_id),
    )?;
    // Decided in the meantime, or the identity is gone.
    let (Some(notice), Some(held), Some(identity)) = (notice, held, identity) else { return Ok(()) };
    let (identity, told) = (identity.value, &notice.value.told);
    let mail = held_mail(&identity, &held.value, &app.settings.public_url);
    let mut not_now = false;
    let wanted = approvers(&identity.approval_channels);
    for approver in wanted.filter(|approver| told.iter().all(|told| told.folded() != approver.folded())) {
        let notice = ApproverMail {
            name: job.held_id.to_string(),
            what: "held mail",
            subject: mail.subject.clone(),
            text: &mail.text,
            html: None,
        };
        match notice.send(app, &identity, approver, app.now()).await {
            SendOutcome::RefusedForNow => not_now = true,
            // No answer may mean that it left; the held mail is in the list of pending senders all the same.
            SendOutcome::Accepted { .. } | SendOutcome::Unknown | SendOutcome::Refused(_) => {
                record(app, job, approver).await?;
            }
        }
    }
    if not_now {
        return Err(ServiceError::Upstream { service: "ses", code: "throttled".to_owned() });
    }
    Ok(())
}

async fn record(app: &App, job: &SenderJob, approver: &EmailAddress) -> Result<(), ServiceError> {
    let key = keys::sender_notice(job.workspace_id, job.held_id.family(), job.identity_id);
    until_settled(app, || async {
        let Some(row) = app.store.get::<SenderNotice>(&key).await? else { return Ok(()) };
        let mut notice = row.value.clone();
        notice.told.push(approver.clone());
        let mut transaction = Transaction::new();
        transaction.replace(&row, &notice)?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}
