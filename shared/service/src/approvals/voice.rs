//! Writing to the place a channel names, with the credentials it has.

use actionlayer_channels::{
    approval_link::{self, ApprovalToken, LINK_LIFETIME},
    press::{Action, Button, Subject},
    slack::SlackMessage,
    telegram::TelegramMessage,
};
use actionlayer_clients::telegram::TelegramPost;
use actionlayer_domain::{Draft, Identity, Secret, WorkspaceId, channel::ApprovalChannel, notification::PostedMessage};

use super::trouble::Trouble;
use crate::{App, ServiceError, secrets};

/// What signs buttons and links.
pub(crate) struct Voice<'a> {
    pub(crate) app: &'a App,
    pub(crate) secret: Secret<[u8; 32]>,
}

/// The name of a place that buttons are signed for.
pub(crate) fn place_name(channel: &ApprovalChannel) -> String {
    format!("{}:{}", channel.kind().as_str(), channel.place().unwrap_or_default())
}

impl<'a> Voice<'a> {
    pub(crate) async fn new(app: &'a App) -> Result<Self, ServiceError> {
        Ok(Self { app, secret: Box::pin(secrets::link_secret(app)).await? })
    }

    /// What the buttons of a draft carry in that place.
    pub(crate) fn draft_button(&self, draft: &Draft, channel: &ApprovalChannel, action: Action) -> String {
        let subject = Subject::Draft { id: draft.id, version: draft.version };
        Button { workspace_id: draft.workspace_id, action, subject }.sign(&self.secret, &place_name(channel))
    }

    /// Where the whole draft can be read, and not decided.
    pub(crate) fn reading_page(&self, draft: &Draft, version: u32) -> String {
        // As old as the draft, not as the message: two renderings of one state are the same.
        let until = draft.expires_at.unwrap_or_else(|| draft.updated_at.after(LINK_LIFETIME));
        let token = ApprovalToken::for_readers(draft.workspace_id, draft.id, version, until);
        approval_link::link(&self.app.settings.public_url, &token.sign(&self.secret))
    }
}

/// The token a Slack channel is written to with: its own, or that of the app the workspace installed.
pub(crate) async fn slack_token(
    app: &App,
    workspace: WorkspaceId,
    own: Option<&Secret<String>>,
) -> Result<Result<Secret<String>, Trouble>, ServiceError> {
    if let Some(own) = own {
        return Ok(Ok(own.clone()));
    }
    Ok(secrets::slack_bot_token(app, workspace).await?.ok_or_else(Trouble::no_slack_app))
}

/// A message in either form; the channel says which is needed.
pub(crate) struct Said<S, T> {
    pub(crate) slack: S,
    pub(crate) telegram: T,
}

/// Posts to the place of one of an identity's channels; gives what the message is changed by later.
pub(crate) async fn post<S, T>(
    app: &App,
    identity: &Identity,
    channel: &ApprovalChannel,
    after: Option<&PostedMessage>,
    said: Said<S, T>,
) -> Result<Result<PostedMessage, Trouble>, ServiceError>
where
    S: FnOnce() -> SlackMessage,
    T: FnOnce() -> TelegramMessage,
{
    // Boxed: compilers lay futures out within each other, and give up at some depth.
    let Some(channel) = Box::pin(secrets::open_channel(app, identity, channel)).await? else {
        return Ok(Err(Trouble::no_secret()));
    };
    match &channel {
        ApprovalChannel::Email { .. } => Ok(Err(Trouble::no_slack_app())),
        ApprovalChannel::Slack { channel, bot_token, .. } => {
            let token = match slack_token(app, identity.workspace_id, bot_token.as_ref()).await? {
                Ok(token) => token,
                Err(trouble) => return Ok(Err(trouble)),
            };
            let message = (said.slack)();
            let after = after.and_then(|after| match after {
                PostedMessage::Slack { ts, .. } => Some(ts.as_str()),
                PostedMessage::Telegram { .. } => None,
            });
            let posted = app.slack.post_message(&token, channel, after, &message.text, &message.blocks).await;
            let channel = channel.clone();
            Ok(posted.map(|ts| PostedMessage::Slack { channel, ts }).map_err(Trouble::from))
        }
        ApprovalChannel::Telegram { bot_token, chat_id, topic_id, .. } => {
            let message = (said.telegram)();
            let post = TelegramPost {
                chat_id,
                topic_id: *topic_id,
                reply_to_message_id: after.and_then(|after| match after {
                    PostedMessage::Telegram { message_id, .. } => Some(*message_id),
                    PostedMessage::Slack { .. } => None,
                }),
                html: &message.html,
                reply_markup: message.keyboard.as_ref().map(|keyboard| &keyboard.0),
            };
            let posted = app.telegram.send_message(bot_token, post).await;
            let chat_id = chat_id.clone();
            Ok(posted.map(|message_id| PostedMessage::Telegram { chat_id, message_id }).map_err(Trouble::from))
        }
    }
}

/// Writes a message again, with the credentials the channel has now.
pub(crate) async fn rewrite<S, T>(
    app: &App,
    identity: &Identity,
    channel: &ApprovalChannel,
    posted: &PostedMessage,
    said: Said<S, T>,
) -> Result<Result<(), Trouble>, ServiceError>
where
    S: FnOnce() -> SlackMessage,
    T: FnOnce() -> TelegramMessage,
{
    // Boxed: compilers lay futures out within each other, and give up at some depth.
    let Some(channel) = Box::pin(secrets::open_channel(app, identity, channel)).await? else {
        return Ok(Err(Trouble::no_secret()));
    };
    match (&channel, posted) {
        (ApprovalChannel::Slack { bot_token, .. }, PostedMessage::Slack { channel, ts }) => {
            let token = match slack_token(app, identity.workspace_id, bot_token.as_ref()).await? {
                Ok(token) => token,
                Err(trouble) => return Ok(Err(trouble)),
            };
            let message = (said.slack)();
            let updated = app.slack.update_message(&token, channel, ts, &message.text, &message.blocks).await;
            Ok(updated.map_err(Trouble::from))
        }
        (ApprovalChannel::Telegram { bot_token, .. }, PostedMessage::Telegram { chat_id, message_id }) => {
            let message = (said.telegram)();
            let keyboard = message.keyboard.as_ref().map(|keyboard| &keyboard.0);
            let edited = app.telegram.edit_message(bot_token, chat_id, *message_id, &message.html, keyboard).await;
            Ok(edited.map_err(Trouble::from))
        }
        // Mail stays as it was sent; and no provider changes what stands at another.
        _ => Ok(Ok(())),
    }
}
