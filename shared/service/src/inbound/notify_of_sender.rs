//! Tells the approvers of an identity that a sender's mail is held for it: each once, until somebody decides; of those that
//! follow within an hour by `notify_of_digest`.

use actionlayer_channels::{
    HeldStanding,
    approval_link::LINK_LIFETIME,
    held_mail::held_mail,
    press::{Action, Button, Subject, identity_tag},
    sender_link::{SenderToken, sender_link},
    slack::{self, SlackMessage},
    telegram::{self, TelegramMessage},
};
use actionlayer_domain::{
    EmailAddress, Identity,
    asking::{Tell, tellings},
    channel::ApprovalChannel,
    contact::{HeldInbound, SenderNotice},
    message::SendOutcome,
    notification::{self, Notification},
    work::{NotifyWork, SenderDecidedJob, SenderJob, Work},
};
use actionlayer_store::{Transaction, keys};

use crate::{
    App, ServiceError,
    approvals::{
        approver_mail::ApproverMail,
        fan_out::{Announcement, Target, come_again, places, tell_all},
        in_line::{InLine, Place},
        trouble::Retry,
        voice::{Voice, place_name},
    },
    contention::until_settled,
    inbound::notify_of_digest::is_told_now,
};

/// A chat that moved is told once more, where it is now.
const ROUNDS: usize = 2;

/// Does the job. `Err` when a provider said "not now": it comes again for those not yet told.
pub(crate) async fn notify_of_sender(app: &App, job: &SenderJob) -> Result<(), ServiceError> {
    let notice_key = keys::sender_notice(job.workspace_id, job.held_id.family(), job.identity_id);
    let held_key = keys::held(job.workspace_id, job.held_id);
    if !Box::pin(is_told_now(app, job)).await? {
        return Ok(());
    }
    let mut later: Vec<(Target, Retry)> = Vec::new();
    for _ in 0..ROUNDS {
        let (notice, held, identity) = tokio::try_join!(
            app.store.get::<SenderNotice>(&notice_key),
            app.store.get::<HeldInbound>(&held_key),
            app.store.identity(job.workspace_id, job.identity_id),
        )?;
        // Decided in the meantime, or the identity is gone.
        let (Some(notice), Some(held), Some(identity)) = (notice, held, identity) else { return Ok(()) };
        let question = notice.value.question();
        let wanted: Vec<Tell<'_>> = tellings(&question, &identity.value.approval_channels, false)
            .into_iter()
            .filter(|tell| later.iter().all(|(target, _)| *target != Target::of(tell)))
            .collect();
        if wanted.is_empty() {
            break;
        }
        let subject = format!("{}#{}", job.held_id, job.identity_id);
        let wanted_in = places(&wanted);
        let (voice, in_line) = tokio::join!(Voice::new(app), InLine::look(app, job.workspace_id, subject, &wanted_in));
        let voice = voice?;
        let stranger = Stranger { voice: &voice, identity: &identity.value, held: &held.value };
        let told = tell_all(app, &identity.value, &question, &stranger, &in_line, &wanted).await;
        record(app, job, &told.notifications).await?;
        if let Some(error) = told.failed {
            return Err(error);
        }
        later.extend(told.later);
        if !told.moved {
            break;
        }
    }
    come_again(app, &Work::Notify(NotifyWork::Sender(job.clone())), &later).await
}

/// Messages about a sender say what was decided.
pub(crate) async fn tell_sender_decided(app: &App, job: &SenderDecidedJob) -> Result<(), ServiceError> {
    let told_in: Vec<Place<'_>> =
        job.notifications.iter().map(|told| (told.channel, told.recipient.as_str())).collect();
    let (identity, in_line) = tokio::join!(
        app.store.identity(job.workspace_id, job.identity_id),
        InLine::look(app, job.workspace_id, job.from_email.clone(), &told_in),
    );
    let Some(identity) = identity? else { return Ok(()) };
    let identity = identity.value;
    let question = job.decision.question(&job.notifications);
    let wanted = tellings(&question, &identity.approval_channels, false);
    let decided = Decided { identity: &identity, job };
    let told = tell_all(app, &identity, &question, &decided, &in_line, &wanted).await;
    if let Some(error) = told.failed {
        return Err(error);
    }
    come_again(app, &Work::Notify(NotifyWork::SenderDecided(job.clone())), &told.later).await
}

async fn record(app: &App, job: &SenderJob, told: &[Notification]) -> Result<(), ServiceError> {
    let key = keys::sender_notice(job.workspace_id, job.held_id.family(), job.identity_id);
    until_settled(app, || async {
        let Some(row) = app.store.get::<SenderNotice>(&key).await? else { return Ok(()) };
        let mut notice = row.value.clone();
        for told in told {
            notification::record(&mut notice.notifications, told.clone());
        }
        let mut transaction = Transaction::new();
        transaction.replace(&row, &notice)?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// "Somebody new wrote. May they?"
struct Stranger<'a> {
    voice: &'a Voice<'a>,
    identity: &'a Identity,
    held: &'a HeldInbound,
}

impl Stranger<'_> {
    fn button(&self, channel: &ApprovalChannel, action: Action) -> String {
        let subject = Subject::Sender { held_id: self.held.id, identity_tag: identity_tag(self.identity.id) };
        let workspace_id = self.held.workspace_id;
        Button { workspace_id, action, subject }.sign(&self.voice.secret, &place_name(channel))
    }
}

impl Announcement for Stranger<'_> {
    async fn mail(&self, approver: &EmailAddress) -> SendOutcome {
        let app = self.voice.app;
        let until = app.now().after(LINK_LIFETIME);
        let token = SenderToken::new(self.held.workspace_id, self.identity.id, self.held.id, approver, until);
        let link = sender_link(&app.settings.public_url, &token.sign(&self.voice.secret));
        let mail = held_mail(self.identity, self.held, &link);
        let mail = ApproverMail {
            name: self.held.id.to_string(),
            what: "held mail",
            subject: mail.subject,
            text: &mail.text,
            html: None,
            comments_on: None,
        };
        mail.send(app, self.identity, approver, app.now()).await
    }

    fn slack(&self, channel: &ApprovalChannel, _version: u32) -> SlackMessage {
        slack::held_message(self.identity, self.held, |action| self.button(channel, action))
    }

    fn telegram(&self, channel: &ApprovalChannel, _version: u32) -> TelegramMessage {
        telegram::held_message(self.identity, self.held, |action| self.button(channel, action))
    }

    fn reminder(&self) -> String {
        format!("{} still waits for a decision about the sender above.", self.identity.display_name.as_str())
    }
}

/// "Somebody decided about them."
struct Decided<'a> {
    identity: &'a Identity,
    job: &'a SenderDecidedJob,
}

impl Decided<'_> {
    fn standing(&self) -> HeldStanding {
        let decision = &self.job.decision;
        HeldStanding { trusted: decision.trusted, by: Some(decision.by.clone()), at: Some(decision.at) }
    }
}

impl Announcement for Decided<'_> {
    /// A mail stays as it was sent.
    async fn mail(&self, _approver: &EmailAddress) -> SendOutcome {
        SendOutcome::Unknown
    }

    fn slack(&self, _channel: &ApprovalChannel, _version: u32) -> SlackMessage {
        slack::sender_decided_message(self.identity, &self.job.from_email, &self.standing())
    }

    fn telegram(&self, _channel: &ApprovalChannel, _version: u32) -> TelegramMessage {
        telegram::sender_decided_message(self.identity, &self.job.from_email, &self.standing())
    }

    fn reminder(&self) -> String {
        String::new()
    }
}
