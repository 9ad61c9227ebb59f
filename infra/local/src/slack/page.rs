//! `/local/slack`: a channel as one of its members sees it. Buttons and modals are forms; there are no scripts.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    extract::{Query, State as Shared},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Slack,
    world::{Message, Modal, TEAM_NAME, User, World},
};
use crate::markup::escape;

const STYLE: &str = include_str!("page.css");

#[derive(Deserialize)]
pub(super) struct Look {
    #[serde(rename = "as", default)]
    user: String,
    #[serde(default)]
    channel: String,
    /// The app whose settings are shown.
    #[serde(default)]
    app: String,
}

/// The page.
pub(super) async fn show(Shared(slack): Shared<Arc<Slack>>, Query(look): Query<Look>) -> Response {
    let page = slack
        .world
        .read(|world| {
            let user = world.user(&look.user).unwrap_or(&world.users[0]);
            let channel = world.channel(&look.channel).unwrap_or(&world.channels[0]).id.clone();
            let modal = world.views.get(&user.id);
            let mut body = String::from("<div class=app>");
            body.push_str(&sidebar(world, user, &channel, &look.app));
            body.push_str(&messages(world, user, &channel));
            body.push_str("</div>");
            if let Some(view) = modal {
                body.push_str(&modal_form(view, user, &channel));
            }
            // Neither a modal nor an app's settings are to be typed into, or copied from, under somebody's hands.
            frame(&format!("{TEAM_NAME} – Slack on this machine"), &body, modal.is_none() && look.app.is_empty())
        })
        .await;
    Html(page).into_response()
}

/// A whole page; one that renews itself shows what happens elsewhere within a second.
pub(super) fn frame(title: &str, body: &str, renews: bool) -> String {
    let renew = if renews { "<meta http-equiv=refresh content=1>" } else { "" };
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width, initial-scale=1\">{renew}\
         <title>{}</title><style>{STYLE}</style><body>{body}</body></html>",
        escape(title)
    )
}

fn sidebar(world: &World, user: &User, current: &str, shown_app: &str) -> String {
    let mut html = format!("<nav><h1>{TEAM_NAME}</h1><p>You are</p><ul>");
    for person in &world.users {
        let mark = if person.id == user.id { " class=on" } else { "" };
        _ = write!(
            html,
            "<li{mark}><a href=\"?as={}&amp;channel={current}\">{}</a></li>",
            person.id,
            escape(&person.real_name)
        );
    }
    html.push_str("</ul><p>Channels</p><ul>");
    for channel in &world.channels {
        let mark = if channel.id == current { " class=on" } else { "" };
        let sign = if channel.private { "🔒" } else { "#" };
        let name = escape(&channel.name);
        _ = write!(html, "<li{mark}><a href=\"?as={}&amp;channel={}\">{sign} {name}</a></li>", user.id, channel.id);
    }
    html.push_str("</ul><p>Apps</p><ul>");
    for app in &world.apps {
        let (mark, shown) = if app.id == shown_app { (" class=on", "") } else { ("", app.id.as_str()) };
        let name = escape(&app.name);
        _ = write!(html, "<li{mark}><a href=\"?as={}&amp;channel={current}&amp;app={shown}\">{name}</a></li>", user.id);
        if app.id != shown_app {
            continue;
        }
        let token = world.tokens.iter().find(|token| token.app_id == app.id && !token.revoked);
        let token = token.map_or("not installed", |token| token.token.as_str());
        _ = write!(
            html,
            "<li><form method=post action=/local/slack/state><label>Bot User OAuth Token<input readonly value=\"{}\"></label>\
             <label>Signing Secret<input readonly name=signing_secret value=\"{}\"></label>\
             <label>Interactivity, Request URL<input name=request_url value=\"{}\"></label><button>Save</button></form></li>",
            escape(token),
            escape(&app.signing_secret),
            escape(&app.request_url),
        );
    }
    html.push_str("</ul></nav>");
    html
}

fn messages(world: &World, user: &User, channel_id: &str) -> String {
    let Some(channel) = world.channel(channel_id) else { return String::new() };
    let mut html = format!("<main><h2># {} <small>{channel_id}</small></h2>", escape(&channel.name));
    let seen = |message: &&Message| {
        message.channel == channel.id && message.only_for.as_ref().is_none_or(|only| *only == user.id)
    };
    let all: Vec<&Message> = world.messages.iter().filter(seen).collect();
    if all.is_empty() {
        html.push_str("<p class=quiet>Nothing was posted here yet.</p>");
    }
    for message in all.iter().filter(|message| message.thread_ts.is_none()) {
        html.push_str(&article(world, message, user));
        for reply in all.iter().filter(|reply| reply.thread_ts.as_ref() == Some(&message.ts)) {
            _ = write!(html, "<div class=thread>{}</div>", article(world, reply, user));
        }
    }
    html.push_str("</main>");
    html
}

fn article(world: &World, message: &Message, user: &User) -> String {
    let app = world.app(&message.app_id).map_or("", |app| app.name.as_str());
    let mut html =
        format!("<article id=\"m{}\"><b class=app-name>{}</b> <span class=badge>APP</span>", message.ts, escape(app));
    if message.only_for.is_some() {
        html.push_str(" <span class=quiet>Only visible to you</span>");
    }
    if message.edited {
        html.push_str(" <span class=quiet>(edited)</span>");
    }
    match message.blocks.as_array().filter(|blocks| !blocks.is_empty()) {
        Some(blocks) => blocks.iter().for_each(|shown| html.push_str(&block(shown, message, user))),
        None => _ = write!(html, "<p>{}</p>", lines(&message.text)),
    }
    if let Some(trouble) = &message.trouble {
        _ = write!(html, "<p class=trouble>⚠ {}</p>", escape(trouble));
    }
    html.push_str("</article>");
    html
}

fn block(block: &Value, message: &Message, user: &User) -> String {
    match block["type"].as_str().unwrap_or_default() {
        "header" => format!("<h3>{}</h3>", text(&block["text"])),
        "section" => {
            let fields =
                block["fields"].as_array().into_iter().flatten().map(|field| format!("<div>{}</div>", text(field)));
            format!("<p>{}</p>{}", text(&block["text"]), fields.collect::<String>())
        }
        "context" => {
            let parts = block["elements"].as_array().into_iter().flatten().map(text);
            format!("<p class=context>{}</p>", parts.collect::<Vec<_>>().join(" "))
        }
        "divider" => "<hr>".to_owned(),
        "actions" => {
            let buttons = block["elements"].as_array().into_iter().flatten().map(|element| {
                format!(
                    "<form method=post action=/local/slack/press><input type=hidden name=user value=\"{}\">\
                     <input type=hidden name=channel value=\"{}\"><input type=hidden name=ts value=\"{}\">\
                     <button class=\"{}\" name=action_id value=\"{}\">{}</button></form>",
                    user.id,
                    message.channel,
                    message.ts,
                    escape(element["style"].as_str().unwrap_or_default()),
                    escape(element["action_id"].as_str().unwrap_or_default()),
                    text(&element["text"]),
                )
            });
            format!("<div class=actions>{}</div>", buttons.collect::<String>())
        }
        other => format!("<p class=trouble>({})</p>", escape(other)),
    }
}

fn modal_form(view: &Modal, user: &User, channel: &str) -> String {
    let mut html =
        format!("<div class=veil><div class=modal role=dialog aria-modal=true><h3>{}</h3>", text(&view.view["title"]));
    if let Some(error) = view.errors.get("") {
        _ = write!(html, "<p class=trouble>⚠ {}</p>", escape(error));
    }
    let hidden = format!(
        "<input type=hidden name=user value=\"{}\"><input type=hidden name=channel value=\"{channel}\">",
        user.id
    );
    _ = write!(html, "<form method=post action=/local/slack/submit>{hidden}");
    for block in view.view["blocks"].as_array().into_iter().flatten() {
        if block["type"] != "input" {
            let kind = if block["type"] == "context" { &block["elements"][0] } else { &block["text"] };
            _ = write!(html, "<p class=context>{}</p>", text(kind));
            continue;
        }
        let id = block["block_id"].as_str().unwrap_or_default();
        let element = &block["element"];
        let initial = element["initial_value"].as_str().unwrap_or_default();
        let value = escape(view.typed.get(id).map_or(initial, String::as_str));
        let most = element["max_length"].as_u64().unwrap_or(3_000);
        let optional = if block["optional"] == true { " <span class=quiet>(optional)</span>" } else { "" };
        _ = write!(html, "<label>{}{optional}", text(&block["label"]));
        if element["multiline"] == true {
            _ = write!(html, "<textarea name=\"value.{}\" maxlength={most} rows=8>\n{value}</textarea>", escape(id));
        } else {
            _ = write!(html, "<input name=\"value.{}\" maxlength={most} value=\"{value}\">", escape(id));
        }
        if let Some(error) = view.errors.get(id) {
            _ = write!(html, "<span class=trouble>{}</span>", escape(error));
        }
        html.push_str("</label>");
    }
    if view.view["submit"].is_object() {
        _ = write!(html, "<button class=primary>{}</button>", text(&view.view["submit"]));
    }
    let close = if view.view["close"].is_object() { text(&view.view["close"]) } else { "Close".to_owned() };
    _ = write!(html, "<button formaction=/local/slack/close formnovalidate>{close}</button></form></div></div>");
    html
}

/// A text object: plain as it is, `mrkdwn` with the little of it that is used here.
fn text(object: &Value) -> String {
    let text = object["text"].as_str().unwrap_or_default();
    match object["type"].as_str() {
        Some("mrkdwn") => marked(text),
        _ if object["emoji"] == true => emoji(&lines(text)),
        _ => lines(text),
    }
}

fn marked(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        html.push_str(&bold(&rest[..at]));
        let Some(end) = rest[at..].find('>') else { break };
        let link = &rest[at + 1..at + end];
        let (url, label) = link.split_once('|').unwrap_or((link, link));
        _ = write!(html, "<a href=\"{}\">{}</a>", escape(&unescape(url)), escape(&unescape(label)));
        rest = &rest[at + end + 1..];
    }
    html.push_str(&bold(rest));
    emoji(&html)
}

fn bold(text: &str) -> String {
    let text = lines(&unescape(text));
    let parts: Vec<&str> = text.split('*').collect();
    let mut html = String::new();
    for (at, part) in parts.iter().enumerate() {
        let closed = at % 2 == 1 && at + 1 < parts.len();
        if closed {
            _ = write!(html, "<b>{part}</b>");
        } else {
            html.push_str(part);
        }
    }
    html
}

fn emoji(html: &str) -> String {
    [(":warning:", "⚠️"), (":white_check_mark:", "✅"), (":no_entry:", "⛔"), (":hourglass:", "⌛")]
        .into_iter()
        .fold(html.to_owned(), |html, (code, sign)| html.replace(code, sign))
}

fn lines(text: &str) -> String {
    escape(text).replace('\n', "<br>")
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
