//! Whether a channel of an identity works, as the identity says it.

use actionlayer_domain::{
    Identity,
    channel::{ApprovalChannel, ChannelTrouble},
};
use actionlayer_store::Transaction;

use super::trouble::Trouble;
use crate::{App, ServiceError, contention::until_settled};

/// Records that a channel broke, that it works again, or that its chat moved. Writes nothing when the identity says so
/// already.
pub(crate) async fn record(
    app: &App,
    seen: &Identity,
    channel: &ApprovalChannel,
    trouble: Option<&Trouble>,
) -> Result<(), ServiceError> {
    let Some(place) = channel.place() else { return Ok(()) };
    let is_here = |known: &ChannelTrouble| known.channel == channel.kind() && known.place == place;
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
        } else {
            identity.channel_troubles.retain(|known| !is_here(known));
            if let Some(trouble) = trouble.filter(|_| is_broken) {
                identity.channel_troubles.push(ChannelTrouble {
                    channel: channel.kind(),
                    place: place.to_owned(),
                    error: trouble.word.clone(),
                    fix: trouble.fix.clone(),
                    since: app.now(),
                });
            }
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
