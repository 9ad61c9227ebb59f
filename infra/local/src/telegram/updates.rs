//! People press buttons and write messages: updates for the bot.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::State as Shared,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{
    Telegram,
    world::{Chat, Message, Query, User},
};
use crate::posted_fields::PostedFields;

/// How long a person looks at a button that was pressed.
const LOOKS: Duration = Duration::from_secs(3);

/// The page that posted.
fn back(said: &PostedFields) -> Response {
    Redirect::to(&format!("/local/telegram?as={}&chat={}", said.get("user"), said.get("chat"))).into_response()
}

fn missing(what: &str) -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": "not_found", "message": what}))).into_response()
}

/// `POST /local/telegram/press`: `user`, `chat`, `message`, and the button by its `label`; or any `data`, as a client of
/// one's own can send it.
pub(super) async fn press(Shared(telegram): Shared<Arc<Telegram>>, headers: HeaderMap, body: Bytes) -> Response {
    let said = PostedFields::read(&headers, &body);
    let (Some(user_id), Some(chat_id), Some(message_id)) =
        (said.number("user"), said.number("chat"), said.number("message"))
    else {
        return missing("Say user, chat and message.");
    };
    let now_ms = telegram.clock.now_ms();
    let made = telegram
        .world
        .change(|world| {
            let user = world.user(user_id).map(User::json)?;
            let message = world.message(chat_id, message_id).cloned()?;
            let bot_id = message.bot_id?;
            let rows = message.reply_markup["inline_keyboard"].as_array().cloned().unwrap_or_default();
            let mut buttons = rows.iter().flat_map(|row| row.as_array().into_iter().flatten());
            let data = match said.fields.get("data") {
                Some(data) => data.clone(),
                None => buttons.find(|button| button["text"] == said.get("label"))?["callback_data"].as_str()?.to_owned(),
            };
            let id = format!("{}{:06}", now_ms, world.number());
            let content = json!({
                "id": id, "from": user, "message": world.message_json(&message), "chat_instance": chat_id.to_string(), "data": data,
            });
            world.queries.retain(|query| now_ms - query.made_ms < 600_000);
            world.queries.push(Query { id: id.clone(), bot_id, user_id, chat_id, made_ms: now_ms, answer: None, answered: false });
            world.push(bot_id, user_id, "callback_query", content, now_ms);
            Some(id)
        })
        .await;
    let Ok(Some(id)) = made else { return missing("There is no such button.") };
    telegram.changed.notify_waiters();
    let answered = answer(&telegram, &id).await;
    if said.is_form {
        return back(&said);
    }
    let text = answered.as_ref().and_then(|query| query.answer.clone());
    Json(json!({"answered": answered.is_some(), "text": text})).into_response()
}

/// The press once the bot answered it; `None` when it did not.
async fn answer(telegram: &Telegram, query_id: &str) -> Option<Query> {
    let until = tokio::time::Instant::now() + LOOKS;
    loop {
        let mut changed = std::pin::pin!(telegram.changed.notified());
        changed.as_mut().enable();
        let is_it = |query: &&Query| query.id == query_id && query.answered;
        let found = telegram.world.read(|world| world.queries.iter().find(is_it).cloned()).await;
        if found.is_some() {
            return found;
        }
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep_until(until) => return None,
        }
    }
}

/// `POST /local/telegram/write`: `user`, `chat`, `text`, and `reply_to` for a reply.
pub(super) async fn write(Shared(telegram): Shared<Arc<Telegram>>, headers: HeaderMap, body: Bytes) -> Response {
    let said = PostedFields::read(&headers, &body);
    let (Some(user_id), Some(chat_id)) = (said.number("user"), said.number("chat")) else {
        return missing("Say user and chat.");
    };
    let now_ms = telegram.clock.now_ms();
    let reply_to = said.number("reply_to");
    let text = said.get("text").replace("\r\n", "\n").trim().to_owned();
    let written = telegram
        .world
        .change(|world| {
            let chat =
                world.chat(chat_id).filter(|chat| chat.members.contains(&user_id) && !text.is_empty()).cloned()?;
            let replied = reply_to.and_then(|id| world.message(chat_id, id)).cloned();
            let message = Message {
                chat_id,
                id: world.number(),
                date: now_ms / 1000,
                bot_id: None,
                user_id: Some(user_id),
                html: String::new(),
                text: text.clone(),
                reply_markup: Value::Null,
                reply_to: replied.as_ref().map(|replied| replied.id),
                topic: replied.as_ref().and_then(|replied| replied.topic),
                edited: false,
            };
            let content = world.message_json(&message);
            let id = message.id;
            world.add(message);
            for bot_id in readers(&chat, replied.as_ref(), &text, world.bots.iter().map(|bot| bot.id)) {
                world.push(bot_id, user_id, "message", content.clone(), now_ms);
            }
            Some(id)
        })
        .await;
    let Ok(Some(id)) = written else { return missing("That chat has no such member.") };
    telegram.changed.notify_waiters();
    if said.is_form { back(&said) } else { Json(json!({"message_id": id})).into_response() }
}

/// Which bots see a message: all in a private chat; in a group, with privacy mode, the one that is answered, and all when
/// it is a command.
fn readers(chat: &Chat, replied: Option<&Message>, text: &str, bots: impl Iterator<Item = i64>) -> Vec<i64> {
    let answered = replied.and_then(|replied| replied.bot_id);
    bots.filter(|bot| chat.kind == "private" || answered == Some(*bot) || text.starts_with('/')).collect()
}
