//! Telegram's Bot API, as far as approvals need it. See core.telegram.org/bots/api.

use actionlayer_domain::Secret;
use serde_json::{Value, json};

use crate::providers::Http;

mod error;

pub use error::TelegramError;

/// Where Telegram is.
pub const TELEGRAM_URL: &str = "https://api.telegram.org";
/// What a webhook is told of.
pub const ALLOWED_UPDATES: [&str; 3] = ["message", "callback_query", "my_chat_member"];

/// A client of Telegram, for any bot token.
#[derive(Debug, Clone)]
pub struct Telegram {
    http: Http,
    base_url: String,
}

/// A bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelegramBot {
    /// Its id, the part of its token before the colon.
    pub id: i64,
    /// Its name, without `@`.
    pub username: String,
}

/// A chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelegramChat {
    /// Its id; negative for groups and channels.
    pub id: i64,
    /// `private`, `group`, `supergroup` or `channel`.
    pub kind: String,
}

/// Where and what.
#[derive(Debug, Clone, Copy)]
pub struct TelegramPost<'a> {
    /// The chat: a number, or `@` and a name.
    pub chat_id: &'a str,
    /// The topic; not for General.
    pub topic_id: Option<i64>,
    /// The message it answers.
    pub reply_to_message_id: Option<i64>,
    pub html: &'a str,
    /// `reply_markup`.
    pub reply_markup: Option<&'a Value>,
}

impl Telegram {
    /// Telegram at this URL, [`TELEGRAM_URL`] but for tests.
    pub fn at(base_url: &str) -> Self {
        Self { http: Http::default(), base_url: base_url.trim_end_matches('/').to_owned() }
    }

    /// `getMe`.
    pub async fn get_me(&self, token: &Secret<String>) -> Result<TelegramBot, TelegramError> {
        let bot = self.call(token, "getMe", &json!({})).await?;
        let id = bot["id"].as_i64().ok_or(TelegramError::NoAnswer)?;
        Ok(TelegramBot { id, username: bot["username"].as_str().unwrap_or_default().to_owned() })
    }

    /// `getChat`.
    pub async fn get_chat(&self, token: &Secret<String>, chat_id: &str) -> Result<TelegramChat, TelegramError> {
        let chat = self.call(token, "getChat", &json!({"chat_id": chat_id})).await?;
        let id = chat["id"].as_i64().ok_or(TelegramError::NoAnswer)?;
        Ok(TelegramChat { id, kind: chat["type"].as_str().unwrap_or_default().to_owned() })
    }

    /// `sendMessage`; gives the message's id.
    pub async fn send_message(&self, token: &Secret<String>, post: TelegramPost<'_>) -> Result<i64, TelegramError> {
        let mut body = text(post.chat_id, post.html);
        // The General topic is meant by leaving it out.
        if let Some(topic_id) = post.topic_id.filter(|id| *id != 1) {
            body["message_thread_id"] = topic_id.into();
        }
        if let Some(id) = post.reply_to_message_id {
            body["reply_parameters"] = json!({"message_id": id, "allow_sending_without_reply": true});
        }
        if let Some(markup) = post.reply_markup {
            body["reply_markup"] = markup.clone();
        }
        let sent = self.call(token, "sendMessage", &body).await?;
        sent["message_id"].as_i64().ok_or(TelegramError::NoAnswer)
    }

    /// `editMessageText`. A message that says so already is as good as changed.
    pub async fn edit_message(
        &self,
        token: &Secret<String>,
        chat_id: &str,
        message_id: i64,
        html: &str,
        reply_markup: Option<&Value>,
    ) -> Result<(), TelegramError> {
        let mut body = text(chat_id, html);
        body["message_id"] = message_id.into();
        if let Some(markup) = reply_markup {
            body["reply_markup"] = markup.clone();
        }
        match self.call(token, "editMessageText", &body).await {
            Ok(_) | Err(TelegramError::NotModified) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// `answerCallbackQuery`. That it is too late for an answer is not worth telling.
    pub async fn answer_press(&self, token: &Secret<String>, query_id: &str, text: &str) -> Result<(), TelegramError> {
        let body = json!({"callback_query_id": query_id, "text": text, "show_alert": true});
        match self.call(token, "answerCallbackQuery", &body).await {
            Ok(_) | Err(TelegramError::QueryTooOld) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// `setWebhook`: from now on updates of the bot go to `url`, and to nowhere else.
    pub async fn set_webhook(
        &self,
        token: &Secret<String>,
        url: &str,
        secret: &Secret<String>,
    ) -> Result<(), TelegramError> {
        let body = json!({"url": url, "secret_token": secret.expose(), "allowed_updates": ALLOWED_UPDATES, "max_connections": 20});
        self.call(token, "setWebhook", &body).await.map(drop)
    }

    /// `deleteWebhook`. What has not been delivered stays for `getUpdates`.
    pub async fn delete_webhook(&self, token: &Secret<String>) -> Result<(), TelegramError> {
        self.call(token, "deleteWebhook", &json!({"drop_pending_updates": false})).await.map(drop)
    }

    /// `getWebhookInfo`: where updates of the bot go; nowhere when empty.
    pub async fn webhook_url(&self, token: &Secret<String>) -> Result<String, TelegramError> {
        let info = self.call(token, "getWebhookInfo", &json!({})).await?;
        Ok(info["url"].as_str().unwrap_or_default().to_owned())
    }

    async fn call(&self, token: &Secret<String>, method: &str, body: &Value) -> Result<Value, TelegramError> {
        // The address holds the token: it is in no error and no log.
        let request = self.http.client()?.post(format!("{}/bot{}/{method}", self.base_url, token.expose())).json(body);
        TelegramError::of_answer(Http::call(request).await?)
    }
}

fn text(chat_id: &str, html: &str) -> Value {
    json!({
        "chat_id": chat_id,
        "text": html,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": true},
    })
}
