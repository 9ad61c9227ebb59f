//! Dana in Slack and Telegram, as they are played here.

use serde_json::{Value, json};

use super::{DEADLINE, DemoError, client::Client};
use crate::{
    slack::{APPROVALS_CHANNEL, OWN_APP_SECRET, OWN_APP_TOKEN},
    telegram::{BOT_TOKEN, DANA_ID},
};

const DANA: &str = "U0DANA00001";

pub(super) fn slack_channel() -> Value {
    json!({"type": "slack", "channel": APPROVALS_CHANNEL, "bot_token": OWN_APP_TOKEN, "signing_secret": OWN_APP_SECRET})
}

pub(super) fn telegram_channel() -> Value {
    json!({"type": "telegram", "bot_token": BOT_TOKEN, "chat_id": DANA_ID.to_string()})
}

impl Client {
    /// What the owner of a Slack app does once: the callback becomes its Request URL.
    pub(super) async fn enter_request_url(&self, channel: &Value) -> Result<(), DemoError> {
        let change = json!({"signing_secret": OWN_APP_SECRET, "request_url": channel["callback_url"]});
        self.post("/local/slack/state", None, Some(change)).await?.ok().map(drop)
    }

    /// The newest message of a chat that says this and has buttons.
    async fn question(&self, path: &str, text: &str) -> Result<Value, DemoError> {
        let asks = |message: &Value| says(message, text) && has_buttons(message);
        let state = self.until(DEADLINE, path, None, |state| messages(state).any(asks)).await?;
        Ok(messages(&state).rfind(|message| asks(message)).cloned().unwrap_or_default())
    }

    pub(super) async fn press_in_telegram(&self, text: &str, label: &str) -> Result<Value, DemoError> {
        let message = self.question("/local/telegram/state", text).await?;
        let press = json!({"user": DANA_ID, "chat": message["chat_id"], "message": message["id"], "label": label});
        self.post("/local/telegram/press", None, Some(press)).await?.ok()
    }

    pub(super) async fn reject_in_slack(&self, text: &str, reason: &str) -> Result<(), DemoError> {
        let message = self.question("/local/slack/state", text).await?;
        let press = json!({"user": DANA, "channel": message["channel"], "ts": message["ts"], "action_id": "reject"});
        self.post("/local/slack/press", None, Some(press)).await?.ok()?;
        let form = json!({"user": DANA, "value.reason": reason});
        self.post("/local/slack/submit", None, Some(form)).await?.ok().map(drop)
    }

    /// Waits until the message in Slack about this text says that.
    pub(super) async fn slack_says(&self, text: &str, words: &str) -> Result<(), DemoError> {
        let done = |message: &Value| says(message, text) && says(message, words) && !has_buttons(message);
        self.until(DEADLINE, "/local/slack/state", None, |state| messages(state).any(done)).await.map(drop)
    }
}

fn messages(state: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    state["messages"].as_array().into_iter().flatten()
}

/// Unseen joiners, which keep Telegram from acting on what it shows, do not count.
fn says(message: &Value, text: &str) -> bool {
    let shown = format!("{}{}", message["blocks"], message["text"]).replace('\u{2060}', "");
    shown.contains(text)
}

fn has_buttons(message: &Value) -> bool {
    message["blocks"].to_string().contains("\"actions\"") || message["reply_markup"]["inline_keyboard"].is_array()
}
