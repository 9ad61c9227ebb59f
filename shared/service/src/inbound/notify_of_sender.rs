//! Tells the approvers of an identity that a sender's mail is held for it: each once, until somebody decides.

use actionlayer_channels::{
    HeldStanding,
    held_mail::held_mail,
    press::{Button, Subject, identity_tag},
    slack, telegram,
};
use actionlayer_domain::{
    Identity,
    contact::{HeldInbound, NoticeMessage, SenderNotice},
    message::SendOutcome,
    work::{SenderDecidedJob, SenderJob},
};
use actionlayer_store::{Transaction, keys};

use crate::{
    App, ServiceError,
    approvals::{
        approver_mail::ApproverMail,
        channel_status,
        voice::{Said, Voice, place_name, post, rewrite},
    },
    contention::until_settled,
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
                change(app, job, |notice| notice.told.push(approver.clone())).await?;
            }
        }
    }
    not_now |= post_everywhere(app, job, &identity, &held.value, &notice.value.messages).await?;
    if not_now {
        return Err(ServiceError::Upstream { service: "approval channel", code: "not_now".to_owned() });
    }
    Ok(())
}

/// Posts to the channels that were not told. Says whether one of them is to be tried again.
async fn post_everywhere(
    app: &App,
    job: &SenderJob,
    identity: &Identity,
    held: &HeldInbound,
    posted: &[NoticeMessage],
) -> Result<bool, ServiceError> {
    let voice = Voice::new(app).await?;
    let mut not_now = false;
    for channel in &identity.approval_channels {
        let Some(place) = channel.place() else { continue };
        if posted.iter().any(|message| message.channel == channel.kind() && message.place == place) {
            continue;
        }
        let subject = Subject::Sender { held_id: held.id, identity_tag: identity_tag(identity.id) };
        let button = |action| {
            Button { workspace_id: job.workspace_id, action, subject }.sign(&voice.secret, &place_name(channel))
        };
        let said = Said {
            slack: || slack::held_message(identity, held, button),
            telegram: || telegram::held_message(identity, held, button),
        };
        let sent = post(app, job.workspace_id, channel, None, said).await?;
        channel_status::record(app, identity, channel, sent.as_ref().err()).await?;
        let message_id = match sent {
            Ok(id) => Some(id),
            Err(trouble) if trouble.retry.is_some() => {
                not_now = true;
                continue;
            }
            Err(_) => None,
        };
        let message = NoticeMessage { channel: channel.kind(), place: place.to_owned(), message_id };
        change(app, job, |notice| notice.messages.push(message.clone())).await?;
    }
    Ok(not_now)
}

/// Messages about a sender say what was decided.
pub(crate) async fn tell_sender_decided(app: &App, job: &SenderDecidedJob) -> Result<(), ServiceError> {
    let Some(identity) = app.store.identity(job.workspace_id, job.identity_id).await? else { return Ok(()) };
    let identity = identity.value;
    let standing =
        HeldStanding { trusted: job.decision.trusted, by: job.decision.by.clone(), at: Some(job.decision.at) };
    let mut not_now = false;
    for message in &job.messages {
        let channel = identity
            .approval_channels
            .iter()
            .find(|channel| channel.kind() == message.channel && channel.place() == Some(&message.place));
        let (Some(channel), Some(id)) = (channel, &message.message_id) else { continue };
        let said = Said {
            slack: || slack::sender_decided_message(&identity, &job.from_email, &standing),
            telegram: || telegram::sender_decided_message(&identity, &job.from_email, &standing),
        };
        let written = rewrite(app, job.workspace_id, channel, id, said).await?;
        not_now |= written.is_err_and(|trouble| trouble.retry.is_some());
    }
    if not_now {
        return Err(ServiceError::Upstream { service: "approval channel", code: "not_now".to_owned() });
    }
    Ok(())
}

async fn change(app: &App, job: &SenderJob, change: impl Fn(&mut SenderNotice)) -> Result<(), ServiceError> {
    let key = keys::sender_notice(job.workspace_id, job.held_id.family(), job.identity_id);
    until_settled(app, || async {
        let Some(row) = app.store.get::<SenderNotice>(&key).await? else { return Ok(()) };
        let mut notice = row.value.clone();
        change(&mut notice);
        let mut transaction = Transaction::new();
        transaction.replace(&row, &notice)?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}
