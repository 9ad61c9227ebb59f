//! `PATCH /local/telegram/state`: what people and administrators do in a messenger.

use std::sync::Arc;

use axum::{
    Json,
    extract::State as Shared,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{
    Telegram,
    world::{BOT_ID, Chat, Message},
};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Change {
    /// The bot's token is revoked, or valid again.
    revoked: Option<bool>,
    /// A chat, for what follows.
    chat: Option<i64>,
    /// Why the bot may not write there, as `bot was blocked by the user`; empty when it may.
    barred: Option<String>,
    /// The group becomes a supergroup with that id.
    upgrade_to: Option<i64>,
}

pub(super) async fn change(Shared(telegram): Shared<Arc<Telegram>>, Json(change): Json<Change>) -> Response {
    let now_ms = telegram.clock.now_ms();
    let changed = telegram
        .world
        .change(|world| {
            if let Some(revoked) = change.revoked {
                world.bots.iter_mut().for_each(|bot| bot.revoked = revoked);
            }
            let Some(chat_id) = change.chat else { return true };
            let Some(chat) = world.chats.iter_mut().find(|chat| chat.id == chat_id) else { return false };
            if let Some(barred) = &change.barred {
                chat.barred = (!barred.is_empty()).then(|| barred.clone());
            }
            if let Some(id) = change.upgrade_to {
                chat.upgraded_to = Some(id);
                let new = Chat { id, kind: "supergroup".to_owned(), upgraded_to: None, ..chat.clone() };
                let old = chat.json();
                world.chats.push(new);
                let service = Message {
                    chat_id,
                    id: world.number(),
                    date: now_ms / 1000,
                    bot_id: None,
                    user_id: None,
                    html: String::new(),
                    text: "The group was upgraded to a supergroup".to_owned(),
                    reply_markup: serde_json::Value::Null,
                    reply_to: None,
                    topic: None,
                    edited: false,
                };
                let told =
                    json!({"message_id": service.id, "date": service.date, "chat": old, "migrate_to_chat_id": id});
                world.add(service);
                world.push(BOT_ID, 0, "message", told, now_ms);
            }
            true
        })
        .await;
    telegram.changed.notify_waiters();
    match changed {
        Ok(true) => Json(json!({"changed": true})).into_response(),
        Ok(false) => {
            let body = json!({"error": "not_found", "message": "There is no such chat in this Telegram."});
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
