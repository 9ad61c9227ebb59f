//! Tells people that a channel of an identity cannot be written to any more: in its other channels, and where none of
//! them works, by mail to the owners of the workspace.

use std::{iter, time::Duration};

use actionlayer_channels::broken_channel::{broken_channel_mail, broken_channel_sentence};
use actionlayer_domain::{
    EmailAddress, Identity,
    channel::{ApprovalChannel, ChannelTrouble, TroubleNotice},
    work::BrokenChannelJob,
};
use actionlayer_store::Transaction;

use super::notice::{Given, Notice, places};
use crate::{
    App, ServiceError, accounts::members::owner_addresses, contention::until_settled,
    identities::read_identities::approvers,
};

/// A worker that has been at it for so long is dead; shorter than a job stays with it.
const TELLING_LASTS: Duration = Duration::from_secs(90);
/// So many owners are told.
const MAX_TOLD: usize = 10;

/// Does the job. `Err` when nobody was told and somebody may be later: it comes again.
pub(crate) async fn notify_of_broken_channel(app: &App, job: &BrokenChannelJob) -> Result<(), ServiceError> {
    let Some((identity, trouble)) = take(app, job).await? else { return Ok(()) };
    let told = match tell_in_channels(app, &identity, &trouble).await {
        Ok(Given { taken: false, later, .. }) if later.is_empty() => tell_owners(app, &identity, &trouble).await,
        other => other,
    };
    let is_told = told.as_ref().is_ok_and(|given| given.taken);
    give_back(app, job, is_told.then_some(TroubleNotice::Told)).await?;
    // Told twice is better than not at all.
    match told? {
        Given { taken: true, .. } => Ok(()),
        Given { later, .. } if later.is_empty() => {
            tracing::warn!(identity = %identity.id, "a channel broke, and there is nobody to be told");
            Ok(())
        }
        Given { .. } => Err(ServiceError::Upstream { service: "approval channel", code: "not_now".to_owned() }),
    }
}

/// Tells by every other channel of the identity that is not known to be broken.
async fn tell_in_channels(app: &App, identity: &Identity, trouble: &ChannelTrouble) -> Result<Given, ServiceError> {
    let is_broken = |channel: &ApprovalChannel, place: &str| {
        identity.channel_troubles.iter().any(|known| known.is_about(channel.kind(), place))
    };
    let working = places(identity).filter(|(channel, place)| !is_broken(channel, place));
    give(app, identity, trouble, false, approvers(&identity.approval_channels), working).await
}

/// Mails those who own the workspace.
async fn tell_owners(app: &App, identity: &Identity, trouble: &ChannelTrouble) -> Result<Given, ServiceError> {
    let owners = owner_addresses(app, identity.workspace_id).await?;
    give(app, identity, trouble, true, owners.iter().take(MAX_TOLD), iter::empty()).await
}

async fn give<'a>(
    app: &App,
    identity: &'a Identity,
    trouble: &ChannelTrouble,
    only_you: bool,
    people: impl Iterator<Item = &'a EmailAddress>,
    channels: impl Iterator<Item = (&'a ApprovalChannel, &'a str)>,
) -> Result<Given, ServiceError> {
    let (subject, text) = broken_channel_mail(identity, trouble, only_you, &app.settings.public_url);
    let sentence = broken_channel_sentence(identity, trouble);
    let notice = Notice { name: identity.id.to_string(), what: "notice", subject, text: &|_| text.clone(), sentence };
    notice.give(app, identity, people, channels).await
}

/// Takes the notice for this worker. `None` when it was given, somebody else is at it, or the channel works again.
async fn take(app: &App, job: &BrokenChannelJob) -> Result<Option<(Identity, ChannelTrouble)>, ServiceError> {
    let until = app.now().after(TELLING_LASTS);
    until_settled(app, || async {
        let Some(row) = app.store.identity(job.workspace_id, job.identity_id).await? else { return Ok(None) };
        let mut identity = row.value.clone();
        let Some(trouble) = find(&mut identity, job).filter(|trouble| trouble.is_untold(app.now())) else {
            return Ok(None);
        };
        trouble.notice = Some(TroubleNotice::TellingUntil(until));
        let trouble = trouble.clone();
        let mut transaction = Transaction::new();
        transaction.replace(&row, &identity)?;
        app.store.commit(transaction).await?;
        Ok(Some((identity, trouble)))
    })
    .await
}

/// Writes down how far it is; none leaves it to the next.
async fn give_back(app: &App, job: &BrokenChannelJob, notice: Option<TroubleNotice>) -> Result<(), ServiceError> {
    until_settled(app, || async {
        let Some(row) = app.store.identity(job.workspace_id, job.identity_id).await? else { return Ok(()) };
        let mut identity = row.value.clone();
        let Some(trouble) = find(&mut identity, job) else { return Ok(()) };
        trouble.notice = notice;
        let mut transaction = Transaction::new();
        transaction.replace(&row, &identity)?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

fn find<'a>(identity: &'a mut Identity, job: &BrokenChannelJob) -> Option<&'a mut ChannelTrouble> {
    identity.channel_troubles.iter_mut().find(|known| known.is_about(job.broken_channel, &job.place))
}
