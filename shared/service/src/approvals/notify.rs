//! The notify worker: asks the approvers of a draft, and tells those of an identity of senders whose mail is held.

use actionlayer_channels::{
    approval_link::{self, ApprovalToken, LINK_LIFETIME},
    approval_mail::approval_mail,
};
use actionlayer_domain::{
    Draft, DraftStatus, EmailAddress, Secret, Timestamp,
    channel::{ApprovalChannel, Place},
    notification::Notification,
    work::{NotifyJob, NotifyWork},
};
use actionlayer_store::{Transaction, keys};
use tokio::sync::OnceCell;

use super::{
    approver_mail::ApproverMail,
    fan_out::{Announcement, Told, not_supported, tell_all},
};
use crate::{
    App, ServiceError,
    contention::until_settled,
    drafts::draft_context::{self, DraftContext},
    inbound::notify_of_sender::notify_of_sender,
};

/// Does a job of the notify queue.
pub async fn notify(app: &App, work: &NotifyWork) -> Result<(), ServiceError> {
    match work {
        NotifyWork::Draft(job) => notify_approvers(app, job).await,
        NotifyWork::Sender(job) => notify_of_sender(app, job).await,
    }
}

/// Asks every approver of the draft's identity who was not asked about this version. One that cannot be reached shows on
/// the draft; nothing is approved by it. `Err` when a provider said "not now": the job comes again for those not yet asked.
async fn notify_approvers(app: &App, job: &NotifyJob) -> Result<(), ServiceError> {
    let Some(context) = draft_context::load(app, job.workspace_id, job.draft_id).await? else { return Ok(()) };
    let now = app.now();
    let current = context.draft.status == DraftStatus::Pending && context.draft.version == job.version;
    if !current || context.draft.expires_at.is_some_and(|at| at <= now) {
        return Ok(());
    }
    let question = Question { app, job, context: &context, now, secret: OnceCell::new() };
    tell_all(app, &context.identity, &question, job.again).await
}

/// "May this draft be sent?"
struct Question<'a> {
    app: &'a App,
    job: &'a NotifyJob,
    context: &'a DraftContext,
    now: Timestamp,
    /// Read when the first link is made.
    secret: OnceCell<Secret<[u8; 32]>>,
}

impl Announcement for Question<'_> {
    fn notifications(&self) -> &[Notification] {
        &self.context.draft.notifications
    }

    fn version(&self) -> u32 {
        self.job.version
    }

    async fn tell(&self, channel: &ApprovalChannel, place: &Place) -> Result<Told, ServiceError> {
        let ApprovalChannel::Email { to } = channel else { return Ok(not_supported()) };
        let Some(approver) = to.iter().find(|approver| approver.as_str() == place.id) else {
            return Ok(not_supported());
        };
        let link = self.link(approver).await?;
        let mail = approval_mail(&self.context.proposal(), &link);
        let mail = ApproverMail {
            name: self.context.draft.id.to_string(),
            what: "approval",
            subject: mail.subject,
            text: &mail.text,
            html: Some(&mail.html),
        };
        Ok(mail.send(self.app, &self.context.identity, approver, self.now).await.into())
    }

    async fn record(&self, notification: Notification) -> Result<(), ServiceError> {
        let key = keys::draft(self.job.workspace_id, self.job.draft_id);
        until_settled(self.app, || async {
            let Some(row) = self.app.store.get::<Draft>(&key).await? else { return Ok(()) };
            let mut draft = row.value.clone();
            draft.notified(notification.clone());
            let mut transaction = Transaction::new();
            transaction.replace(&row, &draft)?;
            Ok(self.app.store.commit(transaction).await?)
        })
        .await
    }
}

impl Question<'_> {
    async fn link(&self, approver: &EmailAddress) -> Result<String, ServiceError> {
        let NotifyJob { workspace_id, draft_id, version, .. } = *self.job;
        let secret = self.secret.get_or_try_init(|| self.app.store.link_secret(self.app.entropy())).await?;
        let expires_at = self.context.draft.expires_at.unwrap_or_else(|| self.now.after(LINK_LIFETIME));
        let token = ApprovalToken::new(workspace_id, draft_id, version, approver, expires_at);
        Ok(approval_link::link(&self.app.settings.public_url, &token.sign(secret)))
    }
}
