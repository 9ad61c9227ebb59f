//! Tells the people of a workspace that something was switched off by itself.

use actionlayer_channels::switched_off_mail::webhook_disabled_mail;
use actionlayer_domain::{
    EmailAddress, HeaderText, Identity, Webhook, WorkspaceId, identity::IdentityStatus, message::SendOutcome,
    work::SwitchedOffJob,
};
use actionlayer_store::keys;

use crate::{App, ServiceError, approvals::approver_mail::ApproverMail, identities::read_identities::approvers};

/// So many people are told.
const MAX_TOLD: usize = 10;

/// Does the job. `Err` when SES said "not now" to the first mail: it comes again for all.
pub(crate) async fn notify_of_switch_off(app: &App, job: &SwitchedOffJob) -> Result<(), ServiceError> {
    let key = keys::webhook(job.workspace_id, job.disabled_webhook_id);
    let Some(webhook) = app.store.get::<Webhook>(&key).await?.map(|row| row.value) else { return Ok(()) };
    // Switched on again in the meantime.
    let Some(disabled) = webhook.disabled else { return Ok(()) };
    let (subject, text) = webhook_disabled_mail(&webhook, disabled, &app.settings.public_url);
    tell_everybody(app, job.workspace_id, &webhook.id.to_string(), &subject, &text).await
}

/// Mails those who decide in a workspace, each once, from the first identity that asks them.
pub(crate) async fn tell_everybody(
    app: &App,
    workspace: WorkspaceId,
    name: &str,
    subject: &HeaderText,
    text: &str,
) -> Result<(), ServiceError> {
    let identities = app.store.identities(workspace).await?;
    let mut people: Vec<(&Identity, &EmailAddress)> = Vec::new();
    for identity in identities.iter().map(|row| &row.value).filter(|identity| identity.status == IdentityStatus::Active)
    {
        for approver in approvers(&identity.approval_channels) {
            if people.len() < MAX_TOLD && people.iter().all(|(_, known)| known.folded() != approver.folded()) {
                people.push((identity, approver));
            }
        }
    }
    for (i, (identity, person)) in people.into_iter().enumerate() {
        let mail = ApproverMail { name: name.to_owned(), what: "notice", subject: subject.clone(), text, html: None };
        let outcome = mail.send(app, identity, person, app.now()).await;
        if i == 0 && matches!(outcome, SendOutcome::RefusedForNow) {
            return Err(ServiceError::Upstream { service: "ses", code: "throttled".to_owned() });
        }
    }
    Ok(())
}
