//! The notify worker: asks the approvers of a draft, and tells those of an identity of senders whose mail is held.

use actionlayer_channels::{
    approval_link::{self, ApprovalToken, LINK_LIFETIME},
    approval_mail::approval_mail,
};
use actionlayer_domain::{
    Draft, DraftStatus, EmailAddress, Timestamp,
    channel::{ApprovalChannel, Notification, NotificationState},
    message::SendOutcome,
    work::{NotifyJob, NotifyWork},
};
use actionlayer_store::{Transaction, keys};

use crate::{
    App, ServiceError,
    approvals::approver_mail::ApproverMail,
    approvals::notify_of_switch_off::notify_of_switch_off,
    contention::until_settled,
    drafts::draft_context::{self, DraftContext},
    inbound::notify_of_sender::notify_of_sender,
};

/// Does a job of the notify queue.
pub async fn notify(app: &App, work: &NotifyWork) -> Result<(), ServiceError> {
    match work {
        NotifyWork::Draft(job) => notify_approvers(app, job).await,
        NotifyWork::Sender(job) => notify_of_sender(app, job).await,
        NotifyWork::SwitchedOff(job) => notify_of_switch_off(app, job).await,
    }
}

/// Asks every approver of the draft's identity who was not asked about this version. One that cannot be reached shows on
/// the draft; nothing is approved by it. `Err` when SES said "not now": the job comes again for those not yet asked.
async fn notify_approvers(app: &App, job: &NotifyJob) -> Result<(), ServiceError> {
    let Some(context) = draft_context::load(app, job.workspace_id, job.draft_id).await? else { return Ok(()) };
    let now = app.now();
    let current = context.draft.status == DraftStatus::Pending && context.draft.version == job.version;
    if !current || context.draft.expires_at.is_some_and(|at| at <= now) {
        return Ok(());
    }
    show_unreachable(app, job, &context).await?;
    let approvers: Vec<EmailAddress> = context
        .identity
        .approval_channels
        .iter()
        .flat_map(ApprovalChannel::addresses)
        .filter(|approver| job.again || !was_told(&context.draft, approver))
        .cloned()
        .collect();
    if approvers.is_empty() {
        return Ok(());
    }
    let secret = app.store.link_secret(app.entropy()).await?;
    let mut not_now = false;
    for approver in approvers {
        let expires_at = context.draft.expires_at.unwrap_or_else(|| now.after(LINK_LIFETIME));
        let token = ApprovalToken::new(job.workspace_id, job.draft_id, job.version, &approver, expires_at);
        let link = approval_link::link(&app.settings.public_url, &token.sign(&secret));
        let (state, error) = match send(app, &context, &approver, &link, now).await {
            SendOutcome::Accepted { .. } => (NotificationState::Sent, None),
            SendOutcome::RefusedForNow => {
                not_now = true;
                continue;
            }
            SendOutcome::Refused(failure) => (NotificationState::Failed, Some(failure.code.as_str().to_owned())),
            // Asked twice is better than not at all, but no answer is not a yes: it shows as failed.
            SendOutcome::Unknown => (NotificationState::Failed, Some("no_answer".to_owned())),
        };
        let notification = Notification {
            channel: "email".to_owned(),
            recipient: approver.to_string(),
            version: job.version,
            state,
            error,
            at: app.now(),
        };
        record(app, job, &notification).await?;
    }
    if not_now {
        return Err(ServiceError::Upstream { service: "ses", code: "throttled".to_owned() });
    }
    Ok(())
}

/// Channels that are kept and that nothing writes to yet: the draft says so.
async fn show_unreachable(app: &App, job: &NotifyJob, context: &DraftContext) -> Result<(), ServiceError> {
    for channel in &context.identity.approval_channels {
        let Some(place) = channel.place() else { continue };
        let kind = channel.as_str();
        let is_same = |n: &Notification| n.channel == kind && n.recipient == place && n.version == job.version;
        if context.draft.notifications.iter().any(is_same) {
            continue;
        }
        let notification = Notification {
            channel: kind.to_owned(),
            recipient: place.to_owned(),
            version: job.version,
            state: NotificationState::Failed,
            error: Some("channel_not_supported".to_owned()),
            at: app.now(),
        };
        record(app, job, &notification).await?;
    }
    Ok(())
}

fn was_told(draft: &Draft, approver: &EmailAddress) -> bool {
    draft
        .notifications
        .iter()
        .any(|n| n.version == draft.version && n.recipient.eq_ignore_ascii_case(approver.as_str()))
}

async fn send(app: &App, context: &DraftContext, approver: &EmailAddress, link: &str, now: Timestamp) -> SendOutcome {
    let mail = approval_mail(&context.proposal(), link);
    let notice = ApproverMail {
        name: context.draft.id.to_string(),
        what: "approval",
        subject: mail.subject,
        text: &mail.text,
        html: Some(&mail.html),
    };
    notice.send(app, &context.identity, approver, now).await
}

async fn record(app: &App, job: &NotifyJob, notification: &Notification) -> Result<(), ServiceError> {
    until_settled(app, || async {
        let row = app.store.get::<Draft>(&keys::draft(job.workspace_id, job.draft_id)).await?;
        let Some(row) = row else { return Ok(()) };
        let mut draft = row.value.clone();
        draft.notified(notification.clone());
        let mut transaction = Transaction::new();
        transaction.replace(&row, &draft)?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}
