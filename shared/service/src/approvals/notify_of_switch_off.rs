//! Tells the owners of a workspace that something was switched off by itself.

use actionlayer_channels::switched_off_mail::webhook_disabled_mail;
use actionlayer_domain::{
    EmailAddress, HeaderText, Identity, Webhook, WorkspaceId, identity::IdentityStatus, message::SendOutcome,
    work::SwitchedOffJob,
};
use actionlayer_store::keys;

use crate::{
    App, ServiceError,
    accounts::{account_mail::tell_as_deployment, members::owner_addresses},
    approvals::approver_mail::ApproverMail,
    identities::read_identities::approvers,
};

/// So many people are told.
const MAX_TOLD: usize = 10;

/// Does the job. `Err` when SES said "not now" to the first mail: it comes again for all.
pub(crate) async fn notify_of_switch_off(app: &App, job: &SwitchedOffJob) -> Result<(), ServiceError> {
    let key = keys::webhook(job.workspace_id, job.disabled_webhook_id);
    let Some(webhook) = app.store.get::<Webhook>(&key).await?.map(|row| row.value) else { return Ok(()) };
    // Switched on again in the meantime.
    let Some(disabled) = webhook.disabled else { return Ok(()) };
    let (subject, text) = webhook_disabled_mail(&webhook, disabled, &app.settings.public_url);
    tell_owners(app, job.workspace_id, &webhook.id.to_string(), &subject, &text).await
}

/// Mails those who own a workspace, or, where no owner has an address, those who decide in it; each once. Where no identity
/// is active, owners are told as the deployment tells of accounts.
pub(crate) async fn tell_owners(
    app: &App,
    workspace: WorkspaceId,
    name: &str,
    subject: &HeaderText,
    text: &str,
) -> Result<(), ServiceError> {
    let owners = owner_addresses(app, workspace).await?;
    let identities = app.store.identities(workspace).await?;
    let people = people(&owners, identities.iter().map(|row| &row.value));
    if people.is_empty() {
        return tell_as_deployment(app, &owners[..owners.len().min(MAX_TOLD)], subject, text).await;
    }
    for (i, (identity, person)) in people.into_iter().enumerate() {
        let mail = ApproverMail {
            name: name.to_owned(),
            what: "notice",
            subject: subject.clone(),
            text,
            html: None,
            comments_on: None,
        };
        let outcome = mail.send(app, identity, person, app.now()).await;
        if i == 0 && matches!(outcome, SendOutcome::RefusedForNow) {
            return Err(ServiceError::Upstream { service: "ses", code: "throttled".to_owned() });
        }
    }
    Ok(())
}

/// Who is mailed, and from which identity: owners from the first that is active, approvers from the first that asks them.
fn people<'a>(
    owners: &'a [EmailAddress],
    identities: impl Iterator<Item = &'a Identity>,
) -> Vec<(&'a Identity, &'a EmailAddress)> {
    let mut people: Vec<(&Identity, &EmailAddress)> = Vec::new();
    for identity in identities.filter(|identity| identity.status == IdentityStatus::Active) {
        let asked = approvers(&identity.approval_channels).filter(|_| owners.is_empty());
        for person in owners.iter().chain(asked) {
            if people.len() < MAX_TOLD && people.iter().all(|(_, known)| known.folded() != person.folded()) {
                people.push((identity, person));
            }
        }
    }
    people
}
