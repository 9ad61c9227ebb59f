//! Gathers new senders of an hour, and tells the approvers of an identity of them together.

use actionlayer_channels::{
    approval_link::LINK_LIFETIME,
    held_digest::{held_digest_mail, held_digest_sentence},
    sender_link::{SenderToken, sender_link},
    slack, telegram,
};
use actionlayer_domain::{
    Identity,
    contact::HeldInbound,
    held_digest::{Arrival, HeldDigest},
    message::SendOutcome,
    work::{HeldDigestJob, SenderJob},
};
use actionlayer_store::{Row, Transaction, keys};
use futures_util::future::try_join_all;

use crate::{
    App, ServiceError,
    approvals::{
        approver_mail::ApproverMail,
        channel_status,
        notice::places,
        voice::{Said, post},
    },
    contention::until_settled,
    identities::read_identities::approvers,
    secrets,
};

/// How many senders a mail shows, each with its link.
const SHOWN: usize = 10;

/// Whether a sender is to be told of now; otherwise they are in the digest when this returns.
pub(crate) async fn is_told_now(app: &App, job: &SenderJob) -> Result<bool, ServiceError> {
    let key = keys::held_digest(job.workspace_id, job.identity_id);
    until_settled(app, || async {
        let known = app.store.get::<HeldDigest>(&key).await?;
        let opened_by = known.as_ref().and_then(|known| known.value.opened_by).filter(|held| *held != job.held_id);
        let is_open = match opened_by {
            Some(held) => app.store.get::<HeldInbound>(&keys::held(job.workspace_id, held)).await?.is_some(),
            None => false,
        };
        let of = (job.workspace_id, job.identity_id);
        let arrival = HeldDigest::arrive(known.as_ref().map(|known| &known.value), of, job.held_id, is_open, app.now());
        let (now, digest) = match arrival {
            Arrival::Tell(digest) => (true, digest),
            Arrival::Gather(digest) => (false, digest),
        };
        if let Some(digest) = digest {
            let mut transaction = Transaction::new();
            match &known {
                Some(known) => transaction.replace(known, &digest)?,
                None => transaction.create(&digest)?,
            };
            app.store.commit(transaction).await?;
        }
        Ok(now)
    })
    .await
}

/// Does the job. `Err` when a provider said "not now": it comes again for those not yet told.
pub(crate) async fn notify_of_digest(app: &App, job: &HeldDigestJob) -> Result<(), ServiceError> {
    let Some(taken) = take(app, job).await? else { return Ok(()) };
    let digest = &taken.value;
    let held = try_join_all(digest.waiting.iter().map(|id| {
        let key = keys::held(job.workspace_id, *id);
        async move { app.store.get::<HeldInbound>(&key).await }
    }));
    let (held, identity) = tokio::try_join!(held, app.store.identity(job.workspace_id, job.gathering_identity_id))?;
    // Who was decided about meanwhile is not news.
    let held: Vec<HeldInbound> = held.into_iter().flatten().map(|row| row.value).collect();
    let Some(identity) = identity.filter(|_| !held.is_empty()) else { return finish(app, digest).await };
    let count = held.len() + usize::try_from(digest.more).unwrap_or_default();
    let told = Box::pin(tell(app, &identity.value, &held, count, &digest.told)).await?;
    if told.later {
        let settled = digest.told.iter().cloned().chain(told.settled).collect();
        change(app, digest, |digest| digest.told_some(settled)).await?;
        return Err(ServiceError::Upstream { service: "approval channel", code: "no_answer".to_owned() });
    }
    finish(app, digest).await
}

async fn take(app: &App, job: &HeldDigestJob) -> Result<Option<Row<HeldDigest>>, ServiceError> {
    let key = keys::held_digest(job.workspace_id, job.gathering_identity_id);
    until_settled(app, || async {
        let Some(row) = app.store.get::<HeldDigest>(&key).await? else { return Ok(None) };
        let Some(taken) = row.value.take(app.now()) else { return Ok(None) };
        let mut transaction = Transaction::new();
        transaction.replace(&row, &taken)?;
        app.store.commit(transaction).await?;
        Ok(Some(row.replaced_by(taken)))
    })
    .await
}

async fn finish(app: &App, told: &HeldDigest) -> Result<(), ServiceError> {
    change(app, told, |digest| digest.told_of(told, app.now())).await
}

async fn change(
    app: &App,
    told: &HeldDigest,
    step: impl FnOnce(&HeldDigest) -> HeldDigest + Clone,
) -> Result<(), ServiceError> {
    let key = keys::held_digest(told.workspace_id, told.identity_id);
    until_settled(app, || async {
        let Some(row) = app.store.get::<HeldDigest>(&key).await? else { return Ok(()) };
        let mut transaction = Transaction::new();
        transaction.replace(&row, &step.clone()(&row.value))?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

#[derive(Default)]
struct Told {
    settled: Vec<String>,
    later: bool,
}

async fn tell(
    app: &App,
    identity: &Identity,
    held: &[HeldInbound],
    count: usize,
    known: &[String],
) -> Result<Told, ServiceError> {
    let all = format!("{}/held", app.settings.public_url);
    let secret = secrets::link_secret(app).await?;
    let shown = &held[..held.len().min(SHOWN)];
    let until = app.now().after(LINK_LIFETIME);
    let mut told = Told::default();
    for approver in approvers(&identity.approval_channels).filter(|to| known.iter().all(|known| known != to.as_str())) {
        let link = |held: &HeldInbound| {
            let token = SenderToken::new(held.workspace_id, identity.id, held.id, approver, until);
            sender_link(&app.settings.public_url, &token.sign(&secret))
        };
        let listed: Vec<_> = shown.iter().map(|held| (held, link(held))).collect();
        let mail = held_digest_mail(identity, &listed, count, &all);
        let mail = ApproverMail {
            name: identity.id.to_string(),
            what: "held mail",
            subject: mail.subject,
            text: &mail.text,
            html: None,
            comments_on: None,
        };
        match mail.send(app, identity, approver, app.now()).await {
            SendOutcome::RefusedForNow => told.later = true,
            SendOutcome::Accepted { .. } | SendOutcome::Refused(_) | SendOutcome::Unknown => {
                told.settled.push(approver.as_str().to_owned());
            }
        }
    }
    let sentence = held_digest_sentence(identity, &shown.iter().collect::<Vec<_>>(), count, &all);
    for (channel, place) in places(identity).filter(|(_, place)| known.iter().all(|known| known != place)) {
        let said = Said { slack: || slack::greeting_message(&sentence), telegram: || telegram::greeting(&sentence) };
        let posted = post(app, identity, channel, None, said).await?;
        channel_status::record_and_tell(app, identity, channel, posted.as_ref().err()).await?;
        match posted.err().and_then(|trouble| trouble.retry) {
            Some(_) => told.later = true,
            None => told.settled.push(place.to_owned()),
        }
    }
    Ok(told)
}
