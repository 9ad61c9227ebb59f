//! Gathers new senders of an hour, and tells the approvers of an identity of them together.

use actionlayer_channels::{
    approval_link::LINK_LIFETIME,
    held_digest::{held_digest_sentence, held_digest_subject, held_digest_text},
    sender_link::{SenderToken, sender_link},
};
use actionlayer_domain::{
    EmailAddress, Identity,
    contact::HeldInbound,
    held_digest::{Arrival, HeldDigest},
    work::{HeldDigestJob, SenderJob},
};
use actionlayer_store::{Row, Transaction, keys};
use futures_util::future::try_join_all;

use crate::{
    App, ServiceError,
    approvals::notice::{Given, Notice, places},
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
    let Given { settled, later, .. } = Box::pin(tell(app, &identity.value, &held, count, &digest.told)).await?;
    if !later.is_empty() {
        let told: Vec<String> = digest.told.iter().cloned().chain(settled).collect();
        change(app, digest, |digest| digest.told_some(told.clone())).await?;
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

async fn change(app: &App, told: &HeldDigest, step: impl Fn(&HeldDigest) -> HeldDigest) -> Result<(), ServiceError> {
    let key = keys::held_digest(told.workspace_id, told.identity_id);
    until_settled(app, || async {
        let Some(row) = app.store.get::<HeldDigest>(&key).await? else { return Ok(()) };
        let mut transaction = Transaction::new();
        transaction.replace(&row, &step(&row.value))?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// Tells those who were not told yet, each with links of their own.
async fn tell(
    app: &App,
    identity: &Identity,
    held: &[HeldInbound],
    count: usize,
    known: &[String],
) -> Result<Given, ServiceError> {
    let all = format!("{}/held", app.settings.public_url);
    let secret = secrets::link_secret(app).await?;
    let shown = &held[..held.len().min(SHOWN)];
    let until = app.now().after(LINK_LIFETIME);
    let text = |approver: &EmailAddress| {
        let link = |held: &HeldInbound| {
            let token = SenderToken::new(held.workspace_id, identity.id, held.id, approver, until);
            sender_link(&app.settings.public_url, &token.sign(&secret))
        };
        let listed: Vec<_> = shown.iter().map(|held| (held, link(held))).collect();
        held_digest_text(identity, &listed, count, &all)
    };
    let notice = Notice {
        name: identity.id.to_string(),
        what: "held mail",
        subject: held_digest_subject(count),
        text: &text,
        sentence: held_digest_sentence(identity, shown, count, &all),
    };
    let is_new = |name: &str| known.iter().all(|known| known != name);
    let people = approvers(&identity.approval_channels).filter(|approver| is_new(approver.as_str()));
    notice.give(app, identity, people, places(identity).filter(|(_, place)| is_new(place))).await
}
