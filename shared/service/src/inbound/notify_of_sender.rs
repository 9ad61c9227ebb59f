//! Tells the approvers of an identity that a sender's mail is held for it: each once, until somebody decides.

use actionlayer_channels::held_mail::{HeldMail, held_mail};
use actionlayer_domain::{
    Identity,
    channel::{ApprovalChannel, Place},
    contact::{HeldInbound, SenderNotice},
    notification::{self, Notification},
    work::SenderJob,
};
use actionlayer_store::{Transaction, keys};

use crate::{
    App, ServiceError,
    approvals::{
        approver_mail::ApproverMail,
        fan_out::{Announcement, Told, not_supported, tell_all},
    },
    contention::until_settled,
};

/// Does the job. `Err` when a provider said "not now": it comes again for those not yet told.
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
    let identity = identity.value;
    let mail = held_mail(&identity, &held.value, &app.settings.public_url);
    let news = News { app, job, identity: &identity, notice: &notice.value, mail: &mail };
    tell_all(app, &identity, &news, false).await
}

/// "Somebody new wrote."
struct News<'a> {
    app: &'a App,
    job: &'a SenderJob,
    identity: &'a Identity,
    notice: &'a SenderNotice,
    mail: &'a HeldMail,
}

impl Announcement for News<'_> {
    fn notifications(&self) -> &[Notification] {
        &self.notice.notifications
    }

    fn version(&self) -> u32 {
        1
    }

    async fn tell(&self, channel: &ApprovalChannel, place: &Place) -> Result<Told, ServiceError> {
        let ApprovalChannel::Email { to } = channel else { return Ok(not_supported()) };
        let Some(approver) = to.iter().find(|approver| approver.as_str() == place.id) else {
            return Ok(not_supported());
        };
        let mail = ApproverMail {
            name: self.job.held_id.to_string(),
            what: "held mail",
            subject: self.mail.subject.clone(),
            text: &self.mail.text,
            html: None,
        };
        Ok(mail.send(self.app, self.identity, approver, self.app.now()).await.into())
    }

    async fn record(&self, notification: Notification) -> Result<(), ServiceError> {
        let key = keys::sender_notice(self.job.workspace_id, self.job.held_id.family(), self.job.identity_id);
        until_settled(self.app, || async {
            let Some(row) = self.app.store.get::<SenderNotice>(&key).await? else { return Ok(()) };
            let mut notice = row.value.clone();
            notification::record(&mut notice.notifications, notification.clone());
            let mut transaction = Transaction::new();
            transaction.replace(&row, &notice)?;
            Ok(self.app.store.commit(transaction).await?)
        })
        .await
    }
}
