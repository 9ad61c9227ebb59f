//! `/local/telegram`: a chat as one of its members sees it. Buttons are forms; there are no scripts.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    extract::{Query, State as Shared},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    Telegram,
    world::{BOT_TOKEN, Message, User, World},
};
use crate::markup::escape;

const STYLE: &str = include_str!("page.css");

#[derive(Deserialize)]
pub(super) struct Look {
    #[serde(rename = "as", default)]
    user: i64,
    #[serde(default)]
    chat: i64,
    /// The message that is answered.
    #[serde(default)]
    reply: Option<i64>,
    /// What the page is used for besides looking.
    #[serde(default)]
    does: Does,
}

#[derive(Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Does {
    #[default]
    Look,
    Write,
    AskBotFather,
}

/// The page.
pub(super) async fn show(Shared(telegram): Shared<Arc<Telegram>>, Query(look): Query<Look>) -> Response {
    let page = telegram
        .world
        .read(|world| {
            let user = world.user(look.user).unwrap_or(&world.users[0]);
            let mut chats = world.chats.iter().filter(|chat| chat.members.contains(&user.id) && chat.upgraded_to.is_none());
            let chat_id = chats.clone().find(|chat| chat.id == look.chat).or_else(|| chats.next()).map_or(0, |chat| chat.id);
            let asked = look.reply.or_else(|| waiting(world, chat_id));
            // Nothing is to be typed, or copied, under somebody's hands.
            let is_still = asked.is_some() || look.does != Does::Look;
            let renew = if is_still { "" } else { "<meta http-equiv=refresh content=1>" };
            format!(
                "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width, initial-scale=1\">{renew}\
                 <title>Telegram on this machine</title><style>{STYLE}</style><body>{}{}</body></html>",
                sidebar(world, user, chat_id, look.does),
                conversation(world, user, chat_id, (asked, is_still))
            )
        })
        .await;
    Html(page).into_response()
}

/// The last question that wants a reply and has none.
fn waiting(world: &World, chat_id: i64) -> Option<i64> {
    let last = world.messages.iter().rev().find(|message| message.chat_id == chat_id)?;
    (last.reply_markup["force_reply"] == true).then_some(last.id)
}

fn sidebar(world: &World, user: &User, current: i64, does: Does) -> String {
    let mut html = String::from("<nav><h1>Telegram</h1><p>You are</p><ul>");
    for person in &world.users {
        let mark = if person.id == user.id { " class=on" } else { "" };
        _ = write!(
            html,
            "<li{mark}><a href=\"?as={}&amp;chat={current}\">{}</a></li>",
            person.id,
            escape(&person.full_name())
        );
    }
    html.push_str("</ul><p>Chats</p><ul>");
    for chat in world.chats.iter().filter(|chat| chat.members.contains(&user.id) && chat.upgraded_to.is_none()) {
        let mark = if chat.id == current { " class=on" } else { "" };
        let title = if chat.kind == "private" { "Novacore Approvals (bot)" } else { chat.title.as_str() };
        _ = write!(
            html,
            "<li{mark}><a href=\"?as={}&amp;chat={}\">{}<small>{}</small></a></li>",
            user.id,
            chat.id,
            escape(title),
            chat.id
        );
    }
    let own = format!("?as={}&amp;chat={current}", user.id);
    html.push_str("</ul><p>Bots</p><ul>");
    if does == Does::AskBotFather {
        _ = write!(
            html,
            "<li class=on><a href=\"{own}\">BotFather</a></li></ul><p>The bot's token</p><code>{BOT_TOKEN}</code>"
        );
        _ = write!(html, "<p>You are user</p><code>{}</code></nav>", user.id);
    } else {
        _ = write!(html, "<li><a href=\"{own}&amp;does=ask_bot_father\">BotFather</a></li></ul></nav>");
    }
    html
}

fn conversation(world: &World, user: &User, chat_id: i64, (asked, is_still): (Option<i64>, bool)) -> String {
    let mut html = String::from("<main>");
    let messages: Vec<&Message> = world.messages.iter().filter(|message| message.chat_id == chat_id).collect();
    if messages.is_empty() {
        html.push_str("<p class=quiet>Nothing was written here yet.</p>");
    }
    for message in messages {
        html.push_str(&bubble(world, user, message));
    }
    let toast = world.queries.iter().rev().find(|query| query.user_id == user.id && query.chat_id == chat_id);
    if let Some(text) = toast.and_then(|query| query.answer.as_ref()) {
        _ = write!(html, "<p class=toast role=status>{}</p>", escape(text));
    }
    if !is_still {
        _ = write!(
            html,
            "<p class=write><a href=\"?as={}&amp;chat={chat_id}&amp;does=write\">Write a message</a></p></main>",
            user.id
        );
        return html;
    }
    let reply = asked.map(|id| {
        format!("<input type=hidden name=reply_to value={id}><span class=quiet>In reply to message {id}</span>")
    });
    _ = write!(
        html,
        "<form class=write method=post action=/local/telegram/write><input type=hidden name=user value={}>\
         <input type=hidden name=chat value={chat_id}>{}<textarea name=text rows=2 aria-label=Message placeholder=Message></textarea><button>Send</button></form></main>",
        user.id,
        reply.unwrap_or_default(),
    );
    html
}

fn bubble(world: &World, user: &User, message: &Message) -> String {
    let by_bot = message.bot_id.and_then(|id| world.bot(id)).map(|bot| bot.name.clone());
    let by_user = message.user_id.and_then(|id| world.user(id)).map(User::full_name);
    let own = if message.user_id == Some(user.id) { " own" } else { "" };
    let mut html = format!("<article class=\"bubble{own}\"><b>{}</b>", escape(&by_bot.or(by_user).unwrap_or_default()));
    if let Some(replied) = message.reply_to.and_then(|id| world.message(message.chat_id, id)) {
        let start: String = replied.text.chars().take(60).collect();
        _ = write!(html, "<div class=replied>{}</div>", escape(&start));
    }
    // What a bot sends was read as Telegram's HTML before it was kept, so it holds those tags and no others.
    let body = if message.html.is_empty() { escape(&message.text) } else { message.html.clone() };
    _ = write!(html, "<div class=text>{}</div>", body.trim());
    let edited = if message.edited { "edited " } else { "" };
    let answer = format!("<a href=\"?as={}&amp;chat={}&amp;reply={}\">reply</a>", user.id, message.chat_id, message.id);
    _ = write!(html, "<div class=quiet>{edited}{answer}</div></article>");
    for row in message.reply_markup["inline_keyboard"].as_array().into_iter().flatten() {
        html.push_str("<div class=row>");
        for button in row.as_array().into_iter().flatten() {
            let label = escape(button["text"].as_str().unwrap_or_default());
            _ = write!(
                html,
                "<form method=post action=/local/telegram/press><input type=hidden name=user value={}><input type=hidden name=chat value={}>\
                 <input type=hidden name=message value={}><button class=\"{}\" name=label value=\"{label}\">{label}</button></form>",
                user.id,
                message.chat_id,
                message.id,
                escape(button["style"].as_str().unwrap_or_default()),
            );
        }
        html.push_str("</div>");
    }
    html
}
