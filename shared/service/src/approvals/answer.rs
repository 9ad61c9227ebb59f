//! Telling somebody who pressed a button what came of it, where the answer to their press itself could not.

use std::time::Duration;

use actionlayer_channels::telegram;
use actionlayer_clients::telegram::TelegramPost;
use actionlayer_domain::work::{AnswerJob, AnswerTo, PromptJob};
use actionlayer_store::{TelegramPrompt, Transaction};

use crate::{App, ServiceError, drafts::draft_context, secrets};

/// How long a reply counts.
const PROMPT_LASTS: Duration = Duration::from_mins(10);

/// Does the job. An answer that cannot be given is let go: the message itself says how things stand.
pub(crate) async fn answer(app: &App, job: &AnswerJob) -> Result<(), ServiceError> {
    let AnswerTo::SlackResponse(url) = &job.answer_to;
    match app.slack.respond(url, &job.sentence).await {
        Ok(()) => Ok(()),
        Err(error) if error.retryable() => Err(ServiceError::Upstream { service: "slack", code: error.word() }),
        Err(error) => {
            tracing::warn!(%error, "somebody who pressed a button could not be answered");
            Ok(())
        }
    }
}

/// Asks, by a message that wants a reply, for a reason or for another text.
pub(crate) async fn prompt(app: &App, job: &PromptJob) -> Result<(), ServiceError> {
    let bot = secrets::telegram_bot(app, job.bot_id).await?;
    let context = draft_context::load(app, job.workspace_id, job.prompt_about).await?;
    let (Some(bot), Some(context)) = (bot, context) else { return Ok(()) };
    // Decided or edited meanwhile: its message says so.
    if context.draft.version != job.version || context.draft.edit(Some(job.version), app.now()).is_err() {
        return Ok(());
    }
    let subject = context.draft.subject.as_str();
    let message = if job.edit {
        context.body.text.as_deref().and_then(|text| telegram::edit_prompt(subject, text))
    } else {
        Some(telegram::reject_prompt(subject))
    };
    let chat_id = job.chat_id.to_string();
    let message = message.unwrap_or_else(|| {
        telegram::notice(
            "The draft is too long for a message, or HTML alone. Change it on its page, or by the API.",
            job.page.as_deref(),
        )
    });
    let post = TelegramPost {
        chat_id: &chat_id,
        topic_id: job.topic_id,
        reply_to_message_id: Some(job.message_id),
        html: &message.html,
        reply_markup: message.keyboard.as_ref().map(|keyboard| &keyboard.0),
    };
    // Counted from before it is asked: whoever sees the question sees it later.
    let expires_at = app.now().after(PROMPT_LASTS);
    let message_id = match app.telegram.send_message(&bot.value.token, post).await {
        Ok(id) => id,
        Err(error) if error.retryable() => {
            return Err(ServiceError::Upstream { service: "telegram", code: error.word() });
        }
        Err(error) => {
            tracing::warn!(%error, "a reply could not be asked for");
            return Ok(());
        }
    };
    let mut transaction = Transaction::new();
    transaction.create(&TelegramPrompt {
        bot_id: job.bot_id,
        chat_id: job.chat_id,
        message_id,
        user_id: job.user_id,
        workspace_id: job.workspace_id,
        draft_id: job.prompt_about,
        version: job.version,
        edit: job.edit,
        expires_at,
    })?;
    Ok(app.store.commit(transaction).await?)
}
