//! Whether a channel of an identity works, as the identity says it.

use actionlayer_domain::{
    Identity,
    channel::{ApprovalChannel, ChannelTrouble},
    work::{BrokenChannelJob, NotifyWork, Work},
};
use actionlayer_store::Transaction;

use super::trouble::Trouble;
use crate::{App, ServiceError, contention::until_settled};

/// The same as [`record`], and has people told of a channel that broke. The job is put after the record; where that fails
/// the next one who finds the channel broken puts it.
pub(crate) async fn record_and_tell(
    app: &App,
    seen: &Identity,
    channel: &ApprovalChannel,
    trouble: Option<&Trouble>,
) -> Result<(), ServiceError> {
    record(app, seen, channel, trouble).await?;
    let Some(place) = channel.place().filter(|_| trouble.is_some_and(|trouble| trouble.breaks_channel)) else {
        return Ok(());
    };
    let known = seen.channel_troubles.iter().find(|known| known.is_about(channel.kind(), place));
    if known.is_some_and(|known| !known.is_untold(app.now())) {
        return Ok(());
    }
    let job = BrokenChannelJob {
        workspace_id: seen.workspace_id,
        identity_id: seen.id,
        broken_channel: channel.kind(),
        place: place.to_owned(),
    };
    Ok(app.queues.put(&[Work::Notify(NotifyWork::BrokenChannel(job))]).await?)
}

/// Records that a channel broke, that it works again, or that its chat moved. Writes nothing when the identity says so
/// already.
pub(crate) async fn record(
    app: &App,
    seen: &Identity,
    channel: &ApprovalChannel,
    trouble: Option<&Trouble>,
) -> Result<(), ServiceError> {
    let Some(place) = channel.place() else { return Ok(()) };
    let is_here = |known: &ChannelTrouble| known.is_about(channel.kind(), place);
    let is_broken = trouble.is_some_and(|trouble| trouble.breaks_channel);
    let was_broken = seen.channel_troubles.iter().any(is_here);
    let moved_to = trouble.and_then(|trouble| trouble.moved_to);
    // What may pass by itself says nothing about the channel.
    let is_known = trouble.is_none() || is_broken;
    if moved_to.is_none() && (!is_known || is_broken == was_broken) {
        return Ok(());
    }
    until_settled(app, || async {
        let Some(row) = app.store.identity(seen.workspace_id, seen.id).await? else { return Ok(()) };
        let mut identity = row.value.clone();
        if let Some(moved_to) = moved_to {
            for known in &mut identity.approval_channels {
                if let ApprovalChannel::Telegram { chat_id, .. } = known
                    && chat_id == place
                {
                    *chat_id = moved_to.to_string();
                }
            }
        } else if !is_broken {
            identity.channel_troubles.retain(|known| !is_here(known));
        } else if let Some(trouble) = trouble
            && !identity.channel_troubles.iter().any(is_here)
        {
            identity.channel_troubles.push(ChannelTrouble {
                channel: channel.kind(),
                place: place.to_owned(),
                error: trouble.word.clone(),
                fix: trouble.fix.clone(),
                since: app.now(),
                notice: None,
            });
        }
        if identity == row.value {
            return Ok(());
        }
        let mut transaction = Transaction::new();
        transaction.replace(&row, &identity)?;
        Ok(app.store.commit(transaction).await?)
    })
    .await
}
