//! Slack and Telegram as their people use them: what stands in a channel, and presses of its buttons.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{APPROVER, World, eventually, world::array};

/// The channel that the bots are in.
pub const SLACK_CHANNEL: &str = "C0APPROVALS";
/// Somebody in Slack.
pub const SLACK_DANA: &str = "U0DANA00001";
/// Somebody else in Slack.
pub const SLACK_EVE: &str = "U0EVE000001";
/// The app of one's own.
pub const SLACK_TOKEN: &str = "xoxb-local-own-app-0001";
/// Its signing secret.
pub const SLACK_SECRET: &str = "0a11ce5100000000000000000000000f";
/// The bot in Telegram.
pub const TELEGRAM_TOKEN: &str = "7000000001:AALocalTelegramBotToken0123456789abc";
/// Its id.
pub const TELEGRAM_BOT: i64 = 7_000_000_001;
/// A reply in Telegram that nobody answered by then was not heard.
const HEARD_WITHIN: Duration = Duration::from_secs(3);
/// Somebody in Telegram, and their chat with the bot.
pub const TELEGRAM_DANA: i64 = 10_001;
/// Somebody else in Telegram.
pub const TELEGRAM_EVE: i64 = 10_002;
/// A group of both.
pub const TELEGRAM_GROUP: i64 = -2_001;

/// A channel in Slack, with the app of one's own.
pub fn slack(more: Value) -> Value {
    let mut channel =
        json!({"type": "slack", "channel": SLACK_CHANNEL, "bot_token": SLACK_TOKEN, "signing_secret": SLACK_SECRET});
    crate::world::merge(&mut channel, more);
    channel
}

/// The chat of the bot with Dana.
pub fn telegram(more: Value) -> Value {
    let mut channel = json!({"type": "telegram", "bot_token": TELEGRAM_TOKEN, "chat_id": TELEGRAM_DANA.to_string()});
    crate::world::merge(&mut channel, more);
    channel
}

/// Where a version of a draft was asked about.
pub struct Asked {
    pub slack: Value,
    pub telegram: Value,
    pub link: String,
}

impl Asked {
    /// In Slack, in Telegram and by mail, once it was.
    pub async fn find(world: &World, text: &str) -> Self {
        Self {
            slack: world.slack_question(text).await,
            telegram: world.telegram_question(TELEGRAM_DANA, text).await,
            link: world.approval_path(text).await,
        }
    }
}

impl World {
    /// A world whose identity asks in Slack, in Telegram and by mail.
    pub async fn everywhere() -> Self {
        let channels = json!([slack(json!({})), telegram(json!({})), {"type": "email", "to": [APPROVER]}]);
        let world = Self::start_with(json!({"approval_channel": channels})).await;
        world.enter_request_url(&world.identity["approval_channel"][0]).await;
        world
    }

    /// Enters the identity's callback as the Request URL of its Slack app.
    pub async fn enter_request_url(&self, channel: &Value) {
        let change = json!({"signing_secret": SLACK_SECRET, "request_url": channel["callback_url"]});
        self.anyone.patch("/local/slack/state", change).await.expect(200);
    }

    /// A world whose identity asks in Slack by an app of its own.
    pub async fn in_slack(more: Value) -> Self {
        let world = Self::start_with(json!({"approval_channel": slack(more)})).await;
        world.enter_request_url(&world.identity["approval_channel"]).await;
        world
    }

    /// What stands in a channel of Slack, as one person sees it, oldest first.
    pub async fn slack_messages(&self, viewer: &str) -> Vec<Value> {
        let state = self.anyone.get("/local/slack/state").await.expect(200);
        let seen = |message: &&Value| message["only_for"].is_null() || message["only_for"] == viewer;
        array(&state["messages"]).iter().filter(seen).cloned().collect()
    }

    /// The newest message in Slack that satisfies a condition, once there is one.
    pub async fn slack_message(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || {
            self.slack_messages(SLACK_DANA).await.into_iter().rev().find(|message| wanted(message))
        })
        .await
    }

    /// The message in Slack that asks about this text.
    pub async fn slack_question(&self, shown: &str) -> Value {
        self.slack_message("the question in Slack", |message| says(message, shown) && !buttons(message).is_empty())
            .await
    }

    /// A message in Slack as it is now.
    pub async fn slack_now(&self, message: &Value) -> Value {
        let all = self.slack_messages(SLACK_DANA).await;
        all.into_iter().find(|now| now["ts"] == message["ts"]).expect("it is still there")
    }

    /// The message in Slack once it says this.
    pub async fn slack_until(&self, message: &Value, shown: &str) -> Value {
        eventually(&format!("Slack to say {shown}"), async || {
            let now = self.slack_now(message).await;
            says(&now, shown).then_some(now)
        })
        .await
    }

    /// Somebody presses a button in Slack; gives what the app answered.
    pub async fn slack_press(&self, user: &str, message: &Value, action_id: &str) -> Value {
        let press = json!({"user": user, "channel": message["channel"], "ts": message["ts"], "action_id": action_id});
        self.anyone.post("/local/slack/press", press).await.expect(200)
    }

    /// What only that person is told in Slack, once they are.
    pub async fn slack_told(&self, user: &str, words: &str) -> Value {
        eventually(&format!("{user} to be told {words}"), async || {
            let all = self.slack_messages(user).await;
            all.into_iter().rev().find(|message| message["only_for"] == user && says(message, words))
        })
        .await
    }

    /// The modal that is open for somebody in Slack.
    pub async fn slack_modal(&self, user: &str) -> Value {
        self.anyone.get("/local/slack/state").await.expect(200)["views"][user].clone()
    }

    /// Somebody submits their modal; gives what is against it.
    pub async fn slack_submit(&self, user: &str, values: Value) -> Value {
        let mut form = json!({"user": user});
        for (name, value) in values.as_object().expect("values by name") {
            form[format!("value.{name}")] = value.clone();
        }
        self.anyone.post("/local/slack/submit", form).await.expect(200)["errors"].clone()
    }

    /// What was written in a chat of Telegram, oldest first.
    pub async fn telegram_messages(&self, chat: i64) -> Vec<Value> {
        let state = self.anyone.get("/local/telegram/state").await.expect(200);
        array(&state["messages"]).iter().filter(|message| message["chat_id"] == chat).cloned().collect()
    }

    /// The newest message of a chat that satisfies a condition, once there is one.
    pub async fn telegram_message(&self, chat: i64, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || self.telegram_messages(chat).await.into_iter().rev().find(|message| wanted(message)))
            .await
    }

    /// The message in a chat that asks about this text.
    pub async fn telegram_question(&self, chat: i64, shown: &str) -> Value {
        let asks = |message: &Value| said_in(message, shown) && !keyboard(message).is_empty();
        self.telegram_message(chat, "the question in Telegram", asks).await
    }

    /// The message in Telegram once it says this.
    pub async fn telegram_until(&self, message: &Value, shown: &str) -> Value {
        let chat = message["chat_id"].as_i64().expect("a chat");
        self.telegram_message(chat, &format!("Telegram to say {shown}"), |now| {
            now["id"] == message["id"] && said_in(now, shown)
        })
        .await
    }

    /// Somebody presses a button in Telegram; gives the answer they saw.
    pub async fn telegram_press(&self, user: i64, message: &Value, label: &str) -> Value {
        let press = json!({"user": user, "chat": message["chat_id"], "message": message["id"], "label": label});
        self.anyone.post("/local/telegram/press", press).await.expect(200)
    }

    /// Somebody replies to a message in Telegram; gives the id of their reply.
    pub async fn telegram_reply(&self, user: i64, message: &Value, text: &str) -> Value {
        let reply = json!({"user": user, "chat": message["chat_id"], "reply_to": message["id"], "text": text});
        self.anyone.post("/local/telegram/write", reply).await.expect(200)["message_id"].clone()
    }

    /// Somebody replies to a question in Telegram, once more where nobody hears it; gives what the bot says to it. The
    /// question is seen a moment before it is noted who was asked, and a reply within that moment is nobody's business.
    pub async fn telegram_answer(&self, user: i64, question: &Value, text: &str) -> Value {
        let chat = question["chat_id"].as_i64().expect("a chat");
        let mut replied_at: Option<Instant> = None;
        let mut replies = Vec::new();
        eventually("an answer to the reply", async || {
            if replied_at.is_none_or(|at| at.elapsed() > HEARD_WITHIN) {
                replies.push(self.telegram_reply(user, question, text).await);
                replied_at = Some(Instant::now());
            }
            self.telegram_messages(chat).await.into_iter().rev().find(|said| replies.contains(&said["reply_to"]))
        })
        .await
    }
}

/// Whether a message of Slack says this.
pub fn says(message: &Value, words: &str) -> bool {
    let escaped = serde_json::to_string(words).unwrap_or_default();
    let escaped = escaped.trim_matches('"');
    message["blocks"].to_string().contains(escaped) || message["text"].to_string().contains(escaped)
}

/// The action ids of the buttons of a message in Slack.
pub fn buttons(message: &Value) -> Vec<String> {
    let blocks = message["blocks"].as_array().into_iter().flatten();
    let elements = blocks.flat_map(|block| block["elements"].as_array().into_iter().flatten());
    elements.filter_map(|element| element["action_id"].as_str().map(str::to_owned)).collect()
}

/// The signed value of a button of a message in Slack.
pub fn button_value(message: &Value, action_id: &str) -> String {
    let blocks = message["blocks"].as_array().into_iter().flatten();
    let mut elements = blocks.flat_map(|block| block["elements"].as_array().into_iter().flatten());
    let button = elements.find(|element| element["action_id"] == action_id).expect("the button");
    button["value"].as_str().expect("a value").to_owned()
}

/// Whether a message of Telegram says this; unseen joiners do not count.
pub fn said_in(message: &Value, words: &str) -> bool {
    message["text"].as_str().unwrap_or_default().replace('\u{2060}', "").contains(words)
}

/// The labels of the buttons of a message in Telegram.
pub fn keyboard(message: &Value) -> Vec<String> {
    let rows = message["reply_markup"]["inline_keyboard"].as_array().into_iter().flatten();
    rows.flat_map(|row| row.as_array().into_iter().flatten())
        .filter_map(|button| button["text"].as_str().map(str::to_owned))
        .collect()
}
