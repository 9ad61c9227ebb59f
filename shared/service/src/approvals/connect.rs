//! Saving the channels of an identity: each is spoken to once, so that what cannot be reached is refused in the provider's
//! own words and ours, and callbacks know whose they are.

use actionlayer_channels::{slack, telegram};
use actionlayer_clients::telegram::{TelegramError, TelegramPost};
use actionlayer_domain::{
    HeaderText, Identity, IdentityId, Secret, SecretPlace, WorkspaceId, channel::ApprovalChannel,
};
use actionlayer_store::{SlackCallback, TelegramBotRecord, Transaction, keys};
use sha2::{Digest as _, Sha256};

use super::{press::telegram_bot_id, trouble::Trouble, voice::slack_token};
use crate::{App, ServiceError, TelegramUpdates, contention::until_settled, secrets};

/// Whose channels they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) identity_id: IdentityId,
    pub(crate) display_name: &'a HeaderText,
}

/// Checks and registers those channels that were not there before, and gives all of them as they are to be kept: with their
/// secrets in them, as `known` has them too.
pub(crate) async fn connect(
    app: &App,
    owner: Owner<'_>,
    wanted: &[ApprovalChannel],
    known: &[ApprovalChannel],
) -> Result<Vec<ApprovalChannel>, ServiceError> {
    let mut channels = Vec::with_capacity(wanted.len());
    for channel in wanted {
        let mut channel = channel.clone();
        if let ApprovalChannel::Slack { callback_url, .. } = &mut channel {
            *callback_url = None;
        }
        if !known.contains(&channel) {
            match &mut channel {
                ApprovalChannel::Email { .. } => {}
                ApprovalChannel::Slack { channel, bot_token, signing_secret, .. } => {
                    connect_slack(app, owner, channel, bot_token.as_ref(), signing_secret.as_ref()).await?;
                }
                ApprovalChannel::Telegram { bot_token, chat_id, topic_id, approvers } => {
                    *chat_id = connect_telegram(app, owner, bot_token, chat_id, *topic_id, approvers).await?;
                }
            }
        }
        channels.push(channel);
    }
    Ok(channels)
}

/// Forgets the callbacks of channels that an identity has no more. Telegram is told when nobody uses the bot any longer; that
/// it cannot be reached stops nobody from leaving it.
pub(crate) async fn disconnect(app: &App, identity: &Identity, left: &[ApprovalChannel]) -> Result<(), ServiceError> {
    for channel in &identity.approval_channels {
        match channel {
            ApprovalChannel::Email { .. } => {}
            ApprovalChannel::Slack { .. } => {
                let callback = |channel| callback_of(channel, identity.workspace_id);
                let own = callback(channel);
                if let Some(own) = own.filter(|own| left.iter().all(|left| callback(left).as_ref() != Some(own))) {
                    release_slack(app, identity, own).await?;
                }
            }
            ApprovalChannel::Telegram { bot_token, .. } if !uses_bot(left, bot_token) => {
                release_telegram(app, identity, bot_token).await?;
            }
            ApprovalChannel::Telegram { .. } => {}
        }
    }
    Ok(())
}

/// As reads show it: secrets by their end, and where Slack is to call.
pub fn shown(channel: &ApprovalChannel, workspace: WorkspaceId, public_url: &str) -> ApprovalChannel {
    let mut shown = channel.shown();
    if let ApprovalChannel::Slack { callback_url, .. } = &mut shown {
        *callback_url = Some(match callback_of(channel, workspace) {
            Some(callback) => format!("{public_url}/callbacks/slack/{callback}"),
            None => format!("{public_url}/callbacks/slack"),
        });
    }
    shown
}

/// The last part of the path that a Slack app of one's own calls, of a channel as it lies in its identity; none for other
/// channels and the deployment's app.
pub(crate) fn callback_of(channel: &ApprovalChannel, workspace: WorkspaceId) -> Option<String> {
    let ApprovalChannel::Slack { signing_secret: Some(secret), callback_url, .. } = channel else { return None };
    // Where the secret itself is in the identity still, there is none.
    Some(callback_url.clone().unwrap_or_else(|| slack_callback_id(workspace, secret)))
}

/// The last part of a callback's path. An app of Slack has one Request URL, so identities that share an app share it; it
/// says nothing about the secret, which has 128 bits that nobody can guess.
pub(crate) fn slack_callback_id(workspace: WorkspaceId, signing_secret: &Secret<String>) -> String {
    let mut digest = Sha256::new();
    digest.update(b"actionlayer slack callback");
    digest.update(workspace.as_bytes());
    digest.update(signing_secret.expose().as_bytes());
    hex::encode(&digest.finalize()[..16])
}

fn refused(field: &str, provider: &str, trouble: &Trouble) -> ServiceError {
    let message = format!("{provider} says: {}. {}", trouble.word, trouble.fix);
    ServiceError::invalid(format!("approval_channel.{field}"), message)
}

/// A refusal is the owner's to mend; that a provider does not answer is not.
fn not_connected(field: &str, provider: &'static str, trouble: Trouble) -> ServiceError {
    if trouble.retry.is_some() {
        return ServiceError::Upstream { service: provider, code: trouble.word };
    }
    refused(field, provider, &trouble)
}

fn greeting(owner: Owner<'_>) -> String {
    format!("Drafts of {} will be asked about here.", owner.display_name.as_str())
}

async fn connect_slack(
    app: &App,
    owner: Owner<'_>,
    channel: &str,
    bot_token: Option<&Secret<String>>,
    signing_secret: Option<&Secret<String>>,
) -> Result<(), ServiceError> {
    let token = slack_token(app, owner.workspace_id, bot_token).await?;
    let token = token.map_err(|trouble| refused("bot_token", "Slack", &trouble))?;
    app.slack.auth_test(&token).await.map_err(|error| not_connected("bot_token", "Slack", error.into()))?;
    let message = slack::greeting_message(&greeting(owner));
    let posted = app.slack.post_message(&token, channel, None, &message.text, &message.blocks).await;
    posted.map_err(|error| {
        let trouble = Trouble::from(error);
        let field = if trouble.word == "missing_scope" { "bot_token" } else { "channel" };
        not_connected(field, "Slack", trouble)
    })?;
    let Some(secret) = signing_secret else { return Ok(()) };
    let id = slack_callback_id(owner.workspace_id, secret);
    until_settled(app, || async {
        let mut transaction = Transaction::new();
        let place = SecretPlace::SlackCallback { id: id.clone() };
        match read_callback(app, &id).await? {
            Some(known) if known.value.used_by.contains(&owner.identity_id) => return Ok(()),
            Some(mut known) => {
                known.value.used_by.push(owner.identity_id);
                transaction.replace(&known.row, &secrets::seal(app, place, &known.value).await?)?;
            }
            None => {
                let callback = SlackCallback {
                    id: id.clone(),
                    workspace_id: owner.workspace_id,
                    signing_secret: secret.clone(),
                    used_by: vec![owner.identity_id],
                };
                transaction.create(&secrets::seal(app, place, &callback).await?)?;
            }
        }
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

/// Whose a callback is.
pub(crate) async fn read_callback(app: &App, id: &str) -> Result<Option<secrets::Opened<SlackCallback>>, ServiceError> {
    let place = SecretPlace::SlackCallback { id: id.to_owned() };
    secrets::read_or_move(app, &place, &keys::slack_callback(id)).await
}

/// Gives the chat's number.
async fn connect_telegram(
    app: &App,
    owner: Owner<'_>,
    token: &Secret<String>,
    chat_id: &str,
    topic_id: Option<i64>,
    approvers: &[String],
) -> Result<String, ServiceError> {
    let refuse = |field: &'static str| move |error: TelegramError| not_connected(field, "Telegram", error.into());
    let bot = app.telegram.get_me(token).await.map_err(refuse("bot_token"))?;
    let chat = app.telegram.get_chat(token, chat_id).await.map_err(refuse("chat_id"))?;
    if chat.kind != "private" && approvers.is_empty() {
        return Err(ServiceError::invalid(
            "approval_channel.approvers",
            "is required for a group: everybody in it sees the buttons, so name the user ids of those who may press them",
        ));
    }
    let record = keep_bot(app, owner, bot.id, token).await?;
    register(app, &record, &bot.username).await?;
    let chat_id = chat.id.to_string();
    let message = telegram::greeting(&greeting(owner));
    let post = TelegramPost {
        chat_id: &chat_id,
        topic_id,
        reply_to_message_id: None,
        html: &message.html,
        reply_markup: None,
    };
    app.telegram.send_message(token, post).await.map_err(refuse("chat_id"))?;
    Ok(chat_id)
}

/// The bot with its secret; a new one for a bot that nobody used yet.
async fn keep_bot(
    app: &App,
    owner: Owner<'_>,
    bot_id: i64,
    token: &Secret<String>,
) -> Result<TelegramBotRecord, ServiceError> {
    let user = (owner.workspace_id, owner.identity_id);
    until_settled(app, || async {
        let mut transaction = Transaction::new();
        let place = SecretPlace::TelegramBot { bot_id };
        let record = match secrets::telegram_bot(app, bot_id).await? {
            Some(known) => {
                let mut record = TelegramBotRecord { token: token.clone(), ..known.value.clone() };
                if !record.used_by.contains(&user) {
                    record.used_by.push(user);
                }
                if record == known.value {
                    return Ok(record);
                }
                transaction.replace(&known.row, &secrets::seal(app, place, &record).await?)?;
                record
            }
            None => {
                let secret = telegram::new_secret(app.entropy());
                let record = TelegramBotRecord { bot_id, token: token.clone(), secret, used_by: vec![user] };
                transaction.create(&secrets::seal(app, place, &record).await?)?;
                record
            }
        };
        app.store.commit(transaction).await?;
        Ok(record)
    })
    .await
}

/// Sees to it that the bot's updates come here. A webhook of somebody else's is not taken away: their program would go deaf.
async fn register(app: &App, bot: &TelegramBotRecord, name: &str) -> Result<(), ServiceError> {
    let failed = |error: TelegramError| not_connected("bot_token", "Telegram", error.into());
    let own = format!("{}/callbacks/telegram/{}", app.settings.public_url, bot.bot_id);
    let current = app.telegram.webhook_url(&bot.token).await.map_err(failed)?;
    let is_ours = current.is_empty() || current.ends_with(&format!("/callbacks/telegram/{}", bot.bot_id));
    if !is_ours {
        let host = current.split('/').nth(2).unwrap_or("elsewhere");
        return Err(ServiceError::invalid(
            "approval_channel.bot_token",
            format!(
                "@{name} sends its updates to {host}, and a bot has one such place: remove that webhook, or make a bot of its own for approvals"
            ),
        ));
    }
    match app.settings.telegram_updates {
        TelegramUpdates::Webhook => app.telegram.set_webhook(&bot.token, &own, &bot.secret).await.map_err(failed),
        TelegramUpdates::Polled if current.is_empty() => Ok(()),
        TelegramUpdates::Polled => app.telegram.delete_webhook(&bot.token).await.map_err(failed),
    }
}

fn uses_bot(channels: &[ApprovalChannel], token: &Secret<String>) -> bool {
    let id = telegram_bot_id(token);
    channels.iter().any(
        |channel| matches!(channel, ApprovalChannel::Telegram { bot_token, .. } if telegram_bot_id(bot_token) == id),
    )
}

async fn release_slack(app: &App, identity: &Identity, id: String) -> Result<(), ServiceError> {
    until_settled(app, || async {
        let Some(mut known) = read_callback(app, &id).await? else { return Ok(()) };
        known.value.used_by.retain(|user| *user != identity.id);
        let mut transaction = Transaction::new();
        if known.value.used_by.is_empty() {
            transaction.delete(&known.row);
        } else {
            let place = SecretPlace::SlackCallback { id: id.clone() };
            transaction.replace(&known.row, &secrets::seal(app, place, &known.value).await?)?;
        }
        Ok(app.store.commit(transaction).await?)
    })
    .await
}

async fn release_telegram(app: &App, identity: &Identity, token: &Secret<String>) -> Result<(), ServiceError> {
    let Some(bot_id) = telegram_bot_id(token) else { return Ok(()) };
    let free = until_settled(app, || async {
        let Some(mut known) = secrets::telegram_bot(app, bot_id).await? else { return Ok(None) };
        known.value.used_by.retain(|user| *user != (identity.workspace_id, identity.id));
        let mut transaction = Transaction::new();
        let is_free = known.value.used_by.is_empty();
        if is_free {
            transaction.delete(&known.row);
        } else {
            let place = SecretPlace::TelegramBot { bot_id };
            transaction.replace(&known.row, &secrets::seal(app, place, &known.value).await?)?;
        }
        app.store.commit(transaction).await?;
        Ok(is_free.then_some(known.value.token))
    })
    .await?;
    if let Some(token) = free
        && let Err(error) = app.telegram.delete_webhook(&token).await
    {
        tracing::warn!(%error, "a webhook could not be taken away");
    }
    Ok(())
}
