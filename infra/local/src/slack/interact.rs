//! People press buttons and submit modals: the app is called with a signed request, as Slack does it. See "Handling user
//! interaction", docs.slack.dev.

use std::{collections::BTreeMap, sync::Arc};

use aws_lc_rs::hmac;
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State as Shared},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{
    ANSWER_WITHIN, Slack,
    methods::shown,
    world::{App, Message, ResponseUrl, TEAM_ID, Trigger},
};
use crate::{
    faults::{FaultKind, Service},
    posted_fields::PostedFields,
};

/// A response URL is good for so long, and so often.
const RESPONSE_MS: i64 = 30 * 60 * 1000;
const MOST_RESPONSES: u32 = 5;

/// The page that posted.
fn back(said: &PostedFields) -> Response {
    Redirect::to(&format!("/local/slack?as={}&channel={}", said.get("user"), said.get("channel"))).into_response()
}

/// What came of calling an app.
struct Called {
    status: u16,
    body: Value,
    is_empty: bool,
}

/// `POST /local/slack/press`: `user`, `channel`, `ts`, `action_id`.
pub(super) async fn press(Shared(slack): Shared<Arc<Slack>>, headers: HeaderMap, body: Bytes) -> Response {
    let said = PostedFields::read(&headers, &body);
    let (channel, ts, user_id, action_id) =
        (said.get("channel"), said.get("ts"), said.get("user"), said.get("action_id"));
    let now_ms = slack.clock.now_ms();
    let base = slack.api_url();
    let prepared = slack
        .world
        .change(|world| {
            let user = world.user(user_id).cloned()?;
            let channel = world.channel(channel).cloned()?;
            let message = world.message(&channel.id, ts).cloned()?;
            let app = world.app(&message.app_id).cloned()?;
            let button = find_button(&message.blocks, action_id)?;
            let number = world.number();
            let trigger = Trigger { id: format!("{number}.{now_ms}.local"), app_id: app.id.clone(), user: user.id.clone(), made_ms: now_ms, used: false };
            let response = ResponseUrl { id: format!("R{number:010}"), app_id: app.id.clone(), channel: channel.id.clone(), user: user.id.clone(), made_ms: now_ms, uses: 0 };
            let payload = json!({
                "type": "block_actions",
                "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM_ID},
                "api_app_id": app.id, "token": "deprecated",
                "container": {"type": "message", "message_ts": ts, "channel_id": channel.id, "is_ephemeral": message.only_for.is_some()},
                "trigger_id": trigger.id, "team": {"id": TEAM_ID, "domain": "novacore"}, "enterprise": null, "is_enterprise_install": false,
                "channel": {"id": channel.id, "name": channel.name},
                "message": shown(&message, &app),
                "state": {"values": {}},
                "response_url": format!("{base}/actions/{}", response.id),
                "actions": [button_pressed(&button, now_ms)],
            });
            world.triggers.push(trigger);
            world.responses.push(response);
            Some((app, payload))
        })
        .await;
    let Ok(Some((app, payload))) = prepared else {
        return (StatusCode::NOT_FOUND, Json(json!({"error": "not_found", "message": "There is no such button."})))
            .into_response();
    };
    let called = call(&slack, &app, &payload).await;
    let trouble = match &called {
        Ok(called) if called.status == 200 && called.is_empty => None,
        Ok(called) => Some(format!("{} answered {} instead of an empty 200", app.name, called.status)),
        Err(reason) => Some(reason.clone()),
    };
    let (channel, ts) = (channel.to_owned(), ts.to_owned());
    let kept = trouble.clone();
    let noted = slack.world.change(|world| {
        if let Some(message) = world.message(&channel, &ts) {
            message.trouble = kept;
        }
    });
    if noted.await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if said.is_form {
        return back(&said);
    }
    let status = called.as_ref().map_or(0, |called| called.status);
    Json(json!({"status": status, "trouble": trouble})).into_response()
}

fn find_button(blocks: &Value, action_id: &str) -> Option<Value> {
    for block in blocks.as_array()? {
        let mut elements = block["elements"].as_array().cloned().unwrap_or_default();
        elements.push(block["accessory"].clone());
        let found =
            elements.into_iter().find(|element| element["type"] == "button" && element["action_id"] == action_id);
        if let Some(mut found) = found {
            found["block_id"] = block["block_id"].clone();
            return Some(found);
        }
    }
    None
}

fn button_pressed(button: &Value, now_ms: i64) -> Value {
    json!({
        "type": "button", "action_id": button["action_id"], "block_id": button["block_id"], "text": button["text"],
        "value": button["value"], "action_ts": format!("{}.{:06}", now_ms / 1000, now_ms % 1000),
    })
}

/// `POST /local/slack/submit`: `user`, and `value.<block id>` for each input.
pub(super) async fn submit(Shared(slack): Shared<Arc<Slack>>, headers: HeaderMap, body: Bytes) -> Response {
    let said = PostedFields::read(&headers, &body);
    let user_id = said.get("user").to_owned();
    let typed: BTreeMap<String, String> = said
        .fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("value.")?.to_owned(), value.clone())))
        .collect();
    let prepared = slack
        .world
        .change(|world| {
            let user = world.user(&user_id).cloned()?;
            let view = world.views.get_mut(&user_id)?;
            view.typed.extend(typed.clone());
            view.errors.clear();
            let mut values = serde_json::Map::new();
            for block in view.view["blocks"].as_array().into_iter().flatten().filter(|block| block["type"] == "input") {
                let id = block["block_id"].as_str().unwrap_or_default();
                let action = block["element"]["action_id"].as_str().unwrap_or_default();
                let initial = block["element"]["initial_value"].as_str().map(str::to_owned);
                let value = view.typed.get(id).cloned().or(initial).filter(|value| !value.is_empty());
                // Slack itself refuses what is too long or left out.
                let most = usize::try_from(block["element"]["max_length"].as_u64().unwrap_or(3_000)).unwrap_or(3_000);
                if value.as_ref().is_some_and(|value| value.chars().map(char::len_utf16).sum::<usize>() > most) {
                    view.errors.insert(id.to_owned(), format!("Enter at most {most} characters."));
                }
                if value.is_none() && block["optional"] != true {
                    view.errors.insert(id.to_owned(), "Please complete this required field.".to_owned());
                }
                values.insert(id.to_owned(), json!({action: {"type": "plain_text_input", "value": value}}));
            }
            if !view.errors.is_empty() {
                return Some(Err(view.errors.clone()));
            }
            let mut shown = view.view.clone();
            shown["id"] = view.id.clone().into();
            shown["hash"] = view.hash.clone().into();
            shown["state"] = json!({"values": values});
            let app_id = view.app_id.clone();
            let app = world.app(&app_id).cloned()?;
            let payload = json!({
                "type": "view_submission", "team": {"id": TEAM_ID, "domain": "novacore"},
                "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM_ID},
                "api_app_id": app.id, "token": "deprecated", "trigger_id": "", "view": shown, "response_urls": [],
            });
            Some(Ok((app, payload)))
        })
        .await;
    let outcome = match prepared {
        Ok(Some(Ok((app, payload)))) => call(&slack, &app, &payload).await,
        Ok(Some(Err(errors))) => {
            return if said.is_form { back(&said) } else { Json(json!({"errors": errors})).into_response() };
        }
        _ => {
            return (StatusCode::NOT_FOUND, Json(json!({"error": "not_found", "message": "No modal is open."})))
                .into_response();
        }
    };
    let errors: BTreeMap<String, String> = match outcome {
        Ok(called) if called.status == 200 && called.body["response_action"] == "errors" => {
            serde_json::from_value(called.body["errors"].clone()).unwrap_or_default()
        }
        Ok(called) if called.status == 200 => BTreeMap::new(),
        _ => BTreeMap::from([(String::new(), "We had some trouble connecting. Try again?".to_owned())]),
    };
    let closed = slack
        .world
        .change(|world| {
            if errors.is_empty() {
                world.views.remove(&user_id);
            } else if let Some(view) = world.views.get_mut(&user_id) {
                view.errors.clone_from(&errors);
            }
        })
        .await;
    if closed.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if said.is_form { back(&said) } else { Json(json!({"errors": errors})).into_response() }
}

/// `POST /local/slack/close`: the modal of `user` is given up.
pub(super) async fn close(Shared(slack): Shared<Arc<Slack>>, headers: HeaderMap, body: Bytes) -> Response {
    let said = PostedFields::read(&headers, &body);
    let user = said.get("user").to_owned();
    if slack.world.change(|world| world.views.remove(&user).is_some()).await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    back(&said)
}

/// Calls an app, signed; twice where a fault says so, as networks do.
async fn call(slack: &Slack, app: &App, payload: &Value) -> Result<Called, String> {
    if slack.faults.take(Service::Slack, "interaction", &[FaultKind::DuplicateDelivery]).is_some() {
        call_once(slack, app, payload).await?;
    }
    call_once(slack, app, payload).await
}

async fn call_once(slack: &Slack, app: &App, payload: &Value) -> Result<Called, String> {
    if app.request_url.is_empty() {
        return Err(format!("{} has no Request URL: set it under Interactivity & Shortcuts", app.name));
    }
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish();
    let timestamp = (slack.clock.now_ms() / 1000).to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, app.signing_secret.as_bytes());
    let signature = hmac::sign(&key, format!("v0:{timestamp}:{body}").as_bytes());
    let answer = slack
        .http
        .post(&app.request_url)
        .timeout(ANSWER_WITHIN)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-slack-request-timestamp", timestamp)
        .header("x-slack-signature", format!("v0={}", hex::encode(signature)))
        .header("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
        .body(body)
        .send()
        .await
        .map_err(|_| format!("{} did not respond within three seconds", app.name))?;
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.map_err(|_| format!("{} did not respond within three seconds", app.name))?;
    Ok(Called { status, is_empty: bytes.is_empty(), body: serde_json::from_slice(&bytes).unwrap_or_default() })
}

/// `POST /actions/<id>`: a response URL. Only ephemeral answers are played.
pub(super) async fn respond(Shared(slack): Shared<Arc<Slack>>, Path(id): Path<String>, body: Bytes) -> Response {
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    let now_ms = slack.clock.now_ms();
    let throttled = || (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response();
    let effect = async {
        let done = slack
            .world
            .change(|world| {
                let response = world.responses.iter_mut().find(|response| response.id == id)?;
                if now_ms - response.made_ms > RESPONSE_MS || response.uses >= MOST_RESPONSES {
                    return Some(false);
                }
                response.uses += 1;
                let response = response.clone();
                let ts = world.ts(now_ms);
                world.add(Message {
                    channel: response.channel,
                    ts,
                    app_id: response.app_id,
                    text: said["text"].as_str().unwrap_or_default().to_owned(),
                    blocks: said.get("blocks").cloned().unwrap_or_else(|| json!([])),
                    thread_ts: None,
                    only_for: Some(response.user),
                    edited: false,
                    trouble: None,
                });
                Some(true)
            })
            .await;
        match done {
            Ok(Some(true)) => "ok".into_response(),
            Ok(Some(false)) => (StatusCode::NOT_FOUND, Json(json!({"ok": false, "error": "used_url"}))).into_response(),
            Ok(None) => (StatusCode::NOT_FOUND, Json(json!({"ok": false, "error": "expired_url"}))).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    };
    slack.faults.strike(Service::Slack, "response_url", throttled, effect).await
}
