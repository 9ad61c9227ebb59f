//! Who and what there is in this Telegram.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The bot.
pub const BOT_ID: i64 = 7_000_000_001;
/// Its token.
pub const BOT_TOKEN: &str = "7000000001:AALocalTelegramBotToken0123456789abc";
/// Somebody who talks to the bot; also the id of that chat.
pub const DANA_ID: i64 = 10_001;
/// Somebody in the groups, who never wrote to the bot.
pub const EVE_ID: i64 = 10_002;
/// A group that can be upgraded.
pub const GROUP_ID: i64 = -2_001;
/// A supergroup with topics.
pub const SUPERGROUP_ID: i64 = -1_001_000_000_001;

/// The most messages kept.
const MOST_MESSAGES: usize = 1_000;

#[derive(Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) bots: Vec<Bot>,
    pub(crate) users: Vec<User>,
    pub(crate) chats: Vec<Chat>,
    pub(crate) messages: Vec<Message>,
    pub(crate) updates: Vec<Update>,
    pub(crate) queries: Vec<Query>,
    pub(crate) last_number: i64,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Bot {
    pub(crate) id: i64,
    pub(crate) token: String,
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) revoked: bool,
    pub(crate) webhook: Option<Webhook>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Webhook {
    pub(crate) url: String,
    pub(crate) secret: String,
    pub(crate) allowed_updates: Vec<String>,
    pub(crate) last_error: Option<String>,
    pub(crate) last_error_ms: Option<i64>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) username: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Chat {
    pub(crate) id: i64,
    /// `private`, `group`, `supergroup`.
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) members: Vec<i64>,
    /// Topics, but General.
    pub(crate) topics: Vec<i64>,
    pub(crate) upgraded_to: Option<i64>,
    /// Why the bot may not write here: `bot was blocked by the user`.
    pub(crate) barred: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) chat_id: i64,
    pub(crate) id: i64,
    pub(crate) date: i64,
    /// The bot that wrote it, or else a user did.
    pub(crate) bot_id: Option<i64>,
    pub(crate) user_id: Option<i64>,
    /// What was sent, markup and all.
    pub(crate) html: String,
    /// What is read.
    pub(crate) text: String,
    pub(crate) reply_markup: Value,
    pub(crate) reply_to: Option<i64>,
    pub(crate) topic: Option<i64>,
    pub(crate) edited: bool,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Update {
    pub(crate) id: i64,
    pub(crate) bot_id: i64,
    pub(crate) user_id: i64,
    pub(crate) kind: String,
    pub(crate) body: Value,
    pub(crate) made_ms: i64,
    pub(crate) due_ms: i64,
    pub(crate) tries: u32,
}

/// A press that waits for its answer.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Query {
    pub(crate) id: String,
    pub(crate) bot_id: i64,
    pub(crate) user_id: i64,
    pub(crate) chat_id: i64,
    pub(crate) made_ms: i64,
    pub(crate) answer: Option<String>,
    pub(crate) answered: bool,
}

impl World {
    pub(crate) fn fresh() -> Self {
        let user = |id, first: &str, last: &str, name: &str| User {
            id,
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            username: name.to_owned(),
        };
        let chat = |id, kind: &str, title: &str, members: &[i64], topics: &[i64]| Chat {
            id,
            kind: kind.to_owned(),
            title: title.to_owned(),
            members: members.to_vec(),
            topics: topics.to_vec(),
            upgraded_to: None,
            barred: None,
        };
        Self {
            bots: vec![Bot {
                id: BOT_ID,
                token: BOT_TOKEN.to_owned(),
                name: "Novacore Approvals".to_owned(),
                username: "novacore_approvals_bot".to_owned(),
                revoked: false,
                webhook: None,
            }],
            users: vec![user(DANA_ID, "Dana", "Scully", "dana"), user(EVE_ID, "Eve", "Moneypenny", "eve")],
            chats: vec![
                chat(DANA_ID, "private", "Dana Scully", &[DANA_ID], &[]),
                chat(GROUP_ID, "group", "Approvals", &[DANA_ID, EVE_ID], &[]),
                chat(SUPERGROUP_ID, "supergroup", "Novacore", &[DANA_ID, EVE_ID], &[7]),
            ],
            messages: Vec::new(),
            updates: Vec::new(),
            queries: Vec::new(),
            last_number: 100,
        }
    }

    pub(crate) fn number(&mut self) -> i64 {
        self.last_number += 1;
        self.last_number
    }

    pub(crate) fn bot(&self, id: i64) -> Option<&Bot> {
        self.bots.iter().find(|bot| bot.id == id)
    }

    pub(crate) fn user(&self, id: i64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(crate) fn chat(&self, id: i64) -> Option<&Chat> {
        self.chats.iter().find(|chat| chat.id == id)
    }

    pub(crate) fn message(&self, chat_id: i64, id: i64) -> Option<&Message> {
        self.messages.iter().find(|message| message.chat_id == chat_id && message.id == id)
    }

    pub(crate) fn add(&mut self, message: Message) {
        self.messages.push(message);
        let too_many = self.messages.len().saturating_sub(MOST_MESSAGES);
        self.messages.drain(..too_many);
    }

    /// An update for a bot, unless its webhook does not want the kind.
    pub(crate) fn push(&mut self, bot_id: i64, user_id: i64, kind: &str, content: Value, now_ms: i64) {
        let wanted = self.bot(bot_id).and_then(|bot| bot.webhook.as_ref()).is_none_or(|webhook| {
            webhook.allowed_updates.is_empty() || webhook.allowed_updates.iter().any(|allowed| allowed == kind)
        });
        if !wanted {
            return;
        }
        let id = self.number();
        let mut body = serde_json::json!({"update_id": id});
        body[kind] = content;
        self.updates.push(Update {
            id,
            bot_id,
            user_id,
            kind: kind.to_owned(),
            body,
            made_ms: now_ms,
            due_ms: now_ms,
            tries: 0,
        });
    }
}

impl User {
    pub(crate) fn json(&self) -> Value {
        serde_json::json!({"id": self.id, "is_bot": false, "first_name": self.first_name, "last_name": self.last_name,
            "username": self.username, "language_code": "en"})
    }

    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

impl Bot {
    pub(crate) fn json(&self) -> Value {
        serde_json::json!({"id": self.id, "is_bot": true, "first_name": self.name, "username": self.username})
    }
}

impl Chat {
    pub(crate) fn json(&self) -> Value {
        let mut chat = serde_json::json!({"id": self.id, "type": self.kind});
        if self.kind == "private" {
            let (first, last) = self.title.split_once(' ').unwrap_or((&self.title, ""));
            chat["first_name"] = first.into();
            chat["last_name"] = last.into();
        } else {
            chat["title"] = self.title.clone().into();
        }
        if !self.topics.is_empty() {
            chat["is_forum"] = true.into();
        }
        chat
    }

    /// As `getChat` returns it: `ChatFullInfo` has fields that every chat has, which clients insist on. See "`ChatFullInfo`",
    /// core.telegram.org/bots/api.
    pub(crate) fn full_json(&self) -> Value {
        let mut chat = self.json();
        chat["accent_color_id"] = 0.into();
        chat["max_reaction_count"] = 11.into();
        chat["accepted_gift_types"] = serde_json::json!({"unlimited_gifts": true, "limited_gifts": true,
            "unique_gifts": true, "premium_subscription": true, "gifts_from_channels": true});
        if self.kind != "private" {
            chat["permissions"] = serde_json::json!({"can_send_messages": true});
        }
        chat
    }
}

impl World {
    /// A message as the Bot API returns it.
    pub(crate) fn message_json(&self, message: &Message) -> Value {
        let mut json = serde_json::json!({
            "message_id": message.id, "date": message.date, "text": message.text,
            "chat": self.chat(message.chat_id).map(Chat::json),
        });
        let bot = message.bot_id.and_then(|id| self.bot(id)).map(Bot::json);
        let user = message.user_id.and_then(|id| self.user(id)).map(User::json);
        json["from"] = bot.or(user).unwrap_or_default();
        if message.reply_markup["inline_keyboard"].is_array() {
            json["reply_markup"] = message.reply_markup.clone();
        }
        if message.edited {
            json["edit_date"] = message.date.into();
        }
        if let Some(topic) = message.topic {
            json["message_thread_id"] = topic.into();
            json["is_topic_message"] = true.into();
        }
        if let Some(replied) = message.reply_to.and_then(|id| self.message(message.chat_id, id)) {
            let mut replied = replied.clone();
            replied.reply_to = None;
            json["reply_to_message"] = self.message_json(&replied);
        }
        json
    }
}
