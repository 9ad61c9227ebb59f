//! What Telegram calls: a button was pressed, a question replied to, a group moved. The answer to a press is the answer to
//! the request: the spinner stops without a call of ours.

use actionlayer_channels::{
    approval_link::Member,
    press::Action,
    telegram::{self, CallbackQuery, ChatMessage, Update, parse_update, verify_secret},
};
use actionlayer_domain::{
    channel::ChannelKind,
    work::{NotifyWork, PromptJob, Work},
};
use actionlayer_store::{TelegramPrompt, Transaction, keys};
use serde_json::{Value, json};

use super::{
    decide_draft::Choice,
    press::{NotPressed, Presser, Proof, open_press, read_button},
    sender_press::{decide_sender, is_about_sender},
    voice::Voice,
};
use crate::{App, ServiceError, secrets};
use actionlayer_channels::press::{Button, Subject};

/// The most of an answer to a press, in characters.
const ANSWER_CHARS: usize = 200;

/// What is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum TelegramAnswer {
    /// 200 without a body.
    Empty,
    /// 200 with a method for Telegram to carry out.
    Call(Value),
    /// 401: not sent by that bot's Telegram.
    Unauthorized,
    /// 400: not an update.
    Malformed,
}

/// Takes an update. `secret` is `X-Telegram-Bot-Api-Secret-Token`.
pub async fn telegram_callback(
    app: &App,
    bot_id: i64,
    secret: Option<&str>,
    body: &[u8],
) -> Result<TelegramAnswer, ServiceError> {
    // Both at once: somebody looks at a spinner.
    let (bot, voice) = tokio::try_join!(secrets::telegram_bot(app, bot_id), Voice::new(app))?;
    let Some(bot) = bot.filter(|bot| verify_secret(&bot.value.secret, secret)) else {
        return Ok(TelegramAnswer::Unauthorized);
    };
    let Ok(update) = parse_update(body) else { return Ok(TelegramAnswer::Malformed) };
    match update {
        Update::Pressed(query) => pressed(&voice, bot.value.bot_id, &query).await,
        Update::Message(message) => replied(app, bot.value.bot_id, message).await,
        // The next message to it is told its new id, and keeps that.
        Update::Migrated { .. } | Update::Other => Ok(TelegramAnswer::Empty),
    }
}

async fn pressed(voice: &Voice<'_>, bot_id: i64, query: &CallbackQuery) -> Result<TelegramAnswer, ServiceError> {
    let member = Member {
        channel: ChannelKind::Telegram,
        place: query.chat_id.to_string(),
        user_id: query.user.id.to_string(),
        name: query.user.name.clone(),
    };
    let presser = Presser { member, proof: Proof::TelegramBot(bot_id) };
    let (sentence, alert) = match press(voice, &presser, bot_id, query).await {
        Ok(sentence) => (sentence, false),
        Err(NotPressed::Refused(sentence)) => (sentence, true),
        Err(NotPressed::Failed(error)) => return Err(error),
    };
    let text: String = sentence.chars().take(ANSWER_CHARS).collect();
    let call =
        json!({"method": "answerCallbackQuery", "callback_query_id": query.id, "text": text, "show_alert": alert});
    Ok(TelegramAnswer::Call(call))
}

async fn press(voice: &Voice<'_>, presser: &Presser, bot_id: i64, query: &CallbackQuery) -> Result<String, NotPressed> {
    let app = voice.app;
    let opened = read_button(voice, &presser.member, &query.data)?;
    if is_about_sender(opened.action) {
        return decide_sender(app, presser, opened).await;
    }
    let pressed = open_press(app, presser, opened).await?;
    match pressed.action {
        Action::Approve => {
            pressed.decide(app, Choice::Approve).await?;
            Ok("Approved. Its author sends it.".to_owned())
        }
        Action::ApproveAndSend => {
            pressed.decide(app, Choice::ApproveAndSend).await?;
            Ok("Approved, and on its way.".to_owned())
        }
        Action::RejectNow => {
            pressed.decide(app, Choice::Reject { reason: None }).await?;
            Ok("Rejected.".to_owned())
        }
        Action::Edit | Action::Reject => {
            pressed.require_open(app)?;
            let edit = pressed.action == Action::Edit;
            let job = PromptJob {
                workspace_id: pressed.context.draft.workspace_id,
                prompt_about: pressed.draft_id,
                version: pressed.version,
                bot_id,
                chat_id: query.chat_id,
                message_id: query.message_id,
                topic_id: query.message_thread_id,
                user_id: query.user.id,
                edit,
                // A link that decides in somebody's name is for nobody else's eyes.
                page: (query.chat_id == query.user.id).then(|| pressed.own_page(voice)),
            };
            let put = app.queues.put(&[Work::Notify(NotifyWork::Prompt(job))]).await;
            put.map_err(|error| NotPressed::Failed(error.into()))?;
            Ok(if edit { "Reply below with the new text." } else { "Reply below with a reason." }.to_owned())
        }
        Action::Trust | Action::Block => Ok(String::new()),
    }
}

/// A reply to a question of ours, by whom it was asked, in time. Everything else that is written is nobody's business.
async fn replied(app: &App, bot_id: i64, message: ChatMessage) -> Result<TelegramAnswer, ServiceError> {
    let (Some(user), Some(asked), Some(text)) = (message.user, message.reply_to_message_id, message.text) else {
        return Ok(TelegramAnswer::Empty);
    };
    let key = keys::telegram_prompt(bot_id, message.chat_id, asked);
    let Some(prompt) = app.store.get::<TelegramPrompt>(&key).await? else { return Ok(TelegramAnswer::Empty) };
    let TelegramPrompt { user_id, workspace_id, draft_id, version, edit, expires_at, .. } = prompt.value.clone();
    let sentence = if user_id != user.id {
        "Only whoever pressed the button can reply to this.".to_owned()
    } else if expires_at <= app.now() {
        "That took more than ten minutes: press the button again. Nothing was decided.".to_owned()
    } else {
        let member = Member {
            channel: ChannelKind::Telegram,
            place: message.chat_id.to_string(),
            user_id: user.id.to_string(),
            name: user.name,
        };
        let presser = Presser { member, proof: Proof::TelegramBot(bot_id) };
        let action = if edit { Action::Edit } else { Action::Reject };
        let button = Button { workspace_id, action, subject: Subject::Draft { id: draft_id, version } };
        match take_reply(app, &presser, button, &text).await {
            Ok(sentence) => {
                let mut transaction = Transaction::new();
                transaction.delete(&prompt);
                // Taken; should it come again the draft itself refuses it.
                if let Err(error) = app.store.commit(transaction).await {
                    tracing::warn!(%error, "a reply that was taken could not be forgotten");
                }
                sentence
            }
            Err(NotPressed::Refused(sentence)) => sentence,
            Err(NotPressed::Failed(error)) => return Err(error),
        }
    };
    let said = telegram::notice(&sentence, None);
    Ok(TelegramAnswer::Call(json!({
        "method": "sendMessage", "chat_id": message.chat_id, "text": said.html, "parse_mode": "HTML",
        "reply_parameters": {"message_id": message.message_id, "allow_sending_without_reply": true},
    })))
}

async fn take_reply(app: &App, presser: &Presser, button: Button, text: &str) -> Result<String, NotPressed> {
    let pressed = open_press(app, presser, button).await?;
    if pressed.action == Action::Edit {
        pressed.edit(app, None, text).await?;
        return Ok("Saved. The new version is asked about below.".to_owned());
    }
    let reason = text.trim();
    let reason = (reason != telegram::NO_REASON).then(|| reason.chars().take(1_000).collect());
    pressed.decide(app, Choice::Reject { reason }).await?;
    Ok("Rejected.".to_owned())
}
