//! The Bot API's methods, by JSON, form or query.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State as Shared},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value, json};

use super::{
    Telegram, html,
    world::{Bot, Chat, Message, Webhook, World},
};
use crate::faults::Service;

/// The most of a message, in UTF-16 code units.
const MOST_TEXT: usize = 4_096;
/// A press waits so long for its answer.
const QUERY_MS: i64 = 60_000;

/// Why a method was not carried out: code, words, parameters.
pub(super) struct Refusal(u16, String, Value);

impl Refusal {
    fn new(code: u16, description: impl Into<String>) -> Self {
        Self(code, description.into(), Value::Null)
    }

    fn bad(reason: &str) -> Self {
        Self::new(400, format!("Bad Request: {reason}"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(code, description, parameters) = self;
        let mut body = json!({"ok": false, "error_code": code, "description": description});
        if !parameters.is_null() {
            body["parameters"] = parameters;
        }
        (StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST), Json(body)).into_response()
    }
}

/// Any method.
pub(super) async fn call(
    Shared(telegram): Shared<Arc<Telegram>>,
    Path((bot, method)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut arguments = arguments(&headers, &body);
    for (name, value) in query.iter().flat_map(|query| form_urlencoded::parse(query.as_bytes())) {
        arguments.entry(name.into_owned()).or_insert_with(|| structured(&value));
    }
    let throttled = || {
        let mut refusal = Refusal::new(429, "Too Many Requests: retry after 1");
        refusal.2 = json!({"retry_after": 1});
        ([(header::RETRY_AFTER, "1")], refusal).into_response()
    };
    let effect = async {
        let token = bot.strip_prefix("bot").unwrap_or_default();
        match carry_out(&telegram, token, &method, &arguments).await {
            Ok(result) => Json(json!({"ok": true, "result": result})).into_response(),
            Err(refusal) => refusal.into_response(),
        }
    };
    telegram.faults.strike(Service::Telegram, &method, throttled, effect).await
}

fn arguments(headers: &HeaderMap, body: &[u8]) -> Map<String, Value> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_slice(body).unwrap_or_default();
    }
    form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), structured(&value))).collect()
}

/// In a form, objects, lists and booleans come as text.
fn structured(text: &str) -> Value {
    let parsed = serde_json::from_str::<Value>(text)
        .ok()
        .filter(|value| value.is_object() || value.is_array() || value.is_boolean());
    parsed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Carries a method out; also one that a webhook answered with.
pub(super) async fn carry_out(
    telegram: &Telegram,
    token: &str,
    method: &str,
    arguments: &Map<String, Value>,
) -> Result<Value, Refusal> {
    let method = method.to_ascii_lowercase();
    if method == "getupdates" {
        return get_updates(telegram, token, arguments).await;
    }
    let now_ms = telegram.clock.now_ms();
    let changed = telegram
        .world
        .change(|world| {
            let bot = bot_of(world, token)?;
            let mut call = Call { world, bot, arguments, now_ms };
            match method.as_str() {
                "getme" => Ok(call.bot.json()),
                "getchat" => Ok(call.chat()?.full_json()),
                "sendmessage" => call.send_message(),
                "editmessagetext" => call.edit_text(),
                "editmessagereplymarkup" => call.edit_markup(),
                "answercallbackquery" => call.answer_query(),
                "setwebhook" => call.set_webhook(),
                "deletewebhook" => Ok(call.delete_webhook()),
                "getwebhookinfo" => Ok(call.webhook_info()),
                _ => Err(Refusal::new(404, "Not Found")),
            }
        })
        .await;
    telegram.changed.notify_waiters();
    changed.unwrap_or_else(|_| Err(Refusal::new(500, "Internal Server Error: restart")))
}

fn bot_of(world: &World, token: &str) -> Result<Bot, Refusal> {
    if !token.contains(':') {
        return Err(Refusal::new(404, "Not Found"));
    }
    let bot = world.bots.iter().find(|bot| bot.token == token && !bot.revoked).cloned();
    bot.ok_or_else(|| Refusal::new(401, "Unauthorized"))
}

/// Hands out what waits, and forgets what is confirmed by `offset`.
async fn get_updates(telegram: &Telegram, token: &str, arguments: &Map<String, Value>) -> Result<Value, Refusal> {
    let offset = number_in(arguments, "offset").unwrap_or_default();
    let wait = number_in(arguments, "timeout").and_then(|wait| u64::try_from(wait).ok()).unwrap_or_default().min(50);
    let until = tokio::time::Instant::now() + Duration::from_secs(wait);
    loop {
        let changed = telegram.changed.notified();
        let found = telegram
            .world
            .change(|world| {
                let bot = bot_of(world, token)?;
                if bot.webhook.is_some() {
                    let description = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
                    return Err(Refusal::new(409, description));
                }
                world.updates.retain(|update| update.bot_id != bot.id || update.id >= offset);
                Ok(world.updates.iter().filter(|update| update.bot_id == bot.id).take(100).map(|update| update.body.clone()).collect::<Vec<_>>())
            })
            .await
            .unwrap_or_else(|_| Err(Refusal::new(500, "Internal Server Error: restart")))?;
        if !found.is_empty() || tokio::time::Instant::now() >= until {
            return Ok(found.into());
        }
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep_until(until) => {}
        }
    }
}

/// A number, which a form gives as text.
fn number_in(arguments: &Map<String, Value>, name: &str) -> Option<i64> {
    let value = arguments.get(name)?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

struct Call<'a> {
    world: &'a mut World,
    bot: Bot,
    arguments: &'a Map<String, Value>,
    now_ms: i64,
}

impl Call<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).and_then(Value::as_str)
    }

    fn number(&self, name: &str) -> Option<i64> {
        number_in(self.arguments, name)
    }

    /// The chat, if the bot may write there.
    fn chat(&self) -> Result<Chat, Refusal> {
        let named = self.text("chat_id").and_then(|name| name.strip_prefix('@'));
        let found = match (named, self.number("chat_id")) {
            (Some(name), _) => self.world.chats.iter().find(|chat| chat.title == name),
            (None, Some(id)) => self.world.chat(id),
            (None, None) => return Err(Refusal::bad("chat_id is empty")),
        };
        if found.is_none() && self.number("chat_id").is_some_and(|id| self.world.user(id).is_some()) {
            return Err(Refusal::new(403, "Forbidden: bot can't initiate conversation with a user"));
        }
        let chat = found.ok_or_else(|| Refusal::bad("chat not found"))?;
        if let Some(id) = chat.upgraded_to {
            let mut refusal = Refusal::bad("group chat was upgraded to a supergroup chat");
            refusal.2 = json!({"migrate_to_chat_id": id});
            return Err(refusal);
        }
        match &chat.barred {
            Some(reason) if reason.starts_with("not enough rights") => Err(Refusal::bad(reason)),
            Some(reason) => Err(Refusal::new(403, format!("Forbidden: {reason}"))),
            None => Ok(chat.clone()),
        }
    }

    /// The markup and what is read of it.
    fn content(&self) -> Result<(String, String), Refusal> {
        let source = self.text("text").unwrap_or_default().to_owned();
        let read = match self.text("parse_mode").map(str::to_ascii_lowercase).as_deref() {
            None | Some("") => source.trim().to_owned(),
            Some("html") => html::read(&source).map_err(|why| Refusal::bad(&format!("can't parse entities: {why}")))?,
            Some(_) => return Err(Refusal::bad("unsupported parse_mode")),
        };
        if read.is_empty() {
            return Err(Refusal::bad("message text is empty"));
        }
        if html::length(&read) > MOST_TEXT {
            return Err(Refusal::bad("message is too long"));
        }
        Ok((source, read))
    }

    fn markup(&self) -> Result<Value, Refusal> {
        let markup = self.arguments.get("reply_markup").cloned().unwrap_or_default();
        for button in markup["inline_keyboard"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|row| row.as_array().into_iter().flatten())
        {
            if button["text"].as_str().is_none_or(str::is_empty) {
                return Err(Refusal::bad("can't parse inline keyboard button: Field \"text\" must be of type String"));
            }
            let data = button["callback_data"].as_str();
            if data.is_some_and(|data| !(1..=64).contains(&data.len())) {
                return Err(Refusal::bad("BUTTON_DATA_INVALID"));
            }
            if data.is_none() && button["url"].is_null() {
                return Err(Refusal::bad(
                    "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
                ));
            }
            if !button["style"].is_null()
                && !["danger", "success", "primary"].iter().any(|style| button["style"] == *style)
            {
                return Err(Refusal::bad("can't parse inline keyboard button: invalid button style specified"));
            }
        }
        Ok(markup)
    }

    fn send_message(&mut self) -> Result<Value, Refusal> {
        let chat = self.chat()?;
        let (source, text) = self.content()?;
        let topic = self.number("message_thread_id");
        if topic.is_some_and(|topic| !chat.topics.contains(&topic)) {
            return Err(Refusal::bad("message thread not found"));
        }
        let reply = self.arguments.get("reply_parameters").cloned().unwrap_or_default();
        let reply_to = reply["message_id"].as_i64().filter(|id| self.world.message(chat.id, *id).is_some());
        if reply["message_id"].is_i64() && reply_to.is_none() && reply["allow_sending_without_reply"] != true {
            return Err(Refusal::bad("message to be replied not found"));
        }
        let message = Message {
            chat_id: chat.id,
            id: self.world.number(),
            date: self.now_ms / 1000,
            bot_id: Some(self.bot.id),
            user_id: None,
            html: source,
            text,
            reply_markup: self.markup()?,
            reply_to,
            topic,
            edited: false,
        };
        let json = self.world.message_json(&message);
        self.world.add(message);
        Ok(json)
    }

    fn own_message(&self) -> Result<Message, Refusal> {
        let chat = self.chat()?;
        let id = self.number("message_id").ok_or_else(|| Refusal::bad("message identifier is not specified"))?;
        let message = self.world.message(chat.id, id).ok_or_else(|| Refusal::bad("message to edit not found"))?;
        if message.bot_id != Some(self.bot.id) {
            return Err(Refusal::bad("message can't be edited"));
        }
        Ok(message.clone())
    }

    fn replace(&mut self, before: &Message, after: Message) -> Result<Value, Refusal> {
        if before.html == after.html && before.reply_markup == after.reply_markup {
            return Err(Refusal::bad(
                "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
            ));
        }
        let json = self.world.message_json(&after);
        let place =
            self.world.messages.iter_mut().find(|message| message.chat_id == after.chat_id && message.id == after.id);
        if let Some(place) = place {
            *place = after;
        }
        Ok(json)
    }

    fn edit_text(&mut self) -> Result<Value, Refusal> {
        let before = self.own_message()?;
        let (html, text) = self.content()?;
        let after = Message { html, text, reply_markup: self.markup()?, edited: true, ..before.clone() };
        self.replace(&before, after)
    }

    fn edit_markup(&mut self) -> Result<Value, Refusal> {
        let before = self.own_message()?;
        let after = Message { reply_markup: self.markup()?, edited: true, ..before.clone() };
        self.replace(&before, after)
    }

    fn answer_query(&mut self) -> Result<Value, Refusal> {
        let id = self.text("callback_query_id").map(str::to_owned);
        let id = id.or_else(|| self.number("callback_query_id").map(|id| id.to_string())).unwrap_or_default();
        let text = self.text("text").map(str::to_owned);
        if text.as_ref().is_some_and(|text| html::length(text) > 200) {
            return Err(Refusal::bad("MESSAGE_TOO_LONG"));
        }
        let (now_ms, bot_id) = (self.now_ms, self.bot.id);
        let query =
            self.world.queries.iter_mut().find(|query| query.id == id && query.bot_id == bot_id && !query.answered);
        let query = query.filter(|query| now_ms - query.made_ms <= QUERY_MS);
        let query = query
            .ok_or_else(|| Refusal::bad("query is too old and response timeout expired or query ID is invalid"))?;
        query.answer = text;
        query.answered = true;
        Ok(true.into())
    }

    fn set_webhook(&mut self) -> Result<Value, Refusal> {
        let url = self.text("url").unwrap_or_default().to_owned();
        if url.is_empty() {
            return Ok(self.delete_webhook());
        }
        let is_local = url.starts_with("http://127.0.0.1") || url.starts_with("http://localhost");
        if !url.starts_with("https://") && !is_local {
            return Err(Refusal::bad("bad webhook: An HTTPS URL must be provided for webhook"));
        }
        let secret = self.text("secret_token").unwrap_or_default().to_owned();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if secret.len() > 256 || !secret.chars().all(allowed) {
            return Err(Refusal::bad("secret token contains unallowed characters"));
        }
        let allowed_updates =
            self.arguments.get("allowed_updates").and_then(|list| serde_json::from_value(list.clone()).ok());
        let webhook = Webhook {
            url,
            secret,
            allowed_updates: allowed_updates.unwrap_or_default(),
            last_error: None,
            last_error_ms: None,
        };
        if let Some(bot) = self.world.bots.iter_mut().find(|bot| bot.id == self.bot.id) {
            bot.webhook = Some(webhook);
        }
        Ok(true.into())
    }

    fn delete_webhook(&mut self) -> Value {
        let drop_pending = self.arguments.get("drop_pending_updates") == Some(&true.into());
        let id = self.bot.id;
        if let Some(bot) = self.world.bots.iter_mut().find(|bot| bot.id == id) {
            bot.webhook = None;
        }
        if drop_pending {
            self.world.updates.retain(|update| update.bot_id != id);
        }
        true.into()
    }

    fn webhook_info(&self) -> Value {
        let pending = self.world.updates.iter().filter(|update| update.bot_id == self.bot.id).count();
        let webhook = self.bot.webhook.as_ref();
        let mut info = json!({
            "url": webhook.map_or("", |webhook| webhook.url.as_str()), "has_custom_certificate": false,
            "pending_update_count": pending, "max_connections": 40,
        });
        if let Some(error) = webhook.and_then(|webhook| webhook.last_error.as_ref()) {
            info["last_error_message"] = error.clone().into();
            info["last_error_date"] = webhook.and_then(|webhook| webhook.last_error_ms).map(|ms| ms / 1000).into();
        }
        info
    }
}
