//! Tells people that a channel of an identity cannot be written to any more: in its other channels, and where none of
//! them works, by mail to the owners of the workspace.

use std::time::Duration;

use actionlayer_channels::{
    broken_channel::{broken_channel_mail, broken_channel_sentence},
    slack, telegram,
};
use actionlayer_domain::{
    EmailAddress, Identity,
    channel::{ApprovalChannel, ChannelTrouble, TroubleNotice},
    message::SendOutcome,
    work::BrokenChannelJob,
};
use actionlayer_store::Transaction;

use super::{
    approver_mail::ApproverMail,
    channel_status,
    voice::{Said, post},
};
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
        Ok(Reached { anybody: false, later: false }) => tell_owners(app, &identity, &trouble).await,
        other => other,
    };
    let reached = matches!(told, Ok(Reached { anybody: true, .. }));
    give_back(app, job, reached.then_some(TroubleNotice::Told)).await?;
    match told? {
        Reached { anybody: false, later: true } => {
            Err(ServiceError::Upstream { service: "approval channel", code: "not_now".to_owned() })
        }
        Reached { anybody: false, later: false } => {
            tracing::warn!(identity = %identity.id, "a channel broke, and there is nobody to be told");
            Ok(())
        }
        Reached { anybody: true, .. } => Ok(()),
    }
}

/// What came of telling some.
#[derive(Debug, Clone, Copy, Default)]
struct Reached {
    /// A provider took it for one of them at least.
    anybody: bool,
    /// A provider said "not now".
    later: bool,
}

impl Reached {
    fn mailed(&mut self, outcome: &SendOutcome) {
        match outcome {
            SendOutcome::Accepted { .. } => self.anybody = true,
            SendOutcome::RefusedForNow => self.later = true,
            // Told twice is better than not at all.
            SendOutcome::Refused(_) | SendOutcome::Unknown => {}
        }
    }
}

/// Tells by every other channel of the identity that is not known to be broken.
async fn tell_in_channels(app: &App, identity: &Identity, trouble: &ChannelTrouble) -> Result<Reached, ServiceError> {
    let mut reached = Reached::default();
    for approver in approvers(&identity.approval_channels) {
        reached.mailed(&mail(app, identity, trouble, approver, false).await);
    }
    let sentence = broken_channel_sentence(identity, trouble);
    for (channel, _) in working(identity) {
        let said = Said { slack: || slack::greeting_message(&sentence), telegram: || telegram::greeting(&sentence) };
        let posted = post(app, identity.workspace_id, channel, None, said).await?;
        channel_status::record_and_tell(app, identity, channel, posted.as_ref().err()).await?;
        match posted {
            Ok(_) => reached.anybody = true,
            Err(why) => reached.later |= why.retry.is_some(),
        }
    }
    Ok(reached)
}

/// The channels with a place to post to that nobody found broken.
fn working(identity: &Identity) -> impl Iterator<Item = (&ApprovalChannel, &str)> {
    let places = identity.approval_channels.iter().filter_map(|channel| Some((channel, channel.place()?)));
    places
        .filter(|(channel, place)| !identity.channel_troubles.iter().any(|known| known.is_about(channel.kind(), place)))
}

/// Mails those who own the workspace.
async fn tell_owners(app: &App, identity: &Identity, trouble: &ChannelTrouble) -> Result<Reached, ServiceError> {
    let mut reached = Reached::default();
    for owner in owner_addresses(app, identity.workspace_id).await?.iter().take(MAX_TOLD) {
        reached.mailed(&mail(app, identity, trouble, owner, true).await);
    }
    Ok(reached)
}

async fn mail(
    app: &App,
    identity: &Identity,
    trouble: &ChannelTrouble,
    to: &EmailAddress,
    only_you: bool,
) -> SendOutcome {
    let (subject, text) = broken_channel_mail(identity, trouble, only_you, &app.settings.public_url);
    let name = identity.id.to_string();
    let mail = ApproverMail { name, what: "notice", subject, text: &text, html: None };
    mail.send(app, identity, to, app.now()).await
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
