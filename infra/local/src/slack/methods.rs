//! The Web API: `/api/<method>`, by JSON or form, with a token in the header or the body.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State as Shared},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value, json};

use super::{
    Slack, check, oauth,
    world::{App, Grant, Message, Modal, TEAM_ID, TEAM_NAME, World},
};
use crate::faults::Service;

/// A trigger opens one view within so much time.
const TRIGGER_MS: i64 = 3_000;
/// What `chat.postMessage` takes as `text`, in characters.
const MOST_TEXT: usize = 40_000;
/// What `chat.update` takes.
const MOST_UPDATED_TEXT: usize = 4_000;

/// Why a call was not carried out.
pub(super) enum Refusal {
    /// One of Slack's words.
    Word(&'static str),
    /// A scope the token lacks.
    Scope { needed: &'static str, provided: Vec<String> },
    /// Blocks or a view that are not as they should be.
    Invalid { word: &'static str, messages: Vec<String> },
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = match self {
            Self::Word(word) => json!({"ok": false, "error": word}),
            Self::Scope { needed, provided } => {
                json!({"ok": false, "error": "missing_scope", "needed": needed, "provided": provided.join(",")})
            }
            Self::Invalid { word, messages } => {
                json!({"ok": false, "error": word, "response_metadata": {"messages": messages}})
            }
        };
        Json(body).into_response()
    }
}

/// Any method.
pub(super) async fn call(
    Shared(slack): Shared<Arc<Slack>>,
    Path(method): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut arguments = arguments(&headers, &body);
    for (name, value) in query.iter().flat_map(|query| form_urlencoded::parse(query.as_bytes())) {
        arguments.entry(name.into_owned()).or_insert_with(|| Value::String(value.into_owned()));
    }
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    let throttled = || {
        let body = Json(json!({"ok": false, "error": "ratelimited"}));
        (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], body).into_response()
    };
    let effect = async {
        if method == "oauth.v2.access" {
            return oauth::access(&slack, &headers, &arguments).await;
        }
        let token = bearer.or_else(|| arguments.get("token").and_then(Value::as_str).map(str::to_owned));
        match carry_out(&slack, &method, token, &arguments).await {
            Ok(mut answer) => {
                answer["ok"] = true.into();
                Json(answer).into_response()
            }
            Err(refusal) => refusal.into_response(),
        }
    };
    slack.faults.strike(Service::Slack, &method, throttled, effect).await
}

/// From a JSON object or a form, whose values may be JSON themselves.
fn arguments(headers: &HeaderMap, body: &[u8]) -> Map<String, Value> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_slice(body).unwrap_or_default();
    }
    let fields = form_urlencoded::parse(body).map(|(name, value)| {
        let structured = ["blocks", "view", "attachments", "metadata"].contains(&name.as_ref());
        let parsed = structured.then(|| serde_json::from_str(&value).ok()).flatten();
        (name.into_owned(), parsed.unwrap_or_else(|| Value::String(value.into_owned())))
    });
    fields.collect()
}

async fn carry_out(
    slack: &Slack,
    method: &str,
    token: Option<String>,
    arguments: &Map<String, Value>,
) -> Result<Value, Refusal> {
    let now_ms = slack.clock.now_ms();
    let known = [
        "auth.test",
        "chat.postMessage",
        "chat.update",
        "chat.postEphemeral",
        "views.open",
        "users.info",
        "conversations.info",
        "conversations.list",
    ];
    if !known.contains(&method) {
        return Err(Refusal::Word("unknown_method"));
    }
    let token = token.filter(|token| !token.is_empty()).ok_or(Refusal::Word("not_authed"))?;
    let changed = slack
        .world
        .change(|world| {
            let token =
                world.tokens.iter().find(|known| known.token == token).cloned().ok_or(Refusal::Word("invalid_auth"))?;
            if token.revoked {
                return Err(Refusal::Word("token_revoked"));
            }
            let app = world.app(&token.app_id).cloned().ok_or(Refusal::Word("account_inactive"))?;
            let mut call = Call { world, app, token, arguments, now_ms };
            match method {
                "auth.test" => Ok(call.auth_test()),
                "chat.postMessage" => call.post_message(),
                "chat.update" => call.update(),
                "chat.postEphemeral" => call.post_ephemeral(),
                "views.open" => call.open_view(),
                "users.info" => call.user_info(),
                "conversations.info" => call.channel_info(),
                _ => call.channels(),
            }
        })
        .await;
    changed.unwrap_or(Err(Refusal::Word("internal_error")))
}

struct Call<'a> {
    world: &'a mut World,
    app: App,
    token: Grant,
    arguments: &'a Map<String, Value>,
    now_ms: i64,
}

impl Call<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    fn require(&self, scope: &'static str) -> Result<(), Refusal> {
        if self.token.scopes.iter().any(|granted| granted == scope) {
            return Ok(());
        }
        Err(Refusal::Scope { needed: scope, provided: self.token.scopes.clone() })
    }

    fn auth_test(&self) -> Value {
        json!({
            "url": "https://novacore.slack.com/", "team": TEAM_NAME, "team_id": TEAM_ID, "user": self.app.name,
            "user_id": self.app.bot_user_id, "bot_id": format!("B{}", &self.app.id[1..]), "is_enterprise_install": false,
        })
    }

    /// The channel an app may write to. A private one that it is not in does not exist for it.
    fn writable(&self) -> Result<String, Refusal> {
        let channel =
            self.text("channel").and_then(|id| self.world.channel(id)).ok_or(Refusal::Word("channel_not_found"))?;
        let is_member = channel.apps.contains(&self.app.id);
        if channel.private && !is_member {
            return Err(Refusal::Word("channel_not_found"));
        }
        if channel.archived {
            return Err(Refusal::Word("is_archived"));
        }
        let anywhere = self.token.scopes.iter().any(|scope| scope == "chat:write.public");
        if !is_member && !anywhere {
            return Err(Refusal::Word("not_in_channel"));
        }
        Ok(channel.id.clone())
    }

    fn blocks(&self) -> Result<Value, Refusal> {
        let Some(blocks) = self.arguments.get("blocks").filter(|blocks| !blocks.is_null()) else {
            return Ok(json!([]));
        };
        let messages = check::message_blocks(blocks);
        if messages.is_empty() {
            Ok(blocks.clone())
        } else {
            Err(Refusal::Invalid { word: "invalid_blocks", messages })
        }
    }

    fn content(&self, most_text: usize) -> Result<(String, Value), Refusal> {
        let blocks = self.blocks()?;
        let text = self.text("text").unwrap_or_default().to_owned();
        if text.is_empty() && blocks.as_array().is_none_or(Vec::is_empty) {
            return Err(Refusal::Word("no_text"));
        }
        if text.chars().count() > most_text {
            return Err(Refusal::Word("msg_too_long"));
        }
        Ok((text, blocks))
    }

    fn post(&mut self, only_for: Option<String>) -> Result<Value, Refusal> {
        self.require("chat:write")?;
        let channel = self.writable()?;
        let (text, blocks) = self.content(MOST_TEXT)?;
        let ts = self.world.ts(self.now_ms);
        let thread_ts = self.text("thread_ts").map(str::to_owned);
        let message = Message {
            channel: channel.clone(),
            ts: ts.clone(),
            app_id: self.app.id.clone(),
            text,
            blocks,
            thread_ts,
            only_for,
            edited: false,
            trouble: None,
        };
        let shown = shown(&message, &self.app);
        self.world.add(message);
        Ok(json!({"channel": channel, "ts": ts, "message_ts": ts, "message": shown}))
    }

    fn post_message(&mut self) -> Result<Value, Refusal> {
        self.post(None)
    }

    fn post_ephemeral(&mut self) -> Result<Value, Refusal> {
        let user = self.text("user").map(str::to_owned);
        let user = user.filter(|user| self.world.user(user).is_some()).ok_or(Refusal::Word("user_not_in_channel"))?;
        self.post(Some(user))
    }

    fn update(&mut self) -> Result<Value, Refusal> {
        self.require("chat:write")?;
        let channel = self.text("channel").and_then(|id| self.world.channel(id)).map(|channel| channel.id.clone());
        // Unlike `chat.postMessage` it takes no names.
        let channel =
            channel.filter(|id| self.text("channel") == Some(id.as_str())).ok_or(Refusal::Word("channel_not_found"))?;
        if self.world.channel(&channel).is_some_and(|channel| channel.archived) {
            return Err(Refusal::Word("is_archived"));
        }
        let (text, blocks) = self.content(MOST_UPDATED_TEXT)?;
        let ts = self.text("ts").unwrap_or_default().to_owned();
        let app_id = self.app.id.clone();
        let message = self.world.message(&channel, &ts).filter(|message| message.only_for.is_none());
        let message = message.ok_or(Refusal::Word("message_not_found"))?;
        if message.app_id != app_id {
            return Err(Refusal::Word("cant_update_message"));
        }
        text.clone_into(&mut message.text);
        message.blocks = blocks;
        message.edited = true;
        message.trouble = None;
        let shown = shown(message, &self.app);
        Ok(json!({"channel": channel, "ts": ts, "text": text, "message": shown}))
    }

    fn open_view(&mut self) -> Result<Value, Refusal> {
        let view = self.arguments.get("view").cloned().unwrap_or_default();
        let messages = check::view(&view);
        if !messages.is_empty() {
            return Err(Refusal::Invalid { word: "invalid_arguments", messages });
        }
        if view.to_string().len() > 250_000 {
            return Err(Refusal::Word("view_too_large"));
        }
        let (now_ms, app_id) = (self.now_ms, self.app.id.clone());
        let wanted = self.text("trigger_id").unwrap_or_default().to_owned();
        let trigger = self.world.triggers.iter_mut().find(|trigger| trigger.id == wanted && trigger.app_id == app_id);
        let trigger = trigger.ok_or(Refusal::Word("invalid_trigger_id"))?;
        if trigger.used {
            return Err(Refusal::Word("exchanged_trigger_id"));
        }
        if now_ms - trigger.made_ms > TRIGGER_MS {
            return Err(Refusal::Word("expired_trigger_id"));
        }
        trigger.used = true;
        let user = trigger.user.clone();
        let number = self.world.number();
        let opened = Modal {
            id: format!("V{number:010}"),
            app_id,
            hash: format!("{now_ms}.{number}"),
            view: view.clone(),
            typed: std::collections::BTreeMap::new(),
            errors: std::collections::BTreeMap::new(),
        };
        let mut shown = view;
        shown["id"] = opened.id.clone().into();
        shown["hash"] = opened.hash.clone().into();
        self.world.views.insert(user, opened);
        Ok(json!({"view": shown}))
    }

    fn user_info(&self) -> Result<Value, Refusal> {
        self.require("users:read")?;
        let user = self.text("user").and_then(|id| self.world.user(id)).ok_or(Refusal::Word("user_not_found"))?;
        Ok(
            json!({"user": {"id": user.id, "name": user.name, "real_name": user.real_name, "profile": {"display_name": user.real_name}}}),
        )
    }

    fn channel_info(&self) -> Result<Value, Refusal> {
        self.require("channels:read")?;
        let channel =
            self.text("channel").and_then(|id| self.world.channel(id)).ok_or(Refusal::Word("channel_not_found"))?;
        Ok(json!({"channel": {"id": channel.id, "name": channel.name, "is_archived": channel.archived,
            "is_private": channel.private, "is_member": channel.apps.contains(&self.app.id)}}))
    }

    fn channels(&self) -> Result<Value, Refusal> {
        self.require("channels:read")?;
        let seen = self.world.channels.iter().filter(|channel| !channel.private || channel.apps.contains(&self.app.id));
        let list: Vec<Value> = seen
            .map(|channel| {
                json!({"id": channel.id, "name": channel.name, "is_archived": channel.archived,
                    "is_private": channel.private, "is_member": channel.apps.contains(&self.app.id)})
            })
            .collect();
        Ok(json!({"channels": list, "response_metadata": {"next_cursor": ""}}))
    }
}

/// A message as the API returns it.
pub(super) fn shown(message: &Message, app: &App) -> Value {
    let mut shown = json!({
        "type": "message", "subtype": "bot_message", "ts": message.ts, "text": message.text, "blocks": message.blocks,
        "app_id": app.id, "bot_id": format!("B{}", &app.id[1..]), "user": app.bot_user_id, "team": TEAM_ID,
    });
    if let Some(thread_ts) = &message.thread_ts {
        shown["thread_ts"] = thread_ts.clone().into();
    }
    shown
}
